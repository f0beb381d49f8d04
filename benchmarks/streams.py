"""`streams`: hundreds of answers that grow at once in one process, through the whole product.

People mention the app in Slack, ten a second, each in a thread of their own; the engine carries
their requests out; a model takes 0.3 s to its first token and 20 ms for each of so many that the
first answer still grows when the last has begun. Slack and the model are processes of their own:
the loop that is watched (`benchmarks.watched`) is the product's, and nobody else's.
Checked with each: the text is whole in the end, once, and never went back.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from benchmarks import model, watched
from benchmarks.crowd import memory
from benchmarks.measure import Size
from benchmarks.processes import end, free_port, settled, spawn, until_it_answers
from benchmarks.replies import Table, at, told, ts_of, written
from benchmarks.world import World, settings, world

FULL = Size(rounds=1, repeats=500)
TOKENS = 400
"""Of the shortest answers."""
QUICK_TOKENS = 20
RATE = 10.0
"""How many ask in a second: about what one process begins."""
MANY = (50, 100, 250)
WARMING = 20
COLUMNS = (
    *("at once", "loop lag p50", "p99", "memory each"),
    *("first words p50", "p99", "whole text p50", "p99", "processor"),
)
PROGRAM = ("-m", "benchmarks.watched", "run")
SETTLES = 60.0
"""Seconds in which all is to be shown, once the last token could have come."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was measured while so many grew; `busy`: processors that the product kept busy."""

    began: float
    ended: float
    memory: float
    first: list[float]
    last: list[float]
    busy: float


class Crowd:
    """People who ask in Slack all at once."""

    def __init__(self, made: World, process: int, directory: Path, url: str) -> None:
        self._made = made
        self._process = process
        self._directory = directory
        self._url = url
        self._tokens = 0
        self._asked = 0

    async def ask(self, many: int, least: int) -> Seen:
        """So many of them, for so many tokens at least; returns when all is shown and noted."""
        slack, words = self._made.slack, list[str]()
        self._tokens = max(least, int(1.2 * many / RATE / model.TOKEN))
        for _ in range(many):
            self._asked += 1
            words.append(f"Answer{self._asked}.")
        slack.traffic.requests.clear()
        before, busy, began = memory(self._process), cpu(self._process), time.time()
        asking = asyncio.gather(*(self._mention(word, n / RATE) for n, word in enumerate(words)))
        most = before
        least = many / RATE + model.FIRST_TOKEN + self._tokens * model.TOKEN
        async with asyncio.timeout(least + SETTLES):
            while not await self._over(words):
                most = max(most, memory(self._process))
                await asyncio.sleep(0.25)
        await asking
        ended = time.time()
        busy = (cpu(self._process) - busy) / (ended - began)
        await settled(self._directory, SETTLES)
        sent = await model.times(self._url)
        found = [self._shown(word, sent[word]) for word in words]
        first, last = [list(each) for each in zip(*found, strict=True)]
        return Seen(began, ended, (most - before) / many, first, last, busy)

    async def _mention(self, word: str, wait: float) -> None:
        slack = self._made.slack
        person = slack.space.add_user(word.lower())
        slack.general.members.append(person.id)
        await asyncio.sleep(wait)
        await slack.mention(f"say {self._tokens} {word}", user=person)

    async def _over(self, words: Sequence[str]) -> bool:
        sent = await model.times(self._url)
        return all(word in sent and sent[word].last for word in words)

    def _shown(self, word: str, sent: model.Times) -> tuple[float, float]:
        """Seconds from the first token to the first words, and from the last to the whole text."""
        calls = [one for one in self._made.slack.traffic.requests if one.name.startswith("chat.")]
        times = {ts_of(one) for one in calls if word in str(one.body)} - {""}
        mine = [(one.at, written(one)) for one in calls if ts_of(one) in times]
        self._check(times, "".join(model.pieces(self._tokens, word)))
        last = f"w{self._tokens - 1}"
        shown = min(when for when, text in mine if word in text)
        whole = min(when for when, text in mine if last in text.split())
        return shown - sent.first, whole - sent.last

    def _check(self, times: set[str], text: str) -> None:
        """Raises AssertionError unless one message holds the text, and it only ever grew."""
        [message] = [one for one in self._made.slack.answers() if one.ts in times]
        shown = [one["text"] for one in message.blocks if one["type"] == "markdown"]
        assert (shown or [message.text]) == [text], f"{text[:12]} is not whole"
        # The last update's text is for notifications, and cut.
        grown = [one.text for one in message.revisions[:-1] if "Writing" not in one.text]
        assert all(after.startswith(before) for before, after in pairwise(grown)), text[:12]


def cpu(process: int) -> float:
    """Seconds of processor time that a process has taken."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


async def measure(size: Size, directory: Path) -> list[Table]:
    """Asks as many as there are to be, in turns."""
    tokens = QUICK_TOKENS if size.small else TOKENS
    table = Table(
        "streams: through the whole product in one process",
        COLUMNS,
    )
    folder, port = directory / "streams", free_port()
    found: list[tuple[int, Seen]] = []
    async with world() as made, model.elsewhere() as url:
        given = settings(made) | {"OPENAI_BASE_URL": f"{url}/v1"}
        process = await spawn(PROGRAM, folder, given, port)
        try:
            await until_it_answers(process, port, "/health/ready")
            made.slack.deliver_to = f"http://127.0.0.1:{port}/slack/events"
            crowd = Crowd(made, process.pid, folder, url)
            # The first ones warm everything up.
            await crowd.ask(min(WARMING, size.repeats), tokens)
            for many in sorted({min(many, size.repeats) for many in (*MANY, size.repeats)}):
                try:
                    found.append((many, await crowd.ask(many, tokens)))
                except TimeoutError:
                    # More than this machine carries; what was measured before stands.
                    late = f"not shown {SETTLES:.0f} s after the last token was due"
                    table.rows.append([f"{many}: {late}", *[""] * (len(COLUMNS) - 1)])
                    break
        finally:
            await end(process)
    lags = json.loads((folder / watched.FILE).read_text(encoding="utf-8"))
    table.rows[:0] = [_row(many, seen, lags) for many, seen in found]
    return [table]


def _row(many: int, seen: Seen, lags: Sequence[tuple[float, float]]) -> list[str]:
    mine = [lag for when, lag in lags if seen.began <= when <= seen.ended]
    shares = [
        told(at(each, share)) for each in (mine, seen.first, seen.last) for share in (0.5, 0.99)
    ]
    return [str(many), *shares[:2], f"{seen.memory / 1000:.0f} kB", *shares[2:], f"{seen.busy:.0%}"]
