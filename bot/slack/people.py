"""Who people and channels are: looked up once, and remembered for an hour."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import structlog

from bot.slack.messages import Us
from bot.slack.parse import object_in, word_in
from bot.slack.web import Web
from core.errors import AssistantError

REMEMBERED = 5_000
FRESH = 3_600.0
"""Seconds. People change their names."""

_AT_ONCE = 8

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, or an app. `guest`: they see the channels they are in, and no others.

    `email` is told with the scope `users:read.email`; `team` and `enterprise` vouch for it.
    """

    name: str
    is_bot: bool = False
    guest: bool = False
    email: str = field(default="", repr=False)
    team: str = ""
    enterprise: str = ""


def _is_of_ours(person: Person, us: Us) -> bool:
    return person.team in ("", us.team) or (
        us.enterprise != "" and person.enterprise == us.enterprise
    )


@dataclass(frozen=True, slots=True)
class Place:
    """A channel. `open`: every member of the workspace may read it."""

    name: str
    open: bool


class People:
    """What Slack says of people and channels. What it does not say is left out, never an error.

    https://docs.slack.dev/reference/methods/users.info
    """

    def __init__(self, web: Web) -> None:
        self._web = web
        self._us: Us | None = None
        self._known: OrderedDict[str, tuple[float, Person | Place]] = OrderedDict()
        self._asking = asyncio.Semaphore(_AT_ONCE)

    async def us(self) -> Us:
        """The app itself."""
        if self._us is None:
            try:
                said = await self._web.read("auth.test")
            except AssistantError as error:
                _log.info("slack did not say who this app is", reason=error.message)
                return Us()
            told = ("user_id", "bot_id", "team_id", "enterprise_id")
            self._us = Us(*(word_in(said, name) for name in told))
        return self._us

    async def names(self, people: Iterable[str], channels: Iterable[str] = ()) -> dict[str, str]:
        """The names of those who are known, by their ids."""
        users, places = list(people), list(channels)
        found = await asyncio.gather(*map(self.person, users), *map(self.place, places))
        both = zip([*users, *places], found, strict=True)
        return {each: known.name for each, known in both if known and known.name}

    async def person(self, user: str) -> Person | None:
        """Somebody; None where Slack does not say."""
        known = self._remembered(user)
        if isinstance(known, Person):
            return known
        said = object_in(await self._ask("users.info", user=user), "user")
        if not said:
            return None
        profile = object_in(said, "profile")
        names = word_in(profile, "display_name"), word_in(profile, "real_name")
        found = Person(
            name=next((name for name in names if name), "") or word_in(said, "name"),
            is_bot=said.get("is_bot") is True,
            guest=said.get("is_restricted") is True or said.get("is_ultra_restricted") is True,
            email=word_in(profile, "email"),
            team=word_in(said, "team_id"),
            enterprise=word_in(object_in(said, "enterprise_user"), "enterprise_id"),
        )
        self._remember(user, found)
        return found

    async def emails(self, people: Iterable[str]) -> dict[str, str]:
        """The email addresses of those whose Slack tells, by their ids.

        Those of other organisations are left out, in channels shared with them too: there anybody
        may have been given any address.
        """
        users = list(people)
        us, found = await asyncio.gather(self.us(), asyncio.gather(*map(self.person, users)))
        return {
            user: known.email
            for user, known in zip(users, found, strict=True)
            if known is not None and known.email and not known.is_bot and _is_of_ours(known, us)
        }

    async def manages(self, user: str) -> bool:
        """Whether somebody is an admin or owner of the workspace, as Slack says now."""
        said = object_in(await self._ask("users.info", user=user), "user")
        return any(said.get(role) is True for role in ("is_admin", "is_owner", "is_primary_owner"))

    async def place(self, channel: str) -> Place | None:
        """A channel; None where Slack does not say."""
        known = self._remembered(channel)
        if isinstance(known, Place):
            return known
        said = object_in(await self._ask("conversations.info", channel=channel), "channel")
        if not said:
            return None
        closed = any(said.get(kind) for kind in ("is_private", "is_im", "is_mpim"))
        found = Place(word_in(said, "name"), open=not closed)
        self._remember(channel, found)
        return found

    async def _ask(self, method: str, **arguments: str) -> dict[str, Any]:
        async with self._asking:
            try:
                return await self._web.read(method, **arguments)
            except AssistantError as error:
                _log.info("slack did not say who that is", method=method, reason=error.message)
                return {}

    def _remembered(self, key: str) -> Person | Place | None:
        since, known = self._known.get(key, (0.0, None))
        return known if time.monotonic() - since < FRESH else None

    def _remember(self, key: str, found: Person | Place) -> None:
        self._known[key] = (time.monotonic(), found)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
