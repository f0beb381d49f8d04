"""`/notion help`: every command, from the registry that defines them."""

from __future__ import annotations

from core.commands.command import Argument, Command
from core.commands.context import Context
from core.errors import InvalidInput
from core.messages import Answer, Call


async def run(context: Context, call: Call) -> Answer:
    """Lists the commands, or says all about one."""
    listed = {command.name: command for command in context.commands.values() if command.listed}
    if not call.text:
        return Answer("\n".join(_overview(list(listed.values()))), private=True)
    command = listed.get(call.text.split()[-1].lower())
    if command is None:
        raise InvalidInput(f"There is no command “{call.text}”. `/notion help` lists them all.")
    return Answer("\n".join(_details(command)), private=True)


def _overview(commands: list[Command]) -> list[str]:
    lines = ["**Notion Assistant** turns what you ask and say into Notion pages.", ""]
    for command in commands:
        lines.append(f"- `{command.usage}` — {command.summary}")
        lines.extend(
            f"  - `{_flag(flag.name, flag.value)}` — {flag.help}" for flag in command.flags
        )
    return lines


def _details(command: Command) -> list[str]:
    lines = [f"`{command.usage}` — {command.summary}"]
    if command.flags:
        lines.append("")
    lines.extend(f"- `{_flag(flag.name, flag.value)}` — {flag.help}" for flag in command.flags)
    if command.argument and command.argument.example:
        lines += ["", f"For example: `/notion {command.name} {command.argument.example}`"]
    return lines


def _flag(name: str, value: str | None) -> str:
    return f"--{name} {value}" if value else f"--{name}"


COMMAND = Command(
    name="help",
    summary="List every command, or say all about one.",
    run=run,
    argument=Argument("command", required=False, example="generate"),
    private=True,
)
