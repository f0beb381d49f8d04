"""What people write and put on messages in Discord, as the core is asked."""

import asyncio
import json
from collections.abc import Callable

import pytest

from bot.discord.callbacks import Callbacks
from bot.discord.entry import DiscordEntry
from bot.discord.menus import Menus, render_page_form
from bot.discord.rest import Rest
from core.messages import Call, Channel, Request
from core.messages import Message as Said
from sandbox.discord.server import DiscordServer
from sandbox.discord.shapes import message_json
from sandbox.discord.world import THREAD, Message
from sandbox.traffic import Answer as Reaction
from sandbox.traffic import Call as Traffic
from tests.bot.chat_discord.door import TOKEN, Recorder, Stage, make_settings

CONTENT = 1 << 15


async def eventually(there: Callable[[], bool]) -> None:
    for _ in range(500):
        if there():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came")


def mention(stage: Stage, text: str) -> str:
    return f"<@{stage.server.world.bot.id}> {text}"


async def requests(stage: Stage, count: int = 1) -> list[Request]:
    """What was asked, once all that was written before has been taken."""
    await eventually(lambda: len(stage.intake.requests) >= count)
    await asyncio.sleep(0.05)
    return stage.intake.requests


async def nothing(stage: Stage) -> bool:
    """Whether nothing was asked, though a message that comes last is heard."""
    await stage.server.write(mention(stage, "the last one"))
    return [one.call.text for one in await requests(stage)] == ["the last one"]


# ── Messages ─────────────────────────────────────────────────────────────────────────────────────


async def test_a_mention_is_asked_where_it_was_written(stage: Stage) -> None:
    server = stage.server
    message = await server.write(mention(stage, f"hello, <#{server.general.id}>"))
    [request] = await requests(stage)
    assert request.call == Call("talk", "hello, #general")
    assert (request.sender.id, request.sender.name) == (server.user.id, "Ada")
    assert request.place == server.general.id
    wanted = {
        "channel_id": server.general.id,
        "guild_id": server.guild.id,
        "user_id": server.user.id,
        "bot_id": server.world.bot.id,
        "interaction_token": "",
        "message": message.id,
        "thread": message.id,
    }
    assert wanted.items() <= request.address.items()
    [(place, thread, said)] = stage.intake.heard
    assert (place, thread, said.id) == (server.general.id, message.id, message.id)
    assert said.text == "@Notion Assistant hello, #general"


async def test_a_direct_message_is_asked_and_one_conversation(stage: Stage) -> None:
    private = stage.server.world.open_dm(stage.server.user.id)
    await stage.server.write("hello", private)
    await stage.server.write("/notion usage", private)
    first, second = await requests(stage, 2)
    assert first.call == Call("talk", "hello")
    assert second.call.command == "usage"
    assert first.address["thread"] == second.address["thread"] == first.place == private.id
    assert first.address["guild_id"] == ""


async def test_nothing_and_help_are_asked_for_help(stage: Stage) -> None:
    await stage.server.write(mention(stage, ""))
    await stage.server.write(mention(stage, "help"))
    assert [one.call for one in await requests(stage, 2)] == [Call("help"), Call("help")]
    assert {one.address["private"] for one in stage.intake.requests} == {"yes"}


async def test_what_other_people_say_to_one_another_is_nobodys_business(stage: Stage) -> None:
    first = await stage.server.write("hello")
    await stage.server.write("hello yourself", reply_to=first)
    await stage.server.write(f"@everyone <@&{stage.server.guild.id}> look")
    assert await nothing(stage)
    assert len(stage.intake.heard) == 1


async def test_the_bot_hears_neither_itself_nor_bots_nor_webhooks_nor_discord(
    stage: Stage,
) -> None:
    server, text = stage.server, mention(stage, "hello")
    other = server.add_person("robot")
    other.bot = True
    await server.write(text, user=other)
    await server.write(text, user=server.world.bot)
    private = server.world.open_dm(server.user.id)
    await server.write("an answer", private, user=server.world.bot)
    for more in ({"webhook_id": "1"}, {"kind": 7}):
        new = Message(server.world.next_id(), server.general.id, server.user.id, text, **more)
        await server.post(new)
    assert await nothing(stage)


