"""The assistant's pane and the agent's messages: prompts, status and title, and apps without."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.slack.assistant import HEADING, LONGEST_TITLE, PROMPTS, title
from core.messages import Call
from sandbox.slack.workspace import Message
from sandbox.traffic import Answer as Reaction
from tests.bot.slack.front import Front, fronted

STATUS = "assistant.threads.setStatus"
TITLE = "assistant.threads.setTitle"
SUGGEST = "assistant.threads.setSuggestedPrompts"


@pytest.fixture
async def front() -> AsyncIterator[Front]:
    async with fronted() as made:
        yield made


async def say(front: Front, text: str, thread_ts: str | None = None) -> Message:
    direct = front.slack.space.open_im(front.slack.user.id)
    message, delivery = await front.slack.say(text, direct, thread_ts=thread_ts)
    assert delivery.status == 200
    return message


async def called(front: Front, method: str, times: int = 1) -> list[dict[str, Any]]:
    await front.slack.wait_for(lambda: len(front.calls(method)) >= times)
    return front.calls(method)


async def test_a_pane_that_opens_offers_prompts(front: Front) -> None:
    root, delivery = await front.slack.surfaces.open_pane()
    assert delivery.status == 200
    [told] = await called(front, SUGGEST)
    assert told["title"] == HEADING
    assert front.slack.space.prompts == {(root.channel, root.ts): list(PROMPTS)}
    assert len(PROMPTS) == 4


async def test_an_agents_messages_offer_prompts_that_name_no_thread(front: Front) -> None:
    front.slack.space.is_agent = True
    await front.slack.surfaces.open_app("messages")
    [told] = await called(front, SUGGEST)
    assert "thread_ts" not in told
    direct = front.slack.space.open_im(front.slack.user.id)
    assert front.slack.space.prompts == {(direct.id, ""): list(PROMPTS)}
    assert front.calls("views.publish") == []


async def test_what_is_asked_in_the_pane_shows_a_status_and_gives_the_title(front: Front) -> None:
    root, _ = await front.slack.surfaces.open_pane()
    await say(front, "*Plan* the launch of <https://acme.example|Acme>", root.ts)
    await called(front, TITLE)
    space, thread = front.slack.space, (root.channel, root.ts)
    assert space.statuses[thread] == "is writing …"
    assert space.titles[thread] == "*Plan* the launch of https://acme.example"
    [request] = front.core.requests
    assert request.call.command == "talk"
    assert request.address["thread"] == root.ts
    await say(front, "and shorter", root.ts)
    await called(front, STATUS, 2)
    assert len(front.calls(TITLE)) == 1


async def test_a_message_that_begins_a_thread_gives_its_title(front: Front) -> None:
    message = await say(front, "plan the launch")
    await called(front, TITLE)
    assert front.slack.space.titles == {(message.channel, message.ts): "plan the launch"}
    methods = [call.name for call in front.slack.requests if "assistant" in call.name]
    assert methods == [STATUS, TITLE]


async def test_the_same_event_again_shows_no_status_again(front: Front) -> None:
    direct = front.slack.space.open_im(front.slack.user.id)
    _, delivery = await front.slack.say("plan the launch", direct)
    await called(front, TITLE)
    front.slack.space.statuses.clear()
    await front.slack.again(delivery)
    await front.slack.say("another", direct)
    await called(front, STATUS, 2)
    assert len(front.slack.space.statuses) == 1


@pytest.mark.parametrize("text", ["help", "  ", "/notion usage"])
async def test_what_is_answered_at_once_shows_no_status(front: Front, text: str) -> None:
    await say(front, text)
    await say(front, "plan the launch")
    [shown] = await called(front, STATUS)
    assert len(front.core.requests) == 2
    assert shown["thread_ts"] == front.core.requests[-1].address["thread"]


async def test_channels_show_the_answer_and_no_status(front: Front) -> None:
    await front.slack.mention("plan the launch")
    await say(front, "plan the launch")
    await called(front, TITLE)
    direct = front.slack.space.open_im(front.slack.user.id)
    assert {told["channel_id"] for told in front.calls(STATUS)} == {direct.id}


async def test_where_no_answer_will_come_the_status_goes(front: Front) -> None:
    root, _ = await front.slack.surfaces.open_pane()
    front.core.away = True
    await say(front, "plan the launch", root.ts)
    await called(front, STATUS, 2)
    pane = front.slack.space.channels[root.channel]
    await front.slack.wait_for(
        lambda: [one for one in front.slack.answers(pane) if one is not root]
    )
    assert not any(front.slack.space.statuses.values())


@pytest.mark.parametrize(
    "refusal",
    [
        Reaction({"ok": False, "error": "unknown_method"}),
        Reaction({"ok": False, "error": "missing_scope"}),
        Reaction({"ok": False, "error": "not_allowed"}),
        Reaction("Not Found", 404),
        Reaction("<html>Welcome</html>"),
    ],
)
async def test_an_app_that_is_no_assistant_is_refused_once(front: Front, refusal: Reaction) -> None:
    front.refuse(refusal, STATUS, TITLE, SUGGEST)
    await front.slack.surfaces.open_app("messages")
    await called(front, SUGGEST)
    await say(front, "one")
    await called(front, TITLE)
    for text in ("two", "three"):
        await say(front, text)
        await front.slack.surfaces.open_app("messages")
    assert [request.call for request in front.core.requests] == [
        Call("talk", text) for text in ("one", "two", "three")
    ]
    made = [call.name for call in front.slack.requests if "assistant" in call.name]
    assert sorted(made) == sorted([SUGGEST, STATUS, TITLE])


async def test_a_slow_status_delays_nothing(front: Front) -> None:
    async def slow(call: Any) -> None:
        if call.name == STATUS:
            await front.slack.wait_for(lambda: len(front.core.requests) == 1)

    front.slack.hooks.before.append(slow)
    await say(front, "plan the launch")
    assert len(front.core.requests) == 1
    await called(front, TITLE)


async def test_other_news_of_the_pane_is_acknowledged(front: Front) -> None:
    moved = {"type": "assistant_thread_context_changed", "assistant_thread": {"channel_id": "D1"}}
    assert (await front.slack.event(moved)).status == 200
    assert (await front.slack.event({"type": "assistant_thread_started"})).status == 200
    assert list(front.slack.requests) == []


def test_a_title_is_the_beginning_of_what_was_asked() -> None:
    assert title("  plan\n the &amp; launch ") == "plan the & launch"
    long = title("word " * 100)
    assert len(long) <= LONGEST_TITLE
    assert long.endswith("word …")
    assert len(title("x" * 300)) <= LONGEST_TITLE
