"""Which property takes which fact, and in what form."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from core.facts import NO_FACTS, Facts
from core.messages import Sender
from core.notion.filling import TYPES, fill, key
from core.notion.names import NAMES
from core.notion.properties import read_schema
from core.ports import Property

ADA = Sender("slack", "U1", "Ada", "T1")
BOB = Sender("slack", "U2", "Lovelace, Bob", "T1")
FACTS = Facts(
    author=ADA,
    participants=(ADA, BOB),
    channel="general",
    source="Slack",
    at=datetime(2026, 11, 24, 14, 1, 30, 250, tzinfo=timezone(timedelta(hours=2))),
    link="https://chat.example/m1",
    tags=("launch", "Q4"),
    provider="anthropic",
    model="claude-sonnet-5-5",
    files=(
        {"name": "plan.pdf", "line": "", "kind": "pdf", "id": "f1", "why": ""},
        {"name": "large.mp4", "line": "", "kind": "", "id": "", "why": "It is too large."},
    ),
)
KNOWN = {ADA: "n1"}


def text(content: str) -> dict[str, Any]:
    return {"rich_text": [{"type": "text", "text": {"content": content}}]}


def one(name: str, kind: str, *options: str) -> dict[str, Any]:
    return dict(fill([Property(name, kind, options)], FACTS, KNOWN).values)


@pytest.mark.parametrize(
    ("name", "kind", "value"),
    [
        ("Author", "people", {"people": [{"object": "user", "id": "n1"}]}),
        ("Author", "rich_text", text("Ada")),
        ("👤 Autorin", "select", {"select": {"name": "Ada"}}),
        ("Participants", "people", {"people": [{"object": "user", "id": "n1"}]}),
        (
            "Teilnehmer",
            "multi_select",
            {"multi_select": [{"name": "Ada"}, {"name": "Lovelace Bob"}]},
        ),
        ("participants", "rich_text", text("Ada, Lovelace, Bob")),
        ("Channel", "select", {"select": {"name": "general"}}),
        ("Canal", "rich_text", text("general")),
        ("Source", "multi_select", {"multi_select": [{"name": "Slack"}]}),
        ("Date", "date", {"date": {"start": "2026-11-24T12:01:30+00:00"}}),
        ("CREATED_AT", "date", {"date": {"start": "2026-11-24T12:01:30+00:00"}}),
        ("URL", "url", {"url": "https://chat.example/m1"}),
        ("Source", "url", {"url": "https://chat.example/m1"}),
        ("Tags", "multi_select", {"multi_select": [{"name": "launch"}, {"name": "Q4"}]}),
        ("Étiquettes", "multi_select", {"multi_select": [{"name": "launch"}, {"name": "Q4"}]}),
        ("Provider", "select", {"select": {"name": "anthropic"}}),
        ("Modell", "rich_text", text("claude-sonnet-5-5")),
        (
            "Files & media",
            "files",
            {
                "files": [
                    {"type": "file_upload", "file_upload": {"id": "f1"}, "name": "plan.pdf"},
                ]
            },
        ),
    ],
)
def test_a_fact_goes_where_the_type_and_the_name_are_made_for_it(
    name: str, kind: str, value: dict[str, Any]
) -> None:
    assert one(name, kind) == {name: value}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Due date", "date"),
        ("Reviewer", "people"),
        ("Priority", "select"),
        ("Status", "status"),
        ("Status", "select"),
        ("Website", "url"),
        ("Tags", "relation"),
        ("Date", "rich_text"),
        ("URL", "rich_text"),
        ("Channel", "number"),
        ("Name", "title"),
        *(
            (name, kind)
            for name in ("Author", "Date", "URL", "Tags", "Source", "Created by")
            for kind in (
                "formula",
                "rollup",
                "created_time",
                "created_by",
                "last_edited_time",
                "last_edited_by",
                "unique_id",
                "button",
                "verification",
                "something_new",
            )
        ),
    ],
)
def test_what_is_not_made_for_a_fact_is_left_alone(name: str, kind: str) -> None:
    assert one(name, kind) == {}


def test_what_is_not_known_fills_nothing_and_says_nothing() -> None:
    schema = [Property(names[0], kind) for fact, names in NAMES.items() for kind in TYPES[fact][:1]]
    assert fill(schema, NO_FACTS, {}) == fill([], FACTS, {})


def test_somebody_notion_does_not_know_goes_where_a_name_can_stand() -> None:
    both = [Property("Owner", "people"), Property("Created by", "rich_text")]
    assert dict(fill(both, FACTS, {}).values) == {"Created by": text("Ada")}
    assert one("Author", "people") != {}
    assert fill([Property("Author", "people")], FACTS, {}).values == {}


def test_a_fact_fills_one_property_the_one_that_fits_best() -> None:
    schema = [Property("URL", "url"), Property("Permalink", "url"), Property("Link", "url")]
    assert list(fill(schema, FACTS, {}).values) == ["Permalink"]


def test_an_option_that_is_there_is_taken_whatever_its_case() -> None:
    assert one("Source", "select", "Discord", "SLACK") == {"Source": {"select": {"name": "SLACK"}}}
    tags = one("Tags", "multi_select", "Launch")["Tags"]["multi_select"]
    assert tags == [{"name": "Launch"}, {"name": "Q4"}]


def test_a_status_takes_what_it_has_and_the_rest_is_told() -> None:
    assert one("Source", "status", "Slack") == {"Source": {"status": {"name": "Slack"}}}
    filled = fill([Property("Source", "status", ("Web",))], FACTS, {})
    assert filled.values == {}
    assert filled.notes == (
        "“Source” was left out: it has no option “Slack”, and options of a status are made in "
        "Notion alone.",
    )


def test_values_keep_within_notions_limits() -> None:
    long = replace(
        FACTS,
        channel="😀" * 1500,
        tags=tuple(f"tag {number}" for number in range(120)),
        author=Sender("slack", "U1", "a,b" + "😀" * 60),
        link="https://chat.example/" + "x" * 2000,
    )
    schema = [
        Property("Channel", "rich_text"),
        Property("Tags", "multi_select"),
        Property("Author", "select"),
        Property("URL", "url"),
    ]
    filled = fill(schema, long, {})
    assert filled.values["Channel"] == text("😀" * 1000)
    assert len(filled.values["Tags"]["multi_select"]) == 100
    assert filled.values["Author"] == {"select": {"name": "a b" + "😀" * 48}}
    assert "URL" not in filled.values
    assert filled.notes == ("“URL” was left out: an address may have 2,000 characters in Notion.",)


def test_what_is_no_address_goes_into_no_url() -> None:
    for link in ("javascript:alert(1)", "https://", "m1"):
        assert fill([Property("URL", "url")], replace(FACTS, link=link), {}).values == {}


def test_every_name_is_spelled_as_names_are_compared() -> None:
    assert all(key(name) == name for names in NAMES.values() for name in names)


def test_a_schema_is_read_with_its_options_and_without_what_is_no_property() -> None:
    source = {
        "properties": {
            "Name": {"id": "title", "type": "title", "title": {}},
            "State": {"type": "status", "status": {"options": [{"name": "Open"}, {}]}},
            "Bare": {"multi_select": {"options": []}},
            "Odd": None,
        }
    }
    assert read_schema(source) == (
        Property("Name", "title"),
        Property("State", "status", ("Open",)),
        Property("Bare", "multi_select"),
    )
    assert read_schema({}) == ()
