"""What Slack tells of as it happens: kept where the app takes part, handed over where asked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import structlog

from bot.slack.events import Said, asked, people_named, read_reaction, read_said
from bot.slack.markdown import channels_in
from bot.slack.messages import Us, read_message
from bot.slack.parse import Command
from bot.slack.people import People
from bot.slack.workspace import Workspace, installed_in
from core.errors import AssistantError
from core.messages import Answer, Channel
from core.ports import Intake

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

    async def hear(self, fields: Mapping[str, Any]) -> tuple[Command, Answer] | None:
        """Takes one event; what is told, to the asker alone, where it could not be handed over.

        Raises Unavailable where the core cannot say whether the event is for it: Slack sends it
        again.
        """
        command = await self._wanted(fields)
        answer = None if command is None else await self._hand(command)
        return None if command is None or answer is None else (command, answer)

    async def _wanted(self, fields: Mapping[str, Any]) -> Command | None:
        reaction = read_reaction(fields, time.time())
        if reaction is not None:
            return await self._by_a_person(reaction)
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


async def _soon(asked: Awaitable[T], otherwise: T) -> T:
    try:
        return await asyncio.wait_for(asked, PATIENCE)
    except TimeoutError:
        return otherwise
