"""`/content`: writing, saving, and what was written."""

from __future__ import annotations

import json
from collections.abc import Iterable

from aiohttp import web

from api.content_models import Target, Wish
from api.endpoint import Asked, Operation, endpoint
from api.keys import Core
from api.models import (
    Generated,
    HistoryPage,
    HistoryQuery,
    Item,
    Nothing,
    Saved,
    history_json,
)
from api.pages.landing import landing
from api.streams import held
from api.waiting import accepted, awaited_answer, failure
from api.writing import EXAMPLE_STREAM, stream_answer, wants_stream
from core.commands.saving import NO_SAVE, NOTION_TEMPLATE, SET, lines_of
from core.errors import Conflict, InvalidInput, NotionFailed, RateLimited
from core.messages import Call
from core.templates import TEMPLATES, shape

_NO_VOTES = (0, 0)


def check_names(core: Core, wish: Wish) -> None:
    """Raises InvalidInput for a name that is not known, before any work begins."""
    for field, name, known in (
        ("provider", wish.provider, core.providers),
        ("template", shape(wish.template), TEMPLATES),
    ):
        if name is not None and name.lower() not in known:
            raise InvalidInput(f"{field}: there is none of this name here; there is {_or(known)}.")


def carried(given: Wish | Target) -> dict[str, str | None]:
    """What the page is given, as the flags that say it."""
    lines = lines_of(list(given.properties.items())) if given.properties else None
    return {SET.name: lines, NOTION_TEMPLATE.name: given.notion_template}


def _or(names: Iterable[str]) -> str:
    return " or ".join(names) or "none at all"


@endpoint(
    Operation(
        Wish,
        "Write from a prompt",
        Generated,
        also={"text/event-stream": EXAMPLE_STREAM},
        errors=("NOT_FOUND", "PROVIDER_FAILED", "NOTION_FAILED"),
        check=check_names,
        keyed="request",
        scope="content:write",
        resumed=True,
        leads=("/content/{id}", "/content/{id}/notion", "/content/{id}/events"),
    )
)
async def generate(asked: Asked[Wish]) -> Generated | web.StreamResponse:
    """Writes, and saves where it is asked to.

    With `Accept: text/event-stream` the answer comes while it grows: `started`, `delta`, `saved`,
    then `done` or `error`; `started` again means that what came so far does not count. The work
    goes on when the client leaves: the item is in the history under the same id. Who lost the
    connection goes on at `/content/{id}/events`.
    """
    wish, request_id = asked.given, asked.request_id
    if wish.save_to_notion or wish.destination:
        asked.need("notion")
    if wants_stream(asked.request):
        return await _streamed(asked)
    feed = await accepted(asked, _call(asked), rule="generate")
    answer = await awaited_answer(asked.request, request_id, feed)
    if not answer.ok:
        raise await failure(asked, request_id, answer)
    item = await asked.core.history.get(asked.person.id, request_id)
    return Generated.of(item, answer.notes)


async def _streamed(asked: Asked[Wish]) -> web.StreamResponse:
    try:
        with held(asked.request, asked.person.id):
            feed = await accepted(asked, _call(asked), rule="generate")
            return await stream_answer(asked, asked.request_id, feed)
    except RateLimited:
        # Nothing was begun, so a repeat is the first.
        if asked.is_first:
            await asked.begin_anew()
        raise


def _call(asked: Asked[Wish]) -> Call:
    wish = asked.given
    if wish.save_to_notion is None and not wish.destination and not asked.may("notion"):
        # To save at once is a preference; this token may not do that.
        wish = wish.model_copy(update={"save_to_notion": False})
    return call_of(wish)


def call_of(wish: Wish) -> Call:
    """The command that writes it. Pure."""
    flags: dict[str, str | bool] = {"save": True} if wish.save_to_notion else {}
    if wish.save_to_notion is False:
        flags[NO_SAVE.name] = True
    named = {
        "provider": wish.provider,
        "model": wish.model,
        "template": wish.template,
        # Named alone, it is where to save; whoever says not to save means that.
        "to": None if wish.save_to_notion is False else wish.destination,
        **carried(wish),
    }
    flags |= {name: value for name, value in named.items() if value is not None}
    return Call("generate", wish.prompt, flags)


