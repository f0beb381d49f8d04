"""What the doctor says of Slack: the token of one workspace, and those of many."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from core.config import Settings
from core.errors import AssistantError, Misconfigured
from core.ports import Installation
from notion_assistant.doctor_pairs import reachable, whole

TESTED = 20
"""Workspaces whose token is tried at most, the newest."""

_NAMED = 3

_NO_APP_TOKEN = {
    "access_denied",
    "account_inactive",
    "invalid_auth",
    "missing_scope",
    "no_permission",
    "not_allowed_token_type",
    "not_authed",
    "token_expired",
    "token_revoked",
}
"""What Slack says of a token that will not do, however often it is tried."""


async def slack(settings: Settings, http: aiohttp.ClientSession) -> str | None:
    """One line on Slack; None where it is off. Raises Misconfigured, saying what to do."""
    many = whole(
        settings,
        "slack",
        "other workspaces cannot install the app, and nobody can sign in with Slack. It is under "
        "Basic Information, beside the other one",
    )
    if settings.slack_signing_secret is None and settings.slack_app_token is None:
        return _without_way_in(settings, many=many)
    if settings.slack_bot_token is None and not many:
        raise Misconfigured(
            "SLACK_BOT_TOKEN is not set, so nothing can be answered. It is under OAuth & "
            "Permissions; for many workspaces set SLACK_CLIENT_ID and SLACK_CLIENT_SECRET in its "
            "place."
        )
    if settings.slack_app_token is not None:
        await _check_app_token(settings, http, settings.slack_app_token.get_secret_value())
    way = "Socket Mode" if settings.slack_app_token else f"{settings.public_url}/slack/events"
    said = [f"commands come by {way}"]
    if settings.slack_bot_token is not None:
        if settings.slack_bot_token.get_secret_value().startswith("xoxe."):
            raise Misconfigured(
                "SLACK_BOT_TOKEN ends after twelve hours: the app has token rotation on. Turn it "
                "off, or set SLACK_CLIENT_ID and SLACK_CLIENT_SECRET in its place, and install "
                "the app at /slack/install: such tokens are renewed."
            )
        found = await _test(settings, http, settings.slack_bot_token.get_secret_value())
        if not found.get("ok"):
            raise Misconfigured(
                f"Slack says {found.get('error')}. Check SLACK_BOT_TOKEN, and install the app anew."
            )
        said.insert(0, f"Connected to {found.get('team')}")
    if many:
        said.append(await _workspaces(settings, http))
        said.append(f"install it in more at {settings.public_url}/slack/install")
    line = "; ".join(said)
    line = f"{line[0].upper()}{line[1:]}."
    if settings.slack_app_token is None and not reachable(settings):
        line += (
            " Slack cannot reach that address: set PUBLIC_URL to one with https that it can, or "
            "SLACK_APP_TOKEN for Socket Mode."
        )
    return line


def _without_way_in(settings: Settings, *, many: bool) -> str | None:
    """What is on without commands. Raises Misconfigured where they were meant to be."""
    if settings.slack_bot_token is not None:
        raise Misconfigured(
            "SLACK_BOT_TOKEN is set, but no way in, so Slack stays off. Set SLACK_SIGNING_SECRET "
            "(under Basic Information), or SLACK_APP_TOKEN for Socket Mode."
        )
    if not many:
        return None
    return (
        "Signing in with Slack is on. Commands are off: SLACK_SIGNING_SECRET (under Basic "
        "Information), or SLACK_APP_TOKEN for Socket Mode, turns them on."
    )


async def _workspaces(settings: Settings, http: aiohttp.ClientSession) -> str:
    """In how many it is installed. Raises Misconfigured where a token of one does not work."""
    installed = await _installed(settings)
    broken = [one.message for one in installed if isinstance(one, AssistantError)]
    if broken:
        raise Misconfigured(broken[0])
    now = datetime.now(UTC)
    # A token that rotates and has ended is renewed when it is next used.
    lasting = [
        one
        for one in installed
        if isinstance(one, Installation) and (one.expires_at is None or one.expires_at > now)
    ]
    tried = lasting[-TESTED:]
    answers = await asyncio.gather(*(_test(settings, http, one.token) for one in tried))
    refused = [
        f"{one.name or one.workspace or one.enterprise} ({answer.get('error')})"
        for one, answer in zip(tried, answers, strict=True)
        if not answer.get("ok")
    ]
    if refused:
        named = ", ".join(refused[:_NAMED]) + (", …" if len(refused) > _NAMED else "")
        raise Misconfigured(
            f"Slack does not accept the token of {named}. An admin of that workspace installs the "
            f"app again: {settings.public_url}/slack/install"
        )
    number = len(installed)
    if number == 0:
        return "no workspace has installed it yet"
    return f"installed in {number} workspace{'' if number == 1 else 's'}"


async def _installed(settings: Settings) -> Sequence[Installation | Misconfigured]:
    from core.accounts.installations import StoredInstallations
    from core.storage.database import Database
    from core.storage.migrate import NEWEST, current

    # The row of the database says what is wrong with it; looking makes no file.
    if settings.embedded and not _file(settings).exists():
        return []
    database = Database(settings.database_url)
    try:
        if await current(database) != NEWEST:
            return []
        return await StoredInstallations(settings, database).all("slack")
    finally:
        await database.close()


def _file(settings: Settings) -> Path:
    return Path(settings.database_url.partition(":///")[2])


async def _check_app_token(settings: Settings, http: aiohttp.ClientSession, token: str) -> None:
    """Raises Misconfigured where the token is not one for Socket Mode.

    It gives an address, which nothing connects to here. A Slack that says anything else, such as
    that it knows no such method, is left to the start.
    https://docs.slack.dev/reference/methods/apps.connections.open
    """
    try:
        found = await _call(settings, http, "apps.connections.open", token)
    except (aiohttp.ContentTypeError, ValueError):
        return
    error = found.get("error") if isinstance(found, dict) else None
    if error in _NO_APP_TOKEN:
        raise Misconfigured(
            f"Slack says {error} of SLACK_APP_TOKEN, so no command comes. It begins with xapp- and "
            "has the scope connections:write: Basic Information, App-Level Tokens."
        )


async def _test(settings: Settings, http: aiohttp.ClientSession, token: str) -> dict[str, Any]:
    return await _call(settings, http, "auth.test", token)


async def _call(
    settings: Settings, http: aiohttp.ClientSession, method: str, token: str
) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{settings.slack_api_url.rstrip('/')}/{method}"
    async with http.post(url, headers=headers) as answer:
        found: dict[str, Any] = await answer.json()
    return found
