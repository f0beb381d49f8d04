"""What people ask in chat counts against the limits that HTTP has, by person."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

from core.commands.registry import COMMANDS
from core.errors import RateLimited
from core.limits.limits import Limits
from core.messages import WEB, Request


async def pace(
    limits: Limits, request: Request, is_known: Callable[[UUID], Awaitable[bool]]
) -> None:
    """Counts a request that is about to be accepted.

    Raises RateLimited, in words for a chat, where that is one too many. A platform that delivers
    again what was accepted before is let through: it is `is_known`, and not carried out twice.
    """
    sender = request.sender
    if sender.platform == WEB:
        return  # it was counted at the door
    who = f"{sender.platform}:{sender.workspace}:{sender.id}"
    command = COMMANDS.get(request.call.command)
    writes = command is not None and command.live
    try:
        await limits.hit("person", who)
        if writes:
            await limits.hit("generate", who)
    except RateLimited as error:
        if not await is_known(request.id):
            raise RateLimited(_kindly(error), retry_after=error.retry_after) from None


def _kindly(error: RateLimited) -> str:
    seconds = int(error.retry_after or 1)
    wait = "a second" if seconds == 1 else f"{seconds} seconds"
    return f"You are quicker than I am just now. Give me {wait}, then ask again."
