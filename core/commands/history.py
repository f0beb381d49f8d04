"""`/notion history`: the person's own items."""

from __future__ import annotations

from core.commands.command import Argument, Command
from core.commands.context import Context
from core.commands.words import link
from core.messages import Answer, Call
from core.storage.content import Content

SHOWN = 10


async def run(context: Context, call: Call) -> Answer:
    """Lists the newest items, or those that hold every one of the words.

    One found alone is shown whole.
    """
    items, more = await context.library.page(context.user_id, words=call.text, limit=SHOWN)
    if not items and call.text:
        return Answer(f"Nothing in your history holds “{call.text}”.", private=True)
    if not items:
        return Answer(
            "Your history is empty. Begin with `/notion generate a launch checklist`.",
            private=True,
        )
    if len(items) == 1 and call.text:
        return _whole(items[0])
    lines = [_line(item) for item in items]
    notes = ("There is more: add words to search, `/notion history checklist`.",) if more else ()
    return Answer("\n".join(["**Your history**, newest first", "", *lines]), notes, private=True)


def _whole(item: Content) -> Answer:
    notes = (f"Asked for on {_when(item)}: {' '.join(item.prompt.split())[:200]}",)
    return Answer(item.text or "", notes, page=item.notion_url, private=True)


def _when(item: Content) -> str:
    return item.created_at.strftime("%Y-%m-%d %H:%M UTC")


def _line(item: Content) -> str:
    return f"- {link(item.prompt, item.notion_url)} — {_when(item)}, {item.provider}"


COMMAND = Command(
    name="history",
    summary="List what you asked for, newest first; words find it again.",
    run=run,
    argument=Argument("words", required=False, example="checklist"),
    private=True,
)
