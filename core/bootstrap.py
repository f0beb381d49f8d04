"""The composition root: the one place that names concrete classes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta

from core.accounts.choosing import Preferences
from core.accounts.links import Links
from core.announcing import Announcing
from core.assistant import Assistant, Jobs
from core.captures import Captures
from core.config import Settings
from core.connecting import Connecting
from core.generation import Generation
from core.history.history import History
from core.jobs.handler import Handler
from core.jobs.inbox import Inbox
from core.jobs.janitor import Janitor
from core.jobs.owner import FileOwner, Owner, SlotOwner, end_process
from core.jobs.work import Work, check_engine
from core.limits.limits import Limits
from core.live import Feeds
from core.notion.appending import Appending
from core.notion.client import NotionPages
from core.notion.connected import Connected
from core.notion.connections import Connections
from core.notion.counting import InDatabase
from core.notion.oauth import Grants
from core.notion.places import Places
from core.notion.saving import Saving
from core.overview import Overviews
from core.ports import CanBeInstalled, Pages, Platform
from core.providers.registry import providers
from core.ratings import Ratings
from core.storage.database import Database
from core.storage.migrate import migrate
from core.titles import Titles


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
    connections = Connections(settings, database, _own(settings, database))
    pages = Connected(connections)
    feeds = Feeds()
    work = Work(settings.database_url, owner.executor)
    inbox = Inbox(database, work.begin)
    limits = Limits(settings)
    links = Links(settings, database, limits, inbox.begin)
    connecting = Connecting(settings, database, connections, platforms, inbox.begin)
    announcing = Announcing(settings, database, connections, platforms, inbox.begin)
    named = Titles(asked, settings.save_title_model) if settings.save_titles == "model" else None
    captures = Captures(
        database, pages, days=settings.follow_days, platforms=platforms, titles=named
    )
    services = (
        Generation(database, asked, settings.prices),
        Saving(database, pages, settings.public_url),
        History(database),
        Places(database, pages),
        captures,
        links,
        Preferences(database, asked, Overviews(database, asked, pages, connects=connecting.on)),
        Ratings(database),
        connecting,
        announcing,
        Appending(database, pages, settings.public_url),
    )
    handler = Handler(database, feeds, platforms, services)
    audit = timedelta(days=settings.audit_days)
    janitor = Janitor(database, inbox, work, owner, captures.news, audit)
    jobs = Jobs(owner, work, inbox, janitor, handler, feeds, captures.news)
    assistant = Assistant(settings, database, asked, pages, jobs, links, connecting, announcing)
    for platform in platforms.values():
        if isinstance(platform, CanBeInstalled):
            platform.serve(assistant.installations)
    await assistant.start()
    try:
        yield assistant
    finally:
        await assistant.stop()


def _own(settings: Settings, database: Database) -> Pages | None:
    """Notion by the server's own token."""
    if settings.notion_token is None:
        return None
    return NotionPages(
        settings.notion_token.get_secret_value(),
        settings.notion_parent,
        settings.notion_base_url,
        settings.notion_requests_per_minute,
        redis_url=settings.redis_url,
        learns=Grants(settings).on,
        # A SQLite file has one process at a time.
        count=None if settings.embedded else InDatabase(database),
    )
