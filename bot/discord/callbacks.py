"""The first response to an interaction, which Discord wants within three seconds.

https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-response-object
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import structlog

from bot.discord.render import EPHEMERAL, content, render_answer
from bot.discord.rest import Refused, Rest
from core.errors import AssistantError, RateLimited
from core.messages import Answer

if TYPE_CHECKING:
    import discord

    from bot.discord.client import Client

    Asked = discord.Interaction[Client]

MESSAGE, THINKING, STAY, FORM = 4, 5, 6, 9
"""Kinds: a message at once, “thinking …”, nothing to be seen yet, and a form."""

PATIENCE = 2.5
"""Seconds in which a response is tried again that Discord did not take."""

ATTEMPT = 1.2
"""Seconds for one try, so that there is time for another."""

_PAUSES = (0.1, 0.3, 0.6, 1.0)

# Only one response counts; the one before was taken, though its answer was lost.
_TAKEN = 40060

_log = structlog.get_logger(__name__)


class Callbacks:
    """Responds to interactions. No method raises: what was asked is recorded, or is looked at."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def respond(self, asked: Asked, kind: int, data: dict[str, Any] | None = None) -> bool:
        """Whether Discord took the response.

        A connection that breaks and a server that fails are tried again, for without a response the
        person reads that the app did not answer.
        """
        path = f"/interactions/{asked.id}/{asked.token}/callback"
        body = {"type": kind} | ({"data": data} if data is not None else {})
        until = time.monotonic() + PATIENCE
        for pause in (*_PAUSES, 0.0):
            try:
                async with asyncio.timeout(ATTEMPT):
                    await self._rest.as_interaction("POST", path, json=body)
            except (AssistantError, TimeoutError) as error:
                if isinstance(error, Refused) and error.reason == _TAKEN:
                    return True
                wait = _wait(error, pause)
                if wait is None or not pause or time.monotonic() + wait > until:
                    reason = getattr(error, "message", "too slow")
                    _log.warning("discord not acknowledged", kind=kind, reason=reason)
                    return False
                await asyncio.sleep(wait)
            else:
                return True
        return False

    async def tell(self, asked: Asked, answer: Answer) -> None:
        """Shows an answer at once, to the asker alone."""
        first, *rest = (content(part, private=True) for part in render_answer(answer))
        if not await self.respond(asked, MESSAGE, first):
            return
        path = f"/webhooks/{asked.application_id}/{asked.token}"
        try:
            for body in rest:
                await self._rest.as_interaction("POST", path, json=body)
        except AssistantError as error:
            _log.warning("somebody on discord could not be told all", reason=error.message)


def flags(*, private: bool) -> dict[str, Any] | None:
    """What a “thinking …” says of itself."""
    return {"flags": EPHEMERAL} if private else None


def _wait(error: Exception, pause: float) -> float | None:
    """Seconds until another try; None where none is worth it."""
    if isinstance(error, RateLimited):
        return max(pause, error.retry_after or 0.0)
    if isinstance(error, AssistantError) and not error.retryable:
        return None
    return pause