async def test_the_same_message_told_twice_is_one_request(stage: Stage) -> None:
    message = await stage.server.write(mention(stage, "hello"))
    [event] = [
        one["d"]
        for session in stage.server.gateway.sessions.values()
        for one in session.sent
        if one["t"] == "MESSAGE_CREATE"
    ]
    await stage.server.gateway.dispatch("MESSAGE_CREATE", event)
    first, second = await requests(stage, 2)
    assert first.id == second.id
    assert first.address["message"] == message.id


async def test_whoever_calls_the_bot_by_an_edit_is_heard_once(stage: Stage) -> None:
    server = stage.server
    message = await server.write("hello")
    # Discord unfolds a link: that is nobody's edit.
    await server.edit(message)
    await server.edit(message, mention(stage, "hello"))
    [first] = await requests(stage)
    await server.edit(message, mention(stage, "hello again"))
    old = await server.write("long ago")
    old.id = str(int(old.id) - (3_700_000 << 22))
    await server.edit(old, mention(stage, "long ago"))
    await server.write(mention(stage, "the last one"))
    asked = await requests(stage, 3)
    assert [one.call.text for one in asked] == ["hello", "hello again", "the last one"]
    # It is one and the same to the core, which answers it once.
    assert asked[1].id == first.id


async def test_a_wrong_command_is_told_to_the_asker_alone(stage: Stage) -> None:
    await stage.server.write(mention(stage, "/notion generat a plan"))
    private = stage.server.world.open_dm(stage.server.user.id)
    await stage.server.wait_for(lambda: stage.server.answers(private))
    assert "generate" in stage.server.answers(private)[0].content
    assert stage.server.answers() == []


async def test_a_server_that_cannot_record_says_so(stage: Stage) -> None:
    stage.intake.away = True
    await stage.server.write(mention(stage, "hello"))
    private = stage.server.world.open_dm(stage.server.user.id)
    await stage.server.wait_for(lambda: stage.server.answers(private))
    assert "The database does not answer" in stage.server.answers(private)[0].content


async def test_an_event_that_cannot_be_read_costs_no_connection(stage: Stage) -> None:
    for name in ("MESSAGE_CREATE", "MESSAGE_REACTION_ADD", "MESSAGE_REACTION_REMOVE"):
        for data in ({}, {"author": {"id": "1"}, "guild_id": "x"}, {"emoji": {"name": "📝"}}):
            for session in stage.server.gateway.connected:
                await stage.server.gateway._dispatch(session, name, data)
    assert await nothing(stage)


# ── Conversations ────────────────────────────────────────────────────────────────────────────────


async def test_replies_go_on_with_one_conversation(stage: Stage) -> None:
    server = stage.server
    last = root = await server.write(mention(stage, "one"))
    for number in range(3):
        answer = await server.write("answer", user=server.world.bot, reply_to=last)
        last = await server.write(f"more {number}", reply_to=answer)
    found = await requests(stage, 4)
    assert {one.address["thread"] for one in found} == {root.id}
    assert [one.call.text for one in found] == ["one", "more 0", "more 1", "more 2"]
    assert not [one for one in server.requests if one.name.startswith("GET /channels")]


async def test_a_reply_to_a_conversation_that_nobody_remembers_finds_its_beginning(
    stage: Stage,
) -> None:
    server = stage.server
    hidden = Message(server.world.next_id(), server.general.id, server.user.id, "one")
    last = root = server.world.store(hidden)
    for number in range(3):
        ids = {"channel_id": server.general.id, "message_id": last.id}
        who = server.world.bot if number % 2 == 0 else server.user
        last = Message(server.world.next_id(), server.general.id, who.id, f"old {number}")
        last.reference = {"type": 0, **ids}
        server.world.store(last)
    await server.write("new", reply_to=last)
    [request] = await requests(stage)
    assert request.address["thread"] == root.id


async def test_a_reply_to_an_answer_keeps_that_answer_as_the_beginning(stage: Stage) -> None:
    server = stage.server
    answer = await server.write("a checklist", user=server.world.bot)
    await server.write("shorter, please", reply_to=answer)
    [request] = await requests(stage)
    assert request.address["thread"] == answer.id
    assert [(said.text, said.ours) for _, _, said in stage.intake.heard] == [
        ("a checklist", True),
        ("shorter, please", False),
    ]


