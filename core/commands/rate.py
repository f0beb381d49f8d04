"""👍 and 👎: what somebody who sees an answer thinks of it."""

from __future__ import annotations

from core.actions import LABELS
from core.commands.command import Argument, Command, Flag
from core.commands.context import Context
from core.commands.item import item_id
from core.messages import Answer, Call


async def run(context: Context, call: Call) -> Answer:
    """Keeps the vote, in place of an earlier one. Everybody has one, whoever asked."""
    item, how = item_id(call.text), call.value("how") or "up"

    async def rate() -> None:
        await context.voter.rate(context.user_id, item, good=how == "up")

    await context.step("rate", rate)
    return Answer(f"Thanks, noted: {LABELS[how]}", private=True)


COMMAND = Command(
    name="rate",
    summary="Say what you think of an answer.",
    run=run,
    argument=Argument("id"),
    flags=(Flag("how", "What you think: up or down.", "WAY"),),
    private=True,
    listed=False,
)
