"""Workspaces in which this app is installed: `installations`. The tokens are encrypted already."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy import Row as Found
from sqlalchemy.ext.asyncio import AsyncConnection

from core.storage.tables import installations as table
from core.storage.upsert import upsert

_COLUMNS = (
    table.c.enterprise,
    table.c.workspace,
    table.c.name,
    table.c.bot_user,
    table.c.scopes,
    table.c.token,
    table.c.installed_by,
    table.c.updated_at,
    table.c.refresh,
    table.c.expires_at,
)


@dataclass(frozen=True, slots=True)
class Row:
    """One installation as it is stored; `token` and `refresh` are encrypted, `scopes` are joined
    by commas."""

    enterprise: str
    workspace: str
    name: str
    bot_user: str
    scopes: str
    token: str = field(repr=False)
    installed_by: str
    updated_at: datetime
    refresh: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None


class InstallationTable:
    """`installations`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def of(self, platform: str, enterprise: str, workspace: str) -> Row | None:
        """The newest installation that serves a workspace: its own, or its organisation's."""
        serves = []
        if workspace:
            serves.append(table.c.workspace == workspace)
        if enterprise:
            serves.append(and_(table.c.enterprise == enterprise, table.c.workspace == ""))
        if not serves:
            return None
        wanted = select(*_COLUMNS).where(table.c.platform == platform, or_(*serves))
        newest = wanted.order_by(table.c.updated_at.desc(), table.c.workspace.desc()).limit(1)
        row = (await self._connection.execute(newest)).one_or_none()
        return None if row is None else _row(row)

    async def all(self, platform: str) -> list[Row]:
        """Every installation, oldest first."""
        wanted = select(*_COLUMNS).where(table.c.platform == platform)
        rows = await self._connection.execute(wanted.order_by(table.c.created_at, table.c.id))
        return [_row(row) for row in rows]

    async def keep(self, platform: str, row: Row) -> None:
        """Keeps an installation, in place of an earlier one of the same workspace."""
        key = {"platform": platform, "enterprise": row.enterprise, "workspace": row.workspace}
        values = {
            "name": row.name[:128],
            "bot_user": row.bot_user,
            "scopes": row.scopes,
            "token": row.token,
            "installed_by": row.installed_by,
            "updated_at": row.updated_at,
            "refresh": row.refresh,
            "expires_at": row.expires_at,
            "renewing_until": None,
        }
        statement = upsert(self._connection)(table).values(
            id=uuid4(), created_at=datetime.now(UTC), **key, **values
        )
        await self._connection.execute(
            statement.on_conflict_do_update(index_elements=list(key), set_=values)
        )
        if row.workspace:
            # A workspace that joined an organisation, or left one, is the same workspace.
            moved = table.c.enterprise != row.enterprise
            await self._connection.execute(
                delete(table).where(_is(platform, row.enterprise, row.workspace), moved)
            )

    async def claim(self, platform: str, row: Row, now: datetime, until: datetime) -> bool:
        """Notes that somebody renews this token until a moment; False where somebody else does."""
        free = or_(table.c.renewing_until.is_(None), table.c.renewing_until < now)
        done = await self._connection.execute(
            update(table)
            .where(_same(platform, row), free)
            .values(renewing_until=until)
            .returning(table.c.id)
        )
        return done.one_or_none() is not None

    async def renew(self, platform: str, earlier: Row, row: Row) -> bool:
        """Keeps a token in place of the earlier one; False where that is not there any more."""
        done = await self._connection.execute(
            update(table)
            .where(_same(platform, earlier))
            .values(
                token=row.token,
                refresh=row.refresh,
                expires_at=row.expires_at,
                renewing_until=None,
            )
            .returning(table.c.id)
        )
        return done.one_or_none() is not None

    async def forget(
        self, platform: str, enterprise: str, workspace: str, before: datetime | None
    ) -> bool:
        """Deletes an installation, one made before a moment alone; whether there was one."""
        wanted = _is(platform, enterprise, workspace)
        if before is not None:
            wanted = and_(wanted, table.c.updated_at < before)
        done = await self._connection.execute(delete(table).where(wanted).returning(table.c.id))
        return bool(done.all())


def _row(found: Found[*tuple[Any, ...]]) -> Row:
    return Row(**found._mapping)


def _same(platform: str, row: Row) -> ColumnElement[bool]:
    """An installation while its token is the one of this row, and its admin agreed no later.

    The same text is encrypted to something else each time, so what is compared is when it ends.
    """
    return and_(
        table.c.platform == platform,
        table.c.enterprise == row.enterprise,
        table.c.workspace == row.workspace,
        table.c.updated_at == row.updated_at,
        table.c.expires_at == row.expires_at,
    )


def _is(platform: str, enterprise: str, workspace: str) -> ColumnElement[bool]:
    """A workspace's own installation, whatever its organisation, or an organisation's."""
    mine = and_(table.c.platform == platform, table.c.workspace == workspace)
    return mine if workspace else and_(mine, table.c.enterprise == enterprise)
