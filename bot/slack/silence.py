"""When Slack, over HTTP, may have told less than happened: silences, and what it says itself. Pure.

Slack tries an event four times within six minutes and no more; whether the address could be
reached meanwhile nobody tells. So after a long silence there is a look for what was missed. Slack
itself tells of events that it left out, once for each minute in which there were too many.
https://docs.slack.dev/apis/events-api#retries, https://docs.slack.dev/reference/events/app_rate_limited
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

LONG = timedelta(minutes=15)
"""A silence that long may be one of deliveries alone."""

APART = timedelta(hours=1)
"""Two looks are no nearer to each other: the next one looks as far back as it has to."""

_BEFORE = timedelta(minutes=2)


class Silence:
    """The deliveries of this process; it begins with the moment the process does."""

    def __init__(self, now: datetime) -> None:
        self._last = now
        self._looked = now - APART
        self._since: datetime | None = None

    def heard(self, fields: Mapping[str, Any], now: datetime) -> datetime | None:
        """Takes a delivery; since when there is to be a look, or None where there is none now."""
        if now - self._last >= LONG:
            self._note(self._last)
        if fields.get("type") == "app_rate_limited":
            self._note(_minute(fields, now))
        self._last = max(now, self._last)
        if self._since is None or now - self._looked < APART:
            return None
        since, self._since, self._looked = self._since, None, now
        return since

    def _note(self, since: datetime) -> None:
        self._since = min(since, self._since or since)


def _minute(fields: Mapping[str, Any], now: datetime) -> datetime:
    """The minute in which Slack left events out, and a little before."""
    told = fields.get("minute_rate_limited")
    if isinstance(told, int) and 0 < told <= now.timestamp():
        return datetime.fromtimestamp(told, UTC) - _BEFORE
    return now - _BEFORE
