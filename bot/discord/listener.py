"""What people write and put on messages, handed to the core."""

from __future__ import annotations

import asyncio
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID
from weakref import WeakValueDictionary

import structlog

from bot.discord.adapter import DiscordPlatform
from bot.discord.news import DELETED, gone, is_whole, told_at
from bot.discord.said import (
    answered,
    is_blank,
    is_said,
    message_of,
    name_of,
    people_of,
    texts_of,
)
from bot.discord.spoken import (
    Deliveries,
    Reaction,
    asked,
    is_called_late,
    is_from_a_person,
    is_to_us,
    reaction_of,
)
from bot.discord.text import ids_in
from bot.dispatch import dispatch
from bot.missed import CAUGHT_UP, Missed, about, is_late
from core.emoji import MEMO
from core.errors import AssistantError
from core.messages import Answer, Call, Channel, Message, Sender, stable_id
from core.metrics import DUPLICATES
from core.ports import Intake, Known

Json = dict[str, Any]

ENDING_SECONDS = 5.0
"""Seconds that what was heard last has to be handed over, when the connection has ended."""

_REMEMBERED = 10_000

_UNSEEN = Answer(
    "Discord shows this app only messages that mention it. Mention it in yours, and it answers.",
    ("An admin can change that: discord.com/developers → the app → Bot → Message Content Intent.",),
)

log = structlog.get_logger(__name__)


class Place(Protocol):
    """What the connection knows of this bot and of where it is."""

    @property
    def own_id(self) -> str:
        """The bot's id."""
        ...

    @property
    def application_id(self) -> int | None:
        """The app's id."""
        ...

    async def parent_of(self, channel_id: str) -> str:
        """The channel a thread is in; empty where this is no thread."""
        ...

    def name_of(self, kind: str, name_id: str, guild_id: str) -> str | None:
        """The name of a channel (`#`) or role (`&`), where it is known."""
        ...


