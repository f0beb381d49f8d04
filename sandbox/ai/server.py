"""The stand-in's server: keys, faults, pace, and the log of calls.

    async with AiServer() as ai:
        ai.answer = "# Hello"
        settings = load_settings(**ai.settings())

It listens on 127.0.0.1 alone.
"""

from __future__ import annotations

import asyncio
import hmac
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Self

from aiohttp import web

from sandbox.ai.chat import ChatCompletions
from sandbox.ai.messages import Messages
from sandbox.ai.responses import Responses
from sandbox.ai.script import NO_FAULT, Asked, Call, Ending, Fault, Hooks, Rejected, tokens
from sandbox.ai.wire import Wire

ENDPOINTS: dict[str, Wire] = {
    "/v1/responses": Responses(),
    "/v1/chat/completions": ChatCompletions(),
    "/chat/completions": ChatCompletions(),
    "/v1/messages": Messages(),
}
MODELS = ("gpt-6.2-sol", "gpt-6-luna", "claude-sonnet-5-5", "claude-haiku-5-5", "deepseek-v4-flash")
ANSWER = "# A page\n\nWritten by the stand-in.\n\n- first point\n- second point\n"


class AiServer:
    """OpenAI, Anthropic and DeepSeek on one loopback port.

    `answer` is a text, or a function of the prompt's last message. `first_token_delay` and
    `token_delay` are seconds. A stream stands still after `hold_after` tokens for as long as that
    is a number. `models` are those it knows; `missing` the endpoints it lacks, as a
    compatible server may. `calls` holds the newest 1,000.
    """

    def __init__(self, *, key: str = "sandbox-ai-key", port: int = 0) -> None:
        self.key = key
        self.answer: str | Callable[[str], str] = ANSWER
        self.first_token_delay = 0.0
        self.token_delay = 0.0
        self.hold_after: int | None = None
        self.models: set[str] = set(MODELS)
        self.missing: set[str] = set()
        self.hooks = Hooks()
        self.calls: deque[Call] = deque(maxlen=1000)
        self.url = ""
        self._faults: list[Fault] = []
        self._port = port
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=8 * 2**20)
        app.router.add_get("/v1/models", self._list)
        app.router.add_get("/models", self._list)
        for path in ENDPOINTS:
            app.router.add_post(path, self._post)
        # A call that hangs on purpose must not hold the end up.
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self._port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def settings(self, *names: str) -> dict[str, str]:
        """The settings that send these providers (all three by default) here."""
        urls = {"openai": f"{self.url}/v1", "anthropic": self.url, "deepseek": self.url}
        found: dict[str, str] = {}
        for name in names or urls:
            found[f"{name}_api_key"] = self.key
            found[f"{name}_base_url"] = urls[name]
        return found

    def fail(self, fault: Fault) -> None:
        """Adds a fault; the first added that fits a call is the one it meets."""
        self._faults.append(fault)

    def _take_fault(self, endpoint: str) -> Fault:
        for index, fault in enumerate(self._faults):
            if fault.endpoint in (None, endpoint):
                if fault.times > 1:
                    self._faults[index] = replace(fault, times=fault.times - 1)
                else:
                    del self._faults[index]
                return fault
        return NO_FAULT

    def _authorized(self, request: web.Request) -> bool:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        given = given or request.headers.get("x-api-key", "")
        return hmac.compare_digest(given.encode(), self.key.encode())

    async def _list(self, request: web.Request) -> web.StreamResponse:
        if not self._authorized(request):
            return _error(ENDPOINTS["/v1/responses"], 401, "invalid_api_key", "Incorrect API key")
        models = [{"id": name, "object": "model"} for name in sorted(self.models)]
        return web.json_response({"object": "list", "data": models})

    async def _post(self, request: web.Request) -> web.StreamResponse:
        endpoint, wire = request.path, ENDPOINTS[request.path]
        if endpoint in self.missing:
            return web.json_response({"detail": "Not Found"}, status=404)
        if not self._authorized(request):
            # The vendors' texts repeat a part of the key: whoever logs them leaks it.
            given = request.headers.get("authorization", "")[-8:]
            why = f"Incorrect API key provided: …{given}."
            return _error(wire, 401, "invalid_api_key", why)
        body = await request.json()
        try:
            asked = wire.asked(body, request.headers)
        except Rejected as error:
            return _error(wire, error.status, error.code, error.message)
        call = Call(endpoint, asked.model, asked.messages, asked.stream, body)
        self.calls.append(call)
        if self.hooks.on_request is not None:
            await self.hooks.on_request(call)
        fault = self._take_fault(endpoint)
        if fault.status:
            shape = fault.body or wire.error(fault.status, fault.code, fault.message)
            return web.json_response(shape, status=fault.status, headers=fault.headers)
        if asked.model not in self.models:
            return _error(wire, 404, "model_not_found", f"model: {asked.model} does not exist")
        return await _Answering(self, request, wire, call, fault).run(asked)


