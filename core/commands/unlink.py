"""`/notion unlink`: the chat identity of whoever asks, parted from their account."""

from __future__ import annotations

from functools import partial

from core.commands.command import Command, Flag
from core.commands.context import Context
from core.messages import Answer, Call


async def run(context: Context, call: Call) -> Answer:
    """Makes the identity a person of its own again; what there was stays with the account.

    With `--not-me` it takes along what it had when somebody else linked it, within a day.
    """
    account = await context.links.account(context.user_id)
    not_me = call.has("not-me")
    leave = partial(context.links.leave, context.request.sender, context.user_id, not_me=not_me)
    if not await context.step("leave", leave):
        return Answer(
            "You are linked to no account, so there is nothing to undo. `/notion link` links you.",
            private=True,
        )
    if not_me:
        return Answer(
            "You are parted from that account. What you had when you were linked is yours again, "
            "where that was within a day and it is still there.",
            ("Show the link of `/notion link` to nobody.",),
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
    flags=(Flag("not-me", "Somebody else linked you: take back what came along."),),
    private=True,
)
