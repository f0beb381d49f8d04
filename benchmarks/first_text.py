"""`first-text`: from the model's first token to the first text that the person sees.

The AI stand-in says when it has sent the first token; in Slack the text is seen when the stand-in
there is asked for the message, or the edit, that holds it. One answer at a time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from pathlib import Path
from uuid import uuid4

import aiohttp

from benchmarks.load import Commands, Connection
from benchmarks.measure import Goal, Row, Series, Size
from benchmarks.processes import PRODUCT, running, settled
from benchmarks.world import SIGNING_SECRET, World, command, settings, world
from bot.console.client import Client
from sandbox.traffic import Answer, Call

FULL = Size(rounds=5, repeats=8)
BARE = ("-m", "benchmarks.bare_stream")
GOAL = Goal(median=0.05, p99=0.05)
WORDS = 8
TOKEN_DELAY = 0.02
PATIENCE = 30.0
_NUMBERS = count(1)

Ask = Callable[[str], Coroutine[None, None, None]]


class Watch:
    """Notes when the first token of an answer was sent, and when its text was seen."""

    def __init__(self, made: World) -> None:
        made.ai.answer = lambda prompt: " ".join([prompt.split()[-1], *["word"] * WORDS])
        made.ai.token_delay = TOKEN_DELAY
        made.ai.hooks.on_token = self._sent
        made.slack.hooks.before.append(self._edited)
        self._begin("")

    def _begin(self, word: str) -> None:
        self._word = word
        self._began: float | None = None
        self._seen: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    async def _sent(self, index: int) -> None:
        if index == 0:
            self._began = time.perf_counter()

    async def _edited(self, call: Call) -> Answer | None:
        if call.name.startswith("chat."):
            self.saw(str(call.body))
        return None

    def saw(self, text: str) -> None:
        """Somebody was shown this."""
        if self._word and self._word in text and not self._seen.done():
            self._seen.set_result(time.perf_counter())

    async def measure(self, ask: Ask) -> float:
        """Asks something; seconds from the first token to its sight."""
        self._begin(f"Answer{next(_NUMBERS)}.")
        asking = asyncio.create_task(ask(f"Say {self._word}"))
        seen = await asyncio.wait_for(self._seen, PATIENCE)
        await asking
        assert self._began is not None
        return seen - self._began


async def measure(size: Size, directory: Path) -> list[Row]:
    """Measures every way the text goes out, in turns."""
    async with AsyncExitStack() as stack:
        made = await stack.enter_async_context(world())
        given = settings(made) | {"CHANNEL": made.slack.general.id}
        ours = directory / "ours"
        port = await stack.enter_async_context(running(PRODUCT, ours, given, "/health/ready"))
        bare = await stack.enter_async_context(
            running(BARE, directory / "bare", given, "/health/live")
        )
        http = await stack.enter_async_context(aiohttp.ClientSession())
        watch = Watch(made)
        ways: dict[str, Ask] = {
            "bare SDKs, to Slack": lambda prompt: _bare(http, bare, prompt),
            "Slack": lambda prompt: _slack(made, port, prompt),
            "terminal": await stack.enter_async_context(_terminal(ours / "data", watch)),
            "event stream": await _web(http, port, watch),
        }
        series = {name: Series(name) for name in ways}
        for number in range(-size.warming, size.rounds):
            for name, ask in ways.items():
                measured = []
                for _ in range(size.repeats if number >= 0 else 1):
                    measured.append(await watch.measure(ask))
                    await settled(ours)
                # The first round warms everything up.
                if number >= 0:
                    series[name].add(measured)
    base = series.pop("bare SDKs, to Slack")
    return [Row(f"first text: {name}", found, base, GOAL) for name, found in series.items()]


async def _bare(http: aiohttp.ClientSession, port: int, prompt: str) -> None:
    async with http.post(f"http://127.0.0.1:{port}/ask", data=prompt) as answer:
        answer.raise_for_status()


async def _slack(made: World, port: int, prompt: str) -> None:
    connection = await Connection.to(port)
    form = command(made.slack, f"generate {prompt}")
    await connection.post(Commands(SIGNING_SECRET, form).next())
    connection.close()


@asynccontextmanager
async def _terminal(data: Path, watch: Watch) -> AsyncIterator[Ask]:
    shown: list[str] = []

    def show(text: str) -> None:
        shown.append(text)
        watch.saw("".join(shown[-3:]))

    async with Client(data, "ada", show, shown.append) as client:

        async def ask(prompt: str) -> None:
            await client.ask(f"/notion generate {prompt}")

        yield ask


async def _web(http: aiohttp.ClientSession, port: int, watch: Watch) -> Ask:
    url = f"http://127.0.0.1:{port}"

    async def ask(prompt: str) -> None:
        # Somebody new each time: a person may ask for thirty texts a minute.
        headers = {"Authorization": f"Bearer {await _token(http, url)}"}
        body, wanted = {"prompt": prompt}, {"Accept": "text/event-stream"}
        async with http.post(
            f"{url}/content/generate", json=body, headers=headers | wanted
        ) as answer:
            answer.raise_for_status()
            async for line in answer.content:
                watch.saw(line.decode())

    return ask


async def _token(http: aiohttp.ClientSession, url: str) -> str:
    name = uuid4().hex[:12]
    person = {"email": f"{name}@example.com", "username": name, "password": "a-wombat-reads-maps"}
    async with http.post(f"{url}/auth/register", json=person) as answer:
        answer.raise_for_status()
        token: str = (await answer.json())["access_token"]
        return token
