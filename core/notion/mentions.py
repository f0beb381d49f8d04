"""People on a page: the names of those who are known in Notion as mentions of them.

A page's text has names, and stays the same whoever is known: mentions are put in on the way to
Notion, and taken for the names again on the way back, so that what a page shows can be compared
with what it is to show. https://developers.notion.com/reference/rich-text#user
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from core.markdown.richtext import MAX_RUNS
from core.messages import Sender
from core.notion.refusals import NotionRefused
from core.ports import Blocks, Child

T = TypeVar("T")
Json = dict[str, Any]

People = Mapping[str, str]
"""Ids in Notion by the names that a text shows; no id has two names."""

MOST_TRIES = 3
"""How often something is sent with mentions; after that, with names alone."""

# What follows the name of an author on a page: see `core.transcript`.
_WRITTEN = re.compile(r" — (?=\d{4}-\d\d-\d\d \d\d:\d\d UTC)")


def people_of(named: Iterable[Sender], known: Mapping[Sender, str]) -> dict[str, str]:
    """The people that a text names, by these names. Pure.

    A name that two people have, who are not both the same one there, is nobody's.
    """
    ids: dict[str, set[str]] = {}
    for each in named:
        if each.name.strip():
            ids.setdefault(each.name, set()).add(known.get(each, ""))
    found: dict[str, str] = {}
    for name, meant in ids.items():
        if len(meant) == 1 and (one := min(meant)) and one not in found.values():
            found[name] = one
    return found


def with_people(blocks: Sequence[Json], people: People) -> list[Json]:
    """The blocks with mentions in place of names; as many blocks as before. Pure."""
    finder = _Finder(people)
    return [finder.block(each) for each in blocks] if people else list(blocks)


class _Finder:
    def __init__(self, people: People) -> None:
        self._people = people
        # The longest first: of “Ada” and “Ada Lovelace”, whichever was meant.
        names = "|".join(map(re.escape, sorted(people, key=len, reverse=True)))
        self._called = re.compile(rf"(?<!\w)@({names})(?!\w)")
        self._author = re.compile(names)

    def block(self, block: Json) -> Json:
        """A block with mentions; itself where it has none."""
        kind = block["type"]
        body = block[kind]
        if kind == "code":
            return block
        changed: Json = {}
        if "rich_text" in body:
            changed["rich_text"] = self._texts(body["rich_text"])
        if "cells" in body:
            changed["cells"] = [self._texts(cell) for cell in body["cells"]]
        if "children" in body:
            changed["children"] = [self.block(each) for each in body["children"]]
        same = all(body[name] == value for name, value in changed.items())
        return block if same else block | {kind: body | changed}

    def _texts(self, texts: list[Json]) -> list[Json]:
        found: list[Json] = []
        for place, text in enumerate(texts):
            following = texts[place + 1] if place == 0 and len(texts) > 1 else None
            found += self._text(text, following, first=place == 0)
        return found if len(found) <= MAX_RUNS else texts

    def _text(self, text: Json, following: Json | None, *, first: bool) -> Iterable[Json]:
        content = _plain(text)
        if content is None:
            yield text
            return
        at = 0
        author = self._author.match(content) if first else None
        if author is not None and _is_signed(content[author.end() :], following):
            yield self._mention(text, author[0])
            at = author.end()
        for called in self._called.finditer(content, at):
            begins = first and not content[: called.start()].strip()
            if begins and _is_signed(content[called.end() :], following):
                # It would be taken for the author's name on the way back.
                continue
            if called.start() > at:
                yield _part(text, content[at : called.start()])
            yield self._mention(text, called[1])
            at = called.end()
        if at < len(content):
            yield text if not at else _part(text, content[at:])

    def _mention(self, text: Json, name: str) -> Json:
        user = {"type": "user", "user": {"id": self._people[name]}}
        look = {"annotations": text["annotations"]} if "annotations" in text else {}
        return {"type": "mention", "mention": user, **look}


def _is_signed(rest: str, following: Json | None) -> bool:
    """Whether a name ends where the date of a message follows."""
    after = rest or (_plain(following) if following else None) or ""
    return _WRITTEN.match(after) is not None


def _plain(text: Json) -> str | None:
    """What a text says; None for a formula, a link and code, where nobody is mentioned."""
    body = text.get("text")
    if body is None or body.get("link") or (text.get("annotations") or {}).get("code"):
        return None
    return str(body["content"])


def _part(text: Json, content: str) -> Json:
    return text | {"text": {"content": content}}


async def mentioning(people: People, send: Callable[[People], Awaitable[T]]) -> tuple[T, People]:
    """What came of sending something, and those who could be mentioned in it.

    Whom Notion does not take, of another workspace or of none any more, is a name instead. Raises
    what `send` raises, which does nothing where it is refused.
    """
    for _ in range(MOST_TRIES):
        if not people:
            break
        try:
            return await send(people), people
        except NotionRefused as error:
            if not may_be_a_person(error):
                raise
            people = without_refused(people, error)
    return await send({}), {}


def may_be_a_person(error: NotionRefused) -> bool:
    """Whether a mention may be the reason for a refusal: an id that Notion does not know here."""
    about = error.about
    only_values = "body.properties" in about and "rich_text" not in about
    return error.status in (400, 404, 422) and not error.retryable and not only_values


def without_refused(people: People, error: NotionRefused) -> People:
    """Those whom a refusal does not name; nobody, where it names none."""
    about = error.about.replace("-", "")
    left = {name: one for name, one in people.items() if one.replace("-", "") not in about}
    return left if len(left) < len(people) else {}


class Mentioning:
    """`core.ports.Blocks` of a page whose text has these people's names.

    `told` are those that the page may show as mentions, `people` those that are mentioned from now
    on: they are the same unless it has become unclear by now whom a name means.
    """

    def __init__(self, blocks: Blocks, people: People, told: People | None = None) -> None:
        self._blocks = blocks
        self._told = people if told is None else told
        # Whom Notion takes, as far as is known.
        self._taken = people

    async def children(self, block: str) -> list[Child]:
        """As `Blocks.children`, with the names in place of mentions."""
        return self._as_named(await self._blocks.children(block))

    async def append(
        self, block: str, children: Sequence[Json], after: str | None = None
    ) -> list[Child]:
        """As `Blocks.append`, with mentions in place of the names."""

        async def send(people: People) -> list[Child]:
            return await self._blocks.append(block, with_people(children, people), after)

        return self._as_named(await self._send(children, send))

    async def change(self, block: str, kind: str, fields: Mapping[str, Any]) -> bool:
        """As `Blocks.change`, with mentions in place of the names."""
        whole: Json = {"type": kind, kind: dict(fields)}

        async def send(people: People) -> bool:
            return await self._blocks.change(block, kind, with_people([whole], people)[0][kind])

        return await self._send([whole], send)

    async def remove(self, block: str) -> None:
        """As `Blocks.remove`."""
        await self._blocks.remove(block)

    def _as_named(self, children: Sequence[Child]) -> list[Child]:
        names = {one.replace("-", ""): name for name, one in self._told.items()}
        return [_as_named(each, names) for each in children]

    async def _send(self, blocks: Sequence[Json], send: Callable[[People], Awaitable[T]]) -> T:
        concerned = with_people(blocks, self._taken) != list(blocks)
        done, taken = await mentioning(self._taken if concerned else {}, send)
        self._taken = taken if concerned else self._taken
        return done


def _as_named(child: Child, names: Mapping[str, str]) -> Child:
    """A block as it was sent: whom it mentions, by the name that its text had."""
    text, at = child.text, 0
    for shown, one in child.mentions:
        start = text.find(shown, at)
        name = names.get(one.replace("-", ""))
        if start < 0 or name is None:
            continue
        end = start + len(shown)
        said = name if not start and _WRITTEN.match(text, end) else f"@{name}"
        text, at = text[:start] + said + text[end:], start + len(said)
    return child if text == child.text else replace(child, text=text)
