"""Ten answers at once in one channel of Discord, that takes 50 edits a minute there.

They are mentions', so all of them draw on the channel's one budget. Checked with each: the text is
whole in the end, once, and never went back. `replies` prints it beside the same in Slack.
https://docs.discord.com/developers/topics/rate-limits
"""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path

from benchmarks.processes import PATIENCE, PRODUCT, end, free_port, settled, spawn, until_it_answers
from benchmarks.world import World, settings
from sandbox.discord.server import DiscordServer
from sandbox.discord.world import Message

TOKEN = "discord-token-of-a-benchmark"
EDIT = "PATCH /channels/{channel_id}/messages/{message_id}"


class Channel:
    """People who ask in one channel, and what came of it."""

    def __init__(self, made: World, discord: DiscordServer, tokens: int) -> None:
        self._made = made
        self._discord = discord
        self._last = f"w{tokens - 1}"
        self._words = [f"w{number}" for number in range(1, tokens)]

    async def ask(self, many: int) -> list[str]:
        """So many at once; the first word of each answer, once all have been said."""
        words = [f"Asked{number}." for number in range(many)]
        await asyncio.gather(*map(self._ask, words))
        ai = self._made.ai
        async with asyncio.timeout(PATIENCE * 2):
            while sum(one.completed for one in ai.calls) < many:  # noqa: ASYNC110 - a server's
                await asyncio.sleep(0.05)
        return words

    async def _ask(self, word: str) -> None:
        discord = self._discord
        person = discord.add_person(word.lower().strip("."))
        await discord.write(f"<@{discord.world.bot.id}> say {word}", user=person)

    def found(self, word: str) -> tuple[int, float, float]:
        """Discord's calls for an answer, and seconds from a token to its being shown."""
        [model] = [one for one in self._made.ai.calls if word in one.messages[-1]["content"]]
        [message] = [one for one in self._discord.answers() if word in one.content]
        self._check(message, word)
        seen = [(one.at, one.content.split()) for one in message.revisions]
        first = next(at for at, said in seen if word in said)
        last = next(at for at, said in seen if self._last in said)
        return len(seen), first - model.first_at, last - model.last_at

    def _check(self, message: Message, word: str) -> None:
        """Raises AssertionError unless the message holds the text, and it only ever grew."""
        said = [
            [one for one in revision.content.split() if one in {word, *self._words}]
            for revision in message.revisions
        ]
        assert said[-1] == [word, *self._words], f"{word} is not whole: {said[-1]}"
        for before, after in pairwise(said):
            assert after[: len(before)] == before, (before, after)


async def in_discord(
    made: World, directory: Path, tokens: int, many: int, limit: tuple[int, float]
) -> list[tuple[int, float, float]]:
    """What `Channel.found` says of so many answers at once, as the model is set to write them."""
    made.ai.calls.clear()
    async with DiscordServer(TOKEN) as discord:
        discord.limits.routes[EDIT] = limit
        slack = {name: value for name, value in settings(made).items() if "SLACK" not in name}
        given = slack | {
            "DISCORD_TOKEN": TOKEN,
            "DISCORD_API_URL": discord.api_url,
            "DISCORD_GATEWAY_URL": discord.gateway_url,
        }
        port = free_port()
        process = await spawn(PRODUCT, directory, given, port)
        try:
            await until_it_answers(process, port, "/health/ready")
            await discord.wait_until_connected(PATIENCE)
            channel = Channel(made, discord, tokens)
            words = await channel.ask(many)
            await settled(directory)
            return [channel.found(word) for word in words]
        finally:
            await end(process)
