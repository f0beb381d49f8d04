"""`/notion link`: the chat identity of whoever asks, joined to an account."""

from __future__ import annotations

from functools import partial

from core.commands.command import Argument, Command, Way
from core.commands.context import Context
from core.messages import Answer, Call


async def run(context: Context, call: Call) -> Answer:
    """Answers with a one-time code for the web; with a code from the web, joins right here.

    The code is in no step's result, so the work engine keeps none.
    """
    if call.text.strip().lower() == "yes":
        await context.step("accept", partial(context.links.accept, context.request.sender))
        return joined(await context.links.account(context.user_id) or "")
    if call.text:
        return await _join(context, call.text)
    if not await context.step("offer", partial(context.links.offer, context.request)):
        account = await context.links.account(context.user_id)
        return Answer(
            f"You are linked to the account {account} already.",
            ("`/notion unlink` parts you from it, `/notion settings` shows more.",),
            private=True,
        )
    code = context.links.code(context.request.id)
    return Answer(
        "Open this link, log in or sign up, and confirm. Your history, settings and saved pages "
        f"then belong to that account.\n\n{context.links.url(code)}\n\n"
        f"Or enter the code `{code}` at {context.links.url('')}",
        (
            "It works once, within ten minutes. Show it to nobody: whoever has it can join you to "
            "their own account.",
            "Have a code from the web? Type `/notion link CODE`.",
        ),
        private=True,
    )


async def _join(context: Context, code: str) -> Answer:
    await context.step("join", lambda: context.links.redeem(context.request.sender, code))
    return joined(await context.links.account(context.user_id) or "")


def joined(account: str) -> Answer:
    """What somebody is told who has just become part of an account. Pure."""
    return Answer(
        f"You are linked to the account {account}. Your history, settings and saved pages belong "
        "to it from now on.",
        ("If this was not you: `/notion unlink --not-me`, within a day.",),
        private=True,
    )


async def tell(context: Context, call: Call) -> Answer:  # noqa: ARG001 - all is in the call
    """Says in chat what was confirmed on the web."""
    return joined(call.text)


async def ask(context: Context, call: Call) -> Answer:  # noqa: ARG001 - all is in the call
    """Asks in chat about what was confirmed on the web, where the server wants that."""
    return Answer(
        f"The account {call.text} wants to be joined with what you write here. If that is you, "
        "type `/notion link yes` within ten minutes. Your history, settings and saved pages then "
        "belong to it.",
        ("If it is not you, do nothing: nobody is joined then.",),
        private=True,
    )


COMMAND = Command(
    name="link",
    summary="Join what you write here to your account.",
    run=run,
    argument=Argument("code", required=False),
    private=True,
    ways=(
        Way("", "A link to open in your browser, and a code to type there; for ten minutes."),
        Way("CODE", "Join the account that shows this code on the web, under Connections."),
        Way("yes", "Agree, where you were asked here whether an account is yours."),
    ),
)

LINKED = Command(
    name="linked",
    summary="Tell somebody that they were linked to an account.",
    run=tell,
    argument=Argument("account"),
    private=True,
    listed=False,
)

ASKED = Command(
    name="link-asked",
    summary="Ask somebody whether an account is theirs.",
    run=ask,
    argument=Argument("account"),
    private=True,
    listed=False,
)
