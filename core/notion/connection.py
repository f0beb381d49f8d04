"""One connection to Notion's API: its pace, its time limit, its one layer of retries."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from core.errors import AssistantError, Misconfigured, NotionFailed
from core.notion.pace import Pace
from core.notion.refusals import Refusal
from core.notion.urgency import patience_in_line, tell_in_line

if TYPE_CHECKING:
    from notion_client import AsyncClient

Json = dict[str, Any]

VERSION = "2026-03-11"
"""The Notion-Version of every request."""

PAGE_SIZE = 100
"""The most results Notion gives at once."""

_ATTEMPTS = 6
_ME = "users/me"
_LEARNING = 5.0
"""Seconds: what somebody waits for comes after it."""


class TokenSource(Protocol):
    """Where a token comes from that may end and be followed by another one."""

    async def current(self) -> str:
        """The token to ask with."""
        ...

    async def renewed(self, refused: str) -> str:
        """A token in place of one that Notion refused. Raises AssistantError for lack of one."""
        ...


class FixedToken:
    """A token that does not end by itself: an internal integration's."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def current(self) -> str:
        """The token."""
        return self._token

    async def renewed(self, refused: str) -> str:
        """The same one: there is no other."""
        return refused


class _Failed(Exception):
    """One attempt failed. `again`: nothing speaks against another."""

    def __init__(self, error: AssistantError, *, again: bool) -> None:
        super().__init__(error.message)
        self.error = error
        self.again = again


@dataclass(slots=True)
class _Deadline:
    """When an answer has to be there."""

    at: float


