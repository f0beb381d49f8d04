"""Sessions, where people log in from, and the tokens they make for programs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import and_, bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.storage.account_tables import known_addresses, personal_tokens, sessions
from core.storage.tables import refresh_tokens, users
from core.storage.upsert import upsert
from core.storage.users import User, user_of


@dataclass(frozen=True, slots=True)
class LoginSession:
    """A login that goes on: since when, when it was last used, from where, by what program."""

    id: UUID
    address: str
    agent: str
    last_used_at: datetime
    created_at: datetime


# Every request over HTTP asks this, and building it would take longer than SQLite does.
_CALLER = (
    select(*users.c, sessions.c.id)
    .select_from(
        users.outerjoin(
            sessions,
            and_(sessions.c.user_id == users.c.id, sessions.c.id == bindparam("session")),
        )
    )
    .where(users.c.id == bindparam("user"))
)


class SessionTable:
    """`sessions` and `known_addresses`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def use(self, session_id: UUID, user_id: UUID, address: str, agent: str) -> None:
        """Notes that a session is used now, and from where; the first time begins it."""
        now = datetime.now(UTC)
        await self._connection.execute(
            upsert(self._connection)(sessions)
            .values(
                id=session_id,
                user_id=user_id,
                address=address,
                agent=agent,
                last_used_at=now,
                created_at=now,
            )
            .on_conflict_do_update(
                index_elements=["id"],
                set_={"address": address, "agent": agent, "last_used_at": now},
            )
        )

    async def caller(
        self, user_id: UUID, session_id: UUID | None
    ) -> tuple[User, UUID | None] | None:
        """A person, and the session where it is theirs and goes on. None: there is no such person.

        One query.
        """
        asked = {"user": user_id, "session": session_id}
        row = (await self._connection.execute(_CALLER, asked)).one_or_none()
        if row is None:
            return None
        *person, session = row
        return user_of(person), session

    async def of(self, user_id: UUID) -> list[LoginSession]:
        """A person's sessions, the last used first."""
        rows = await self._connection.execute(
            select(
                sessions.c.id,
                sessions.c.address,
                sessions.c.agent,
                sessions.c.last_used_at,
                sessions.c.created_at,
            )
            .where(sessions.c.user_id == user_id)
            .order_by(sessions.c.last_used_at.desc(), sessions.c.id)
        )
        return [LoginSession(*row) for row in rows]

    async def end(self, user_id: UUID, session_id: UUID) -> bool:
        """Ends one session of this person. False where there is none."""
        done = await self._connection.execute(
            delete(sessions).where(sessions.c.id == session_id, sessions.c.user_id == user_id)
        )
        await self._connection.execute(
            delete(refresh_tokens).where(
                refresh_tokens.c.family == session_id, refresh_tokens.c.user_id == user_id
            )
        )
        return done.rowcount == 1

    async def end_all(self, user_id: UUID, but: UUID | None = None) -> int:
        """Ends every session of a person, except one, and says how many."""
        theirs, tokens = sessions.c.user_id == user_id, refresh_tokens.c.user_id == user_id
        if but is not None:
            theirs = and_(theirs, sessions.c.id != but)
            tokens = and_(tokens, refresh_tokens.c.family != but)
        done = await self._connection.execute(delete(sessions).where(theirs))
        await self._connection.execute(delete(refresh_tokens).where(tokens))
        return done.rowcount

    async def forget(self, used_before: datetime, seen_before: datetime) -> None:
        """Deletes sessions whose tokens have all ended, and addresses not seen for long."""
        await self._connection.execute(
            delete(sessions).where(sessions.c.last_used_at < used_before)
        )
        await self._connection.execute(
            delete(known_addresses).where(known_addresses.c.seen_at < seen_before)
        )

    async def know(self, user_id: UUID, address_hash: str) -> None:
        """Notes that this person has logged in from there."""
        now = datetime.now(UTC)
        await self._connection.execute(
            upsert(self._connection)(known_addresses)
            .values(user_id=user_id, hash=address_hash, seen_at=now)
            .on_conflict_do_update(index_elements=["user_id", "hash"], set_={"seen_at": now})
        )

    async def knows(self, user_id: UUID, address_hash: str) -> bool:
        """Whether this person has logged in from there."""
        query = select(known_addresses.c.hash).where(
            known_addresses.c.user_id == user_id, known_addresses.c.hash == address_hash
        )
        return (await self._connection.execute(query)).first() is not None


@dataclass(frozen=True, slots=True)
class PersonalToken:
    """A token somebody made for a program; `hint` is how it begins."""

    id: UUID
    name: str
    hint: str
    scopes: tuple[str, ...]
    expires_at: datetime
    last_used_at: datetime | None
    created_at: datetime


_SHOWN = (
    personal_tokens.c.id,
    personal_tokens.c.name,
    personal_tokens.c.hint,
    personal_tokens.c.scopes,
    personal_tokens.c.expires_at,
    personal_tokens.c.last_used_at,
    personal_tokens.c.created_at,
)


class PersonalTokenTable:
    """`personal_tokens`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, user_id: UUID, hash_: str, token: PersonalToken) -> None:
        """Keeps a new one."""
        await self._connection.execute(
            insert(personal_tokens).values(
                id=token.id,
                user_id=user_id,
                hash=hash_,
                hint=token.hint,
                name=token.name,
                scopes=",".join(token.scopes),
                expires_at=token.expires_at,
                created_at=token.created_at,
            )
        )

    async def of(self, user_id: UUID) -> list[PersonalToken]:
        """A person's tokens, newest first."""
        rows = await self._connection.execute(
            select(*_SHOWN)
            .where(personal_tokens.c.user_id == user_id)
            .order_by(personal_tokens.c.created_at.desc(), personal_tokens.c.id)
        )
        return [_token(tuple(row)) for row in rows]

    async def caller(self, hash_: str) -> tuple[User, PersonalToken] | None:
        """Whose token this is, and which; None where there is none."""
        row = (
            await self._connection.execute(
                select(*users.c, *_SHOWN)
                .join(personal_tokens, personal_tokens.c.user_id == users.c.id)
                .where(personal_tokens.c.hash == hash_)
            )
        ).one_or_none()
        if row is None:
            return None
        columns = len(users.c)
        return user_of(row[:columns]), _token(tuple(row[columns:]))

    async def used(self, token_id: UUID) -> None:
        """Notes that it is used now."""
        await self._connection.execute(
            update(personal_tokens)
            .where(personal_tokens.c.id == token_id)
            .values(last_used_at=datetime.now(UTC))
        )

    async def delete(self, user_id: UUID, token_id: UUID) -> PersonalToken | None:
        """Ends one of a person's tokens, and says which it was. None where there is none."""
        done = await self._connection.execute(
            delete(personal_tokens)
            .where(personal_tokens.c.id == token_id, personal_tokens.c.user_id == user_id)
            .returning(*_SHOWN)
        )
        row = done.one_or_none()
        return None if row is None else _token(tuple(row))

    async def end_all(self, user_id: UUID) -> None:
        """Ends every token of a person."""
        await self._connection.execute(
            delete(personal_tokens).where(personal_tokens.c.user_id == user_id)
        )

    async def forget(self, before: datetime) -> None:
        """Deletes those that ended before this moment."""
        await self._connection.execute(
            delete(personal_tokens).where(personal_tokens.c.expires_at < before)
        )


def _token(row: tuple[object, ...]) -> PersonalToken:
    id_, name, hint, scopes, *moments = row
    return PersonalToken(id_, name, hint, tuple(str(scopes).split(",")), *moments)  # type: ignore[arg-type]
