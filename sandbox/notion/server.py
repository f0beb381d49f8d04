"""The stand-in as a server of its own, for tests and scripts."""

import contextlib
import json
import socket
import time
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from aiohttp import web

from sandbox.notion.app import MAX_BODY, MAX_PART, RATE_LIMIT, api_app
from sandbox.notion.calls import PRESENTER
from sandbox.notion.grants import Grants
from sandbox.notion.hooks import Hooks, api_path
from sandbox.notion.ids import ROOT_PAGE_ID
from sandbox.notion.store import Clock, PageStore
from sandbox.notion.viewer import viewer_app

_LOG_LENGTH = 1000


class Call(NamedTuple):
    """A request as it came in; `body` is None where there was no JSON."""

    method: str
    path: str
    body: object


class _Recorder(Hooks):
    """Notes each call, then does what the server's own hooks say at that moment."""

    def __init__(self, server: "NotionServer") -> None:
        self._server = server

    async def before(self, request: web.Request) -> web.StreamResponse | None:
        body = None
        # What is too large to be read is left to the API to refuse.
        is_form = request.content_type.startswith("multipart/")
        if not is_form and (request.content_length or 0) <= MAX_BODY:
            with contextlib.suppress(ValueError, RecursionError):
                body = json.loads(await request.read())
        self._server.requests.append(Call(request.method, api_path(request), body))
        return await self._server.hooks.before(request)

    async def after(
        self, request: web.Request, response: web.StreamResponse
    ) -> web.StreamResponse | None:
        return await self._server.hooks.after(request, response)


class NotionServer:
    """API and viewer on 127.0.0.1, for as long as the `async with` block runs.

    `base_url` is for NOTION_BASE_URL, `viewer_url` opens in a browser. With a `path`, a second
    server on it has the pages of the first. `hooks` may be replaced at any time; `requests` keeps
    the last 1,000 calls. `client` are the id and the secret of a public integration, `grants` what
    people agreed to.
    """

    def __init__(  # noqa: PLR0913 (each has its own test)
        self,
        path: Path | None = None,
        *,
        token: str = "ntn_sandbox",  # noqa: S107 (opens nothing but this stand-in)
        port: int = 0,
        rate_limit: int | None = RATE_LIMIT,
        clock: Clock = time.time,
        hooks: Hooks | None = None,
        client: tuple[str, str] = ("client-of-a-test", "secret-of-a-test"),
    ) -> None:
        self.token = token
        self.grants = Grants(*client, clock)
        self.root_page_id = ROOT_PAGE_ID
        self.hooks = hooks or Hooks()
        self.requests: deque[Call] = deque(maxlen=_LOG_LENGTH)
        self._path, self._port, self._rate_limit, self._clock = path, port, rate_limit, clock

    async def __aenter__(self) -> Self:
        listener = socket.create_server(("127.0.0.1", self._port))
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.base_url, self.viewer_url = f"{origin}/api", f"{origin}/notion"
        self.store = PageStore(self._path, clock=self._clock)
        api = api_app(
            self.store,
            token=self.token,
            page_url=self.viewer_url,
            clock=self._clock,
            rate_limit=self._rate_limit,
            hooks=_Recorder(self),
            grants=self.grants,
        )
        self.edited_by = api[PRESENTER].edited_by
        app = web.Application(client_max_size=MAX_PART)
        app.add_subapp("/api", api)
        app.add_subapp("/notion", viewer_app(self.store))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.SockSite(self._runner, listener).start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._runner.cleanup()
        self.store.close()
