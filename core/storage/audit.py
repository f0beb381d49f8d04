"""Who did what, from where: `audit`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlalchemy import and_, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.origin import origin
from core.storage.account_tables import audit
from core.storage.tables import users


@dataclass(frozen=True, slots=True)
class Entry:
    """One act. `actor` did it, to `subject` where that is a person; None where they were erased.

    `target` is what it was done to, or with. Names are those of now.
    """

    id: UUID
    action: str
    actor_id: UUID | None
    actor: str | None
    subject_id: UUID | None
    subject: str | None
    target: str
    address: str
    created_at: datetime


class AuditTable:
    """`audit`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def note(
        self,
        action: str,
        actor: UUID | None,
        *,
        subject: UUID | None = None,
        target: str = "",
    ) -> None:
        """Notes an act, in the same transaction as the act. Where from is `core.origin`'s."""
        await self._connection.execute(
            insert(audit).values(
                id=uuid4(),
                action=action,
                actor_id=actor,
                subject_id=subject if subject is not None else actor,
                target=target[:256],
                address=origin().address[:64],
                created_at=datetime.now(UTC),
            )
        )

    async def page(
        self,
        *,
        before: tuple[datetime, UUID] | None = None,
        limit: int = 50,
        about: UUID | None = None,
        action: str | None = None,
    ) -> list[Entry]:
        """Entries, newest first; with `about`, those of what this person did or had done to them.

        `action` is one, or the first word of some: "login" finds "login.failed" too.
        """
        actor, subject = users.alias("actor"), users.alias("subject")
        query = (
            select(
                audit.c.id,
                audit.c.action,
                audit.c.actor_id,
                actor.c.username,
                audit.c.subject_id,
                subject.c.username,
                audit.c.target,
                audit.c.address,
                audit.c.created_at,
            )
            .outerjoin(actor, actor.c.id == audit.c.actor_id)
            .outerjoin(subject, subject.c.id == audit.c.subject_id)
        )
        if before is not None:
            created, last = before
            query = query.where(
                or_(
                    audit.c.created_at < created,
                    and_(audit.c.created_at == created, audit.c.id < last),
                )
            )
        if about is not None:
            query = query.where(or_(audit.c.actor_id == about, audit.c.subject_id == about))
        if action is not None:
            begins = audit.c.action.startswith(f"{action}.", autoescape=True)
            query = query.where(or_(audit.c.action == action, begins))
        query = query.order_by(audit.c.created_at.desc(), audit.c.id.desc()).limit(limit)
        return [Entry(*row) for row in await self._connection.execute(query)]

    async def erase(self, user_id: UUID) -> None:
        """Forgets what is about a person alone, and takes them out of what is about others."""
        await self._connection.execute(
            delete(audit).where(
                audit.c.subject_id == user_id,
                or_(audit.c.actor_id == user_id, audit.c.actor_id.is_(None)),
            )
        )
        await self._connection.execute(
            update(audit).where(audit.c.actor_id == user_id).values(actor_id=None, address="")
        )
        await self._connection.execute(
            update(audit).where(audit.c.subject_id == user_id).values(subject_id=None, target="")
        )

    async def forget(self, before: datetime) -> None:
        """Deletes entries older than this moment."""
        await self._connection.execute(delete(audit).where(audit.c.created_at < before))
