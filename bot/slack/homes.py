"""Publishes home tabs: when they are opened, and after what was changed on them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from bot.slack.extras import Extras
from bot.slack.form import Origin, read_origin
from bot.slack.home import Change, build_bare_home, build_home, read_change
from bot.slack.parse import Command, object_in, place_of, word_in
from core.commands.registry import COMMANDS
from core.errors import AssistantError
from core.messages import Answer, Channel, Sender
from core.ports import Choice, Chosen, Intake, Overview

GAP = 3.0
"""Seconds between two publications of one person's tab, at least."""

AT_ONCE = 8
"""Tabs that are put together at the same time."""

PATIENCE = 8.0
"""Seconds for what a tab shows, and for Slack to take it."""

UNTIL_DONE = (0.3, 0.7, 1.5, 2.5)
"""Seconds between looks at whether a change has been made."""

NOT_YET = "That has not been done yet. If it cannot be, the reason is under Messages."
UNREADABLE = "How you stand cannot be read just now. Open this tab again in a minute."

# A server may know fewer blocks than the tab is made of.
_NOT_UNDERSTOOD = frozenset({"invalid_arguments", "invalid_blocks", "view_too_large"})

_log = structlog.get_logger(__name__)

Hand = Callable[[Command], Awaitable[Answer | None]]


@dataclass(frozen=True, slots=True)
class Wish:
    """A tab that is to be shown: whose, what they just changed there, and what to tell them."""

    sender: Sender
    origin: Origin
    change: Change | None = None
    notice: str = ""


class Homes:
    """Each person's tab, published one after another and not too often."""

    def __init__(self, intake: Intake, extras: Extras, hand: Hand, gap: float = GAP) -> None:
        self._intake = intake
        self._extras = extras
        self._hand = hand
        self._gap = gap
        self._wishes: dict[tuple[str, str], Wish] = {}
        self._running: set[tuple[str, str]] = set()
        self._turn = asyncio.Semaphore(AT_ONCE)

    def opened(self, fields: Mapping[str, Any]) -> bool:
        """Shows the tab that was opened; False for any other event.

        https://docs.slack.dev/reference/events/app_home_opened
        """
        event = object_in(fields, "event")
        if word_in(event, "type") != "app_home_opened" or word_in(event, "tab") == "messages":
            return False
        if user := word_in(event, "user"):
            team = word_in(fields, "team_id")
            origin = Origin(team, word_in(fields, "enterprise_id"), word_in(event, "channel"))
            self.show(Wish(Sender("slack", user, "", team), origin))
        return True

    async def changed(self, fields: Mapping[str, Any]) -> None:
        """Hands over what was changed, and shows the tab anew once it is done."""
        change = read_change(fields, time.time())
        if change is None:
            return
        answer = None
        if isinstance(change.command.text, str) or change.command.text.command in COMMANDS:
            answer = await self._hand(change.command)
        told = change.notice if answer is None else answer.text
        origin = read_origin(object_in(fields, "view"))
        self.show(Wish(change.command.sender, origin, None if told else change, told))

    def show(self, wish: Wish) -> None:
        """Shows a tab soon; of several wishes about one the last counts."""
        key = wish.sender.workspace, wish.sender.id
        self._wishes[key] = wish
        if key in self._running:
            return
        if self._extras.later(self._run(key)):
            self._running.add(key)
        else:
            self._wishes.pop(key, None)

    async def _run(self, key: tuple[str, str]) -> None:
        try:
            while (wish := self._wishes.pop(key, None)) is not None:
                async with self._turn:
                    await self._publish(wish)
                await asyncio.sleep(self._gap)
        finally:
            self._running.discard(key)

    async def _publish(self, wish: Wish) -> None:
        at, user = wish.origin.at, wish.sender.id
        if not self._extras.has(at, "views.publish"):
            return
        bare = build_bare_home(wish.origin, wish.notice or UNREADABLE)
        try:
            async with asyncio.timeout(PATIENCE):
                view = await self._view(wish)
        except (AssistantError, TimeoutError) as error:
            _log.warning("home tab not read", reason=getattr(error, "message", "too slow"))
            view = bare
        where = {"user_id": user}
        refused = await self._extras.call(at, "views.publish", PATIENCE, **where, view=view)
        if refused in _NOT_UNDERSTOOD and view is not bare:
            await self._extras.call(at, "views.publish", PATIENCE, **where, view=bare)

    async def _view(self, wish: Wish) -> dict[str, Any]:
        overview, notice = await self._overview(wish)
        choices: dict[Chosen, list[Choice]] = {
            kind: await self._intake.suggest(kind, "") for kind in ("provider", "template")
        }
        return build_home(overview, choices, wish.origin, COMMANDS, wish.notice or notice)

    async def _overview(self, wish: Wish) -> tuple[Overview, str]:
        """How they stand, as soon as what they changed shows; and what there is to say of it."""
        place = place_of(wish.origin.team, wish.origin.channel)
        channel = Channel("slack", place) if place else None
        overview = await self._intake.overview(wish.sender, channel)
        if wish.change is None:
            return overview, ""
        for pause in UNTIL_DONE:
            if wish.change.shows(overview):
                return overview, "Done."
            await asyncio.sleep(pause)
            overview = await self._intake.overview(wish.sender, channel)
        return overview, "Done." if wish.change.shows(overview) else NOT_YET
