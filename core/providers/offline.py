"""The offline provider: what answers while no key is set.

Where its packages are installed, a small model on this machine; elsewhere a plainly labelled text
that says there is none.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.config import Settings
from core.errors import ProviderFailed, RateLimited
from core.ports import Prompt, Usage
from core.providers.compatible import Compatible
from core.providers.offline_page import NO_MODEL, options, quoted, shaped, title
from core.providers.offline_process import MODEL, ModelProcess, weights
from core.providers.sdk import SILENCE, Parts
from core.providers.vendor import Access, Vendor

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI

VENDOR = Vendor("offline", "The offline model")
KEYS = "OPENAI_API_KEY, ANTHROPIC_API_KEY or DEEPSEEK_API_KEY"
NO_MODEL_NAME = "no model"
"""What stands where a model's name does, for what none wrote."""

QUEUE = 16
"""Requests that may wait for the one that is being answered."""


class OfflineModel:
    """The small model. It answers one request at a time; others wait, in order.

    It has one model: where `prompt.model` names another, the answer's note says that it was not
    used. A full queue raises RateLimited.
    """

    name = VENDOR.name
    model = MODEL
    note: str | None = (
        f"Written by the small offline model on this machine; set {KEYS} for a real one."
    )

    def __init__(self, model: Path, *, silence: float = SILENCE, queue: int = QUEUE) -> None:
        self.process = ModelProcess(model)
        self._silence = silence
        self._queue = queue
        self._here = 0
        self._turn = asyncio.Lock()
        self._provider: tuple[Access, _Local] | None = None

    async def stream(self, prompt: Prompt) -> Parts:
        """The port's `stream`. From pages it quotes, and asks no model."""
        if prompt.extracts:
            yield quoted(prompt)
            yield Usage(model=NO_MODEL_NAME, note=NO_MODEL)
            return
        if self._here > self._queue:
            raise RateLimited(
                f"The offline model is busy with {self._here} other requests. Try again in 15 "
                f"seconds, or set {KEYS}.",
                retry_after=15,
            )
        self._here += 1
        try:
            async with self._turn, aclosing(self._answer(prompt)) as parts:
                async for part in parts:
                    yield _noted(part, prompt, self.model) if isinstance(part, Usage) else part
        finally:
            self._here -= 1

    async def close(self) -> None:
        """Ends the process. May be called twice."""
        provider, self._provider = self._provider, None
        if provider is not None:
            await provider[1].close()
        await self.process.end()

    async def _answer(self, prompt: Prompt, *, again: bool = True) -> Parts:
        said, provider = False, await self._reach()
        try:
            async with aclosing(provider.stream(prompt)) as parts:
                async for part in parts:
                    said = True
                    yield part
            return
        except ProviderFailed:
            died = await self.process.died()
            # Dead, deaf or confused: the next request gets a new process.
            await self.close()
            if said or not died or not again:
                raise
        # It had died since the last request, and that shows only when it is asked.
        async with aclosing(self._answer(prompt, again=False)) as parts:
            async for part in parts:
                yield part

    async def _reach(self) -> _Local:
        access = await self.process.access()
        if self._provider is None or self._provider[0] != access:
            if self._provider is not None:
                await self._provider[1].close()
            self._provider = access, _Local(VENDOR, access, silence=self._silence)
        return self._provider[1]


def _noted(usage: Usage, prompt: Prompt, model: str) -> Usage:
    """With a word on it where another model was asked for."""
    if prompt.model in (None, model):
        return usage
    note = f"Written by the small offline model on this machine, for it has no “{prompt.model}”"
    return replace(usage, model=model, note=f"{note}; set {KEYS} for a real one.")


class _Local(Compatible):
    """Chat completions, with the question put as the small model needs it."""

    keeps_connections = False

    def _connect(self, sdk: Any, http: httpx2.AsyncClient) -> AsyncOpenAI:
        # A new process is the only retry that helps.
        return super()._connect(sdk, http).with_options(max_retries=0)

    def _parts(self, client: AsyncOpenAI, prompt: Prompt) -> Parts:
        return self._chat(client, shaped(prompt), options(prompt))

    def _translated(self, error: Exception, prompt: Prompt, *, said: bool) -> Exception:
        del error, prompt, said
        return ProviderFailed(
            f"The offline model stopped working. Try again, or set {KEYS}.", retryable=True
        )


class OfflineText:
    """The twin where no model is installed: an empty outline that says what it is."""

    name = VENDOR.name
    model = NO_MODEL_NAME
    note: str | None = f"No AI model is installed on this machine; set {KEYS} for a real answer."

    async def stream(self, prompt: Prompt) -> Parts:
        """The port's `stream`: the prompt as the heading of an outline with nothing in it."""
        if prompt.extracts:
            yield quoted(prompt)
            yield Usage(model=self.model, note=NO_MODEL)
            return
        yield f"# {title(prompt)}\n\n"
        yield "> No AI model wrote this: none is installed on this machine. "
        yield f"Set {KEYS} for a real answer.\n\n"
        for heading in ("Overview", "Details", "Next steps"):
            yield f"## {heading}\n\n- …\n\n"
        yield Usage(model=self.model)

    async def close(self) -> None:
        """Nothing to let go of."""


def load(settings: Settings, *, silence: float = SILENCE) -> OfflineModel | OfflineText:
    """The offline provider; it needs no setting."""
    del settings
    model = weights()
    return OfflineText() if model is None else OfflineModel(model, silence=silence)