async def test_in_a_thread_it_takes_part_in_the_bot_need_not_be_called(stage: Stage) -> None:
    server = stage.server
    thread = await server.start_thread(await server.write("the start"))
    await server.write("among us", thread)
    await server.write(mention(stage, "what do you think?"), thread)
    await requests(stage)
    await server.write("go on", thread)
    first, second = await requests(stage, 2)
    assert (first.call.text, second.call.text) == ("what do you think?", "go on")
    assert first.address["thread"] == second.address["channel_id"] == thread.id
    assert first.place == server.general.id


async def test_a_message_is_taken_after_those_before_it_however_long_they_take(
    stage: Stage,
) -> None:
    quick = stage.intake.takes_part

    async def slow(channel: Channel, thread: str) -> bool:
        await asyncio.sleep(0.3)
        return await quick(channel, thread)

    stage.intake.takes_part = slow  # type: ignore[method-assign]
    thread = await stage.server.start_thread(await stage.server.write("the start"))
    await stage.server.write("among us", thread)
    await stage.server.write(mention(stage, "what do you think?"), thread)
    await requests(stage)
    await asyncio.sleep(0.4)
    assert [one.call.text for one in stage.intake.requests] == ["what do you think?"]


async def test_a_thread_that_discord_did_not_tell_of_is_asked_about(stage: Stage) -> None:
    server = stage.server
    thread = server.world.add_channel(server.guild, "late", kind=THREAD, parent=server.general)
    await server.write(mention(stage, "hello"), thread)
    await server.write(mention(stage, "again"), thread)
    first, _ = await requests(stage, 2)
    assert (first.place, first.address["thread"]) == (server.general.id, thread.id)
    assert len([one for one in server.requests if one.name == "GET /channels/{channel_id}"]) <= 2


# ── What Discord grants ──────────────────────────────────────────────────────────────────────────


async def connected(server: DiscordServer, intake: Recorder) -> tuple[DiscordEntry, int]:
    entry = DiscordEntry(make_settings(server), intake)
    await entry.start()
    [session] = server.gateway.connected
    return entry, session.intents


@pytest.mark.parametrize("granted", [True, False])
async def test_content_is_asked_for_where_it_is_granted_alone(granted: bool) -> None:
    async with DiscordServer(TOKEN) as server:
        server.gateway.privileged = CONTENT if granted else 0
        entry, intents = await connected(server, Recorder())
        assert bool(intents & CONTENT) is granted
        assert intents & ~CONTENT == 1 | 1 << 9 | 1 << 10 | 1 << 12 | 1 << 13
        await entry.stop()


async def test_a_discord_that_grants_less_than_it_says_is_connected_all_the_same() -> None:
    async with DiscordServer(TOKEN) as server:

        async def hook(call: Traffic) -> Reaction | None:
            if call.name.startswith("PUT /applications"):
                server.gateway.privileged = 0
            return None

        server.hooks.before.append(hook)
        entry, intents = await connected(server, Recorder())
        assert not intents & CONTENT
        await entry.stop()


async def test_without_content_a_mention_and_a_letter_are_answered_and_the_rest_unheard() -> None:
    intake = Recorder()
    async with DiscordServer(TOKEN) as server:
        server.gateway.privileged = 0
        entry, _ = await connected(server, intake)
        stage = Stage(server, entry, intake, make_settings(server))
        thread = await server.start_thread(await server.write("the start"))
        await server.write(mention(stage, "in the thread"), thread)
        await requests(stage)
        await server.write("among us", thread)
        await server.write("among us again", thread)
        await server.wait_for(lambda: server.answers(thread))
        await server.write("a letter", server.world.open_dm(server.user.id))
        found = await requests(stage, 2)
        assert [one.call.text for one in found] == ["in the thread", "a letter"]
        assert [said.text for _, _, said in intake.heard] == [
            "@Notion Assistant in the thread",
            "a letter",
        ]
        await entry.stop()
        [told] = server.answers(thread)
        assert "messages that mention it" in told.content


