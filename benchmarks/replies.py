"""`replies`: what a reply in Slack costs, when its words are seen, and what many at once do.

The model takes 0.3 s to its first token and 20 ms for each of some 200. The stand-ins say when a
token was sent and when Slack was asked to show it, by the same clock. A reply is a mention's, in a
thread of its own, from somebody of their own; where updates are limited it is a command's, which is
shown by edits. Checked with each: the text is whole in the end, once, and never went back.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count, pairwise
from pathlib import Path
from typing import Any

from benchmarks.crowd import crowd
from benchmarks.limited import in_discord
from benchmarks.measure import Size
from benchmarks.processes import PATIENCE, PRODUCT, end, free_port, settled, spawn, until_it_answers
from benchmarks.world import World, settings, world
from sandbox.traffic import Call

FULL = Size(rounds=8, repeats=500)
"""One after another, and how many at once in the end."""

TOKENS = 200
FIRST_TOKEN, TOKEN = 0.3, 0.02
QUICK_TOKENS = 20
MANY = (30, 100)
LIMITED = 10
LIMIT = (50, 60.0)
PACKAGES = ("chat@4.41", "@chat-adapter/slack@4.41", "@chat-adapter/state-memory@4.41")
SETTLES = 3.0
"""Seconds after the last token that a foreign program is given."""
INSTALL_SECONDS = 300.0
_NUMBERS = count(1)


@dataclass(slots=True)
class Table:
    """Figures in rows."""

    name: str
    columns: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)

    def print(self) -> None:
        """The table, aligned."""
        lines = [self.columns, *self.rows]
        widths = [max(len(line[at]) for line in lines) for at in range(len(self.columns))]
        print(self.name)
        for line in lines:
            first, *rest = zip(line, widths, strict=True)
            cells = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)]
            print("  " + "  ".join(cells))
        print(flush=True)


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply: Slack's calls for it, and seconds from a token to its being shown."""

    calls: int
    first: float
    last: float


def at(values: Sequence[float], share: float) -> float:
    """The value that this share of them stays below."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def told(seconds: float) -> str:
    """Milliseconds."""
    return f"{1000 * seconds:.0f} ms"


def row(name: str, replies: Sequence[Reply]) -> list[str]:
    """A row of the first table."""
    first, last = [one.first for one in replies], [one.last for one in replies]
    return [
        name,
        f"{max(one.calls for one in replies)}",
        *(told(at(first, share)) for share in (0.5, 0.99)),
        *(told(at(last, share)) for share in (0.5, 0.99)),
    ]


class Asking:
    """Asks in Slack, and finds in the stand-ins' notes what came of it."""

    def __init__(self, made: World, directory: Path | None, tokens: int = TOKENS) -> None:
        self._made = made
        self._tokens = tokens
        self._directory = directory
        made.ai.first_token_delay, made.ai.token_delay = FIRST_TOKEN, TOKEN
        made.ai.answer = partial(answer_to, tokens)

    async def mention(self) -> str:
        """Asks by a mention; returns the first word of the answer."""
        slack, word = self._made.slack, f"Answer{next(_NUMBERS)}."
        person = slack.space.add_user(word.lower())
        slack.general.members.append(person.id)
        await slack.mention(f"say {word}", user=person)
        return word

    async def command(self) -> str:
        """Asks by a command, in the channel."""
        slack, word = self._made.slack, f"Answer{next(_NUMBERS)}."
        person = slack.space.add_user(word.lower())
        slack.general.members.append(person.id)
        await slack.slash_command(text=f"generate say {word}", user=person)
        return word

    async def replies(self, ways: Sequence[Any]) -> list[Reply]:
        """All of them at once, once they have ended."""
        words = await asyncio.gather(*(way() for way in ways))
        async with asyncio.timeout(PATIENCE * 2):
            while not all(self._ended(word) for word in words):  # noqa: ASYNC110 - a server's
                await asyncio.sleep(0.05)
        if self._directory is not None:
            await settled(self._directory)
        else:
            await asyncio.sleep(SETTLES)
        return [self._reply(word) for word in words]

    def _ended(self, word: str) -> bool:
        calls = self._made.ai.calls
        return any(one.completed for one in calls if word in str(one.messages[-1]["content"]))

    def _reply(self, word: str) -> Reply:
        [model] = [one for one in self._made.ai.calls if word in one.messages[-1]["content"]]
        everything = [
            one for one in self._made.slack.traffic.requests if one.name.startswith("chat.")
        ]
        times = {ts_of(one) for one in everything if word in str(one.body)} - {""}
        mine = [one for one in everything if ts_of(one) in times]
        grown = [written(one) for one in mine]
        last = f"w{self._tokens - 1}"
        shown = [one.at for one, text in zip(mine, grown, strict=True) if word in text]
        whole = [one.at for one, text in zip(mine, grown, strict=True) if last in text.split()]
        check(self._made, times, answer_to(self._tokens, word))
        return Reply(len(mine), min(shown) - model.first_at, min(whole) - model.last_at)


def answer_to(tokens: int, prompt: str) -> str:
    """So many words in lines of a list, the first one the last word of the prompt."""
    words = [("\n- " if number % 9 == 1 else " ") + f"w{number}" for number in range(1, tokens)]
    return prompt.split()[-1] + "\n" + "".join(words)


