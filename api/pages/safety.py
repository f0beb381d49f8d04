"""Forms of `/settings` about getting in: the password, sessions, and tokens of programs."""

from __future__ import annotations

from contextlib import suppress

from aiohttp import web

from api.account_models import NewToken, PasswordChange
from api.address import client_address
from api.json.credentials import guarded
from api.keys import CORE
from api.pages.asking import named, sent
from api.pages.forms import checked, sentence
from api.pages.render import page
from api.pages.settings import PATH, State, again, done, shown
from api.pages.visitor import known_session, member
from core.accounts.personal import SCOPES
from core.errors import AssistantError, InvalidInput, NotFound

_WORDS = (
    "Very easy to guess.",
    "Easy to guess.",
    "Good enough.",
    "Good: hard to guess.",
    "Very good: very hard to guess.",
)
"""What zxcvbn's scores mean. The first two are refused."""


# ── The password ─────────────────────────────────────────────────────────────────────────────────


async def change_password(request: web.Request) -> web.StreamResponse:
    """Another password; every other session ends."""
    given = await sent(request)
    user, core = await member(request), request.app[CORE]
    fields = {name: given.get(name, "") for name in ("current_password", "new_password")}
    try:
        wanted = checked(PasswordChange, fields)
        async with guarded(core, user, client_address(request)):
            await core.accounts.credentials.change(
                user, known_session(request), wanted.current_password, wanted.new_password
            )
    except AssistantError as error:
        return await again(request, "password", error, given)
    return done(request, "password", "Your new password is kept. You are logged out elsewhere.")


async def strength(request: web.Request) -> web.Response:
    """How hard a password would be to guess, in words, while it is typed."""
    given = await sent(request)
    user, core = await member(request), request.app[CORE]
    try:
        score, hint = await core.accounts.credentials.strength(user, given.get("new_password", ""))
    except InvalidInput as error:
        return web.json_response({"ok": False, "text": sentence(error)})
    more = hint if score < 2 else ""
    return web.json_response({"ok": score >= 2, "text": f"{_WORDS[score]} {more}".rstrip()})


async def mail_password(request: web.Request) -> web.StreamResponse:
    """Mails a link to choose a password to somebody who never had one."""
    await sent(request)
    user, core = await member(request), request.app[CORE]
    if user.email is None:
        return await again(
            request, "password", InvalidInput("There is no address that a letter could go to.")
        )
    core.accounts.credentials.forgot(user.email, core.limits)
    return done(request, "password", core.accounts.post.told())


# ── Sessions ─────────────────────────────────────────────────────────────────────────────────────


async def end(request: web.Request) -> web.StreamResponse:
    """Ends one session, at once."""
    await sent(request)
    user = await member(request)
    with suppress(NotFound):  # pressed twice, or it ended by itself
        await request.app[CORE].accounts.sessions.end(user.id, named(request))
    return done(request, "sessions", "That session has ended.")


async def end_others(request: web.Request) -> web.StreamResponse:
    """Ends every session but this one."""
    await sent(request)
    user = await member(request)
    count = await request.app[CORE].accounts.sessions.end_others(user.id, known_session(request))
    ended = "1 session has ended." if count == 1 else f"{count} sessions have ended."
    return done(request, "sessions", ended)


# ── Tokens ───────────────────────────────────────────────────────────────────────────────────────


async def make_token(request: web.Request) -> web.StreamResponse:
    """Makes a token and shows it, this once."""
    given = await sent(request)
    user, core = await member(request), request.app[CORE]
    try:
        if not given.get("name", "").strip():
            raise InvalidInput("Give the token a name, so that you know it later.")
        scopes = [scope for scope in SCOPES if given.get(scope) == "on"]
        if not scopes:
            raise InvalidInput("Choose what the program may do.")
        days = given.get("days", "90")
        if not days.isascii() or not days.isdigit() or len(days) > 4:
            raise InvalidInput("Choose how many days it lasts.")
        wanted = checked(
            NewToken, {"name": given["name"], "scopes": scopes, "expires_in_days": int(days)}
        )
        token, secret = await core.accounts.personal.add(
            user.id, wanted.name, wanted.scopes, wanted.expires_in_days
        )
    except AssistantError as error:
        return await again(request, "tokens", error, given)
    return await shown(request, State(made=(token.name, secret)))


async def confirm_removing(request: web.Request) -> web.Response:
    """Asks whether a token is to go."""
    user, wanted = await member(request), named(request)
    found = await request.app[CORE].accounts.personal.of(user.id)
    token = next((each for each in found if each.id == wanted), None)
    if token is None:
        raise NotFound("You have no such token, or not any more.")
    return page(
        request,
        "sure.html",
        here=PATH,
        title=f"Remove “{token.name}”?",
        said=("It stops working at once. A program that uses it needs a new one.",),
        action=f"{PATH}/tokens/{token.id}/remove",
        label="Remove",
        back=f"{PATH}#tokens",
        keep="Keep it",
    )


async def remove_token(request: web.Request) -> web.StreamResponse:
    """Ends a token at once."""
    await sent(request)
    user = await member(request)
    with suppress(NotFound):
        await request.app[CORE].accounts.personal.remove(user.id, named(request))
    return done(request, "tokens", "The token is removed and does not work any more.")
