"""How the SDKs' HTTP goes out: over aiohttp, whose parser is written in C.

httpx2's own transport takes some 60 µs for a word of an answer, four times what the rest takes, and
100 connections at most: whoever asks while 100 answers are being written waits for one to end.
https://www.python-httpx.org/advanced/transports/#custom-transports
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import aiohttp
import httpx2
from yarl import URL

CONNECTIONS = 1000
"""At once, as the SDKs themselves have it."""

_OWN_HEADERS = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


class Transport(httpx2.AsyncBaseTransport):
    """One pool of connections, which belongs to the loop that first uses it. Knows no proxies."""

    def __init__(self) -> None:
        self._trusted = httpx2.create_ssl_context()
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Sends a request; its answer's body comes as it is read. Raises httpx2's errors."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=CONNECTIONS,
                    ssl=self._trusted,
                    # Where the client says so, it says so with each.
                    force_close=request.headers.get("connection") == "close",
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=_OWN_HEADERS,
                auto_decompress=False,
                trust_env=False,
            )
        patience = request.extensions.get("timeout", {})
        with _translated(request):
            response = await self._session.request(
                request.method,
                URL(str(request.url), encoded=True),
                data=await request.aread() or None,
                headers=[
                    (name, value)
                    for name, value in request.headers.multi_items()
                    if name != "transfer-encoding"
                ],
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(
                    total=None,
                    connect=patience.get("pool"),
                    sock_connect=patience.get("connect"),
                    sock_read=patience.get("read"),
                ),
            )
        return httpx2.Response(
            response.status,
            headers=response.raw_headers,
            stream=_Body(request, response),
            extensions={"reason_phrase": (response.reason or "").encode()},
        )

    async def aclose(self) -> None:
        """Closes every connection."""
        if self._session is not None:
            await self._session.close()


class _Body(httpx2.AsyncByteStream):
    """An answer's body, piece by piece: whatever has come since the last."""

    def __init__(self, request: httpx2.Request, response: aiohttp.ClientResponse) -> None:
        self._request = request
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _translated(self._request):
            async for piece in self._response.content.iter_any():
                yield piece

    async def aclose(self) -> None:
        """A connection whose answer was not read to its end is of no more use."""
        self._response.close()


@contextmanager
def _translated(request: httpx2.Request) -> Iterator[None]:
    try:
        yield
    except aiohttp.ConnectionTimeoutError as error:
        raise httpx2.ConnectTimeout(str(error), request=request) from error
    except (TimeoutError, aiohttp.ServerTimeoutError) as error:
        raise httpx2.ReadTimeout(str(error), request=request) from error
    except aiohttp.ClientConnectorError as error:
        raise httpx2.ConnectError(str(error), request=request) from error
    except (aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError) as error:
        raise httpx2.RemoteProtocolError(str(error), request=request) from error
    except aiohttp.InvalidURL as error:
        raise httpx2.InvalidURL(str(error)) from error
    except aiohttp.ClientError as error:
        raise httpx2.ReadError(str(error), request=request) from error
