"""Move to trash, Keep the page: what is asked where 📝 was taken away late."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from core.commands.command import Argument, Command, Flag
from core.commands.context import Context
from core.commands.item import own_item
from core.messages import Answer, Call

STAYS = "The page stays."
TRASHED = "The page is in Notion's trash, where it can be restored from."


async def run(context: Context, call: Call) -> Answer:
    """Does what was chosen. Raises NotFound where the item is gone, Forbidden for another's."""
    if call.value("how") != "trash":
        return Answer(STAYS, private=True)

    async def whose() -> str:
        return str((await own_item(context, call.text)).id)

    # In a step: after a crash the item may be gone, and the rest is still to be done.
    item = UUID(await context.step("whose", whose))
    marked = await context.step("trash", partial(context.keeper.trash, context.user_id, item))
    if marked:
        await context.step("unmark", partial(context.conversation.unmark, marked))
    return Answer(TRASHED, private=True)


COMMAND = Command(
    name="take-back",
    summary="Put a saved page in the trash, or keep it.",
    run=run,
    argument=Argument("id"),
    flags=(Flag("how", "What to do: trash or stay.", "WAY"),),
    private=True,
    listed=False,
)