def _error(wire: Wire, status: int, code: str, message: str) -> web.Response:
    return web.json_response(wire.error(status, code, message), status=status)


class _Answering:
    """One answer on its way."""

    def __init__(
        self, server: AiServer, request: web.Request, wire: Wire, call: Call, fault: Fault
    ) -> None:
        self._server = server
        self._request = request
        self._wire = wire
        self._call = call
        self._fault = fault

    async def run(self, asked: Asked) -> web.StreamResponse:
        pieces, ending = self._script(asked)
        if not asked.stream:
            return await self._whole(asked, pieces, ending)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(self._request)
        try:
            await self._stream(response, asked, pieces, ending)
        except ConnectionError:
            self._call.gone = not self._call.completed
        return response

    def _script(self, asked: Asked) -> tuple[list[str], Ending]:
        answer = self._server.answer
        pieces = tokens(answer if isinstance(answer, str) else answer(asked.prompt))
        if self._fault.refuse:
            return [], "refusal"
        limit = asked.max_tokens
        if self._fault.length_after is not None:
            limit = min(limit, self._fault.length_after)
        return pieces[:limit], "length" if len(pieces) > limit else "stop"

    async def _whole(self, asked: Asked, pieces: list[str], ending: Ending) -> web.Response:
        await self._pause(self._server.first_token_delay + len(pieces) * self._server.token_delay)
        self._call.tokens, self._call.completed = len(pieces), True
        body = self._wire.whole(asked, "".join(pieces), len(pieces), ending)
        response = web.json_response(body)
        if self._server.hooks.on_done is not None:
            await self._server.hooks.on_done(self._call)
        return response

    async def _stream(
        self, response: web.StreamResponse, asked: Asked, pieces: list[str], ending: Ending
    ) -> None:
        for frame in self._wire.begin(asked):
            await response.write(frame)
        await self._pause(self._server.first_token_delay)
        for index, piece in enumerate(pieces):
            if await self._broken(response, index):
                return
            if index:
                await self._pause(self._server.token_delay)
            while (most := self._server.hold_after) is not None and index >= most:
                await self._pause(0.02)
            await response.write(self._wire.token(asked, piece))
            self._call.tokens = index + 1
            self._call.last_at = time.time()
            self._call.first_at = self._call.first_at or self._call.last_at
            if self._server.hooks.on_token is not None:
                await self._server.hooks.on_token(index)
        if await self._broken(response, len(pieces)):
            return
        for frame in self._wire.end(asked, "".join(pieces), len(pieces), ending):
            await response.write(frame)
        self._call.completed = True
        if self._server.hooks.on_done is not None:
            await self._server.hooks.on_done(self._call)

    async def _broken(self, response: web.StreamResponse, sent: int) -> bool:
        """Whether the fault strikes after that many tokens; if so, it has."""
        if self._fault.cut_after == sent:
            if self._request.transport is not None:
                self._request.transport.abort()
            return True
        if self._fault.end_after == sent:
            return True
        if self._fault.error_after == sent:
            await response.write(self._wire.trouble(self._fault.code, self._fault.message))
            return True
        if self._fault.silent_after == sent:
            await self._pause(3600)
            return True
        return False

    async def _pause(self, seconds: float) -> None:
        """Waits. Raises ConnectionResetError as soon as the client has hung up."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while True:
            transport = self._request.transport
            if transport is None or transport.is_closing():
                raise ConnectionResetError
            left = until - loop.time()
            if left <= 0:
                return
            await asyncio.sleep(min(left, 0.05))
