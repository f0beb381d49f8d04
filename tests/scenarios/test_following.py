"""A saved message and its page stay the same thing: edits, replies and deletions reach the page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from product import Product, World, eventually

from sandbox.slack.workspace import Message

Launch = Callable[..., Awaitable[Product]]


async def page_text(world: World) -> str:
    pages = await world.pages()
    if not pages:
        return ""
    blocks = await world.children(pages[0]["id"])
    runs = [block[block["type"]].get("rich_text", []) for block in blocks]
    return "\n".join("".join(run["plain_text"] for run in each) for each in runs)


async def page_says(world: World, *words: str) -> str:
    async def there() -> str:
        text = await page_text(world)
        return text if all(word in text for word in words) else ""

    await eventually(there, f"the page never said {words}: {await page_text(world)}")
    return await page_text(world)


async def test_what_becomes_of_a_slack_thread_reaches_its_page_also_after_a_crash(
    world: World, launch: Launch
) -> None:
    product = await launch("slack")
    bob = world.slack.space.add_user("bob")
    first = world.slack.write("We ship on *Thursday*.")
    reply = world.slack.write("Fine.", user=bob, thread_ts=first.ts)
    await world.slack.react(first, "memo")
    await page_says(world, "Saved with Notion Assistant")
    assert (await world.slack.edit(first, "We ship on *Friday*.")).status == 200
    await page_says(world, "We ship on Friday.")
    writes = len([call for call in world.notion.requests if call.method != "GET"])
    # A link that is unfolded changes nothing.
    await world.slack.edit(first, attachments=[{"title": "x", "from_url": "https://x.example"}])
    told: list[Message] = []
    for words in ("Me too.", "And me."):
        told.append(world.slack.write(words, user=bob, thread_ts=first.ts))
        await world.slack.tell(told[-1])
    # What was acknowledged is not lost, whatever happens to the process.
    product.kill()
    await product.dead()
    await product.start()
    await page_says(world, "3 replies", "Me too.", "And me.")
    await world.slack.tell(told[0])
    await world.slack.delete(reply)
    await world.slack.delete(first)
    text = await page_says(world, "Deleted in the chat on")

    async def twice() -> bool:
        return (await page_text(world)).count("Deleted in the chat on") == 2

    await eventually(twice, "the first message was not marked")
    text = await page_text(world)
    assert [text.count(words) for words in ("We ship", "Fine.", "Me too.", "And me.")] == [1] * 4
    assert text.index("Me too.") < text.index("And me.")
    assert len([call for call in world.notion.requests if call.method != "GET"]) - writes <= 6
    assert len(await world.pages()) == 1
    assert await product.stop() == 0


async def test_what_is_answered_to_a_saved_message_the_app_too_is_added_to_its_page(
    world: World, launch: Launch
) -> None:
    product = await launch("slack")
    first = world.slack.write("We ship on *Thursday*.")
    await world.slack.react(first, "memo")
    await page_says(world, "Saved with Notion Assistant")
    reply = world.slack.write("Fine.", user=world.slack.space.add_user("bob"), thread_ts=first.ts)
    await world.slack.tell(reply)
    await page_says(world, "1 reply", "Fine.")
    await world.slack.mention("when do we ship?", thread_ts=first.ts)
    text = await page_says(world, "3 replies", "when do we ship?", "Written by the stand-in.")
    # Once and whole, and without the word that the message was saved.
    assert [text.count(words) for words in ("Written by the stand-in.", "notion — ")] == [1, 1]
    assert "Saved to Notion" not in text
    assert await product.stop() == 0


async def test_what_becomes_of_a_discord_thread_reaches_its_page(
    world: World, launch: Launch
) -> None:
    product = await launch("discord")
    await world.discord.wait_until_connected(timeout=20)
    discord = world.discord
    first = await discord.write("We ship on **Thursday**.")
    thread = await discord.start_thread(first)
    reply = await discord.write("Fine.", thread)
    await discord.react(first, "📝")
    await page_says(world, "Fine.", "Saved with Notion Assistant")
    later = await discord.write("Me too.", thread)
    await discord.write("And me.", reply_to=first)
    await discord.edit(first, "We ship on **Friday**.")
    await discord.edit(reply, embeds=[{"type": "link", "url": "https://x.example"}])
    await page_says(world, "We ship on Friday.", "3 replies", "Me too.", "And me.")
    await discord.delete(reply, later)

    async def marked() -> bool:
        return (await page_text(world)).count("Deleted in the chat on") == 2

    await eventually(marked, "what was deleted is not marked")
    text = await page_text(world)
    assert "Fine." in text
    assert "Me too." in text
    assert len(await world.pages()) == 1
    assert await product.stop() == 0
