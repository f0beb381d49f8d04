import json
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.slack.markdown import plain_text
from bot.slack.parse import read_body, read_command, read_press
from core.errors import InvalidInput
from core.messages import Call

FORM = "application/x-www-form-urlencoded"
FIELDS = {
    "team_id": "T1",
    "channel_id": "C1",
    "user_id": "U1",
    "user_name": "ada",
    "text": "generate hello",
    "trigger_id": "1.2.3",
    "response_url": "https://hooks.slack.com/commands/T1/1/x",
}

ITEM = "6f0d7a1e-6b0b-4d5e-9f6b-0c8a4a0d9d11"
PRESS = {
    "type": "block_actions",
    "team": {"id": "T1", "domain": "sandbox"},
    "user": {"id": "U1", "username": "ada", "team_id": "T1"},
    "channel": {"id": "C1", "name": "general"},
    "container": {"type": "message", "message_ts": "1.2", "channel_id": "C1"},
    "enterprise": None,
    "trigger_id": "1.2.3",
    "response_url": "https://hooks.slack.com/actions/T1/1/x",
    "actions": [{"type": "button", "action_id": "shorter", "value": ITEM, "action_ts": "3.4"}],
}


@pytest.mark.parametrize(
    ("sent", "typed"),
    [
        ("a &lt; b &amp;&amp; c &gt; d", "a < b && c > d"),
        ("ask <@U123|ada> about <#C1|general>", "ask @ada about #general"),
        ("ask <@U123>", "ask @U123"),
        (
            "see <https://example.com/a?b=1&amp;c=2|example.com>",
            "see https://example.com/a?b=1&c=2",
        ),
        ("<mailto:ada@example.com|ada@example.com>", "ada@example.com"),
        ("<!here> <!subteam^S1|@team>", "@here @team"),
        ("if a < b and c > d", "if a < b and c > d"),
        ("&amp;lt;", "&lt;"),
    ],
)
def test_what_slack_escaped_reads_as_it_was_typed(sent: str, typed: str) -> None:
    assert plain_text(sent) == typed


@settings(max_examples=50)
@given(st.text())
def test_any_text_survives_escaping_and_reading(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert plain_text(escaped) == text


def test_a_command_knows_its_sender_and_where_to_answer() -> None:
    command = read_command(FIELDS | {"enterprise_id": "E1"}, 1_700_000_000.5)
    assert (command.sender.platform, command.sender.id) == ("slack", "U1")
    assert (command.sender.name, command.sender.workspace) == ("ada", "T1")
    assert command.text == "generate hello"
    assert command.address == {
        "delivery": str(command.delivery),
        "channel_id": "C1",
        "user_id": "U1",
        "team_id": "T1",
        "enterprise_id": "E1",
        "response_url": "https://hooks.slack.com/commands/T1/1/x",
        "accepted_at": "1700000000.500000",
        "asker": "ada",
    }


def test_one_delivery_read_twice_has_one_id_and_another_has_another() -> None:
    first, again = read_command(FIELDS, 1.0), read_command(FIELDS, 2.0)
    other = read_command(FIELDS | {"trigger_id": "1.2.4"}, 1.0)
    assert first.delivery == again.delivery != other.delivery


@pytest.mark.parametrize("missing", [[], ["trigger_id"], ["trigger_id", "response_url"]])
def test_commands_are_told_apart_by_their_text_where_ids_are_the_same(missing: list[str]) -> None:
    fields = {name: value for name, value in FIELDS.items() if name not in missing}
    first, again = read_command(fields, 1.0), read_command(fields, 2.0)
    other = read_command(fields | {"text": "generate another"}, 2.0)
    assert first.delivery == again.delivery != other.delivery


def test_without_any_id_the_same_text_a_minute_later_is_a_command_of_its_own() -> None:
    fields = {"user_id": "U1", "text": "generate hello"}
    assert read_command(fields, 0.0).delivery != read_command(fields, 60.0).delivery


def test_an_address_that_is_not_http_is_not_kept() -> None:
    fields = FIELDS | {"response_url": "file:///etc/passwd"}
    assert read_command(fields, 1.0).address["response_url"] == ""


def test_a_command_without_most_fields_is_still_a_command() -> None:
    assert read_command({"text": None}, 1.0).text == ""


def test_a_command_that_speaks_of_a_payload_keeps_its_fields() -> None:
    body = urlencode({"command": "/notion", "text": "generate a payload schema"}).encode()
    assert read_body(body, FORM)["text"] == "generate a payload schema"


def test_an_interaction_is_read_from_its_payload_field() -> None:
    body = urlencode({"payload": json.dumps({"type": "block_actions"})}).encode()
    assert read_body(body, FORM) == {"type": "block_actions"}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"payload=nonsense", FORM),
        (b"payload=[1]", FORM),
        (b"\xff\xfe", FORM),
    ],
)
def test_a_body_that_says_nothing_is_refused(body: bytes, kind: str) -> None:
    with pytest.raises(InvalidInput):
        read_body(body, kind)


def test_a_press_says_who_wants_what_where_and_where_to_answer() -> None:
    press, command = read_press(PRESS, 1.0), read_command(FIELDS, 1.0)
    assert press is not None
    assert press.text == Call("rewrite", ITEM, {"how": "shorter"})
    assert press.sender == command.sender, "the same person as the one who types"
    assert press.place == command.place
    assert press.address == dict(command.address) | {
        "delivery": str(press.delivery),
        "response_url": PRESS["response_url"],
        "pressed": "yes",
    }


def test_each_press_is_one_of_its_own_and_its_repeat_is_the_same() -> None:
    def delivered(**changes: object) -> object:
        press = read_press(PRESS | changes, 1.0)
        assert press is not None
        return press.delivery

    other = [dict(PRESS["actions"][0]) | {"action_id": "longer"}]  # type: ignore[arg-type]
    assert delivered() == delivered()
    deliveries = [
        delivered(),
        delivered(trigger_id="1.2.4"),
        delivered(actions=other),
        delivered(trigger_id=None),
    ]
    assert len(set(deliveries)) == len(deliveries)


def test_a_press_under_a_private_answer_asks_for_a_private_one() -> None:
    container = {"type": "message", "channel_id": "C1", "is_ephemeral": True}
    press = read_press(PRESS | {"container": container, "channel": None}, 1.0)
    assert press is not None
    assert press.text == Call("rewrite", ITEM, {"how": "shorter", "private": True})
    assert press.address["channel_id"] == "C1"


def test_where_a_whole_organisation_has_the_app_the_person_names_the_team() -> None:
    press = read_press(PRESS | {"team": None, "enterprise": {"id": "E1"}}, 1.0)
    assert press is not None
    assert (press.sender.workspace, press.address["enterprise_id"]) == ("T1", "E1")


@pytest.mark.parametrize(
    "changes",
    [
        {"actions": []},
        {"actions": None},
        {"actions": ["save"]},
        {"actions": [{"action_id": "delete", "value": ITEM}]},
        {"actions": [{"action_id": "save", "value": "1"}]},
        {"actions": [{"action_id": "save"}]},
        {"user": None},
    ],
)
def test_what_is_no_press_of_ours_is_none(changes: dict[str, object]) -> None:
    assert read_press(PRESS | changes, 1.0) is None
