"""Forms and panels, held to Discord's own OpenAPI document."""

from typing import Any

import pytest

from bot.discord.form import render_form
from bot.discord.panel import render_panel
from core.commands.registry import COMMANDS
from core.ports import Choice, Overview
from tests.contracts.discord_spec import faults

MODAL = {"$ref": "#/components/schemas/ModalInteractionCallbackRequestData"}
ROW = {"$ref": "#/components/schemas/ActionRowComponentForMessageRequest"}

CHOICES: Any = {
    kind: [Choice(str(n), "word " * 50) for n in range(30)]
    for kind in ("provider", "template", "destination")
}


@pytest.mark.parametrize("choices", [CHOICES, {}])
@pytest.mark.parametrize("given", [{}, {"model": "m", "to": "x" * 200, "save": True}])
@pytest.mark.parametrize("name", ["generate", "to"])
def test_a_form_is_as_documented(name: str, given: Any, choices: Any) -> None:
    assert faults(MODAL, render_form(COMMANDS[name], given, choices)) == []


@pytest.mark.parametrize("choices", [CHOICES, {}])
def test_a_panel_is_as_documented(choices: Any) -> None:
    part = render_panel(Overview(provider="openai"), choices, linking=True)
    assert [faults(ROW, row) for row in part["components"]] == [[]] * len(part["components"])
