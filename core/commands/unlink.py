"""`/notion unlink`: the chat identity of whoever asks, parted from their account."""

from __future__ import annotations

from functools import partial

from core.commands.command import Command
from core.commands.context import Context
from core.messages import Answer, Call


async def run(context: Context, call: Call) -> Answer:  # noqa: ARG001 - it takes no text
    """Makes the identity a person of its own again; what there was stays with the account."""
    account = await context.links.account(context.user_id)
    leave = partial(context.links.leave, context.request.sender, context.user_id)
    if not await context.step("leave", leave):
        return Answer(
            "You are linked to no account, so there is nothing to undo. `/notion link` links you.",
            private=True,
        )
    return Answer(
        f"You are no longer linked to the account {account}. What you wrote so far stays in its "
        "history; from now on you have a history and settings of your own here.",
        ("`/notion link` links you again.",),
        private=True,
    )


COMMAND = Command(
    name="unlink",
    summary="Part what you write here from your account.",
    run=run,
    private=True,
)
