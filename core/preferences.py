"""What people chose for themselves: `users.preferences`, by name. Pure.

provider    which AI provider is asked first
template    the shape an answer has where nothing else is said
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from core.errors import InvalidInput
from core.templates import TEMPLATES

NAMES = ("provider", "template")
"""What can be chosen."""


@dataclass(frozen=True, slots=True)
class Preferred:
    """What an answer begins with. `note` says what of it this server does not have any more."""

    provider: str | None = None
    template: str | None = None
    note: str = ""


def preferred(chosen: Mapping[str, Any], providers: Collection[str]) -> Preferred:
    """What of a person's preferences this server can do. Pure."""
    provider, template = chosen.get("provider"), chosen.get("template")
    note = ""
    if provider is not None and provider not in providers:
        note = (
            f"{provider}, your choice in `/notion settings`, is not set up here any more; "
            "the server's order was used."
        )
        provider = None
    return Preferred(provider, template if template in TEMPLATES else None, note)


def checked(name: str, value: str, providers: Collection[str]) -> str:
    """The value as it is kept. Raises InvalidInput where there is none of this name here. Pure."""
    known = list(providers) if name == "provider" else list(TEMPLATES)
    wanted = value.strip().lower()
    if wanted in known:
        return wanted
    near = get_close_matches(wanted, known, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"There is: {', '.join(known)}."
    raise InvalidInput(f"{name}: there is no “{value[:64]}” here. {hint}")
