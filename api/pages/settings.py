"""`/settings`: what a person is called, how they like it, and everything else that is theirs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from api.account_models import Change
from api.errors import STATUS
from api.keys import CORE
from api.pages.asking import sent
from api.pages.entering import platforms
from api.pages.forms import checked, sentence
from api.pages.render import page, see_other, tell, told_when
from api.pages.visitor import known_session, member
from core.accounts.personal import LONGEST_DAYS, SCOPES
from core.errors import AssistantError, Forbidden
from core.preferences import NAMES
from core.preferences import checked as known
from core.templates import TEMPLATES

PATH = "/settings"
SHOWN = 20
"""Sessions that are listed; the others can be ended all at once."""


@dataclass(frozen=True, slots=True)
class State:
    """What the page says beside what is kept: of one section, by its id."""

    wrong: dict[str, str] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)
    made: tuple[str, str] | None = None
    """A new token's name and the token itself, shown this once."""


async def settings(request: web.Request) -> web.Response:
    """The page."""
    return await shown(request)


async def rename(request: web.Request) -> web.StreamResponse:
    """Another username."""
    given = await sent(request)
    user = await member(request)
    try:
        wanted = checked(Change, {"username": given.get("username", "").strip()})
        changed = await request.app[CORE].accounts.change(user.id, wanted.username, {})
    except AssistantError as error:
        return await again(request, "profile", error, given)
    return done(request, "profile", f"You are {changed.user.username} from now on.")


async def resend(request: web.Request) -> web.StreamResponse:
    """Mails the link again that confirms the address; five times an hour at most."""
    await sent(request)
    user, core = await member(request), request.app[CORE]
    core.accounts.credentials.ask_to_confirm(user, core.limits)
    if user.email_verified_at is not None:
        return done(request, "profile", "Your address is confirmed already.")
    return done(request, "profile", core.accounts.post.told())


async def prefer(request: web.Request) -> web.StreamResponse:
    """What is used where nothing else is said; an empty field takes a choice back."""
    given = await sent(request)
    user, core = await member(request), request.app[CORE]
    try:
        choices = {
            name: known(name, given[name], list(core.providers)) if given.get(name) else None
            for name in NAMES
        }
        before = user.preferences
        if choices["provider"] != before.get("provider") and choices["model"] == before.get(
            "model"
        ):
            # The field still said what goes with the provider that was there before.
            choices["model"] = None
        await core.accounts.change(user.id, None, choices, list(core.providers))
    except AssistantError as error:
        return await again(request, "preferences", error, given)
    return done(request, "preferences", "Kept. It holds in chat, too.")


# ── The page ─────────────────────────────────────────────────────────────────────────────────────


def done(request: web.Request, section: str, said: str) -> web.StreamResponse:
    """Back to a section of the page, which says what came of it."""
    response = see_other(f"{PATH}#{section}")
    tell(request, response, said)
    return response


async def again(
    request: web.Request, section: str, error: AssistantError, given: dict[str, str] | None = None
) -> web.Response:
    """The page once more, with what is wrong; passwords are not sent back."""
    said = error.message if isinstance(error, Forbidden) else sentence(error)
    status = STATUS[error.code]
    if isinstance(error, Forbidden) and error.message.startswith("current_password: "):
        section, said, status = f"{section}-current", sentence(error), 400
    elif isinstance(error, Forbidden):
        raise error
    kept = {name: value for name, value in (given or {}).items() if "password" not in name}
    state = State(wrong={section: said}, given=kept)
    return told_when(await shown(request, state, status), error)


async def shown(
    request: web.Request, state: State | None = None, status: int = 200
) -> web.Response:
    """The whole page."""
    state = state or State()
    user, core = await member(request), request.app[CORE]
    profile = await core.accounts.me(user.id)
    sessions = await core.accounts.sessions.of(user.id)
    here = known_session(request)
    listed = sorted(sessions, key=lambda each: each.id != here)
    values: dict[str, Any] = {
        "user": profile.user,
        "preferences": profile.preferences,
        "providers": list(core.providers),
        "models": {name: each.model for name, each in core.providers.items()},
        "templates": list(TEMPLATES),
        "sessions": listed[:SHOWN],
        "others": max(len(sessions) - 1, 0),
        "unlisted": max(len(sessions) - SHOWN, 0),
        "this": here,
        "tokens": await core.accounts.personal.of(user.id),
        "scopes": SCOPES,
        "longest": LONGEST_DAYS,
        "letters": core.accounts.post.reaches,
        "platforms": [name for name, _ in platforms(request)],
        "wrong": state.wrong,
        "given": state.given,
        "made": state.made,
    }
    return page(request, "settings.html", status=status, here=PATH, **values)
