"""`/signup`, `/login`, `/logout`: forms that need no script."""

from __future__ import annotations

import re

from aiohttp import web

from api import session
from api.address import client_address
from api.errors import STATUS
from api.json.accounts import log_in
from api.keys import CORE
from api.models import Login, Registration
from api.pages.forms import checked, form
from api.pages.render import page, see_other, tell, told_when
from api.pages.visitor import local_path, visitor
from core.errors import AssistantError, Forbidden, InvalidInput, Unauthorized

_FIELD = re.compile(r"(?:^|(?<=[.;] ))(email|username|password): ")


async def login_form(request: web.Request) -> web.StreamResponse:
    """Where one logs in; whoever has done so goes on."""
    return await _form(request, "login.html")


async def signup_form(request: web.Request) -> web.StreamResponse:
    """Where one makes an account; whoever has one goes on."""
    return await _form(request, "signup.html")


async def login(request: web.Request) -> web.StreamResponse:
    """Logs in and goes on to `next`, or says what is wrong."""
    given = await form(request)
    core = request.app[CORE]
    try:
        await core.limits.hit("login", client_address(request))
        fields = {name: given.get(name, "") for name in ("email", "password")}
        device = session.refresh_token(request)
        signed_in = await log_in(core, checked(Login, fields), device)
    except AssistantError as error:
        return _again(request, "login.html", given, error)
    response = see_other(local_path(given.get("next")))
    session.begin(response, signed_in)
    return response


async def signup(request: web.Request) -> web.StreamResponse:
    """Makes an account, logs it in and goes on, or says what is wrong, field by field."""
    given = await form(request)
    core = request.app[CORE]
    try:
        await core.limits.hit("register", client_address(request))
        wanted = checked(
            Registration, {name: given.get(name, "") for name in ("email", "username", "password")}
        )
        signed_in = await core.accounts.register(wanted.email, wanted.username, wanted.password)
    except AssistantError as error:
        return _again(request, "signup.html", given, error)
    response = see_other(local_path(given.get("next")))
    session.begin(response, signed_in)
    tell(request, response, f"Welcome, {signed_in.user.username}.")
    return response


async def logout(request: web.Request) -> web.StreamResponse:
    """Ends the session, here and on the server."""
    session.check_origin(request)
    token = session.refresh_token(request)
    if token:
        await request.app[CORE].accounts.logout(token)
    response = see_other("/")
    session.end(response)
    tell(request, response, "You are logged out.")
    return response


async def _form(request: web.Request, template: str) -> web.StreamResponse:
    after = local_path(request.query.get("next"))
    if await visitor(request) is not None:
        return see_other(after)
    return _show(request, template, {"next": after})


def _again(
    request: web.Request, template: str, given: dict[str, str], error: AssistantError
) -> web.Response:
    if isinstance(error, Forbidden):
        raise error
    kept = given | {"next": local_path(given.get("next")), "password": ""}
    wrong = _by_field(error.message) if isinstance(error, InvalidInput) else {}
    problem = "" if wrong else error.message
    # 401 is for whoever shows no token; what a form got wrong is a page like any other.
    status = 400 if isinstance(error, Unauthorized) else STATUS[error.code]
    shown = _show(request, template, kept, wrong=wrong, problem=problem, status=status)
    return told_when(shown, error)


def _show(
    request: web.Request,
    template: str,
    given: dict[str, str],
    *,
    wrong: dict[str, str] | None = None,
    problem: str = "",
    status: int = 200,
) -> web.Response:
    return page(
        request,
        template,
        status=status,
        given=given,
        wrong=wrong or {},
        problem=problem,
        others=platforms(request),
        resets="/forgot" in _paths(request),
    )


def _by_field(message: str) -> dict[str, str]:
    """What is wrong with each field, as a sentence; empty where the message names none."""
    before, *rest = _FIELD.split(message)
    if before.strip():
        return {}
    said: dict[str, str] = {}
    for name, words in zip(rest[::2], rest[1::2], strict=True):
        sentence = words.strip(" ;")
        said[name] = sentence[:1].upper() + sentence[1:] + ("" if sentence.endswith(".") else ".")
    return said


def _paths(request: web.Request) -> set[str]:
    return {resource.canonical for resource in request.app.router.resources()}


def platforms(request: web.Request) -> list[tuple[str, str]]:
    """Where else one can sign in: name and address."""
    settings, there = request.app[CORE].settings, _paths(request)
    found = []
    for name, client_id, secret in (
        ("Slack", settings.slack_client_id, settings.slack_client_secret),
        ("Discord", settings.discord_client_id, settings.discord_client_secret),
    ):
        path = f"/auth/{name.lower()}/start"
        if client_id and secret and path in there:
            found.append((name, path))
    return found
