"""`/notion generate`: a prompt becomes a text, and where wanted a Notion page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from core.actions import when_written
from core.commands.command import Argument, Command, Flag
from core.commands.context import Context
from core.commands.item import foresee, shown
from core.commands.saving import NO_SAVE, NOTION_TEMPLATE, SET, TAGS, TO, given, with_given
from core.errors import AssistantError
from core.facts import of_prompt
from core.messages import Answer, Call
from core.templates import TEMPLATES


async def run(context: Context, call: Call) -> Answer:
    """Writes the text; saves it too with `--save`, or where `--to` names a destination, or where
    the person chose to save at once.

    A wrong destination is told before anything is spent. A page that could not be made loses
    nothing: the text is answered with the reason beside it. In a thread it comes in its turn.
    """
    given(call.value(SET.name))
    place = call.value("to")
    if place is not None:
        await context.step("check the place", partial(context.places.check, place))

    saves = await _saves(context, call)
    unused = () if saves else tuple(_unused(call))
    if not saves:
        foresee(context, private=call.has("private"), more=unused)

    async def write() -> list[str]:
        await context.conversation.turn(context.feed)
        return await context.writer.write(
            context,
            call.text,
            provider=call.value("provider"),
            model=call.value("model"),
            template=call.value("template"),
        )

    notes = await context.step("generate", write)
    item = await context.library.get(context.user_id, context.request.id)
    answer = shown(item, [*notes, *unused], private=call.has("private"))
    # What was stopped is half a text: whoever wants a page of it presses the button.
    if item.stopped or not saves:
        return answer
    facts = with_given(
        of_prompt(context.request, call.value("tags")), call, template=NOTION_TEMPLATE
    )
    try:
        page, left = await context.saver.save(
            context.step, context.request.id, item.id, place, facts=facts
        )
    except AssistantError as error:
        told = (*answer.notes, f"Not saved to Notion: {error.message}")
        return replace(answer, notes=told, ok=False, error=error.to_json())
    context.feed.saved(page)
    told = (*answer.notes, *left)
    return replace(answer, notes=told, page=page, actions=when_written(item.id, saved=True))


def _unused(call: Call) -> Iterator[str]:
    """A word on flags about a page where none is made."""
    if names := [flag.name for flag in (TAGS, SET, NOTION_TEMPLATE) if call.has(flag.name)]:
        listed = " and ".join(f"`--{name}`" for name in names)
        was = "was" if len(names) == 1 else "were"
        yield f"{listed} {was} not used, for no page was asked for: add `--save`, or `--to`."


async def _saves(context: Context, call: Call) -> bool:
    """Whether a page is to be made of it: what this prompt says goes before what is usual."""
    if call.has(NO_SAVE.name):
        return False
    if call.has("save") or call.value("to") is not None:
        return True
    # What is for one person's eyes goes to no place that others may read, unless they say so.
    return not call.has("private") and (await context.preferences.chosen(context.user_id)).saves


COMMAND = Command(
    name="generate",
    summary="Write a page from a prompt.",
    run=run,
    argument=Argument("prompt", example="a launch checklist for our mobile app --save"),
    flags=(
        Flag("save", "Save the answer to Notion."),
        NO_SAVE,
        TO,
        TAGS,
        SET,
        NOTION_TEMPLATE,
        Flag("provider", "Ask this AI provider.", "NAME", "provider"),
        Flag("model", "Ask this model.", "NAME", "model"),
        Flag("template", f"Give the answer a shape: {', '.join(TEMPLATES)}.", "NAME", "template"),
        Flag("private", "Show the answer to you alone."),
    ),
    live=True,
    form=True,
)
