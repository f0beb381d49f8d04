"""`/auth/notion` and `/notion/connect`: connecting one's own Notion, from the web or from chat.

What is guarded against, and how: `core.connecting` for links from chat, `api.oauth_state` for the
way to Notion and back.
"""

from __future__ import annotations

import secrets
from urllib.parse import urlencode

import structlog
from aiohttp import web

from api.address import client_address
from api.connection_models import (
    ConnectCode,
    ConnectionAnswer,
    ConnectionState,
    ConnectionWish,
    Disconnected,
    Examination,
    GoOn,
)
from api.consent_models import ConsentAnswer, ConsentStart
from api.endpoint import Asked, M, Operation, endpoint, person_of
from api.json.linking import same_site
from api.keys import CORE, Core
from api.models import Nothing
from api.oauth_state import STALE, Flow, begun, forget, keep, taken
from api.pages.outcome import outcome
from api.session import is_secure
from core.connecting import AWAY_SECONDS, LIFE_SECONDS, Standing, said_of_leaving
from core.errors import (
    AssistantError,
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    NotionFailed,
    Unauthorized,
)
from core.notion.oauth import GrantEnded
from core.notion.whose import Whose, asking_for
from core.storage.connections import Holder
from core.storage.users import User

PROVIDER = "notion"
COOKIE = "notion_connect"
START = "/auth/notion/start"

_ERRORS = ("INVALID_INPUT", "FORBIDDEN", "NOT_FOUND", "CONFLICT", "NOTION_FAILED", "UNAVAILABLE")

log = structlog.get_logger(__name__)


# ── To Notion and back ───────────────────────────────────────────────────────────────────────────


async def _start_page(request: web.Request) -> web.StreamResponse:
    try:
        await request.app[CORE].limits.hit("anyone", client_address(request))
        return await _started(request, await _user(request))
    except AssistantError as error:
        return _refused(request, None, error)


@endpoint(
    Operation(
        ConsentStart,
        "Connect my Notion",
        status=302,
        errors=_ERRORS,
        browser=_start_page,
    )
)
async def start(asked: Asked[ConsentStart]) -> web.StreamResponse:
    """Leads to Notion's page, where pages are picked, and which leads back to `/callback`."""
    return await _started(asked.request, asked.person)


async def _started(request: web.Request, user: User | None) -> web.Response:
    core = request.app[CORE]
    _check_on(core)
    if user is None:
        raise Unauthorized(
            "Log in first. From chat no account is needed: type `/notion settings notion` there."
        )
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        # Or a page elsewhere that has logged the browser in at Notion as somebody else would have
        # that Notion connected to this account (RFC 6819, 4.4.1.7).
        raise Forbidden("Open this server yourself and connect Notion from there.")
    flow = begun(PROVIDER, request.query.get("next"), user.id)
    url = core.connecting.connections.grants.authorize_url(flow.state)
    response = web.Response(status=302, headers={"Location": url})
    keep(response, core.settings, flow)
    return response


async def _callback_page(request: web.Request) -> web.StreamResponse:
    flow = None
    try:
        await request.app[CORE].limits.hit("anyone", client_address(request))
        _check_on(request.app[CORE])
        flow = await taken(request, PROVIDER)
        response = _connected(request, flow, await _finished(request, flow))
    except AssistantError as error:
        response = _refused(request, flow, error)
    if flow is not None:
        # One that somebody else made up ends nothing that this browser began.
        forget(response, PROVIDER)
    return response


@endpoint(
    Operation(
        ConsentAnswer,
        "Back from Notion",
        status=302,
        errors=_ERRORS,
        secured=False,
        rule="anyone",
        browser=_callback_page,
    )
)
async def callback(asked: Asked[ConsentAnswer]) -> web.StreamResponse:
    """Where Notion sends the browser back to. It works once, in the browser that began."""
    _check_on(asked.core)
    flow = await taken(asked.request, PROVIDER)
    await _finished(asked.request, flow)
    response = web.Response(status=302, headers={"Location": flow.next})
    forget(response, PROVIDER)
    return response


async def _finished(request: web.Request, flow: Flow) -> Standing:
    core, query = request.app[CORE], request.query
    if (error := query.get("error")) is not None:
        if error == "access_denied":
            raise Forbidden("You did not agree at Notion, so nothing was changed.")
        raise NotionFailed(f"Notion says {error[:64]}. Nothing was changed. Try again.")
    code = query.get("code")
    if not code:
        raise InvalidInput(STALE)
    if flow.user is not None:
        user = await _user(request)
        if user is None or user.id != flow.user:
            raise Conflict("You logged in or out meanwhile. Nothing was changed. Start again.")
    try:
        granted = await core.connecting.connections.grants.exchange(code)
    except GrantEnded:
        raise InvalidInput(STALE) from None
    if flow.user is not None:
        return await core.connecting.finish_for(flow.user, granted)
    return await core.connecting.finish(flow.about, granted)


