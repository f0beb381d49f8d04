from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.discord.form import line_of_form, render_form
from core.commands.parse import parse
from core.commands.registry import COMMANDS
from core.messages import Call
from core.ports import Choice
from core.preferences import Preferred
from sandbox.discord.forms import check_modal, filled_in

Json = dict[str, Any]

GENERATE = COMMANDS["generate"]
CHOICES: Any = {
    "provider": [Choice("openai", "openai (gpt)"), Choice("offline", "offline (small)")],
    "template": [Choice("retro", "retro")],
    "destination": [Choice("1" * 32, "Team notes"), Choice("2" * 32, "Plans")],
}


def field(form: Json, name: str) -> Json:
    [found] = [
        each["component"] for each in form["components"] if each["component"]["custom_id"] == name
    ]
    return found


def submitted(form: Json, **values: Any) -> Call:
    line = line_of_form(filled_in(check_modal(form), values), COMMANDS)
    assert line is not None
    return parse(line)


def test_a_form_asks_for_the_text_what_can_be_chosen_and_what_follows() -> None:
    form = check_modal(render_form(GENERATE, {}, CHOICES))
    names = [each["component"]["custom_id"] for each in form["components"]]
    assert names == ["prompt", "provider", "template", "to", "switches"]
    text = field(form, "prompt")
    assert (text["type"], text["style"], text["max_length"]) == (4, 2, 4000)
    assert text["required"]
    assert [one["label"] for one in field(form, "to")["options"]] == ["Team notes", "Plans"]
    assert [one["value"] for one in field(form, "switches")["options"]] == ["save", "private"]


def test_what_is_filled_in_is_what_would_have_been_typed() -> None:
    form = render_form(GENERATE, {}, CHOICES)
    call = submitted(
        form,
        prompt="A plan\n\nfor two",
        provider=["offline"],
        template=["retro"],
        to=["1" * 32],
        switches=["save", "private"],
    )
    flags = {
        "provider": "offline",
        "template": "retro",
        "to": "1" * 32,
        "save": True,
        "private": True,
    }
    assert call == Call("generate", "A plan\n\nfor two", flags)
    assert submitted(form, prompt="A plan") == Call("generate", "A plan", {})


def test_what_somebody_chose_for_themselves_is_what_the_form_begins_with() -> None:
    usual = Preferred("openai", "retro", model="gpt-y", saves=True)
    form = check_modal(render_form(GENERATE, {}, CHOICES, usual))
    assert field(form, "provider")["placeholder"] == "As usual: openai, gpt-y"
    assert field(form, "template")["placeholder"] == "As usual: retro"
    assert [one["value"] for one in field(form, "template")["options"]] == ["retro", "none"]
    switches = field(form, "switches-saving")
    assert [one["value"] for one in switches["options"] if one["default"]] == ["save"]
    assert submitted(form, prompt="a").flags == {"save": True}
    assert submitted(form, prompt="a", **{"switches-saving": []}).flags == {"no-save": True}
    chosen = submitted(form, prompt="a", to=["1" * 32], **{"switches-saving": []})
    assert chosen.flags == {"to": "1" * 32}, "a place that is chosen saves"
    private = render_form(GENERATE, {"private": True}, CHOICES, usual)
    assert submitted(private, prompt="a").flags == {"private": True, "no-save": True}


def test_what_was_typed_already_is_chosen_already_or_carried_along() -> None:
    given = {"provider": "openai", "to": "Some other page", "model": "gpt-5", "save": True}
    form = render_form(GENERATE, given, CHOICES)
    chosen = [one["label"] for one in field(form, "to")["options"] if one["default"]]
    assert chosen == ["Some other page"]
    assert submitted(form, prompt="a").flags == given
    assert submitted(form, prompt="a", switches=[]).flags == {
        name: value for name, value in given.items() if name != "save"
    }


def test_what_an_id_has_no_room_for_stands_in_the_text() -> None:
    model = "a-model-" + "x" * 120
    form = render_form(GENERATE, {"model": model}, CHOICES)
    start = field(form, "prompt")["value"]
    call = submitted(form, prompt=start + "A plan")
    assert call == Call("generate", "A plan", {"model": model})


@pytest.mark.parametrize("given", [{}, {"to": "Team notes"}, {"to": "https://n.so/" + "x" * 120}])
def test_without_choices_in_time_the_place_is_typed(given: dict[str, str]) -> None:
    form = render_form(GENERATE, given, {})
    assert field(form, "to")["type"] == 4
    assert submitted(form, prompt="a").flags == given
    assert submitted(form, prompt="a", to='A "plan"').flags == {"to": 'A "plan"'}


def test_a_place_too_long_to_be_a_choice_is_typed() -> None:
    address = "https://www.notion.so/" + "x" * 100
    form = render_form(GENERATE, {"to": address}, CHOICES)
    assert submitted(form, prompt="a").flags == {"to": address}


def test_flags_in_the_text_count_and_what_is_none_is_text() -> None:
    form = render_form(GENERATE, {}, CHOICES)
    assert submitted(form, prompt="a --save") == Call("generate", "a", {"save": True})
    call = submitted(form, prompt="git push --force --save", provider=["openai"])
    assert call == Call("generate", "git push --force --save", {"provider": "openai"})


def test_a_form_for_a_place_asks_for_a_line() -> None:
    form = render_form(COMMANDS["to"], {}, {})
    assert field(form, "destination")["style"] == 1
    assert submitted(form, destination="Team notes") == Call("to", "Team notes", {})
    assert submitted(form, destination="Team notes", switches=["channel"]).flags == {
        "channel": True
    }


@pytest.mark.parametrize("custom_id", ["", "poll", "forms", "panel:write"])
def test_a_form_of_somebody_else_is_none(custom_id: str) -> None:
    assert line_of_form({"custom_id": custom_id, "components": []}, COMMANDS) is None


def test_a_form_that_says_little_is_read_as_far_as_it_goes() -> None:
    bare: Json = {"custom_id": "form:generate", "components": [7, {"component": None}]}
    assert line_of_form(bare, COMMANDS) == "generate -- "
    bare["components"].append({"components": [{"custom_id": "prompt", "value": "a"}]})
    assert line_of_form(bare, COMMANDS) == "generate a"
    assert line_of_form({"custom_id": "form:gone"}, COMMANDS) == "gone"


@given(st.text(), st.dictionaries(st.sampled_from(["to", "model", "template"]), st.text()))
def test_whatever_was_typed_the_form_is_one_that_discord_takes(
    prompt: str, flags: dict[str, str]
) -> None:
    given = {name: value for name, value in flags.items() if value.strip()}
    form = check_modal(render_form(GENERATE, given, CHOICES))
    line = line_of_form(filled_in(form, {"prompt": prompt or "a"}), COMMANDS)
    assert line is not None
    assert line.startswith("generate")
