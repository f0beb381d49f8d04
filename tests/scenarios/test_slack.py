"""A slash command in Slack: in by the signed door, out through the Web API."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

import aiohttp
import pytest
from product import Product, World, eventually
from slack_sdk.signature import SignatureVerifier

from sandbox.ai.script import Fault
from sandbox.notion.ids import NOTES_DATA_SOURCE_ID

Launch = Callable[..., Awaitable[Product]]


def text_of(world: World) -> str:
    return "\n".join(str(message.blocks) for message in world.slack.answers())


async def finished(world: World, words: str) -> None:
    async def there() -> bool:
        return words in text_of(world)

    await eventually(there, f"“{words}” was never shown: {text_of(world)}")


async def test_an_answer_streams_into_the_channel_and_the_page_follows(
    world: World, launch: Launch
) -> None:
    world.ai.answer = "# Plan\n\n" + " ".join(f"word{n}" for n in range(120))
    world.ai.token_delay = 0.02
    product = await launch("slack")
    delivery = await world.slack.slash_command(text="generate a plan --save")
    assert (delivery.status, delivery.body) == (200, "")
    await finished(world, "Open in Notion")
    (message,) = world.slack.answers()
    shown = [str(revision.blocks) + revision.text for revision in message.revisions]
    assert "word119" not in shown[1], "the first words came before the last"
    assert "word119" in shown[-1]
    (page,) = await world.pages()
    assert page["id"].replace("-", "") in text_of(world)
    assert page["child_page"]["title"] == "Plan"
    assert await product.stop() == 0


async def test_the_same_delivery_twice_gives_one_answer(world: World, launch: Launch) -> None:
    product = await launch("slack")
    for _ in range(2):
        delivery = await world.slack.slash_command(text="generate a plan", trigger_id="1.2.three")
        assert delivery.status == 200
    await finished(world, "Written by the stand-in")
    assert await product.stop() == 0
    assert len(world.slack.answers()) == 1
    assert world.paid == 1


@pytest.mark.parametrize(
    "wrong", ["unsigned", "stale", "forged", "from the future", "no number", "other body"]
)
async def test_what_slack_did_not_sign_is_turned_away(
    world: World, launch: Launch, wrong: str
) -> None:
    product = await launch("slack")
    body = urlencode({"command": "/notion", "text": "help", "team_id": "T", "user_id": "U"})
    now = str(int(time.time()))
    stamp = {
        "stale": str(int(now) - 400),
        "from the future": str(int(now) + 400),
        "no number": "yesterday",
    }.get(wrong, now)
    secret = "another-secret" if wrong == "forged" else world.SIGNING_SECRET
    signature = SignatureVerifier(secret).generate_signature(timestamp=stamp, body=body)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": str(signature),
    }
    if wrong == "unsigned":
        headers = {"Content-Type": headers["Content-Type"]}
    if wrong == "other body":
        body += "&text=more"
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{product.url}/slack/events", data=body, headers=headers) as answer,
    ):
        told = await answer.json()
    assert answer.status == 401
    assert told["code"] == "UNAUTHORIZED"
    assert answer.headers["X-Request-ID"]
    assert world.slack.answers() == []


async def test_a_wrong_command_is_answered_to_the_asker_alone(world: World, launch: Launch) -> None:
    await launch("slack")
    delivery = await world.slack.slash_command(text="generat a plan")
    assert delivery.json()["response_type"] == "ephemeral"
    assert "Did you mean" in delivery.json()["text"]
    assert world.slack.answers() == []


async def test_help_and_history_are_for_the_asker_alone(world: World, launch: Launch) -> None:
    product = await launch("slack")
    await world.slack.slash_command(text="generate a plan")
    await finished(world, "Written by the stand-in")
    for text in ("help", "history"):
        await world.slack.slash_command(text=text)
    await world.slack.wait_for(lambda: len(world.slack.space.ephemeral) == 2, timeout=20)
    told = str(world.slack.space.ephemeral)
    assert "/notion generate <prompt>" in told
    assert "a plan" in told
    assert len(world.slack.answers()) == 1
    assert await product.stop() == 0


async def test_a_channels_choice_holds_for_everybody_there_and_nowhere_else(
    world: World, launch: Launch
) -> None:
    product = await launch("slack")
    bob = world.slack.space.add_user("bob")
    random = world.slack.space.add_channel("random")

    async def told(words: str) -> None:
        await world.slack.wait_for(lambda: words in str(world.slack.space.ephemeral), timeout=20)

    await world.slack.slash_command(text="to Notes --channel")
    await told("From now on pages from this channel go to")
    await world.slack.slash_command(text="generate a plan --save", user=bob)
    await finished(world, "Open in Notion")
    assert await world.pages() == []
    [page] = world.notion.store.pages_under(NOTES_DATA_SOURCE_ID)
    assert page.id.replace("-", "") in text_of(world)
    await world.slack.slash_command(text="to", user=bob, channel=random)
    await told("this server's default")
    await world.slack.slash_command(text="generate a plan --save", user=bob, channel=random)
    await eventually(world.pages, "no page was made where the server's default is")
    assert await product.stop() == 0
    assert len(world.notion.store.pages_under(NOTES_DATA_SOURCE_ID)) == 1


async def test_a_provider_that_fails_leaves_a_sentence_and_no_placeholder(
    world: World, launch: Launch
) -> None:
    world.ai.fail(Fault(times=99, status=500))
    await launch("slack")
    await world.slack.slash_command(text="generate a plan")
    await finished(world, "⚠️")
    (message,) = world.slack.answers()
    assert "Writing" not in str(message.blocks)


async def test_a_notion_that_refuses_loses_no_text(world: World, launch: Launch) -> None:
    await launch("slack", NOTION_TOKEN="ntn_not_the_one")
    await world.slack.slash_command(text="generate a plan --save")
    await finished(world, "Not saved to Notion")
    assert "Written by the stand-in" in text_of(world)
    assert "NOTION_TOKEN" in text_of(world)


async def test_no_secret_is_written_to_the_log(world: World, launch: Launch) -> None:
    product = await launch("slack", LOG_LEVEL="DEBUG")
    await world.slack.slash_command(text="generate something nobody else should read --save")
    await finished(world, "Open in Notion")
    assert await product.stop() == 0
    log = product.output()
    for secret in (world.SIGNING_SECRET, world.BOT_TOKEN, world.ai.key, world.notion.token):
        assert secret not in log
    assert "nobody else should read" not in log
    assert "/response/" not in log
