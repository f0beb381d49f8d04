"""Messages, threads and conversations read again, marks, and answers that are replies."""

import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from bot.discord.adapter import DiscordPlatform
from bot.discord.marks import EMOJI
from core.config import Settings
from core.errors import Forbidden, InvalidInput, NotFound, PlatformFailed, RateLimited
from core.messages import Answer
from core.messages import Message as Said
from core.ports import CanMark, CanRead
from sandbox.discord.server import DiscordServer
from sandbox.discord.world import PRIVATE_THREAD, THREAD, Channel, Message
from sandbox.traffic import Answer as Reaction
from sandbox.traffic import Call

TOKEN = "reading.bot.token"


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with DiscordServer(TOKEN) as running:
        yield running


@pytest.fixture
async def platform(server: DiscordServer) -> AsyncIterator[DiscordPlatform]:
    values = {"discord_token": TOKEN, "discord_api_url": server.api_url}
    made = DiscordPlatform(Settings(_env_file=None, **values))
    yield made
    await made.close()


def address(server: DiscordServer, about: Message, **changes: str) -> dict[str, str]:
    channel = server.world.channels[about.channel_id]
    return {
        "application_id": server.world.application_id,
        "bot_id": server.world.bot.id,
        "interaction_id": "",
        "interaction_token": "",
        "channel_id": channel.id,
        "guild_id": channel.guild_id or "",
        "user_id": server.user.id,
        "asked_in": channel.id,
        "accepted_at": f"{time.time():.6f}",
        "thread": "",
        "message": about.id,
        "asked": about.id,
    } | changes


async def said_by_bot(server: DiscordServer, content: str, reply_to: Message) -> Message:
    return await server.write(content, user=server.world.bot, reply_to=reply_to)


def told(messages: list[Said]) -> list[tuple[str, str]]:
    return [(one.author, one.text) for one in messages]


def test_discord_can_be_read_and_marked() -> None:
    made = DiscordPlatform(Settings(_env_file=None))
    assert isinstance(made, CanRead)
    assert isinstance(made, CanMark)


# ── Messages ─────────────────────────────────────────────────────────────────────────────────────


async def test_a_message_is_read_with_names_for_numbers(
    server: DiscordServer, platform: DiscordPlatform
) -> None:
    grace, plans = server.add_person("grace"), server.world.add_channel(server.guild, "plans")
    file = server.world.attach("a.txt", b"abc", "text/plain")
    text = f"<@{grace.id}> see <#{plans.id}>, <@&{server.guild.id}>"
    message = await server.write(text, attachments=[file])
    [read] = await platform.read(address(server, message))
    assert (read.author, read.text) == ("Ada", "@Grace see #plans, @@everyone")
    [attached] = read.files
    assert (attached.name, attached.link) == ("a.txt", file["url"])
    pieces = [piece async for piece in platform.fetch(address(server, message), attached)]
    assert b"".join(pieces) == b"abc"
    place = f"{server.guild.id}/{server.general.id}/{message.id}"
    assert read.link == f"https://discord.com/channels/{place}"
    assert not read.ours


async def test_a_message_tells_its_author_its_channel_and_its_tags(
    server: DiscordServer, platform: DiscordPlatform
) -> None:
    message = await server.write(f"Ship it. #launch <#{server.general.id}>")
    [read] = await platform.read(address(server, message))
    assert (read.author_id, read.channel) == (server.user.id, server.general.name)
    assert read.tags == ("launch",)
    by_bot = await said_by_bot(server, "Done.", message)
    [read] = await platform.read(address(server, by_bot))
    assert read.author_id == ""


async def test_what_is_said_in_a_thread_is_said_in_the_channel_above_it(
    server: DiscordServer, platform: DiscordPlatform
) -> None:
    thread = await server.start_thread(await server.write("the start"))
    reply = await server.write("a reply", thread)
    [read] = await platform.read(address(server, reply))
    assert (read.text, read.channel, read.thread) == ("a reply", server.general.name, "")
    linked = address(server, reply, linked="yes", asked_in=server.general.id)
    [read] = await platform.read(linked)
    assert read.thread == ""


async def test_a_thread_begun_later_from_a_message_will_have_its_id(
    server: DiscordServer, platform: DiscordPlatform
) -> None:
    message = await server.write("the start")
    [read] = await platform.read(address(server, message))
    assert read.thread == message.id
    assert (await server.start_thread(message)).id == message.id


