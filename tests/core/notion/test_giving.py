"""Values that somebody names, in the form Notion takes."""

from datetime import date
from typing import Any

import pytest

from core.notion.giving import Filled, give
from core.ports import Property

TODAY = date(2026, 11, 25)
SCHEMA = (
    Property("Name", "title"),
    Property("Status", "status", ("To do", "Done")),
    Property("Team", "select", ("Core",)),
    Property("Labels", "multi_select", ("ui",)),
    Property("Points", "number"),
    Property("Urgent?", "checkbox"),
    Property("Mail", "email"),
    Property("Phone", "phone_number"),
    Property("Due date", "date"),
    Property("Where", "url"),
    Property("Notes", "rich_text"),
    Property("Owner", "people"),
    Property("Project", "relation", related="d1"),
    Property("Proof", "files"),
    Property("Sum", "formula"),
)
MORNING = {"date": {"start": "2026-12-01T09:30:00+00:00"}}
FOUND = {
    ("Project", "Apollo"): ["p1"],
    ("Project", "Twice"): ["p2", "p3"],
    ("Owner", "ada@example.com"): ["u1"],
}


def said(name: str, value: str) -> Filled:
    return give(SCHEMA, ((name, value),), FOUND, TODAY)


@pytest.mark.parametrize(
    ("name", "value", "property_", "written"),
    [
        ("status", "to DO", "Status", {"status": {"name": "To do"}}),
        ("TEAM", "core", "Team", {"select": {"name": "Core"}}),
        ("Team", "Design", "Team", {"select": {"name": "Design"}}),
        ("labels", "UI, api", "Labels", {"multi_select": [{"name": "ui"}, {"name": "api"}]}),
        ("Points", "1,234.5", "Points", {"number": 1234.5}),
        ("Points", "3,5", "Points", {"number": 3.5}),
        ("Points", "0", "Points", {"number": 0}),
        ("Points", "50 %", "Points", {"number": 0.5}),
        ("urgent", "Yes", "Urgent?", {"checkbox": True}),
        ("Urgent?", "nein", "Urgent?", {"checkbox": False}),
        ("mail", "ada@example.com", "Mail", {"email": "ada@example.com"}),
        ("Phone", "+49 30 1234", "Phone", {"phone_number": "+49 30 1234"}),
        ("due date", "2026-12-01", "Due date", {"date": {"start": "2026-12-01"}}),
        ("Due date", "tomorrow", "Due date", {"date": {"start": "2026-11-26"}}),
        (
            "Due date",
            "2026-12-01 .. 2026-12-04",
            "Due date",
            {"date": {"start": "2026-12-01", "end": "2026-12-04"}},
        ),
        (
            "Due date",
            "2026-12-01 14:30",
            "Due date",
            {"date": {"start": "2026-12-01T14:30:00+00:00"}},
        ),
        ("Where", "https://example.com/x", "Where", {"url": "https://example.com/x"}),
        ("Notes", "a, b", "Notes", {"rich_text": [{"type": "text", "text": {"content": "a, b"}}]}),
        ("Owner", "ada@example.com", "Owner", {"people": [{"object": "user", "id": "u1"}]}),
        ("Project", "Apollo", "Project", {"relation": [{"id": "p1"}]}),
    ],
)
def test_a_value_is_written_as_its_propertys_type_wants(
    name: str, value: str, property_: str, written: dict[str, Any]
) -> None:
    assert said(name, value) == Filled({property_: written})


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        (
            "Colour",
            "red",
            "“Colour” was left out: the data source has no property of this name",
        ),
        ("Status", "Later", "no option “Later”, and options of a status are made in Notion alone"),
        ("Status", "Later", "It has: To do, Done."),
        ("Points", "many", "“many” is no number"),
        ("Urgent?", "perhaps", "neither yes nor no"),
        ("Mail", "ada", "no email address"),
        ("Due date", "soon", "write it like 2026-11-25"),
        ("Where", "here", "begins with https://"),
        ("Owner", "Grace", "Notion knows nobody here as “Grace”"),
        ("Project", "Gemini", "no page of the data source it points to is called “Gemini”"),
        ("Project", "Twice", "more than one page is called “Twice”"),
        ("Name", "Other", "the title is that of what is saved"),
        ("Sum", "3", "Notion lets nobody write a property of the type formula"),
    ],
)
def test_what_does_not_fit_is_told_in_plain_words_and_left_out(
    name: str, value: str, told: str
) -> None:
    found = said(name, value)
    assert found.values == {}
    assert told in found.notes[0]


def test_of_several_pages_those_that_are_there_are_related() -> None:
    found = said("Project", "Apollo, Gemini")
    assert found.values == {"Project": {"relation": [{"id": "p1"}]}}
    assert "Gemini" in found.notes[0]


def test_an_empty_value_leaves_the_property_empty() -> None:
    assert said("Team", "") == Filled({"Team": {}})
