"""What admins of a server see and do: people, roles, accounts switched off, the audit log.

On a server that others reach, an admin is made by whoever runs it, with `notion-assistant admin`:
were it the first who registers, it could be anybody. On somebody's own machine it is the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypedDict
from uuid import UUID

from core.accounts.names import is_login
from core.cursors import cursor_of, place_of
from core.errors import Conflict, NotFound
from core.origin import Origin, asked_from
from core.storage.audit import Entry
from core.storage.database import Database, UnitOfWork
from core.storage.users import User

MOST = 100
"""Rows of a page."""

LAST = "You are the only admin. Make somebody else one first."
_NOBODY = "There is no such account. `GET /admin/users` lists them."


@dataclass(frozen=True, slots=True)
class Counts:
    """How many accounts there are; of them, the admins, and those that are switched off."""

    accounts: int
    admins: int
    disabled: int


@dataclass(frozen=True, slots=True)
class Leaving:
    """What comes of it when an account is erased.

    `is_last`: there would be no admin left among the accounts that stay. `heir` is who becomes one
    then, None where nobody does, and so the account cannot be erased.
    """

    is_last: bool = False
    heir: User | None = None


class AccountChanges(TypedDict, total=False):
    """What is to change of an account: what is not in it stays.

    `allowance` is in tokens a month, `allowance_dollars` in US dollars; None is what everybody has.
    """

    role: str
    disabled: bool
    allowance: int | None
    allowance_dollars: float | None


class Admin:
    """Sees and changes people's accounts; who may, is for the caller to check.

    `own`: the server is on somebody's own machine, where the oldest account is the admin's. There
    the next one takes over from the last admin; elsewhere that might be anybody.
    """

    def __init__(self, database: Database, *, own: bool = False) -> None:
        self._database = database
        self._own = own

    async def leaving(self, user_id: UUID) -> Leaving:
        """What would come of it if this account were erased."""
        async with self._database.read() as uow:
            return await self._leaving(uow, user_id)

    async def is_last(self, user_id: UUID) -> bool:
        """Whether this account is the only admin's."""
        async with self._database.read() as uow:
            return await uow.people.admins() == {user_id}

    async def _leaving(self, uow: UnitOfWork, user_id: UUID) -> Leaving:
        user = await uow.users.get(user_id)
        # Of a member's leaving the admins need not be held.
        if user is None or user.role != "admin" or await uow.people.admins() != {user_id}:
            return Leaving()
        heir = await uow.people.oldest(but=user_id)
        return Leaving(heir is not None, heir if self._own else None)

    async def hand_over(self, uow: UnitOfWork, user_id: UUID) -> User | None:
        """Sees to it that there is an admin once this account is erased; who has become one.

        Raises Conflict where nobody can take over.
        """
        leaving = await self._leaving(uow, user_id)
        if leaving.heir is not None:
            await uow.people.change(leaving.heir.id, role="admin")
            # From where it came about is of the one who leaves, and goes with them.
            with asked_from(Origin()):
                await uow.audit.note("user.role", None, subject=leaving.heir.id, target="admin")
        elif leaving.is_last:
            raise Conflict(LAST)
        return leaving.heir

    async def people(
        self, words: str = "", cursor: str | None = None, limit: int = 50
    ) -> tuple[list[User], str | None]:
        """Accounts whose address or name holds every word, newest first, and the next cursor."""
        before = place_of(cursor) if cursor else None
        async with self._database.read() as uow:
            found = await uow.people.page(words, before, limit + 1)
        if len(found) <= limit:
            return found, None
        return found[:limit], cursor_of(found[limit - 1].created_at, found[limit - 1].id)

    async def counts(self) -> Counts:
        """How many people there are."""
        async with self._database.read() as uow:
            return Counts(*await uow.people.count())

    async def account(self, user_id: UUID) -> User:
        """One account. Raises NotFound."""
        async with self._database.read() as uow:
            user = await uow.users.get(user_id)
        if user is None or not user.has_account:
            raise NotFound(_NOBODY)
        return user

    async def change(self, actor: UUID, user_id: UUID, changes: AccountChanges) -> User:
        """Gives an account another role, switches it off or on, or sets its allowance.

        Whoever is switched off is logged out everywhere. Raises NotFound, and Conflict where there
        would be no admin left.
        """
        role, disabled = changes.get("role"), changes.get("disabled")
        async with self._database.begin() as uow:
            admins = await uow.people.admins()
            user = await uow.users.get(user_id)
            if user is None or not user.has_account:
                raise NotFound(_NOBODY)
            loses = role == "member" or disabled is True
            if loses and admins == {user_id}:
                raise Conflict(LAST)
            if role is not None and role != user.role:
                await uow.people.change(user_id, role=role)
                await uow.audit.note("user.role", actor, subject=user_id, target=role)
            if disabled is not None and disabled != (user.disabled_at is not None):
                await self._switch(uow, actor, user_id, off=disabled)
            await self._allot(uow, actor, user, changes)
            changed = await uow.users.get(user_id)
        assert changed is not None  # noqa: S101 - in the same transaction
        return changed

    async def _allot(
        self, uow: UnitOfWork, actor: UUID, user: User, changes: AccountChanges
    ) -> None:
        tokens = changes.get("allowance", user.allowance)
        dollars = changes.get("allowance_dollars", user.allowance_dollars)
        if (tokens, dollars) == (user.allowance, user.allowance_dollars):
            return
        await uow.people.change(user.id, allowance=tokens, allowance_dollars=dollars)
        told = [] if tokens is None else [f"{tokens:,} tokens"]
        told += [] if dollars is None else [f"${dollars:,.2f}"]
        target = ", ".join(told) or "everybody's"
        await uow.audit.note("user.allowance", actor, subject=user.id, target=target)

    async def _switch(self, uow: UnitOfWork, actor: UUID, user_id: UUID, *, off: bool) -> None:
        await uow.people.change(user_id, disabled_at=datetime.now(UTC) if off else None)
        if off:
            await uow.sessions.end_all(user_id)
            await uow.mailed.end(user_id, "reset")
        action = "user.disabled" if off else "user.enabled"
        await uow.audit.note(action, actor, subject=user_id)

    async def appoint(self, login: str, *, remove: bool = False, force: bool = False) -> User:
        """Makes the account with this address or name an admin, or one no more: the operator's act.

        Raises NotFound, and Conflict where no admin would be left, unless that is forced.
        """
        async with self._database.begin() as uow:
            user = await uow.users.by_login(login) if is_login(login) else None
            if user is None:
                raise NotFound("There is no such account. It has to be registered first.")
            if remove and not force and await uow.people.admins() == {user.id}:
                raise Conflict(LAST)
            role = "member" if remove else "admin"
            await uow.people.change(user.id, role=role)
            await uow.audit.note(
                "user.role", None, subject=user.id, target=f"{role}, by the operator"
            )
        return user

    async def audit(
        self,
        cursor: str | None = None,
        limit: int = 50,
        *,
        about: UUID | None = None,
        action: str | None = None,
    ) -> tuple[list[Entry], str | None]:
        """Who did what, newest first, and the next cursor; `about` is one person's part of it."""
        before = place_of(cursor) if cursor else None
        async with self._database.read() as uow:
            found = await uow.audit.page(before=before, limit=limit + 1, about=about, action=action)
        if len(found) <= limit:
            return found, None
        return found[:limit], cursor_of(found[limit - 1].created_at, found[limit - 1].id)