async def test_what_the_app_sent_is_read_again_unless_it_was_for_one_person(
    server: DiscordServer, platform: DiscordPlatform
) -> None:
    about = address(server, await server.write("Plan?"))
    [part] = platform.render(Answer("**Ship** it."))
    reply = await platform.post(about, part, "a:0", again=False)
    where = platform.recall(about, reply)
    assert where is not None
    [read] = await platform.read(where)
    assert (read.id, read.text, read.ours) == (reply["id"], "**Ship** it.", True)
    assert platform.recall(about | {"private": "yes"}, reply) is None


async def test_a_thread_is_read_whole_from_the_message_it_began_with(
    server: DiscordServer, platform: DiscordPlatform
) -> None:
    message = await server.write("the start")
    thread = await server.start_thread(message)
    for number in range(130):
        await server.write(f"reply {number}", thread, server.add_person("grace"))
    read = await platform.read(address(server, message))
    assert told(read[:2]) == [("Ada", "the start"), ("Grace", "reply 0")]
    assert [one.text for one in read[1:]] == [f"reply {number}" for number in range(130)]
    inside = address(server, message, channel_id=thread.id, thread=thread.id)
    assert await platform.read(inside) == read


async def test_no_more_than_five_hundred_messages_are_read(
    server: DiscordServer, platform: DiscordPlatform
) -> None:
    message = await server.write("the start")
    thread = await server.start_thread(message)
    for number in range(510):
        server.world.store(
            Message(server.world.next_id(), thread.id, server.user.id, f"reply {number}")
        )
    read = await platform.read(address(server, message))
    assert len(read) == 500
    assert read[-1].text == "reply 498"


async def test_a_thread_of_its_own_begins_with_its_first_message(
    server: DiscordServer, platform: DiscordPlatform
) -> None:
    thread = server.world.add_channel(server.guild, "aside", kind=THREAD, parent=server.general)
    first = await server.write("first", thread)
    second = await server.write("second", thread)
    assert len(await platform.read(address(server, first, thread=thread.id))) == 2
    assert len(await platform.read(address(server, second, thread=thread.id))) == 1


async def test_the_first_answer_in_a_thread_is_no_beginning(
    server: DiscordServer, platform: DiscordPlatform
) -> None:
    thread = await server.start_thread(await server.write("the start"))
    first = await server.write("first", thread)
    await server.write("second", thread)
    assert len(await platform.read(address(server, first, thread=thread.id))) == 1


async def test_a_post_in_a_forum_is_read_whole(
    server: DiscordServer, platform: DiscordPlatform
) -> None:
    forum = server.world.add_channel(server.guild, "forum")
    first = Message(server.world.next_id(), "", server.user.id, "the post")
    post = server.world.add_channel(server.guild, "post", kind=THREAD, parent=forum, message=first)
    first.channel_id = post.id
    server.world.store(first)
    await server.write("a reply", post)
    assert len(await platform.read(address(server, first))) == 2


# ── What may not be read ─────────────────────────────────────────────────────────────────────────


async def test_a_message_that_is_gone_is_not_found(
    server: DiscordServer, platform: DiscordPlatform
) -> None:
    message = await server.write("gone")
    message.deleted = True
    with pytest.raises(NotFound, match="not there any more"):
        await platform.read(address(server, message))
    with pytest.raises(NotFound, match="channel"):
        await platform.read(address(server, message, channel_id="1"))


async def test_a_channel_the_bot_may_not_read_says_what_to_give_it(
    server: DiscordServer, platform: DiscordPlatform
) -> None:
    hidden = server.world.add_channel(server.guild, "hidden", readable=False)
    message = await server.write("secret", hidden)
    with pytest.raises(Forbidden, match="View Channel and Read Message History"):
        await platform.read(address(server, message))
    server.general.history = False
    with pytest.raises(Forbidden, match="Read Message History"):
        await platform.read(address(server, await server.write("hello")))


async def test_a_message_that_discord_hides_says_how_to_save_it(
    server: DiscordServer, platform: DiscordPlatform
) -> None:
    server.gateway.privileged = 0
    with pytest.raises(Forbidden, match="Message Content Intent"):
        await platform.read(address(server, await server.write("secret")))
    called = await server.write(f"<@{server.world.bot.id}> hello")
    assert len(await platform.read(address(server, called))) == 1


