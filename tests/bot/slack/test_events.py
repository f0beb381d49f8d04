from typing import Any

import pytest

from bot.slack.events import asked, people_named, read_reaction, read_said
from bot.slack.parse import locate, read_press, read_shortcut
from bot.slack.workspace import Workspace
from core.messages import Call

US = "U0BOT"
NAMES = {"U1": "ada", "U2": "bob"}


def envelope(**event: Any) -> dict[str, Any]:
    return {
        "type": "event_callback",
        "team_id": "T1",
        "event_id": "Ev1",
        "authorizations": [{"team_id": "T1", "user_id": US, "is_bot": True}],
        "event": event,
    }


def spoken(text: str = "", /, **more: Any) -> dict[str, Any]:
    event = {"type": "message", "channel": "C1", "user": "U1", "ts": "1700000000.000100"}
    return envelope(**event | {"text": text, "channel_type": "channel"} | more)


def command_of(fields: dict[str, Any]) -> Any:
    said = read_said(fields)
    assert said is not None
    return asked(said, NAMES, 1.0)


def test_a_mention_is_a_conversation_in_the_thread_of_the_message() -> None:
    command = command_of(spoken(f"<@{US}> what of <@U2>?", type="app_mention"))
    assert command.text == Call("talk", "what of @bob?")
    assert (command.sender.id, command.sender.name, command.sender.workspace) == ("U1", "ada", "T1")
    assert command.place == "T1:C1"
    assert command.address == {
        "delivery": str(command.delivery),
        "channel_id": "C1",
        "user_id": "U1",
        "team_id": "T1",
        "enterprise_id": "",
        "response_url": "",
        "accepted_at": "1.000000",
        "thread": "1700000000.000100",
        "message": "1700000000.000100",
    }


def test_a_mention_and_the_message_it_is_in_are_one_request() -> None:
    text = f"<@{US}> hello"
    mention, message = spoken(text, type="app_mention"), spoken(text)
    assert command_of(mention).delivery == command_of(message).delivery
    later = spoken(text, ts="1700000000.000200")
    assert command_of(later).delivery != command_of(message).delivery


def test_a_reply_is_answered_in_its_thread() -> None:
    command = command_of(spoken(f"<@{US}> hello", thread_ts="1600000000.000100"))
    assert command.address["thread"] == "1600000000.000100"
    assert command.address["message"] == "1700000000.000100"


@pytest.mark.parametrize("text", [f"<@{US}>", f" <@{US}> ", f"<@{US}> Help", "help"])
def test_an_empty_mention_asks_for_help(text: str) -> None:
    assert command_of(spoken(text, channel_type="im")).text == Call("help")


def test_a_mention_may_be_a_command() -> None:
    link = "https://acme.slack.com/archives/C1/p1700000000000100?thread_ts=1.2&amp;cid=C1"
    command = command_of(spoken(f"<@{US}> /notion save <{link}>"))
    assert command.text == f"/notion save {link.replace('&amp;', '&')}"
    assert command_of(spoken(f"<@{US}> /notions")).text == Call("talk", "/notions")


@pytest.mark.parametrize(
    ("more", "called"),
    [
        ({"text": "hello"}, False),
        ({"text": f"hey <@{US}>"}, True),
        ({"text": f"`<@{US}>`"}, False),
        ({"text": "hello", "type": "app_mention"}, True),
        ({"text": "hello", "channel_type": "im"}, True),
        ({"text": "hello", "channel_type": "mpim"}, False),
    ],
)
def test_the_app_is_called_by_name_or_in_a_direct_message(
    more: dict[str, Any], called: bool
) -> None:
    said = read_said(spoken(**more))
    assert said is not None
    assert said.called is called


def test_a_reply_below_the_apps_own_message_is_told_apart() -> None:
    above = {"thread_ts": "1.1", "parent_user_id": US}
    said, other = read_said(spoken("and?", **above)), read_said(spoken("and?"))
    assert said is not None
    assert other is not None
    assert (said.follows, said.below_us, other.follows, other.below_us) == (
        True,
        True,
        False,
        False,
    )


