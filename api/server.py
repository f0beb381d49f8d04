"""Runs the application, so that even what aiohttp answers by itself has our shape.

aiohttp answers a request it cannot parse before any middleware is asked, in plain text
(`RequestHandler.handle_error`, aiohttp 3.14).
"""

from __future__ import annotations

from aiohttp import web

from api.errors import error_response, http_error_response
from api.headers import add_headers
from api.observe import request_id_for


class _Protocol(web.RequestHandler):
    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        # It logs, and raises where half an answer has been sent.
        super().handle_error(request, status, exc, message)
        response = error_response("INVALID_INPUT" if status < 500 else "INTERNAL")
        add_headers(response, request_id_for(None))
        response.force_close()
        return response

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        # A wrong Expect header is answered before the middlewares, too.
        if isinstance(resp, web.HTTPException) and resp.status >= 400:
            resp = http_error_response(resp)
            add_headers(resp, request_id_for(request.headers.get("X-Request-ID")))
        return await super().finish_response(request, resp, start_time)


class _Server(web.Server):
    def __call__(self) -> web.RequestHandler:
        return _Protocol(self, loop=self._loop, **self._kwargs)


class Runner(web.AppRunner):
    """`web.AppRunner`, whose every error has our shape."""

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return _Server(
            made.request_handler,
            request_factory=made.request_factory,
            loop=made._loop,
            **made._kwargs,
        )
