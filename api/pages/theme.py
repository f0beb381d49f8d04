"""`/theme`: light, dark, or as the system has it; kept in a cookie, so that no page flickers."""

from __future__ import annotations

from aiohttp import web

from api.keys import CORE
from api.pages.forms import form
from api.pages.render import THEME, THEMES, see_other
from api.pages.visitor import local_path
from api.session import is_secure

YEAR = 365 * 24 * 3600


async def choose(request: web.Request) -> web.Response:
    """Keeps the choice for a year, and goes back to where it was made."""
    given = await form(request)
    theme = given.get("theme", "")
    response = see_other(local_path(given.get("next")))
    secure = is_secure(request.app[CORE].settings)
    if theme in THEMES:
        response.set_cookie(
            THEME, theme, max_age=YEAR, path="/", secure=secure, httponly=True, samesite="Lax"
        )
    else:
        response.del_cookie(THEME, path="/")
    return response
