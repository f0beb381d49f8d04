"""A person's history: pages of it, one item, all of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from core.cursors import Place, cursor_of, place_of
from core.errors import NotFound
from core.messages import Answer
from core.ports import Forget, nothing_more
from core.storage.content import Content
from core.storage.database import Database
from core.storage.inbox import Accepted
from core.storage.spending import Spent, day_of

MOST = 100
"""Items a page holds at most."""

VERSIONS = 20
"""Versions of one item that are shown at most."""

MONTH = timedelta(days=29)
"""Before today: the thirty days that usage is told of, here and on the web."""


DELETED = Answer(
    "This item was deleted.",
    ok=False,
    private=True,
    error=NotFound("This item was deleted.").to_json(),
)
"""What a request says whose item is gone."""


Rated = tuple[Content, tuple[int, int]]
"""An item, and how many thought well and badly of it."""


class History:
    """What people asked for. Everybody sees their own alone.

    `forget` has the work engine forget requests.
    """

    def __init__(
        self,
        database: Database,
        forget: Forget = nothing_more,
    ) -> None:
        self._database = database
        self._forget = forget

    async def page(
        self,
        user_id: UUID,
        words: str = "",
        provider: str | None = None,
        limit: int = 20,
        cursor: str | None = None,
    ) -> tuple[list[Content], str | None]:
        """Finished items that hold every word, newest first, and the cursor of the next page.

        `limit` is 1 to 100. Raises InvalidInput where the cursor is none of ours.
        """
        before, provider, limit = _asked(cursor, provider, limit)
        # One more than asked for says whether there is a next page.
        items = await self._items(user_id, words, provider, before, limit + 1)
        return items[:limit], _next(items, limit)

    async def rated(
        self,
        user_id: UUID,
        words: str = "",
        provider: str | None = None,
        limit: int = 20,
        cursor: str | None = None,
    ) -> tuple[list[Rated], str | None]:
        """The same, each with how many thought well and badly of it. Raises InvalidInput."""
        before, provider, limit = _asked(cursor, provider, limit)
        async with self._database.read(once=True) as uow:
            items = await uow.content.rated(
                user_id, words=words, provider=provider, before=before, limit=limit + 1
            )
        return items[:limit], _next([item for item, _ in items], limit)

    async def get(self, user_id: UUID, content_id: UUID) -> Content:
        """One item. Raises NotFound where there is none, or it is somebody else's."""
        async with self._database.read(brief=True) as uow:
            item = await uow.content.get(content_id, user_id)
        if item is None:
            raise NotFound("There is no such item in your history.")
        return item

    async def readable(self, user_id: UUID, content_id: UUID) -> Content:
        """One item that is written, or being written.

        Raises NotFound where there is none, or its writing has ended and nothing came of it.
        """
        async with self._database.read() as uow:
            item = await uow.content.get(content_id, user_id)
            request = await uow.inbox.get(content_id)
        if item is None:
            raise NotFound("There is no such item in your history.")
        if item.text is None:
            if item.stopped:
                raise NotFound("This item was stopped before the first words came.")
            if request is None or request.answer is not None:
                raise NotFound(f"This item could not be written. {_reason(request)}".rstrip())
        return item

    async def own(self, user_id: UUID, request_id: UUID) -> None:
        """Raises NotFound where this is no request of theirs, and no item either."""
        async with self._database.read() as uow:
            if await uow.inbox.owner(request_id) == user_id:
                return
        await self.get(user_id, request_id)

    async def versions(self, item: Content) -> list[Content]:
        """What its owner was answered to the same prompt, newest first; 20 at most."""
        async with self._database.read() as uow:
            return await uow.content.answers(item.user_id, item.prompt, VERSIONS)

    async def is_finished(self, content_id: UUID) -> bool:
        """Whether nothing is being done about an item any more, in whatever process."""
        async with self._database.read() as uow:
            request = await uow.inbox.get(content_id)
        return request is None or request.finished_at is not None

    async def known(self, content_id: UUID) -> bool:
        """Whether there is such an item, whoever's it is."""
        async with self._database.read() as uow:
            return await uow.content.get(content_id) is not None

    async def spent(self, user_id: UUID, now: datetime) -> list[Spent]:
        """What they spent, by model: today, in the last 30 days, in all; days are those of UTC."""
        today = now.astimezone(UTC)
        async with self._database.read() as uow:
            return await uow.spending.spent(user_id, day_of(today), day_of(today - MONTH))

    async def delete(self, user_id: UUID, content_id: UUID) -> None:
        """Forgets one item, and ends its writing; its Notion page stays. Raises NotFound."""
        async with self._database.begin() as uow:
            item = await uow.content.delete(content_id, user_id)
            if item is None:
                raise NotFound("There is no such item in your history.")
            await uow.inbox.redact(content_id, DELETED)
            await uow.audit.note("content.removed", user_id, target=str(content_id))
        await self._forget([content_id, *([item.saving_by] if item.saving_by else [])])

    async def votes(self, items: Sequence[Content]) -> dict[UUID, tuple[int, int]]:
        """How many thought well and badly of each; unrated ones are left out. A hundred at most."""
        async with self._database.read() as uow:
            return await uow.ratings.of([item.id for item in items])

    async def export(self, user_id: UUID) -> AsyncIterator[list[Content]]:
        """Every finished item, newest first, a hundred at a time as they come of the database."""
        before: Place | None = None
        while items := await self._items(user_id, "", None, before, MOST):
            yield items
            before = (items[-1].created_at, items[-1].id)

    async def _items(
        self, user_id: UUID, words: str, provider: str | None, before: Place | None, limit: int
    ) -> list[Content]:
        async with self._database.read(once=True) as uow:
            return await uow.content.page(
                user_id, words=words, provider=provider, before=before, limit=limit
            )


def _asked(
    cursor: str | None, provider: str | None, limit: int
) -> tuple[Place | None, str | None, int]:
    before = place_of(cursor) if cursor else None
    return before, provider.lower() if provider else None, max(1, min(limit, MOST))


def _next(items: Sequence[Content], limit: int) -> str | None:
    """The cursor of the next page, where more was found than this one holds."""
    if len(items) <= limit:
        return None
    return cursor_of(items[limit - 1].created_at, items[limit - 1].id)


def _reason(request: Accepted | None) -> str:
    error = request.answer.error if request and request.answer else None
    return str(error["message"]) if error else ""
