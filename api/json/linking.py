"""`/auth/link`, `/auth/identities`: an account and who its owner is in chat.

What is guarded against, and how: `core.accounts.links`. Who asks shows an access token, which no
browser adds by itself, so a form elsewhere can confirm nothing; what a page of another site asks
for is turned away all the same.
"""

from __future__ import annotations

from api.account_models import Code, LinkingCode
from api.endpoint import Asked, M, Operation, endpoint
from api.models import LinkedIdentity, Nothing
from core.accounts.links import LIFE_SECONDS
from core.errors import Forbidden, NotFound

_ERRORS = ("FORBIDDEN", "NOT_FOUND", "CONFLICT")


def same_site(asked: Asked[M]) -> None:
    """Raises Forbidden where a browser says that another site's page asks.

    https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
    """
    headers, settings = asked.request.headers, asked.core.settings
    if headers.get("Sec-Fetch-Site") != "cross-site":
        return
    if headers.get("Origin") not in settings.cors_origins:
        raise Forbidden("This has to be asked by a page of this server. Open /link here.")


@endpoint(
    Operation(
        LinkingCode,
        "See whose chat identity a code stands for",
        LinkedIdentity,
        errors=_ERRORS,
        keyed="sealed",
    )
)
async def preview(asked: Asked[LinkingCode]) -> LinkedIdentity:
    """Who would be joined to the account that asks. From then on no other account can join them."""
    same_site(asked)
    found = await asked.core.links.preview(asked.person.id, asked.given.code)
    return LinkedIdentity.of(found.identity, found.workspace)


@endpoint(
    Operation(
        LinkingCode,
        "Link the chat identity that a code stands for",
        LinkedIdentity,
        leads=("/auth/identities/{id}",),
        errors=_ERRORS,
        keyed="sealed",
    )
)
async def link(asked: Asked[LinkingCode]) -> LinkedIdentity:
    """Joins the identity to the account, history and all; the chat hears of it. It works once."""
    same_site(asked)
    found = await asked.core.links.confirm(asked.person.id, asked.given.code)
    return LinkedIdentity.of(found.identity)


@endpoint(Operation(Nothing, "A code to type in chat", Code, status=201, errors=(), keyed="sealed"))
async def code(asked: Asked[Nothing]) -> Code:
    """Whoever types it in chat as `/notion link CODE` is joined to this account."""
    same_site(asked)
    made = await asked.core.links.web_code(asked.person.id)
    return Code(code=made, expires_in=LIFE_SECONDS)


@endpoint(Operation(Nothing, "Unlink a chat identity", status=204, errors=("NOT_FOUND",)))
async def unlink(asked: Asked[Nothing]) -> None:
    """Makes the identity a person of its own again. What it brought stays with the account."""
    try:
        identity = asked.id
    except NotFound:
        raise NotFound("You have no such identity. `GET /auth/me` lists yours.") from None
    await asked.core.links.unlink(asked.person.id, identity)
