"""What is wrong with settings, in plain words. Pure.

https://docs.pydantic.dev/latest/errors/validation_errors/
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from annotated_types import Ge, Le
from pydantic.fields import FieldInfo

LONGEST_QUOTE = 40
"""Characters of a wrong value that are quoted."""

ALIKE = 0.8
"""How much a name is like the setting that was meant; 1 is the same."""

VERY_ALIKE = 0.885
"""The same in the environment, where other programs' names stand too: a letter or two."""

LONG = 8
"""Letters of a setting's name from which on what is like it is hardly another program's."""

_LOWEST = {"port": 1}
"""Where the least that is taken is not for people: on port 0 nobody finds the server."""


_FAMILIES = ("slack", "discord", "notion", "openai", "anthropic", "deepseek", "smtp")
"""First words of names that are settings of this program and hardly of another."""

_OTHERS = frozenset({"notion_token_v2", "slack_api_token"})
"""Names of other programs' own that are a letter or two from a setting."""


def wrong(problems: Iterable[Mapping[str, Any]], fields: Mapping[str, FieldInfo]) -> str:
    """Which settings are wrong and what each takes. Only numbers and choices are quoted: anything
    else may hold a secret."""
    sentences = [_sentence(each, fields) for each in problems]
    return " ".join(sentences if len(sentences) == 1 else ["Some settings are wrong.", *sentences])


def _sentence(problem: Mapping[str, Any], fields: Mapping[str, FieldInfo]) -> str:
    name = ".".join(str(part) for part in problem["loc"])
    kind, given = problem["type"], problem.get("input")
    said = str(problem["msg"]).removeprefix("Value error, ")
    if kind.startswith("int_") or kind in ("greater_than_equal", "less_than_equal"):
        said = f"must be a number {_range(name, fields)}, not {_quoted(given)}"
    elif kind == "literal_error":
        said = f"must be {problem['ctx']['expected']}, not {_quoted(given)}".replace("'", "")
    return f"{name.upper()} {said}.".lstrip()


def _range(name: str, fields: Mapping[str, FieldInfo]) -> str:
    limits = fields[name].metadata
    least = next(limit.ge for limit in limits if isinstance(limit, Ge))
    most = next(limit.le for limit in limits if isinstance(limit, Le))
    return f"from {_LOWEST.get(name, least)} to {most}"


def _quoted(given: object) -> str:
    text = str(given)
    return f"“{text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1] + '…'}”"


def unread(
    given: Iterable[str], settings: Collection[str], files: Collection[str], done: Collection[str]
) -> Iterator[str]:
    """A sentence for each name that is no setting but was meant for one. All names are lower case.

    `files`: the settings that can come from a file. `done`: those that have a value, so that a name
    like theirs is somebody's spare. What is like no setting belongs to another program.
    """
    known = {*settings, *(f"{name}_file" for name in files)}
    for name in given:
        if name in known:
            continue
        told = f"{name.upper()} in .env is no setting, so it is not read."
        stem = name.removesuffix("_file")
        if stem in settings:
            yield f"{told} {stem.upper()} comes from no file: set {stem.upper()} itself."
        elif meant := _meant(name, known):
            if meant.removesuffix("_file") not in done:
                yield f"{told} Did you mean {meant.upper()}?"
        elif (family := name.partition("_")[0]) in _FAMILIES:
            there = [each.upper() for each in settings if each.startswith(f"{family}_")]
            yield f"{told} There are {', '.join(there)}."


def misspelt(
    given: Iterable[str], settings: Collection[str], files: Collection[str], done: Collection[str]
) -> Iterator[tuple[str, bool]]:
    """A sentence for each name in the environment that is a letter or two from a setting that has
    no value, and whether it can hardly be another program's. Takes what `unread` does.
    """
    known = {*settings, *(f"{name}_file" for name in files)}
    open_ones = [
        name for name in known if len(name) >= LONG and name.removesuffix("_file") not in done
    ]
    for name in sorted({*given} - known - _OTHERS):
        for meant in get_close_matches(name, open_ones, 1, VERY_ALIKE):
            ours = meant.partition("_")[0] in _FAMILIES
            other = "" if ours else " If another program reads it, all is well."
            yield (
                f"{name.upper()} in the environment is no setting, so it is not read. Did you mean "
                f"{meant.upper()}?{other}",
                ours,
            )


def _meant(name: str, known: Collection[str]) -> str | None:
    family = name.partition("_")[0]
    akin = [each for each in known if each.partition("_")[0] == family]
    near = get_close_matches(name, akin, 1, ALIKE) or get_close_matches(name, known, 1, ALIKE)
    return near[0] if near else None


def price(text: str) -> tuple[str, tuple[float, float]]:
    """A name, and its dollars for a million tokens in and out. Raises ValueError."""
    name, _, prices = text.rpartition("=")
    into, _, out = prices.partition("/")
    try:
        found = (float(into), float(out))
        good = bool(name) and all(0 <= price < 1_000_000 for price in found)
    except ValueError:
        good = False
    if not good:
        why = "must be like name=3/15, by comma: dollars for a million tokens in and out"
        raise ValueError(why)
    return name.strip(), found
