"""What people did in Discord while nobody listened: 📝 that came or went, and words to the bot.

A session that is resumed brings what it missed. After one that began anew, the newest messages of
the channels the bot sees are looked through, and what was missed is handed over as the event would
have been; `bot.missed` says what that is. A message has one id by whatever way it comes, so one
that was answered is not answered again.

No more than `CHANNELS` channels are read, those written in last, of each `MESSAGES` messages at
most, those of the last day before the gap; of messages that pages follow, those of that day that
are not among them are looked for one by one, `LOOKED_FOR` at most. What was said to the bot by
name, in reply or in private is looked at where it is not older than an hour.
https://docs.discord.com/developers/resources/message#get-channel-messages
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from urllib.parse import quote

import structlog

from bot.discord.listener import Listener, Place
from bot.discord.marks import EMOJI
from bot.discord.news import told_at
from bot.discord.rest import Refused, Rest
from bot.discord.said import located
from bot.discord.spoken import is_to_us
from bot.missed import Missed, emoji_in, missed
from core.emoji import MEMO, emoji_of
from core.errors import RateLimited
from core.messages import Channel
from core.metrics import RECOVERED
from core.ports import Known, Memory

CHANNELS = 50
MESSAGES = 200
REACTIONS = 20
"""Emoji of one message that are looked at."""

PEOPLE = 100
"""Of one reaction, those that are looked at."""

BEFORE = timedelta(days=1)
"""How old a message may be, at the beginning of the gap, for its reactions to be looked at."""

SPEECH = timedelta(hours=1)
"""Whoever asked something longer ago has asked somebody else by now."""

MARGIN = timedelta(seconds=60)

LOOKED_FOR = 30
"""Followed messages that are looked for one by one, because they are not among those read."""

_UNKNOWN_MESSAGE = 10008
_PAGE = 100
_EPOCH = 1_420_070_400_000
_LONGEST_WAIT = 120.0
_WAITS = 10

_log = structlog.get_logger(__name__)

Json = dict[str, Any]


class Rooms(Place, Protocol):
    """The connection, as it knows where the bot is."""

    def rooms(self) -> list[tuple[str, str, int]]:
        """Each channel and thread: its id, its guild's, and its last message's, 0 if unknown."""
        ...

    def bare_guilds(self) -> list[str]:
        """The guilds of which no channel is known."""
        ...


class CatchUp:
    """Looks through Discord; `place` gives the connection, None where there is none."""

    def __init__(
        self, rest: Rest, memory: Memory, listener: Listener, place: Callable[[], Rooms | None]
    ) -> None:
        self._rest = rest
        self._memory = memory
        self._listener = listener
        self._place = place
        self._waits = 0

    async def look(self, since: datetime) -> None:
        """Hands over what was missed since a moment. What Discord does not show is left out.

        Raises Unavailable where the database does not answer, and PlatformFailed where Discord
        cannot be asked now.
        """
        place = self._place()
        if place is None:
            return
        self._waits = 0
        began, oldest = since - MARGIN, since - BEFORE
        found, seen = 0, set()
        try:
            for channel, guild in await self._rooms(place, oldest):
                looked = time.time()
                for message in await self._messages(channel, oldest):
                    seen.add(str(message["id"]))
                    data = (
                        {"channel_id": channel} | message | ({"guild_id": guild} if guild else {})
                    )
                    found += await self._reactions(place, data, looked)
                    young = _moment(data["id"]) > max(began, datetime.now(UTC) - SPEECH)
                    # What merely stands in a thread may have been said before the bot was asked
                    # there, and was rightly left alone.
                    if young and is_to_us(data, place.own_id):
                        await self._listener.hear_again(place, data)
                    if max(_moment(data["id"]), _edited(data)) > began:
                        await self._listener.follow(place, data)
            await self._deleted(place, oldest, seen)
        except RateLimited:
            _log.warning("discord allows no more reads; the look for what was missed ends early")
        _log.info("discord was looked through for what was missed", found=found)

    async def _deleted(self, place: Rooms, oldest: datetime, seen: set[str]) -> None:
        """Looks for each followed message that was not read above; what is gone is told of."""
        watched = await self._memory.watched("discord", oldest)
        unseen = [each for each in watched if each.message not in seen]
        for each in unseen[:LOOKED_FOR]:
            where = located(each.link)
            if where is None or not await self._is_gone(where["channel_id"], each.message):
                continue
            data = {"id": each.message, "channel_id": where["channel_id"]}
            guild = {"guild_id": where["guild_id"]} if where["guild_id"] else {}
            await self._listener.missing(place, data | guild)

    async def _is_gone(self, channel: str, message: str) -> bool:
        """Whether Discord says that a message is not there; where it says nothing, it is.

        https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
        """
        while True:
            try:
                await self._rest.as_bot("GET", f"/channels/{channel}/messages/{message}")
            except Refused as refused:
                return refused.reason == _UNKNOWN_MESSAGE
            except RateLimited as limited:
                await self._wait(limited)
            else:
                return False

    async def _rooms(self, place: Rooms, oldest: datetime) -> list[tuple[str, str]]:
        known = place.rooms()
        for guild in place.bare_guilds():
            listed = await self._get(f"/guilds/{guild}/channels")
            known += [
                (str(one["id"]), guild, int(one.get("last_message_id") or 0))
                for one in _objects(listed)
                if one.get("id")
            ]
        rooms = {
            channel: guild
            for channel, guild, last in sorted(known, key=lambda one: -one[2])
            if not last or _moment(last) > oldest
        }
        seen = {channel for channel, _, _ in known}
        for channel, _ in await self._memory.recent("discord", oldest):
            if channel not in seen and channel.isdecimal():
                # Direct messages, mostly: the gateway does not list them.
                about = await self._get(f"/channels/{channel}")
                told = about.get("guild_id") if isinstance(about, dict) else None
                rooms = {channel: str(told or "")} | rooms
        return list(rooms.items())[:CHANNELS]

    async def _messages(self, channel: str, oldest: datetime) -> list[Json]:
        """The newest messages that are young enough, oldest first."""
        found: list[Json] = []
        where: dict[str, str] = {}
        while len(found) < MESSAGES:
            listed = _objects(
                await self._get(f"/channels/{channel}/messages", limit=str(_PAGE), **where)
            )
            page = [one for one in listed if str(one.get("id", "")).isdecimal()]
            found += [one for one in page if _moment(one["id"]) > oldest]
            if len(page) < _PAGE or _moment(page[-1]["id"]) <= oldest:
                break
            where = {"before": min((one["id"] for one in page), key=int)}
        return sorted(found, key=lambda one: int(one["id"]))[-MESSAGES:]

    async def _reactions(self, place: Rooms, data: Json, looked: float) -> int:
        shown = {_emoji(one): one for one in _objects(data.get("reactions"))[:REACTIONS]}
        marked = any(shown.get(each, {}).get("me") for each in EMOJI.values())
        channel, message = str(data["channel_id"]), str(data["id"])
        parent = await place.parent_of(channel) if data.get("guild_id") else ""
        there = Channel("discord", parent or channel)
        put: dict[str | None, Json] = {None: {"id": None, "name": MEMO}} if marked else {}
        for emoji, one in shown.items():
            spelled = emoji_of(emoji)
            if emoji == MEMO:
                put[None] = one["emoji"]
            elif (
                spelled is not None
                and emoji not in EMOJI.values()
                and await self._memory.reaction(there, message, emoji, added=True)
            ):
                put[spelled[0]] = one["emoji"]
        if not put:
            return 0
        known = await self._memory.known(there, message)
        for before in emoji_in(known):
            own = before.isdecimal()
            put.setdefault(before, {"id": before if own else None, "name": None if own else before})
        found = 0
        for key, told in put.items():
            people = await self._people(place, data, told) if _named(told) in shown else {}
            found += await self._one(place, data | {"emoji": told}, key, people, known, looked)
        return found

    async def _people(self, place: Rooms, data: Json, emoji: Json) -> dict[str, Json]:
        """Who put an emoji on a message, this bot and others aside."""
        name = f"{emoji.get('name') or 'emoji'}:{emoji['id']}" if emoji.get("id") else emoji["name"]
        path = f"/channels/{data['channel_id']}/messages/{data['id']}/reactions/{quote(name)}"
        listed = _objects(await self._get(path, limit=str(PEOPLE)))
        people = {str(one.get("id")): one for one in listed if not one.get("bot")}
        people.pop(place.own_id, None)
        return people

    async def _one(
        self,
        place: Rooms,
        data: Json,
        emoji: str | None,
        people: dict[str, Json],
        known: Sequence[Known],
        looked: float,
    ) -> int:
        """Hands over what was missed of one emoji on one message."""
        own = [one for one in _objects(data.get("reactions")) if one.get("me")]
        marked = any(_emoji(one) in EMOJI.values() for one in own)

        def still(known: Sequence[Known]) -> list[Missed]:
            return missed(known, people, marked=marked, now=datetime.now(UTC), emoji=emoji)

        found = 0
        for each in still(known):

            def wanted(known: Sequence[Known], each: Missed = each) -> bool:
                return each in still(known)

            event = _event(data, each, people.get(each.user, {}))
            if await self._listener.catch_up(place, event, each, wanted, looked):
                found += 1
                RECOVERED.labels("discord").inc()
        return found

    async def _get(self, path: str, **params: str) -> Any:
        """What is there, None where the bot may not look; waits where Discord asks for it."""
        while True:
            try:
                return await self._rest.as_bot("GET", path, params=params)
            except Refused as refused:
                _log.info("discord shows nothing there", reason=refused.reason)
                return None
            except RateLimited as limited:
                await self._wait(limited)

    async def _wait(self, limited: RateLimited) -> None:
        self._waits += 1
        wait = limited.retry_after or 1.0
        if self._waits > _WAITS or wait > _LONGEST_WAIT:
            raise limited
        await asyncio.sleep(wait)


def _edited(data: Json) -> datetime:
    """When it was edited last; long ago where it never was."""
    return datetime.fromtimestamp(told_at(data) if data.get("edited_timestamp") else 0, UTC)


def _event(data: Json, found: Missed, person: Json) -> Json:
    """As the gateway tells of it."""
    where = {"guild_id": data["guild_id"]} if data.get("guild_id") else {}
    return where | {
        "user_id": found.user,
        "channel_id": data["channel_id"],
        "message_id": data["id"],
        "emoji": data["emoji"],
        "member": {"user": person},
    }


def _emoji(reaction: Json) -> str:
    """A reaction's emoji, as the core reads it."""
    told = reaction.get("emoji")
    return _named(told) if isinstance(told, dict) else ""


def _named(emoji: Json) -> str:
    name = str(emoji.get("name") or "")
    return f"<:{name or 'emoji'}:{emoji['id']}>" if emoji.get("id") else name


def _objects(listed: object) -> list[Json]:
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _moment(snowflake: str | int) -> datetime:
    """https://docs.discord.com/developers/reference#snowflakes"""
    return datetime.fromtimestamp(((int(snowflake) >> 22) + _EPOCH) / 1000, UTC)
