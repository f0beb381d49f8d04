"""`/notion save`: what was said becomes a page."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from core.actions import when_taken_back
from core.commands.append import run as append
from core.commands.command import Argument, Command, Flag, Way
from core.commands.context import Context, Undone
from core.commands.saving import APPEND, SET, TAGS, TEMPLATE, TO, given, lines_of, with_given
from core.conversation import LONGEST_RANGE
from core.errors import InvalidInput
from core.facts import of_messages
from core.messages import Answer, Call, Message, stable_id
from core.notion.trashed import NEW_PAGE
from core.ports import Route
from core.transcript import Shape

SHOWN = 5
"""Files that stayed links of which the answer tells; the page tells of all."""


async def run(context: Context, call: Call) -> Answer:
    """Saves the message, or the thread that begins with it; again means the same page.

    With two links, all that was said from the one message to the other.

    A wrong destination is told before anything is read.
    """
    if call.has(APPEND.name):
        return await append(context, call)
    given(call.value(SET.name))
    await _turn(context)
    named, place = await _place(context, call)
    ends = ends_of(call.text)

    async def read() -> list[dict[str, Any]]:
        asked = context.conversation
        found = await (asked.messages(*ends) if ends else asked.message(call.text))
        return [message.to_json() for message in found]

    said = [Message.from_json(each) for each in await context.step("read", read)]
    cut, said = len(said) > LONGEST_RANGE and ends is not None, said[: _longest(ends)]
    shape: Shape = "range" if ends else "thread"
    name = _named(said, shape)
    item = item_of(context, name, place, said[0].place)
    if named != place:
        # Earlier releases told items apart by the name that was typed.
        older = item_of(context, name, named, said[0].place)
        item = older if await context.library.known(older) else item
    facts = with_given(of_messages(said, context.request, call.value("tags")), call)
    every = partial(item_of, context, name, channel=said[0].place)
    which = partial(context.keeper.item, context, item, every, place)
    keep = partial(context.keeper.keep, context, messages=said, facts=facts, shape=shape)
    # Earlier releases kept nothing of this step.
    kept = await context.step("keep", partial(_keep, which, keep))
    item, anew = (UUID(kept["item"]), kept["anew"]) if kept else (item, False)
    attached = [file for message in said for file in message.files if file.link]
    files = await context.keeper.carry(context, item, attached, place)
    watch = partial(context.keeper.watch, context, item, said, files, shape)
    await context.step("watch", watch)
    emails = await context.conversation.emails([each.id for each in facts.people if each.id])
    facts = replace(facts, files=tuple(files), emails=emails)
    page, notes = await context.saver.save(
        context.step, context.request.id, item, place, facts=facts
    )
    context.feed.saved(page)
    what = "Saved to Notion." if len(said) == 1 else f"Saved to Notion: {len(said)} messages."
    left = tuple(f"{file['name']} stays a link. {file['why']}" for file in files if file["why"])
    again = (NEW_PAGE,) if anew else ()
    notes = (*again, *((_CUT,) if cut else ()), *left[:SHOWN], *notes)
    return Answer(what, notes, page=page, private=True)


async def _place(context: Context, call: Call) -> tuple[str | None, str | None]:
    """The place as it was named, and its id; None for none."""
    named = call.value("to")
    if named is None:
        return None, None
    found = await context.step("check the place", partial(context.places.check, named))
    # What was checked by an earlier release came to nothing.
    return named, found or named


async def _keep(
    which: Callable[[], Awaitable[UUID]], keep: Callable[..., Awaitable[bool]]
) -> dict[str, Any]:
    item = await which()
    return {"item": str(item), "anew": await keep(item=item)}


def ends_of(text: str) -> tuple[str, str] | None:
    """The addresses of the first and last message, where two are given; None for one or none.

    With a space, a dash or two dots between them. Raises InvalidInput for more. Pure.
    """
    words = [word for word in _BETWEEN.split(text.strip()) if word]
    if len(words) > 2:
        raise InvalidInput(
            "Give one link for a message or thread, or two: the first and the last message."
        )
    return (words[0], words[1]) if len(words) == 2 else None


def _longest(ends: tuple[str, str] | None) -> int | None:
    return LONGEST_RANGE if ends else None


def _named(said: Sequence[Message], shape: Shape) -> str:
    """What names the item: the message, or both ends of a range, whichever was given first."""
    return said[0].id if shape == "thread" else f"{said[0].id}..{said[-1].id}"


_CUT = (
    f"Only the first {LONGEST_RANGE} messages were saved: a page takes no more at once. "
    "Save the rest with a second pair of links."
)
_BETWEEN = re.compile(r"\s+(?:to|–|—|-|\.\.+|…)\s+|\s+|(?:\.\.+|…)(?=<?\w+:)")


async def _turn(context: Context) -> None:
    """Waits for what was asked about the message before: who takes 📝 away at once means it."""
    if context.request.queue is not None:
        await context.step("turn", lambda: context.conversation.turn(context.feed))


async def undo(context: Context, call: Call) -> Answer:
    """Takes back what 📝 saved less than ten minutes ago; of what is older it asks first."""
    await _turn(context)
    message = context.request.address.get("message", "")
    place = call.value("to")
    item = item_of(context, message, place)

    async def take_back() -> Undone:
        every = partial(item_of, context, message)
        mine = await context.keeper.item(context, item, every, place, known=True)
        undone = await context.keeper.undo(context.user_id, mine, context.request)
        return {**undone, "item": str(mine)}

    undone: Undone | str = await context.step("undo", take_back)
    # Earlier releases kept of this step only what there was to say.
    said = undone if isinstance(undone, str) else undone["said"]
    more: Undone = {"said": said, "ask": False} if isinstance(undone, str) else undone
    page, item = more.get("page", ""), UUID(more.get("item", str(item)))
    if page:
        await context.step("unsay", partial(context.conversation.unsay, page))
    ask = more["ask"]
    actions = when_taken_back(item) if ask else ()
    return Answer(said, private=True, quiet=not said, actions=actions)


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
    summary="Save a message or its thread; with two links, all between.",
    run=run,
    argument=Argument("link", required=False, example="LINK --to Decisions"),
    flags=(TO, TAGS, SET, TEMPLATE, APPEND),
    private=True,
    repeatable=True,
    ways=(
        Way("LINK", "The message with this link, and the thread it begins."),
        Way("LINK1 LINK2", "All that was said from the one message to the other."),
        Way("WORDS --append PAGE", "These words, at the end of a page that is there."),
    ),
)

# What a reaction asks for: everybody sees the reaction, so everybody may see what came of it.
MARKED = Command(
    name="save-marked",
    summary="Save the message that somebody reacted to.",
    run=run,
    flags=(TO, TAGS, SET, TEMPLATE, EMOJI),
    listed=False,
    repeatable=True,
)

UNDO = Command(
    name="undo-save",
    summary="Take back the save of a message.",
    run=undo,
    flags=(TO, SET, TEMPLATE, EMOJI),
    private=True,
    listed=False,
)
