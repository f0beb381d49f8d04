"""Buttons that somebody pressed in Slack, and what becomes of the question they stood under."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import structlog

from bot.dispatch import WITHOUT_FORM, settled
from bot.slack.panels import Panels
from bot.slack.parse import Command, is_question, once_more, read_press
from bot.slack.teams import Teams
from bot.slack.workspace import Workspace
from core.actions import wants_words
from core.errors import AssistantError
from core.messages import Answer, Call, Channel, Request
from core.ports import Intake

if TYPE_CHECKING:
    from slack_bolt.context.ack.async_ack import AsyncAck

HandOver = Callable[["AsyncAck", Command], Awaitable[bool]]
Tell = Callable[[Command, Answer], None]

CLOSING = 5.0
"""Seconds that questions have to go away, when the process ends."""

_log = structlog.get_logger(__name__)


class Presses:
    """Takes them. `hand_over` acknowledges; `tell` says something to the presser alone."""

    def __init__(
        self, intake: Intake, panels: Panels, teams: Teams, hand_over: HandOver, tell: Tell
    ) -> None:
        self._intake = intake
        self._panels = panels
        self._teams = teams
        self._hand_over = hand_over
        self._tell = tell
        self._going: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Lets questions go that were answered. May be called twice."""
        if self._going:
            await asyncio.wait(self._going, timeout=CLOSING)

    async def take(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """A press is acknowledged with nothing; whatever there is to say goes out by its URL."""
        asked = read_press(body, time.time())
        if asked is None or not isinstance(asked.text, Call):
            await ack()
            return
        call = await settled(self._intake, asked.sender, asked.text)
        if isinstance(call, Answer):
            await ack()
            self._tell(asked, call)
            return
        question = is_question(body, asked.text)
        if isinstance(call, Request):
            asked, call = once_more(asked, call), call.call
        else:
            asked = replace(asked, text=call)
        lacking = wants_words(call) and not await self._knows(asked)
        if lacking and await self._panels.words_for(body, asked):
            await ack()
        elif lacking:
            await ack()
            self._tell(asked, Answer(WITHOUT_FORM[call.command], ok=False, private=True))
        elif await self._hand_over(ack, asked) and question:
            self._put_away_soon(asked)

    def _put_away_soon(self, asked: Command) -> None:
        """Not waited for: the press is acknowledged meanwhile."""
        going = asyncio.create_task(self._put_away(asked))
        self._going.add(going)
        going.add_done_callback(self._going.discard)

    async def _put_away(self, asked: Command) -> None:
        """A question for one person that was answered goes; where Slack keeps it, so be it.

        Such a message is no other's to change, and its press tells nothing of what it says.
        https://docs.slack.dev/messaging/modifying-messages
        """
        web = self._teams.of(Workspace.of(asked.address)).web
        try:
            await web.respond(asked.address["response_url"], delete_original=True)
        except AssistantError as error:
            _log.info("a question stays with its buttons", reason=error.message)

    async def _knows(self, asked: Command) -> bool:
        """Whether there is an answer in the thread that can be added without asking for words."""
        thread, call = asked.address.get("thread", ""), asked.text
        if not thread or not isinstance(call, Call) or call.command != "save":
            return False
        try:
            return await self._intake.answered(Channel("slack", asked.place), thread)
        except AssistantError:
            return False
