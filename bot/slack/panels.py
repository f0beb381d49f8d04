"""What Slack shows beside conversations: the form, the home tab and the assistant pane."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog

from bot.slack import pieces
from bot.slack.assistant import AssistantPane
from bot.slack.extras import Extras
from bot.slack.form import (
    AS_USUAL,
    DESTINATION,
    FORM,
    PROMPT,
    Origin,
    build_form,
    may_lack,
    read_form,
    read_origin,
    without_prompt,
)
from bot.slack.home import WRITE
from bot.slack.homes import Homes, Wish
from bot.slack.parse import Command, object_in, read_command, word_in
from bot.slack.teams import Teams
from bot.slack.words import WORDS, build_words, read_words
from core.commands.command import PREFIX
from core.errors import AssistantError
from core.messages import Answer, Sender
from core.ports import Choice, Chosen, Intake
from core.preferences import NOTHING, Preferred

OPENING = 2.2
"""Seconds for a form to open: its trigger holds for three.

https://docs.slack.dev/surfaces/modals#opening_modals
"""

SUGGESTING = 2.5
"""Seconds for what there is to choose; Slack waits three."""

KEPT = 25 * 60.0
"""Seconds for which a response URL is kept; it works for thirty minutes."""

NOT_OPENED = f"The form did not open. Type {PREFIX} generate and what the page is to be about."

_MOST_KEPT = 1_000

_log = structlog.get_logger(__name__)

Hand = Callable[[Command], Awaitable[Answer | None]]


class Panels:
    """Takes what people do in forms, on the home tab and in the pane.

    Nothing raises but `core.errors.Unavailable`, and nothing keeps an acknowledgement waiting for
    three seconds.
    """

    def __init__(self, intake: Intake, teams: Teams, hand: Hand) -> None:
        self._intake = intake
        self._hand = hand
        self.extras = Extras(teams)
        self._homes = Homes(intake, self.extras, hand)
        self.pane = AssistantPane(self.extras)
        # The response URLs of commands that opened a form, by the name the form knows them under.
        self._replies: OrderedDict[str, tuple[float, str]] = OrderedDict()

    async def close(self) -> None:
        """Ends what is under way. May be called twice."""
        await self.extras.close()

    def opened(self, fields: Mapping[str, Any]) -> bool:
        """Takes the events of a tab or pane that opens; False for any other event."""
        return self._homes.opened(fields) or self.pane.opened(fields)

    async def form_for(self, fields: Mapping[str, Any]) -> bool:
        """Opens the form where a command lacks its prompt; False where the command is to go on."""
        if not may_lack(word_in(fields, "text")):
            return False
        command = read_command(fields, time.time())
        call, trigger = without_prompt(command.text), word_in(fields, "trigger_id")
        if call is None or not trigger:
            return False
        where = command.address
        origin = Origin(
            where["team_id"],
            where["enterprise_id"],
            where["channel_id"],
            reply=self._keep(where["response_url"]),
            flags=call.flags,
        )
        return await self._open(trigger, origin, command.sender)

    async def words_for(self, fields: Mapping[str, Any], asked: Command) -> bool:
        """Opens the form for what a press or a menu lacks; False where it goes on without."""
        trigger = word_in(fields, "trigger_id")
        where = asked.address
        origin = Origin(where["team_id"], where["enterprise_id"], where["channel_id"])
        if not trigger or not self.extras.has(origin.at, "views.open"):
            return False
        view = build_words(asked, self._keep(where["response_url"]))
        if view is None:
            return False
        refused = await self.extras.call(
            origin.at, "views.open", OPENING, answers="view", trigger_id=trigger, view=view
        )
        return refused is None

    async def shortcut(self, fields: Mapping[str, Any]) -> None:
        """“New Notion page” among the shortcuts: its answer goes to the person's own messages."""
        person = object_in(fields, "user")
        team = word_in(object_in(fields, "team"), "id") or word_in(person, "team_id")
        enterprise = word_in(object_in(fields, "enterprise"), "id")
        sender = Sender("slack", word_in(person, "id"), word_in(person, "username"), team)
        await self._open(word_in(fields, "trigger_id"), Origin(team, enterprise, ""), sender)

    async def pressed(self, fields: Mapping[str, Any]) -> None:
        """What somebody did on the home tab, once it is acknowledged."""
        actions = fields.get("actions")
        pressed = actions[0] if isinstance(actions, list) and actions else None
        if not isinstance(pressed, dict) or word_in(pressed, "action_id") != WRITE:
            await self._homes.changed(fields)
            return
        origin, person = read_origin(object_in(fields, "view")), object_in(fields, "user")
        team = origin.team or word_in(object_in(fields, "team"), "id")
        origin = Origin(team, origin.enterprise, origin.channel)
        sender = Sender("slack", word_in(person, "id"), word_in(person, "username"), team)
        if not await self._open(word_in(fields, "trigger_id"), origin, sender):
            self._homes.show(Wish(sender, origin, notice=NOT_OPENED))

    async def choices(self, fields: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The places in Notion that hold the words typed so far.

        https://docs.slack.dev/reference/interaction-payloads/block_suggestion-payload
        """
        words = " ".join(word_in(fields, "value").split())[:200]
        person, origin = object_in(fields, "user"), read_origin(object_in(fields, "view"))
        # Whose connections are asked is told by the person, and by the workspace they are in.
        team = origin.team or word_in(object_in(fields, "team"), "id")
        team = team or word_in(person, "team_id")
        sender = Sender("slack", word_in(person, "id"), "", team)
        found = await self._suggested("destination", words, SUGGESTING, sender)
        in_form = word_in(object_in(fields, "view"), "callback_id") == FORM
        usual = [AS_USUAL] if in_form and not words else []
        return pieces.options([*usual, *found])

    async def submitted(self, fields: Mapping[str, Any]) -> dict[str, str]:
        """Hands over what the form asks for; what is wrong with which field, where it cannot."""
        view = object_in(fields, "view")
        reply, now = self._kept(read_origin(view).reply), time.time()
        words = word_in(view, "callback_id") == WORDS
        asked = read_words(fields, reply, now) if words else read_form(fields, reply, now)
        if isinstance(asked, dict):
            return asked
        answer = await self._hand(asked)
        if answer is None:
            return {}
        field = PROMPT
        if words:
            said = object_in(object_in(view, "state"), "values")
            field = WORDS if WORDS in said else DESTINATION
        return {field: answer.text}

    async def _open(self, trigger: str, origin: Origin, sender: Sender) -> bool:
        if not trigger or not self.extras.has(origin.at, "views.open"):
            return False
        began = time.monotonic()
        kinds: tuple[Chosen, ...] = ("template", "provider")
        choices = {kind: await self._suggested(kind, "", 0.5) for kind in kinds}
        view = build_form(origin, choices, await self._usual(sender))
        if view is None:
            return False
        left = OPENING - (time.monotonic() - began)
        refused = await self.extras.call(
            origin.at, "views.open", left, answers="view", trigger_id=trigger, view=view
        )
        return refused is None

    async def _suggested(
        self, kind: Chosen, words: str, patience: float, sender: Sender | None = None
    ) -> list[Choice]:
        try:
            async with asyncio.timeout(patience):
                return await self._intake.suggest(kind, words, sender=sender)
        except (AssistantError, TimeoutError) as error:
            _log.info("nothing to choose", kind=kind, reason=getattr(error, "message", "too slow"))
            return []

    async def _usual(self, sender: Sender) -> Preferred:
        """What they chose for themselves; nothing where that is not known in time."""
        try:
            async with asyncio.timeout(0.3):
                return await self._intake.preferred(sender)
        except (AssistantError, TimeoutError) as error:
            _log.info("nothing is usual", reason=getattr(error, "message", "too slow"))
            return NOTHING

    def _keep(self, url: str) -> str:
        if not url:
            return ""
        name = secrets.token_urlsafe(9)
        self._replies[name] = (time.monotonic(), url)
        if len(self._replies) > _MOST_KEPT:
            self._replies.popitem(last=False)
        return name

    def _kept(self, name: str) -> str:
        since, url = self._replies.get(name, (0.0, ""))
        return url if url and time.monotonic() - since < KEPT else ""
