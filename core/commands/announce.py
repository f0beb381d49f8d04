"""`/notion settings announce on`: what becomes of pages in Notion, told where they came from."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from core.commands.command import Argument, Command
from core.errors import InvalidInput
from core.messages import Answer, Call

if TYPE_CHECKING:
    from core.commands.context import Context


async def settings(context: Context, word: str) -> Answer:
    """Turns it on or off for the channel, or says how it stands."""
    channel = context.request.channel
    if channel is None:
        raise InvalidInput("There is no channel here that could hear of its pages.")
    if not context.conversation.hears_later:
        raise InvalidInput(
            "Nothing can be told here later. Type this in a channel in Slack or Discord: edits of "
            "and comments on pages saved from there are then told there."
        )
    if word.lower() not in ("", "on", "off"):
        raise InvalidInput("`/notion settings announce on`, or `off`.")
    if not word:
        on = await context.announcer.is_on(channel)
        other = "off" if on else "on"
        told = "told here" if on else "not told here"
        return Answer(
            f"Edits of and comments on pages from this channel are {told}.",
            (f"`/notion settings announce {other}` changes it.",),
            private=True,
        )
    on = word.lower() == "on"

    async def turn() -> bool:
        return await context.announcer.turn(channel, on=on)

    changed = await context.step("turn", turn)
    now = "From now on" if changed else "As before,"
    what = "edits of and comments on pages that were saved from this channel are"
    if on:
        said = f"{now} {what} told in the thread they came from, without calling anybody."
    else:
        said = f"{now} {what} not told here."
    return Answer(said, private=True)


async def run(context: Context, call: Call) -> Answer:
    """Tells what became of the page of an item; nothing where there is nothing to tell."""
    item = UUID(call.text)

    async def news() -> dict[str, Any]:
        found = await context.announcer.news(item)
        if found is None:
            return {}
        return {"text": found[0], "seen": found[1].isoformat(), "comments": found[2]}

    found = await context.step("news", news)
    if not found:
        return Answer("", private=True, quiet=True)
    seen = datetime.fromisoformat(found["seen"])
    await context.step("told", lambda: context.announcer.told(item, seen, found["comments"]))
    return Answer(found["text"])


COMMAND = Command(
    name="announce",
    summary="Tell what became of a page.",
    run=run,
    argument=Argument("id"),
    listed=False,
)
