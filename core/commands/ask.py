"""`/notion ask`: an answer from Notion's pages, with links to them.

Notion searches titles alone (https://developers.notion.com/reference/post-search). So it is asked
for the question's words, together and one by one, and for what was changed last; the person's own
pages are known by their text, from the history. The best few are read, and their best passages are
what an answer rests on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import TypedDict, TypeVar
from uuid import UUID

from core.asking.material import Source
from core.asking.words import folded, hits, passages, telling
from core.commands.command import Argument, Command, Flag
from core.commands.context import Context
from core.commands.item import foresee, shown
from core.commands.saving import PAGE
from core.errors import AssistantError, InvalidInput, NotFound, NotionFailed
from core.messages import Answer, Call
from core.ports import Destination
from core.storage.content import Content
from core.templates import ASK, asked_of, page_of

T = TypeVar("T")

SEARCHES = 6
"""Searches in Notion for one question, at most."""

FOUND = 20
"""Results of one search that are looked at."""

PAGES = 6
"""Pages read for one question, at most."""

SECONDS = 20.0
"""How long the searches, and then the pages, are waited for; what came by then counts."""

LONGEST_PAGE = 60_000
"""Characters of a page that are looked through."""

LONGEST_PASSAGES = 4_000
"""Characters of one page that a provider is given."""

LONGEST_MATERIAL = 16_000
"""Characters of all pages together that a provider is given."""

NOTHING = (
    "No page shared with the integration tells about this. Ask in other words, or look for the "
    "page with `/notion search`. To share a page, open it in Notion and choose ••• → Connections."
)


class Candidate(TypedDict):
    """A page that may tell; `item` is the person's item it was made of, or the empty string.

    `rank` 0: only changed lately, and nothing says yet that it is about the question.
    """

    id: str
    title: str
    url: str
    edited: str
    item: str
    rank: int


async def run(context: Context, call: Call) -> Answer:
    """Finds the pages, reads them, and answers from them."""
    question = call.text

    async def search() -> list[Candidate]:
        named = call.value(PAGE.name)
        if named is None:
            # From here on there is something that Retry can be about.
            await context.writer.note(context, question, ASK)
            return await candidates(context, question)
        place = await context.places.find(named)
        await context.writer.note(context, question, asked_of(place.id))
        return [_alone(place)]

    async def write() -> list[str]:
        return await context.writer.answer(
            context,
            question,
            lambda: sources(context, question, found),
            provider=call.value("provider"),
            model=call.value("model"),
        )

    foresee(context, private=call.has("private"))
    try:
        found = await context.step("search", search)
        notes = await context.step("generate", write)
    except NotFound as error:
        return Answer(error.message, private=call.has("private"))
    item = await context.library.get(context.user_id, context.request.id)
    return shown(item, notes, private=call.has("private"))


async def answered_again(context: Context, earlier: Content, how: str) -> list[str]:
    """Answers the question of an earlier item from the pages as they are now; returns its notes."""
    page = page_of(earlier.template)
    if page:
        await context.writer.note(context, earlier.prompt, earlier.template)

    async def gather() -> list[Source]:
        if page:
            found = [_alone(await context.places.find(page))]
        else:
            found = await candidates(context, earlier.prompt)
        return await sources(context, earlier.prompt, found)

    return await context.writer.answer(context, earlier.prompt, gather, again=(earlier, how))


async def candidates(context: Context, question: str) -> list[Candidate]:
    """The pages to be read, the likeliest first; at least one.

    Raises NotFound where there is none, and what `Pages` raises where no search came to an end.
    """
    words = telling(question)
    wanted = queries(words)
    done = await _in_time([context.places.search(query, FOUND) for query in wanted])
    results = [(query, got) for query, got in zip(wanted, done, strict=True) if got is not None]
    found = ranked(words, results, await _own(context, words))
    if not found:
        raise NotFound(NOTHING)
    return found[:PAGES]


def queries(words: Sequence[str]) -> list[str]:
    """What Notion is asked for: the words together, the longest by themselves, all pages. Pure."""
    together = " ".join(words[:SEARCHES])
    alone = sorted(words, key=len, reverse=True)
    return [*list(dict.fromkeys([together, *alone]))[: SEARCHES - 1], ""] if words else [""]


def ranked(
    words: Sequence[str],
    results: Sequence[tuple[str, Sequence[Destination]]],
    own: Sequence[Content],
) -> list[Candidate]:
    """What was found, once each: what has most of the words first, then what changed last. Pure."""
    found: dict[str, Candidate] = {}
    for query, places in results:
        for place in places:
            if place.kind == "page":
                one = found.setdefault(_key(place.id), _candidate(place))
                # Notion had its reason to find it for these words.
                one["rank"] = max(one["rank"], 1 if query else 0)
    for item in own:
        if item.page_id is None:
            continue
        key = _key(item.page_id)
        one = found.setdefault(key, _mine(item))
        one["item"] = str(item.id)
        one["rank"] += 2 * hits(words, f"{item.prompt}\n{item.text}")
    phrase = " ".join(words)
    for one in found.values():
        one["rank"] += 4 * hits(words, one["title"])
        one["rank"] += 4 * (len(words) > 1 and phrase in folded(one["title"]))
    latest = sorted(found.values(), key=lambda one: one["edited"], reverse=True)
    return sorted(latest, key=lambda one: -one["rank"])


async def sources(context: Context, question: str, found: Sequence[Candidate]) -> list[Source]:
    """What the pages say about the question, the best first.

    Raises NotFound where they say nothing about it, and what `Pages` raises where none of them
    could be read and that may pass.
    """
    words = telling(question)
    texts = await _in_time([_text(context, one) for one in found])
    told: list[tuple[int, Source]] = []
    for one, text in zip(found, texts, strict=True):
        about = 3 * hits(words, one["title"]) + hits(words, text or "")
        if text and text.strip() and (about or one["rank"]):
            passage = passages(text, words, LONGEST_PASSAGES)
            told.append((about, Source(one["title"], one["url"], passage)))
    told.sort(key=lambda each: -each[0])
    left, kept = LONGEST_MATERIAL, list[Source]()
    for _, source in told:
        left -= len(source.text)
        if left < 0:
            break
        kept.append(source)
    if not kept:
        raise NotFound(NOTHING)
    return kept


async def _text(context: Context, one: Candidate) -> str:
    """What a page says: as Notion has it, else as the person's history has it."""
    try:
        return await context.places.read(one["id"], LONGEST_PAGE)
    except AssistantError as error:
        if not error.retryable:
            # Gone, not shared any more, or no page: others can tell.
            return ""
        if not one["item"]:
            raise
        item = await context.library.get(context.user_id, UUID(one["item"]))
        return item.text or ""


