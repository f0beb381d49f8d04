"""Signing in as whom a platform says one is, and joining that identity to an account.

A platform's word proves a chat identity as well as a code shown in chat does, and joins it the same
way (`core.accounts.links`): what the person had from chat alone becomes the account's. It does not
prove an account here. So an account that has the same email address is never entered that way: who
registered it may not own the address, and who owns it may not want to be joined.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from uuid import UUID

from core.accounts.names import checked_email
from core.errors import Conflict, InvalidInput, Unauthorized
from core.messages import Sender
from core.storage.database import Database, UnitOfWork
from core.storage.users import User

_TRIES = 20
"""Usernames that are tried before one of chance."""


@dataclass(frozen=True, slots=True)
class Proven:
    """Who a platform says somebody is.

    `label` is the platform's name as people write it. `email` is None unless the platform says that
    they have shown it to be theirs.
    """

    sender: Sender
    label: str
    email: str | None = None


async def arrive(database: Database, proven: Proven, account: UUID | None) -> UUID:
    """The account they are in from now on; `account` is the one they are logged in to already.

    An identity with an account leads there. Any other is joined to `account`, or made a new one.
    Raises Conflict where the identity is another account's than `account`, or where there is an
    account with the same email address already, and Unauthorized where `account` is gone.
    """
    async with database.begin() as unit:
        # Known from now on, should this be their first word.
        person = await unit.users.of(proven.sender)
        found = await unit.links.identity(proven.sender)
        owner = person if found is None else await unit.users.get(found[1])
        if owner is None:
            raise Unauthorized("This account does not exist any more.")
        if account is not None:
            return await _joined(unit, proven, owner, account)
        if not owner.has_account:
            await _settle(unit, proven, owner.id)
        return owner.id


async def _joined(unit: UnitOfWork, proven: Proven, owner: User, account: UUID) -> UUID:
    if owner.id == account:
        return account
    if owner.has_account:
        label = proven.label
        raise Conflict(
            f"This {label} identity belongs to another account. Log out and log in with {label} to "
            f"use that one; unlink {label} there if it shall belong to this one."
        )
    if not await unit.links.merge(owner.id, account):
        raise Unauthorized("This account does not exist any more.")
    await unit.audit.note("identity.linked", account, target=f"{proven.label} {proven.sender.name}")
    return account


async def _settle(unit: UnitOfWork, proven: Proven, person: UUID) -> None:
    """Makes somebody known from chat alone, or not at all, an account, history and all."""
    email = _email(proven.email)
    if email is not None and await unit.users.by_login(email) is not None:
        raise Conflict(
            f"There is an account with the email address of your {proven.label} profile already. "
            f"Log in to it first, then connect {proven.label} under Connections."
        )
    await unit.audit.note("account.registered", person, target=f"by {proven.label}")
    await unit.users.settle(person, email, await _free_name(unit, proven.sender.name))


def _email(email: str | None) -> str | None:
    """The address as it is kept; None where it cannot be one."""
    try:
        return None if email is None else checked_email(email)
    except InvalidInput:
        return None


async def _free_name(unit: UnitOfWork, name: str) -> str:
    """A username like this name that nobody has: they can change it later."""
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.")[:48]
    if len(plain) < 3:
        plain = f"{plain}-person".lstrip("-")
    for number in range(1, _TRIES):
        tried = plain if number == 1 else f"{plain}-{number}"
        if await unit.users.by_login(tried) is None:
            return tried
    return f"{plain}-{secrets.token_hex(4)}"
