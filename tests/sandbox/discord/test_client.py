"""The stand-in as a real discord.py client lives with it."""

import io

import discord
import pytest


async def test_a_deferred_answer_is_edited_and_followed_up(server, bot):
    asked = await server.slash_command(sub="generate", options={"prompt": "plan"})
    first, second = await asked.said(2)
    assert asked.deferred
    assert [one.content for one in first.revisions] == ["", "Part", "Whole plan"]
    assert (second.content, second.interaction["id"]) == ("and more", asked.id)
    assert not first.loading
    assert [one.content for one in server.answers()] == ["Whole plan", "and more"]


async def test_an_ephemeral_answer_is_in_no_channel(server, bot):
    asked = await server.slash_command(sub="now")
    answer = await asked.answered()
    assert (answer.content, answer.ephemeral) == ("here", True)
    assert server.answers() == []


async def test_a_button_edits_the_message_it_stands_on(server, bot):
    asked = await server.slash_command(sub="generate", options={"prompt": "p"})
    await asked.said(2)
    pressed = await server.click(asked.original, "stop")
    await pressed.acknowledged()
    assert asked.original.content == "stopped"
    with pytest.raises(LookupError):
        await server.click(asked.original, "stop")


async def test_a_form_is_opened_and_submitted(server, bot):
    opened = await server.slash_command(sub="form")
    await opened.acknowledged()
    assert opened.modal["title"] == "Save"
    sent = await server.submit(opened, {"title": "Plan"})
    assert (await sent.answered()).content == "named Plan"


async def test_autocomplete_gets_choices(server, bot):
    typed = await server.autocomplete("notion", "search", "words", {"words": "plan"})
    await typed.acknowledged()
    assert typed.choices == [{"name": "plans", "value": "plan"}]


async def test_a_menu_command_carries_the_whole_message(server, bot):
    message = await server.write("keep this")
    asked = await server.message_command("Save to Notion", message)
    assert (await asked.answered()).content == "saved keep this"


async def test_commands_work_in_direct_messages_too(server, bot):
    channel = server.world.open_dm(server.user.id)
    asked = await server.slash_command(sub="generate", options={"prompt": "p"}, channel=channel)
    await asked.said(2)
    assert len(server.answers(channel)) == 2


async def test_messages_and_reactions_are_heard(server, bot):
    message = await server.write("hello")
    await server.react(message, "📝")
    await server.react(message, "📝", added=False)
    await server.write("in private", server.world.open_dm(server.user.id))
    await server.wait_for(lambda: len(bot.heard) == 4) if len(bot.heard) < 4 else None
    assert bot.heard == ["hello", "📝 by ada", "📝 taken", "in private"]


async def test_the_bot_reads_writes_and_reacts_through_rest(server, bot):
    message = await server.write("hello")
    channel = bot.get_channel(int(server.general.id))
    fetched = await channel.fetch_message(int(message.id))
    await fetched.add_reaction("👀")
    reply = await fetched.reply("hi", nonce="n1")
    again = await channel.send("hi", nonce="n1")
    assert reply.id == again.id
    assert message.reactions == {"👀": [server.world.bot.id]}
    await fetched.remove_reaction("👀", bot.user)
    assert message.reactions == {}
    assert [one.content async for one in channel.history(limit=10)] == ["hi", "hello"]
    await reply.edit(content="hi!")
    await reply.delete()
    assert server.answers() == []
    dm = await bot.create_dm(discord.Object(int(server.user.id)))
    assert str(dm.id) == server.world.open_dm(server.user.id).id


async def test_too_long_content_is_refused_in_code_points(server, bot):
    channel = bot.get_channel(int(server.general.id))
    await channel.send("😀" * 2000)
    with pytest.raises(discord.HTTPException) as caught:
        await channel.send("😀" * 2001)
    assert (caught.value.status, caught.value.code) == (400, 50035)
    assert "Must be 2000 or fewer in length." in caught.value.text


async def test_a_late_callback_and_a_second_one_are_refused(server, bot):
    server.interactions.callback_seconds = -1
    asked = await server.slash_command(sub="now")
    await server.wait_for(
        lambda: [one for one in server.requests if "callback" in one.name and one.answer]
    )
    assert server.requests[-1].answer.payload == {"message": "Unknown interaction", "code": 10062}
    assert asked.callback is None


async def test_files_come_with_a_message(server, bot):
    channel = bot.get_channel(int(server.general.id))
    await channel.send("see", file=discord.File(io.BytesIO(b"abc"), "a.txt"))
    [answer] = server.answers()
    assert [(one["filename"], one["size"]) for one in answer.attachments] == [("a.txt", 3)]
    shared = server.world.attach("b.txt", b"def", "text/plain")
    theirs = await server.write("look", attachments=[shared])
    seen = await channel.fetch_message(int(theirs.id))
    assert await seen.attachments[0].read() == b"def"


async def test_a_dropped_client_resumes_and_misses_nothing(server, bot):
    await server.gateway.drop()
    await server.write("while away")
    await server.wait_for(lambda: server.gateway.resumed == 1)
    await server.write("back")
    await server.wait_for(lambda: server.gateway.connected)
    await server.wait_for(lambda: len(bot.heard) == 3)
    assert bot.heard == ["while away", "resumed", "back"]
    assert server.gateway.identified == 1


async def test_a_client_asked_to_reconnect_resumes(server, bot):
    await server.gateway.reconnect()
    await server.wait_for(lambda: server.gateway.resumed == 1)
    assert server.gateway.identified == 1


async def test_429_is_waited_out(server, bot):
    name = "POST /channels/{channel_id}/messages"
    server.limits.routes[name] = (1, 0.2)
    channel = bot.get_channel(int(server.general.id))
    await channel.send("one")
    await channel.send("two")
    assert [one.content for one in server.answers()] == ["one", "two"]