class Connection:
    """Requests to Notion.

    Each method answers or raises within `patience` seconds, waiting for its turn and retries
    included, unless whoever asks has the patience to stand in line (`core.notion.urgency.in_line`).
    Raises NotionFailed, RateLimited or Misconfigured. A read is repeated after any passing trouble;
    a write only where nothing can have been carried out.

    `learns`: before the first request it asks which workspace it sees, whose limit it shares with
    other connections.
    """

    def __init__(
        self,
        token: str | TokenSource,
        base_url: str,
        pace: Pace,
        patience: float = 60.0,
        *,
        learns: bool = False,
    ) -> None:
        self._token = FixedToken(token) if isinstance(token, str) else token
        self._base_url = base_url.rstrip("/")
        self._pace = pace
        self._patience = patience
        self._learns = learns
        self._sdk: AsyncClient | None = None

    async def get(self, path: str, query: Mapping[str, Any] | None = None) -> Json:
        """Reads an object."""
        return await self._call("GET", path, query=query)

    async def ask(self, path: str, body: Mapping[str, Any]) -> Json:
        """Reads by a POST, as searches and queries do."""
        return await self._call("POST", path, body=body)

    async def listed(self, path: str, body: Mapping[str, Any] | None = None) -> AsyncIterator[Json]:
        """Each result of a list, page after page; with `body`, of a search or query."""
        cursor: Json = {}
        while True:
            page = {"page_size": PAGE_SIZE, **cursor}
            found = await (
                self.get(path, page) if body is None else self.ask(path, {**body, **page})
            )
            for result in found["results"]:
                yield result
            if not found["has_more"]:
                return
            cursor = {"start_cursor": found["next_cursor"]}

    async def write(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Json:
        """Changes something. NotionFailed with `unsure` where it may have been done anyway."""
        return await self._call(method, path, body=body, write=True)

    async def send(self, path: str, form: Mapping[str, Any]) -> Json:
        """Sends a file's part: a second time takes the first one's place, so it may be repeated."""
        return await self._call("POST", path, form=form)

    async def close(self) -> None:
        """Lets go of connections. May be called twice."""
        sdk, self._sdk = self._sdk, None
        if sdk is not None:
            await sdk.aclose()
        await self._pace.close()

    async def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        form: Mapping[str, Any] | None = None,
        write: bool = False,
    ) -> Json:
        import stamina

        if self._learns:
            await self._learn()
        deadline = _Deadline(time.monotonic() + self._patience)
        request: Json = {"method": method, "path": path, "query": query, "body": body}
        if form is not None:
            request["form_data"] = form
        answer: Json = {}
        try:
            async for attempt in stamina.retry_context(
                on=lambda error: _pause(error, deadline),
                attempts=_ATTEMPTS,
                timeout=None,  # the deadline counts, which a wait for one's turn moves
                wait_initial=0.25,
                wait_max=8.0,
                wait_jitter=0.25,
            ):
                with attempt:
                    answer = await self._once(request, deadline, write=write)
        except _Failed as failed:
            raise failed.error from failed.__cause__
        return answer

    async def _learn(self) -> None:
        """Asks once which workspace this is; without an answer it is none that anybody shares."""
        self._learns = False
        with suppress(AssistantError, TimeoutError):
            async with asyncio.timeout(_LEARNING):
                await self.get(_ME)

    async def _once(self, request: Json, deadline: _Deadline, *, write: bool) -> Json:
        import httpx
        from notion_client.errors import HTTPResponseError, RequestTimeoutError

        sdk, token = self._client(), await self._token.current()
        at_most = max(deadline.at - time.monotonic(), 0)
        try:
            async with self._pace.flight(at_most) as waited:
                # Whoever has the patience to stand in line still gets all the time for the answer.
                deadline.at += max(waited - at_most, 0)
                left = max(deadline.at - time.monotonic(), self._patience / 60)
                # A read that hangs is worth another try; what sends is given all the time there is.
                sends = write or "form_data" in request
                async with asyncio.timeout(left if sends else min(left, self._patience / 3)):
                    answer = await sdk.request(**request, auth=token)
        except HTTPResponseError as error:
            if error.status == 401 and await self._token.renewed(token) != token:
                # Refused before anything was done, so even a write may be sent again.
                ended = NotionFailed("Notion's token has ended. Try again.", retryable=True)
                raise _Failed(ended, again=True) from error
            refusal = Refusal.read(error.status, error.headers, error.body)
            if refusal.retry_after and refusal.carried_out_nothing:
                # Who comes next would only be refused as well.
                await self._pace.close_for_all(refusal.retry_after, refusal.limit)
            again = refusal.carried_out_nothing or (refusal.passing and not write)
            raise _Failed(refusal.error(write=write), again=again) from error
        except httpx.ConnectError as error:
            raise _unreachable() from error
        except RequestTimeoutError as error:
            # The SDK makes one error of all timeouts; this one came before anything was sent.
            if isinstance(error.__context__, httpx.ConnectTimeout):
                raise _unreachable() from error
            raise _no_answer(write=write) from error
        except (httpx.HTTPError, TimeoutError, json.JSONDecodeError, UnicodeDecodeError) as error:
            raise _no_answer(write=write) from error
        if not isinstance(answer, dict):
            raise _no_answer(write=write)
        bot = answer.get("bot") if request["path"] == _ME else None
        if isinstance(bot, dict) and isinstance(bot.get("workspace_id"), str):
            self._pace.belongs_to(bot["workspace_id"])
        return answer

    def _client(self) -> AsyncClient:
        if self._sdk is None:
            # At first use: it takes a tenth of a second, and start-up time is measured.
            import httpx
            from notion_client import AsyncClient

            if not self._base_url.startswith(("http://", "https://")):
                raise Misconfigured("NOTION_BASE_URL must begin with https:// or http://.")
            try:
                self._sdk = AsyncClient(
                    base_url=self._base_url,
                    notion_version=VERSION,
                    timeout_ms=int(self._patience * 1000),
                    retry=False,
                    # Its own logger would print to stderr; its warnings quote what people wrote.
                    logger=logging.getLogger("core.notion.sdk"),
                    log_level=logging.ERROR,
                )
            except httpx.InvalidURL as error:
                raise Misconfigured("NOTION_BASE_URL is not an address.") from error
        return self._sdk


def _pause(error: Exception, deadline: _Deadline) -> bool | float:
    """Whether to try again, and after how many seconds where Notion said so.

    Who stands in line has the patience for that, and all the time for the answer afterwards.
    """
    if not isinstance(error, _Failed) or not error.again:
        return False
    wait = error.error.retry_after
    left = deadline.at - time.monotonic()
    if wait is None:
        return left > 0
    if wait >= left and wait < patience_in_line():
        deadline.at += wait
    elif wait >= left:
        return False
    tell_in_line(wait)
    return wait


def _unreachable() -> _Failed:
    return _Failed(
        NotionFailed("Notion cannot be reached. Try again in a moment.", retryable=True), again=True
    )


def _no_answer(*, write: bool) -> _Failed:
    error = NotionFailed(
        "The connection to Notion broke before it answered. Try again in a moment.",
        retryable=True,
        unsure=write,
    )
    return _Failed(error, again=not write)