@pytest.mark.parametrize(
    "more",
    [
        {"bot_id": "B1"},
        {"bot_profile": {"id": "B1"}},
        {"user": US},
        {"user": "USLACKBOT"},
        {"user": ""},
        {"subtype": "bot_message"},
        {"subtype": "message_changed"},
        {"subtype": "message_deleted"},
        {"subtype": "channel_join"},
        {"hidden": True},
        {"type": "reaction_added"},
    ],
)
def test_what_no_person_says_is_not_heard(more: dict[str, Any]) -> None:
    assert read_said(spoken(f"<@{US}> hello", **more)) is None


@pytest.mark.parametrize("subtype", ["file_share", "me_message", "thread_broadcast"])
def test_people_speak_with_files_too(subtype: str) -> None:
    assert read_said(spoken("hello", subtype=subtype)) is not None


@pytest.mark.parametrize("fields", [{}, {"event": None}, {"event": {"type": "message"}}])
def test_nothing_is_nothing(fields: dict[str, Any]) -> None:
    assert read_said(fields) is None
    assert read_reaction(fields, 1.0) is None


def test_the_names_wanted_are_the_authors_and_those_of_people_mentioned() -> None:
    said = read_said(spoken(f"<@{US}> ask <@U2> and <@U1>"))
    assert said is not None
    assert people_named(said) == ["U1", "U2"]


def reacted(**more: Any) -> dict[str, Any]:
    event = {
        "type": "reaction_added",
        "user": "U1",
        "reaction": "memo",
        "item": {"type": "message", "channel": "C1", "ts": "1700000000.000100"},
        "event_ts": "1700000009.000100",
    }
    return envelope(**event | more)


def test_a_memo_saves_the_message_and_shows_it_there() -> None:
    command = read_reaction(reacted(), 1.0)
    assert command is not None
    assert command.text == Call("save-marked")
    assert (command.sender.id, command.place) == ("U1", "T1:C1")
    assert command.address == {
        "delivery": str(command.delivery),
        "channel_id": "C1",
        "user_id": "U1",
        "team_id": "T1",
        "enterprise_id": "",
        "response_url": "",
        "accepted_at": "1.000000",
        "thread": "1700000000.000100",
        "message": "1700000000.000100",
        "marked": "yes",
    }


def test_taking_a_memo_away_undoes_it_and_each_time_counts() -> None:
    added, removed = read_reaction(reacted(), 1.0), read_reaction(reacted(), 2.0)
    undone = read_reaction(reacted(type="reaction_removed"), 1.0)
    later = read_reaction(reacted(event_ts="1700000010.000100"), 1.0)
    assert added
    assert removed
    assert undone
    assert later
    assert undone.text == Call("undo-save")
    assert added.delivery == removed.delivery
    assert len({added.delivery, undone.delivery, later.delivery}) == 3


def test_another_emoji_is_named_for_whoever_knows_what_it_does() -> None:
    command = read_reaction(reacted(reaction="bug::skin-tone-2"), 1.0)
    assert command
    assert command.text == Call("save-marked", flags={"emoji": ":bug::skin-tone-2:"})
    assert command.delivery != read_reaction(reacted(), 1.0).delivery  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "more",
    [
        {"reaction": ""},
        {"user": US},
        {"user": "USLACKBOT"},
        {"item": {"type": "file", "file": "F1"}},
        {"item": {"type": "message", "channel": "C1"}},
        {"type": "message"},
    ],
)
def test_other_reactions_ask_for_nothing(more: dict[str, Any]) -> None:
    assert read_reaction(reacted(**more), 1.0) is None


SHORTCUT = {
    "type": "message_action",
    "callback_id": "save_to_notion",
    "team": {"id": "T1"},
    "user": {"id": "U1", "name": "ada"},
    "channel": {"id": "C1"},
    "message_ts": "1700000000.000100",
    "message": {"ts": "1700000000.000100", "thread_ts": "1600000000.000100"},
    "trigger_id": "1.2.3",
    "response_url": "https://hooks.slack.com/app/T1/1/x",
}


