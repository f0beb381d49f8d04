"""`/link`: where a chat identity is joined to an account.

The code of the link stands behind the `#` of the address, which no browser sends; a script puts it
into the form, and without one it is typed or pasted. Who is about to be joined is shown before
anything is. The other way round the page gives a code to type in chat. What is guarded against, and
how: `core.accounts.links`.
"""

from __future__ import annotations

from aiohttp import web

from api.account_models import LinkingCode
from api.errors import STATUS
from api.keys import CORE
from api.pages.asking import sent
from api.pages.forms import checked
from api.pages.render import page, see_other, tell, told_when
from api.pages.visitor import known_visitor, member
from core.accounts.links import LIFE_SECONDS
from core.errors import AssistantError, Forbidden, RateLimited

NAMES = {"slack": "Slack", "discord": "Discord", "console": "the terminal"}


async def link(request: web.Request) -> web.Response:
    """The page. To get it changes nothing."""
    return _form(request)


async def look(request: web.Request) -> web.Response:
    """Who would be joined to the account. From then on no other account can use the code."""
    given = await sent(request)
    user = await member(request)
    try:
        code = checked(LinkingCode, {"code": given.get("code", "").strip()}).code
        found = await request.app[CORE].links.preview(user.id, code)
    except AssistantError as error:
        return told_when(_form(request, _words(error), STATUS[error.code]), error)
    return page(
        request,
        "joining.html",
        platform=NAMES.get(found.identity.platform, found.identity.platform),
        name=found.identity.name or "You",
        workspace=found.workspace,
        code=code,
    )


async def join(request: web.Request) -> web.StreamResponse:
    """Joins the identity to the account, history and all; the chat hears of it."""
    given = await sent(request)
    user = await member(request)
    try:
        code = checked(LinkingCode, {"code": given.get("code", "")}).code
        found = await request.app[CORE].links.confirm(user.id, code)
    except AssistantError as error:
        return told_when(_form(request, _words(error), STATUS[error.code]), error)
    where = NAMES.get(found.identity.platform, found.identity.platform)
    response = see_other("/history")
    tell(request, response, f"Linked with {where}. What you wrote there is here now.")
    return response


async def code(request: web.Request) -> web.Response:
    """A code to type in chat."""
    await sent(request)
    user = await member(request)
    made = await request.app[CORE].links.web_code(user.id)
    return page(request, "link.html", problem="", made=made, minutes=LIFE_SECONDS // 60)


def _words(error: AssistantError) -> str:
    if isinstance(error, Forbidden | RateLimited):
        return error.message
    return error.message.replace(
        "`GET /auth/me` and `/notion settings` say", "`/notion settings` says"
    )


def _form(request: web.Request, problem: str = "", status: int = 200) -> web.Response:
    # For a stranger too, and then the same for every code: it leads through /login back to here.
    template = "link.html" if known_visitor(request) else "link_stranger.html"
    return page(request, template, status=status, problem=problem, made="", minutes=0)
