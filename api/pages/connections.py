"""`/connections`: who somebody is in chat, which Notion is theirs, and whether it works."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from aiohttp import web

from api.errors import STATUS
from api.json.connections import START
from api.keys import CORE
from api.pages.asking import answer_to, asked_by, named, sent
from api.pages.entering import platforms
from api.pages.home import stand_in
from api.pages.link import NAMES
from api.pages.render import page, see_other, tell, told_when
from api.pages.visitor import member
from core.accounts.links import LIFE_SECONDS
from core.connecting import Standing, said_of_leaving
from core.errors import Ambiguous, AssistantError, Forbidden, NotFound
from core.messages import Call
from core.notion.whose import Whose, asking_for
from core.ports import Destination
from core.storage.connections import Holder
from core.storage.database import UnitOfWork
from core.storage.users import Identity

PATH = "/connections"

_FINDINGS = {
    "token": "Access",
    "shared": "Shared pages",
    "read": "Read content",
    "insert": "Insert content",
    "update": "Update content",
    "comments": "Read comments",
    "user information": "People",
    "destination": "Where pages go",
}
"""What the doctor looks at, as a person says it, in the order in which it is shown."""


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat identity as it is shown; `workspace` is what people call it, where that is known."""

    id: UUID
    platform: str
    workspace: str
    name: str
    created_at: datetime


async def connections(request: web.Request) -> web.Response:
    """What is connected, and how to connect more."""
    return await _page(request)


async def code(request: web.Request) -> web.Response:
    """A code to type in chat. Whoever types it is joined to the account."""
    await sent(request)
    user = await member(request)
    made = await request.app[CORE].links.web_code(user.id)
    return await _page(request, made=made)


# ── Chat identities ──────────────────────────────────────────────────────────────────────────────


async def confirm_unlinking(request: web.Request) -> web.Response:
    """Asks whether an identity is to part, and says what then becomes of what."""
    chat = await _chat(request)
    where = f"{chat.platform}, {chat.workspace}" if chat.workspace else chat.platform
    name = chat.name or "This identity"
    return page(
        request,
        "sure.html",
        here=PATH,
        title=f"Unlink {name} in {where}?",
        said=(
            "What was written there so far stays in this account, with its pages in Notion.",
            "From then on that chat identity is somebody of its own, with an empty history, and "
            "does not see this account’s any more. `/notion link` joins the two again.",
        ),
        action=f"{PATH}/{chat.id}/unlink",
        label="Unlink",
        back=PATH,
        keep="Keep it linked",
    )


async def unlink(request: web.Request) -> web.StreamResponse:
    """Parts an identity from the account; what it brought stays."""
    await sent(request)
    user = await member(request)
    try:
        chat = await _chat(request)
        await request.app[CORE].links.unlink(user.id, chat.id)
    except NotFound:  # pressed twice, or parted in chat meanwhile
        return _done(request, "It is not linked any more.")
    except Forbidden:
        raise
    except AssistantError as error:
        said = {"chats": error.message}
        return told_when(await _page(request, problems=said, status=STATUS[error.code]), error)
    return _done(request, f"Unlinked from {chat.platform}. What you wrote there stays here.")


async def _chat(request: web.Request) -> Chat:
    user, wanted = await member(request), named(request)
    async with request.app[CORE].database.read() as unit:
        known = await unit.users.identities(user.id)
        for each in known:
            if each.id == wanted:
                return await _shown(unit, each)
    raise NotFound("This chat identity is not linked to your account, or not any more.")


async def _shown(unit: UnitOfWork, identity: Identity) -> Chat:
    home = await unit.installations.of(identity.platform, "", identity.workspace)
    platform = NAMES.get(identity.platform, identity.platform)
    unnamed = f"workspace {identity.workspace}" if identity.workspace else ""
    return Chat(
        identity.id,
        platform[:1].upper() + platform[1:],
        home.name if home and home.name else unnamed,
        identity.name,
        identity.created_at,
    )


# ── Notion ───────────────────────────────────────────────────────────────────────────────────────


