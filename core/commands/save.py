"""`/notion save`: what was said becomes a page."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from core.commands.append import run as append
from core.commands.command import Argument, Command, Flag
from core.commands.context import Context
from core.commands.saving import APPEND, SET, TAGS, TEMPLATE, TO, given, lines_of, with_given
from core.facts import of_messages
from core.messages import Answer, Call, Message, stable_id
from core.ports import Route

SHOWN = 5
"""Files that stayed links of which the answer tells; the page tells of all."""


async def run(context: Context, call: Call) -> Answer:
    """Saves the message, or the thread that begins with it; again means the same page.

    A wrong destination is told before anything is read.
    """
    if call.has(APPEND.name):
        return await append(context, call)
    given(call.value(SET.name))
    await _turn(context)
    named = place = call.value("to")
    if named is not None:
        found = await context.step("check the place", partial(context.places.check, named))
        # What was checked by an earlier release came to nothing.
        place = found or named

    async def read() -> list[dict[str, Any]]:
        return [message.to_json() for message in await context.conversation.message(call.text)]

    said = [Message.from_json(each) for each in await context.step("read", read)]
    item = item_of(context, said[0].id, place, said[0].place)
    if named != place:
        # Earlier releases told items apart by the name that was typed.
        older = item_of(context, said[0].id, named, said[0].place)
        item = older if await context.library.known(older) else item
    facts = with_given(of_messages(said, context.request, call.value("tags")), call)
    await context.step("keep", partial(context.keeper.keep, context, item, said, facts))
    attached = [file for message in said for file in message.files if file.link]
    files = await context.keeper.carry(context, item, attached, place)
    await context.step("watch", partial(context.keeper.watch, context, item, said, files))
    facts = replace(facts, files=tuple(files))
    page, notes = await context.saver.save(
        context.step, context.request.id, item, place, facts=facts
    )
    context.feed.saved(page)
    what = "Saved to Notion." if len(said) == 1 else f"Saved to Notion: {len(said)} messages."
    left = tuple(f"{file['name']} stays a link. {file['why']}" for file in files if file["why"])
    return Answer(what, (*left[:SHOWN], *notes), page=page, private=True)


async def _turn(context: Context) -> None:
    """Waits for what was asked about the message before: who takes 📝 away at once means it."""
    if context.request.queue is not None:
        await context.step("turn", lambda: context.conversation.turn(context.feed))


async def undo(context: Context, call: Call) -> Answer:
    """Takes back what 📝 saved, where that was less than ten minutes ago."""
    await _turn(context)
    message = context.request.address.get("message", "")
    item = item_of(context, message, call.value("to"))
    said = await context.step("undo", partial(context.keeper.undo, context.user_id, item))
    return Answer(said, private=True, quiet=not said)


def marked_call(*, added: bool, route: Route | None = None) -> Call:
    """What a reaction asks for that was put on a message or taken away; without a route, 📝."""
    name = MARKED.name if added else UNDO.name
    if route is None:
        return Call(name)
    flags: dict[str, str | bool] = {EMOJI.name: route.emoji, TO.name: route.place.id}
    if route.given:
        flags[SET.name] = lines_of(route.given)
    if route.template:
        flags[TEMPLATE.name] = route.template
    return Call(name, flags=flags)


def undoing(saved: Call) -> Call:
    """What takes back what this call of a reaction saved."""
    return Call(UNDO.name, flags={name: saved.flags[name] for name in (EMOJI.name, TO.name)})


def item_of(context: Context, message: str, place: str | None, channel: str = "") -> UUID:
    """The item of a message and destination: the same for everybody, however often it is saved.

    `channel` is where the message is; empty where the request was made there too.
    """
    request = context.request
    where = channel or request.place
    return stable_id("message", request.sender.platform, where, message, place or "")


EMOJI = Flag("emoji", "The emoji that asks for it, where that is not 📝.", "EMOJI")

COMMAND = Command(
    name="save",
    summary="Save a message, or the thread that begins with it.",
    run=run,
    argument=Argument("link", required=False),
    flags=(TO, TAGS, SET, TEMPLATE, APPEND),
    private=True,
)

# What a reaction asks for: everybody sees the reaction, so everybody may see what came of it.
MARKED = Command(
    name="save-marked",
    summary="Save the message that somebody reacted to.",
    run=run,
    flags=(TO, TAGS, SET, TEMPLATE, EMOJI),
    listed=False,
)

UNDO = Command(
    name="undo-save",
    summary="Take back the save of a message.",
    run=undo,
    flags=(TO, SET, TEMPLATE, EMOJI),
    listed=False,
)
