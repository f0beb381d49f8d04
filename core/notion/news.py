"""What became of a page: who edited it, and what was said about it.

Notion's webhook says that something happened, and little more; what is told in chat is read here.
https://developers.notion.com/reference/webhooks-events-delivery
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.errors import AssistantError
from core.notion.connection import PAGE_SIZE, Connection
from core.notion.refusals import NotionRefused
from core.notion.shapes import plain_text, title

MINUTE = timedelta(minutes=1)
"""Notion rounds times down to it."""

MOST_COMMENTS = 5
"""Comments that are told at once; of more, their number."""


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody said about a page."""

    id: str
    by: str
    text: str


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


class News:
    """Reads what became of pages over one connection. It knows who it is itself."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._own: str | None = None

    async def of(
        self, page_id: str, since: datetime, authors: Sequence[str], told: Sequence[str]
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
        edited = _moment(page.get("last_edited_time"))
        editors = [one for one in authors if one != own]
        last = _id(page.get("last_edited_by"))
        if edited >= since and last and last != own and not editors:
            editors = [last]
        return PageNews(
            title=title(page) or "Untitled",
            url=str(page.get("url") or ""),
            editors=tuple([await self._name(one) for one in editors]),
            comments=tuple(await self._comments(page_id, since, own, told)),
            edited_at=edited,
        )

    async def _comments(
        self, page_id: str, since: datetime, own: str, told: Sequence[str]
    ) -> list[Comment]:
        query = {"block_id": page_id, "page_size": PAGE_SIZE}
        try:
            found = await self._connection.get("comments", query)
        except NotionRefused:
            # Without the capability to read comments there are none to tell.
            return []
        fresh = []
        for one in found.get("results") or []:
            by = _id(one.get("created_by"))
            if one.get("id") in told or by == own or _moment(one.get("created_time")) < since:
                continue
            shown = one.get("display_name")
            name = shown.get("resolved_name") if isinstance(shown, dict) else None
            words = plain_text([run for run in one.get("rich_text") or () if isinstance(run, dict)])
            fresh.append(Comment(str(one.get("id")), name or await self._name(by), words))
        return fresh

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


def _moment(text: object) -> datetime:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
