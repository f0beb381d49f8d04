"""What Slack tells of as it happens: kept where the app takes part, handed over where asked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import structlog

from bot.missed import CAUGHT_UP, about, is_late
from bot.slack.events import Said, asked, people_named, read_reaction, read_said
from bot.slack.markdown import channels_in
from bot.slack.messages import Us, read_message
from bot.slack.news import read_news, take_news
from bot.slack.parse import Command, object_in, word_in
from bot.slack.people import People
from bot.slack.workspace import Workspace, installed_in
from core.errors import AssistantError
from core.messages import Answer, Call, Channel
from core.metrics import DUPLICATES
from core.ports import Intake, Known

T = TypeVar("T")

PATIENCE = 0.8
"""Seconds for names: Slack waits three for the acknowledgement, and the core may need two."""

OUR_NAME = "Notion Assistant"

_log = structlog.get_logger(__name__)

Hand = Callable[[Command], Awaitable[Answer | None]]
PeopleOf = Callable[[Workspace], People]


class Listener:
    """Takes events, any number of times each, and hands each request over with `hand`."""

    def __init__(self, intake: Intake, people: PeopleOf, hand: Hand) -> None:
        self._intake = intake
        self._people = people
        self._hand = hand
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def hear(self, fields: Mapping[str, Any]) -> tuple[Command, Answer] | None:
        """Takes one event; what is told, to the asker alone, where it could not be handed over.

        Raises Unavailable where the core cannot say whether the event is for it: Slack sends it
        again.
        """
        if (reaction := read_reaction(fields, time.time())) is not None:
            return await self._react(reaction, moment_of(fields))
        # First what somebody asks: where it cannot be taken, they are told.
        command = await self._wanted(fields)
        answer = None if command is None else await self._hand(command)
        if command is not None and answer is not None:
            return command, answer
        await self.follow(fields)
        return None

    async def follow(self, fields: Mapping[str, Any]) -> None:
        """Takes what an event tells of a message that a page follows. Raises Unavailable."""
        if (news := read_news(fields)) is not None:
            people = self._people(installed_in(fields))
            await take_news(
                self._intake,
                news,
                people,
                soon=lambda names: _soon(names, {}),
                us=lambda: _soon(people.us(), Us()),
            )

    async def catch_up(
        self, fields: Mapping[str, Any], wanted: Callable[[Sequence[Known]], bool], looked: float
    ) -> bool:
        """Hands over a reaction found afterwards, told of as an event would have told of it.

        `wanted` has the last word, given what is known of the message by now; `looked` is when the
        message was looked at. False where there was nothing to hand over. Raises Unavailable.
        """
        command = read_reaction(fields, time.time())
        if command is None or (command := await self._asked_for(command)) is None:
            return False
        if (command := await self._by_a_person(command)) is None:
            return False
        command = replace(command, address=dict(command.address) | {CAUGHT_UP: f"{looked:.6f}"})
        async with self._turn(command):
            if not wanted(await self._known(command)):
                return False
            return await self._hand(command) is None

    async def _react(self, reaction: Command, moment: float) -> tuple[Command, Answer] | None:
        wanted = await self._asked_for(reaction)
        command = None if wanted is None else await self._by_a_person(wanted)
        if command is None:
            return None
        async with self._turn(command):
            if await self._was_caught_up(command, moment):
                DUPLICATES.labels("slack").inc()
                return None
            answer = await self._hand(command)
        return None if answer is None else (command, answer)

    async def _was_caught_up(self, command: Command, moment: float) -> bool:
        call = command.text
        if not isinstance(call, Call):
            return False
        try:
            known = about(await self._known(command), call)
            return is_late(known, command.sender.id, call.command, moment)
        except AssistantError:
            # Then it cannot be written down either, and whoever is asked to says so.
            return False

    async def _asked_for(self, reaction: Command) -> Command | None:
        """The reaction with what it asks for in its channel; None where that is nothing."""
        call = reaction.text
        emoji = call.value("emoji") if isinstance(call, Call) else None
        if emoji is None or not isinstance(call, Call):
            return reaction
        channel = Channel("slack", reaction.place)
        message, added = reaction.address.get("message", ""), call.command == "save-marked"
        found = await self._intake.reaction(channel, message, emoji, added=added)
        return None if found is None else replace(reaction, text=found)

    async def _known(self, command: Command) -> list[Known]:
        return await self._intake.known(
            Channel("slack", command.place), command.address.get("message", "")
        )

    def _turn(self, command: Command) -> asyncio.Lock:
        """So that an event and the look for what was missed do not both find nothing known."""
        name = f"{command.place}:{command.address.get('message', '')}"
        return self._turns.setdefault(name, asyncio.Lock())

    async def _wanted(self, fields: Mapping[str, Any]) -> Command | None:
        said = read_said(fields)
        if said is None:
            return None
        people = self._people(installed_in(fields))
        if not said.us:
            # Deliveries name the app's user; where one does not, Slack is asked.
            said = replace(said, us=(await _soon(people.us(), Us())).user)
        channel = Channel("slack", said.place)
        if not said.called and not await self._follows_us(channel, said):
            return None
        names = await _soon(people.names(people_named(said), channels_in(said.text)), {})
        names = {**names, said.us: OUR_NAME}
        try:
            message = read_message(said.event, names, Us(said.us))
            await self._intake.hear(channel, said.thread, message, to_us=said.called)
        except AssistantError as error:
            # The request itself still counts; its thread can be read again.
            _log.warning("a message was not kept", reason=error.message)
        return asked(said, names, time.time())

    async def _follows_us(self, channel: Channel, said: Said) -> bool:
        """Whether it is a reply in a thread in which the app takes part."""
        if not said.follows:
            return False
        return said.below_us or await self._intake.takes_part(channel, said.thread)

    async def _by_a_person(self, reaction: Command) -> Command | None:
        people = self._people(Workspace.of(reaction.address))
        who = await _soon(people.person(reaction.sender.id), None)
        if who is None:
            return reaction
        if who.is_bot:
            return None
        return replace(reaction, sender=replace(reaction.sender, name=who.name))


def moment_of(fields: Mapping[str, Any]) -> float:
    """When an event happened, in epoch seconds; now where it does not say."""
    told = word_in(object_in(fields, "event"), "event_ts") or fields.get("event_time")
    try:
        return float(told) if isinstance(told, str | int | float) else time.time()
    except ValueError:
        return time.time()


async def _soon(asked: Awaitable[T], otherwise: T) -> T:
    try:
        return await asyncio.wait_for(asked, PATIENCE)
    except TimeoutError:
        return otherwise
