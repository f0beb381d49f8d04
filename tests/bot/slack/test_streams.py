"""Replies that grow in Slack, against the stand-in: begun, fed, ended, expired, refused."""

import time
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest

from bot.slack.adapter import SlackPlatform
from core.actions import when_written, while_writing
from core.config import Settings
from core.errors import PlatformFailed, RateLimited
from core.messages import Answer
from core.ports import CanStream, CanWithdraw, HasBudget
from sandbox.slack.server import SlackServer
from sandbox.slack.workspace import Message
from sandbox.traffic import Answer as Reaction
from sandbox.traffic import Call

TOKEN = "xoxb-stream-token"
ITEM = UUID("6f0d7a1e-6b0b-4d5e-9f6b-0c8a4a0d9d11")
MARKER = f"{ITEM}:0"
STOP = while_writing(ITEM)
TEXT = "Ship it on **Friday**, and tell @everyone. Then rest.\n\n- one\n- two"


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer("signing", TOKEN) as server:
        yield server


@pytest.fixture
async def platform(slack: SlackServer) -> AsyncIterator[SlackPlatform]:
    settings = Settings(_env_file=None, slack_bot_token=TOKEN, slack_api_url=slack.api_url)
    made = SlackPlatform(settings)
    yield made
    await made.close()


@pytest.fixture
def address(slack: SlackServer) -> dict[str, str]:
    question = slack.write("When do we ship?")
    return {
        "delivery": "d-1",
        "channel_id": slack.general.id,
        "user_id": slack.user.id,
        "team_id": slack.space.team_id,
        "enterprise_id": "",
        "response_url": "",
        "accepted_at": f"{time.time():.6f}",
        "thread": question.ts,
        "message": question.ts,
    }


def called(slack: SlackServer) -> list[str]:
    return [call.name for call in slack.traffic.requests]


def refuse(slack: SlackServer, method: str, reaction: Reaction, times: int = 1) -> None:
    left = [None] * times

    async def hook(call: Call) -> Reaction | None:
        if call.name != method or not left:
            return None
        left.pop()
        return reaction

    slack.hooks.before.append(hook)


def no(reason: str) -> Reaction:
    return Reaction({"ok": False, "error": reason})


def final(platform: SlackPlatform, text: str = TEXT) -> dict[str, Any]:
    [part] = platform.render(Answer(text, actions=when_written(ITEM)))
    return part


def whole(slack: SlackServer, text: str = TEXT) -> Message:
    """The one answer, which shows the whole text and the buttons of the end."""
    [answer] = slack.answers()
    [markdown] = [one["text"] for one in answer.blocks if one["type"] == "markdown"]
    assert markdown == text.replace("@everyone", "@\u2060everyone")
    buttons = [one["text"]["text"] for one in answer.blocks[-1]["elements"]]
    assert buttons == ["Save to Notion", "Regenerate", "Shorter", "Longer", "👍", "👎"]
    return answer


def test_it_is_a_platform_that_streams(platform: SlackPlatform) -> None:
    assert isinstance(platform, CanStream)
    assert isinstance(platform, HasBudget)
    assert isinstance(platform, CanWithdraw)


async def test_a_stream_grows_by_what_is_settled_and_ends_whole(
    slack: SlackServer, platform: SlackPlatform, address: dict[str, str]
) -> None:
    assert platform.streams(address, None)
    reply = await platform.post(address, platform.draft("Ship", STOP), MARKER, again=False)
    assert platform.streams(address, reply)
    for end in (14, 25, 44, 54):
        await platform.edit(address, reply, platform.draft(TEXT[:end], STOP))
    grown = [one.text for one in slack.answers()[0].revisions]
    assert grown[-1] == TEXT[:53].replace("@everyone", "@\u2060everyone")
    assert all(after.startswith(before) for before, after in pairwise(grown))
    assert not any(text.count("**") % 2 for text in grown)
    await platform.complete(address, reply, TEXT, None)
    assert slack.answers()[0].text == TEXT.replace("@everyone", "@\u2060everyone")
    await platform.edit(address, reply, final(platform))
    answer = whole(slack)
    assert answer.metadata is not None
    assert "draft" not in answer.metadata["event_payload"]
    assert called(slack).count("chat.stopStream") == called(slack).count("chat.update") == 1
    assert "chat.postMessage" not in called(slack)


async def test_why_somebody_has_to_wait_is_said_where_it_can_be_taken_back(
    slack: SlackServer, platform: SlackPlatform, address: dict[str, str]
) -> None:
    why = platform.waiting(STOP, "Waiting for the answer before this one …")
    reply = await platform.post(address, why, MARKER, again=False)
    assert slack.answers()[0].blocks[0]["text"] == "_Waiting for the answer before this one …_"
    assert slack.answers()[0].thread_ts == address["thread"]
    assert not platform.streams(address, reply)
    await platform.edit(address, reply, platform.draft("Ship it", STOP))
    await platform.edit(address, reply, final(platform))
    assert "Waiting" not in str(whole(slack).blocks)
    assert "chat.startStream" not in called(slack)