async def test_a_message_that_came_along_is_there_whatever_may_be_read(
    server: DiscordServer, platform: DiscordPlatform
) -> None:
    message = await server.write("secret")
    kept = Said(message.id, "Ada", "secret", datetime(2026, 5, 1, tzinfo=UTC))
    where = address(server, message, kept=json.dumps(kept.to_json()))
    server.general.readable = False
    assert await platform.read(where) == [kept]
    other = await server.write("other")
    with pytest.raises(Forbidden):
        await platform.read(where | {"message": other.id})


async def test_limits_and_failures_are_told_as_such(
    server: DiscordServer, platform: DiscordPlatform
) -> None:
    message = await server.write("hello")
    answers = [
        Reaction({"message": "slow down", "retry_after": 3.5}, 429),
        Reaction({"message": "down"}, 503),
    ]

    async def hook(_call: Call) -> Reaction | None:
        return answers.pop(0)

    server.hooks.before.append(hook)
    with pytest.raises(RateLimited) as limited:
        await platform.read(address(server, message))
    assert limited.value.retry_after == 3.5
    with pytest.raises(PlatformFailed) as failed:
        await platform.read(address(server, message))
    assert failed.value.retryable


# ── By its address ───────────────────────────────────────────────────────────────────────────────


def linked(
    server: DiscordServer, platform: DiscordPlatform, channel: Channel, message: Message
) -> dict[str, str]:
    """The address of a save that was asked for in `general`."""
    link = f"https://discord.com/channels/{channel.guild_id or '@me'}/{channel.id}/{message.id}"
    where = platform.locate(link)
    assert where
    return address(server, message, asked_in=server.general.id) | where


async def test_a_message_in_another_channel_is_found_by_its_address(
    server: DiscordServer, platform: DiscordPlatform
) -> None:
    plans = server.world.add_channel(server.guild, "plans")
    message = await server.write("a plan", plans)
    [read] = await platform.read(linked(server, platform, plans, message))
    assert (read.text, read.place) == ("a plan", plans.id)


async def test_an_address_shows_nobody_what_they_do_not_see(
    server: DiscordServer, platform: DiscordPlatform
) -> None:
    grace = server.add_person("grace")
    secret = server.world.add_channel(server.guild, "secret")
    secret.overwrites = [{"id": server.guild.id, "type": 0, "allow": "0", "deny": str(1 << 10)}]
    message = await server.write("for few", secret)
    where = linked(server, platform, secret, message)
    assert len(await platform.read(where)) == 1, "ada owns the server"
    with pytest.raises(NotFound, match="may not read"):
        await platform.read(where | {"user_id": grace.id})
    thread = await server.start_thread(message)
    inside = await server.write("inside", thread)
    with pytest.raises(NotFound, match="may not read"):
        await platform.read(linked(server, platform, thread, inside) | {"user_id": grace.id})


async def test_somebody_elses_private_messages_and_threads_stay_theirs(
    server: DiscordServer, platform: DiscordPlatform
) -> None:
    grace, stranger = server.add_person("grace"), server.world.add_user("mallory")
    private = server.world.open_dm(server.user.id)
    letter = await server.write("between us", private)
    where = linked(server, platform, private, letter)
    assert len(await platform.read(where)) == 1
    with pytest.raises(NotFound):
        await platform.read(where | {"user_id": grace.id})
    plain = linked(server, platform, server.general, await server.write("hello"))
    with pytest.raises(NotFound):
        await platform.read(plain | {"user_id": stranger.id, "asked_in": private.id})
    closed = server.world.add_channel(
        server.guild, "closed", kind=PRIVATE_THREAD, parent=server.general
    )
    inside = linked(server, platform, closed, await server.write("for members", closed))
    with pytest.raises(NotFound):
        await platform.read(inside | {"user_id": grace.id})
    closed.people.append(grace.id)
    assert len(await platform.read(inside | {"user_id": grace.id})) == 1


# ── Conversations ────────────────────────────────────────────────────────────────────────────────


async def test_a_conversation_by_replies_is_read_from_its_beginning(
    server: DiscordServer, platform: DiscordPlatform
) -> None:
    bot = server.world.bot.id
    root = await server.write(f"<@{bot}> one")
    last = root
    for number in range(4):
        answer = await said_by_bot(server, f"answer {number}", last)
        last = await server.write(f"question {number}", reply_to=answer)
    await server.write("something else")
    read = await platform.read(address(server, last, thread=root.id, message=""))
    assert [one.text for one in read] == [
        "@Notion Assistant one",
        *(f"{what} {number}" for number in range(4) for what in ("answer", "question")),
    ]
    assert [one.ours for one in read] == [False, *[True, False] * 4]


