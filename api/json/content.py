"""`/content`: writing, saving, and what was written."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from aiohttp import web

from api.endpoint import Asked, Operation, endpoint
from api.models import Generated, HistoryPage, HistoryQuery, Item, Nothing, Saved, Target, Wish
from api.pages.landing import landing
from api.waiting import awaited_answer, failure
from api.writing import EXAMPLE_STREAM, stream_answer, wants_stream
from core.errors import Conflict, InvalidInput, NotionFailed
from core.messages import Call, Request, Sender
from core.ports import Provider


@endpoint(
    Operation(
        Wish,
        "Write from a prompt",
        Generated,
        also={"text/event-stream": EXAMPLE_STREAM},
        errors=("PROVIDER_FAILED", "NOTION_FAILED"),
        rule="generate",
        keyed="request",
    )
)
async def generate(asked: Asked[Wish]) -> Generated | web.StreamResponse:
    """Writes, and saves where it is asked to.

    With `Accept: text/event-stream` the answer comes while it grows: `started`, `delta`, `saved`,
    then `done` or `error`; `started` again means that what came so far does not count. The work
    goes on when the client leaves: the item is in the history under the same id.
    """
    wish, core = asked.given, asked.core
    flags: dict[str, str | bool] = {"save": True} if wish.save_to_notion else {}
    named = {
        "provider": _known_provider(wish.provider, core.providers),
        "model": wish.model,
        "template": wish.template,
        "to": wish.destination,
    }
    flags |= {name: value for name, value in named.items() if value is not None}
    request_id = asked.request_id()
    feed = core.feed(request_id)
    await core.accept(_request(asked, request_id, Call("generate", wish.prompt, flags)))
    if wants_stream(asked.request):
        return await stream_answer(asked, request_id, feed)
    answer = await awaited_answer(asked.request, request_id, feed)
    if not answer.ok:
        raise await failure(core, asked.person.id, request_id, answer)
    return Generated.of(await core.history.get(asked.person.id, request_id))


@endpoint(
    Operation(
        Target,
        "Save an item to Notion; again answers the same page",
        Saved,
        errors=("NOT_FOUND", "NOTION_FAILED"),
        keyed="request",
    )
)
async def save(asked: Asked[Target]) -> Saved:
    """Makes the Notion page of an item that was written before."""
    core, user, content_id = asked.core, asked.person, asked.id
    item = await core.history.get(user.id, content_id)
    if item.text is None:
        raise Conflict("This item is still being written. Try again in a moment.", retry_after=2)
    to = asked.given.destination
    call = Call("save-item", str(content_id), {} if to is None else {"to": to})
    request_id = asked.request_id()
    feed = core.feed(request_id)
    await core.accept(_request(asked, request_id, call))
    answer = await awaited_answer(asked.request, request_id, feed)
    if not answer.ok:
        raise await failure(core, user.id, content_id, answer)
    if answer.page is None:
        raise NotionFailed("Notion did not say where the page is. Ask again.")
    return Saved(notion_url=answer.page)


@endpoint(Operation(HistoryQuery, "My items, newest first", HistoryPage))
async def history(asked: Asked[HistoryQuery]) -> HistoryPage:
    """A page of the person's finished items that hold every word."""
    query = asked.given
    items, cursor = await asked.core.history.page(
        asked.person.id, query.q, query.provider, query.limit, query.cursor
    )
    return HistoryPage(items=[Item.of(item) for item in items], next_cursor=cursor)


@endpoint(Operation(Nothing, "One of my items", Item, errors=("NOT_FOUND",), browser=landing))
async def read(asked: Asked[Nothing]) -> Item:
    """One item."""
    return Item.of(await asked.core.history.get(asked.person.id, asked.id))


@endpoint(
    Operation(Nothing, "Remove an item; its Notion page stays", status=204, errors=("NOT_FOUND",))
)
async def remove(asked: Asked[Nothing]) -> None:
    """Forgets one item."""
    await asked.core.history.delete(asked.person.id, asked.id)


@endpoint(Operation(Nothing, "All my items as JSON Lines", "application/jsonl"))
async def export(asked: Asked[Nothing]) -> web.StreamResponse:
    """Every finished item, a line each, newest first."""
    response = web.StreamResponse(
        headers={
            "Content-Type": "application/jsonl",
            "Content-Disposition": 'attachment; filename="notion-assistant.jsonl"',
        }
    )
    await response.prepare(asked.request)
    async for item in asked.core.history.export(asked.person.id):
        await response.write(Item.of(item).model_dump_json().encode() + b"\n")
    await response.write_eof()
    return response


def _known_provider(name: str | None, providers: Mapping[str, Provider]) -> str | None:
    """The provider's name. Raises InvalidInput where there is none, before any work begins."""
    if name is None or name.lower() in providers:
        return name
    raise InvalidInput(f"provider: there is none of this name here; there is {_or(providers)}.")


def _or(providers: Mapping[str, Provider]) -> str:
    return " or ".join(providers) or "no provider at all"


def _request(asked: Asked[Wish] | Asked[Target], request_id: UUID, call: Call) -> Request:
    user = asked.person
    return Request(request_id, Sender("web", str(user.id), user.username or ""), call)