def _connected(request: web.Request, flow: Flow, standing: Standing) -> web.Response:
    if flow.next != "/":
        return web.Response(status=302, headers={"Location": flow.next})
    name = standing.name or "Notion"
    for_whom = "everybody in your workspace" if standing.shared else "you"
    back = "Go back to your chat: it has told you so too." if flow.user is None else ""
    said = (f"What is saved, searched and asked for {for_whom} goes there from now on.", back)
    return outcome(request, None, f"{name} is connected", *filter(None, said))


def _refused(request: web.Request, flow: Flow | None, error: AssistantError) -> web.Response:
    said, button = [error.message], ("Go to the start page", "/")
    if flow is not None and flow.user is not None and not isinstance(error, Conflict):
        button = ("Start again", f"{START}?{urlencode({'next': flow.next})}")
    elif isinstance(error, Unauthorized):
        button = ("Log in", f"/login?{urlencode({'next': START})}")
    elif not isinstance(error, NotFound):
        said.append("To start again from chat, type `/notion settings notion` there.")
    return outcome(
        request,
        error.code,
        "Notion is not connected",
        *said,
        button=button,
        retry_after=error.retry_after,
    )


async def _user(request: web.Request) -> User | None:
    try:
        return await person_of(request)
    except Unauthorized:
        return None


def _check_on(core: Core) -> None:
    if not core.connecting.on:
        raise NotFound(
            "Connecting a Notion of one's own is not set up here. The admin of this server sets "
            "`NOTION_CLIENT_ID` and `NOTION_CLIENT_SECRET`."
        )


# ── From chat ────────────────────────────────────────────────────────────────────────────────────


def _browser(asked: Asked[M]) -> tuple[str, bool]:
    """What tells this browser from others, and whether it was given that just now."""
    there = asked.request.cookies.get(COOKIE, "")
    return (there, False) if there else (secrets.token_urlsafe(32), True)


@endpoint(
    Operation(
        ConnectCode,
        "See whose connection to Notion a code makes",
        ConnectionWish,
        errors=("FORBIDDEN", "UNAVAILABLE"),
        secured=False,
        rule="anyone",
        keyed="request",  # the answer carries a cookie, so it is made anew
    )
)
async def preview(asked: Asked[ConnectCode]) -> web.StreamResponse:
    """The chat identity, or workspace. From then on no other browser can use the code."""
    same_site(asked)
    browser, new = _browser(asked)
    wish = await asked.core.connecting.preview(asked.given.code, browser)
    response = web.json_response(text=ConnectionWish.of(wish).model_dump_json())
    if new:
        response.set_cookie(
            COOKIE,
            browser,
            max_age=LIFE_SECONDS + AWAY_SECONDS,
            path="/notion",
            httponly=True,
            samesite="Strict",
            secure=is_secure(asked.core.settings),
        )
    return response


@endpoint(
    Operation(
        ConnectCode,
        "Connect the Notion that a code is for",
        GoOn,
        errors=("FORBIDDEN", "UNAVAILABLE"),
        secured=False,
        rule="anyone",
        keyed="request",  # the answer carries a cookie, so it is made anew
    )
)
async def confirm(asked: Asked[ConnectCode]) -> web.StreamResponse:
    """Notion's page, where pages are picked; the same browser comes back to `/callback`."""
    same_site(asked)
    about = await asked.core.connecting.confirm(asked.given.code, _browser(asked)[0])
    flow = begun(PROVIDER, about=about)
    url = asked.core.connecting.connections.grants.authorize_url(flow.state)
    response = web.json_response(text=GoOn(url=url).model_dump_json())
    keep(response, asked.core.settings, flow)
    return response


# ── What there is ────────────────────────────────────────────────────────────────────────────────


@endpoint(Operation(Nothing, "My connection to Notion", ConnectionAnswer, scope="notion"))
async def connection(asked: Asked[Nothing]) -> ConnectionAnswer:
    """The person's own connection, and where to connect one."""
    connecting = asked.core.connecting
    row = await connecting.connections.of(Holder(asked.person.id))
    return ConnectionAnswer(
        own=None if row is None else ConnectionState.of(Standing.of(row)),
        start=START if connecting.on else None,
        server=asked.core.settings.notion_token is not None,
    )


@endpoint(
    Operation(
        Nothing,
        "Look whether Notion works for me",
        Examination,
        errors=("NOTION_FAILED", "UNAVAILABLE"),
        scope="notion",
    )
)
async def check(asked: Asked[Nothing]) -> Examination:
    """What is shared, what the connection may do, whether pages can go where they go.

    By calls that change nothing; what can be done about it is said.
    """
    with asking_for(Whose(asked.person)):
        return Examination.of(await asked.core.connecting.check(asked.person.id, None))


@endpoint(Operation(Nothing, "Disconnect my Notion", Disconnected))
async def disconnect(asked: Asked[Nothing]) -> Disconnected:
    """Forgets the connection and takes its token back at Notion. Pages stay. Twice is once."""
    connections = asked.core.connecting.connections
    row, revoked = await connections.disconnect(Holder(asked.person.id))
    return Disconnected(said=said_of_leaving(row, revoked, shared=False), revoked=revoked)