async def test_a_stream_without_words_says_that_they_are_on_their_way(
    slack: SlackServer, platform: SlackPlatform, address: dict[str, str]
) -> None:
    reply = await platform.post(address, platform.waiting(STOP), MARKER, again=False)
    [said, row] = slack.answers()[0].blocks
    assert said["elements"][0]["text"] == "_Writing …_"
    assert [one["action_id"] for one in row["elements"]] == ["stop"]
    await platform.edit(address, reply, platform.draft("Ship it", STOP))
    await platform.edit(address, reply, final(platform))
    assert "Writing" not in str(whole(slack).blocks)
    assert called(slack)[-2:] == ["chat.stopStream", "chat.update"]


async def test_a_stream_can_be_stopped_from_its_first_word_on(
    slack: SlackServer, platform: SlackPlatform, address: dict[str, str]
) -> None:
    await platform.post(address, platform.draft("Ship", STOP), MARKER, again=False)
    [row] = slack.answers()[0].blocks
    assert [(one["action_id"], one["value"]) for one in row["elements"]] == [("stop", str(ITEM))]


async def test_what_was_shown_and_does_not_count_is_replaced(
    slack: SlackServer, platform: SlackPlatform, address: dict[str, str]
) -> None:
    first = platform.draft("Another provider said", STOP)
    reply = await platform.post(address, first, MARKER, again=False)
    await platform.edit(address, reply, platform.draft(TEXT, STOP))
    await platform.complete(address, reply, TEXT, None)
    await platform.edit(address, reply, final(platform))
    whole(slack)


@pytest.mark.parametrize("when", ["grows", "completes", "ends"])
async def test_a_stream_that_has_expired_ends_by_an_update(
    slack: SlackServer, platform: SlackPlatform, address: dict[str, str], when: str
) -> None:
    reply = await platform.post(address, platform.draft("Ship", STOP), MARKER, again=False)
    slack.space.stream_seconds = 0.0
    if when == "grows":
        await platform.edit(address, reply, platform.draft(TEXT[:30], STOP))
        assert "chat.update" in called(slack)
    if when == "completes":
        await platform.complete(address, reply, TEXT, None)
    await platform.edit(address, reply, final(platform))
    whole(slack)


