"""Conversations in Slack: what is said to the app by name, below its words, or to it alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped] # no types, and one file to read
from product import Product, World, eventually

from sandbox.ai.script import Fault
from sandbox.slack.workspace import Channel, Message

MANIFEST = Path(__file__).parents[2] / "docs/slack-manifest.yaml"

Launch = Callable[..., Awaitable[Product]]


@pytest.fixture(autouse=True)
def as_installed(world: World) -> None:
    """The token may do what the manifest asks for, and no more."""
    manifest = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    world.slack.scopes = frozenset(manifest["oauth_config"]["scopes"]["bot"])


def shown(message: Message) -> str:
    return message.text + str(message.blocks)


async def answered(world: World, count: int, words: str, channel: Channel | None = None) -> None:
    async def there() -> bool:
        answers = world.slack.answers(channel)
        return len(answers) >= count and words in shown(answers[-1])

    await eventually(there, f"“{words}” was never shown: {world.slack.answers(channel)}")


async def test_a_mention_is_answered_once_in_its_thread(world: World, launch: Launch) -> None:
    world.ai.answer = "Ship it on **Friday**."
    product = await launch("slack")
    message, delivery = await world.slack.mention("when do we ship?")
    assert (delivery.status, delivery.body) == (200, "")
    await world.slack.tell(message)
    await world.slack.again(delivery)
    await answered(world, 1, "Ship it on **Friday**.")
    await world.slack.again(delivery)
    assert await product.stop() == 0
    [answer] = world.slack.answers()
    assert answer.thread_ts == message.ts
    assert world.paid == 1
    [call] = world.ai.calls
    assert "when do we ship?" in str(call.body)
    assert world.slack.space.bot_user not in str(call.body)


async def test_a_follow_up_needs_no_mention_and_knows_what_was_said(
    world: World, launch: Launch
) -> None:
    product = await launch("slack")
    bob = world.slack.space.add_user("bob")
    first = world.slack.write("The launch slips to *May*.")
    world.slack.write("Because of the audit.", user=bob, thread_ts=first.ts)
    world.ai.answer = "It slips to May."
    await world.slack.mention("sum this up", thread_ts=first.ts)
    await answered(world, 1, "It slips to May.")
    world.ai.answer = "The audit."
    await world.slack.say("and who is to blame?", user=bob, thread_ts=first.ts)
    await answered(world, 2, "The audit.")
    assert await product.stop() == 0
    before, after = (str(call.body) for call in world.ai.calls)
    for words in ("ada: The launch slips to **May**.", "bob: Because of the audit."):
        assert words in before
        assert words in after
    assert "sum this up" in after
    assert "It slips to May." in after
    assert "and who is to blame?" in after
    assert {answer.thread_ts for answer in world.slack.answers()} == {first.ts}


async def test_a_direct_message_is_a_conversation(world: World, launch: Launch) -> None:
    world.ai.answer = "Hello, Ada."
    product = await launch("slack")
    im = world.slack.space.open_im(world.slack.user.id)
    message, _ = await world.slack.say("good morning", im)
    await answered(world, 1, "Hello, Ada.", im)
    [answer] = world.slack.answers(im)
    assert answer.thread_ts == message.ts
    world.ai.answer = "You said good morning."
    await world.slack.say("what did I say?", im, thread_ts=message.ts)
    await answered(world, 2, "You said good morning.", im)
    assert await product.stop() == 0
    assert "good morning" in str(world.ai.calls[-1].body)


async def test_the_app_answers_neither_itself_nor_other_bots(world: World, launch: Launch) -> None:
    world.ai.answer = "Once."
    product = await launch("slack")
    message, _ = await world.slack.mention("hello")
    await answered(world, 1, "Once.")
    [answer] = world.slack.answers()
    await world.slack.tell(answer)
    await world.slack.event(
        {
            "type": "message",
            "subtype": "bot_message",
            "bot_id": "B0OTHER",
            "channel": answer.channel,
            "ts": world.slack.space.next_ts(),
            "thread_ts": message.ts,
            "text": f"<@{world.slack.space.bot_user}> deploy is done",
        }
    )
    await world.slack.mention("hello again", thread_ts=message.ts)
    await answered(world, 2, "Once.")
    assert await product.stop() == 0
    assert world.paid == 2


async def test_an_empty_mention_is_helped_and_a_command_is_carried_out(
    world: World, launch: Launch
) -> None:
    product = await launch("slack")
    await world.slack.mention("")
    await world.slack.wait_for(lambda: world.slack.space.ephemeral, timeout=20)
    [told] = world.slack.space.ephemeral
    assert told.only_for == world.slack.user.id
    assert "/notion generate" in shown(told)
    assert world.slack.answers() == []
    message, _ = await world.slack.mention("/notion generate a plan --save")
    await answered(world, 1, "Open in Notion")
    assert await product.stop() == 0
    assert world.slack.answers()[0].thread_ts == message.ts
    assert len(await world.pages()) == 1


async def test_a_conversation_that_fails_says_so_in_the_thread(
    world: World, launch: Launch
) -> None:
    world.ai.fail(Fault(times=99, status=500))
    await launch("slack")
    message, _ = await world.slack.mention("when do we ship?")
    await answered(world, 1, "⚠️")
    [answer] = world.slack.answers()
    assert answer.thread_ts == message.ts


async def test_a_stream_whose_provider_fails_ends_with_the_reason_below_what_came(
    world: World, launch: Launch
) -> None:
    world.ai.answer = " ".join(f"word{number}" for number in range(200))
    world.ai.token_delay = 0.02
    world.ai.fail(Fault(cut_after=120))
    product = await launch("slack")
    await world.slack.mention("tell me a lot")
    await answered(world, 1, "⚠️")
    assert await product.stop() == 0
    [answer] = world.slack.answers()
    assert answer.stream is not None
    assert not answer.stream.open
    [text] = [block["text"] for block in answer.blocks if block["type"] == "markdown"]
    assert text == " ".join(f"word{number}" for number in range(120))
    assert "The answer ends early: The connection to OpenAI" in str(answer.blocks)
    assert [one["text"]["text"] for one in answer.blocks[-1]["elements"]] == [
        "Retry",
        "Save to Notion",
    ]
    # What was shown only ever grew.
    shown = [revision.text for revision in answer.revisions if "Writing" not in revision.text]
    assert all(after.startswith(before) for before, after in pairwise(shown[:-1]))


async def test_a_crash_in_the_middle_of_a_conversation_gives_one_answer(
    world: World, launch: Launch
) -> None:
    world.ai.answer = " ".join(f"word{number}" for number in range(60))
    world.ai.hold_after = 20
    product = await launch("slack")
    message, _ = await world.slack.mention("tell me a lot")
    await answered(world, 1, "word3")
    product.kill()
    await product.dead()
    world.ai.hold_after = None
    await product.start()
    await answered(world, 1, "word59")
    assert await product.stop() == 0
    [answer] = world.slack.answers()
    assert answer.thread_ts == message.ts


async def test_an_answer_in_a_thread_is_streamed_in_few_calls(world: World, launch: Launch) -> None:
    words = [f"word{number}" for number in range(60)]
    world.ai.answer = " ".join(words)
    world.ai.token_delay = 0.03
    product = await launch("slack")
    await world.slack.mention("tell me a lot")
    await answered(world, 1, "word59")
    assert await product.stop() == 0
    [answer] = world.slack.answers()
    grown = [revision.text for revision in answer.revisions[:-1]]
    assert all(after.startswith(before) for before, after in pairwise(grown))
    assert grown[-1] == world.ai.answer
    # Every one of them with the button that stops it, until the end.
    assert all(
        revision.blocks[0]["elements"][0]["action_id"] == "stop"
        for revision in answer.revisions[:-1]
    )
    calls = [call.name for call in world.slack.traffic.requests if call.name.startswith("chat.")]
    assert calls[0] == "chat.startStream"
    assert calls[-2:] == ["chat.stopStream", "chat.update"]
    assert set(calls[1:-2]) == {"chat.appendStream"}
    assert len(calls) <= 6


async def test_a_stream_that_expires_ends_as_a_whole_answer(world: World, launch: Launch) -> None:
    world.slack.space.stream_seconds = 0.5
    world.ai.answer = " ".join(f"word{number}" for number in range(60))
    world.ai.token_delay = 0.03
    product = await launch("slack")
    await world.slack.mention("tell me a lot")
    await answered(world, 1, "word59")
    assert await product.stop() == 0
    [answer] = world.slack.answers()
    [markdown] = [block["text"] for block in answer.blocks if block["type"] == "markdown"]
    assert markdown == world.ai.answer
    assert "stop" not in str(answer.blocks)


async def test_where_slack_shows_a_stop_button_it_stops_the_answer(
    world: World, launch: Launch
) -> None:
    world.slack.space.is_agent = True
    world.ai.answer = "Yes, it is."
    product = await launch("slack")
    await world.slack.mention("is it so?")
    await answered(world, 1, "Regenerate")
    world.slack.traffic.requests.clear()
    world.ai.answer = " ".join(f"word{number}" for number in range(60))
    world.ai.token_delay = 0.005
    await world.slack.mention("tell me a lot")
    await answered(world, 2, "Regenerate")
    calls = [call.name for call in world.slack.traffic.requests if call.name.startswith("chat.")]
    assert calls[0] == "chat.startStream"
    assert "chat.update" not in calls
    assert calls[-1] == "chat.stopStream"
    assert world.slack.answers()[1].text == world.ai.answer
    world.ai.token_delay = 0.5
    await world.slack.mention("tell me a lot, slowly")
    await answered(world, 3, "word0")
    await world.slack.stop(world.slack.answers()[-1])
    await answered(world, 3, "Stopped after about")
    assert await product.stop() == 0
    assert "word59" not in shown(world.slack.answers()[-1])
    assert set(world.slack.space.sessions.values()) == {"active"}
    assert ["Stopped." in shown(told) for told in world.slack.space.ephemeral] == [True]
