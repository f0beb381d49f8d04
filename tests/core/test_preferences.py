"""What people chose for themselves, as it is checked, kept and used."""

from typing import Any

import pytest

from core.errors import InvalidInput
from core.preferences import NOTHING, Preferred, as_usual, checked, preferred, together

PROVIDERS = ("openai", "deepseek")


@pytest.mark.parametrize(
    ("before", "changes", "after"),
    [
        ({}, {"model": "m1"}, {"model": "m1", "provider": "openai"}),
        ({"provider": "deepseek"}, {"model": "m1"}, {"model": "m1"}),
        ({"provider": "gone"}, {"model": "m1"}, {"model": "m1", "provider": "openai"}),
        ({}, {"model": "m1", "provider": "deepseek"}, {"model": "m1", "provider": "deepseek"}),
        ({}, {"model": "m1", "provider": None}, {"model": "m1", "provider": "openai"}),
        (
            {"provider": "openai", "model": "m1"},
            {"provider": "deepseek"},
            {"provider": "deepseek", "model": None},
        ),
        ({"provider": "openai", "model": "m1"}, {"provider": "openai"}, {"provider": "openai"}),
        (
            {"provider": "openai", "model": "m1"},
            {"provider": None},
            {"provider": None, "model": None},
        ),
        ({"provider": "openai", "model": "m1"}, {"save": True}, {"save": True}),
        ({"provider": "openai", "model": "m1"}, {"model": None}, {"model": None}),
    ],
)
def test_a_model_is_kept_with_the_provider_whose_it_is(
    before: dict[str, Any], changes: dict[str, Any], after: dict[str, Any]
) -> None:
    assert together(before, changes, PROVIDERS) == after


def test_what_this_server_cannot_do_is_left_out() -> None:
    chosen = {"provider": "openai", "model": "m1", "template": "retro", "save": True}
    assert preferred(chosen, PROVIDERS) == Preferred("openai", "retro", model="m1", saves=True)
    gone = preferred(chosen, ("deepseek",))
    assert (gone.provider, gone.model, gone.saves) == (None, None, True)
    assert "openai, your choice" in gone.note
    assert preferred({}, PROVIDERS) == NOTHING


@pytest.mark.parametrize("said", ["on", "Yes", "always"])
def test_saving_at_once_is_said_in_several_words(said: str) -> None:
    assert checked("save", said, PROVIDERS) is True


@pytest.mark.parametrize("said", ["off", "No", "never"])
def test_not_saving_at_once_is_what_holds_anyway(said: str) -> None:
    assert checked("save", said, PROVIDERS) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("save", "maybe"),
        ("model", "two words"),
        ("model", "x" * 129),
        ("model", "a\x07"),
        ("model", ""),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(name: str, value: str) -> None:
    with pytest.raises(InvalidInput, match=f"^{name}: "):
        checked(name, value, PROVIDERS)


def test_forms_say_what_is_usual() -> None:
    usual = Preferred("openai", "retro", model="m1")
    assert as_usual("provider", usual) == "As usual: openai, m1"
    assert as_usual("template", usual) == "As usual: retro"
    assert as_usual("provider", NOTHING) == as_usual("destination", usual) == "As usual"
