"""What a command is: what a person may type, and what is done about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.messages import Answer, Call
from core.ports import Chosen

if TYPE_CHECKING:
    from core.commands.context import Context

PREFIX = "/notion"
LONGEST_TEXT = 20_000
"""Characters of text after a command. Slack sends at most 8,000, Discord 6,000."""


@dataclass(frozen=True, slots=True)
class Argument:
    """The text after a command's name. `name` is how help shows it.

    `choose` is what the text names, where `core.ports.Intake.suggest` knows what there is.
    """

    name: str
    required: bool = True
    example: str = ""
    choose: Chosen | None = None


@dataclass(frozen=True, slots=True)
class Flag:
    """`--name`, or `--name VALUE` where `value` says what to put there.

    `several`: it may be given any number of times, each time as NAME=VALUE with quotes around
    either; what was given is then one line each. `choose` is what the value names, where
    `core.ports.Intake.suggest` knows what there is. `undoes` names the flag without a value whose
    opposite this one is: where that one can be answered with no, this one need not be offered.
    """

    name: str
    help: str
    value: str | None = None
    choose: Chosen | None = None
    several: bool = False
    undoes: str | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """One of several things that a command's text may say: what is typed, and what it does.

    `choose` is what a word in capitals names, as a flag's value does.
    """

    typed: str
    help: str
    choose: Chosen | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """One command, the same on every platform.

    `private`: the answer is for the asker's eyes alone. `live`: the answer grows while the person
    looks on. `listed` is False for what buttons and HTTP ask for and nobody types. `run` is carried
    out again from its last finished step after a crash, so everything that reaches outside goes
    through `Context.step`. `admit`, where there is one, goes before it, before anything is shown:
    what it raises is told to the asker alone. `form`: where the text is missing, a platform that
    has forms shows one instead of saying so. `repeatable`: where it failed and another try may do,
    a button asks for the same again. `ways`: what the text may say, where help is to list it.
    `reads`: it only looks at Notion while somebody looks on, so it goes before what is saved.
    """

    name: str
    summary: str
    run: Callable[[Context, Call], Awaitable[Answer]]
    argument: Argument | None = None
    flags: tuple[Flag, ...] = ()
    private: bool = False
    live: bool = False
    listed: bool = True
    admit: Callable[[Context, Call], Awaitable[None]] | None = None
    form: bool = False
    repeatable: bool = False
    ways: tuple[Way, ...] = ()
    reads: bool = False

    @property
    def usage(self) -> str:
        """How it is typed: `/notion generate <prompt>`."""
        if self.argument is None:
            return f"{PREFIX} {self.name}"
        brackets = "<{}>" if self.argument.required else "[{}]"
        return f"{PREFIX} {self.name} {brackets.format(self.argument.name)}"
