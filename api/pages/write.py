"""Writing: `/` for who is logged in, and what its buttons ask for.

Each form has a path of its own and needs no script: it is sent, waits, and ends on the item's page.
A script asks the same with `Accept: application/json` and gets the request's id at once, whose
answer it then follows (`api.pages.streaming`).
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from aiohttp import web

from api.content_models import Wish
from api.endpoint import Asked, is_browser
from api.errors import STATUS
from api.json.content import call_of, check_names
from api.keys import CORE
from api.models import Nothing
from api.pages.asking import answer_to, asked_by, begin, named, sent
from api.pages.forms import checked
from api.pages.render import page, see_other, tell, told_when
from api.pages.visitor import member
from core.actions import REWRITES
from core.errors import AssistantError, InvalidInput, NotFound
from core.messages import Call
from core.preferences import preferred
from core.templates import TEMPLATES

RECENT = 5
"""Items shown below the form."""

EXAMPLES = (
    "a launch checklist for our mobile app",
    "notes of today's call: we ship on Thursday, Ben writes the release notes",
    "how do we rotate the signing keys?",
)
"""What a first visit offers to write."""


async def form(request: web.Request) -> web.Response:
    """The form, with what `?prompt=` says in it."""
    return await _form(request, {"prompt": request.query.get("prompt", "")[:20_000]}, is_new=True)


async def write(request: web.Request) -> web.StreamResponse:
    """Writes what the form asks for."""
    given = await sent(request)
    core = request.app[CORE]
    asked = await asked_by(request, given.get("key", "")[:64])
    wanted: dict[str, Any] = {
        name: given[name] for name in ("prompt", "provider", "template") if given.get(name)
    }
    if place := given.get("place") or given.get("destination"):
        wanted["destination"] = place
    wanted["save_to_notion"] = given.get("save") == "on"
    try:
        wish = checked(Wish, {"prompt": ""} | wanted)
        check_names(core, wish)
        return await _done(request, asked, call_of(wish), "generate")
    except AssistantError as error:
        if not is_browser(request):
            raise
        shown = await _form(request, given, _sentence(error), STATUS[error.code])
        return told_when(shown, error)


def _sentence(error: AssistantError) -> str:
    if not isinstance(error, InvalidInput) or not error.message.startswith("prompt: "):
        return error.message
    if "at most" in error.message:
        return f"The prompt {error.message.removeprefix('prompt: ')}."
    return "Say first what is to be written."


async def rewrite(request: web.Request) -> web.StreamResponse:
    """Writes an item anew: `how` is regenerate, shorter or longer."""
    given = await sent(request)
    item, how = named(request), given.get("how", "")
    if how not in REWRITES:
        raise InvalidInput("Choose shorter, longer or again.")
    asked = await asked_by(request, given.get("key", "")[:64])
    await request.app[CORE].history.get(asked.person.id, item)
    return await _done(request, asked, Call("rewrite", str(item), {"how": how}), "generate")


async def stop(request: web.Request) -> web.StreamResponse:
    """Ends an answer that is being written; what has come stays."""
    await sent(request)
    asked, item = await asked_by(request), named(request)
    await request.app[CORE].history.own(asked.person.id, item)
    answer = await answer_to(asked, Call("stop", str(item)))
    if is_browser(request):
        response = see_other(f"/history/{item}")
        tell(request, response, answer.text)
        return response
    return web.json_response({"told": answer.text})


async def _done(
    request: web.Request, asked: Asked[Nothing], call: Call, rule: str
) -> web.StreamResponse:
    if not is_browser(request):
        return web.json_response({"id": str(await begin(asked, call, rule))}, status=202)
    try:
        await answer_to(asked, call, rule)
    except AssistantError as error:
        if not await _is_kept(asked):
            raise
        # A text without its page is a text all the same.
        response = see_other(f"/history/{asked.request_id}")
        tell(request, response, f"Not saved to Notion: {error.message}")
        return response
    return see_other(f"/history/{asked.request_id}")


async def _is_kept(asked: Asked[Nothing]) -> bool:
    try:
        item = await asked.core.history.get(asked.person.id, asked.request_id)
    except NotFound:
        return False
    return item.text is not None


async def _form(
    request: web.Request,
    given: dict[str, str],
    problem: str = "",
    status: int = 200,
    *,
    is_new: bool = False,
) -> web.Response:
    user, core = await member(request), request.app[CORE]
    items, _ = await core.history.page(user.id, limit=RECENT)
    profile = await core.accounts.me(user.id)
    usual = preferred(profile.preferences, core.providers)
    return page(
        request,
        "write.html",
        status=status,
        given=given,
        saves=(is_new and usual.saves) or given.get("save") == "on",
        problem=problem,
        key=uuid4().hex,
        providers=list(core.providers),
        templates=list(TEMPLATES),
        usual=usual,
        examples=EXAMPLES,
        recent=items,
        steps=_steps([item.notion_url for item in items], bool(profile.identities)),
    )


def _steps(pages: list[str | None], is_linked: bool) -> list[bool]:
    """Which of the first three steps are done: written, saved, linked."""
    return [bool(pages), any(pages), is_linked]
