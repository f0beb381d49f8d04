"""Which item stands for messages at a destination, and whose reactions ask for its page.

The same messages at the same destination are one item, whoever saves them and in whatever way the
place came about: by `--to`, by an emoji, or because it is where somebody's pages go.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from core.commands.context import Context
from core.errors import AssistantError
from core.messages import Request
from core.notion.places import Places
from core.notion.urgency import looked_on
from core.storage.content import Content
from core.storage.database import Database

SECONDS = 3.0
"""The most Notion may take to say where pages go by default."""

_TELLING = ("to", "emoji")
"""The flags that tell apart what the reactions to one message ask for."""

Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Stand:
    """One person's reaction by one emoji: whether it is still there, whose account it is, and the
    page that it got; empty where it got none.
    """

    stands: bool
    user_id: UUID | None
    page: str
    like_this: bool


class Standing:
    """Looks for both. `places` says where somebody's pages go."""

    def __init__(self, database: Database, places: Places) -> None:
        self._database = database
        self._places = places

    async def item(
        self,
        context: Context,
        item: UUID,
        every: Callable[[str | None], UUID],
        place: str | None,
        *,
        known: bool = False,
    ) -> UUID:
        """As `core.commands.context.Keeper.item`."""
        own, first = await self._get(item), await self._get(every(None))
        if place is not None:
            return every(None) if own is None and _is_at(first, place) else item
        if first is not None and (first.user_id == context.user_id or first.parent is None):
            return item
        where = await self._place(context)
        if not where or _is_at(first, where):
            return item
        there = await self._get(every(where)) is not None
        return every(where) if there or (first is not None and not known) else item

    async def _place(self, context: Context) -> str:
        """The id of where the asker's pages go; empty where Notion does not say in time."""
        wanted = await self._places.wanted(context.request.id, context.user_id)
        if wanted["name"]:
            return wanted["name"]
        try:
            # Until the item is kept, nobody hears what becomes of its messages.
            with looked_on():
                async with asyncio.timeout(SECONDS):
                    return (await self._places.meant(wanted)).id
        except (AssistantError, TimeoutError):
            # Saving says what is wrong with the place.
            return ""

    async def reactions(self, request: Request) -> dict[Key, Stand]:
        """All reactions that ever asked about the message of this one, but this one."""
        if not request.marked or request.queue is None:
            return {}
        async with self._database.read() as unit:
            asked = await unit.inbox.about(request.sender.platform, request.queue)
        mine = _key(request)
        found: dict[Key, Stand] = {}
        for one in asked:
            key = _key(one.request)
            before = found.get(key)
            page = (one.answer.page or "") if one.answer else ""
            found[key] = Stand(
                stands=one.request.call.command != request.call.command,
                user_id=one.user_id,
                page=page or (before.page if before else ""),
                like_this=key[2:] == mine[2:],
            )
        found.pop(mine, None)
        return found

    async def _get(self, item: UUID) -> Content | None:
        async with self._database.read() as unit:
            return await unit.content.get(item)


def _is_at(content: Content | None, place: str) -> bool:
    there = (content.parent or {}).get("id", "") if content else ""
    return there != "" and there.replace("-", "") == place.replace("-", "")


def _key(request: Request) -> Key:
    told = (request.call.flags.get(name) for name in _TELLING)
    return (request.sender.workspace, request.sender.id, *told)
