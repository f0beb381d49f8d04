"""The tokens of one connection by OAuth, and the next ones when those have ended.

Notion's refresh tokens work once, so two that trade the same one end the connection for both. Who
trades one claims it first: in this process by a lock, among processes by a row of the database that
one of them changes (`refreshing_until`), and keeps what came of it only where the version is still
the one that it was got for. Everybody else waits, and reads the new tokens.

Where the answer is lost, or the process dies over it, nobody knows whether the token was traded.
Whoever comes next asks Notion whether it is still active, which trades nothing, and only then uses
it. https://developers.notion.com/reference/introspect-token
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from core.accounts.sealing import Sealer
from core.errors import Misconfigured, NotionFailed
from core.jobs.show import patiently
from core.notion.oauth import Granted, GrantEnded, Grants
from core.storage.connections import Row
from core.storage.database import Database

CLAIM = timedelta(seconds=45)
"""How long somebody may take to trade a refresh token; Notion has 20 seconds to answer."""

_POLL_SECONDS = 0.2
_WAIT_SECONDS = 60.0
_KEEP_SECONDS = 60.0

log = structlog.get_logger(__name__)


class Lost(NotionFailed):
    """Notion does not accept this connection any more: somebody has to connect it again."""


def lost(row: Row) -> Lost:
    """What people are told of a connection that is lost."""
    name = f" to “{row.name}”" if row.name else ""
    shared = row.holder.shared
    whose = "This workspace's" if shared else "Your"
    do = (
        "Whoever manages this workspace connects it again: `/notion settings notion workspace`."
        if shared
        else "Connect Notion again, in chat by `/notion settings notion` or on the web under "
        "Connections, then try again."
    )
    return Lost(
        f"{whose} connection{name} is not accepted by Notion any more: it was removed there, or "
        f"has ended. {do}"
    )


class Tokens:
    """One connection's tokens. A `core.notion.connection.TokenSource`."""

    def __init__(
        self, row: Row, database: Database, grants: Grants, sealer: Sealer, claim: timedelta = CLAIM
    ) -> None:
        self.row = row
        self._database = database
        self._grants = grants
        self._sealer = sealer
        self._claim = claim
        self._turn = asyncio.Lock()

    async def current(self) -> str:
        """The token to ask with. Raises Lost, and Misconfigured where it cannot be decrypted."""
        # It may have been connected again elsewhere.
        row = self.row if self.row.lost_at is None else await self._read()
        if row.lost_at is not None:
            raise lost(row)
        return self._opened(row.access_token)

    async def renewed(self, refused: str) -> str:
        """A token in place of one that Notion refused.

        Raises Lost where there is none to be had, NotionFailed where Notion does not answer now.
        """
        async with self._turn:
            deadline = asyncio.get_running_loop().time() + _WAIT_SECONDS
            while asyncio.get_running_loop().time() < deadline:
                row = await self._read()
                if row.lost_at is not None:
                    raise lost(row)
                if (token := self._opened(row.access_token)) != refused:
                    return token
                if row.refresh_token is None:
                    await self._lose(row, "it has no refresh token")
                    raise lost(row)
                now = datetime.now(UTC)
                async with self._database.begin() as unit:
                    ours = await unit.connections.claim(row.id, row.version, now, now + self._claim)
                if ours:
                    # A cancelled caller must not lose what Notion gives only once.
                    return await asyncio.shield(asyncio.create_task(self._trade(row)))
                await asyncio.sleep(_POLL_SECONDS)
        raise NotionFailed("Notion's tokens are being renewed. Try again.", retryable=True)

    async def _trade(self, row: Row) -> str:
        refresh = self._opened(row.refresh_token or "")
        try:
            if row.refreshing_until is not None and await self._grants.active(refresh) is False:
                # Somebody traded it and the answer never came.
                raise GrantEnded("The answer to the last refresh was lost.")
            granted = await self._grants.refresh(refresh)
        except GrantEnded as error:
            await self._lose(row, error.message)
            raise lost(row) from error
        except (NotionFailed, Misconfigured) as error:
            unsure = isinstance(error, NotionFailed) and error.unsure
            async with self._database.begin() as unit:
                ended = datetime.now(UTC) if unsure else None
                await unit.connections.release(row.id, row.version, ended)
            raise
        await patiently(lambda: self._keep(row, granted), _KEEP_SECONDS)
        log.info("notion token renewed", connection=str(row.id))
        return granted.access_token

    async def _keep(self, row: Row, granted: Granted) -> None:
        # Where no new refresh token came, the old one holds (RFC 6749, 6).
        refresh = self._sealer.sealed(granted.refresh_token) if granted.refresh_token else None
        tokens = (self._sealer.sealed(granted.access_token), refresh or row.refresh_token)
        async with self._database.begin() as unit:
            now = datetime.now(UTC)
            # What was connected before the id was kept learns it here.
            await unit.connections.renew(row.id, row.version, tokens, now, granted.owner_id[:64])
        await self._read()

    async def _lose(self, row: Row, reason: str) -> None:
        async with self._database.begin() as unit:
            await unit.connections.lose(row.id, row.version, datetime.now(UTC))
        log.warning("notion connection lost", connection=str(row.id), reason=reason)
        await self._read()

    async def _read(self) -> Row:
        async with self._database.read() as unit:
            row = await unit.connections.get(self.row.id)
        if row is None:
            raise Lost("This connection to Notion was taken away. Connect Notion again.")
        self.row = row
        return row

    def _opened(self, sealed: str) -> str:
        token = self._sealer.opened(sealed)
        if token is None:
            raise Misconfigured(
                "The tokens of a connection to Notion were encrypted with a SECRET_KEY that is not "
                "set any more. The admin adds that key at the end of SECRET_KEY, after a comma; or "
                "connect Notion again."
            )
        return token


def connection_id(text: str) -> UUID | None:
    """The id that is kept with a page; None for the server's own token."""
    try:
        return UUID(text)
    except ValueError:
        return None
