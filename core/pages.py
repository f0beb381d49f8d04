"""What Notion has, as much of it as the core needs: plain values, and the blocks of a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol


@dataclass(frozen=True, slots=True)
class Destination:
    """Where pages go: a page or a data source.

    Of what a search found, `edited` is when it was last changed (ISO 8601) and `place` the title of
    what it stands in; empty where Notion did not say. Neither tells one place from another.
    `connection` is the id of the connection that sees it, empty for the server's own token.
    """

    id: str
    kind: Literal["page", "data_source"]
    title: str = ""
    url: str = ""
    edited: str = field(default="", compare=False)
    place: str = field(default="", compare=False)
    connection: str = field(default="", compare=False)


Given = tuple[tuple[str, str], ...]
"""Values for properties of a page, as people typed them: each property's name and its value."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where an emoji put on a message of a channel saves it, and what the page is given.

    `emoji` is as `core.emoji.emoji_of` spells it, `shown` as people see it. `template` names one of
    Notion's templates; empty for none.
    """

    emoji: str
    shown: str
    place: Destination
    template: str = ""
    given: Given = ()


@dataclass(frozen=True, slots=True)
class Page:
    """A page that exists."""

    id: str
    url: str


class Saved(NamedTuple):
    """An item's page: its address, and what there is to say of it, each one sentence or two."""

    url: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Property:
    """A property of a data source. `options` are the names of those it has, where it has any.

    `related` is the data source whose pages a relation names; empty for all else.
    """

    name: str
    type: str
    options: tuple[str, ...] = ()
    related: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """One of Notion's templates of a data source; `default`: the one that Notion itself takes."""

    id: str
    name: str
    default: bool = False


@dataclass(frozen=True, slots=True)
class Child:
    """A block inside a page or block, as much of it as saving needs.

    `link` is the address of the first link in its text, `text` its own text without formatting.
    `mentions` are the people it mentions, in order: as the text shows each, and their ids.
    """

    id: str
    type: str
    link: str | None = None
    text: str = ""
    mentions: tuple[tuple[str, str], ...] = ()


class Blocks(Protocol):
    """What stands on Notion's pages, for what writes there. Raises as `core.ports.Pages`."""

    async def children(self, block: str) -> list[Child]:
        """Every direct child of a page or block, in order."""
        ...

    async def append(
        self, block: str, children: Sequence[dict[str, Any]], after: str | None = None
    ) -> list[Child]:
        """Adds children at the end, or after the child `after`; before all others where it is "".

        Never repeats an unsure write. Gives them as they are told of; none where not each one is
        told of.
        """
        ...

    async def change(self, block: str, kind: str, fields: Mapping[str, Any]) -> bool:
        """Gives a block of this type other values of these fields; twice is once.

        False where it is not there any more, or no block can be changed.
        """
        ...

    async def remove(self, block: str) -> None:
        """Takes a block away; twice is once, and a block that is gone is no error."""
        ...


class Named(Protocol):
    """What a page is called, and whether it is there. Raises as `core.ports.Pages`."""

    async def title(self, page_id: str) -> str:
        """A page's title as it is now; the empty string where it has none."""
        ...

    async def trashed(self, page_id: str) -> bool:
        """Whether a page is in the trash."""
        ...

    async def rename(self, page_id: str, title: str) -> None:
        """Gives a page another title; twice is once."""
        ...