async def test_without_content_a_reply_that_calls_nobody_is_told_to_mention_the_app() -> None:
    intake = Recorder()
    async with DiscordServer(TOKEN) as server:
        server.gateway.privileged = 0
        entry, _ = await connected(server, intake)
        try:
            world, general = server.world, server.general
            answer = Message(world.next_id(), general.id, world.bot.id, "An answer.")
            reply = Message(world.next_id(), general.id, server.user.id, "")
            world.store(answer)
            world.store(reply)
            told = message_json(world, reply) | {
                "type": 19,
                "guild_id": server.guild.id,
                "mentions": [],
                "message_reference": {"message_id": answer.id, "channel_id": general.id},
                "referenced_message": message_json(world, answer),
            }
            await server.gateway.dispatch("MESSAGE_CREATE", told)
            await server.wait_for(lambda: len(server.answers()) == 2)
            said = server.answers()[-1]
            assert "messages that mention it" in said.content
            assert (said.reference or {}).get("message_id") == reply.id
            assert intake.requests == []
        finally:
            await entry.stop()


# ── Reactions ────────────────────────────────────────────────────────────────────────────────────


async def test_a_memo_saves_and_its_removal_undoes(stage: Stage) -> None:
    server, grace = stage.server, stage.server.add_person("grace")
    message = await server.write("keep this")
    await server.react(message, "📝", grace)
    await server.react(message, "📝", grace, added=False)
    await server.react(message, "📝", grace)
    found = sorted(await requests(stage, 3), key=lambda one: one.address["accepted_at"])
    assert [one.call for one in found] == [
        Call("save-marked"),
        Call("undo-save"),
        Call("save-marked"),
    ]
    assert len({one.id for one in found}) == 3
    assert (found[0].sender.id, found[0].sender.name) == (grace.id, "Grace")
    assert found[0].address["message"] == message.id
    assert found[0].address["marked"] == "yes"
    assert found[0].place == server.general.id
    assert "private" not in found[0].address


async def test_a_memo_told_twice_is_one_request(stage: Stage) -> None:
    message = await stage.server.write("keep this")
    await stage.server.react(message, "📝")
    await stage.server.react(message, "📝")
    first, second = await requests(stage, 2)
    assert first.id == second.id


async def test_a_memo_in_a_thread_belongs_to_its_channel(stage: Stage) -> None:
    thread = await stage.server.start_thread(await stage.server.write("the start"))
    await stage.server.react(await stage.server.write("inside", thread), "📝")
    [request] = await requests(stage)
    assert request.place == stage.server.general.id
    assert request.address["channel_id"] == request.address["thread"] == thread.id


async def test_an_emoji_that_was_chosen_in_a_channel_saves_there(stage: Stage) -> None:
    bug = Call("save-marked", flags={"emoji": "🐛", "to": "d1"})
    stage.intake.routed = {"🐛": bug}
    message = await stage.server.write("It crashes.")
    await stage.server.react(message, "🎉")
    await stage.server.react(message, "🐛")
    await requests(stage)
    await stage.server.react(message, "🐛", added=False)
    found = await requests(stage, 2)
    assert [one.call for one in found] == [bug, Call("undo-save", flags=bug.flags)]
    assert found[0].address["marked"] == "yes"


async def test_other_reactions_and_those_of_bots_ask_for_nothing(stage: Stage) -> None:
    server = stage.server
    message = await server.write("keep this")
    robot = server.add_person("robot")
    robot.bot = True
    await server.react(message, "👍")
    await server.react(message, "📝", robot)
    await server.react(message, "📝", server.world.bot)
    await server.react(message, "📝", server.world.bot, added=False)
    assert await nothing(stage)


# ── The menu ─────────────────────────────────────────────────────────────────────────────────────


async def test_the_menu_appends_a_message_to_the_page_that_a_form_asks_for(stage: Stage) -> None:
    server = stage.server
    hidden = server.world.add_channel(server.guild, "hidden", readable=False)
    message = await server.write("secret", hidden)
    chosen = await server.message_command("Append to Notion page", message)
    assert await chosen.acknowledged() == 9
    assert stage.intake.requests == []
    sent = await server.submit(chosen, {"page": " Meeting notes "})
    assert await sent.acknowledged() == 5
    assert sent.original
    assert sent.original.ephemeral
    [request] = stage.intake.requests
    assert request.call == Call("save", flags={"append": "Meeting notes"})
    assert request.place == request.address["channel_id"] == hidden.id
    assert request.address["message"] == message.id
    assert "thread" not in request.address
    assert Said.from_json(json.loads(request.address["kept"])).text == "secret"