class Listener:
    """Takes the gateway's events. `platform` reads what they refer to, and says what went wrong."""

    def __init__(self, intake: Intake, platform: DiscordPlatform) -> None:
        self._intake = intake
        self._platform = platform
        self._deliveries = Deliveries()
        self._warned: set[str] = set()
        self._roots: OrderedDict[str, str] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def hear(self, place: Place, name: str, data: Json) -> None:
        """Takes an event, in the background; those of a channel one after another.

        Whether a message is part of a conversation depends on those before it.
        """
        turn = self._turns.setdefault(str(data.get("channel_id")), asyncio.Lock())
        task = asyncio.create_task(self._in_turn(turn, place, name, data), name="discord-event")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def hear_again(self, place: Place, data: Json) -> None:
        """Takes a message that may have been heard before, and waits until it is taken."""
        turn = self._turns.setdefault(str(data.get("channel_id")), asyncio.Lock())
        await self._in_turn(turn, place, "MESSAGE_CREATE", data)

    async def follow(self, place: Place, data: Json) -> None:
        """Takes a message as it is by now, which a page may follow."""
        turn = self._turns.setdefault(str(data.get("channel_id")), asyncio.Lock())
        async with turn:
            await self._follow(place, "MESSAGE_UPDATE", data)

    async def missing(self, place: Place, data: Json) -> None:
        """Takes a message that is not there any more."""
        turn = self._turns.setdefault(str(data.get("channel_id")), asyncio.Lock())
        async with turn:
            await self._follow(place, "MESSAGE_DELETE", data)

    async def catch_up(
        self,
        place: Place,
        data: Json,
        found: Missed,
        wanted: Callable[[Sequence[Known]], bool],
        looked: float,
    ) -> bool:
        """Hands over a reaction found afterwards, told of as the gateway would have told of it.

        `wanted` has the last word, given what is known of the message by now; `looked` is when the
        message was looked at, in epoch seconds. False where there was nothing to hand over.
        Raises Unavailable.
        """
        reaction = reaction_of(data, place.own_id, added=found.added)
        if reaction is None:
            return False
        turn = self._turns.setdefault(reaction.channel, asyncio.Lock())
        async with turn:
            asked = await self._asked(place, reaction)
            if asked is None:
                return False
            if not wanted(await self._intake.known(asked.channel, reaction.message)):
                return False
            name = f"{reaction.added}:after {found.after}:{reaction.message}:{reaction.user}"
            name += "" if reaction.emoji == MEMO else f":{reaction.emoji}"
            return await asked.hand(self._intake, name, {CAUGHT_UP: f"{looked:.6f}"}) is None

    async def end(self) -> None:
        """Waits for what is being taken."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=ENDING_SECONDS)

    async def _in_turn(self, turn: asyncio.Lock, place: Place, name: str, data: Json) -> None:
        async with turn:
            await self._take(place, name, data)

    async def _take(self, place: Place, name: str, data: Json) -> None:
        try:
            if "REACTION" not in name:
                await self._follow(place, name, data)
            late = name == "MESSAGE_UPDATE" and is_whole(data)
            if name == "MESSAGE_CREATE" or (
                late and is_called_late(data, place.own_id, time.time())
            ):
                await self._message(place, data)
            if "REACTION" not in name:
                return
            added = name == "MESSAGE_REACTION_ADD"
            reaction = reaction_of(data, place.own_id, added=added)
            if reaction is not None:
                await self._reaction(place, reaction)
        except Exception:
            # What cannot be read is one person's trouble, and no end of the connection.
            log.exception("a discord event could not be read", name=name)

    async def _follow(self, place: Place, name: str, data: Json) -> None:
        """Hands over what pages follow; where that fails, the rest of the event is still taken."""
        try:
            channel_id = str(data["channel_id"])
            guild = str(data.get("guild_id") or "")
            parent = await place.parent_of(channel_id) if guild else ""
            channel = Channel("discord", parent or channel_id)
            # Outside of threads a reply is told of as one to the message that it names.
            thread = channel_id if parent else answered(data)
            if name in DELETED:
                at = datetime.now(UTC)
                await self._intake.deleted(channel, gone(data), at)
            elif name == "MESSAGE_UPDATE" or thread:
                await self._retold(place, data, channel, thread)
        except AssistantError as error:
            log.warning("what became of a discord message was not kept", reason=error.message)

    async def _retold(self, place: Place, data: Json, channel: Channel, thread: str) -> None:
        if not await self._intake.follows(channel, str(data["id"]), thread):
            return
        if not is_whole(data):
            data = {**data, **await self._platform.reader.one(data["channel_id"], data["id"])}
        guild = str(data.get("guild_id") or "")
        message = kept(place, data, guild)
        if message.ours or is_blank(data) or not is_said(data):
            return
        await self._intake.retold(channel, message, told_at(data), thread=thread)

    async def _message(self, place: Place, data: Json) -> None:
        own, guild = place.own_id, str(data.get("guild_id") or "")
        if not is_from_a_person(data, own):
            return
        to_us = is_to_us(data, own)
        channel_id = str(data["channel_id"])
        parent = await place.parent_of(channel_id) if guild else ""
        if not to_us and not parent:
            return
        channel = Channel("discord", parent or channel_id)
        thread = channel_id if parent or not guild else await self._root(data)
        if not to_us and not await self._intake.takes_part(channel, thread):
            return
        if guild and is_blank(data):
            await self._unseen(place, data, guild, "" if to_us else thread)
            return
        message = kept(place, data, guild)
        try:
            await self._began(place, data, channel, thread)
            await self._intake.hear(channel, thread, message, to_us=True)
        except AssistantError as error:
            # Then it will be read again when it is answered.
            log.warning("a discord message was not kept", reason=error.message)
        address = _address(place, channel_id, guild, data["author"]["id"]) | {
            "thread": thread,
            "message": data["id"],
            "asked": data["id"],
        }
        sender = Sender("discord", data["author"]["id"], name_of(data))
        delivery = stable_id("discord", "message", data["id"])
        line = asked(data, own, names_in(place, data, guild))
        answer = await dispatch(self._intake, delivery, sender, line, address, channel.place)
        if answer is not None:
            await self._tell(address, answer, f"{delivery}:0")

    async def _unseen(self, place: Place, data: Json, guild: str, thread: str) -> None:
        """Says that nothing of a message was shown: to a reply each time, once in a `thread`."""
        if thread in self._warned:
            return
        if thread:
            if len(self._warned) >= _REMEMBERED:
                self._warned.clear()
            self._warned.add(thread)
        address = _address(place, str(data["channel_id"]), guild, data["author"]["id"])
        marker = f"unseen:{data['id']}"
        await self._say(address | {"message": data["id"]}, _UNSEEN, marker)

    async def _root(self, data: Json) -> str:
        """The message that begins the conversation which a reply goes on with."""
        begins = str(data["id"])
        if wanted := answered(data):
            # Mostly it answers us, and what we answered then is remembered.
            above = answered(data.get("referenced_message") or {})
            known = self._roots.get(wanted) or self._roots.get(above)
            begins = known or str((await self._platform.reader.chain(data))[0]["id"])
        if len(self._roots) >= _REMEMBERED:
            self._roots.popitem(last=False)
        self._roots[data["id"]] = begins
        return begins

    async def _began(self, place: Place, data: Json, channel: Channel, thread: str) -> None:
        """Keeps the message that a conversation begins with, where a reply tells it whole."""
        first = data.get("referenced_message") or {}
        if (
            first.get("id") == thread
            and not is_blank(first)
            and channel.place == first["channel_id"]
        ):
            guild = str(data.get("guild_id") or "")
            await self._intake.hear(channel, thread, kept(place, first, guild))

    async def _reaction(self, place: Place, reaction: Reaction) -> None:
        asked = await self._asked(place, reaction)
        if asked is None:
            return
        if await self._was_caught_up(asked):
            DUPLICATES.labels("discord").inc()
            return
        name = self._deliveries.name(reaction, time.time())
        answer = await asked.hand(self._intake, name, {})
        if answer is not None:
            await self._tell(asked.address, answer, f"{_delivery(name)}:0")

    async def _asked(self, place: Place, reaction: Reaction) -> _Asked | None:
        """What the reaction asks for; None where that is nothing. Raises Unavailable."""
        parent = await place.parent_of(reaction.channel) if reaction.guild else ""
        channel = Channel("discord", parent or reaction.channel)
        call: Call | None = reaction.call
        if reaction.emoji != MEMO:
            call = await self._intake.reaction(
                channel, reaction.message, reaction.emoji, added=reaction.added
            )
        if call is None:
            return None
        address = _address(place, reaction.channel, reaction.guild, reaction.user) | {
            "thread": reaction.channel if parent else "",
            "message": reaction.message,
            "marked": "yes",
        }
        return _Asked(reaction, call, address, channel)

    async def _was_caught_up(self, asked: _Asked) -> bool:
        reaction = asked.reaction
        try:
            known = await self._intake.known(asked.channel, reaction.message)
        except AssistantError:
            # Then it cannot be written down either, and the person is told so.
            return False
        return is_late(about(known, asked.call), reaction.user, asked.call.command, None)

    async def _tell(self, address: Mapping[str, str], answer: Answer, marker: str) -> None:
        """Says at once, to the asker alone, what there is nothing to carry out for."""
        await self._say(dict(address) | {"private": "yes"}, answer, marker)

    async def _say(self, address: Mapping[str, str], answer: Answer, marker: str) -> None:
        try:
            for number, part in enumerate(self._platform.render(answer)):
                await self._platform.post(address, part, f"{marker}:{number}", again=False)
        except AssistantError as error:
            log.warning("somebody on discord could not be told", reason=error.message)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a reaction asks for, and where."""

    reaction: Reaction
    call: Call
    address: dict[str, str]
    channel: Channel

    async def hand(self, intake: Intake, name: str, more: Mapping[str, str]) -> Answer | None:
        """Hands it over under this name; what is to be said at once where that cannot be."""
        sender = Sender("discord", self.reaction.user, self.reaction.name)
        return await dispatch(
            intake,
            _delivery(name),
            sender,
            self.call,
            self.address | dict(more),
            self.channel.place,
        )


