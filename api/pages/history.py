"""`/history`: what one wrote, found again; one item, its versions, and what can be done with it."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlencode
from uuid import uuid4

from aiohttp import web
from pydantic import ValidationError

from api.content_models import Target
from api.endpoint import is_browser
from api.errors import STATUS
from api.keys import CORE
from api.models import HistoryQuery
from api.pages.answers import under
from api.pages.asking import answer_to, asked_by, named, sent
from api.pages.forms import checked
from api.pages.prose import prose
from api.pages.render import page, see_other, tell, told_when
from api.pages.visitor import member
from api.problems import problems
from core.errors import AssistantError, Conflict, InvalidInput, NotFound, NotionFailed
from core.messages import Call

PAGE = 20
"""Items that are shown at once."""


async def items(request: web.Request) -> web.Response:
    """Items that hold the words of `?q=`, newest first, from `?cursor=` on."""
    user, core = await member(request), request.app[CORE]
    query = {
        name: request.query[name] for name in ("q", "provider", "cursor") if request.query.get(name)
    }
    try:
        wanted = HistoryQuery.model_validate_strings(query)
    except ValidationError as error:
        raise InvalidInput(problems(error)) from None
    found, cursor = await core.history.page(user.id, wanted.q, wanted.provider, PAGE, wanted.cursor)
    kept = {name: value for name, value in query.items() if name != "cursor"}
    return page(
        request,
        "history.html",
        items=found,
        q=wanted.q,
        provider=wanted.provider or "",
        providers=list(core.providers),
        more=f"/history?{urlencode(kept | {'cursor': cursor})}" if cursor else "",
        filtered=bool(kept),
    )


async def item(request: web.Request) -> web.Response:
    """One item; while it is being written, what has come of it."""
    return await _item(request)


async def _item(request: web.Request, problem: str = "", status: int = 200) -> web.Response:
    user, core = await member(request), request.app[CORE]
    found = await core.history.readable(user.id, named(request))
    return page(
        request,
        "item.html",
        status=status,
        text=prose(found.text) if found.text is not None else None,
        key=uuid4().hex,
        **await under(request, found, problem=problem),
    )


async def save(request: web.Request) -> web.StreamResponse:
    """Makes the item's page in Notion; again means the same page."""
    given = await sent(request)
    item_id = named(request)
    asked = await asked_by(request)
    found = await asked.core.history.readable(asked.person.id, item_id)
    try:
        if found.text is None:
            raise Conflict("This is still being written. Try again in a moment.", retry_after=2)
        place = given.get("place") or given.get("destination")
        target = checked(Target, {"destination": place} if place else {}).destination
        flags = {} if target is None else {"to": target}
        answer = await answer_to(asked, Call("save-item", str(item_id), flags))
        if answer.page is None:
            raise NotionFailed("Notion did not say where the page is. Save it again.")
    except AssistantError as error:
        if not is_browser(request):
            raise
        return told_when(await _item(request, error.message, STATUS[error.code]), error)
    if not is_browser(request):
        return web.json_response({"notion_url": answer.page})
    response = see_other(f"/history/{item_id}")
    tell(request, response, "Saved to Notion.")
    return response


async def confirm_removal(request: web.Request) -> web.Response:
    """Asks whether it is really to go."""
    user = await member(request)
    found = await request.app[CORE].history.get(user.id, named(request))
    return page(request, "remove.html", item=found)


async def remove(request: web.Request) -> web.StreamResponse:
    """Forgets an item, for good; its Notion page stays."""
    await sent(request)
    user = await member(request)
    with suppress(NotFound):  # pressed twice, or in another tab
        await request.app[CORE].history.delete(user.id, named(request))
    response = see_other("/history")
    tell(request, response, "Deleted. Its page in Notion, if it had one, is still there.")
    return response
