"""What became of saved messages, brought to their page: asked for by the core itself."""

from __future__ import annotations

from uuid import UUID

from core.commands.command import Argument, Command
from core.commands.context import Context
from core.messages import Answer, Call


async def run(context: Context, call: Call) -> Answer:
    """Brings what changed to the page of an item."""
    await context.keeper.bring(context, UUID(call.text))
    return Answer("", private=True, quiet=True)


COMMAND = Command(
    name="follow",
    summary="Bring what became of messages to their page.",
    run=run,
    argument=Argument("id"),
    private=True,
    listed=False,
)
