"""Mentions, letters, 📝 and the message menu in Discord: an event in, answers and pages out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from product import Product, World, eventually

from sandbox.discord.interactions import Interaction
from sandbox.discord.world import Channel, Message
from sandbox.notion.ids import NOTES_DATA_SOURCE_ID

Launch = Callable[..., Awaitable[Product]]
MEMO = "📝"


async def connected(world: World, launch: Launch) -> Product:
    product = await launch("discord")
    await world.discord.wait_until_connected(timeout=20)
    return product


def mention(world: World, text: str) -> str:
    return f"<@{world.discord.world.bot.id}> {text}"


async def answers(world: World, count: int = 1, channel: Channel | None = None) -> list[Message]:
    """The bot's messages in a channel, once there are so many and all are finished."""

    async def there() -> bool:
        found = world.discord.answers(channel)
        return len(found) >= count and not any("Stop" in str(one.components) for one in found)

    shown = [one.content for one in world.discord.answers(channel)]
    await eventually(there, f"there were never {count} answers: {shown}")
    return world.discord.answers(channel)


async def marked(world: World, message: Message, *emoji: str) -> None:
    """Waits until the bot's marks on a message are these."""

    async def there() -> bool:
        own = {name for name, who in message.reactions.items() if world.discord.world.bot.id in who}
        return own == set(emoji)

    await eventually(there, f"the marks were never {emoji}: {message.reactions}")


async def text_of(world: World, page: dict[str, Any]) -> str:
    """All that a page says."""
    found = []
    for block in await world.children(page["id"]):
        written = block[block["type"]].get("rich_text", [])
        found.append("".join(part["plain_text"] for part in written))
    return "\n".join(found)


def asked(world: World) -> list[list[tuple[str, str]]]:
    """What the model was asked each time, the system's word aside."""
    return [
        [(one["role"], str(one["content"])) for one in call.messages if one["role"] != "system"]
        for call in world.ai.calls
    ]


# ── Conversations ────────────────────────────────────────────────────────────────────────────────


async def test_a_mention_is_answered_once_with_a_reply(world: World, launch: Launch) -> None:
    world.ai.answer = "Forty-two."
    product = await connected(world, launch)
    message = await world.discord.write(mention(world, "what is the answer?"))
    (answer,) = await answers(world)
    assert answer.content.startswith("Forty-two.")
    assert answer.reference
    assert answer.reference["message_id"] == message.id
    assert await product.stop() == 0
    assert len(world.discord.answers()) == world.paid == 1
    assert asked(world)[0][-1][1].endswith("what is the answer?")


async def test_a_reply_to_the_answer_goes_on_with_the_conversation(
    world: World, launch: Launch
) -> None:
    world.ai.answer = "The first answer."
    await connected(world, launch)
    await world.discord.write(mention(world, "the first question"))
    (first,) = await answers(world)
    world.ai.answer = "The second answer."
    await world.discord.write("the second question", reply_to=first)
    _, second = await answers(world, 2)
    await world.discord.write("the third question", reply_to=second)
    await answers(world, 3)
    last = asked(world)[-1]
    assert [role for role, _ in last] == ["user", "assistant", "user", "assistant", "user"]
    for (_, text), words in zip(
        last,
        ("first question", "first answer", "second question", "second answer", "third question"),
        strict=True,
    ):
        assert words in text


async def test_a_follow_up_in_a_thread_has_what_was_said_before(
    world: World, launch: Launch
) -> None:
    world.ai.answer = "The first answer."
    await connected(world, launch)
    message = await world.discord.write(mention(world, "the first question"))
    await answers(world)
    thread = await world.discord.start_thread(message)
    grace = world.discord.add_person("grace")
    world.ai.answer = "The second answer."
    await world.discord.write("nobody is called", thread, grace)
    await answers(world, 1, thread)
    told = asked(world)[-1]
    assert "first question" in told[0][1]
    assert told[1] == ("assistant", "The first answer.")
    assert "nobody is called" in told[-1][1]


async def test_a_mention_in_a_thread_has_the_thread_as_its_context(
    world: World, launch: Launch
) -> None:
    await connected(world, launch)
    thread = await world.discord.start_thread(await world.discord.write("We need a name."))
    await world.discord.write("How about Nora?", thread, world.discord.add_person("grace"))
    await world.discord.write(mention(world, "which names were there?"), thread)
    (answer,) = await answers(world, 1, thread)
    assert answer.reference
    told = "\n".join(text for _, text in asked(world)[-1])
    assert "Ada: We need a name." in told
    assert "Grace: How about Nora?" in told
    assert "Writing" not in told


