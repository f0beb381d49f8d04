"""Commands as Discord's options, and options back as a line. Pure.

https://docs.discord.com/developers/interactions/application-commands
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from core.actions import call_of
from core.commands.command import Command
from core.messages import Call
from core.ports import Chosen

LONGEST_OPTION = 6_000
"""Characters of one option."""

_LONGEST_DESCRIPTION = 100
_LONGEST_NAME = 32


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a subcommand; `switch` is a yes or no, all else is text.

    `choose` is what Discord lists while somebody types it.
    """

    name: str
    description: str
    required: bool = False
    switch: bool = False
    choose: Chosen | None = None


def options_of(command: Command) -> list[Option]:
    """The options of a command: the text after its name first, then its flags.

    A text that a form asks for may be left out.
    """
    found = []
    if command.argument is not None:
        example = f", such as: {command.argument.example}" if command.argument.example else ""
        about = describe(f"The {command.argument.name}{example}")
        required = command.argument.required and not command.form
        name, choose = option_name(command.argument.name), command.argument.choose
        found.append(Option(name, about, required, choose=choose))
    for flag in command.flags:
        if flag.undoes is not None:
            continue  # a no to the other one
        about = describe(flag.help)
        name, switch = option_name(flag.name), flag.value is None
        found.append(Option(name, about, switch=switch, choose=flag.choose))
    return found


def describe(text: str) -> str:
    """A description within Discord's limit of 100 characters."""
    if len(text) <= _LONGEST_DESCRIPTION:
        return text
    return text[: _LONGEST_DESCRIPTION - 1].rstrip() + "…"


def line_of(command: Command, values: Mapping[str, object]) -> str:
    """What the person would have typed, so that one parser reads the commands of every platform.

    Flags come first: where the text holds a lone `--`, what follows it is text.
    """
    words = [command.name]
    for flag in command.flags:
        value = values.get(option_name(flag.name))
        if flag.undoes is not None and values.get(option_name(flag.undoes)) is False:
            value = True
        if flag.value is None and value:
            words.append(f"--{flag.name}")
        elif isinstance(value, str) and value.strip() and flag.several:
            words += [f"--{flag.name} {pair}" for pair in _pairs(value)]
        elif isinstance(value, str) and value.strip():
            words.append(f"--{flag.name} {_quoted(value)}")
    if command.argument is not None:
        text = values.get(option_name(command.argument.name))
        if isinstance(text, str):
            words.append(text)
    return " ".join(words)


def call_of_button(custom_id: str, *, private: bool) -> Call | None:
    """What a button of ours asks for, `shorter:6f0d7a1e-…`; None where it is another one."""
    name, _, item = custom_id.partition(":")
    return call_of(name, item, private=private)


def option_name(name: str) -> str:
    """A name as Discord takes it."""
    return re.sub(r"[^\w-]+", "-", name.lower())[:_LONGEST_NAME]


def _pairs(value: str) -> list[str]:
    """One option's `Status=To do; Team=Core` as a flag takes each; Discord has no option twice."""
    pairs = []
    for part in re.split(r"[;\n]\s*(?=[^;=\n]+=)", value.strip().strip(";")):
        name, equals, said = part.partition("=")
        bare = said.strip().strip("\"“”'")
        pairs.append(
            f"{_quoted(name.strip())}={_quoted(bare)}" if equals else _quoted(part.strip())
        )
    return pairs


def _quoted(value: str) -> str:
    # The parser knows no escapes; a value with both kinds of quotes loses the straight double one.
    quote = "'" if '"' in value and "'" not in value else '"'
    return quote + (value.replace('"', "") if quote == '"' else value) + quote
