"""Refresh tokens and first answers to repeated POSTs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.storage.account_tables import sessions
from core.storage.tables import idempotency, refresh_tokens
from core.storage.upsert import upsert


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token, as kept: its SHA-256, never itself."""

    hash: str
    family: UUID
    user_id: UUID
    expires_at: datetime
    used_at: datetime | None


# Building a statement takes longer than asking SQLite.
_BY_HASH = select(
    refresh_tokens.c.hash,
    refresh_tokens.c.family,
    refresh_tokens.c.user_id,
    refresh_tokens.c.expires_at,
    refresh_tokens.c.used_at,
).where(refresh_tokens.c.hash == bindparam("hash_"))


class TokenTable:
    """`refresh_tokens`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, token: RefreshToken) -> None:
        """Keeps a new token."""
        await self._connection.execute(
            insert(refresh_tokens).values(
                hash=token.hash,
                family=token.family,
                user_id=token.user_id,
                expires_at=token.expires_at,
                created_at=datetime.now(UTC),
            )
        )

    async def get(self, hash_: str) -> RefreshToken | None:
        """The token with this hash."""
        row = (await self._connection.execute(_BY_HASH, {"hash_": hash_})).one_or_none()
        return None if row is None else RefreshToken(*row)

    async def use(self, hash_: str) -> bool:
        """Uses a token up. False where somebody else was quicker."""
        done = await self._connection.execute(
            update(refresh_tokens)
            .where(refresh_tokens.c.hash == hash_, refresh_tokens.c.used_at.is_(None))
            .values(used_at=datetime.now(UTC))
        )
        return done.rowcount == 1

    async def end_family(self, family: UUID) -> None:
        """Forgets every token that came from one login, and so ends its session."""
        await self._connection.execute(
            delete(refresh_tokens).where(refresh_tokens.c.family == family)
        )
        await self._connection.execute(delete(sessions).where(sessions.c.id == family))

    async def forget(self, before: datetime) -> None:
        """Deletes tokens that ended before this moment."""
        await self._connection.execute(
            delete(refresh_tokens).where(refresh_tokens.c.expires_at < before)
        )


@dataclass(frozen=True, slots=True)
class FirstAnswer:
    """What a POST with this key was answered; `status` is None while it is being worked on."""

    fingerprint: str
    status: int | None
    body: str | None
    created_at: datetime


class IdempotencyTable:
    """`idempotency`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def claim(
        self, key: str, fingerprint: str, body: str | None = None
    ) -> FirstAnswer | None:
        """None where this is the first use of the key; what is known of the first otherwise.

        `body` is what the first use leaves at once for a repeat.
        """
        insert = upsert(self._connection)
        done = await self._connection.execute(
            insert(idempotency)
            .values(key=key, fingerprint=fingerprint, body=body, created_at=datetime.now(UTC))
            .on_conflict_do_nothing()
            .returning(idempotency.c.key)
        )
        if done.one_or_none() is not None:
            return None
        row = (
            await self._connection.execute(select(idempotency).where(idempotency.c.key == key))
        ).one()
        return FirstAnswer(row.fingerprint, row.status, row.body, row.created_at)

    async def answer(self, key: str, status: int, body: str) -> None:
        """Keeps the answer for a repeat."""
        await self._connection.execute(
            update(idempotency).where(idempotency.c.key == key).values(status=status, body=body)
        )

    async def release(self, key: str, body: str | None = None) -> None:
        """Forgets a key whose request came to nothing, so that it may be tried again.

        With `body`, only while that is what stands there.
        """
        query = delete(idempotency).where(idempotency.c.key == key)
        if body is not None:
            query = query.where(idempotency.c.body == body)
        await self._connection.execute(query)

    async def forget(self, before: datetime) -> None:
        """Deletes keys first used before this moment."""
        await self._connection.execute(delete(idempotency).where(idempotency.c.created_at < before))
