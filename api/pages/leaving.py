"""`/settings/delete`, `/goodbye`: the end of an account, asked about, proven and said."""

from __future__ import annotations

from aiohttp import web

from api import session
from api.address import client_address
from api.errors import STATUS
from api.json.accounts import forget
from api.json.credentials import guarded
from api.keys import CORE
from api.pages.asking import sent
from api.pages.forms import sentence
from api.pages.render import page, see_other, told_when
from api.pages.settings import PATH
from api.pages.visitor import member
from core.errors import AssistantError, Forbidden, InvalidInput
from core.storage.users import User


async def confirm(request: web.Request) -> web.Response:
    """What goes, what stays, and what proves that it is the owner who asks."""
    return await _page(request)


async def leave(request: web.Request) -> web.StreamResponse:
    """Erases the account, for good, where its owner has shown that it is they."""
    given = await sent(request)
    user, core = await member(request), request.app[CORE]
    try:
        await _prove(request, user, given)
        await forget(core, user.id)
    except Forbidden as error:
        # A 403 is for whoever may not ask at all; what a form got wrong is a page like any other.
        return await _page(request, sentence(error), 400)
    except AssistantError as error:
        return told_when(await _page(request, sentence(error), STATUS[error.code]), error)
    response = see_other("/goodbye")
    session.end(response)
    return response


async def _prove(request: web.Request, user: User, given: dict[str, str]) -> None:
    core = request.app[CORE]
    if user.password_hash is not None:
        async with guarded(core, user, client_address(request)):
            await core.accounts.credentials.prove(user, given.get("password", ""))
    elif given.get("username", "").strip() != user.username:
        raise InvalidInput(f"Type your username, {user.username}, as it stands here.")


async def _page(request: web.Request, problem: str = "", status: int = 200) -> web.Response:
    user, core = await member(request), request.app[CORE]
    items, _ = await core.history.page(user.id, limit=1)
    profile = await core.accounts.me(user.id)
    return page(
        request,
        "delete.html",
        here=f"{PATH}/delete",
        status=status,
        problem=problem,
        has_password=user.password_hash is not None,
        wrote=bool(items),
        chats=len(profile.identities),
        connected=bool(profile.connections),
        leaving=await core.accounts.admin.leaving(user.id),
    )


async def goodbye(request: web.Request) -> web.Response:
    """Says that it is done."""
    return page(request, "goodbye.html")
