"""`/forgot`, `/reset`, `/confirm`: what a mailed link leads to.

A link's token stands behind the `#`, which is sent nowhere; a script puts it into the form, and
without one it is pasted there.
"""

from __future__ import annotations

from aiohttp import web

from api.account_models import Forgotten, MailedToken, NewPassword
from api.address import client_address
from api.errors import STATUS
from api.keys import CORE
from api.pages.forms import checked, form
from api.pages.render import page, see_other, tell, told_when
from api.pages.visitor import visitor
from core.errors import AssistantError


async def forgot_form(request: web.Request) -> web.Response:
    """Where one asks for a link."""
    return _forgot(request)


async def forgot(request: web.Request) -> web.Response:
    """Always the same answer, whether there is such an account or not."""
    given = await form(request)
    core = request.app[CORE]
    try:
        await core.limits.hit("forgot", client_address(request))
        email = checked(Forgotten, {"email": given.get("email", "")}).email
        core.accounts.credentials.forgot(email, core.limits)
    except AssistantError as error:
        status, email = STATUS[error.code], given.get("email", "")
        shown = _forgot(request, status=status, problem=error.message, email=email)
        return told_when(shown, error)
    return _forgot(request, told_of=core.accounts.post.told(somebody=False))


def _forgot(request: web.Request, *, status: int = 200, **given: str) -> web.Response:
    post = request.app[CORE].accounts.post
    there = {"told_of": "", "problem": "", "email": ""}
    letters, no_letter = post.reaches, post.told()
    return page(
        request,
        "forgot.html",
        status=status,
        letters=letters,
        no_letter=no_letter,
        **(there | given),
    )


async def reset_form(request: web.Request) -> web.Response:
    """Where one chooses a new password."""
    return page(request, "reset.html", problem="", token="")


async def reset(request: web.Request) -> web.StreamResponse:
    """Keeps the new password, and has one log in with it: every session has ended."""
    given = await form(request)
    core = request.app[CORE]
    try:
        await core.limits.hit("forgot", client_address(request))
        fields = {name: given.get(name, "") for name in ("token", "password")}
        wanted = checked(NewPassword, fields)
        await core.accounts.credentials.reset(wanted.token, wanted.password)
    except AssistantError as error:
        shown = page(
            request,
            "reset.html",
            status=STATUS[error.code],
            problem=_sentence(error),
            token=given.get("token", ""),
        )
        return told_when(shown, error)
    response = see_other("/login")
    tell(request, response, "Your new password is kept. Log in with it.")
    return response


async def confirm_form(request: web.Request) -> web.Response:
    """Where one confirms that an address is one's own."""
    return page(request, "confirm.html", problem="")


async def confirm(request: web.Request) -> web.StreamResponse:
    """Notes that the address is its owner's."""
    given = await form(request)
    core = request.app[CORE]
    try:
        await core.limits.hit("forgot", client_address(request))
        token = checked(MailedToken, {"token": given.get("token", "")}).token
        user = await core.accounts.credentials.confirm(token)
    except AssistantError as error:
        status, problem = STATUS[error.code], _sentence(error)
        return told_when(page(request, "confirm.html", status=status, problem=problem), error)
    response = see_other("/" if await visitor(request) else "/login")
    tell(request, response, f"{user.email} is confirmed.")
    return response


def _sentence(error: AssistantError) -> str:
    """The reason, without the name of a field that nobody sees."""
    said = error.message.removeprefix("token: ").removeprefix("password: ")
    return said[:1].upper() + said[1:]
