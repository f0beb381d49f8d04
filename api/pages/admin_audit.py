"""`/admin/audit`: who did what, from where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from aiohttp import web
from pydantic import ValidationError

from api.admin_models import AuditQuery
from api.keys import CORE, Core
from api.pages.admins import admin_of
from api.pages.render import page
from api.problems import problems
from core.errors import InvalidInput
from core.storage.audit import Entry
from core.storage.users import User

PAGE = 30
"""Entries that are shown at once."""

ACTIONS = {
    "login": "Logged in",
    "account.registered": "Made an account",
    "account.exported": "Exported everything of theirs",
    "account.erased": "An account was deleted",
    "email.confirmed": "Confirmed their address",
    "username.changed": "Changed their username",
    "password.changed": "Changed their password",
    "password.reset": "Chose a new password by mail",
    "session.ended": "Ended a session",
    "token.made": "Made a personal token",
    "token.removed": "Removed a personal token",
    "identity.linked": "Linked a chat",
    "identity.unlinked": "Unlinked a chat",
    "identity.undone": "Took a link back",
    "settings.changed": "Changed their settings",
    "destination.chosen": "Chose where pages go",
    "page.saved": "Saved a page",
    "content.removed": "Removed an item",
    "allowance.changed": "Changed the budgets",
}
"""What is noted, as a sentence without its subject. What is not here is shown by its name."""

DONE_TO = {
    "user.role": "Changed the role of",
    "user.disabled": "Switched off the account of",
    "user.enabled": "Switched on the account of",
    "user.allowance": "Changed the allowance of",
}
"""What is done to people, as a sentence that their name ends."""

AREAS = {
    "login": "Logins",
    "account": "Accounts made and deleted",
    "user": "What admins changed of people",
    "allowance": "Budgets",
    "identity": "Linked chats",
    "page": "Saved pages",
    "content": "Removed items",
    "destination": "Where pages go",
    "settings": "Settings",
    "password": "Passwords",
    "session": "Sessions",
    "token": "Personal tokens",
}
"""What the list can be narrowed to: the first word of actions."""


@dataclass(frozen=True, slots=True)
class Act:
    """An entry in words. `on` is to whom it was done, where that was somebody else."""

    entry: Entry
    did: str
    who: str
    on: str


def acts(entries: Iterable[Entry]) -> list[Act]:
    """Entries in words."""
    return [_act(entry) for entry in entries]


def _act(entry: Entry) -> Act:
    if entry.actor_id is not None:
        who = entry.actor or "Somebody in chat"
    else:
        who = "The operator" if entry.target.endswith("by the operator") else "Somebody erased"
    if entry.action in DONE_TO:
        return Act(entry, DONE_TO[entry.action], who, _named(entry))
    did = ACTIONS.get(entry.action, entry.action)
    if entry.subject_id is None or entry.subject_id == entry.actor_id:
        return Act(entry, did, who, "")
    return Act(entry, f"{did} for", who, _named(entry))


def _named(entry: Entry) -> str:
    if entry.subject_id is None:
        return "somebody erased"
    return entry.subject or "somebody in chat"


async def audit(request: web.Request) -> web.Response:
    """The log, newest first, of `?user=` (an id, a username or an address) and `?action=`."""
    await admin_of(request)
    core = request.app[CORE]
    given = {
        name: request.query[name]
        for name in ("user", "action", "cursor")
        if request.query.get(name)
    }
    wanted = _checked({name: value for name, value in given.items() if name != "user"})
    about, is_unknown = None, False
    if "user" in given:
        about = await _person(core, given["user"].strip())
        is_unknown = about is None
    entries: list[Entry] = []
    cursor = None
    if not is_unknown:
        entries, cursor = await core.accounts.admin.audit(
            wanted.cursor, PAGE, about=about.id if about else None, action=wanted.action
        )
    kept = {name: value for name, value in given.items() if name != "cursor"}
    return page(
        request,
        "admin_audit.html",
        acts=acts(entries),
        user=(about.username or str(about.id)) if about else given.get("user", ""),
        action=wanted.action or "",
        areas=AREAS,
        actions=ACTIONS | DONE_TO,
        is_unknown=is_unknown,
        filtered=bool(kept),
        more=f"/admin/audit?{urlencode(kept | {'cursor': cursor})}" if cursor else "",
        days=core.settings.audit_days,
    )


def _checked(given: dict[str, str]) -> AuditQuery:
    try:
        return AuditQuery.model_validate_strings(given)
    except ValidationError as error:
        raise InvalidInput(problems(error)) from None


async def _person(core: Core, named: str) -> User | None:
    try:
        wanted = UUID(named)
    except ValueError:
        return await core.accounts.find(named)
    async with core.database.read() as unit:
        return await unit.users.get(wanted)
