"""What people chose for themselves: `users.preferences`, by name. Pure.

provider    which AI provider is asked first
model       which of that provider's models; it is kept beside the provider whose it is
template    the shape an answer has where nothing else is said
save        whether what is generated is saved to Notion at once
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from core.errors import InvalidInput
from core.templates import TEMPLATES

NAMES = ("provider", "model", "template", "save")
"""What can be chosen."""

LONGEST_MODEL = 128
"""Characters of a model's name; `content_history.model` keeps no more."""

Choices = Mapping[str, str | bool | None]
"""Choices by name; None takes one back."""

_SAVE = {
    **dict.fromkeys(("on", "yes", "true", "always"), True),
    **dict.fromkeys(("off", "no", "false", "never"), None),
}


@dataclass(frozen=True, slots=True)
class Preferred:
    """What an answer begins with. `note` says what of it this server does not have any more.

    `model` is one of `provider`, and None where that is.
    """

    provider: str | None = None
    template: str | None = None
    note: str = ""
    model: str | None = None
    saves: bool = False


NOTHING = Preferred()
"""What somebody begins with who chose nothing."""


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
    return Preferred(
        provider,
        template if template in TEMPLATES else None,
        note,
        model=chosen.get("model") if provider else None,
        saves=chosen.get("save") is True,
    )


def as_usual(name: str, usual: Preferred) -> str:
    """What a form says where nothing is chosen: what is used then, where the person chose it."""
    said = {
        "provider": ", ".join(each for each in (usual.provider, usual.model) if each),
        "template": usual.template,
    }.get(name)
    return f"As usual: {said}" if said else "As usual"


def checked(name: str, value: str, providers: Collection[str]) -> str | bool | None:
    """The value as it is kept; None where it says what holds anyway.

    Raises InvalidInput where there is none of this name here. Pure.
    """
    if name == "model":
        return _model(value)
    wanted = value.strip().lower()
    if name == "save":
        if wanted not in _SAVE:
            raise InvalidInput("save: say `on` or `off`.")
        return _SAVE[wanted]
    known = list(providers) if name == "provider" else list(TEMPLATES)
    if wanted in known:
        return wanted
    near = get_close_matches(wanted, known, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"There is: {', '.join(known)}."
    raise InvalidInput(f"{name}: there is no “{value[:64]}” here. {hint}")


def together(before: Mapping[str, Any], changes: Choices, providers: Collection[str]) -> Choices:
    """The changes, and what has to change with them: a model's name means something to one
    provider alone. Choosing a model keeps its provider, the server's first where none was chosen;
    another provider takes the model back. Pure.
    """
    after = dict(before) | dict(changes)
    provider = after.get("provider")
    if changes.get("model"):
        known = provider in providers
        first = next(iter(providers), None)
        return dict(changes) if known else {**changes, "provider": first}
    if "provider" in changes and provider != before.get("provider"):
        return {**changes, "model": None}
    return dict(changes)


def _model(value: str) -> str:
    wanted = value.strip()
    if not wanted or len(wanted) > LONGEST_MODEL or not wanted.isprintable() or " " in wanted:
        raise InvalidInput(
            f"model: give its name as the provider writes it, without spaces and of at most "
            f"{LONGEST_MODEL} characters, such as gpt-6.2-sol."
        )
    return wanted
