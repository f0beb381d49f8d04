"""What people did in Slack while nobody listened: 📝 that came or went, and what they wrote to us.

Slack sends an event again for some minutes at most. So after each gap the newest messages of the
conversations the app is in are looked through, and what was missed is handed over as the event
would have been; `bot.missed` says what that is. A message has one id by whatever way it comes, so
one that was answered is not answered again.

No more than `CHANNELS` conversations and `THREADS` threads are read, of each `MESSAGES` at most,
those of the last day before the gap; of messages that pages follow, those of that day that are not
among them are looked for one by one, `LOOKED_FOR` at most. What was said to the app by name or in
private is looked at where it is not older than an hour.
Slack allows some fifty reads a minute, fifteen messages each and one a minute to apps that are
distributed outside its marketplace: the reading slows down, and waits where Slack asks for it.
https://docs.slack.dev/reference/methods/conversations.history
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from bot.missed import Missed, emoji_in, missed
from bot.slack.events import REACTION, read_said
from bot.slack.listening import Listener
from bot.slack.marks import MARKS
from bot.slack.parse import Command, object_in, place_of, word_in
from bot.slack.teams import Teams
from bot.slack.web import Refused, Web
from core.emoji import emoji_of
from core.errors import RateLimited
from core.messages import Answer, Channel
from core.metrics import RECOVERED
from core.ports import Known, Memory, Watched

WORKSPACES = 20
"""Workspaces that are looked through after a gap; where there are more, the newest."""

CHANNELS = 50
THREADS = 20
LOOKED_FOR = 30
"""Followed messages that are looked for one by one, because they are not among those read."""

EMOJI = 25
"""Of one message, those that are looked at."""

MESSAGES = 200

BEFORE = timedelta(days=1)
"""How old a message may be, at the beginning of the gap, for its reactions to be looked at."""

SPEECH = timedelta(hours=1)
"""Whoever asked something longer ago has asked somebody else by now."""

MARGIN = timedelta(seconds=60)

_PAGE = 200
_PAGES = 14
_BURST = 20
_PAUSE = 1.2
"""Seconds between two reads after the first `_BURST`: fifty a minute."""

_LONGEST_WAIT = 120.0
_WAITS = 5
_TYPES = ("public_channel", "private_channel", "mpim", "im")

_log = structlog.get_logger(__name__)

Raw = Mapping[str, Any]
Tell = Callable[[Command, Answer], None]


@dataclass(slots=True)
class _Us:
    """The app in one workspace; `everywhere`: its token speaks in others too."""

    web: Web
    user: str
    team: str
    enterprise: str
    everywhere: bool
    teams: dict[str, str] = field(default_factory=dict)

    def of(self, channel: str) -> str:
        """The team that events of this channel name."""
        return self.teams.get(channel, self.team)

    def own(self, recent: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """The places that are in this workspace."""
        mine = f"{self.team}:"
        return [each for each in recent if self.everywhere or each[0].startswith(mine)]


class CatchUp:
    """Looks through every workspace; `tell` takes what is to be said to an asker alone."""

    def __init__(self, teams: Teams, memory: Memory, listener: Listener, tell: Tell) -> None:
        self._teams = teams
        self._memory = memory
        self._listener = listener
        self._tell = tell
        self._reads = 0
        self._waits = 0
        self._seen: set[tuple[str, str]] = set()

    async def look(self, since: datetime) -> None:
        """Hands over what was missed since a moment. What Slack does not show is left out.

        Raises Unavailable where the database does not answer, RateLimited or PlatformFailed where
        Slack cannot be asked now.
        """
        recent = await self._memory.recent("slack", since - BEFORE)
        for workspace in (await self._teams.installed())[:WORKSPACES]:
            self._reads = self._waits = 0
            try:
                us = await self._us(self._teams.of(workspace).web, recent)
            except Refused as refused:
                _log.info("slack did not say who this app is", reason=refused.reason)
            else:
                await self._look(us, since, us.own(recent))

    async def _look(self, us: _Us, since: datetime, recent: Sequence[tuple[str, str]]) -> None:
        began, oldest, found = since - MARGIN, since - BEFORE, 0
        self._seen = set()
        try:
            for channel in await self._channels(us, recent):
                looked = time.time()
                raws = await self._read(us, "conversations.history", oldest, channel=channel)
                found += await self._through(us, channel, raws, began, looked)
            threads = [(place, thread) for place, thread in recent if thread and ":" in place]
            for place, thread in threads[:THREADS]:
                channel, looked = place.partition(":")[2], time.time()
                where = {"channel": channel, "ts": thread}
                raws = await self._read(us, "conversations.replies", oldest, **where)
                below = [raw for raw in raws if word_in(raw, "ts") != thread]
                found += await self._through(us, channel, below, began, looked)
            await self._deleted(us, oldest)
        except RateLimited:
            # What was heard of lately came first; the rest is not worth hours of waiting.
            _log.warning("slack allows no more reads; the look for what was missed ends early")
        _log.info("slack was looked through for what was missed", reads=self._reads, found=found)

    async def _us(self, web: Web, recent: Iterable[tuple[str, str]]) -> _Us:
        said = await self._call(web, "auth.test")
        user, team = word_in(said, "user_id"), word_in(said, "team_id")
        whole = said.get("is_enterprise_install") is True
        us = _Us(web, user, team, word_in(said, "enterprise_id"), whole or not self._teams.many)
        for place, _ in recent:
            named, _, channel = place.partition(":")
            us.teams.setdefault(channel, named)
        return us

    async def _channels(self, us: _Us, recent: Iterable[tuple[str, str]]) -> list[str]:
        """The conversations the app is in; those it heard of lately come first."""
        heard = [place.partition(":")[2] for place, _ in recent]
        listed: list[str] = []
        for kinds in (",".join(_TYPES), *_TYPES):
            try:
                page = await self._call(
                    us.web, "users.conversations", types=kinds, exclude_archived="true", limit=_PAGE
                )
            except Refused as refused:
                # Without the scope for one kind Slack tells of none, so each is asked for apart.
                if refused.reason == "missing_scope":
                    continue
                _log.info("slack did not list conversations", reason=refused.reason)
                break
            listed += [word_in(each, "id") for each in _objects(page, "channels")]
            if kinds not in _TYPES:
                break
        return [each for each in dict.fromkeys([*heard, *listed]) if each][:CHANNELS]

    async def _read(self, us: _Us, method: str, oldest: datetime, **where: str) -> list[Raw]:
        """The newest messages, oldest first; none where the app may not read them."""
        found: list[Raw] = []
        more: dict[str, Any] = {"oldest": f"{oldest.timestamp():.6f}", "limit": _PAGE}
        for _ in range(_PAGES):
            try:
                page = await self._call(us.web, method, **where, **more)
            except Refused as refused:
                _log.info("slack shows nothing there", method=method, reason=refused.reason)
                break
            found += _objects(page, "messages")
            cursor = word_in(object_in(page, "response_metadata"), "next_cursor")
            if not cursor or len(found) >= MESSAGES:
                break
            more["cursor"] = cursor
        return sorted(found, key=lambda raw: word_in(raw, "ts"))[-MESSAGES:]

    async def _through(
        self, us: _Us, channel: str, raws: Sequence[Raw], since: datetime, looked: float
    ) -> int:
        found = 0
        youngest = max(since, datetime.now(UTC) - SPEECH)
        for raw in raws:
            self._seen.add((channel, word_in(raw, "ts")))
            found += await self._reactions(us, channel, raw, looked)
            if _moment(raw) > youngest:
                await self._said(us, channel, raw)
            await self._changed(us, channel, raw, since)
        return found

    async def _deleted(self, us: _Us, oldest: datetime) -> None:
        """Looks for each followed message that was not read above; what is gone is told of."""
        watched = await self._memory.watched("slack", oldest)
        mine = {place for place, _ in us.own((each.place, "") for each in watched)}
        unseen = [
            each
            for each in watched
            if each.place in mine and (_channel(each), each.message) not in self._seen
        ]
        for each in unseen[:LOOKED_FOR]:
            if await self._is_gone(us, each):
                event = {"type": "message", "subtype": "message_deleted"}
                event |= {"channel": _channel(each), "deleted_ts": each.message}
                await self._listener.follow(_envelope(us, _channel(each), event))

    async def _is_gone(self, us: _Us, one: Watched) -> bool:
        """Whether Slack says that a message is not there; where it says nothing, it is.

        https://docs.slack.dev/reference/methods/conversations.replies
        """
        channel, ts = _channel(one), one.message
        exactly = {"latest": ts, "inclusive": "true"}
        try:
            if one.thread in ("", ts):
                page = await self._call(
                    us.web, "conversations.history", channel=channel, **exactly, limit=1
                )
                for raw in _objects(page, "messages"):
                    if word_in(raw, "ts") == ts:
                        return word_in(raw, "subtype") == "tombstone"
            where = {"channel": channel, "ts": one.thread or ts, "oldest": ts}
            # Its first message comes with every page, and before the one that is meant.
            page = await self._call(
                us.web, "conversations.replies", **where, **exactly, limit=_PAGE
            )
        except Refused as refused:
            return refused.reason in ("thread_not_found", "message_not_found")
        there = [word_in(raw, "ts") for raw in _objects(page, "messages")]
        # Where nothing at all is told of the thread, nothing is known of its messages.
        return bool(there) and ts not in there

    async def _changed(self, us: _Us, channel: str, raw: Raw, since: datetime) -> None:
        """What pages follow: replies, and edits, since a moment; what is left of a deleted one."""
        edited = _moment({"ts": word_in(object_in(raw, "edited"), "ts")})
        if edited > since or word_in(raw, "subtype") == "tombstone":
            event = {"type": "message", "subtype": "message_changed", "message": raw}
        elif _moment(raw) > since and word_in(raw, "thread_ts") not in ("", word_in(raw, "ts")):
            event = dict(raw) | {"type": "message"}
        else:
            return
        await self._listener.follow(_envelope(us, channel, event | {"channel": channel}))

    async def _reactions(self, us: _Us, channel: str, raw: Raw, looked: float) -> int:
        shown = {word_in(each, "name"): each for each in _objects(raw, "reactions")}
        marked = any(us.user in _users(shown.get(name, {})) for name in MARKS.values())
        put = _put(shown, us.user)
        if not (any(users for _, users in put.values()) or marked):
            return 0
        ts, place = word_in(raw, "ts"), Channel("slack", place_of(us.of(channel), channel))
        known = await self._memory.known(place, ts)
        for before in emoji_in(known):
            put.setdefault(before, (before.strip(":"), []))
        found = 0
        for key, (name, users) in put.items():

            def still(
                known: Sequence[Known], key: str | None = key, users: Sequence[str] = users
            ) -> list[Missed]:
                now = datetime.now(UTC)
                return missed(known, users, marked=marked, now=now, emoji=key)

            for each in still(known):

                def wanted(
                    known: Sequence[Known],
                    each: Missed = each,
                    still: Callable[[Sequence[Known]], list[Missed]] = still,
                ) -> bool:
                    return each in still(known)

                event = _reaction(us, channel, ts, each, name)
                if await self._listener.catch_up(event, wanted, looked):
                    found += 1
                    RECOVERED.labels("slack").inc()
        return found

    async def _said(self, us: _Us, channel: str, raw: Raw) -> None:
        """What somebody wrote to the app, unless it was answered there."""
        answerers = raw.get("reply_users")
        if isinstance(answerers, list) and us.user in answerers:
            return
        event = dict(raw) | {"type": "message", "channel": channel}
        if channel.startswith("D"):
            event["channel_type"] = "im"
        envelope = _envelope(us, channel, event)
        said = read_said(envelope)
        # What merely stands in a thread may have been said before the app was asked there, and was
        # rightly left alone.
        if said is None or not said.called:
            return
        told = await self._listener.hear(envelope)
        if told is not None:
            self._tell(*told)

    async def _call(self, web: Web, method: str, **arguments: Any) -> dict[str, Any]:
        """A read; waits where Slack asks to slow down, five times in all."""
        while True:
            self._reads += 1
            if self._reads > _BURST:
                await asyncio.sleep(_PAUSE)
            try:
                return await web.read(method, **arguments)
            except RateLimited as limited:
                self._waits += 1
                wait = limited.retry_after or _PAUSE
                if self._waits > _WAITS or wait > _LONGEST_WAIT:
                    raise
                await asyncio.sleep(wait)


def _channel(one: Watched) -> str:
    return one.place.partition(":")[2]


def _put(
    shown: Mapping[str, Mapping[str, Any]], us: str
) -> dict[str | None, tuple[str, list[str]]]:
    """Who put which emoji on a message, by how the core spells it: None for 📝, first.

    Each with a name that Slack has for it.
    """
    put: dict[str | None, tuple[str, list[str]]] = {None: (REACTION, [])}
    for name, each in list(shown.items())[:EMOJI]:
        spelled = None if name in MARKS.values() else emoji_of(f":{name}:")
        if spelled is not None:
            key = None if name == REACTION else spelled[0]
            users = put.setdefault(key, (name, []))[1]
            users += [user for user in _users(each) if user not in (us, *users)]
    return put


def _reaction(
    us: _Us, channel: str, ts: str, found: Missed, name: str = REACTION
) -> dict[str, Any]:
    """As an event tells it. When it was is not known, so its moment is what came before it."""
    return _envelope(
        us,
        channel,
        {
            "type": "reaction_added" if found.added else "reaction_removed",
            "user": found.user,
            "reaction": name,
            "item": {"type": "message", "channel": channel, "ts": ts},
            "event_ts": f"after {found.after}",
        },
    )


def _envelope(us: _Us, channel: str, event: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "event_callback",
        "team_id": us.of(channel),
        "enterprise_id": us.enterprise,
        "authorizations": [{"user_id": us.user, "is_bot": True}],
        "event": event,
    }


def _objects(fields: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    listed = fields.get(name)
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def _users(reaction: Mapping[str, Any]) -> list[str]:
    listed = reaction.get("users")
    return [each for each in listed if isinstance(each, str)] if isinstance(listed, list) else []


def _moment(raw: Raw) -> datetime:
    try:
        return datetime.fromtimestamp(float(word_in(raw, "ts") or 0), UTC)
    except (ValueError, OverflowError):
        return datetime.fromtimestamp(0, UTC)
