"""What `--append PAGE` asks for: something is added to a page that is there already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from core.added import Added
from core.commands.context import Context
from core.commands.saving import APPEND, SET, TAGS, TEMPLATE, TO
from core.conversation import LONGEST_RANGE
from core.errors import InvalidInput
from core.facts import of_messages, title_of
from core.messages import ANSWERS, Answer, Call, Message, stable_id
from core.notion.urgency import looked_on
from core.ports import Destination
from core.transcript import document

# What people write between the links of the first and the last message.
_BETWEEN = {"to", "-", "–", "—", "..", "…"}

_INSTEAD = (TO, TAGS, SET, TEMPLATE)


async def run(context: Context, call: Call) -> Answer:
    """Adds a message, words, or the last answer to the end of a page; again changes nothing.

    The message is the one whose link was given, or whose menu was used. What is no link is added as
    it stands. Without either it is the last answer in the thread, else the asker's own.
    """
    for flag in _INSTEAD:
        if call.has(flag.name):
            raise InvalidInput(
                f"`--{APPEND.name}` adds to a page that is there; `--{flag.name}` is for a new one."
            )
    page = await the_page(context, call.value(APPEND.name) or "")
    what, said = await _what(context, page, call.text)
    # No step: after a crash whoever was before is answered, or is waited for again.
    await context.conversation.turn(context.feed)
    saved = await context.appender.append(context.step, context.request.id, page, what)
    context.feed.saved(saved.url)
    title = page.title or "Untitled"
    told = f"Added {said} to “{title}”." if not saved.notes else f"{saved.notes[0]} (“{title}”)"
    return Answer(told, page=saved.url, private=True)


async def the_page(context: Context, name: str) -> Destination:
    """The page that a title, an address or an id means. Raises InvalidInput."""

    async def find() -> dict[str, Any]:
        found = await context.places.find(name)
        if found.kind != "page":
            raise InvalidInput(
                f"“{found.title or 'Untitled'}” is a data source. Name one of its pages."
            )
        return {
            "id": found.id,
            "kind": found.kind,
            "title": found.title,
            "url": found.url or f"https://www.notion.so/{found.id.replace('-', '')}",
            "connection": found.connection,
        }

    # Whoever named a page that is not there is to hear of it now.
    with looked_on():
        return Destination(**await context.step("find the page", find))


async def _what(context: Context, page: Destination, text: str) -> tuple[Added, str]:
    """What is added, and how it is called."""
    request, conversation = context.request, context.conversation
    who = request.sender.name or "somebody"
    links = [word for word in text.split() if conversation.is_link(word)]
    if text and (not links or len(links) > 2 or set(text.split()) - set(links) - _BETWEEN):
        return Added(f"words:{request.id}", who, _where(context), text), "your words"
    # In a thread it is the command itself that the address names.
    meant = request.address.get("message") and not request.address.get("thread")
    if links or meant:
        return await _messages(context, page, links, who)
    if (last := await conversation.last_answer()) is not None:
        key = f"item:{last.id.removeprefix(ANSWERS)}"
        return Added(key, who, _where(context), last.text), "the last answer here"
    items, _ = await context.library.page(context.user_id, limit=20)
    own = next((item for item in items if item.model is not None and item.text), None)
    if own is None:
        raise InvalidInput(
            "What is to be added? Write it, or a message's link, after the page: "
            '`/notion save --append "Meeting notes" we ship on Thursday`'
        )
    return Added(f"item:{own.id}", who, _where(context), own.text or ""), "your last answer"


async def _messages(
    context: Context, page: Destination, links: Sequence[str], who: str
) -> tuple[Added, str]:
    async def read() -> list[dict[str, Any]]:
        asked, first = context.conversation, links[0] if links else ""
        found = await (asked.messages(first, links[1]) if len(links) > 1 else asked.message(first))
        return [message.to_json() for message in found]

    said = [Message.from_json(each) for each in await context.step("read", read)]
    said = said[:LONGEST_RANGE] if len(links) > 1 else said
    request, first = context.request, said[0]
    key = f"message:{request.sender.platform}:{first.place or request.place}:{first.id}"
    key += f"..{said[-1].id}" if len(links) > 1 else ""
    attached = [file for message in said for file in message.files if file.link]
    files = await context.keeper.carry(context, stable_id("added", key), attached, page.id)
    text = document(said, "range" if len(links) > 1 else "thread")
    what = "the message" if len(said) == 1 else f"{len(said)} messages"
    facts = of_messages(said, request, None)
    emails = await context.conversation.emails([each.id for each in facts.people if each.id])
    facts = replace(facts, emails=emails)
    return Added(key, who, _where(context, first.channel), text, files, facts), what


def _where(context: Context, channel: str = "") -> str:
    platform = title_of(context.request.sender.platform)
    return f"{platform} · #{channel}" if channel else platform
