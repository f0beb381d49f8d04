"""How each part of the server does just now, as admins see it: over HTTP and on a page.

The database and Redis are asked; of the rest it is told how it did when it was last needed, by this
process (`core.pulse`), and of platforms that another process listens to, by what that one notes in
the database.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from api.keys import Core
from api.pages.figures import ago
from core.config import Settings
from core.errors import AssistantError
from core.pulse import Pulse, provider_pulse, pulse

State = Literal["on", "off", "waiting", "bad"]

LATE = timedelta(seconds=60)
"""After which a process that listens, and notes that four times a minute, is taken for gone."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part. `since` is since when it is so; `last` is when it last did something."""

    name: str
    state: State
    told: str
    since: datetime | None = None
    last: datetime | None = None


def slack_lacks(settings: Settings) -> str:
    """What is missing where Slack is set in part; empty where it is whole, or off. Pure."""
    way_in = settings.slack_signing_secret or settings.slack_app_token
    by_oauth = bool(settings.slack_client_id and settings.slack_client_secret)
    if settings.slack_bot_token and not way_in:
        return (
            "`SLACK_BOT_TOKEN` is set alone, so nothing is heard. Set `SLACK_SIGNING_SECRET`, or "
            "`SLACK_APP_TOKEN` for Socket Mode, too"
        )
    if way_in and not settings.slack_bot_token and not by_oauth:
        return (
            "It hears, and has no token to answer with. Set `SLACK_BOT_TOKEN`, or "
            "`SLACK_CLIENT_ID` and `SLACK_CLIENT_SECRET` for many workspaces"
        )
    return ""


def slack_is_set(settings: Settings) -> bool:
    """Whether Slack is listened to and can be answered. Pure."""
    way_in = settings.slack_signing_secret or settings.slack_app_token
    return way_in is not None and not slack_lacks(settings)


async def parts(core: Core, *, stand_in: bool = False) -> list[Part]:
    """All of them. `stand_in`: Notion is this server's own."""
    return [each async for each in _parts(core, stand_in=stand_in)]


async def _parts(core: Core, *, stand_in: bool) -> AsyncIterator[Part]:
    settings = core.settings
    began = time.perf_counter()
    ready = await core.ready()
    took = (time.perf_counter() - began) * 1000
    kind = "SQLite" if settings.embedded else "PostgreSQL"
    database = ready.get("database", "ok")
    fine = f"{kind} answers in {took:.0f} ms" if took >= 1 else f"{kind} answers within 1 ms"
    yield _needed("Database", database, fine)
    yield await _redis(core)
    if database != "ok":
        yield _needed("Work", ready.get("work", "ok"), "Takes requests")
        yield Part("Platforms", "bad", "How they do is not known while the database is away")
    else:
        yield await _work(core, ready.get("work", "ok"))
        yield await _slack(core)
        yield await _discord(core)
    for name, each in core.providers.items():
        yield _provider(name, each.model)
    yield _notion(settings, stand_in=stand_in)
    if core.accounts.post.is_open:
        yield Part("Mail", "on", "Letters are sent")
    else:
        yield Part("Mail", "off", "`SMTP_URL` turns it on")


def _needed(name: str, state: str, fine: str) -> Part:
    return Part(name, "on", fine) if state == "ok" else Part(name, "bad", state)


async def _redis(core: Core) -> Part:
    answers = await core.limits.reaches_redis()
    if answers is None:
        return Part("Redis", "off", "Each process counts for itself; `REDIS_URL` turns it on")
    if answers:
        return Part("Redis", "on", "Answers; limits are shared by all processes")
    told = "Does not answer, so each process counts for itself. Look at `REDIS_URL`"
    return Part("Redis", "bad", told)


async def _work(core: Core, state: str) -> Part:
    async with core.database.read() as unit:
        count, oldest = await unit.inbox.unfinished()
    told = "Takes requests; none is under way"
    if oldest is not None:
        many = "1 is" if count == 1 else f"{count:,} are"
        told = f"Takes requests; {many} under way, the oldest came {ago(oldest)}"
    return _needed("Work", state, told)


async def _slack(core: Core) -> Part:
    settings = core.settings
    if lacks := slack_lacks(settings):
        return Part("Slack", "bad", lacks)
    if not slack_is_set(settings):
        told = "`SLACK_BOT_TOKEN` with `SLACK_SIGNING_SECRET` or `SLACK_APP_TOKEN` turns it on"
        return Part("Slack", "off", told)
    async with core.database.read() as unit:
        beat = await unit.heartbeats.get("slack")
        installed = await unit.installations.all("slack")
    if settings.slack_bot_token is None and not installed:
        where = f"{settings.public_url}/slack/install"
        return Part("Slack", "waiting", f"No workspace has installed it yet: {where}")
    way = f"Listens at {settings.public_url}/slack/events"
    return _platform("Slack", pulse("slack"), beat, way)


async def _discord(core: Core) -> Part:
    if core.settings.discord_token is None:
        return Part("Discord", "off", "`DISCORD_TOKEN` turns it on")
    async with core.database.read() as unit:
        beat = await unit.heartbeats.get("discord")
    return _platform("Discord", pulse("discord"), beat, "")


def _platform(name: str, here: Pulse, beat: datetime | None, way: str) -> Part:
    """A platform that is set. `way` is how it is listened to where no connection stands."""
    if not here.is_here:
        return _elsewhere(name, beat)
    if here.since is not None:
        return Part(name, "on", "Connected", here.since, here.heard)
    if here.is_failing:
        return Part(name, "bad", here.trouble.rstrip("."), here.failed, here.heard)
    if here.lasting or not way:
        return Part(name, "bad", "Not connected just now; it connects anew", None, here.heard)
    if here.heard is None:
        return Part(name, "waiting", f"{way}; nothing was delivered there yet", here.started)
    return Part(name, "on", way, here.started, here.heard)


def _elsewhere(name: str, beat: datetime | None) -> Part:
    """A platform that this process has nothing to do with."""
    if beat is not None and datetime.now(UTC) - beat < LATE:
        return Part(name, "on", "Another process listens", last=beat)
    how = f"No process listens. Start one: `notion-assistant run --only {name.lower()}`"
    return Part(name, "bad", how, last=beat)


def _provider(name: str, model: str) -> Part:
    known = provider_pulse(name)
    if known.is_failing:
        return Part(name, "bad", f"{model}. {known.trouble}".rstrip("."), known.failed, known.heard)
    if known.heard is None:
        return Part(name, "waiting", f"{model}; this process has not asked it yet")
    return Part(name, "on", model, last=known.heard)


def _notion(settings: Settings, *, stand_in: bool) -> Part:
    if stand_in:
        told = "This server's stand-in; `NOTION_TOKEN` connects the real one"
        return Part("Notion", "on", told)
    if settings.notion_token is None:
        by_oauth = settings.notion_client_id and settings.notion_client_secret
        if by_oauth:
            return Part("Notion", "on", "People connect their own")
        return Part("Notion", "off", "`NOTION_TOKEN` turns it on")
    told = "Pages go to `NOTION_PARENT`" if settings.notion_parent else "By its token"
    return Part("Notion", "on", told)


async def known_parts(core: Core, *, stand_in: bool = False) -> list[Part]:
    """The same, and one that says so where the database goes away meanwhile."""
    try:
        return await parts(core, stand_in=stand_in)
    except AssistantError as error:
        return [Part("Database", "bad", error.message.rstrip("."))]