async def test_a_conversation_whose_beginning_is_gone_has_the_rest(
    server: DiscordServer, platform: DiscordPlatform
) -> None:
    root = await server.write("one")
    answer = await said_by_bot(server, "two", root)
    last = await server.write("three", reply_to=answer)
    root.deleted = True
    read = await platform.read(address(server, last, thread=root.id, message=""))
    assert [one.text for one in read] == ["two", "three"]


async def test_a_conversation_in_a_thread_holds_what_it_began_with_and_nothing_newer(
    server: DiscordServer, platform: DiscordPlatform
) -> None:
    root = await server.write("one")
    answer = await said_by_bot(server, "two", root)
    thread = await server.start_thread(answer)
    asked = await server.write("three", thread)
    await said_by_bot(server, "*Writing …*", asked)
    where = address(server, asked, thread=thread.id, message="")
    assert [one.text for one in await platform.read(where)] == ["one", "two", "three"]


async def test_a_conversation_in_private_is_the_newest_of_it(
    server: DiscordServer, platform: DiscordPlatform
) -> None:
    private = server.world.open_dm(server.user.id)
    for number in range(120):
        last = await server.write(str(number), private)
    where = address(server, last, thread=private.id, message="")
    assert [one.text for one in await platform.read(where)] == [str(n) for n in range(20, 120)]


# ── Marks ────────────────────────────────────────────────────────────────────────────────────────


def test_the_marks_are_the_ones_people_know() -> None:
    assert EMOJI == {"working": "👀", "done": "✅", "failed": "⚠️"}
    assert EMOJI["failed"] == "\u26a0\ufe0f"


async def test_a_mark_takes_an_earlier_ones_place(
    server: DiscordServer, platform: DiscordPlatform
) -> None:
    message, bot = await server.write("hello"), [server.world.bot.id]
    where = address(server, message)
    await platform.mark(where, "working")
    await platform.mark(where, "working")
    assert message.reactions == {"👀": bot}
    await platform.mark(where, "failed")
    assert message.reactions == {"⚠️": bot}
    await platform.mark(where, "done")
    assert message.reactions == {"✅": bot}
    await server.react(message, "👀")
    await platform.mark(where, "none")
    assert message.reactions == {"👀": [server.user.id]}


async def test_where_no_mark_may_be_there_is_none(
    server: DiscordServer, platform: DiscordPlatform
) -> None:
    message = await server.write("hello")
    server.general.history = False
    await platform.mark(address(server, message), "working")
    message.deleted = True
    server.general.history = True
    await platform.mark(address(server, message), "working")
    assert message.reactions == {}


async def test_a_mark_that_comes_too_fast_says_when_to_come_back(
    server: DiscordServer, platform: DiscordPlatform
) -> None:
    message = await server.write("hello")

    async def hook(call: Call) -> Reaction | None:
        limited = {"message": "slow down", "retry_after": 0.25}
        return Reaction(limited, 429) if call.name.startswith("PUT") else None

    server.hooks.before.append(hook)
    with pytest.raises(RateLimited):
        await platform.mark(address(server, message), "working")


# ── Answers ──────────────────────────────────────────────────────────────────────────────────────


async def test_an_answer_replies_to_the_message_that_asked_and_calls_nobody(
    server: DiscordServer, platform: DiscordPlatform
) -> None:
    message = await server.write("hello")
    where = address(server, message)
    reply = await platform.post(where, platform.waiting(), "a:0", again=False)
    first, second = platform.render(Answer("word " * 500))
    await platform.edit(where, reply, first)
    await platform.post(where, second, "a:1", again=False)
    answers = server.answers()
    assert [one.reference["message_id"] for one in answers if one.reference] == [message.id] * 2
    assert all(one.allowed_mentions["replied_user"] is False for one in answers[1:])
    assert len(server.requests) == 3


