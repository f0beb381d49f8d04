"""Links that were mailed: `mailed_links`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.storage.account_tables import mailed_links

Purpose = Literal["reset", "confirm"]


@dataclass(frozen=True, slots=True)
class MailedLink:
    """A link that was mailed, as kept: the hash of its token, never itself."""

    hash: str
    user_id: UUID
    purpose: Purpose
    email: str
    expires_at: datetime


_LINK = (
    mailed_links.c.hash,
    mailed_links.c.user_id,
    mailed_links.c.purpose,
    mailed_links.c.email,
    mailed_links.c.expires_at,
)


class MailedLinkTable:
    """`mailed_links`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, link: MailedLink) -> None:
        """Keeps a link; those before it go on until they end, or one of them is used."""
        await self._connection.execute(
            insert(mailed_links).values(
                hash=link.hash,
                user_id=link.user_id,
                purpose=link.purpose,
                email=link.email,
                expires_at=link.expires_at,
                created_at=datetime.now(UTC),
            )
        )

    async def get(self, hash_: str, purpose: Purpose) -> MailedLink | None:
        """The link with this hash."""
        row = (
            await self._connection.execute(
                select(*_LINK).where(
                    mailed_links.c.hash == hash_, mailed_links.c.purpose == purpose
                )
            )
        ).one_or_none()
        return None if row is None else MailedLink(*row)

    async def use(self, hash_: str, purpose: Purpose) -> MailedLink | None:
        """Uses a link up, whether it has ended or not. None where there is none, or not any more.

        Of two at once, one gets it.
        """
        done = await self._connection.execute(
            delete(mailed_links)
            .where(mailed_links.c.hash == hash_, mailed_links.c.purpose == purpose)
            .returning(*_LINK)
        )
        row = done.one_or_none()
        return None if row is None else MailedLink(*row)

    async def end(self, user_id: UUID, purpose: Purpose) -> None:
        """Ends every link of a person for this."""
        await self._connection.execute(
            delete(mailed_links).where(
                mailed_links.c.user_id == user_id, mailed_links.c.purpose == purpose
            )
        )

    async def forget(self, before: datetime) -> None:
        """Deletes those that ended before this moment."""
        await self._connection.execute(
            delete(mailed_links).where(mailed_links.c.expires_at < before)
        )
