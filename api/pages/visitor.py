"""Who looks at a page, and where they go next."""

from __future__ import annotations

import re
from urllib.parse import quote
from uuid import UUID

from aiohttp import web

from api import session
from core.accounts.accounts import Caller
from core.errors import Forbidden, Unauthorized
from core.storage.users import User

_VISITOR = web.RequestKey("visitor", object)
# A path of our own: no second slash that would begin a host's name, no backslash, which browsers
# read as a slash, and nothing that they leave out, such as tabs.
_PART = r"[\w~%@:!$&'()*+,;=.-]+"
_LOCAL = re.compile(rf"/(?:{_PART}(?:/{_PART})*/?)?(?:[?#][!-\[\]-~]*)?", re.ASCII)
_UP = re.compile(r"(?:^|/)(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)


async def visitor(request: web.Request) -> User | None:
    """Who is logged in; None for a stranger."""
    if _VISITOR not in request:
        request[_VISITOR] = await _found(request)
    return known_visitor(request)


def known_visitor(request: web.Request) -> User | None:
    """Whom `visitor` found before, and nobody where it was not asked."""
    found = request.get(_VISITOR)
    return found.user if isinstance(found, Caller) else None


def known_session(request: web.Request) -> UUID | None:
    """The session of whom `visitor` found before."""
    found = request.get(_VISITOR)
    return found.session if isinstance(found, Caller) else None


async def _found(request: web.Request) -> Caller | None:
    if not session.is_shown(request):
        return None
    try:
        return await session.caller(request)
    except (Unauthorized, Forbidden):
        return None  # to another site's page, a stranger


async def member(request: web.Request) -> User:
    """Who is logged in. Raises Unauthorized, which sends a browser to /login and back."""
    found = await visitor(request)
    if found is None:
        raise Unauthorized("Log in first.")
    return found


def local_path(wanted: str | None, otherwise: str = "/") -> str:
    """Where to go next, where that is a page of this server; `otherwise` for anything else.

    https://cheatsheetseries.owasp.org/cheatsheets/Unvalidated_Redirects_and_Forwards_Cheat_Sheet.html
    """
    if not wanted or len(wanted) > 2000 or not _LOCAL.fullmatch(wanted):
        return otherwise
    path = re.split(r"[?#]", wanted, maxsplit=1)[0]
    return otherwise if _UP.search(path) else wanted


def login_address(request: web.Request) -> str:
    """The login page, and back to here from it where here can be come back to."""
    if request.method not in ("GET", "HEAD") or request.path == "/":
        return "/login"
    return f"/login?next={quote(request.path_qs, safe='')}"
