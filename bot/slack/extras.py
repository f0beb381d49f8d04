"""What Slack shows beside answers: calls that may be missing, refused or late, and harm nothing.

Whatever is done here, the answer itself goes its own way: nothing raises, nothing is waited for
longer than it is worth, and what Slack refuses for good is not asked again for an hour.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from typing import Any

import structlog

from bot.slack.teams import Teams
from bot.slack.web import NoAnswer, Refused
from bot.slack.workspace import Workspace
from core.errors import AssistantError

AT_ONCE = 256
"""Things under way. With so many, the next ones are left out."""

REMEMBERED = 3_600.0
"""Seconds for which a refusal holds. An admin may give the missing scope meanwhile."""

_MOST_REFUSALS = 1_000

# These are about one thread, view or moment; the next may well be taken.
# https://docs.slack.dev/reference/methods/views.open
_PASSING = frozenset(
    {
        "channel_not_found",
        "duplicate_external_id",
        "exchanged_trigger_id",
        "expired_trigger_id",
        "hash_conflict",
        "invalid_arguments",
        "invalid_blocks",
        "invalid_thread_ts",
        "invalid_trigger_id",
        "message_not_found",
        "not_found",
        "not_in_channel",
        "thread_not_found",
        "user_not_found",
        "view_too_large",
    }
)

_log = structlog.get_logger(__name__)


class Extras:
    """Calls of the Web API that an answer does not depend on."""

    def __init__(self, teams: Teams) -> None:
        self._teams = teams
        self._refused: dict[tuple[Workspace, str], float] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def has(self, at: Workspace, method: str) -> bool:
        """Whether the method is worth a try: there may be a token, and Slack has not refused it."""
        since = self._refused.get((at, method))
        fresh = since is not None and time.monotonic() - since < REMEMBERED
        return self._teams.speaks and not fresh

    async def call(
        self, at: Workspace, method: str, patience: float, *, answers: str = "", **arguments: Any
    ) -> str | None:
        """Why Slack did not do it within `patience` seconds; None where it did.

        `answers` names what its answer holds where it did; a server may say yes to anything.
        """
        if not self.has(at, method):
            return "refused before"
        try:
            async with asyncio.timeout(patience):
                told = await self._teams.of(at).web.call(method, **arguments)
        except TimeoutError:
            reason = "too_slow"
        except (Refused, NoAnswer) as refused:
            reason = getattr(refused, "reason", "no_answer")
            if reason not in _PASSING:
                self._note(at, method)
        except AssistantError as error:
            reason = error.message
        else:
            if not answers or told.get(answers):
                return None
            reason = "empty_answer"
        _log.info("slack did without", method=method, reason=reason)
        return reason

    def later(self, work: Coroutine[Any, Any, None]) -> bool:
        """Has something done beside the answers; False where too much is under way already."""
        if len(self._tasks) >= AT_ONCE:
            work.close()
            return False
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return True

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a panel failed", exc_info=error)

    async def close(self) -> None:
        """Ends what is under way. May be called twice."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _note(self, at: Workspace, method: str) -> None:
        if len(self._refused) >= _MOST_REFUSALS:
            self._refused.clear()
        self._refused[at, method] = time.monotonic()
