"""A command as its raw data tells it, for one that does not fit what Discord was told of. Pure.

Such a command comes from a client that knows other commands than these, or from a server that says
less of them. Read as a line it gets the sentence that the same line gets on every platform.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.discord.parse import line_of, options_of
from core.commands.command import PREFIX, Command

Json = dict[str, Any]

_NO = ("", "false", "no", "0")
_FLAG_NAME = re.compile(r"[A-Za-z][\w-]*")


def line_sent(data: Mapping[str, Any], group: str, commands: Mapping[str, Command]) -> str:
    """What the person would have typed; an option that the command has not becomes a flag."""
    name, options = str(data.get("name", "")), _options(data)
    if name == group:
        while options and "value" not in options[0]:
            name, options = options[0]["name"], _options(options[0])
        if name == group:
            return _typed(options, commands)
    return _filled(name, options, commands)


def _typed(options: list[Json], commands: Mapping[str, Command]) -> str:
    """Options without a subcommand: the first text is taken for the line itself."""
    text = next((one for one in options if isinstance(one["value"], str)), None)
    if text is None:
        return ""
    rest = [one for one in options if one is not text]
    if text["name"] in commands:
        return _filled(text["name"], rest, commands, str(text["value"]))
    line = str(text["value"]).strip()
    if line.split(None, 1)[:1] == [PREFIX]:
        line = line.removeprefix(PREFIX).strip()
    first, _, words = line.partition(" ")
    return _filled(first, rest, commands, words)


def _filled(name: str, options: list[Json], commands: Mapping[str, Command], text: str = "") -> str:
    command = commands.get(name.lower())
    if command is None or not command.listed:
        return " ".join([name, text, *(str(one["value"]) for one in options if "value" in one)])
    known = {option.name: option for option in options_of(command)}
    values: dict[str, object] = {}
    strange = []
    for one in options:
        given, value = str(one["name"]), one.get("value")
        if given not in known:
            strange += [f"--{given}"] if _FLAG_NAME.fullmatch(given) else []
        elif known[given].switch:
            values[given] = str(value).lower() not in _NO
        else:
            values[given] = "" if value is None else str(value)
    start, _, rest = line_of(command, values).partition(" ")
    return " ".join(word for word in (start, *strange, rest, text) if word)


def _options(data: Mapping[str, Any]) -> list[Json]:
    told = data.get("options")
    found = told if isinstance(told, list) else []
    return [one for one in found if isinstance(one, dict) and "name" in one]