async def test_two_commands_in_a_thread_are_answered_in_their_order_and_the_second_says_so(
    world: World, launch: Launch
) -> None:
    world.ai.answer = " ".join(f"word{number}" for number in range(40))
    world.ai.token_delay = 0.03
    await connected(world, launch)
    thread = await world.discord.start_thread(await world.discord.write("We need a plan."))
    prompts = [
        await world.discord.slash_command(
            sub="generate", options={"prompt": prompt}, channel=thread
        )
        for prompt in ("first", "second")
    ]

    async def whole() -> bool:
        shown = world.discord.answers(thread)
        return len(shown) == 2 and all(one.content == world.ai.answer for one in shown)

    await eventually(whole, "the two answers never came")
    first, second = [await prompt.answered() for prompt in prompts]
    waited = [each.at for each in second.revisions if "Waiting for the answer" in each.content]
    assert waited
    assert [told[-1][1] for told in asked(world)] == ["first", "second"]
    shown = [each for each in second.revisions if "word" in each.content]
    assert first.revisions[-1].at <= shown[0].at


async def test_a_letter_is_answered_and_the_next_one_has_it_as_context(
    world: World, launch: Launch
) -> None:
    world.ai.answer = "Good day."
    await connected(world, launch)
    private = world.discord.world.open_dm(world.discord.user.id)
    await world.discord.write("Good morning", private)
    await answers(world, 1, private)
    await world.discord.write("And again", private)
    await answers(world, 2, private)
    (_, first), (role, second), (_, third) = asked(world)[-1]
    assert ("Good morning" in first, role, second) == (True, "assistant", "Good day.")
    assert "And again" in third


async def test_the_bot_does_not_answer_itself_or_other_bots(world: World, launch: Launch) -> None:
    product = await connected(world, launch)
    robot = world.discord.add_person("robot")
    robot.bot = True
    await world.discord.write(mention(world, "hello"), user=robot)
    await world.discord.write(mention(world, "hello"), user=world.discord.world.bot)
    await world.discord.write(mention(world, "hello"))
    await answers(world, 2)
    assert await product.stop() == 0
    assert len(world.ai.calls) == 1


async def test_a_mention_is_answered_once_though_the_server_is_killed(
    world: World, launch: Launch
) -> None:
    world.ai.answer = " ".join(f"word{number}" for number in range(40))
    world.ai.hold_after = 8
    product = await connected(world, launch)
    await world.discord.write(mention(world, "say much"))

    async def begun() -> bool:
        return bool(world.ai.calls) and world.ai.calls[0].tokens > 3

    await eventually(begun, "the model was never asked")
    product.kill()
    await product.dead()
    world.ai.hold_after = None
    await product.start()

    async def whole() -> bool:
        return any("word39" in one.content for one in world.discord.answers())

    await eventually(whole, "the answer was never finished")
    assert await product.stop() == 0
    assert len(world.discord.answers()) == 1


# ── 📝 ───────────────────────────────────────────────────────────────────────────────────────────


async def test_a_memo_makes_a_page_and_the_message_shows_it(world: World, launch: Launch) -> None:
    seen: list[str] = []

    async def hook(call: Any) -> None:
        if "/reactions/" in call.name and not call.name.startswith("GET"):
            seen.append(f"{call.name.split()[0]} {call.path.split('/')[-2]}")

    world.discord.hooks.before.append(hook)
    product = await connected(world, launch)
    message = await world.discord.write("We ship on **Friday**.\nNobody objects.")
    await world.discord.react(message, MEMO)
    await marked(world, message, "✅")
    (answer,) = await answers(world)
    (page,) = await world.pages()
    assert page["id"].replace("-", "") in answer.content
    assert answer.reference
    assert answer.reference["message_id"] == message.id
    assert [each.split()[0] for each in seen] == ["PUT", "PUT", "DELETE"]
    told = await text_of(world, page)
    assert "We ship on Friday.\nNobody objects." in told
    assert "Ada" in told
    assert await product.stop() == 0


async def test_two_people_and_a_second_memo_are_one_page(world: World, launch: Launch) -> None:
    product = await connected(world, launch)
    message = await world.discord.write("We ship on Friday.")
    await world.discord.react(message, MEMO)
    await world.discord.react(message, MEMO, world.discord.add_person("grace"))
    first, second = await answers(world, 2)
    assert first.content == second.content
    await marked(world, message, "✅")
    link = (
        f"https://discord.com/channels/{world.discord.guild.id}/{message.channel_id}/{message.id}"
    )
    handle = await world.discord.slash_command(sub="save", options={"link": link})
    assert await told(world, handle) == first.content
    assert await product.stop() == 0
    assert len(await world.pages()) == 1


async def test_a_memo_on_a_threads_first_message_saves_the_thread(
    world: World, launch: Launch
) -> None:
    await connected(world, launch)
    message = await world.discord.write("What shall we call it?")
    thread = await world.discord.start_thread(message)
    await world.discord.write("Nora.", thread, world.discord.add_person("grace"))
    await world.discord.write("Agreed.", thread)
    await world.discord.react(message, MEMO)
    await marked(world, message, "✅")
    (page,) = await world.pages()
    said = await text_of(world, page)
    for words in ("What shall we call it?", "Grace", "Nora.", "Ada", "Agreed.", "2 replies"):
        assert words in said


