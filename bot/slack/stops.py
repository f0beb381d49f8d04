"""Slack's own button to stop what the app writes in a thread, and what a press of it asks for.

https://docs.slack.dev/reference/events/agent_session_stopped
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.slack.extras import Extras
from bot.slack.parse import Command, object_in, place_of, word_in
from bot.slack.sessions import METHOD, PATIENCE
from bot.slack.workspace import Workspace, installed_in, via
from core.messages import Answer, Call, Channel, Request, Sender, stable_id
from core.ports import Intake

EVENT = "agent_session_stopped"

Hand = Callable[[Command], Awaitable[Answer | None]]
Tell = Callable[[Command, Answer], None]


class Stops:
    """Takes presses. `hand` has somebody's wish carried out, `tell` says why it cannot be."""

    def __init__(self, intake: Intake, extras: Extras, hand: Hand, tell: Tell) -> None:
        self._intake = intake
        self._extras = extras
        self._hand = hand
        self._tell = tell

    async def take(self, fields: Mapping[str, Any]) -> bool:
        """Stops what the presser asked for in the thread; False for any other event.

        Where nothing of theirs is being written they are told so, as by a button under an answer.
        Raises Unavailable.
        """
        event = object_in(fields, "event")
        if word_in(event, "type") != EVENT:
            return False
        channel, thread, user = (word_in(event, name) for name in ("channel", "thread_ts", "user"))
        if not (channel and thread and user):
            return True
        # Slack leaves that to the app; until then it would say that there is something to stop.
        where = {"channel_id": channel, "thread_ts": thread}
        self._extras.later(self._end(installed_in(fields), where))
        team = word_in(fields, "team_id")
        going = await self._intake.under_way(Channel("slack", place_of(team, channel)), thread)
        mine = [each for each in going if each.sender.id == user]
        for each in mine or going[:1]:
            asked = _command(fields, each, channel, thread, user)
            answer = await self._hand(asked)
            if answer is not None:
                self._tell(asked, answer)
        return True

    async def _end(self, at: Workspace, where: Mapping[str, str]) -> None:
        await self._extras.call(at, METHOD, PATIENCE, **where, status="active")


def _command(
    fields: Mapping[str, Any], request: Request, channel: str, thread: str, user: str
) -> Command:
    team, enterprise = word_in(fields, "team_id"), word_in(fields, "enterprise_id")
    moment = word_in(object_in(fields, "event"), "event_ts") or word_in(fields, "event_id")
    delivery = stable_id("slack", team, channel, thread, user, EVENT, moment, str(request.id))
    return Command(
        delivery=delivery,
        sender=Sender("slack", user, "", team),
        text=Call("stop", str(request.id)),
        address={
            "delivery": str(delivery),
            "channel_id": channel,
            "user_id": user,
            "team_id": team,
            "enterprise_id": enterprise,
            "response_url": "",
            "accepted_at": f"{time.time():.6f}",
            "thread": thread,
            **via(fields, team, enterprise),
        },
        place=place_of(team, channel),
    )
