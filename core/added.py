"""Something that is added to a page. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.facts import NO_FACTS, Facts
from core.messages import Carried


@dataclass(frozen=True, slots=True)
class Added:
    """What is added: `key` is the same for the same thing, and with it nothing is added twice.

    `who` adds it, `where` is where it was said, `text` is Markdown, `files` what became of those
    that it mentions, `facts` tell whose names are in it.
    """

    key: str
    who: str
    where: str
    text: str
    files: Sequence[Carried] = ()
    facts: Facts = NO_FACTS
