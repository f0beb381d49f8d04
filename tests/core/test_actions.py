import re
from uuid import UUID

import pytest

from core.actions import (
    LABELS,
    PATTERN,
    call_of,
    when_failed,
    when_unsaved,
    when_written,
    while_writing,
)
from core.commands.registry import COMMANDS
from core.messages import Action, Answer, Call

ITEM = UUID("0b8e7a52-3f0e-4c55-8a61-5f4f3f1b2c7d")


def names(actions: tuple[Action, ...]) -> list[str]:
    return [action.name for action in actions]


def test_what_can_be_done_depends_on_how_far_the_answer_is() -> None:
    assert names(while_writing(ITEM)) == ["stop"]
    assert names(when_written(ITEM)) == ["save", "regenerate", "shorter", "longer", "up", "down"]
    assert names(when_written(ITEM, saved=True)) == [
        "regenerate",
        "shorter",
        "longer",
        "up",
        "down",
    ]
    assert names(when_written(ITEM, text=False)) == ["regenerate"]
    assert names(when_failed(ITEM)) == ["retry"]


@pytest.mark.parametrize("name", LABELS)
def test_every_button_asks_for_a_command_that_nobody_types(name: str) -> None:
    call = call_of(name, str(ITEM))
    assert call is not None
    assert call.text == str(ITEM)
    assert not COMMANDS[call.command].listed


def test_what_could_not_be_saved_is_asked_for_again_by_its_request() -> None:
    [action] = when_unsaved(ITEM)
    assert re.fullmatch(PATTERN, action.name)
    assert call_of(action.name, action.item) == Call("again", str(ITEM))


@pytest.mark.parametrize(("name", "item"), [("delete", str(ITEM)), ("save", "1"), ("", "")])
def test_what_is_no_button_of_ours_asks_for_nothing(name: str, item: str) -> None:
    assert call_of(name, item) is None


def test_under_a_private_answer_the_next_one_is_private_too() -> None:
    assert call_of("longer", str(ITEM), private=True) == Call(
        "rewrite", str(ITEM), {"how": "longer", "private": True}
    )


def test_an_answer_keeps_its_actions_and_an_older_one_has_none() -> None:
    answer = Answer("text", notes=("note",), actions=when_written(ITEM))
    data = answer.to_json()
    assert Answer.from_json(data) == answer
    del data["actions"]
    assert Answer.from_json(data).actions == ()
