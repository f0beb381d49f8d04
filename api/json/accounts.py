"""`/auth`: registering, logging in, staying logged in, leaving."""

from __future__ import annotations

from uuid import UUID

from api import session
from api.account_models import Change, Me
from api.endpoint import Asked, Operation, endpoint
from api.keys import Core
from api.models import LoggedIn, Login, Nothing, RefreshToken, Registration
from core.accounts import lockout
from core.accounts.accounts import Session
from core.accounts.admin import LAST
from core.errors import Conflict
from core.preferences import checked
from core.storage.connections import Holder

_MAY_FAIL = ("UNAUTHORIZED",)


@endpoint(
    Operation(
        Registration,
        "Make an account",
        LoggedIn,
        status=201,
        errors=("CONFLICT",),
        secured=False,
        rule="register",
        keyed="sealed",
    )
)
async def register(asked: Asked[Registration]) -> LoggedIn:
    """Makes an account and logs it in."""
    given = asked.given
    session = await asked.core.accounts.register(given.email, given.username, given.password)
    return LoggedIn.of(session)


@endpoint(
    Operation(
        Login,
        "Log in with an email address or a username",
        LoggedIn,
        errors=("UNAUTHORIZED", "FORBIDDEN"),
        secured=False,
        rule="login",
        keyed="sealed",
    )
)
async def login(asked: Asked[Login]) -> LoggedIn:
    """Logs somebody in. Wrong passwords are counted; a right one ends the count.

    403 where the password is right and an admin has switched the account off.
    """
    device = session.refresh_token(asked.request)
    return LoggedIn.of(await log_in(asked.core, asked.given, device))


async def log_in(core: Core, given: Login, device: str | None) -> Session:
    """The session of who gives the right password. `device` is a refresh token the browser shows.

    Raises Unauthorized, Forbidden and RateLimited.
    """
    return await lockout.log_in(core.accounts, core.limits, given.email, given.password, device)


@endpoint(
    Operation(
        RefreshToken,
        "Trade a refresh token for the next session",
        LoggedIn,
        errors=_MAY_FAIL,
        secured=False,
        rule="anyone",
        keyed="sealed",
    )
)
async def refresh(asked: Asked[RefreshToken]) -> LoggedIn:
    """The next session. A token works once; its use again ends every session that came of it."""
    return LoggedIn.of(await asked.core.accounts.refresh(asked.given.refresh_token))


@endpoint(
    Operation(
        RefreshToken,
        "End a session",
        status=204,
        secured=False,
        rule="anyone",
        keyed="sealed",
    )
)
async def logout(asked: Asked[RefreshToken]) -> None:
    """Ends the session that the token belongs to."""
    await asked.core.accounts.logout(asked.given.refresh_token)


@endpoint(Operation(Nothing, "Who am I", Me, tagged=True, scope="account"))
async def me(asked: Asked[Nothing]) -> Me:
    """The person, their identities, their connections, their preferences."""
    return Me.profile(await asked.core.accounts.me(asked.person.id))


def _check_choices(core: Core, change: Change) -> None:
    """Raises InvalidInput for a name that is not known here."""
    _choices(core, change)


def _choices(core: Core, change: Change) -> dict[str, str | bool | None]:
    given = change.preferences.model_dump(exclude_unset=True) if change.preferences else {}
    return {
        name: checked(name, value, list(core.providers))
        if isinstance(value, str)
        else value or None
        for name, value in given.items()
    }


@endpoint(
    Operation(
        Change,
        "Change my username or my preferences",
        Me,
        errors=("CONFLICT",),
        check=_check_choices,
        tagged=True,
        state=me.run,
    )
)
async def change(asked: Asked[Change]) -> Me:
    """Changes what is named. A preference that is null is taken back.

    Preferences hold wherever nothing else is said: here, in chat and on the pages.
    """
    core, given = asked.core, asked.given
    choices = _choices(core, given)
    changed = await core.accounts.change(
        asked.person.id, given.username, choices, list(core.providers)
    )
    return Me.profile(changed)


@endpoint(
    Operation(
        Nothing,
        "Erase my account and everything of mine",
        status=204,
        errors=("CONFLICT",),
        state=me.run,
    )
)
async def erase(asked: Asked[Nothing]) -> None:
    """Forgets the person at once and for good. Pages in Notion stay: they are Notion's.

    409 where the only admin would leave others behind. On a server of one's own machine the oldest
    other account becomes the admin instead.
    """
    await forget(asked.core, asked.person.id)


async def forget(core: Core, user_id: UUID) -> None:
    """Erases an account; the tokens of its connection are taken back before they are forgotten.

    Raises Conflict where no admin would be left for the others.
    """
    leaving = await core.accounts.admin.leaving(user_id)
    if leaving.is_last and leaving.heir is None:
        raise Conflict(LAST)
    await core.connecting.connections.disconnect(Holder(user_id))
    await core.accounts.erase(user_id)