def ts_of(call: Call) -> str:
    """The message a call made or changed, where it was one that Slack took."""
    payload = call.answer.payload if call.answer is not None else None
    if not isinstance(payload, dict) or not payload.get("ok"):
        return ""
    return str(payload.get("ts") or "")


def written(call: Call) -> str:
    """The Markdown that a call brought."""
    blocks = [*(call.body.get("chunks") or []), *(call.body.get("blocks") or [])]
    pieces = [block.get("text") for block in blocks]
    pieces.append(call.body.get("markdown_text"))
    return " ".join(piece for piece in pieces if isinstance(piece, str))


def check(made: World, times: set[str], text: str) -> None:
    """Raises AssertionError unless one message holds the text, and it only ever grew."""
    messages = [one for one in made.slack.answers() if one.ts in times]
    assert len(messages) == 1, f"{len(messages)} messages for {text[:12]}"
    blocks = [one["text"] for one in messages[0].blocks if one["type"] == "markdown"]
    shown = blocks or [messages[0].text]
    assert shown == [text], f"{text[:12]} is not whole: {shown}"
    states = [revision.text.split() for revision in messages[0].revisions]
    for before, after in pairwise(states):
        assert len(before) <= len(after) or "Writing" in " ".join(before), (before, after)


@asynccontextmanager
async def npm_chat(made: World, folder: Path) -> AsyncIterator[str]:
    """npm's `chat`, installed there and answering mentions; the reason where there is none."""
    folder.mkdir()  # noqa: ASYNC240 - nothing else runs here
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        yield "node is not there"
        return
    install = ("install", "--no-audit", "--no-fund", "--prefix", str(folder), *PACKAGES)
    installing = await asyncio.create_subprocess_exec(
        npm, *install, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    if await asyncio.wait_for(installing.wait(), INSTALL_SECONDS):
        yield "npm could not install it"
        return
    shutil.copy(Path(__file__).with_name("npm_chat.mjs"), folder)
    port = free_port()
    process = await spawn(("npm_chat.mjs",), folder, settings(made), port, node)
    try:
        await until_it_answers(process, port, "/")
        made.slack.deliver_to = f"http://127.0.0.1:{port}/slack/events"
        yield ""
    finally:
        await end(process)


async def compared(made: World, directory: Path, size: Size) -> list[list[str]]:
    """Rows of npm's `chat`, measured in the same way."""
    many = min(30, size.repeats)
    async with npm_chat(made, directory / "npm") as missing:
        if missing:
            return [[f"npm chat: {missing}", *[""] * 5]]
        asking = Asking(made, None)
        await asking.replies([asking.mention] * 4)
        alone = [
            reply for _ in range(size.rounds) for reply in await asking.replies([asking.mention])
        ]
        together = await asking.replies([asking.mention] * many)
        return [row("npm chat, one at a time", alone), row(f"npm chat, {many} at once", together)]


async def measure(size: Size, directory: Path) -> list[Table]:
    """Measures one at a time and many at once, edits under a limit, and npm's `chat`."""
    table = Table(
        f"replies: {TOKENS} tokens in {FIRST_TOKEN + TOKEN * (TOKENS - 1):.1f} s",
        ("", "calls", "first words p50", "p99", "whole text p50", "p99"),
    )
    tokens = QUICK_TOKENS if size.rounds == 1 else TOKENS
    async with world() as made:
        folder, port = directory / "ours", free_port()
        program = PRODUCT
        process = await spawn(program, folder, settings(made), port)
        try:
            await until_it_answers(process, port, "/health/ready")
            made.slack.deliver_to = f"http://127.0.0.1:{port}/slack/events"
            asking = Asking(made, folder, tokens)
            # The first ones warm everything up.
            await asking.replies([asking.mention] * 4)
            alone = [
                reply
                for _ in range(size.rounds)
                for reply in await asking.replies([asking.mention])
            ]
            table.rows.append(row("one at a time", alone))
            for many in sorted({min(many, size.repeats) for many in MANY}):
                found = await asking.replies([asking.mention] * many)
                table.rows.append(row(f"{many} at once", found))
            made.slack.limits["chat.update"] = LIMIT
            limited = await asking.replies([asking.command] * LIMITED)
            table.rows.append(row(f"{LIMITED} by edits, {LIMIT[0]} a minute", limited))
            made.slack.limits.clear()
        finally:
            await end(process)
        if size.rounds > 1:
            there = await in_discord(made, directory / "discord", tokens, LIMITED, LIMIT)
            found = [Reply(*one) for one in there]
            table.rows.append(row(f"{LIMITED} in Discord, {LIMIT[0]} a minute", found))
            table.rows += await compared(made, directory, size)
    seen = await crowd(size.repeats, 2 * tokens)
    lags = [told(at(seen.lags, share)) for share in (0.5, 0.99)]
    many_at_once = Table(
        f"replies: {size.repeats} on their way out of one process",
        ("", "loop lag p50", "p99", "memory each"),
        [["streams", *lags, f"{seen.each / 1000:.0f} kB"]],
    )
    return [table, many_at_once]
