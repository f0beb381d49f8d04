"""`/auth/password`, `/auth/email`: another password, and whose an address is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from api.account_models import (
    Forgotten,
    MailedToken,
    NewPassword,
    PasswordChange,
    Told,
)
from api.endpoint import Asked, Operation, endpoint
from api.keys import Core
from api.models import Nothing
from core.errors import Forbidden
from core.storage.users import User


@endpoint(
    Operation(
        PasswordChange,
        "Change my password",
        status=204,
        errors=("FORBIDDEN",),
        keyed="sealed",
    )
)
async def change_password(asked: Asked[PasswordChange]) -> None:
    """Changes the password. Every other session ends. 403 where the current one is wrong."""
    given = asked.given
    async with guarded(asked.core, asked.person, asked.address):
        await asked.core.accounts.credentials.change(
            asked.person, asked.session, given.current_password, given.new_password
        )


@asynccontextmanager
async def guarded(core: Core, user: User, address: str) -> AsyncIterator[None]:
    """Counts wrong passwords of somebody logged in, and takes none after too many."""
    who = f"{user.id} {address}"
    async with core.limits.turn("account", who):
        try:
            yield
        except Forbidden:
            await core.limits.hit("account", who)
            raise


@endpoint(
    Operation(
        Forgotten,
        "Have a link mailed to choose a new password",
        Told,
        status=202,
        secured=False,
        rule="forgot",
        keyed="sealed",
    )
)
async def forgot(asked: Asked[Forgotten]) -> Told:
    """Always the same answer, after the same time, whether there is such an account or not."""
    asked.core.accounts.credentials.forgot(asked.given.email, asked.core.limits)
    return Told(detail=asked.core.accounts.post.told(somebody=False))


@endpoint(
    Operation(
        NewPassword,
        "Choose a new password by a mailed link",
        status=204,
        secured=False,
        rule="forgot",
        keyed="sealed",
    )
)
async def reset(asked: Asked[NewPassword]) -> None:
    """Keeps a new password. Every session ends, and every other link that was mailed for it."""
    await asked.core.accounts.credentials.reset(asked.given.token, asked.given.password)


@endpoint(
    Operation(
        MailedToken,
        "Confirm an email address by a mailed link",
        Told,
        secured=False,
        rule="forgot",
        keyed="sealed",
    )
)
async def confirm(asked: Asked[MailedToken]) -> Told:
    """Notes that the address is its owner's. It works once."""
    user = await asked.core.accounts.credentials.confirm(asked.given.token)
    return Told(detail=f"{user.email} is confirmed.")


@endpoint(
    Operation(
        Nothing,
        "Have the link mailed anew that confirms my address",
        Told,
        status=202,
        keyed="sealed",
    )
)
async def resend(asked: Asked[Nothing]) -> Told:
    """Mails the link again, five times an hour at most. Nothing is mailed once it is confirmed."""
    asked.core.accounts.credentials.ask_to_confirm(asked.person, asked.core.limits)
    if asked.person.email_verified_at is not None:
        return Told(detail="Your address is confirmed already.")
    return Told(detail=asked.core.accounts.post.told())
