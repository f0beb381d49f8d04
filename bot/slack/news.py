"""What becomes of messages: edited, deleted, answered in their thread.

https://docs.slack.dev/reference/events/message/message_changed and `…/message_deleted`
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.slack.events import our_user
from bot.slack.messages import (
    Raw,
    Us,
    channels_of,
    is_aside,
    is_ours,
    is_said,
    people_of,
    read_message,
)
from bot.slack.parse import object_in, place_of, word_in
from bot.slack.people import People
from core.messages import Channel
from core.ports import Intake

_TOMBSTONE = "tombstone"


@dataclass(frozen=True, slots=True)
class News:
    """A message as it is by now, or, where `gone`, one that was deleted.

    `thread` is the thread it is a reply in, empty where it is none; `at` is in epoch seconds.
    """

    place: str
    ts: str
    thread: str
    raw: Raw
    at: float
    gone: bool = False


def read_news(fields: Mapping[str, Any]) -> News | None:
    """What an event tells of a message; None where that is nothing a page could follow. Pure."""
    event = object_in(fields, "event")
    kind, subtype, channel = (word_in(event, name) for name in ("type", "subtype", "channel"))
    team = word_in(fields, "team_id") or word_in(event, "team")
    if kind not in ("message", "app_mention") or not channel:
        return None
    place, at = place_of(team, channel), _moment(event)
    if subtype == "message_deleted":
        ts = word_in(event, "deleted_ts") or word_in(object_in(event, "previous_message"), "ts")
        return News(place, ts, "", {}, at, gone=True) if ts else None
    changed = subtype == "message_changed"
    raw = object_in(event, "message") if changed else event
    ts, above = word_in(raw, "ts"), word_in(raw, "thread_ts")
    thread = above if above not in ("", ts) else ""
    if not ts or is_ours(raw, Us(our_user(fields))) or is_aside(raw):
        return None
    if changed and word_in(raw, "subtype") == _TOMBSTONE:
        # What is left of a deleted message that has replies.
        return News(place, ts, "", {}, at, gone=True)
    if not is_said(raw) or not (changed or thread):
        return None
    edited = _number(word_in(object_in(raw, "edited"), "ts"))
    return News(place, ts, thread, raw, max(edited, at) if changed else at)


async def take_news(
    intake: Intake,
    news: News,
    people: People,
    soon: Callable[[Awaitable[dict[str, str]]], Awaitable[dict[str, str]]],
    us: Callable[[], Awaitable[Us]],
) -> None:
    """Hands news over where a page follows the message. Raises Unavailable.

    `soon` gives names within the time there is, or none; `us` is asked who this app is.
    """
    channel = Channel("slack", news.place)
    if not await intake.follows(channel, news.ts, news.thread):
        return
    # Deliveries name the app's user; where one does not, Slack is asked.
    if is_ours(news.raw, await us()):
        return
    if news.gone:
        await intake.deleted(channel, [news.ts], datetime.fromtimestamp(news.at, UTC))
        return
    names = await soon(people.names(people_of([news.raw]), channels_of([news.raw])))
    message = read_message(news.raw, names, Us())
    await intake.retold(channel, message, news.at, thread=news.thread)


def _moment(event: Mapping[str, Any]) -> float:
    now = datetime.now(UTC).timestamp()
    return _number(word_in(event, "event_ts")) or now


def _number(text: str) -> float:
    try:
        return float(text or 0)
    except ValueError:
        return 0.0
