"""Ending an answer while it grows: what the button Stop asks for."""

from __future__ import annotations

from core.commands.command import Argument, Command
from core.commands.context import Context
from core.commands.item import item_id
from core.messages import Answer, Call


async def run(context: Context, call: Call) -> Answer:
    """Has the writing end, wherever it goes on; what came so far becomes the answer."""
    item = item_id(call.text)

    async def stop() -> bool:
        return await context.writer.stop(context.user_id, item)

    if await context.step("stop", stop):
        return Answer("Stopped. What came so far stays.", private=True)
    return Answer("That answer has ended already.", private=True)


COMMAND = Command(
    name="stop",
    summary="End an answer that is being written.",
    run=run,
    argument=Argument("id"),
    private=True,
    listed=False,
)
