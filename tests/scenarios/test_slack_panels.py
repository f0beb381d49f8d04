"""Slack's form, home tab and assistant pane: in by the signed door, through the whole product."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from product import Product, World, eventually

from sandbox.notion.ids import NOTES_DATA_SOURCE_ID
from sandbox.slack.workspace import Channel
from sandbox.traffic import Answer as Reaction
from sandbox.traffic import Call as ApiCall

Launch = Callable[..., Awaitable[Product]]


async def told(world: World, words: str, channel: Channel | None = None) -> None:
    async def there() -> bool:
        return words in str([message.blocks for message in world.slack.answers(channel)])

    await eventually(there, f"“{words}” was never shown")


async def whispered(world: World, words: str) -> None:
    await world.slack.wait_for(lambda: words in str(world.slack.space.ephemeral), timeout=20)


async def test_a_form_becomes_an_answer_that_streams_and_a_page_where_it_was_chosen(
    world: World, launch: Launch
) -> None:
    world.ai.answer = "# Plan\n\n" + " ".join(f"word{n}" for n in range(80))
    world.ai.token_delay = 0.02
    product = await launch("slack")
    opened = await world.slack.slash_command(text="generate --template retro")
    assert (opened.status, opened.body) == (200, "")
    [form] = world.slack.surfaces.forms
    offered = await world.slack.surfaces.type_in(form, "destination", "note")
    [place] = [one["value"] for one in offered if one["text"]["text"] == "Notes"]
    for _ in range(2):
        sent = await world.slack.surfaces.submit(form, prompt="a plan", destination=place)
        assert (sent.status, sent.body) == (200, "")
    await told(world, "Open in Notion")
    [message] = world.slack.answers()
    shown = [str(revision.blocks) + revision.text for revision in message.revisions]
    assert "word79" not in shown[1], "the first words came before the last"
    assert "word79" in shown[-1]
    [page] = world.notion.store.pages_under(NOTES_DATA_SOURCE_ID)
    assert page.id.replace("-", "") in str(message.blocks)
    asked = str(world.ai.calls[-1].body)
    assert "a plan" in asked
    assert "Write a retrospective" in asked
    world.ai.token_delay = 0
    # The same form, for the asker's eyes alone, and in a channel that the app is not in.
    elsewhere = world.slack.space.add_channel("elsewhere", bot=False)
    await world.slack.slash_command(text="generate --private", channel=elsewhere)
    form = world.slack.surfaces.forms[-1]
    await world.slack.surfaces.submit(form, prompt="a secret plan")
    await whispered(world, "word79")
    await world.slack.slash_command(text="generate", channel=elsewhere)
    form = world.slack.surfaces.forms[-1]
    await world.slack.surfaces.submit(form, prompt="an open plan")
    await told(world, "word79", elsewhere)
    assert await product.stop() == 0
    assert len(world.slack.answers()) == 1
    assert world.paid == 3


async def test_the_home_tab_shows_pages_and_chooses_where_they_go(
    world: World, launch: Launch
) -> None:
    product = await launch("slack")
    await world.slack.slash_command(text="generate a <!channel> *plan* --save")
    await told(world, "Open in Notion")
    await world.slack.surfaces.open_app()
    homes = world.slack.surfaces.homes
    await world.slack.wait_for(homes, timeout=20)
    shown = str(homes()[-1]["blocks"])
    [page] = await world.pages()
    assert page["id"].replace("-", "") in shown
    assert "a @channel *plan*" in shown
    assert "mrkdwn" not in shown
    assert "this server's default" in shown
    assert "1 request," in shown
    offered = await world.slack.surfaces.type_in(homes()[-1], "home_to", "note")
    [place] = [one["value"] for one in offered if one["text"]["text"] == "Notes"]
    await world.slack.surfaces.use(homes()[-1], "home_to", place)
    await world.slack.wait_for(lambda: "your own choice" in str(homes()[-1]), timeout=20)
    assert "Done." in str(homes()[-1])
    await world.slack.surfaces.use(homes()[-1], "home_write")
    await world.slack.surfaces.submit(
        world.slack.surfaces.forms[-1], prompt="another plan", also=["save"]
    )
    direct = world.slack.space.open_im(world.slack.user.id)
    await told(world, "Open in Notion", direct)
    assert len(world.notion.store.pages_under(NOTES_DATA_SOURCE_ID)) == 1
    assert await product.stop() == 0


async def test_the_pane_offers_prompts_and_answers_and_a_server_without_it_answers_too(
    world: World, launch: Launch
) -> None:
    product = await launch("slack")
    root, _ = await world.slack.surfaces.open_pane()
    space, thread = world.slack.space, (root.channel, root.ts)
    await world.slack.wait_for(lambda: thread in space.prompts)
    direct = space.channels[root.channel]
    await world.slack.say("plan the launch", direct, thread_ts=root.ts)
    await told(world, "Written by the stand-in", direct)
    assert space.titles[thread] == "plan the launch"
    assert space.statuses == {}
    assert {message.thread_ts for message in world.slack.answers(direct)[1:]} == {root.ts}
    # Written out in a message, `--private` holds there too, where nobody else reads.
    known = len(world.slack.answers(direct))
    await world.slack.say("/notion generate a secret plan --private", direct)
    await world.slack.wait_for(lambda: len(world.slack.answers(direct)) > known, timeout=20)
    assert world.slack.space.ephemeral == []

    async def unknown(call: ApiCall) -> Reaction | None:
        if not call.name.startswith(("assistant.", "views.")):
            return None
        return Reaction({"ok": False, "error": "unknown_method"})

    world.slack.hooks.before.append(unknown)
    known = len(world.slack.answers(direct))
    await world.slack.say("plan another launch", direct)
    await world.slack.wait_for(lambda: len(world.slack.answers(direct)) > known, timeout=20)
    typed = await world.slack.slash_command(text="generate")
    assert "needs a prompt" in typed.body
    assert (await world.slack.surfaces.open_app()).status == 200
    assert await product.stop() == 0
    assert "Traceback" not in product.output()
