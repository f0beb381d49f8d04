"""Whether Slack itself shows a button to stop what the app writes in a thread.

It does for an agent that is told of its presses: where the app's manifest has `agent_view` and
subscribes to `agent_session_stopped`. A thread with a stream is a session that is processing, and
while it is, the button is there. Slack says whether it shows one when a session's status is set;
so that is done once an hour beside a stream, whose session has that status already.
https://docs.slack.dev/ai/agent-sessions
https://docs.slack.dev/reference/methods/agents.sessions.setStatus
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from typing import Any

import structlog

from bot.slack.web import NoAnswer, Refused, Web
from core.errors import AssistantError

METHOD = "agents.sessions.setStatus"
PROCESSING = "processing"
UNHEARD = "missing_agent_session_stopped_event_subscription"

AGAIN_AFTER = 3_600.0
"""Seconds for which an answer holds. An admin may change the app meanwhile."""

SOON_AFTER = 60.0
"""Seconds after which Slack is asked again, where it asks for that or was out of reach."""

PATIENCE = 3.0
"""Seconds for the question; the end of the stream waits for its answer."""

_REMEMBERED = 1_000

_log = structlog.get_logger(__name__)


class Sessions:
    """What is known of it, by workspace. Until Slack says yes there is no such button."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self._shown: OrderedDict[str, bool] = OrderedDict()
        self._again_at: dict[str, float] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}

    def stoppable(self, team: str) -> bool:
        """Whether Slack shows the button there."""
        return self._shown.get(team, False)

    def look(self, team: str, channel: str, thread: str, ts: str) -> None:
        """Asks, where that is due, beside the stream that has just begun in the thread."""
        if time.monotonic() < self._again_at.get(team, 0.0):
            return
        self._again_at[team] = time.monotonic() + AGAIN_AFTER
        self._asking[ts] = asyncio.create_task(self._ask(team, channel, thread))
        self._asking[ts].add_done_callback(lambda _: self._asking.pop(ts, None))

    async def asked(self, ts: str) -> None:
        """Returns once nothing more is asked beside this stream: after its end the status would
        stay."""
        task = self._asking.get(ts)
        if task is not None:
            await asyncio.wait({task})

    async def _ask(self, team: str, channel: str, thread: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                told = await self._web.call(
                    METHOD, channel_id=channel, thread_ts=thread, status=PROCESSING
                )
        except (Refused, NoAnswer) as refused:
            _log.info("slack shows no stop button here", reason=refused.message)
            self._note(team, shown=False)
        except TimeoutError:
            # What was known holds for another hour: each time an answer may have waited for it.
            self._note(team, shown=self.stoppable(team))
        except AssistantError:
            self._again_at[team] = time.monotonic() + SOON_AFTER
        else:
            self._note(team, shown=_is_shown(told))

    def _note(self, team: str, *, shown: bool) -> None:
        self._shown[team] = shown
        if len(self._shown) > _REMEMBERED:
            oldest, _ = self._shown.popitem(last=False)
            self._again_at.pop(oldest, None)


def _is_shown(told: dict[str, Any]) -> bool:
    """A server may say yes to anything: the answer has to name the status, and to warn of nothing.

    https://docs.slack.dev/reference/events/agent_session_stopped
    """
    warned = told.get("response_metadata")
    listed = warned.get("warnings") if isinstance(warned, dict) else None
    warnings = [told.get("warning"), *(listed if isinstance(listed, list) else ())]
    return PROCESSING in (told.get("agent_status"), told.get("status")) and UNHEARD not in warnings
