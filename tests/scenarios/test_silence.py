"""What people do while nobody listens is found afterwards, once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from product import Product, World, eventually
from test_metrics import numbers

from sandbox.slack.workspace import Message

Launch = Callable[..., Awaitable[Product]]


def marks(world: World, message: Message) -> list[str]:
    bot = world.slack.space.bot_user
    return [name for name, users in message.reactions.items() if bot in users]


async def test_memos_put_and_taken_in_slack_while_the_server_was_down(
    world: World, launch: Launch
) -> None:
    product = await launch("slack")
    undone = world.slack.write("Not this after all.")
    await world.slack.react(undone, "memo")

    async def saved() -> bool:
        return marks(world, undone) == ["white_check_mark"]

    await eventually(saved, "it was not saved")
    # The first look notes, once it is done, that the server is there.
    await noted(product, "slack was looked through")
    product.kill()
    await product.dead()
    ada = world.slack.user.id
    del undone.reactions["memo"]
    message = world.slack.write("Keep this.")
    message.reactions["memo"] = [ada]
    moment = world.slack.space.next_ts()
    await product.start()

    async def caught_up() -> bool:
        return marks(world, message) == ["white_check_mark"] and marks(world, undone) == []

    await eventually(caught_up, f"{marks(world, message)} {marks(world, undone)}")
    # Slack sends the event once more, which it could not deliver when it happened.
    late = await world.slack.event(
        {
            "type": "reaction_added",
            "user": ada,
            "reaction": "memo",
            "item": {"type": "message", "channel": message.channel, "ts": message.ts},
            "event_ts": moment,
        }
    )
    assert late.status == 200
    found = await numbers(product)
    assert found['notion_assistant_recovered_reactions_total{platform="slack"}'] == 2
    assert found['notion_assistant_duplicates_total{platform="slack"}'] == 1
    assert found['notion_assistant_events_total{kind="reaction",platform="slack"}'] == 1
    assert found['notion_assistant_acknowledgement_seconds_count{platform="slack"}'] == 1
    assert await product.stop() == 0
    [page] = await world.pages()
    replies = [one for one in world.slack.answers() if one.thread_ts == message.ts]
    assert [page["id"].replace("-", "") in str(one.blocks) for one in replies] == [True]


async def test_a_memo_put_in_discord_while_the_server_was_down_is_saved_once(
    world: World, launch: Launch
) -> None:
    product = await launch("discord")
    await world.discord.wait_until_connected(timeout=20)
    await noted(product, "discord was looked through")
    product.kill()
    await product.dead()
    message = await world.discord.write("Keep this.")
    await world.discord.react(message, "📝")
    await product.start()
    bot = world.discord.world.bot.id

    async def saved() -> bool:
        return message.reactions.get("✅") == [bot]

    await eventually(saved, f"it was not saved: {message.reactions}")
    # The gateway tells of it once more, as of something new.
    await world.discord.react(message, "📝")

    async def dropped() -> bool:
        found = await numbers(product)
        return found.get('notion_assistant_duplicates_total{platform="discord"}') == 1

    await eventually(dropped, "the second telling was not dropped")
    found = await numbers(product)
    assert found['notion_assistant_recovered_reactions_total{platform="discord"}'] == 1
    assert found['notion_assistant_connected{platform="discord"}'] == 1
    assert found['notion_assistant_connection_age_seconds{platform="discord"}'] > 0
    assert await product.stop() == 0
    assert len(await world.pages()) == 1
    [answer] = world.discord.answers()
    assert answer.content


async def noted(product: Product, words: str) -> None:
    async def there() -> bool:
        return words in product.output()

    await eventually(there, f"never logged: {words}")
