from typing import Any

import pytest

from bot.discord.panel import SAVING, chosen, render_panel
from core.ports import Choice, Destination, Linked, Overview
from sandbox.discord.rules import check_message, walk

OWN = Destination("1" * 32, "page", "Team notes", "https://www.notion.so/notes")
HERE = Destination("2" * 32, "data_source", "Tasks", "https://www.notion.so/tasks")
CHOICES: Any = {
    "provider": [Choice("openai", "openai (gpt)"), Choice("offline", "offline (small)")],
    "template": [Choice("retro", "retro")],
    "destination": [Choice(HERE.id, "Tasks")],
}


def shown(overview: Overview, choices: Any = CHOICES) -> tuple[str, dict[str, Any]]:
    part = render_panel(overview, choices, linking=True)
    check_message(part)
    fields = {one["custom_id"]: one for one in walk(part["components"]) if "custom_id" in one}
    return part["content"], fields


def defaults(field: dict[str, Any]) -> list[str]:
    return [one["value"] for one in field["options"] if one["default"]]


def test_everything_is_said_and_what_is_in_force_is_chosen() -> None:
    pages = tuple((f"a plan {n}", f"https://www.notion.so/{n}") for n in range(5))
    overview = Overview(
        account="ada",
        identities=(("discord", "Ada"), ("slack", "ada.l")),
        own=OWN,
        channel=HERE,
        provider="offline",
        template="retro",
        pages=pages,
        requests=12,
        tokens=3456,
    )
    text, fields = shown(overview)
    assert "**ada**: Ada on Discord, ada.l on Slack" in text
    assert "Team notes" in text
    assert "your own choice" in text
    assert "Tasks" in text
    assert all(address in text for _, address in pages)
    assert "12 requests, 3,456 tokens" in text
    assert defaults(fields["panel:provider"]) == ["offline"]
    assert defaults(fields["panel:template"]) == ["retro"]
    assert defaults(fields["panel:destination"]) == [OWN.id]


def test_saving_at_once_and_the_model_are_said_and_changed() -> None:
    text, fields = shown(Overview(provider="openai", model="gpt-y"))
    assert "**openai** (gpt-y)." in text
    assert fields["panel:save-on"]["label"] == "Save at once"
    text, fields = shown(Overview(provider="openai", model="gpt-y", saves=True))
    assert "**openai** (gpt-y), and saved to Notion at once." in text
    assert "panel:save-on" not in fields
    assert SAVING["save-off"] == "settings save off"
    assert fields["panel:save-off"]["label"] == "Do not save at once"


def test_somebody_nobody_knows_is_told_what_they_could_do() -> None:
    text, fields = shown(Overview(provider="openai"))
    assert "Not linked" in text
    assert "/notion link" in text
    assert "Notion does not say" in text
    assert defaults(fields["panel:destination"]) == []
    assert {"panel:write", "panel:place", "panel:reset", "panel:refresh"} <= set(fields)


def test_how_notion_is_connected_and_what_can_be_done_about_it() -> None:
    text, fields = shown(Overview(provider="openai"))
    assert "panel:notion" not in fields
    assert fields["panel:notion-check"]["label"] == "Check Notion"
    text, fields = shown(Overview(provider="openai", connects=True))
    assert "You have not connected a Notion of your own." in text
    assert fields["panel:notion"]["label"] == "Connect your Notion"
    linked = (Linked(False, "Acme", "Robin", lost=True), Linked(True, "Team", ""))
    text, fields = shown(Overview(provider="openai", connects=True, notion=linked))
    assert "- Your own connection: Notion “Acme”, agreed to by Robin; **not accepted" in text
    assert "- This workspace's connection: Notion “Team”." in text
    assert fields["panel:notion"]["label"] == "Reconnect Notion"


def test_without_choices_there_are_no_empty_lists() -> None:
    _, fields = shown(Overview(provider="openai"), {})
    assert {"panel:provider", "panel:destination"}.isdisjoint(fields)


def test_however_much_there_is_it_is_one_message_that_calls_nobody() -> None:
    pages = tuple((f"@everyone {'x' * 500}", "https://n.so/" + "y" * 900) for _ in range(5))
    text, _ = shown(Overview(account="<@&1>", provider="openai", pages=pages))
    assert len(text) <= 2000


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("provider", "settings provider x"),
        ("template", "settings template x"),
        ("destination", "to x"),
        ("model", None),
    ],
)
def test_what_is_chosen_is_a_line(name: str, line: str | None) -> None:
    assert chosen(name, ["x"]) == line
    assert chosen(name, []) is None
