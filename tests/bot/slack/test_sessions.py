"""Replies where Slack shows a button of its own to stop them, against the stand-in."""

import asyncio
import json
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from bot.slack.adapter import SlackPlatform
from core.actions import when_written
from core.config import Settings
from core.messages import Answer, Call, Request, Sender
from core.ports import Address
from sandbox.slack.server import SlackServer
from sandbox.slack.sessions import UNHEARD, stopped
from sandbox.traffic import Answer as Reaction
from sandbox.traffic import Call as Heard
from tests.bot.slack.front import Front, fronted
from tests.bot.slack.test_streams import (
    ITEM,
    MARKER,
    STOP,
    TEXT,
    TOKEN,
    address,
    called,
    final,
    no,
    platform,
    refuse,
)

__all__ = ["address", "platform"]
STATUS = "agents.sessions.setStatus"


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer("signing", TOKEN) as server:
        server.space.is_agent = True
        yield server


async def replied(platform: SlackPlatform, address: Address, marker: str = MARKER) -> None:
    """One reply, from its first words to its end."""
    reply = await platform.post(address, platform.draft("Ship", STOP), marker, again=False)
    await platform.edit(address, reply, platform.draft(TEXT[:30], STOP))
    answer = Answer(TEXT, actions=when_written(ITEM))
    await platform.complete(address, reply, TEXT, answer)
    await platform.edit(address, reply, final(platform))


async def test_no_button_is_put_there_to_be_taken_away(
    slack: SlackServer, platform: SlackPlatform, address: dict[str, str]
) -> None:
    await replied(platform, address)
    # The first one asks beside it, and has its button as long as nobody knows.
    assert called(slack).count(STATUS) == called(slack).count("chat.update") == 1
    slack.traffic.requests.clear()
    await replied(platform, address, f"{ITEM}2:0")
    assert called(slack) == ["chat.startStream", "chat.appendStream", "chat.stopStream"]
    first, second = slack.answers()
    shown = [one["text"]["text"] for one in second.blocks[-1]["elements"]]
    assert shown == ["Save to Notion", "Regenerate", "Shorter", "Longer", "👍", "👎"]
    assert second.text == TEXT.replace("@everyone", "@\u2060everyone")
    assert second.metadata is not None
    assert "draft" not in second.metadata["event_payload"]
    assert first.blocks[-1] == second.blocks[-1]
    assert set(slack.space.sessions.values()) == {"active"}


async def test_what_comes_after_the_last_word_is_put_in_order(
    slack: SlackServer, platform: SlackPlatform, address: dict[str, str]
) -> None:
    await replied(platform, address)
    reply = await platform.post(address, platform.draft("Ship", STOP), "x:0", again=False)
    await platform.complete(address, reply, TEXT, Answer(TEXT, actions=when_written(ITEM)))
    [saved] = platform.render(Answer(TEXT, page="https://notion.so/p"))
    await platform.edit(address, reply, saved)
    assert "https://notion.so/p" in str(slack.answers()[-1].blocks)
    assert "Regenerate" not in str(slack.answers()[-1].blocks)


@pytest.mark.parametrize(
    "answer",
    [
        no("unknown_method"),
        no("not_authorized"),
        Reaction("<html>no</html>", 404),
        Reaction({"ok": True}),
        Reaction({"ok": True, "agent_status": "processing", "warning": UNHEARD}),
        Reaction(
            {
                "ok": True,
                "agent_status": "processing",
                "response_metadata": {"warnings": [UNHEARD]},
            }
        ),
    ],
)
async def test_where_slack_shows_none_the_button_is_ours(
    slack: SlackServer, platform: SlackPlatform, address: dict[str, str], answer: Reaction
) -> None:
    refuse(slack, STATUS, answer, 9)
    for number in range(2):
        reply = await platform.post(
            address, platform.draft("Ship", STOP), f"{ITEM}{number}:0", again=False
        )
        assert [one["type"] for one in slack.answers()[-1].blocks] == ["actions"]
        await platform.edit(address, reply, final(platform))
    assert called(slack).count(STATUS) == 1
    assert called(slack).count("chat.update") == 2


