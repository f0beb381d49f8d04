"""From a line somebody typed to a request the core has accepted, on every platform alike."""

from __future__ import annotations

from uuid import UUID

from core.actions import AGAIN, PICK
from core.commands.parse import parse
from core.commands.registry import is_private
from core.errors import AssistantError
from core.messages import Answer, Call, Request, Sender
from core.ports import Address, Intake

WITHOUT_FORM = {
    "ask": "The form did not open. Type `/notion ask --page TITLE` and your question.",
    "save": "The form did not open. Type `/notion save --append TITLE` and a message's link, or "
    "what to add.",
}
"""What somebody is told whose platform does not open the form for what a button lacks."""


async def settled(intake: Intake, sender: Sender, call: Call) -> Call | Request | Answer:
    """What a pressed button asks for, where that hangs on what was asked before.

    A request where the same is asked for once more, which is about what it was about. An answer, to
    be shown to the presser alone, where it asks for nothing.
    """
    if call.command not in (PICK, AGAIN):
        return call
    try:
        if call.command == AGAIN:
            return await intake.again(sender, UUID(call.text))
        return await intake.picked(sender, UUID(call.text), call.value("place") or "")
    except AssistantError as error:
        return Answer(error.message, ok=False, private=True)


async def dispatch(
    intake: Intake,
    delivery: UUID,
    sender: Sender,
    text: str | Call,
    address: Address,
    place: str = "",
) -> Answer | None:
    """Hands a command over. `delivery` is the same for the same event, however often it comes.

    `place` is the platform's name for the channel, the same for everybody in it, of at most 128
    characters; a channel may have settings of its own. It is empty where there is no channel.

    Returns None once the request is recorded: the answer reaches the person through the platform's
    way out. Returns an answer, to be shown at once and to the asker alone, where there is nothing
    to carry out: an unknown command, a wrong flag, or a server that cannot record the request.
    """
    try:
        call = text if isinstance(text, Call) else parse(text)
        where = dict(address) | ({"private": "yes"} if is_private(call) else {})
        await intake.accept(Request(delivery, sender, call, where, place))
    except AssistantError as error:
        return Answer(error.message, ok=False, private=True)
    return None
