"""The gateway, gone deaf or forgetful, and what people did meanwhile."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import REGISTRY

from bot.discord.entry import DiscordEntry
from bot.discord.watch import Limits
from bot.lookout import Pace
from core.ports import Watched
from sandbox.discord.server import DiscordServer
from sandbox.discord.world import DM, Message
from sandbox.traffic import Answer as Reaction
from sandbox.traffic import Call as Traffic
from tests.bot.chat_discord.door import TOKEN, Recorder, Stage, make_settings

AT_ONCE = Pace(settle=0, beat=0.02, again=0.02, longest=0.02)
PATIENT = Limits(silent=60, unacknowledged=60, no_session=60, look=0.05)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that was given up is made anew at once."""
    monkeypatch.setattr(sys.modules["bot.discord.entry"], "RECONNECT", 0.05)


@asynccontextmanager
async def staged(
    limits: Limits = PATIENT, heartbeat: float = 0.1, intake: Recorder | None = None
) -> AsyncIterator[Stage]:
    """The way in, connected; what it missed has been looked for."""
    async with DiscordServer(TOKEN) as server:
        server.gateway.heartbeat = heartbeat
        async with back(server, intake or Recorder(), limits) as stage:
            yield stage


@asynccontextmanager
async def back(
    server: DiscordServer, intake: Recorder, limits: Limits = PATIENT
) -> AsyncIterator[Stage]:
    intake.silent = False
    came, settings = datetime.now(UTC), make_settings(server)
    entry = DiscordEntry(settings, intake, limits, AT_ONCE)
    try:
        await entry.start()
        await until(lambda: intake.noted.get("discord", came) > came)
        yield Stage(server, entry, intake, settings)
    finally:
        async with asyncio.timeout(30):
            await entry.stop()


async def until(what: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not what():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)


def number(name: str) -> float:
    return REGISTRY.get_sample_value(f"notion_assistant_{name}", {"platform": "discord"}) or 0.0


def asked(stage: Stage) -> list[tuple[str, str]]:
    return [(one.sender.id, one.call.command) for one in stage.intake.requests]


def put(stage: Stage, message: Message) -> None:
    """📝, of which the gateway tells nobody."""
    message.reactions.setdefault("📝", []).append(stage.server.user.id)


async def quietly(server: DiscordServer, text: str, where: str = "") -> Message:
    """A message of which the gateway tells nobody."""
    message = Message(server.world.next_id(), where or server.general.id, server.user.id, text)
    server.world.store(message)
    return message


async def test_a_gateway_gone_deaf_is_left_and_its_session_resumed() -> None:
    async with staged(replace(PATIENT, silent=1.5)) as stage:
        assert number("connected") == 1
        reconnects = number("reconnects_total")
        stage.server.gateway.forget()
        message = await stage.server.write("Keep this.")
        await stage.server.react(message, "📝")
        await until(lambda: stage.intake.requests)
        assert stage.server.gateway.resumed >= 1
        assert stage.server.gateway.identified == 1
        assert asked(stage) == [(stage.server.user.id, "save-marked")]
        assert number("reconnects_total") >= reconnects + 1
    assert number("connected") == 0


async def test_heartbeats_that_are_acknowledged_no_longer_end_the_connection() -> None:
    async with staged(replace(PATIENT, unacknowledged=0.4)) as stage:
        stage.server.gateway.acknowledges = False
        told = asyncio.create_task(chatter(stage.server))
        await until(lambda: stage.server.gateway.resumed >= 1)
        told.cancel()
        assert stage.server.gateway.identified == 1


async def chatter(server: DiscordServer) -> None:
    """Events all the time: it is not silent."""
    while True:
        await server.write("Nobody is asked here.")
        await asyncio.sleep(0.05)


async def test_a_gateway_that_never_acknowledged_is_left_alone() -> None:
    async with DiscordServer(TOKEN) as server:
        server.gateway.heartbeat, server.gateway.acknowledges = 0.1, False
        async with back(server, Recorder(), replace(PATIENT, unacknowledged=0.2)) as stage:
            await asyncio.sleep(0.8)
            assert (server.gateway.identified, server.gateway.resumed) == (1, 0)
            assert stage.intake.requests == []


async def test_a_session_that_does_not_come_back_is_begun_anew() -> None:
    """Heartbeats are answered, resuming is not: discord.py would wait for ever."""
    async with staged(replace(PATIENT, no_session=0.5)) as stage:
        stage.server.gateway.resumes = False
        await stage.server.gateway.drop(4000)
        message = await quietly(stage.server, "Keep this.")
        put(stage, message)
        await asyncio.sleep(0.3)
        stage.server.gateway.resumes = True
        await until(lambda: stage.intake.requests)
        assert stage.server.gateway.identified == 2
        assert asked(stage) == [(stage.server.user.id, "save-marked")]


