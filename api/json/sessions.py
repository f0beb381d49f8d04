"""`/auth/sessions`, `/auth/tokens`, `/auth/export`: where somebody is logged in, the tokens of
programs, and all that is kept of them."""

from __future__ import annotations

from uuid import UUID

from aiohttp import web
from pydantic_core import to_json

from api.account_models import NewToken, SessionItem, SessionList, TokenItem, TokenList, TokenMade
from api.endpoint import Asked, M, Operation, endpoint
from api.models import Nothing
from core.accounts.export import everything
from core.errors import NotFound


def _id(asked: Asked[M], what: str, path: str) -> UUID:
    try:
        return asked.id
    except NotFound:
        raise NotFound(f"You have no such {what}. `GET {path}` lists yours.") from None


@endpoint(Operation(Nothing, "Where I am logged in", SessionList))
async def sessions(asked: Asked[Nothing]) -> SessionList:
    """Every session that goes on, the last used first. Addresses are shortened."""
    found = await asked.core.accounts.sessions.of(asked.person.id)
    return SessionList(items=[SessionItem.of(each, asked.session) for each in found])


@endpoint(Operation(Nothing, "End one of my sessions", status=204, errors=("NOT_FOUND",)))
async def end(asked: Asked[Nothing]) -> None:
    """Ends a session at once, its access tokens too."""
    session = _id(asked, "session", "/auth/sessions")
    await asked.core.accounts.sessions.end(asked.person.id, session)


@endpoint(Operation(Nothing, "End all my sessions but this one", status=204))
async def end_others(asked: Asked[Nothing]) -> None:
    """Logs me out everywhere else, at once."""
    await asked.core.accounts.sessions.end_others(asked.person.id, asked.session)


@endpoint(Operation(Nothing, "My personal tokens", TokenList))
async def tokens(asked: Asked[Nothing]) -> TokenList:
    """Names, scopes and ends, newest first; never the tokens themselves."""
    found = await asked.core.accounts.personal.of(asked.person.id)
    return TokenList(items=[TokenItem.of(each) for each in found])


@endpoint(
    Operation(NewToken, "Make a personal token", TokenMade, status=201, errors=(), keyed="sealed")
)
async def make(asked: Asked[NewToken]) -> TokenMade:
    """Makes a token for a program. It is shown this once."""
    given = asked.given
    token, secret = await asked.core.accounts.personal.add(
        asked.person.id, given.name, given.scopes, given.expires_in_days
    )
    return TokenMade(**TokenItem.of(token).model_dump(), token=secret)


@endpoint(Operation(Nothing, "Remove a personal token", status=204, errors=("NOT_FOUND",)))
async def remove(asked: Asked[Nothing]) -> None:
    """Ends a token at once."""
    token = _id(asked, "token", "/auth/tokens")
    await asked.core.accounts.personal.remove(asked.person.id, token)


@endpoint(
    Operation(
        Nothing,
        "Everything that is kept of me, as JSON Lines",
        "application/jsonl",
        example='{"kind": "identity", "platform": "slack", "workspace": "T024BE7LD"}',
    )
)
async def export(asked: Asked[Nothing]) -> web.StreamResponse:
    """The person, identities, sessions, tokens' names, destination, connection, spending, every
    item with its page, ratings, and what the audit log says: a line each, with its `kind`.
    """
    core, user = asked.core, asked.person
    response = web.StreamResponse(
        headers={
            "Content-Type": "application/jsonl",
            "Content-Disposition": 'attachment; filename="notion-assistant-account.jsonl"',
        }
    )
    if asked.request.method == "GET":
        async with core.database.begin() as unit:
            await unit.audit.note("account.exported", user.id)
    await response.prepare(asked.request)
    if asked.request.method == "HEAD":
        return response
    async for piece in everything(core.database, user.id):
        await response.write(to_json(piece) + b"\n")
    await response.write_eof()
    return response