async def test_where_slack_does_not_say_answers_wait_for_it_once(
    slack: SlackServer,
    platform: SlackPlatform,
    address: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.slack.sessions.PATIENCE", 0.01)
    monkeypatch.setattr("bot.slack.sessions.SOON_AFTER", 0.0)
    over = asyncio.Event()

    async def silent(call: Heard) -> Reaction | None:
        if call.name == STATUS:
            await over.wait()
        return None

    slack.hooks.before.append(silent)
    for number in range(3):
        await replied(platform, address, f"{ITEM}{number}:0")
    over.set()
    assert called(slack).count(STATUS) == 1
    assert called(slack).count("chat.update") == 3
    assert all("Regenerate" in str(one.blocks[-1]) for one in slack.answers())


async def test_a_stream_that_somebody_ended_there_ends_by_an_update(
    slack: SlackServer, platform: SlackPlatform, address: dict[str, str]
) -> None:
    await replied(platform, address)
    reply = await platform.post(address, platform.draft("Ship", STOP), "x:0", again=False)
    slack.traffic.requests.clear()
    stopped(slack.space, address["channel_id"], address["thread"], address["user_id"])
    await platform.edit(address, reply, platform.draft(TEXT[:30], STOP))
    await platform.edit(address, reply, final(platform))
    assert "chat.stopStream" not in called(slack)
    assert slack.answers()[-1].blocks[0]["text"] == TEXT.replace("@everyone", "@\u2060everyone")


async def test_a_stream_without_a_button_is_found_by_another_process(
    slack: SlackServer, platform: SlackPlatform, address: dict[str, str]
) -> None:
    await replied(platform, address)
    assert platform.unmarked(address)
    assert not platform.unmarked(address | {"thread": ""})
    # One whose process died with it, one of somebody else, and one that is not yet noted.
    for words, marker in (("Swim", "x:0"), ("Sail", "y:0")):
        await platform.post(address, platform.draft(words, STOP), marker, again=False)
    settings = Settings(_env_file=None, slack_bot_token=TOKEN, slack_api_url=slack.api_url)
    other = SlackPlatform(settings)
    theirs = slack.answers()[-1]
    asked = address | {"unmarked": json.dumps([{}, {"ts": theirs.ts, "via": "stream"}])}
    reply = await other.post(asked, other.draft("Sink", STOP), "x:0", again=True)
    assert reply["ts"] == slack.answers()[1].ts
    # It is nobody else's from now on: what there is none of is a message of its own.
    await other.post(asked, final(other), "z:0", again=True)
    await other.edit(address, reply, final(other))
    shown = [str(one.blocks) for one in slack.answers()[1:]]
    assert ["Ship it on" in each for each in shown] == [True, False, True]
    assert theirs.text == "Sail"
    await other.close()


async def test_what_is_still_being_written_is_no_part_of_the_thread(
    slack: SlackServer, platform: SlackPlatform, address: dict[str, str]
) -> None:
    await replied(platform, address)
    await platform.post(address, platform.draft("Half", STOP), "x:0", again=False)
    said = await platform.read(address)
    assert [one.text for one in said] == ["When do we ship?", TEXT.replace("@e", "@\u2060e")]


async def test_a_press_stops_what_its_presser_asked_for_in_the_thread() -> None:
    async with fronted() as front:
        front.slack.space.is_agent = True
        question = front.slack.write("When do we ship?")
        thread = {"channel": front.slack.general.id, "thread_ts": question.ts}
        asked = [request(front, number, user) for number, user in enumerate(("U-else", "", ""))]
        front.core.going = asked
        event = {"type": "agent_session_stopped", "user": front.slack.user.id, **thread}
        delivery = await front.slack.event(event | {"streaming_message_ts": []})
        assert delivery.status == 200
        calls = [each.call for each in front.core.requests]
        assert calls == [Call("stop", str(each.id)) for each in asked[1:]]
        assert front.core.requests[0].sender.id == front.slack.user.id
        # Somebody without one of their own is told so, by the core.
        await front.slack.event(event | {"user": "U-third"})
        assert front.core.requests[-1].call == Call("stop", str(asked[0].id))


def request(front: Front, number: int, user: str) -> Request:
    sender = Sender("slack", user or front.slack.user.id, "", front.slack.space.team_id)
    return Request(UUID(int=number + 1), sender, Call("talk", "hello"), {})
