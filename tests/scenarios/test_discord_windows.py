"""Choices, the form and the settings panel in Discord, with the product as people run it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from product import Product, World

from sandbox.notion.ids import NOTES_DATA_SOURCE_ID

Launch = Callable[..., Awaitable[Product]]


async def test_choices_a_form_and_settings_work_from_end_to_end(
    world: World, launch: Launch
) -> None:
    world.ai.answer = "# Plan\n\nDone."
    product = await launch("discord")
    server = world.discord
    await server.wait_until_connected(timeout=20)

    typed = await server.autocomplete("notion", "generate", "to", {"to": "notes"})
    await typed.acknowledged()
    assert [one["name"] for one in typed.choices or []] == ["Notes"]

    opened = await server.slash_command(sub="generate", options={"template": "retro"})
    assert await opened.acknowledged() == 9
    chosen = [one["value"] for one in typed.choices or []]
    sent = await server.submit(opened, {"prompt": "a plan", "to": chosen})
    await server.wait_for(
        lambda: sent.original and "Open in Notion" in sent.original.content, timeout=20
    )
    assert len(world.notion.store.pages_under(NOTES_DATA_SOURCE_ID)) == 1

    settings = await server.slash_command(sub="settings")
    panel = await settings.answered(timeout=20)
    assert "a plan" in panel.content
    assert "1 request" in panel.content
    changed = await server.click(panel, "panel:destination", values=chosen)
    await server.wait_for(
        lambda: changed.original and "Notes" in changed.original.content, timeout=20
    )
    again = await server.slash_command(sub="settings")
    assert "your own choice" in (await again.answered(timeout=20)).content
    assert await product.stop() == 0
