"""`/auth/slack` and `/auth/discord`: to the platform's consent page, and back.

Whoever is logged in when it begins has the identity joined to their account; whoever is not is
logged in to the identity's account, a new one where it has none (`core.accounts.proven`). What is
guarded against on the way there and back: `api.oauth_state`. A browser is shown a page whatever
happens; a program gets the same as every route gives it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlencode

import structlog
from aiohttp import web

from api import session
from api.address import client_address
from api.consent_models import ConsentStart, SignInAnswer
from api.endpoint import Asked, Endpoint, M, Operation
from api.errors import Handler
from api.keys import CORE
from api.oauth_state import STALE, Flow, begun, forget, keep, taken
from api.pages.outcome import outcome
from api.pages.visitor import visitor
from api.sign_in import discord, slack
from api.sign_in.provider import Provider, consent_url, refused, site, who
from core.accounts.proven import arrive
from core.config import Settings
from core.errors import AssistantError, Conflict, Forbidden, InvalidInput, NotFound

log = structlog.get_logger(__name__)

PROVIDERS: Mapping[str, Callable[[Settings], Provider]] = {
    slack.NAME: slack.provider,
    discord.NAME: discord.provider,
}

_ERRORS = ("INVALID_INPUT", "FORBIDDEN", "NOT_FOUND", "CONFLICT", "UNAVAILABLE")


def start(name: str) -> Endpoint[ConsentStart]:
    """`GET /auth/{name}/start`."""

    async def page(request: web.Request) -> web.StreamResponse:
        provider = _provider(request, name)
        try:
            return await _start(request, provider)
        except AssistantError as error:
            return _page(request, provider, None, error)

    async def run(asked: Asked[ConsentStart]) -> web.StreamResponse:
        return await _start(asked.request, _provider(asked.request, name))

    run.__name__ = f"{name}_start"
    run.__doc__ = """Leads to the platform's consent page, which leads back to `/callback`.

    Logged in, the identity is connected to the account; not logged in, its account is entered.
    """
    return Endpoint(_operation(ConsentStart, f"Sign in with {name.title()}", page), run)


def callback(name: str) -> Endpoint[SignInAnswer]:
    """`GET /auth/{name}/callback`."""

    async def page(request: web.Request) -> web.StreamResponse:
        provider, flow = _provider(request, name), None
        try:
            flow = await taken(request, name)
            response = await _finish(request, provider, flow)
        except AssistantError as error:
            response = _page(request, provider, flow, error)
        if flow is not None:
            # One that somebody else made up ends nothing that this browser began.
            forget(response, name)
        return response

    async def run(asked: Asked[SignInAnswer]) -> web.StreamResponse:
        flow = await taken(asked.request, name)
        response = await _finish(asked.request, _provider(asked.request, name), flow)
        forget(response, name)
        return response

    run.__name__ = f"{name}_callback"
    run.__doc__ = """Where the platform sends the browser back to. It works once, in the browser
    that began, for ten minutes; then the browser is logged in and led on.
    """
    return Endpoint(_operation(SignInAnswer, f"Back from {name.title()}", page), run)


def _operation(takes: type[M], summary: str, page: Handler) -> Operation[M]:
    return Operation(
        takes,
        summary,
        status=302,
        errors=_ERRORS,
        secured=False,
        rule="anyone",
        browser=_counted(page),
    )


def _counted(page: Handler) -> Handler:
    """A browser's requests count as a program's do."""

    async def counted(request: web.Request) -> web.StreamResponse:
        await request.app[CORE].limits.hit("anyone", client_address(request))
        await visitor(request)
        return await page(request)

    return counted


def _provider(request: web.Request, name: str) -> Provider:
    return PROVIDERS[name](request.app[CORE].settings)


async def _start(request: web.Request, provider: Provider) -> web.Response:
    settings = request.app[CORE].settings
    if provider.client is None:
        name = provider.name.upper()
        raise NotFound(
            f"Signing in with {provider.label} is not set up here. The admin of this server sets "
            f"`{name}_CLIENT_ID` and `{name}_CLIENT_SECRET`."
        )
    user = await visitor(request)
    if user is not None and request.headers.get("Sec-Fetch-Site") == "cross-site":
        # Or a page elsewhere that has logged the browser in at the platform as somebody else
        # would have that identity joined to this account (RFC 6819, 4.4.1.7).
        raise Forbidden(f"Open this server yourself and connect {provider.label} from there.")
    flow = begun(provider.name, request.query.get("next"), None if user is None else user.id)
    response = web.Response(
        status=302, headers={"Location": await consent_url(settings, provider, flow)}
    )
    keep(response, settings, flow)
    return response


async def _finish(request: web.Request, provider: Provider, flow: Flow) -> web.Response:
    core, query = request.app[CORE], request.query
    if (error := query.get("error")) is not None:
        if error == "access_denied":
            raise Forbidden(f"You did not agree at {provider.label}, so nothing was changed.")
        raise refused(provider, error)
    issuer = query.get("iss", provider.issuer)  # RFC 9207
    if not query.get("code") or issuer not in (provider.issuer, site(provider.authorize_url)):
        raise InvalidInput(STALE)
    user = await visitor(request)
    if (None if user is None else user.id) != flow.user:
        raise InvalidInput("You logged in or out meanwhile. Nothing was changed. Start again.")
    proven = await who(core.settings, provider, flow, query["code"])
    account = await arrive(core.database, proven, flow.user)
    response = web.Response(status=302, headers={"Location": flow.next})
    if flow.user is None:
        session.begin(response, await core.accounts.admit(account))
    log.info("signed in by a platform", platform=provider.name, connected=flow.user is not None)
    return response


def _page(
    request: web.Request, provider: Provider, flow: Flow | None, error: AssistantError
) -> web.Response:
    label = provider.label
    connecting = flow is not None and flow.user is not None
    title = f"{label} is not connected" if connecting else f"Not logged in with {label}"
    again = f"/auth/{provider.name}/start"
    if flow is not None and flow.next != "/":
        again += f"?{urlencode({'next': flow.next})}"
    button = ("Start again", again)
    if isinstance(error, NotFound) or (isinstance(error, Conflict) and connecting):
        button = ("Go to the start page", "/")
    elif isinstance(error, Conflict):
        # Once they are logged in, it goes on from here.
        button = ("Log in", f"/login?{urlencode({'next': again})}")
    return outcome(
        request, error.code, title, error.message, button=button, retry_after=error.retry_after
    )
