"""The composition root: the one place that names concrete classes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta

from core.accounts.choosing import Preferences
from core.accounts.links import Links
from core.assistant import Assistant, Jobs
from core.captures import Captures
from core.config import Settings
from core.generation import Generation
from core.history.history import History
from core.jobs.handler import Handler
from core.jobs.inbox import Inbox
from core.jobs.janitor import Janitor
from core.jobs.owner import FileOwner, Owner, SlotOwner, end_process
from core.jobs.work import Work, check_engine
from core.limits.limits import Limits
from core.live import Feeds
from core.notion.client import NotionPages
from core.notion.places import Places
from core.notion.saving import Saving
from core.notion.unconnected import Unconnected
from core.overview import Overviews
from core.ports import CanBeInstalled, Pages, Platform
from core.providers.registry import providers
from core.ratings import Ratings
from core.storage.database import Database
from core.storage.migrate import migrate


async def claim(settings: Settings) -> Owner:
    """This process's claim on the work.

    Raises Conflict, Unavailable, or Misconfigured where something a start needs is missing.
    """
    check_engine(settings.database_url)
    _ = settings.secret_keys
    if settings.embedded:
        file = FileOwner(settings.data_dir / "notion-assistant.lock")
        file.claim()
        return file
    slot = SlotOwner(settings.database_url, end_process)
    await slot.claim()
    return slot


@asynccontextmanager
async def assembled(
    settings: Settings, platforms: Mapping[str, Platform], owner: Owner
) -> AsyncIterator[Assistant]:
    """The core, running, until the block ends; gives `owner` up then."""
    database = Database(settings.database_url)
    try:
        await migrate(database)
    except BaseException:
        await database.close()
        await owner.close()
        raise
    asked = providers(settings)
    pages = _pages(settings)
    feeds = Feeds()
    work = Work(settings.database_url, owner.executor)
    inbox = Inbox(database, work.begin)
    limits = Limits(settings)
    links = Links(settings, database, limits, inbox.begin)
    captures = Captures(database, pages, days=settings.follow_days, platforms=platforms)
    services = (
        Generation(database, asked),
        Saving(database, pages, settings.public_url),
        History(database),
        Places(database, pages),
        captures,
        links,
        Preferences(database, asked, Overviews(database, asked, pages)),
        Ratings(database),
    )
    handler = Handler(database, feeds, platforms, services)
    audit = timedelta(days=settings.audit_days)
    janitor = Janitor(database, inbox, work, owner, captures.news, audit)
    jobs = Jobs(owner, work, inbox, janitor, handler, feeds, captures.news)
    assistant = Assistant(settings, database, asked, pages, jobs, links)
    for platform in platforms.values():
        if isinstance(platform, CanBeInstalled):
            platform.serve(assistant.installations)
    await assistant.start()
    try:
        yield assistant
    finally:
        await assistant.stop()


def _pages(settings: Settings) -> Pages:
    if settings.notion_token is None:
        return Unconnected()
    return NotionPages(
        settings.notion_token.get_secret_value(),
        settings.notion_parent,
        settings.notion_base_url,
        redis_url=settings.redis_url,
    )
