"""Watching the stand-in, and making it fail, from a test."""

import asyncio
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from aiohttp import web

from sandbox.notion.errors import RefusedError, error_response


class Hooks:
    """Called around each call of the API. What either returns is the answer instead."""

    async def before(self, request: web.Request) -> web.StreamResponse | None:
        """Before anything is checked or done."""

    async def after(
        self, request: web.Request, response: web.StreamResponse
    ) -> web.StreamResponse | None:
        """When the effect is stored and the answer is not sent yet; refusals come here too."""


def api_path(request: web.Request) -> str:
    """The path from `/v1/` on, wherever the stand-in is mounted."""
    return request.path[max(request.path.find("/v1/"), 0) :]


@dataclass(slots=True)
class _Fault:
    method: str
    path: str
    times: int
    skip: int
    after_effect: bool
    error: RefusedError | None
    delay: float

    def matches(self, request: web.Request, *, after_effect: bool) -> bool:
        return (
            self.after_effect == after_effect
            and self.times > 0
            and request.method == self.method
            and fnmatchcase(api_path(request), self.path)
        )


@dataclass
class Faults(Hooks):
    """Fails chosen calls. Paths are patterns from `/v1/` on, such as `/v1/blocks/*/children`.

    With `after_effect` the call is carried out first, as when Notion answers 503 to a write it has
    saved. `skip` lets that many matching calls through before the first failure.
    """

    held_up: asyncio.Event = field(default_factory=asyncio.Event)  # once a call waits
    _faults: list[_Fault] = field(default_factory=list)

    def fail(
        self,
        method: str,
        path: str,
        error: RefusedError | str = "service_unavailable",
        *,
        times: int = 1,
        skip: int = 0,
        after_effect: bool = False,
    ) -> None:
        """The next `times` calls get this error; a code alone stands for one with its status."""
        if isinstance(error, str):
            error = RefusedError(error, f"The stand-in was told to answer {error}.")
        self._faults.append(_Fault(method, path, times, skip, after_effect, error, 0))

    def drop(
        self, method: str, path: str, *, times: int = 1, skip: int = 0, after_effect: bool = False
    ) -> None:
        """The next `times` calls end with a closed connection and no answer."""
        self._faults.append(_Fault(method, path, times, skip, after_effect, None, 0))

    def delay(self, method: str, path: str, seconds: float, *, times: int = 1) -> None:
        """The next `times` calls are carried out that much later."""
        self._faults.append(_Fault(method, path, times, 0, False, None, seconds))

    async def before(self, request: web.Request) -> web.StreamResponse | None:
        return await self._interfere(request, after_effect=False)

    async def after(
        self,
        request: web.Request,
        response: web.StreamResponse,  # noqa: ARG002 (the hook's form)
    ) -> web.StreamResponse | None:
        return await self._interfere(request, after_effect=True)

    async def _interfere(
        self, request: web.Request, *, after_effect: bool
    ) -> web.StreamResponse | None:
        for fault in self._faults:
            if not fault.matches(request, after_effect=after_effect):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            fault.times -= 1
            if fault.delay:
                self.held_up.set()
                await asyncio.sleep(fault.delay)
            elif fault.error is not None:
                return error_response(fault.error)
            else:
                return _hang_up(request)
        return None


def _hang_up(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