@pytest.mark.parametrize(
    "answer",
    [
        no("unknown_method"),
        no("missing_scope"),
        no("not_allowed_token_type"),
        Reaction("<html>no</html>", 404),
        Reaction("no", 501),
        Reaction("<html>hello</html>", 200),
        Reaction({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": "30"}),
        Reaction({"ok": True}),
    ],
)
async def test_where_streams_are_refused_the_answer_goes_by_edits(
    slack: SlackServer, platform: SlackPlatform, address: dict[str, str], answer: Reaction
) -> None:
    refuse(slack, "chat.startStream", answer, 9)
    for number in range(2):
        draft = platform.draft("Ship it", STOP)
        reply = await platform.post(address, draft, f"{ITEM}{number}:0", again=False)
        assert not platform.streams(address, reply)
        await platform.edit(address, reply, platform.draft(TEXT[:30], STOP))
        await platform.edit(address, reply, final(platform))
    # Asked once, it is not asked again for a while.
    assert called(slack).count("chat.startStream") == 1
    assert [len(one.blocks) for one in slack.answers()] == [2, 2]


async def test_a_thread_that_is_gone_says_nothing_about_streams(
    slack: SlackServer, platform: SlackPlatform, address: dict[str, str]
) -> None:
    gone = address | {"thread": "1700000000.000001", "message": "1700000000.000001"}
    with pytest.raises(PlatformFailed):
        await platform.post(gone, platform.draft("Ship", STOP), "x:0", again=False)
    assert platform.streams(address, None)


@pytest.mark.parametrize("reason", ["account_inactive", "token_revoked", "not_in_channel"])
async def test_a_token_that_has_ended_says_nothing_about_streams(
    slack: SlackServer, platform: SlackPlatform, address: dict[str, str], reason: str
) -> None:
    refuse(slack, "chat.startStream", no(reason))
    reply = await platform.post(address, platform.draft("Ship", STOP), MARKER, again=False)
    assert reply["via"] != "stream"
    assert platform.streams(address, None)


async def test_a_slack_without_blocks_in_streams_streams_without_buttons(
    slack: SlackServer, platform: SlackPlatform, address: dict[str, str]
) -> None:
    refuse(slack, "chat.startStream", no("invalid_chunks"))
    reply = await platform.post(address, platform.draft("Ship", STOP), MARKER, again=False)
    assert reply["via"] == "stream"
    await platform.edit(address, reply, final(platform))
    [answer] = slack.answers()
    assert answer.text == TEXT.replace("@everyone", "@\u2060everyone")
    assert [one["type"] for one in answer.blocks] == ["actions"]
    assert called(slack).count("chat.update") == 0


async def test_a_stream_that_may_not_be_stopped_yet_shows_its_text_all_the_same(
    slack: SlackServer, platform: SlackPlatform, address: dict[str, str]
) -> None:
    reply = await platform.post(address, platform.draft("Ship", STOP), MARKER, again=False)
    limited = Reaction({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": "1"})
    refuse(slack, "chat.stopStream", limited, 2)
    with pytest.raises(RateLimited):
        await platform.complete(address, reply, TEXT, None)
    assert slack.answers()[0].text == TEXT.replace("@everyone", "@\u2060everyone")
    await platform.edit(address, reply, final(platform))
    whole(slack)


@pytest.mark.parametrize("lost", ["chat.appendStream", "chat.stopStream"])
async def test_where_nobody_knows_what_a_stream_shows_it_is_replaced(
    slack: SlackServer, platform: SlackPlatform, address: dict[str, str], lost: str
) -> None:
    reply = await platform.post(address, platform.draft("Ship", STOP), MARKER, again=False)
    dropped = Reaction(dropped=True)

    async def drop(call: Call) -> Reaction | None:
        if call.name != lost:
            return None
        slack.hooks.after.remove(drop)
        return dropped

    slack.hooks.after.append(drop)
    sending = platform.complete(address, reply, TEXT, None)
    if lost == "chat.appendStream":
        sending.close()
        sending = platform.edit(address, reply, platform.draft(TEXT[:30], STOP))
    with pytest.raises(PlatformFailed):
        await sending
    await platform.edit(address, reply, final(platform))
    whole(slack)


async def test_another_process_finds_a_stream_and_makes_it_whole(
    slack: SlackServer, platform: SlackPlatform, address: dict[str, str]
) -> None:
    await platform.post(address, platform.draft("Ship it", STOP), MARKER, again=False)
    settings = Settings(_env_file=None, slack_bot_token=TOKEN, slack_api_url=slack.api_url)
    other = SlackPlatform(settings)
    reply = await other.post(address, other.draft("Sail", STOP), MARKER, again=True)
    await other.edit(address, reply, other.draft("Sail on", STOP))
    assert len(slack.answers()) == 1
    await other.edit(address, reply, final(other))
    whole(slack)
    await other.close()


async def test_a_draft_is_withdrawn_whether_it_streams_or_not(
    slack: SlackServer, platform: SlackPlatform, address: dict[str, str]
) -> None:
    reply = await platform.post(address, platform.draft("Ship", STOP), MARKER, again=False)
    await platform.withdraw(address, reply)
    await platform.withdraw(address, reply)
    assert slack.answers() == []


@pytest.mark.parametrize("change", [{"thread": ""}, {"private": "yes"}, {"user_id": ""}])
def test_there_are_places_without_streams(
    platform: SlackPlatform, address: dict[str, str], change: dict[str, str]
) -> None:
    assert not platform.streams(address | change, None)


async def test_a_stream_that_takes_no_update_is_replaced_by_a_message(
    slack: SlackServer, platform: SlackPlatform, address: dict[str, str]
) -> None:
    reply = await platform.post(address, platform.draft("Ship", STOP), MARKER, again=False)
    refuse(slack, "chat.update", no("cant_update_message"), 2)
    slack.space.stream_seconds = 0.0
    with pytest.raises(PlatformFailed):
        await platform.edit(address, reply, final(platform))
    await platform.post(address, final(platform), MARKER, again=True)
    whole(slack)


@pytest.mark.parametrize("reason", ["invalid_blocks", "msg_too_long", "no_permission"])
async def test_a_refused_end_leaves_no_stream_open(
    slack: SlackServer, platform: SlackPlatform, address: dict[str, str], reason: str
) -> None:
    reply = await platform.post(address, platform.draft("Ship", STOP), MARKER, again=False)
    refuse(slack, "chat.stopStream", no(reason))
    await platform.edit(address, reply, final(platform))
    whole(slack)


async def test_an_update_that_meets_an_open_stream_ends_it_first(
    slack: SlackServer, platform: SlackPlatform, address: dict[str, str]
) -> None:
    reply = await platform.post(address, platform.draft("Ship", STOP), MARKER, again=False)
    # Neither the end with its text nor the plain one came through.
    refuse(slack, "chat.stopStream", no("no_permission"), 2)
    await platform.edit(address, reply, final(platform))
    whole(slack)


async def test_a_slack_that_wants_the_text_in_another_form_gets_it(
    slack: SlackServer, platform: SlackPlatform, address: dict[str, str]
) -> None:
    reply = await platform.post(address, platform.draft("", ()), MARKER, again=False)
    [begun] = slack.answers()
    assert begun.stream is not None
    begun.stream.form = "markdown_text"
    await platform.edit(address, reply, platform.draft("Ship it on **Friday**. ", STOP))
    await platform.edit(address, reply, final(platform))
    whole(slack)
