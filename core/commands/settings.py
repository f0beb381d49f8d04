"""`/notion settings`: a stand-in for tests."""

from __future__ import annotations

from core.commands.command import Argument, Command
from core.commands.context import Context
from core.messages import Answer, Call


async def run(_context: Context, call: Call) -> Answer:
    """Says what it was told."""
    return Answer(f"Settings: {call.text or 'none'}.", private=True)


COMMAND = Command(
    name="settings",
    summary="Show or change your settings.",
    run=run,
    argument=Argument("change", required=False, example="template retro"),
    private=True,
)