@endpoint(
    Operation(
        Nothing,
        "The events of an item, after those that were seen",
        "text/event-stream",
        also={"text/event-stream": EXAMPLE_STREAM},
        errors=("NOT_FOUND",),
        resumed=True,
        scope="content:read",
    )
)
async def events(asked: Asked[Nothing]) -> web.StreamResponse:
    """The events of `POST /content/generate`, for whoever lost the connection or looks on.

    With `Last-Event-ID` those after that one, nothing twice and nothing left out; 204 where that
    was the last. A finished item is told of at once.
    """
    content_id = asked.id
    feed = asked.core.feed(content_id)
    # Asked before the item is read, which is then whole where it is finished.
    is_finished = await asked.core.history.is_finished(content_id)
    item = await asked.core.history.readable(asked.person.id, content_id)
    with held(asked.request, asked.person.id):
        return await stream_answer(asked, content_id, feed, item if is_finished else None)


@endpoint(
    Operation(
        Target,
        "Save an item to Notion; again answers the same page",
        Saved,
        errors=("NOT_FOUND", "NOTION_FAILED"),
        keyed="request",
        rule="save",
        scope="notion",
    )
)
async def save(asked: Asked[Target]) -> Saved:
    """Makes the Notion page of an item that was written before."""
    content_id = asked.id
    item = await asked.core.history.readable(asked.person.id, content_id)
    if item.text is None:
        raise Conflict("This item is still being written. Try again in a moment.", retry_after=2)
    named = {"to": asked.given.destination, **carried(asked.given)}
    flags = {name: value for name, value in named.items() if value is not None}
    call = Call("save-item", str(content_id), flags)
    feed = await accepted(asked, call)
    answer = await awaited_answer(asked.request, asked.request_id, feed)
    if not answer.ok:
        raise await failure(asked, content_id, answer)
    if answer.page is None:
        raise NotionFailed("Notion did not say where the page is. Ask again.")
    return Saved(notion_url=answer.page)


@endpoint(Operation(HistoryQuery, "My items, newest first", HistoryPage, scope="content:read"))
async def history(asked: Asked[HistoryQuery]) -> web.Response:
    """A page of the person's finished items that hold every word."""
    query = asked.given
    items, cursor = await asked.core.history.rated(
        asked.person.id, query.q, query.provider, query.limit, query.cursor
    )
    body = history_json(items, cursor)
    return web.Response(body=body, content_type="application/json", charset="utf-8")


@endpoint(
    Operation(
        Nothing,
        "One of my items",
        Item,
        errors=("NOT_FOUND",),
        tagged=True,
        browser=landing,
        scope="content:read",
    )
)
async def read(asked: Asked[Nothing]) -> Item:
    """One item. 404 too once its writing has ended and nothing came of it, and then says why."""
    item = await asked.core.history.readable(asked.person.id, asked.id)
    votes = await asked.core.history.votes([item])
    return Item.of(item, votes.get(item.id, _NO_VOTES))


@endpoint(
    Operation(
        Nothing,
        "Remove an item; its Notion page stays",
        status=204,
        errors=("NOT_FOUND",),
        state=read.run,
        scope="content:write",
    )
)
async def remove(asked: Asked[Nothing]) -> None:
    """Forgets one item."""
    await asked.core.history.delete(asked.person.id, asked.id)


_LINE = json.dumps(Item.model_config["json_schema_extra"]["examples"][0])  # type: ignore[index]


@endpoint(
    Operation(
        Nothing,
        "All my items as JSON Lines",
        "application/jsonl",
        example=_LINE,
        rule="export",
        scope="content:read",
    )
)
async def export(asked: Asked[Nothing]) -> web.StreamResponse:
    """Every finished item, a line each, newest first."""
    response = web.StreamResponse(
        headers={
            "Content-Type": "application/jsonl",
            "Content-Disposition": 'attachment; filename="notion-assistant.jsonl"',
        }
    )
    await response.prepare(asked.request)
    if asked.request.method == "HEAD":
        return response
    async for items in asked.core.history.export(asked.person.id):
        votes = await asked.core.history.votes(items)
        for item in items:
            line = Item.of(item, votes.get(item.id, _NO_VOTES)).model_dump_json()
            await response.write(line.encode() + b"\n")
    await response.write_eof()
    return response
