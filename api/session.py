"""Sessions of a browser: both tokens in cookies that no script can read.

`begin` and `end` note on an answer what its cookies become, and `write_cookies` writes them once it
is sent. Who shows a cookie shows no intention: what changes something has to come from a page of
our own (`check_origin`). With an `Authorization` header none of this is looked at.

Both cookies are SameSite=Lax. Strict would log out whoever follows a link from chat once the access
token has ended, and come back from Slack's or Discord's sign-in too.
https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Set-Cookie
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import web

from api.keys import CORE, Core
from core.accounts.accounts import Caller, Session
from core.accounts.tokens import REFRESH_DAYS
from core.config import LOCAL_HOSTS, Settings
from core.errors import Forbidden, Unauthorized
from core.storage.users import User

ACCESS, REFRESH = "access", "refresh"
REFRESH_SECONDS = REFRESH_DAYS * 24 * 3600

_SAFE = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, slots=True)
class _Tokens:
    """What the cookies become. None keeps the refresh token; an empty access token ends all."""

    access_token: str
    expires_in: int
    refresh_token: str | None


_ENDED = _Tokens("", 0, None)
_FOUND = web.RequestKey("session found", _Tokens)
_NOTED = web.ResponseKey("session", _Tokens)
"""What becomes of the cookies: noted on the request for its answer, whatever that will be, and on
an answer itself, which counts more."""


def is_secure(settings: Settings) -> bool:
    """Whether cookies go over TLS alone: everywhere but on somebody's own machine."""
    parts = urlsplit(settings.public_url)
    return parts.scheme == "https" or parts.hostname not in LOCAL_HOSTS


def cookie_name(settings: Settings, name: str) -> str:
    """The cookie's name: `__Host-` has the browser refuse one that another host has set."""
    return f"__Host-{name}" if is_secure(settings) else name


def begin(response: web.StreamResponse, signed_in: Session) -> None:
    """Has the browser that gets this answer be logged in, for 30 days after its last visit."""
    tokens = _Tokens(signed_in.access_token, signed_in.expires_in, signed_in.refresh_token)
    response[_NOTED] = tokens


def end(response: web.StreamResponse) -> None:
    """Has the browser that gets this answer be logged out. The tokens have to be ended apart."""
    response[_NOTED] = _ENDED


def refresh_token(request: web.Request) -> str | None:
    """The refresh token a browser shows."""
    return request.cookies.get(cookie_name(request.app[CORE].settings, REFRESH))


def is_shown(request: web.Request) -> bool:
    """Whether the request comes with cookies of a session, good or not."""
    settings = request.app[CORE].settings
    return any(cookie_name(settings, name) in request.cookies for name in (ACCESS, REFRESH))


async def person(request: web.Request) -> User:
    """The person of `caller`."""
    return (await caller(request)).user


async def caller(request: web.Request) -> Caller:
    """Who the cookies say it is; a new access token goes with the answer where one has ended.

    Raises Unauthorized, and Forbidden where what is asked for changes something and does not come
    from a page of ours.
    """
    core = request.app[CORE]
    check_origin(request)
    token = request.cookies.get(cookie_name(core.settings, ACCESS))
    if token:
        try:
            found = await core.accounts.caller(token)
            if found.session is not None:
                return found
        except Unauthorized:
            pass  # it ended before its cookie did
    return await _resumed(request, core)


async def _resumed(request: web.Request, core: Core) -> Caller:
    token = refresh_token(request)
    if not token:
        raise Unauthorized("Log in first.")
    try:
        resumed = await core.accounts.resume(token)
    except Unauthorized:
        request[_FOUND] = _ENDED
        raise
    request[_FOUND] = _Tokens(resumed.access_token, resumed.expires_in, resumed.refresh_token)
    return Caller(resumed.user, resumed.session)


def check_origin(request: web.Request) -> None:
    """Raises Forbidden where this would change something and comes from no page of our own.

    Browsers say where from in Sec-Fetch-Site, over plain HTTP in Origin alone; with neither it is
    no browser, which has no business with cookies.
    https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
    """
    if request.method in _SAFE:
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        own = site == "same-origin"
    else:
        public = urlsplit(request.app[CORE].settings.public_url)
        # Beside the public address its host's other names, such as 127.0.0.1 on one's own machine.
        own = origin in (f"{public.scheme}://{public.netloc}", f"{request.scheme}://{request.host}")
    # Whom the admin named may come with a session; `*` names nobody.
    if not own and origin not in request.app[CORE].settings.cors_origins:
        raise Forbidden(
            "This has to be asked by a page of this server. Open it here and try again."
        )


def write_cookies(request: web.Request, response: web.StreamResponse) -> None:
    """Puts into the answer's headers what was noted on it, or on its request."""
    tokens = response.get(_NOTED) or request.get(_FOUND)
    if tokens is None:
        return
    settings = request.app[CORE].settings
    if tokens is _ENDED:
        _set(settings, response, ACCESS, "", 0)
        _set(settings, response, REFRESH, "", 0)
        return
    _set(settings, response, ACCESS, tokens.access_token, tokens.expires_in)
    if tokens.refresh_token is not None:
        _set(settings, response, REFRESH, tokens.refresh_token, REFRESH_SECONDS)


def _set(
    settings: Settings, response: web.StreamResponse, name: str, value: str, seconds: int
) -> None:
    secure = "; Secure" if is_secure(settings) else ""
    # aiohttp has turned the answer's own cookies into headers before it asks for more headers.
    response.headers.add(
        "Set-Cookie",
        f"{cookie_name(settings, name)}={value}; Max-Age={seconds}; Path=/; HttpOnly{secure}; "
        "SameSite=Lax",
    )
