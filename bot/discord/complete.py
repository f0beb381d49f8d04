"""What Discord lists while somebody types an option. Pure.

https://docs.discord.com/developers/interactions/application-commands#autocomplete
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bot.discord.parse import options_of
from core.commands.command import Command
from core.markdown.richtext import cut, units
from core.ports import Choice, Chosen

MOST = 25
"""Choices in one list."""

LONGEST = 100
"""Characters of a choice's name, and of its value."""

Json = dict[str, Any]


def shortened(text: str, limit: int = LONGEST) -> str:
    """The text in one line and within `limit` UTF-16 units, cut between whole characters."""
    line = " ".join(text.split())
    if units(line) <= limit:
        return line
    return next(iter(cut(line, limit - 1))).rstrip() + "…"


def fitting(choices: Iterable[Choice]) -> list[Choice]:
    """Those that Discord takes: each value once and whole, each label within its limit."""
    found: dict[str, Choice] = {}
    for one in choices:
        if 0 < units(one.value) <= LONGEST and len(found) < MOST:
            label = shortened(one.label) or one.value
            found.setdefault(one.value, Choice(one.value, label))
    return list(found.values())


def typed(
    data: Mapping[str, Any], group: str, commands: Mapping[str, Command]
) -> tuple[Chosen, str, str] | None:
    """What is being chosen, the words so far, and the provider that was chosen before, or "".

    From an interaction that the tree cannot take: it holds all options that were filled in so far.
    None where nothing can be chosen.
    """
    path = [str(data.get("name", ""))]
    level = _options(data)
    while level and "value" not in level[0] and not level[0].get("focused"):
        path.append(str(level[0].get("name", "")))
        level = _options(level[0])
    command = commands.get(path[-1]) if path[-1] != group else None
    focused = next((one for one in level if one.get("focused")), level[0] if level else None)
    if command is None or not command.listed or focused is None:
        return None
    known = {option.name: option.choose for option in options_of(command)}
    choose = known.get(str(focused.get("name", "")))
    if choose is None:
        return None
    providers = (one for one in level if known.get(str(one.get("name", ""))) == "provider")
    provider = next((str(one.get("value") or "") for one in providers), "")
    return choose, str(focused.get("value") or ""), provider


def _options(told: Mapping[str, Any]) -> list[Json]:
    found = told.get("options")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
