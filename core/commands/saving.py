"""The flags that say where a page goes and what it carries, and what was said with them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.commands.command import Flag
from core.emoji import emoji_of
from core.errors import InvalidInput
from core.facts import Facts
from core.messages import Call
from core.ports import Given

MOST_GIVEN = 25
"""Values that somebody may name for one page."""

LONGEST_GIVEN = 2_000
"""Characters of one value."""

TO = Flag(
    "to",
    "Save it to this page or data source: a title or an address.",
    "DESTINATION",
    "destination",
)
TAGS = Flag("tags", "Give the page these tags, where its data source has a place for them.", "A,B")
SET = Flag(
    "set",
    "Fill a property of the data source; any number of times.",
    "NAME=VALUE",
    several=True,
)
TEMPLATE = Flag("template", "Begin with this template of the data source in Notion.", "NAME")
NOTION_TEMPLATE = replace(TEMPLATE, name="notion-template")


NO_SAVE = Flag(
    "no-save", "Save no page of this one, where you save everything at once.", undoes="save"
)

APPEND = Flag(
    "append", "Add it to this page instead: a title or an address.", "PAGE", "destination"
)
PAGE = Flag("page", "Answer from this page alone: a title or an address.", "PAGE", "destination")


def with_place(call: Call, place: str) -> Call:
    """The call with the id of the place that was meant, instead of the name that was not clear."""
    if call.command == "to":
        first, _, _ = call.text.partition(" ")
        emoji = emoji_of(first) is not None
        return replace(call, text=f"{first} {place}" if emoji else place)
    name = next((flag.name for flag in (APPEND, PAGE) if call.has(flag.name)), TO.name)
    return replace(call, flags={**call.flags, name: place})


def given(text: str | None) -> Given:
    """What `--set` said, in order; of one property the last. Raises InvalidInput for too much."""
    found: dict[str, tuple[str, str]] = {}
    for line in (text or "").splitlines():
        name, equals, value = line.partition("=")
        if not equals or not name.strip():
            continue
        if len(value) > LONGEST_GIVEN:
            raise InvalidInput(
                f"“{name.strip()}” would have {len(value):,} characters; a property takes "
                f"{LONGEST_GIVEN:,}."
            )
        found[name.strip().casefold()] = (name.strip(), value.strip())
    if len(found) > MOST_GIVEN:
        raise InvalidInput(f"That is {len(found)} properties; at most {MOST_GIVEN} can be set.")
    return tuple(found.values())


def lines_of(pairs: Sequence[tuple[str, str]]) -> str:
    """The same as the flag's value. `given` reads it back."""
    return "\n".join(f"{name}={' '.join(value.split())}" for name, value in pairs)


def with_given(facts: Facts, call: Call, template: Flag = TEMPLATE) -> Facts:
    """The facts with what the call says of properties and of Notion's template."""
    return replace(
        facts, given=given(call.value(SET.name)), template=call.value(template.name) or ""
    )
