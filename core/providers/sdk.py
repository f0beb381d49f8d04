"""What every provider reached through its vendor's SDK shares.

The SDK is imported, in a thread, when it is first used: anthropic takes over a second. Retries are
the SDK's own (two), except that a server which asks for a long wait is not waited for here.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies

from core.ports import Prompt, Usage
from core.providers import vendor as vendors
from core.providers.silence import Silence
from core.providers.vendor import Access, Complaint, Vendor

if TYPE_CHECKING:
    import httpx2

SILENCE = 60.0
"""Seconds without a word after which a provider counts as failed."""

PATIENCE = 5.0
"""Seconds that an SDK may sleep because a server asks for it; longer waits are the caller's."""

READ_OUT = 1.0
"""Seconds for what comes after an answer's last event: mostly nothing."""

CONNECTIONS = 1000
"""To one provider, at once."""

Client = TypeVar("Client")
Parts = AsyncGenerator[str | Usage, None]


class SdkProvider(ABC, Generic[Client]):
    """A provider on a vendor's SDK: import, connection, silence, errors."""

    note: str | None = None
    sdk_name: ClassVar[str]
    """The module to import."""
    sdk_error: ClassVar[str]
    """The base of the errors it raises."""
    keeps_connections: ClassVar[bool] = True
    """Whether one is used again; not where its server closes it as the next request comes."""

    def __init__(self, vendor: Vendor, access: Access, *, silence: float = SILENCE) -> None:
        self.name = vendor.name
        self.model = access.model
        self._vendor = vendor
        self._access = access
        self._silence = silence
        self._client: Client | None = None
        self._errors: tuple[type[Exception], ...] = ()
        self._making = asyncio.Lock()
        self._ending: set[asyncio.Task[None]] = set()

    @abstractmethod
    def _connect(self, sdk: Any, http: httpx2.AsyncClient) -> Client:
        """The SDK's client. Runs in a thread; what the SDK loads lazily is best touched here."""

    @abstractmethod
    def _parts(self, client: Client, prompt: Prompt) -> Parts:
        """The answer, in the vendor's protocol. May raise the SDK's errors."""

    @abstractmethod
    async def _disconnect(self, client: Client) -> None:
        """Closes the SDK's client."""

    async def warm(self) -> None:
        """Imports the SDK ahead of the first use. Reaches no server."""
        await self._ready()

    async def stream(self, prompt: Prompt) -> Parts:
        """The port's `stream`. A prompt too long raises InvalidInput."""
        client = await self._ready()
        said = False
        try:
            async with aclosing(self._parts(client, prompt)) as parts:
                async for part in parts:
                    said = said or not isinstance(part, Usage)
                    yield part
            if not said:
                raise vendors.empty(self._vendor)
        except self._errors as error:
            raise self._translated(error, prompt, said=said) from None

    async def close(self) -> None:
        """Lets go of connections. May be called twice."""
        if self._ending:
            await asyncio.wait(self._ending)
        client, self._client = self._client, None
        if client is not None:
            await self._disconnect(client)

    async def _ready(self) -> Client:
        async with self._making:
            if self._client is None:
                self._client = await asyncio.to_thread(self._make)
            return self._client

    def _make(self) -> Client:
        sdk, http = importlib.import_module(self.sdk_name), importlib.import_module("httpx2")
        # At DEBUG the SDKs log whole requests, prompt included.
        logging.getLogger(self.sdk_name).setLevel(logging.WARNING)
        self._errors = (
            getattr(sdk, self.sdk_error),
            http.HTTPError,
            http.InvalidURL,
            importlib.import_module("aiohttp").ClientError,
            json.JSONDecodeError,
        )
        # A proxy for the internet has no way to this machine's own loopback.
        proxied = bool(getproxies()) and not _loopback(self._access.base_url)
        # The SDKs' way over aiohttp, whose parser is written in C: httpx2's own takes four times as
        # long for a word of an answer as all the rest does, but knows more of proxies.
        plain = proxied or not self.keeps_connections
        kind = http.AsyncClient if plain else sdk.DefaultAioHttpClient
        return self._connect(
            sdk,
            kind(
                follow_redirects=True,
                trust_env=not _loopback(self._access.base_url),
                # As many as the SDKs have: with httpx2's 100 the next waits for one to end.
                limits=http.Limits(
                    max_connections=CONNECTIONS,
                    max_keepalive_connections=None if self.keeps_connections else 0,
                ),
                timeout=http.Timeout(600.0, connect=5.0),
                event_hooks={"response": [_forbid_long_waits]},
            ),
        )

    async def _heard(self, coming: Awaitable[Any]) -> Any:
        try:
            async with asyncio.timeout(self._silence):
                return await coming
        except TimeoutError:
            raise vendors.silent(self._vendor, self._silence) from None

    async def _events(
        self, stream: Any, last: Callable[[Any], bool] = lambda _: False
    ) -> AsyncGenerator[Any, None]:
        """Each event of an SDK's stream; closing this early ends the HTTP request.

        Nothing is waited for after the `last` one, but what is left is read all the same.
        """
        over = False
        silence = Silence(self._silence)
        try:
            while not over:
                try:
                    event = await silence.wait(anext(stream))
                except StopAsyncIteration:
                    return
                except TimeoutError:
                    raise vendors.silent(self._vendor, self._silence) from None
                over = last(event)
                yield event
        finally:
            silence.end()
            if over:
                task = asyncio.create_task(self._read_out(stream))
                self._ending.add(task)
                task.add_done_callback(self._ending.discard)
            else:
                await stream.close()

    async def _read_out(self, stream: Any) -> None:
        """Reads to the end of the HTTP response: only then the next request can go by the same
        connection, where a new one would cost its first word some round trips."""
        try:
            with suppress(StopAsyncIteration, TimeoutError, *self._errors):
                async with asyncio.timeout(READ_OUT):
                    while True:
                        await anext(stream)
        finally:
            await stream.close()

    def _translated(self, error: Exception, prompt: Prompt, *, said: bool) -> Exception:
        body = getattr(error, "body", None)
        response = getattr(error, "response", None)
        if response is None and body is None:
            # Either no connection, or one that broke or went to garbage on the way.
            return vendors.cut(self._vendor) if said else vendors.unreachable(self._vendor)
        # An error inside a stream comes with the status of the stream, which is a success.
        status = getattr(response, "status_code", 0)
        complaint = Complaint(
            status=status if status >= 400 else 0,
            said=f"{body} {getattr(error, 'code', '')} {getattr(error, 'type', '')}".lower(),
            retry_after=None if response is None else vendors.wait_told(response.headers),
        )
        return vendors.translated(self._vendor, complaint, prompt.model)


async def _forbid_long_waits(response: httpx2.Response) -> None:
    """OpenAI's SDK would sleep up to two minutes on Retry-After, Anthropic's as long as it says.

    Both obey `x-should-retry`.
    """
    wait = vendors.wait_told(response.headers)
    if wait is not None and wait > PATIENCE:
        response.headers["x-should-retry"] = "false"


def _loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
