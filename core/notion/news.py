"""What became of a page: who edited it, and what was said about it.

Notion's webhook says that something happened, and little more; what is told in chat is read here.
https://developers.notion.com/reference/webhooks-events-delivery
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.errors import AssistantError
from core.notion.beside import Look, chosen, moment
from core.notion.connection import PAGE_SIZE, Connection, Json
from core.notion.refusals import NotionRefused
from core.notion.shapes import plain_text, title

_BESIDE = "@"

MINUTE = timedelta(minutes=1)
"""Notion rounds times down to it."""

LATEST = 8
"""People whose changes are told together."""

MOST_PAGES = 10
"""A page's comments are read to the thousandth."""

MOST_BLOCKS = 1_000
"""The first blocks of a page are looked through for who changed them."""

DEEPEST = 10
"""How many blocks deep a comment may stand."""

MOST_LOOKED_THROUGH = 300
"""The first blocks of a page are those beside which a look finds comments."""

MOST_COMMENTS = 5
"""Comments that are told at once; of more, their number."""


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody said about a page; `block` is the block it was found beside."""

    id: str
    by: str
    text: str
    block: str = ""

    @property
    def name(self) -> str:
        """By which `News` finds it again."""
        return f"{self.id}{_BESIDE}{self.block}" if self.block else self.id


@dataclass(frozen=True, slots=True)
class PageNews:
    """What is new of a page: who edited it, by name, and what was said.

    `edited_at` is when it was edited last, rounded down to the minute.
    """

    title: str
    url: str
    editors: tuple[str, ...]
    comments: tuple[Comment, ...]
    edited_at: datetime


@dataclass(frozen=True, slots=True)
class Heard:
    """How comments beside a paragraph are found, which Notion lists by block alone.

    `names` are those that were heard of: by their id from Notion's webhook, or as `Comment.name`
    from an earlier look. `look` has some blocks looked at. All of these are news from `since` on.
    """

    since: datetime
    names: Sequence[str] = ()
    look: Look | None = None


NOTHING = Heard(datetime.max.replace(tzinfo=UTC))


class News:
    """Reads what became of pages over one connection. It knows who it is itself."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._own: str | None = None

    async def of(
        self,
        page_id: str,
        since: datetime,
        authors: Sequence[str],
        told: Sequence[str],
        heard: Heard = NOTHING,
    ) -> PageNews | None:
        """What is new since then but for what this integration did itself.

        `authors` are who is known to have changed it, `told` the comments that are no news. None
        where the page is gone, or not to be read any more.
        """
        try:
            page = await self._connection.get(f"pages/{page_id}")
        except NotionRefused as error:
            if error.status in (403, 404):
                return None
            raise
        if page.get("in_trash") is True:
            return None
        own = await self._who_am_i()
        since = since.replace(second=0, microsecond=0)
        edited = moment(page.get("last_edited_time"))
        # Within the minute that was told of last, there may be more; before that, an event is old.
        recent = edited >= since - MINUTE
        editors = [one for one in authors if one != own] if recent else []
        last = _id(page.get("last_edited_by"))
        if edited >= since and not editors:
            editors = await self._beside(page_id, since, own) if last == own else [last]
            editors = [one for one in editors if one]
        return PageNews(
            title=title(page) or "Untitled",
            url=str(page.get("url") or ""),
            editors=tuple([await self._name(one) for one in editors]),
            comments=tuple(await self._comments(page_id, since, own, (told, heard))),
            edited_at=edited,
        )

    async def _beside(self, page_id: str, since: datetime, own: str) -> list[str]:
        """Who changed blocks of a page that this integration itself changed last."""
        found: dict[str, None] = {}
        if not own:
            return []
        looked = 0
        async for block in self._connection.listed(f"blocks/{page_id}/children"):
            by = _id(block.get("last_edited_by"))
            if by not in ("", own) and moment(block.get("last_edited_time")) >= since:
                found[by] = None
            looked += 1
            if looked == MOST_BLOCKS or len(found) == LATEST:
                break
        return list(found)

    async def _comments(
        self,
        page_id: str,
        since: datetime,
        own: str,
        known: tuple[Sequence[str], Heard],
    ) -> list[Comment]:
        told, heard = known
        try:
            found = [(one, "", since) for one in await self._listed(page_id)]
            there = {one.get("id") for one, _, _ in found}
            from_ = heard.since.replace(second=0, microsecond=0)
            for each in heard.names:
                comment, _, block = each.partition(_BESIDE)
                if comment not in there and comment not in told:
                    named = await self._named(page_id, comment, block)
                    found += [(one, block, from_) for one in named]
            if heard.look is not None:
                beside = await self._looked(page_id, heard.look)
                found += [(one, block, from_) for one, block in beside]
        except NotionRefused:
            # Without the capability to read comments there are none to tell.
            return []
        fresh: dict[str, Comment] = {}
        for one, block, earliest in found:
            id_, by = str(one.get("id")), _id(one.get("created_by"))
            if id_ in told or by == own or moment(one.get("created_time")) < earliest:
                continue
            shown = one.get("display_name")
            name = shown.get("resolved_name") if isinstance(shown, dict) else None
            words = plain_text([run for run in one.get("rich_text") or () if isinstance(run, dict)])
            fresh[id_] = Comment(id_, name or await self._name(by), words, block)
        return list(fresh.values())

    async def _looked(self, page_id: str, look: Look) -> list[tuple[Json, str]]:
        """Comments beside some blocks of a page, each with its block; fewer in case of trouble."""
        found: list[tuple[Json, str]] = []
        with suppress(AssistantError):
            blocks: list[Json] = []
            async for block in self._connection.listed(f"blocks/{page_id}/children"):
                blocks.append(block)
                if len(blocks) == MOST_LOOKED_THROUGH:
                    break
            for id_ in chosen(blocks, look):
                found += [(one, id_) for one in await self._listed(id_)]
        return found

    async def _listed(self, page_id: str) -> list[Json]:
        """The open comments on a page itself, or on a block.

        https://developers.notion.com/reference/list-comments
        """
        query: Json = {"block_id": page_id, "page_size": PAGE_SIZE}
        found: list[Json] = []
        for _ in range(MOST_PAGES):
            answer = await self._connection.get("comments", query)
            found += answer.get("results") or []
            if not answer.get("has_more") or not answer.get("next_cursor"):
                break
            query["start_cursor"] = answer["next_cursor"]
        return found

    async def _named(self, page_id: str, comment: str, block: str) -> list[Json]:
        """A comment by its id, beside a block of this page or, where none is known, about this page
        at all; none where it is gone.

        https://developers.notion.com/reference/retrieve-comment
        """
        try:
            if block:
                return [one for one in await self._listed(block) if one.get("id") == comment]
            found = await self._connection.get(f"comments/{comment}")
            parent = found.get("parent")
            for _ in range(DEEPEST):
                if not isinstance(parent, dict) or not isinstance(parent.get("block_id"), str):
                    break
                parent = (await self._connection.get(f"blocks/{parent['block_id']}")).get("parent")
        except NotionRefused:
            return []
        about = parent.get("page_id") if isinstance(parent, dict) else None
        same = isinstance(about, str) and about.replace("-", "") == page_id.replace("-", "")
        return [found] if same else []

    async def _who_am_i(self) -> str:
        if self._own is None:
            try:
                self._own = _id(await self._connection.get("users/me"))
            except NotionRefused:
                return ""
        return self._own

    async def _name(self, user: str) -> str:
        if not user:
            return "Somebody"
        try:
            found = await self._connection.get(f"users/{user}")
        except AssistantError:
            # Without the capability to read users they have no names.
            return "Somebody"
        return str(found.get("name") or "Somebody")


def _id(user: object) -> str:
    found = user.get("id") if isinstance(user, dict) else None
    return found if isinstance(found, str) else ""
