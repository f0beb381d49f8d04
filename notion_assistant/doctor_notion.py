"""`notion-assistant check` of Notion: the server's token, people's own connections, the webhook."""

from __future__ import annotations

from pathlib import Path

import aiohttp

from core.config import Settings
from core.errors import Misconfigured, NotionFailed, Unavailable
from notion_assistant.doctor_pairs import reachable, whole
from notion_assistant.standin import stands_in

PATIENCE_SECONDS = 5


async def notion(settings: Settings, _http: aiohttp.ClientSession) -> str | None:
    if settings.notion_token is None:
        return _without_token(settings)
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


def _without_token(settings: Settings) -> str:
    """What becomes of pages then. Raises Misconfigured where nobody can save any."""
    if stands_in(settings):
        where = "pages go to the local stand-in"
        if settings.notion_parent is not None:
            raise Misconfigured(
                f"NOTION_PARENT is set, but not NOTION_TOKEN, so {where}. Set it to the secret of "
                "an integration that the page is shared with."
            )
        return f"No NOTION_TOKEN, so {where}."
    if settings.notion_client_id and settings.notion_client_secret:
        return "No NOTION_TOKEN, so only those save who connected a Notion of their own."
    raise Misconfigured("NOTION_TOKEN is not set: texts are written but not saved.")


async def connections(settings: Settings, _http: aiohttp.ClientSession) -> str | None:
    from core.notion.oauth import CALLBACK, Grants

    whole(
        settings,
        "notion",
        "nobody can connect a Notion of their own. It is in the settings of the public "
        "integration, at notion.so/developers/connections, beside the other one",
    )
    grants = Grants(settings, PATIENCE_SECONDS)
    if not grants.on:
        return None
    # Asks about no token of anybody's; what is wrong with the client is said all the same.
    await grants.known()
    said = f"People can connect their own Notion. Redirect URI: {settings.public_url}{CALLBACK}"
    counted = await _counted(settings)
    return said if counted is None else f"{said} {counted}"


async def webhook(settings: Settings, _http: aiohttp.ClientSession) -> str | None:
    if settings.notion_token is None and not (
        settings.notion_client_id and settings.notion_client_secret
    ):
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
    if not reachable(settings):
        return (
            "None, so pages are looked at now and then. To hear at once, set PUBLIC_URL to an "
            f"https address that Notion can reach; it is {settings.public_url}."
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