async def check(request: web.Request) -> web.Response:
    """The same page, with what the doctor finds. It asks Notion, and changes nothing there."""
    user, core = await member(request), request.app[CORE]
    doctor: dict[str, Any] = {}
    try:
        await core.limits.hit("places", str(user.id))
        with asking_for(Whose(user)):
            report = await core.connecting.check(user.id, None)
    except AssistantError as error:
        doctor["problem"] = error.message
    else:
        order = list(_FINDINGS)
        found = sorted(
            report.findings,
            key=lambda each: order.index(each.name) if each.name in order else len(order),
        )
        doctor |= {
            "ok": report.ok,
            "findings": [
                (_FINDINGS.get(each.name, each.name), each.ok, each.text) for each in found
            ],
            "shared": report.shared,
            "count": report.count,
            "more": report.more,
        }
    return await _page(request, doctor=doctor)


async def confirm_disconnecting(request: web.Request) -> web.Response:
    """Asks whether Notion is to be disconnected, and says what stays."""
    user = await member(request)
    row = await request.app[CORE].connecting.connections.of(Holder(user.id))
    if row is None:
        raise NotFound("No Notion of yours is connected, or not any more.")
    return page(
        request,
        "sure.html",
        here=PATH,
        title=f"Disconnect {row.name or 'Notion'}?",
        said=(
            "Its token is taken back at Notion. Pages that were made stay there, and do not follow "
            "edits any more.",
            "Until you connect again, nothing of yours is saved to it, searched in it or answered "
            "from it.",
        ),
        action=f"{PATH}/notion/disconnect",
        label="Disconnect",
        back=PATH,
        keep="Keep it",
    )


async def disconnect(request: web.Request) -> web.StreamResponse:
    """Forgets the connection and takes its token back at Notion. Pages stay."""
    await sent(request)
    user = await member(request)
    row, revoked = await request.app[CORE].connecting.connections.disconnect(Holder(user.id))
    return _done(request, said_of_leaving(row, revoked, shared=False))


async def destination(request: web.Request) -> web.StreamResponse:
    """Where this person's pages go: what was picked or typed, or no choice of theirs any more."""
    given = await sent(request)
    wanted = given.get("place") or given.get("destination", "").strip()
    clear = "clear" in given
    try:
        if not clear and not wanted:
            raise NotFound("Type a title, an address or an id, or pick a page from the list.")
        # In quotes, so that no title counts as an emoji or as `default`.
        call = Call("to", "", {"clear": True}) if clear else Call("to", f'"{wanted}"')
        await answer_to(await asked_by(request), call)
    except Forbidden:
        raise
    except AssistantError as error:
        status = 400 if isinstance(error, NotFound) else STATUS[error.code]
        choices = error.choices if isinstance(error, Ambiguous) else ()
        said = f"More than one place fits “{wanted}”. Which?" if choices else error.message
        problems = {"destination": said}
        shown = await _page(request, problems=problems, status=status, meant=(wanted, choices))
        return told_when(shown, error)
    own = await _own_place(request)
    if own is None:
        return _done(request, "Nothing is chosen for you any more.")
    return _done(request, f"Your pages go to “{own.title or 'Untitled'}” from now on.")


async def _own_place(request: web.Request) -> Destination | None:
    user = await member(request)
    async with request.app[CORE].database.read() as unit:
        return (await unit.destinations.of(user.id, None)).person


# ── The page ─────────────────────────────────────────────────────────────────────────────────────


def _done(request: web.Request, sentence: str) -> web.StreamResponse:
    response = see_other(PATH)
    tell(request, response, sentence)
    return response


async def _page(
    request: web.Request,
    *,
    problems: dict[str, str] | None = None,
    status: int = 200,
    made: str = "",
    doctor: dict[str, Any] | None = None,
    meant: tuple[str, Sequence[tuple[str, str]]] = ("", ()),
) -> web.Response:
    """The page; `meant` is the place that was typed, and those that it may be."""
    user, core = await member(request), request.app[CORE]
    async with core.database.read() as unit:
        chats = [await _shown(unit, each) for each in await unit.users.identities(user.id)]
        place = (await unit.destinations.of(user.id, None)).person
        row = await unit.connections.of(Holder(user.id))
    return page(
        request,
        "connections.html",
        status=status,
        here=PATH,
        problems=problems or {},
        chats=chats,
        platforms=platforms(request),
        made=made,
        minutes=LIFE_SECONDS // 60,
        notion=None if row is None else Standing.of(row),
        start=START if core.connecting.on else "",
        server=core.settings.notion_token is not None or stand_in(request) is not None,
        sandbox=stand_in(request),
        doctor=doctor,
        place=place,
        typed=meant[0],
        choices=meant[1],
    )
