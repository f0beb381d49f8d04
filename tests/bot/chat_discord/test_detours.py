"""Where the usual way of an answer is barred: another one, and still one answer."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from core.errors import RateLimited
from sandbox.discord.world import Message
from sandbox.traffic import Answer as Reaction
from sandbox.traffic import Call
from tests.bot.chat_discord.wayout import DEAD, Stage, a_stage, parts_of


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with a_stage() as found:
        yield found


def refuse(stage: Stage, start: str, code: int, status: int) -> None:
    """Answers every call whose name begins like this with one of Discord's refusals."""

    async def hook(call: Call) -> Reaction | None:
        refusal = {"message": "No", "code": code}
        return Reaction(refusal, status) if call.name.startswith(start) else None

    stage.server.hooks.before.append(hook)


def asked_aloud(stage: Stage, message: Message, **changes: str) -> dict[str, str]:
    """Where a message that mentions the bot is answered."""
    asked = {"interaction_id": "", "interaction_token": "", "message": message.id}
    where = {"channel_id": message.channel_id, "user_id": message.author_id}
    return stage.place(asked | where | changes)


@pytest.mark.parametrize(("code", "status"), [(50027, 401), (10015, 404), (10062, 404)])
async def test_a_token_that_ends_early_costs_neither_the_answer_nor_its_place(
    stage: Stage, code: int, status: int
) -> None:
    asked = await stage.ask()
    await stage.defer(asked)
    address, [part] = stage.address(asked), parts_of("The end.")
    draft = stage.platform.draft("so far")
    reply = await stage.platform.post(address, draft, "a:0", again=False)
    refuse(stage, "PATCH /webhooks", code, status)
    await stage.platform.edit(address, reply, part)
    assert stage.shown() == ["The end."]


async def test_no_placeholder_is_left_thinking_when_its_token_has_died(stage: Stage) -> None:
    asked, other = await stage.ask(), await stage.ask()
    await stage.defer(asked)
    await stage.defer(other)
    stage.later(DEAD)
    [part] = parts_of("Back again.")
    late = stage.address(asked, age=DEAD)
    await stage.platform.post(late, part, "a:0", again=False)
    assert stage.shown() == ["Back again."]
    # That of the other command.
    assert [one.loading for one in stage.server.answers()].count(True) == 1
    await stage.platform.post(late, part, "a:0", again=True)
    assert stage.shown() == ["Back again."]


async def test_a_placeholder_is_filled_by_the_bot_where_discord_lets_it(stage: Stage) -> None:
    asked = await stage.ask()
    await stage.defer(asked)
    [placeholder] = stage.server.answers()
    stage.later(DEAD)

    async def takes(call: Call) -> Reaction | None:
        edited = {"id": placeholder.id, "flags": 4, "content": call.body.get("content")}
        return Reaction(edited) if call.name.startswith("PATCH /channels") else None

    stage.server.hooks.before.append(takes)
    [part] = parts_of("Back again.")
    reply = await stage.platform.post(stage.address(asked, age=DEAD), part, "a:0", again=False)
    assert reply == {"via": "channel", "id": placeholder.id, "channel": placeholder.channel_id}
    assert stage.server.answers() == [placeholder]


async def test_the_same_words_a_moment_before_are_no_answer_to_this(stage: Stage) -> None:
    [part] = parts_of("Notion is away.")
    before = await stage.ask()
    await stage.platform.post(stage.address(before, age=60), part, "a:0", again=False)
    asked = await stage.ask()
    await stage.defer(asked)
    address = stage.address(asked)
    waiting = stage.platform.waiting()
    reply = await stage.platform.post(address, waiting, "b:0", again=False)
    stage.server.answers()[-1].deleted = True
    await stage.platform.edit(address, reply, part)
    assert stage.shown() == ["Notion is away."] * 2


@pytest.mark.parametrize("status", [404, 405, 501])
async def test_where_nothing_can_be_edited_the_whole_answer_takes_the_place_of_its_half(
    stage: Stage, status: int
) -> None:
    message = await stage.server.write("hello")
    address = asked_aloud(stage, message)
    reply = await stage.platform.post(address, stage.platform.draft("so"), "a:0", again=False)
    refuse(stage, "PATCH /", 0, status)
    [part] = parts_of("So be it.")
    await stage.platform.edit(address, reply, part)
    await stage.platform.edit(address, reply, part)
    assert stage.shown() == ["So be it."]


