"""Runs the application, so that even what aiohttp answers by itself has our shape.

aiohttp answers a request it cannot parse before any middleware is asked, in plain text
(`RequestHandler.handle_error`, aiohttp 3.14). Nor does it ever give up on a client that sends its
headers a byte at a time, or nothing, so a few hundred of those would take every socket there is.
"""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from aiohttp import web

from api.errors import error_response, http_error_response
from api.headers import add_headers
from api.keys import REQUEST_ID
from api.observe import request_id_for

log = structlog.get_logger(__name__)

HEADERS_SECONDS = 30.0
"""From the first byte of a request, or from connecting, to the end of its headers."""

IDLE_SECONDS = 620.0
"""For how long a connection may wait for its next request. Longer than the proxies in front keep
theirs, or they would send one into a connection that closes, and answer 502:
https://docs.cloud.google.com/load-balancing/docs/https#timeout-keepalive-backends"""


class _Protocol(web.RequestHandler):
    __slots__ = ("_late", "_patience")

    def __init__(self, *args: Any, patience: float, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._patience = patience
        self._late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: BaseException | None) -> None:
        super().connection_lost(exc)
        self._unwatch()

    def data_received(self, data: bytes) -> None:
        before = self._request_count
        super().data_received(data)
        if self._request_count != before:  # a request has become whole
            self._unwatch()
        elif self._waiter is not None and self._late is None:
            self._watch()  # one begins

    def _watch(self) -> None:
        self._late = self._loop.call_later(self._patience, self._turn_away)

    def _unwatch(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _turn_away(self) -> None:
        self._late = None
        log.info("a client was too slow", seconds=self._patience)
        self.force_close()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - the signature is aiohttp's
    ) -> web.StreamResponse:
        request_id = request_id_for(None)
        if status < 500:
            _note(exc, request_id)
        else:
            log.error("a request crashed", exc_info=exc, request_id=request_id)
        if request.writer.output_size > 0:
            raise ConnectionError("Half an answer has been sent; no error can follow it.")
        response = error_response("INVALID_INPUT" if status < 500 else "INTERNAL")
        add_headers(response, request_id)
        response.force_close()
        return response

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        # A wrong Expect header is answered before the middlewares, too.
        if isinstance(resp, web.HTTPException) and resp.status >= 400:
            request_id = request_id_for(request.headers.get("X-Request-ID"))
            request[REQUEST_ID] = request_id
            _note(resp, request_id)
            resp = http_error_response(resp)
            add_headers(resp, request_id)
        if request.content.exception() is not None:
            # A body that cannot be decoded cannot be read to its end either; aiohttp would try.
            self._lingering_time = 0.0
        return await super().finish_response(request, resp, start_time)


def _note(reason: BaseException | None, request_id: str) -> None:
    # Scanners send such things all day. Only the kind: the message quotes the request.
    kind = type(reason).__name__
    log.info("a request could not be read", reason=kind, request_id=request_id)


class _Server(web.Server):
    def __call__(self) -> web.RequestHandler:
        return _Protocol(self, loop=self._loop, **self._kwargs)


class Runner(web.AppRunner):
    """`web.AppRunner`, whose every error has our shape.

    `patience` is in seconds, for the headers of a request.
    """

    def __init__(
        self, app: web.Application, *, patience: float = HEADERS_SECONDS, **kwargs: Any
    ) -> None:
        super().__init__(app, patience=patience, **{"keepalive_timeout": IDLE_SECONDS} | kwargs)

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return _Server(
            made.request_handler,
            request_factory=made.request_factory,
            loop=made._loop,
            **made._kwargs,
        )
