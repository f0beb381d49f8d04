"""Who may ask Notion by which connection: a person's own, their workspace's, the server's token."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from datetime import UTC, datetime
from uuid import UUID, uuid4

import structlog

from core.accounts.sealing import Sealer
from core.config import Settings
from core.notion.client import NotionPages
from core.notion.counting import InDatabase
from core.notion.oauth import Granted, Grants
from core.notion.tokens import Lost, Tokens, connection_id, lost
from core.notion.whose import using, whose
from core.ports import Pages
from core.storage.connections import Holder, Row
from core.storage.database import Database

INSTANCE = ""
"""The name of the server's own token among connections."""

OPEN = 200
"""Connections a process keeps open at most; the one used longest ago is closed."""

_PURPOSE = "notion tokens"

log = structlog.get_logger(__name__)


class Connections:
    """Every connection, opened when it is first used. `own` is the server's token, if there is one.

    Tokens are encrypted with the newest SECRET_KEY and read with each of them.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        own: Pages | None,
        grants: Grants | None = None,
    ) -> None:
        self._settings = settings
        self._database = database
        self._own = own
        self._sealer = Sealer(settings, _PURPOSE)
        self._open: OrderedDict[UUID, tuple[Tokens, NotionPages]] = OrderedDict()
        self._closing: set[asyncio.Task[None]] = set()
        self.grants = grants or Grants(settings)

    # ── Which connection ─────────────────────────────────────────────────────────────────────────

    async def chain(self) -> list[str]:
        """The connections by which whoever asks may ask, the one that goes first first.

        A person's own, then their workspace's, then the server's token. Empty where there is none.
        Raises Lost where the one that goes first is not accepted any more: what was meant for it
        goes nowhere else.
        """
        rows = await self._rows()
        if rows and rows[0].lost_at is not None:
            raise lost(rows[0])
        found = [str(row.id) for row in rows if row.lost_at is None]
        return found if self._own is None else [*found, INSTANCE]

    async def broken(self) -> Row | None:
        """The connection that goes first, where Notion does not accept it any more."""
        rows = await self._rows()
        return rows[0] if rows and rows[0].lost_at is not None else None

    async def missing(self) -> bool:
        """Whether whoever asks has to connect Notion first: there is none, or theirs is lost."""
        try:
            return not await self.chain()
        except Lost:
            return True

    async def _rows(self) -> list[Row]:
        who = whose()
        if not self.grants.on or (who.user_id is None and not who.workspace):
            return []
        async with self._database.read() as unit:
            return await unit.connections.chain(who.user_id, who.platform, who.workspace)

    async def first(self) -> str | None:
        """The connection decided for what is under way, else the first of the chain."""
        decided = using()
        if decided is not None and await self.pages(decided) is not None:
            return decided
        chain = await self.chain()
        return chain[0] if chain else None

    async def pages(self, connection: str | None) -> Pages | None:
        """Notion by this connection; None where there is none any more."""
        if connection is None:
            return None
        if connection == INSTANCE:
            return self._own
        row = await self._row(connection)
        return None if row is None else self._opened(row)

    async def _row(self, connection: str) -> Row | None:
        id_ = connection_id(connection)
        if id_ is None:
            return None
        if id_ in self._open:
            # What was changed elsewhere is noticed when Notion refuses the token.
            return self._open[id_][0].row
        async with self._database.read() as unit:
            return await unit.connections.get(id_)

    def _opened(self, row: Row) -> NotionPages:
        if row.id not in self._open:
            tokens = Tokens(row, self._database, self.grants, self._sealer)
            pages = NotionPages(
                tokens,
                None,
                self._settings.notion_base_url,
                self._settings.notion_requests_per_minute,
                self._settings.redis_url,
                budget=row.bot_id or str(row.id),
                workspace=row.notion_workspace,
                count=None if self._settings.embedded else InDatabase(self._database),
            )
            self._open[row.id] = tokens, pages
            while len(self._open) > OPEN:
                self._forget(next(iter(self._open)))
        self._open.move_to_end(row.id)
        return self._open[row.id][1]

    # ── Made, and taken away ─────────────────────────────────────────────────────────────────────

    async def of(self, holder: Holder) -> Row | None:
        """The connection of a person or workspace."""
        async with self._database.read() as unit:
            return await unit.connections.of(holder)

    async def connect(
        self, holder: Holder, granted: Granted, connected_by: str, agreed_as: str = ""
    ) -> Row:
        """Keeps what Notion granted, in place of the holder's earlier connection.

        `agreed_as` is the id in chat of who connected a workspace, as they are who agreed.
        """
        refresh = granted.refresh_token
        now = datetime.now(UTC)
        row = Row(
            id=uuid4(),
            holder=holder,
            bot_id=granted.bot_id[:64],
            notion_workspace=granted.workspace_id[:64],
            name=granted.workspace_name,
            owner=granted.owner,
            connected_by=connected_by,
            owner_id=granted.owner_id[:64],
            agreed_as=agreed_as if holder.shared else "",
            access_token=self._sealer.sealed(granted.access_token),
            refresh_token=None if refresh is None else self._sealer.sealed(refresh),
            version=1,
            refreshing_until=None,
            lost_at=None,
            created_at=now,
            updated_at=now,
        )
        async with self._database.begin() as unit:
            before = await unit.connections.keep(row)
        if before is not None:
            self._forget(before.id)
        log.info("notion connected", shared=holder.shared, platform=holder.platform or None)
        return row

    async def disconnect(self, holder: Holder) -> tuple[Row | None, bool]:
        """Forgets a holder's connection and takes its token back at Notion.

        What it was, and whether Notion took it back; there it can also be removed by hand.
        """
        async with self._database.begin() as unit:
            row = await unit.connections.remove(holder)
        if row is None:
            return None, True
        self._forget(row.id)
        token = self._sealer.opened(row.access_token)
        if row.lost_at is not None or token is None:
            return row, row.lost_at is not None
        return row, await self.grants.revoke(token)

    def _forget(self, id_: UUID) -> None:
        opened = self._open.pop(id_, None)
        if opened is not None:
            task = asyncio.create_task(opened[1].close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """Lets go of every connection. May be called twice."""
        for id_ in list(self._open):
            self._forget(id_)
        if self._closing:
            await asyncio.wait(set(self._closing))
        if self._own is not None:
            await self._own.close()