async def _own(context: Context, words: Sequence[str]) -> list[Content]:
    """The person's items that have a page and one of the words."""
    found: dict[UUID, Content] = {}
    for word in sorted(words, key=len, reverse=True)[:SEARCHES]:
        items, _ = await context.library.page(context.user_id, words=word, limit=FOUND)
        found |= {item.id: item for item in items if item.page_id and item.notion_url}
    return list(found.values())


async def _in_time(asked: Sequence[Awaitable[T]]) -> list[T | None]:
    """What each gives; None for what failed or took too long.

    Raises why, where all of them did and one may do better later.
    """
    tasks = [asyncio.ensure_future(each) for each in asked]
    try:
        await asyncio.wait(tasks, timeout=SECONDS)
    finally:
        late = [task for task in tasks if task.cancel()]
        await asyncio.gather(*late, return_exceptions=True)
    errors: list[BaseException] = []
    given: list[T | None] = []
    for task in tasks:
        error = _late() if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, AssistantError):
            raise error
        if error is not None:
            errors.append(error)
        given.append(task.result() if error is None else None)
    if len(errors) == len(tasks):
        raise errors[0]
    return given


def _late() -> NotionFailed:
    return NotionFailed("Notion takes too long to answer. Try again in a moment.", retryable=True)


def _key(page_id: str) -> str:
    return page_id.replace("-", "").lower()


def _alone(place: Destination) -> Candidate:
    """The one page that a question is about, whatever words it has."""
    if place.kind != "page":
        raise InvalidInput(
            f"“{place.title or 'Untitled'}” is a data source. Name one of its pages."
        )
    return _candidate(place) | {"rank": 1}


def _candidate(place: Destination) -> Candidate:
    return {
        "id": place.id,
        "title": place.title,
        "url": place.url or f"https://www.notion.so/{_key(place.id)}",
        "edited": place.edited,
        "item": "",
        "rank": 0,
    }


def _mine(item: Content) -> Candidate:
    lines = (line.strip(" #\t") for line in (item.text or item.prompt).splitlines())
    title = next((line for line in lines if line), item.prompt)
    return {
        "id": item.page_id or "",
        "title": " ".join(title.split())[:100],
        "url": item.notion_url or "",
        "edited": item.created_at.isoformat(),
        "item": str(item.id),
        "rank": 0,
    }


COMMAND = Command(
    name="ask",
    summary="Answer a question from Notion's pages, with links to them.",
    run=run,
    argument=Argument("question", example="when do we launch the mobile app?"),
    flags=(
        Flag("provider", "Ask this AI provider.", "NAME", "provider"),
        Flag("model", "Ask this model.", "NAME", "model"),
        PAGE,
        Flag("private", "Show the answer to you alone."),
    ),
    live=True,
    reads=True,
)