def test_the_menu_of_a_message_saves_it() -> None:
    command = read_shortcut(SHORTCUT, 1.0)
    again = read_shortcut(SHORTCUT, 2.0)
    assert command
    assert again
    assert command.delivery == again.delivery
    assert command.text == Call("save")
    assert command.address["message"] == "1700000000.000100"
    assert command.address["in_thread"] == "1600000000.000100"
    assert command.address["response_url"] == SHORTCUT["response_url"]
    assert "thread" not in command.address
    assert (command.sender.name, command.place) == ("ada", "T1:C1")
    assert read_shortcut({"type": "message_action"}, 1.0) is None


def test_what_answers_a_button_in_a_thread_goes_there() -> None:
    press = {
        "user": {"id": "U1"},
        "team": {"id": "T1"},
        "container": {"channel_id": "C1", "message_ts": "1.2", "thread_ts": "1.1"},
        "actions": [{"action_id": "shorter", "value": "6f0d7a1e-6b0b-4d5e-9f6b-0c8a4a0d9d11"}],
    }
    command = read_press(press, 1.0)
    assert command is not None
    assert command.address["thread"] == "1.1"


@pytest.mark.parametrize(
    ("link", "where"),
    [
        (
            "https://acme.slack.com/archives/C1/p1700000000000100",
            {"channel_id": "C1", "message": "1700000000.000100"},
        ),
        (
            " <https://acme.enterprise.slack.com/archives/D2/p1700000000000100/> ",
            {"channel_id": "D2", "message": "1700000000.000100"},
        ),
        (
            "https://acme.slack.com/archives/C1/p1700000000000100"
            "?thread_ts=1600000000.000100&cid=C1",
            {
                "channel_id": "C1",
                "message": "1700000000.000100",
                "in_thread": "1600000000.000100",
            },
        ),
        (
            "https://acme.slack.com/archives/C1/p1700000000000100?thread_ts=1700000000.000100",
            {"channel_id": "C1", "message": "1700000000.000100"},
        ),
        (
            "https://acme.slack.com/archives/C1/p1700000000000100?thread_ts=x",
            {"channel_id": "C1", "message": "1700000000.000100"},
        ),
    ],
)
def test_the_address_of_a_message_is_understood(link: str, where: dict[str, str]) -> None:
    assert locate(link) == where | {"linked": "yes"}


@pytest.mark.parametrize(
    "link",
    [
        "",
        "hello",
        "https://acme.slack.com/archives/C1",
        "https://acme.slack.com/archives/C1/p17",
        "https://slack.com.evil.test/archives/C1/p1700000000000100",
        "https://evilslack.com/archives/C1/p1700000000000100",
        "ftp://acme.slack.com/archives/C1/p1700000000000100",
        "https://[broken/archives/C1/p1700000000000100",
    ],
)
def test_other_addresses_lead_to_no_message(link: str) -> None:
    assert locate(link) is None


def test_what_happens_in_a_shared_channel_is_answered_by_the_installation_it_came_through() -> None:
    there = {
        "team_id": "T2",
        "authorizations": [{"team_id": "T1", "enterprise_id": "E1", "user_id": US, "is_bot": True}],
    }
    command = command_of(spoken(f"<@{US}> hello", type="app_mention") | there)
    assert (command.sender.workspace, command.place) == ("T2", "T2:C1")
    assert Workspace.of(command.address) == Workspace("E1", "T1")
    item = {"type": "message", "channel": "C1", "ts": "1700000000.000100"}
    event = {"type": "reaction_added", "user": "U1", "reaction": "memo", "item": item}
    reaction = read_reaction(envelope(**event) | there, 1.0)
    assert reaction is not None
    assert (reaction.sender.workspace, reaction.place) == ("T2", "T2:C1")
    assert Workspace.of(reaction.address) == Workspace("E1", "T1")