async def test_taking_the_memo_away_takes_the_page_back(world: World, launch: Launch) -> None:
    await connected(world, launch)
    message = await world.discord.write("We ship on Friday.")
    await world.discord.react(message, MEMO)
    await marked(world, message, "✅")
    assert len(await world.pages()) == 1
    await world.discord.react(message, MEMO, added=False)
    await marked(world, message)

    async def gone() -> bool:
        return not await world.pages()

    await eventually(gone, "the page is still there")
    await world.discord.react(message, MEMO)
    await marked(world, message, "✅")
    assert len(await world.pages()) == 1


async def test_a_memo_that_is_put_and_taken_at_once_leaves_nothing(
    world: World, launch: Launch
) -> None:
    product = await connected(world, launch)
    for pause in (0, 0.1, 0.3):
        message = await world.discord.write(f"Never mind {pause}.")
        await world.discord.react(message, MEMO)
        await asyncio.sleep(pause)
        await world.discord.react(message, MEMO, added=False)

        async def saved(message: Message = message) -> bool:
            ids = [(one.reference or {}).get("message_id") for one in world.discord.answers()]
            return message.id in ids

        await eventually(saved, "it was never saved")
        await marked(world, message)
    assert await product.stop() == 0
    assert await world.pages() == []
    assert all(message.reactions == {} for message in world.discord.messages())


async def test_an_emoji_of_a_channel_saves_to_a_place_of_its_own(
    world: World, launch: Launch
) -> None:
    await connected(world, launch)
    options = {"destination": "🐛 Notes", "set": "Status=Done; URL=https://example.com"}
    handle = await world.discord.slash_command(sub="to", options=options)
    assert "saves it to" in await told(world, handle)
    message = await world.discord.write("It crashes.")
    await world.discord.react(message, "🎉")
    await world.discord.react(message, "🐛")
    await marked(world, message, "✅")
    [page] = world.notion.store.pages_under(NOTES_DATA_SOURCE_ID)
    values = page.body["properties"]
    assert values["Status"]["select"]["name"] == "Done"
    assert values["URL"]["url"] == "https://example.com"
    await world.discord.react(message, "🐛", added=False)
    await marked(world, message)
    [page] = world.notion.store.pages_under(NOTES_DATA_SOURCE_ID)
    assert page.in_trash


async def test_a_memo_that_fails_says_why(world: World, launch: Launch) -> None:
    world.discord.gateway.privileged = 0
    await connected(world, launch)
    message = await world.discord.write("what people say to one another")
    await world.discord.react(message, MEMO)
    await marked(world, message, "⚠️")
    (answer,) = await answers(world)
    assert "Message Content Intent" in answer.content
    assert await world.pages() == []


# ── The menu, and an address ─────────────────────────────────────────────────────────────────────


async def told(world: World, handle: Interaction) -> str:
    """What the asker alone sees, once it is there."""

    def there() -> bool:
        shown = handle.original
        return bool(shown and not shown.loading and shown.content)

    await world.discord.wait_for(there, timeout=30)
    assert handle.original
    assert handle.original.ephemeral
    return handle.original.content


async def test_the_menu_saves_where_the_bot_may_not_read(world: World, launch: Launch) -> None:
    await connected(world, launch)
    hidden = world.discord.world.add_channel(world.discord.guild, "hidden", readable=False)
    message = await world.discord.write("Between us: **Friday**.", hidden)
    handle = await world.discord.message_command("Save to Notion", message)
    assert "Open in Notion" in await told(world, handle)
    (page,) = await world.pages()
    assert "Between us: Friday." in await text_of(world, page)


async def test_an_address_is_saved_for_those_who_see_it(world: World, launch: Launch) -> None:
    await connected(world, launch)
    plans = world.discord.world.add_channel(world.discord.guild, "plans")
    plans.overwrites = [
        {"id": world.discord.guild.id, "type": 0, "allow": "0", "deny": str(1 << 10)}
    ]
    message = await world.discord.write("The plan.", plans)
    link = f"https://ptb.discord.com/channels/{plans.guild_id}/{plans.id}/{message.id}"
    grace = world.discord.add_person("grace")
    handle = await world.discord.slash_command(sub="save", options={"link": link}, user=grace)
    assert "may not read" in await told(world, handle)
    handle = await world.discord.slash_command(sub="save", options={"link": link})
    assert "Open in Notion" in await told(world, handle)
    # Saved where it is, it is the same message.
    await world.discord.react(message, MEMO)
    await marked(world, message, "✅")
    assert len(await world.pages()) == 1