@pytest.mark.parametrize("placeholder", [True, False])
async def test_a_reply_whose_response_was_lost_is_found_by_what_it_answers(
    server: DiscordServer, platform: DiscordPlatform, placeholder: bool
) -> None:
    message, other = await server.write("hello"), await server.write("hello")
    part = platform.waiting() if placeholder else platform.render(Answer("Hi."))[0]
    theirs = await platform.post(address(server, other), part, "b:0", again=False)
    sent = await platform.post(address(server, message), part, "a:0", again=False)
    for one in server.answers():
        one.nonce = None
    assert await platform.post(address(server, message), part, "a:0", again=True) == sent
    assert await platform.post(address(server, other), part, "b:0", again=True) == theirs
    assert len(server.answers()) == 2


async def test_a_placeholder_is_never_another_answer_to_the_same_message(
    server: DiscordServer, platform: DiscordPlatform
) -> None:
    where = address(server, await server.write("hello"))
    [part] = platform.render(Answer("Saved to Notion."))
    await platform.post(where, part, "a:0", again=False)
    await platform.post(where, platform.waiting(), "b:0", again=True)
    assert len(server.answers()) == 2


async def test_where_no_reply_may_be_the_answer_stands_alone(
    server: DiscordServer, platform: DiscordPlatform
) -> None:
    message = await server.write("hello")
    server.general.history = False
    [part] = platform.render(Answer("Hi."))
    await platform.post(address(server, message), part, "a:0", again=False)
    assert [(one.content, one.reference) for one in server.answers()] == [("Hi.", None)]


async def test_an_answer_to_a_message_that_is_gone_stands_alone(
    server: DiscordServer, platform: DiscordPlatform
) -> None:
    message = await server.write("hello")
    message.deleted = True
    [part] = platform.render(Answer("Hi."))
    await platform.post(address(server, message), part, "a:0", again=False)
    assert [one.content for one in server.answers()] == ["Hi."]


async def test_what_is_for_the_asker_alone_comes_by_direct_message(
    server: DiscordServer, platform: DiscordPlatform
) -> None:
    where = address(server, await server.write("hello"), private="yes")
    [part] = platform.render(Answer("Between us."))
    await platform.post(where, part, "a:0", again=False)
    [letter] = server.answers(server.world.open_dm(server.user.id))
    assert (letter.content, letter.reference) == ("Between us.", None)
    assert server.answers() == []


# ── From one message to another ──────────────────────────────────────────────────────────────────


async def test_all_from_one_message_to_another_is_read_in_order(
    server: DiscordServer, platform: DiscordPlatform
) -> None:
    grace = server.add_person("grace")
    said = [await server.write(f"word {n}", user=grace if n % 2 else None) for n in range(230)]
    ends = address(server, said[203]), address(server, said[1])
    read = await platform.between(ends[0], ends[1], 300)
    assert told(read)[:2] == [("Grace", "word 1"), ("Ada", "word 2")]
    assert [one.text for one in read] == [f"word {n}" for n in range(1, 204)]
    assert len(await platform.between(ends[1], ends[0], 201)) == 201
    elsewhere = await server.write("x", server.world.add_channel(server.guild, "plans"))
    with pytest.raises(InvalidInput, match="same channel"):
        await platform.between(ends[0], address(server, elsewhere), 10)


async def test_what_is_for_one_person_alone_reaches_them_where_they_take_no_direct_messages(
    server: DiscordServer, platform: DiscordPlatform
) -> None:
    message = await server.write("Keep this.")

    async def refuse(call: Call) -> Reaction | None:
        closed = call.name.endswith("/users/@me/channels")
        return Reaction({"code": 50007, "message": "Cannot send"}, 403) if closed else None

    server.hooks.before.append(refuse)
    [part] = platform.render(Answer("What is to become of it?", private=True))
    where = address(server, message, marked="yes", private="yes")
    await platform.post(where, part, "m:0", again=False)
    assert [one.content for one in server.answers()] == ["What is to become of it?"]
    await platform.post(where | {"marked": ""}, part, "m:1", again=False)
    assert "What is" not in server.answers()[-1].content


async def test_a_note_is_changed_and_taken_away(
    server: DiscordServer, platform: DiscordPlatform
) -> None:
    message = await server.write("Keep this.")
    where = address(server, message, marked="yes")
    [part], [next_one] = (platform.render(Answer(text)) for text in ("0 of 2", "1 of 2"))
    note = await platform.post(where, part, "n", again=True)
    await platform.edit(where, note, next_one)
    assert [one.content for one in server.answers()] == ["1 of 2"]
    for _ in range(2):
        assert await platform.erase(where, note)
    assert server.answers() == []
    assert not await platform.erase(where, note | {"via": "placeholder"})