async def test_a_form_that_another_process_opened_names_its_message_all_the_same(
    stage: Stage,
) -> None:
    menus = Menus(Callbacks(Rest(stage.settings)))
    form = render_page_form("12")
    field = form["components"][0]["component"]
    row = {"type": 1, "components": [{"custom_id": field["custom_id"], "value": "Notes"}]}
    told = {"custom_id": form["custom_id"], "components": [row]}
    assert menus.filled("7", told) == (Call("save", flags={"append": "Notes"}), {"message": "12"})
    assert menus.filled("7", {"custom_id": "form:save"}) is None


async def test_the_menu_saves_a_message_wherever_it_is(stage: Stage) -> None:
    server = stage.server
    hidden = server.world.add_channel(server.guild, "hidden", readable=False)
    message = await server.write(f"secret of <@{server.user.id}>", hidden)
    chosen = await server.message_command("Save to Notion", message)
    assert await chosen.acknowledged() == 5
    assert chosen.original
    assert chosen.original.ephemeral
    [request] = stage.intake.requests
    assert request.call == Call("save")
    assert request.place == request.address["channel_id"] == hidden.id
    assert request.address["message"] == message.id
    assert request.address["interaction_token"] == chosen.token
    said = Said.from_json(json.loads(request.address["kept"]))
    assert (said.id, said.author, said.text) == (message.id, "Ada", "secret of @Ada")


# ── What becomes of messages ─────────────────────────────────────────────────────────────────────


async def test_of_messages_that_pages_follow_edits_replies_and_deletions_are_told(
    stage: Stage,
) -> None:
    server, intake = stage.server, stage.intake
    first, other = await server.write("We ship."), await server.write("Not saved.")
    thread = await server.start_thread(first)
    intake.followed = {first.id, thread.id}
    await server.edit(first, "We ship now.")
    await server.edit(other, "Nor now.")
    reply = await server.write("Fine.", thread)
    await eventually(lambda: len(intake.retellings) == 2)
    told = {(one.id, one.author, one.text, thread) for one, thread in intake.retellings}
    assert told == {
        (first.id, "Ada", "We ship now.", ""),
        (reply.id, "Ada", "Fine.", thread.id),
    }
    intake.followed |= {reply.id}
    await server.delete(other)
    await server.delete(first, reply)
    await eventually(lambda: len(intake.deletions) == 2)
    assert intake.deletions == [first.id, reply.id]


async def test_a_reply_outside_of_threads_is_told_as_one_to_the_message_it_names(
    stage: Stage,
) -> None:
    server, intake = stage.server, stage.intake
    first, other = await server.write("We ship."), await server.write("Not saved.")
    intake.followed = {first.id}
    await server.write("Nobody asked.", reply_to=other)
    reply = await server.write("Fine.", reply_to=first)
    await eventually(lambda: len(intake.retellings) == 1)
    assert [(one.id, thread) for one, thread in intake.retellings] == [(reply.id, first.id)]


async def test_an_edit_that_tells_only_what_changed_is_read_whole(stage: Stage) -> None:
    server = stage.server
    file = server.world.attach("a.txt", b"abc", "text/plain")
    message = await server.write("We ship.", attachments=[file])
    stage.intake.followed = {message.id}
    message.content = "We ship now."
    event = {"id": message.id, "channel_id": message.channel_id, "content": "We ship now."}
    await server.gateway.dispatch("MESSAGE_UPDATE", event | {"guild_id": server.guild.id})
    await eventually(lambda: len(stage.intake.retellings) == 1)
    [(told, _)] = stage.intake.retellings
    assert (told.text, [each.name for each in told.files]) == ("We ship now.", ["a.txt"])


async def test_what_discord_does_not_show_is_no_edit(stage: Stage) -> None:
    server = stage.server
    message = await server.write("We ship.")
    stage.intake.followed = {message.id}
    message.content = ""
    await server.edit(message)
    await server.delete(message)
    await eventually(lambda: stage.intake.deletions == [message.id])
    assert stage.intake.retellings == []
