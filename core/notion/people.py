"""Who of those that write in chat is whom in Notion.

Somebody is known there by having agreed to a connection, or by the address of their linked account
or of their chat, where the connection may read the workspace's people.
https://developers.notion.com/guides/get-started/authorization
https://developers.notion.com/reference/get-users
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from core.messages import WEB, Sender
from core.notion.tokens import connection_id
from core.ports import Pages
from core.storage.connections import Row
from core.storage.database import Database, UnitOfWork
from core.storage.users import User

MOST = 100
"""People that are looked for at once: those named first."""


class Directory:
    """Finds people's ids in Notion."""

    def __init__(self, database: Database, pages: Pages) -> None:
        self._database = database
        self._pages = pages

    async def of(
        self, connection: str, senders: Iterable[Sender], emails: Mapping[str, str]
    ) -> dict[Sender, str]:
        """The ids of those who are known there, as far as Notion says.

        `connection` is the one that writes; `emails` are people's addresses in chat, by their ids.
        Raises what `Pages.people` raises.
        """
        asked = [each for each in dict.fromkeys(senders) if each.id][:MOST]
        if not asked:
            return {}
        async with self._database.read() as unit:
            users = {each: await _user(unit, each) for each in asked}
            owned, there = await _owned(unit, asked, users), await _at(unit, connection)
        found = _agreed(asked, users, owned, there)
        wanted = {
            each: address
            for each in asked
            if each not in found and (address := _address(each, users[each], emails))
        }
        people = await self._pages.people() if wanted else {}
        known = {each: people[one] for each, one in wanted.items() if one in people}
        return found | known


async def _user(unit: UnitOfWork, sender: Sender) -> User | None:
    if sender.platform == WEB:
        return await unit.users.get(UUID(sender.id))
    return await unit.users.find(sender)


async def _owned(
    unit: UnitOfWork, asked: Sequence[Sender], users: Mapping[Sender, User | None]
) -> list[Row]:
    ids = [user.id for user in users.values() if user is not None]
    return await unit.connections.owned(ids, asked[0].platform, [each.id for each in asked])


async def _at(unit: UnitOfWork, connection: str) -> str:
    """The Notion workspace that a connection writes to; empty where that is not known."""
    id_ = connection_id(connection)
    row = None if id_ is None else await unit.connections.get(id_)
    return "" if row is None else row.notion_workspace


def _agreed(
    asked: Sequence[Sender], users: Mapping[Sender, User | None], rows: Sequence[Row], there: str
) -> dict[Sender, str]:
    """Those who agreed to a connection to this Notion workspace, or to one that may be it."""
    found: dict[Sender, str] = {}
    for row in rows:
        if there and row.notion_workspace and row.notion_workspace != there:
            continue
        for each in asked:
            user = users[each]
            own = user is not None and row.holder.user_id == user.id
            if own or _connected(each, row):
                found.setdefault(each, row.owner_id)
    return found


def _connected(sender: Sender, row: Row) -> bool:
    """Whether it is they who connected their workspace."""
    return (
        row.agreed_as == sender.id
        and row.holder.platform == sender.platform
        # Ids are unique within a workspace where there are any.
        and sender.workspace in ("", row.holder.workspace)
    )


def _address(sender: Sender, user: User | None, emails: Mapping[str, str]) -> str:
    """An address that is certainly theirs: anybody could have typed any other."""
    proven = user.proven_email if user is not None else None
    return (proven or emails.get(sender.id) or "").strip().lower()
