"""`/notion help`: every command, from the registry that defines them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from core.commands.command import PREFIX, Argument, Command
from core.commands.context import Context
from core.errors import InvalidInput
from core.messages import Answer, Call
from core.ports import Chosen

_WITHOUT = (
    "In Slack and Discord it works without commands too: put 📝 on a message to save it, with the "
    "thread it begins; mention this app, or write to it directly, and talk."
)

_MORE = f"`{PREFIX} help COMMAND` says all about one, for example `{PREFIX} help settings`."


async def run(context: Context, call: Call) -> Answer:
    """Lists the commands, or says all about one."""
    listed = {command.name: command for command in context.commands.values() if command.listed}
    if not call.text:
        return Answer("\n".join(_overview(list(listed.values()))), (_MORE,), private=True)
    name = call.text.split()[-1].lower()
    command = listed.get(name)
    if command is None:
        near = get_close_matches(name, listed, 1)
        hint = (
            f"Did you mean `{PREFIX} help {near[0]}`?" if near else f"There are: {_names(listed)}."
        )
        raise InvalidInput(f"There is no command “{call.text}”. {hint}")
    return Answer("\n".join(_details(context, command)), private=True)


def _overview(commands: list[Command]) -> list[str]:
    lines = ["**Notion Assistant** turns what you ask and say into Notion pages.", ""]
    for command in commands:
        flags = " ".join(f"`--{flag.name}`" for flag in command.flags)
        lines.append(
            f"- `{command.usage}` — {command.summary}" + (f" Flags: {flags}" if flags else "")
        )
    return [*lines, "", _WITHOUT]


def _names(names: Iterable[str]) -> str:
    return ", ".join(names)


def _details(context: Context, command: Command) -> Iterator[str]:
    yield f"`{command.usage}` — {command.summary}"
    if command.ways:
        yield ""
    for way in command.ways:
        typed = f"{PREFIX} {command.name} {way.typed}".strip()
        yield f"- `{typed}` — {way.help}{_choices(context, way.choose)}"
    if command.flags:
        yield ""
    for flag in command.flags:
        yield f"- `{_flag(flag.name, flag.value)}` — {flag.help}{_choices(context, flag.choose)}"
    example = command.argument.example if command.argument else ""
    yield ""
    yield f"For example: `{f'{PREFIX} {command.name} {example}'.strip()}`"


def _choices(context: Context, kind: Chosen | None) -> str:
    """What there is to choose from, where it is a short list that is known here."""
    if kind == "provider":
        return f" There is: {_names(context.preferences.providers)}."
    return ""


def _flag(name: str, value: str | None) -> str:
    return f"--{name} {value}" if value else f"--{name}"


COMMAND = Command(
    name="help",
    summary="List every command, or say all about one.",
    run=run,
    argument=Argument("command", required=False, example="generate"),
    private=True,
)
