"""An application command in Discord: in by the gateway, out over REST."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from product import Product, World, eventually

Launch = Callable[..., Awaitable[Product]]


def shown(world: World) -> str:
    return "\n".join(
        message.content + str(message.components) + str(message.embeds)
        for message in world.discord.answers()
    )


async def finished(world: World, words: str) -> None:
    async def there() -> bool:
        return words in shown(world)

    await eventually(there, f"“{words}” was never shown: {shown(world)}")


async def connected(world: World, launch: Launch) -> Product:
    product = await launch("discord")
    await world.discord.wait_until_connected(timeout=20)
    return product


async def test_a_command_is_deferred_then_streamed_and_the_page_follows(
    world: World, launch: Launch
) -> None:
    world.ai.answer = "# Plan\n\n" + " ".join(f"word{n}" for n in range(150))
    world.ai.token_delay = 0.02
    product = await connected(world, launch)
    handle = await world.discord.slash_command(
        sub="generate", options={"prompt": "a plan", "save": True}
    )
    await handle.acknowledged()
    assert handle.deferred
    await finished(world, "Open in Notion")
    (message,) = world.discord.answers()
    assert len(message.revisions) >= 2, "the answer grew while it was written"
    assert "word149" in message.content
    (page,) = await world.pages()
    assert page["id"].replace("-", "") in shown(world)
    assert await product.stop() == 0


async def test_a_long_answer_arrives_whole_and_in_order(world: World, launch: Launch) -> None:
    world.ai.answer = "\n\n".join(f"Paragraph {n} " + "with words " * 12 for n in range(60))
    product = await connected(world, launch)
    await world.discord.slash_command(sub="generate", options={"prompt": "much"})
    await finished(world, "Paragraph 59 ")
    assert await product.stop() == 0
    messages = world.discord.answers()
    assert len(messages) > 3
    assert all(len(message.content) <= 2000 for message in messages)
    text = "\n".join(message.content for message in messages)
    found = [text.find(f"Paragraph {n} ") for n in range(60)]
    assert -1 not in found
    assert found == sorted(found)


async def test_help_is_for_the_asker_alone(world: World, launch: Launch) -> None:
    await connected(world, launch)
    handle = await world.discord.slash_command(sub="help")
    await world.discord.wait_for(
        lambda: handle.original and "/notion generate" in handle.original.content, timeout=20
    )
    assert handle.original
    assert handle.original.ephemeral


async def test_a_command_that_was_deferred_is_answered_after_a_crash(
    world: World, launch: Launch
) -> None:
    world.ai.hold_after = 4
    product = await connected(world, launch)
    handle = await world.discord.slash_command(
        sub="generate", options={"prompt": "a plan", "save": True}
    )
    await handle.acknowledged()
    await eventually(_asked(world), "the model was never asked")
    product.kill()
    await product.dead()
    world.ai.hold_after = None
    await product.start()
    await finished(world, "Open in Notion")
    assert await product.stop() == 0
    (message,) = world.discord.answers()
    assert not message.loading
    assert len(await world.pages()) == 1
    assert world.paid == 1


def _asked(world: World) -> Callable[[], Awaitable[bool]]:
    async def asked() -> bool:
        return bool(world.ai.calls) and world.ai.calls[0].tokens > 3

    return asked
