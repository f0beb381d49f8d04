from typing import Any

import pytest

from bot.slack.messages import (
    EVENT_TYPE,
    Us,
    channels_of,
    is_aside,
    people_of,
    read_message,
)
from core.messages import File

US = Us("U0BOT", "B0BOT")
NAMES = {"U1": "ada", "U2": "bob", "U0BOT": "notion"}


def raw(**more: Any) -> dict[str, Any]:
    return {"type": "message", "ts": "1700000000.000100", "user": "U1", "text": "hello"} | more


def test_a_message_is_its_author_its_words_and_its_time() -> None:
    message = read_message(raw(text="*Ask* <@U2>\nnow"), NAMES, US, "https://a.test/m")
    assert (message.id, message.author) == ("1700000000.000100", "ada")
    assert message.text == "**Ask** @bob  \nnow"
    assert message.at.isoformat() == "2023-11-14T22:13:20.000100+00:00"
    assert message.link == "https://a.test/m"
    assert not message.ours


def test_a_message_tells_who_wrote_it_where_and_its_tags() -> None:
    message = read_message(raw(text="#launch in <#C1|general>"), NAMES, US, channel="general")
    assert (message.author_id, message.channel, message.tags) == ("U1", "general", ("launch",))
    assert read_message(raw(bot_id="B1"), NAMES, US).author_id == ""


@pytest.mark.parametrize(
    ("more", "author"),
    [
        ({"user": "U9"}, "Somebody"),
        ({"user": None}, "Somebody"),
        ({"bot_id": "B1", "bot_profile": {"name": "Deploy"}}, "Deploy"),
        ({"bot_id": "B1", "username": "CI", "bot_profile": {"name": "Deploy"}}, "CI"),
        ({"bot_id": "B1"}, "ada"),
    ],
)
def test_whoever_wrote_has_a_name(more: dict[str, Any], author: str) -> None:
    assert read_message(raw(**more), NAMES, US).author == author


def test_the_apps_own_message_is_its_markdown() -> None:
    blocks = [
        {"type": "markdown", "text": "# Plan\n\n*it*"},
        {"type": "actions", "elements": []},
        {"type": "markdown", "text": "More."},
    ]
    message = read_message(raw(user="U0BOT", text="*Plan* _it_", blocks=blocks), NAMES, US)
    assert message.ours
    assert message.text == "# Plan\n\n*it*\n\nMore."


def test_who_asked_is_no_part_of_the_apps_own_message() -> None:
    def note(kind: str, text: str) -> dict[str, Any]:
        return {"type": "context", "elements": [{"type": kind, "text": text}]}

    plan = {"type": "header", "text": {"type": "plain_text", "text": "Plan"}}
    blocks = [plan, note("mrkdwn", "*Half.*"), note("plain_text", "Asked by ada")]
    for user, asked in (("U0BOT", ""), ("U1", "\n\nAsked by ada")):
        message = read_message(raw(user=user, text="Plan Half", blocks=blocks), NAMES, US)
        assert message.text == f"## Plan\n\n**Half.**{asked}"
    assert read_message(raw(user="U5", bot_id="B0BOT"), NAMES, US).ours
    assert not read_message(raw(bot_id="B1"), NAMES, Us()).ours


def test_blocks_of_others_do_not_take_the_place_of_their_words() -> None:
    message = read_message(raw(blocks=[{"type": "markdown", "text": "other"}]), NAMES, US)
    assert message.text == "hello\n\nother"


def test_a_message_without_text_is_what_its_blocks_and_attachments_say() -> None:
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "*Build* passed"}}]
    attachments = [{"text": "in 3 min"}, {"fallback": "see CI"}, {}]
    message = read_message(raw(text="", blocks=blocks, attachments=attachments), NAMES, US)
    assert message.text == "**Build** passed\n\nin 3 min\n\nsee CI"


def test_files_come_with_their_addresses_and_those_that_are_gone_do_not() -> None:
    files = [
        {
            "name": "a.pdf",
            "permalink": "https://a.test/a",
            "mimetype": "text/pdf",
            "size": 3,
        },
        {"title": "b", "url_private": "https://a.test/b"},
        {"name": "c", "url_private": "https://drive.test/c", "is_external": True},
        {"id": "F3", "mode": "tombstone"},
    ]
    message = read_message(raw(files=files), NAMES, US)
    assert message.files == (
        File("a.pdf", "https://a.test/a", "text/pdf", 3),
        File("b", "https://a.test/b", source="https://a.test/b"),
        File("c", "https://drive.test/c"),
    )


def test_whose_names_are_wanted() -> None:
    raws = [raw(text="<@U2> <#C1>"), raw(user="U3"), raw(user=None)]
    assert people_of(raws) == ["U1", "U2", "U3"]
    assert channels_of(raws) == ["C1"]


def test_what_the_app_said_of_a_mark_is_known_by_its_metadata() -> None:
    payload = {"marker": "a:0", "marked": "yes"}
    assert is_aside(raw(metadata={"event_type": EVENT_TYPE, "event_payload": payload}))
    assert not is_aside(raw(metadata={"event_type": "x", "event_payload": payload}))
    assert not is_aside(raw())
