"""A conversation: what somebody says to this app, answered with the thread as context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from core.commands.command import Argument, Command
from core.commands.context import Context
from core.commands.item import foresee, shown
from core.messages import Answer, Call, Message
from core.ports import Again, Turn

LONGEST_CONTEXT = 24_000
"""Characters of what was said before that a provider is given, the newest of them."""

SHORTEST_PIECE = 500
"""Characters for which it is worth giving the beginning of a message that does not fit whole."""


async def run(context: Context, call: Call) -> Answer:
    """Answers in the thread, one question after another."""

    await context.step("turn", Again(lambda: context.conversation.turn(context.feed)))

    async def read() -> list[dict[str, Any]]:
        return [message.to_json() for message in await context.conversation.thread()]

    said = [Message.from_json(each) for each in await context.step("read", Again(read))]
    asked = context.request.address.get("message", "")
    before = turns(said, asked)
    if attached := next((_attached(one) for one in said if one.id == asked), ""):
        before.append(Turn("user", attached))

    foresee(context, private=False)

    async def write() -> list[str]:
        return await context.writer.converse(context, call.text, before)

    notes = await context.step("generate", write)
    item = await context.library.get(context.user_id, context.request.id)
    if item.text is not None:
        text = item.text
        await context.step("said", Again(lambda: context.conversation.said(text)))
    return shown(item, notes, private=False)


def turns(said: Sequence[Message], asked: str) -> list[Turn]:
    """What was said before the message `asked`, as turns that take turns. Pure.

    What people wrote one after another is one turn, each under their name.
    """
    earlier: list[Message] = []
    for message in said:
        if message.id == asked:
            break
        earlier.append(message)
    found: list[Turn] = []
    for message in _newest(earlier):
        text = _spoken(message)
        role = "assistant" if message.ours else "user"
        if role == "user":
            text = f"{message.author}: {text}"
        if found and found[-1].role == role:
            text = f"{found.pop().text}\n\n{text}"
        found.append(Turn(role, text))  # type: ignore[arg-type] # one of the two
    if found and found[0].role == "assistant":
        # Some providers want the person to begin.
        found.insert(0, Turn("user", "What did you write before?"))
    return found


def _newest(messages: list[Message]) -> list[Message]:
    """As much as there is room for; of what does not fit whole, the beginning."""
    left, kept = LONGEST_CONTEXT, []
    for message in reversed(messages):
        if len(message.text) > left:
            if left >= SHORTEST_PIECE:
                kept.append(replace(message, text=f"{message.text[:left]} […]"))
            break
        left -= len(message.text)
        if _spoken(message):
            kept.append(message)
    return kept[::-1]


def _spoken(message: Message) -> str:
    return "\n".join(part for part in (message.text.strip(), _attached(message)) if part)


def _attached(message: Message) -> str:
    """The names of a message's files, so that nobody makes up what is in them."""
    names = ", ".join(" ".join(file.name.split())[:100] for file in message.files[:10])
    return f"[Attached, and not to be read here: {names}]" if names else ""


COMMAND = Command(
    name="talk",
    summary="Answer somebody in a conversation.",
    run=run,
    argument=Argument("words"),
    live=True,
    listed=False,
)