async def test_a_server_that_knows_no_reactions_is_asked_once(stage: Stage) -> None:
    message = await stage.server.write("hello")
    refuse(stage, "PUT /channels", 0, 501)
    await stage.platform.mark(asked_aloud(stage, message, marked="yes"), "working")
    assert len([one for one in stage.server.requests if one.name.startswith("PUT /ch")]) == 1


async def test_a_limit_on_everything_holds_in_every_channel(stage: Stage) -> None:
    first = await stage.server.write("hello")
    other = stage.server.world.add_channel(stage.server.guild, "other")
    second = await stage.server.write("hello", other)
    [part] = parts_of("Hello.")
    limited = {"message": "You are being rate limited.", "retry_after": 0.3, "global": True}

    async def once(call: Call) -> Reaction | None:
        stage.server.hooks.before.remove(once)
        return Reaction(limited, 429)

    stage.server.hooks.before.append(once)
    asked = len(stage.server.requests)
    for number, message in enumerate((first, second)):
        where = asked_aloud(stage, message)
        with pytest.raises(RateLimited) as failure:
            await stage.platform.post(where, part, f"a:{number}", again=False)
        assert 0 < (failure.value.retry_after or 0) <= 0.3
    assert len(stage.server.requests) == asked + 1
    # What an interaction's token allows has another limit.
    command = await stage.ask()
    await stage.defer(command)
    await stage.platform.post(stage.address(command), part, "b:0", again=False)
    await asyncio.sleep(0.3)
    await stage.platform.post(asked_aloud(stage, second), part, "a:1", again=False)
    assert stage.shown(other) == ["Hello."]


async def test_where_the_bot_may_not_write_whoever_mentioned_it_hears_directly(
    stage: Stage,
) -> None:
    message = await stage.server.write("hello")
    [part] = parts_of("Hello.")
    hidden = stage.server.world.add_channel(stage.server.guild, "hidden", readable=False)
    address = asked_aloud(stage, message)
    reply = await stage.platform.post(address | {"channel_id": hidden.id}, part, "a:0", again=False)
    private = stage.server.world.open_dm(stage.server.user.id)
    assert stage.shown(private) == ["Hello."]
    assert reply["channel"] == private.id


async def test_who_takes_no_direct_messages_is_told_so_where_they_asked(stage: Stage) -> None:
    message = await stage.server.write("/notion history")
    [part] = parts_of("Secret plans.")
    private = stage.server.world.open_dm(stage.server.user.id)

    async def closed(call: Call) -> Reaction | None:
        refusal = {"message": "Cannot send messages to this user", "code": 50007}
        return Reaction(refusal, 403) if private.id in call.path else None

    stage.server.hooks.before.append(closed)
    address = asked_aloud(stage, message, private="yes")
    await stage.platform.post(address, part, "a:0", again=False)
    [told] = stage.shown()
    assert "Allow direct messages" in told
    assert "Secret" not in told


@pytest.mark.parametrize("code", [50008, 50083, 160005])
async def test_where_nobody_may_write_any_more_whoever_asked_hears_directly(
    stage: Stage, code: int
) -> None:
    message = await stage.server.write("hello")
    [part] = parts_of("Hello.")

    async def closed(call: Call) -> Reaction | None:
        there = call.name.startswith("POST") and message.channel_id in call.path
        return Reaction({"message": "No", "code": code}, 400) if there else None

    stage.server.hooks.before.append(closed)
    await stage.platform.post(asked_aloud(stage, message), part, "a:0", again=False)
    assert stage.shown(stage.server.world.open_dm(stage.server.user.id)) == ["Hello."]


async def test_a_token_that_is_none_is_not_tried_again(stage: Stage) -> None:
    asked = await stage.ask()
    await stage.defer(asked)
    refuse(stage, "PATCH /webhooks", 50027, 401)
    [part] = parts_of("Hello.")
    await stage.platform.post(stage.address(asked), part, "a:0", again=False)
    assert stage.shown() == ["Hello."]
    calls = [call.name for call in stage.server.traffic.requests]
    assert sum(name.startswith("PATCH /webhooks") for name in calls) == 1