def _delivery(name: str) -> UUID:
    return stable_id("discord", "reaction", name)


def kept(place: Place, data: Json, guild: str) -> Message:
    """The message as the core keeps it."""
    ours = {place.own_id, str(place.application_id or "")}
    return message_of(data, guild, names_in(place, data, guild), ours)


def kept_text(place: Place, data: Json, guild: str) -> str:
    """The message as an address carries it."""
    return json.dumps(kept(place, data, guild).to_json(), ensure_ascii=False)


def names_in(place: Place, data: Json, guild: str) -> dict[str, str]:
    """The names of all that a message mentions."""
    roles, channels = ids_in(texts_of(data))
    wanted = [("&", each) for each in roles] + [("#", each) for each in channels]
    found = {kind + each: place.name_of(kind, each, guild) for kind, each in wanted}
    return {key: name for key, name in found.items() if name} | people_of(data)


def _address(place: Place, channel: str, guild: str, user: str) -> dict[str, str]:
    return {
        "application_id": str(place.application_id or place.own_id),
        "bot_id": place.own_id,
        "interaction_id": "",
        "interaction_token": "",
        "channel_id": channel,
        "guild_id": guild,
        "user_id": user,
        "asked_in": channel,
        "accepted_at": f"{time.time():.6f}",
        **({"home": guild} if guild else {}),
    }
