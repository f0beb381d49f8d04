"""Saving an item that was written before: what Save to Notion and HTTP ask for."""

from __future__ import annotations

from core.commands.command import Argument, Command, Flag
from core.commands.context import Context
from core.commands.item import own_item
from core.commands.saving import NOTION_TEMPLATE, SET, with_given
from core.facts import Facts, of_prompt
from core.messages import Answer, Call


async def run(context: Context, call: Call) -> Answer:
    """Makes the page of one of the asker's items; again means the same page."""
    item = await own_item(context, call.text)
    # Of what people wrote, others than the asker may be the authors.
    kept = Facts.from_json(item.facts)
    facts = kept if item.model is None else of_prompt(context.request)
    if call.value(SET.name) or call.value(NOTION_TEMPLATE.name):
        facts = with_given(facts, call, template=NOTION_TEMPLATE)
    page, notes = await context.saver.save(
        context.step, context.request.id, item.id, call.value("to"), facts=facts
    )
    context.feed.saved(page)
    return Answer("Saved to Notion.", notes, page=page, private=True)


COMMAND = Command(
    name="save-item",
    summary="Save an item of your history to Notion.",
    run=run,
    argument=Argument("id"),
    flags=(
        Flag("to", "Save it to this page or data source.", "DESTINATION"),
        SET,
        NOTION_TEMPLATE,
    ),
    private=True,
    listed=False,
)
