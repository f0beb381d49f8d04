import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.discord.parse import call_of_button, describe, line_of, options_of
from core.commands.command import Argument, Command, Flag
from core.commands.context import Context
from core.commands.parse import parse
from core.commands.registry import COMMANDS
from core.messages import Answer, Call


async def nothing(context: Context, call: Call) -> Answer:
    return Answer("")


COMMAND = Command(
    name="write",
    summary="Write.",
    run=nothing,
    argument=Argument("Some words", required=False, example="x" * 200),
    flags=(
        Flag("save", "Save it."),
        Flag("no-save", "Do not.", undoes="save"),
        Flag("to", "Where to.", "DESTINATION"),
    ),
)


def test_the_text_comes_first_and_each_flag_is_an_option() -> None:
    text, save, to = options_of(COMMAND)
    assert (text.name, text.required, text.switch) == ("some-words", False, False)
    assert (save.name, save.switch) == ("save", True)
    assert (to.name, to.switch, to.description) == ("to", False, "Where to.")


def test_descriptions_keep_to_a_hundred_characters() -> None:
    assert len(options_of(COMMAND)[0].description) == 100
    assert describe("short") == "short"


@pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda command: command.name)
def test_every_command_has_options_discord_takes(command: Command) -> None:
    options = options_of(command)
    assert len(options) <= 25
    assert len({option.name for option in options}) == len(options)
    assert all(1 <= len(option.description) <= 100 for option in options)


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({}, "write"),
        ({"some-words": "a  b"}, "write a  b"),
        ({"save": True, "some-words": "a"}, "write --save a"),
        ({"save": None, "to": None, "some-words": None}, "write"),
        ({"save": False}, "write --no-save"),
        ({"to": "Team notes", "some-words": "a"}, 'write --to "Team notes" a'),
        ({"to": 'The "plan"'}, "write --to 'The \"plan\"'"),
        ({"to": 'Ada\'s "plan"'}, 'write --to "Ada\'s plan"'),
        ({"to": "  "}, "write"),
    ],
)
def test_options_amount_to_what_would_have_been_typed(values: dict[str, object], line: str) -> None:
    assert line_of(COMMAND, values) == line


@settings(max_examples=50)
@given(st.text(st.characters(exclude_characters='"\0', exclude_categories=("C", "Z"))))
def test_an_options_value_is_read_back_as_it_was_given(value: str) -> None:
    values = {"to": value, "prompt": "words"}
    call = parse(line_of(COMMANDS["generate"], values))
    assert call.text == "words"
    assert call.value("to") == (value or None)


def test_a_buttons_id_says_what_is_wanted_and_fits() -> None:
    item = "6f0d7a1e-6b0b-4d5e-9f6b-0c8a4a0d9d11"
    call = call_of_button(f"shorter:{item}", private=True)
    assert call == Call("rewrite", item, {"how": "shorter", "private": True})
    for other in ("", "save", "save:1", f"delete:{item}", item):
        assert call_of_button(other, private=False) is None


def test_one_option_holds_several_properties() -> None:
    values = {"link": "x", "set": 'Status=To do; Due date="2026-12-01";Team=Core; and more'}
    line = line_of(COMMANDS["save"], values)
    assert parse(line) == Call(
        "save", "x", {"set": "Status=To do\nDue date=2026-12-01\nTeam=Core; and more"}
    )