async def test_after_an_invalid_session_what_was_missed_is_found_once() -> None:
    async with staged() as stage:
        before = number("recovered_reactions_total")
        message = await quietly(stage.server, "Keep this.")
        put(stage, message)
        await stage.server.gateway.invalidate()
        await until(lambda: stage.intake.requests)
        [request] = stage.intake.requests
        assert stage.server.gateway.identified == 2
        assert asked(stage) == [(stage.server.user.id, "save-marked")]
        assert request.address["message"] == message.id
        assert request.address["guild_id"] == stage.server.guild.id
        assert request.place == stage.server.general.id
        assert request.sender.name == "Ada"
        assert number("recovered_reactions_total") == before + 1
        # The gateway tells of the same after all.
        await stage.server.react(message, "📝")
        await stage.server.react(message, "📝", added=False)
        await until(lambda: len(stage.intake.requests) > 1)
        assert [what for _, what in asked(stage)] == ["save-marked", "undo-save"]
        await stage.server.react(message, "📝")
        await until(lambda: len(stage.intake.requests) > 2)
        assert len({one.id for one in stage.intake.requests}) == 3


async def test_what_people_did_while_the_bot_was_down_is_found_at_its_start() -> None:
    intake = Recorder()
    async with staged(intake=intake) as stage:
        server = stage.server
        thread = await server.start_thread(await server.write("Aside."))
        letters = server.world.add_channel(server.guild, "ada", kind=DM)
        letters.people = [server.user.id]
        letters.guild_id = None
        await stage.entry.stop()
        kept = await quietly(server, "Keep this.", thread.id)
        put(stage, kept)
        question = await quietly(server, f"<@{server.world.bot.id}> when do we ship?")
        letter = await quietly(server, "And where?", letters.id)
        await quietly(server, "Nobody is asked here.")
        intake.places = [(letters.id, letters.id)]
        async with back(server, intake):
            found = {one.address["message"]: one for one in intake.requests}
            assert set(found) == {kept.id, question.id, letter.id}
            assert (found[kept.id].place, found[kept.id].address["thread"]) == (
                server.general.id,
                thread.id,
            )
            assert found[question.id].call.text == "when do we ship?"
            assert found[letter.id].call.text == "And where?"
        async with back(server, intake):
            assert len({one.id for one in intake.requests}) == 3


async def test_a_memo_taken_away_meanwhile_is_undone_while_that_is_possible() -> None:
    intake = Recorder()
    async with staged(intake=intake) as stage:
        server = stage.server
        old, new = await server.write("An old one."), await server.write("A new one.")
        for message in (old, new):
            await server.react(message, "📝")
            message.reactions["✅"] = [server.world.bot.id]
        await until(lambda: len(intake.requests) == 2)
        await stage.entry.stop()
        saves = {one.address["message"]: one for one in intake.requests}
        intake.accepted_at[saves[old.id].id] = datetime.now(UTC) - timedelta(minutes=11)
        for message in (old, new):
            del message.reactions["📝"]
        async with back(server, intake):
            assert [what for _, what in asked(stage)] == ["save-marked", "save-marked", "undo-save"]
            assert intake.requests[-1].address["message"] == new.id


async def test_channels_the_bot_may_not_read_are_left_out_and_limits_waited_for() -> None:
    intake = Recorder()
    async with staged(intake=intake) as stage:
        server = stage.server
        await stage.entry.stop()
        hidden = server.world.add_channel(server.guild, "hidden")
        put(stage, await quietly(server, "hidden", hidden.id))
        hidden.history = False
        put(stage, await quietly(server, "Keep this."))
        waits = 0

        async def slow(call: Traffic) -> Reaction | None:
            nonlocal waits
            if call.name.endswith("/messages") and call.name.startswith("GET") and not waits:
                waits += 1
                return Reaction({"message": "slow down", "retry_after": 0.05}, 429)
            return None

        server.hooks.before.append(slow)
        async with back(server, intake):
            assert waits == 1
            assert len(intake.requests) == 1


async def test_what_became_of_followed_messages_meanwhile_is_told() -> None:
    intake = Recorder()
    async with staged(intake=intake) as stage:
        server = stage.server
        first, other = await server.write("We ship."), await server.write("Not saved.")
        intake.followed = {first.id}
        await stage.entry.stop()
        for message in (first, other):
            message.content, message.edited = "We ship now.", server.world.clock()
        async with back(server, intake):
            await until(lambda: len(intake.retellings) == 1)
    [(told, _)] = intake.retellings
    assert (told.id, told.text) == (first.id, "We ship now.")


async def test_of_followed_messages_those_that_were_deleted_meanwhile_are_told_of() -> None:
    intake = Recorder()
    async with staged(intake=intake) as stage:
        server = stage.server
        gone, first = await server.write("We ship."), await server.write("Stays.")
        thread = await server.start_thread(first)
        reply = await server.write("Fine.", thread)
        hidden = server.world.add_channel(server.guild, "hidden", readable=False)
        unseen = await server.write("secret", hidden)
        followed = (gone, first, reply, unseen)
        intake.watching = [
            Watched(
                server.general.id,
                "",
                one.id,
                f"https://discord.com/channels/{server.guild.id}/{one.channel_id}/{one.id}",
            )
            for one in followed
        ]
        intake.followed = {one.id for one in followed}
        await stage.entry.stop()
        for one in (gone, reply):
            one.deleted = True
        async with back(server, intake):
            await until(lambda: len(intake.deletions) == 2)
    assert sorted(intake.deletions) == [gone.id, reply.id]
