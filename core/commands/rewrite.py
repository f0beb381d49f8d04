"""Another answer to the same prompt: what Regenerate, Shorter and Longer ask for."""

from __future__ import annotations

from core.commands.ask import answered_again
from core.commands.command import Argument, Command, Flag
from core.commands.context import Context
from core.commands.item import foresee, own_item, shown
from core.messages import Answer, Call
from core.templates import ASK, page_of


async def admit(context: Context, call: Call) -> None:
    """Lets nobody but the item's owner ask: the answer would be for everybody to see."""
    await own_item(context, call.text)


async def run(context: Context, call: Call) -> Answer:
    """Writes the text anew from the prompt and the earlier answer, as an item of its own."""

    foresee(context, private=call.has("private"))

    async def write() -> list[str]:
        earlier = await own_item(context, call.text)
        how = call.value("how") or "regenerate"
        if earlier.template == ASK or page_of(earlier.template):
            return await answered_again(context, earlier, how)
        return await context.writer.rewrite(context, earlier, how)

    notes = await context.step("generate", write)
    item = await context.library.get(context.user_id, context.request.id)
    return shown(item, notes, private=call.has("private"))


COMMAND = Command(
    name="rewrite",
    summary="Write an item of your history in another way.",
    run=run,
    argument=Argument("id"),
    flags=(
        Flag("how", "In which way: regenerate, shorter or longer.", "WAY"),
        Flag("private", "Show the answer to you alone."),
    ),
    live=True,
    listed=False,
    admit=admit,
)
