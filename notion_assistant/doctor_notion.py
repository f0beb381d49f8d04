"""`notion-assistant check` of Notion: the server's token, people's own connections, the webhook."""

from __future__ import annotations

from pathlib import Path

import aiohttp

from core.config import Settings
from core.errors import Misconfigured, NotionFailed, Unavailable

PATIENCE_SECONDS = 5


async def notion(settings: Settings, _http: aiohttp.ClientSession) -> str | None:
    if settings.notion_token is None:
        if settings.local:
            return "No NOTION_TOKEN, so pages go to the local stand-in."
        raise Misconfigured("NOTION_TOKEN is not set: texts are written but not saved.")
    from core.notion.client import NotionPages

    pages = NotionPages(
        settings.notion_token.get_secret_value(), settings.notion_parent, settings.notion_base_url
    )
    try:
        found = await pages.destination(None)
        report = await pages.examine()
    except NotionFailed as error:
        if not error.retryable:
            raise
        raise Unavailable(
            f"{error.message} It was asked at {settings.notion_base_url}, NOTION_BASE_URL."
        ) from None
    finally:
        await pages.close()
    lacking = [each.text for each in report.findings if each.ok is False]
    if lacking:
        raise Misconfigured(" ".join(lacking))
    shared = next((each.text for each in report.findings if each.name == "shared"), "")
    hints = [each.text for each in report.findings if each.ok is None]
    said = f"Connected; pages go to “{found.title}”. It sees {shared}."
    return " ".join([said, *hints])


async def connections(settings: Settings, _http: aiohttp.ClientSession) -> str | None:
    from core.notion.oauth import CALLBACK, Grants

    grants = Grants(settings, PATIENCE_SECONDS)
    if not grants.on:
        return None
    # Asks about no token of anybody's; what is wrong with the client is said all the same.
    await grants.known()
    said = f"People can connect their own Notion. Redirect URI: {settings.public_url}{CALLBACK}"
    counted = await _counted(settings)
    return said if counted is None else f"{said} {counted}"


async def webhook(settings: Settings, _http: aiohttp.ClientSession) -> str | None:
    if settings.notion_token is None and not settings.notion_client_id:
        return None
    where = f"{settings.public_url}/notion/webhook"
    tokens = await _webhook_tokens(settings)
    if any(used for _, used in tokens):
        return f"Notion tells of changes at {where}."
    if tokens:
        return (
            f"Notion has called {where} and waits: in the integration's settings, Webhooks, choose "
            f"Verify and paste {' or '.join(token for token, _ in tokens)}"
        )
    return (
        f"None, so pages are looked at now and then. To hear at once, create a subscription to "
        f"{where} in the integration's settings, Webhooks; then run this again for its token."
    )


async def _webhook_tokens(settings: Settings) -> list[tuple[str, bool]]:
    from core.announcing import webhook_tokens
    from core.storage.database import Database
    from core.storage.migrate import NEWEST, current

    if _no_file_yet(settings):
        return []
    database = Database(settings.database_url)
    try:
        there = await current(database) == NEWEST
        return await webhook_tokens(settings, database) if there else []
    except Unavailable:
        return []
    finally:
        await database.close()


async def _counted(settings: Settings) -> str | None:
    """How many connections there are; None where the database is not there, or not up to date."""
    from core.storage.database import Database
    from core.storage.migrate import NEWEST, current

    if _no_file_yet(settings):
        return None
    database = Database(settings.database_url)
    try:
        if await current(database) != NEWEST:
            return None
        async with database.read() as unit:
            total, lost = await unit.connections.count()
    except Unavailable:
        return None
    finally:
        await database.close()
    return f"{total} connected, {lost} to be connected again." if lost else f"{total} connected."


def _no_file_yet(settings: Settings) -> bool:
    """Whether the database is a file that the first start will make."""
    path = Path(settings.database_url.partition(":///")[2])
    return settings.embedded and not path.exists()
