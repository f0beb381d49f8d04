"""`notion-assistant check`: each part, one line each, and what to do about it."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import aiohttp

from core.config import Settings
from core.config_names import perhaps_meant, unread
from core.errors import AssistantError, Misconfigured, Unavailable
from notion_assistant.doctor_mail import mail
from notion_assistant.doctor_notion import connections, notion, webhook
from notion_assistant.doctor_pairs import reachable, whole
from notion_assistant.doctor_slack import slack

PATIENCE_SECONDS = 5

# What the bot needs in a server: View Channels, Send Messages, Send Messages in Threads, Read
# Message History, Add Reactions.
_DISCORD_PERMISSIONS = 1 << 10 | 1 << 11 | 1 << 38 | 1 << 16 | 1 << 6

# Of the application: it may read what people write to one another; the second in few servers.
_DISCORD_CONTENT = 1 << 18 | 1 << 19


@dataclass(frozen=True, slots=True)
class Finding:
    """One line. `ok` is None for what is off and need not be on."""

    name: str
    ok: bool | None
    text: str


Examination = Callable[[Settings, aiohttp.ClientSession], Awaitable[str | None]]
"""Says what was found, None where the part is off; raises AssistantError saying what to do."""


async def examine(settings: Settings, say: Callable[[str], None]) -> bool:
    """Examines every part at once; False where something configured does not work."""
    async with aiohttp.ClientSession() as http:
        findings = await asyncio.gather(
            *(_examined(name, each, settings, http) for name, each in EXAMINATIONS.items())
        )
    for finding in findings:
        sign = {True: "✓", False: "✗", None: "–"}[finding.ok]
        say(f"{sign} {finding.name:<10} {finding.text}")
    return all(finding.ok is not False for finding in findings)


async def _examined(
    name: str, examination: Examination, settings: Settings, http: aiohttp.ClientSession
) -> Finding:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            text = await examination(settings, http)
    except AssistantError as error:
        return Finding(name, False, error.message)
    except TimeoutError:
        return Finding(name, False, _silent(name, settings, f"within {PATIENCE_SECONDS} seconds"))
    except (aiohttp.ContentTypeError, ValueError, AttributeError):
        return Finding(name, False, _silent(name, settings, "as it should"))
    except aiohttp.ClientError:
        return Finding(name, False, _silent(name, settings, "at all"))
    except OSError as error:
        return Finding(name, False, f"{error.strerror}: {error.filename}. Check who may write it.")
    return Finding(name, None if text is None else True, text or OFF[name])


def _silent(name: str, settings: Settings, how: str) -> str:
    """That nobody answers at a part's address. What the library says of it means little here."""
    setting = ADDRESSES.get(name, "the settings")
    who = name
    # The others may hold a password.
    if setting.endswith(("_BASE_URL", "_API_URL")):
        parts = urlsplit(getattr(settings, setting.lower()))
        who = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    return f"{who} does not answer {how}. Check {setting} and the network."


async def _settings(settings: Settings, _http: aiohttp.ClientSession) -> str:
    from core.providers.registry import providers

    # A local run makes its key at the first start; looking makes nothing.
    if settings.secret_key is not None or not settings.local:
        _ = settings.secret_keys
    providers(settings)
    if lost := unread(settings):
        raise Misconfigured(" ".join(lost))
    where = "a local run" if settings.local else "a server"
    said = f"Read; this is {where}, reached at {settings.public_url}."
    if urlsplit(settings.public_url).scheme == "http" and reachable(settings):
        said += (
            " Nobody can log in there on the web: browsers keep a session for https alone. Put a "
            "proxy with TLS in front, and set PUBLIC_URL to its address."
        )
    return " ".join([said, *perhaps_meant(settings)])


async def _database(settings: Settings, _http: aiohttp.ClientSession) -> str:
    from core.storage.database import Database
    from core.storage.migrate import NEWEST, current

    if settings.embedded and not (file := _file(settings)).exists():
        _check_writable(file.parent)
        return "SQLite; its file is made at the first start."
    database = Database(settings.database_url)
    try:
        revision = await current(database)
    except Unavailable:
        raise Unavailable(
            "The database cannot be reached. Check DATABASE_URL and that the server runs."
        ) from None
    finally:
        await database.close()
    kind = "SQLite" if settings.embedded else "PostgreSQL"
    if revision != NEWEST:
        return f"{kind} is there; its schema is brought up at the next start."
    return f"{kind} is there, at schema {revision}."


def _file(settings: Settings) -> Path:
    return Path(settings.database_url.partition(":///")[2])


def _check_writable(folder: Path) -> None:
    there = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise Misconfigured(
            f"The folder {folder} cannot be written. Give yourself the right to, or choose "
            "another: DATABASE_URL=sqlite:////path/name.db"
        )


async def _redis(settings: Settings, _http: aiohttp.ClientSession) -> str | None:
    if settings.redis_url is None:
        return None
    from redis.asyncio import Redis
    from redis.exceptions import RedisError

    client = Redis.from_url(settings.redis_url, socket_timeout=PATIENCE_SECONDS)
    try:
        await client.ping()
    except (RedisError, OSError, ValueError):
        raise Unavailable(
            "Redis cannot be reached. Check REDIS_URL and that the server runs; without REDIS_URL "
            "limits are kept by each process for itself."
        ) from None
    finally:
        await client.aclose()
    return "Redis is there."


def _provider(name: str, headers: Callable[[str], dict[str, str]], path: str) -> Examination:
    async def examination(settings: Settings, http: aiohttp.ClientSession) -> str | None:
        key = getattr(settings, f"{name}_api_key")
        if key is None:
            _check_unused(settings, name)
            return None
        url = getattr(settings, f"{name}_base_url").rstrip("/") + path
        async with http.get(url, headers=headers(key.get_secret_value())) as answer:
            if answer.status in (401, 403):
                raise Misconfigured(f"The key is not accepted. Check {name.upper()}_API_KEY.")
            if answer.status >= 500:
                raise Unavailable(f"It answers {answer.status} just now. Try again later.")
        return f"The key is accepted; asks {getattr(settings, f'{name}_model')}."

    return examination


def _check_unused(settings: Settings, name: str) -> None:
    """Raises Misconfigured where an address or a model was chosen all the same."""
    for setting in (f"{name}_base_url", f"{name}_model"):
        if getattr(settings, setting) != Settings.model_fields[setting].default:
            raise Misconfigured(
                f"{setting.upper()} is set, but not {name.upper()}_API_KEY, so it is not asked. "
                "For a server that wants no key, set any."
            )


def _bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


async def _offline(settings: Settings, _http: aiohttp.ClientSession) -> str | None:
    from core.providers.registry import providers

    try:
        chosen = providers(settings)
    except Misconfigured:
        return None  # the row of the settings says it
    if "offline" not in chosen:
        return None
    if settings.ai_providers:
        return "AI_PROVIDERS names it, a small model on this machine."
    return (
        "No key is set, so answers come from the offline model. Set OPENAI_API_KEY, "
        "ANTHROPIC_API_KEY or DEEPSEEK_API_KEY for a real one."
    )


async def _discord(settings: Settings, http: aiohttp.ClientSession) -> str | None:
    signs_in = _signs_in(settings)
    if settings.discord_token is None:
        return signs_in
    async with http.get(
        settings.discord_api_url.rstrip("/") + "/oauth2/applications/@me",
        headers=_bot(settings),
    ) as answer:
        if answer.status == 401:
            raise Misconfigured(
                "The token is not accepted. Reset it under Bot, DISCORD_TOKEN. "
                + _invitations(_client_id(settings))
            )
        if answer.status >= 500:
            raise Unavailable(f"Discord answers {answer.status} just now. Try again later.")
        told = await answer.json(content_type=None) if answer.status == 200 else None
    found = told if isinstance(told, dict) else {}
    said = f"Connected as {found.get('name') or 'a bot'}."
    if not await _in_a_server(settings, http):
        said += " It is in no server yet."
    if not int(found.get("flags") or 0) & _DISCORD_CONTENT:
        said += " 📝 works once Message Content Intent is on, under Bot."
    return f"{said} {_invitations(str(found.get('id') or _client_id(settings)))}"


def _signs_in(settings: Settings) -> str | None:
    """What is on without a bot. Raises Misconfigured for the half of what would be."""
    cost = "nobody can sign in with Discord. It is under OAuth2, beside the other one"
    if settings.discord_token is None:
        cost += "; the bot itself wants DISCORD_TOKEN"
    elif settings.discord_client_secret is None:
        return None  # the id alone is for the invite links
    if not whole(settings, "discord", cost):
        return None
    return "Signing in with Discord is on. The bot is off: DISCORD_TOKEN turns it on."


async def _in_a_server(settings: Settings, http: aiohttp.ClientSession) -> bool:
    """Whether the bot is in one; where nobody says, it is taken for granted."""
    try:
        async with http.get(
            settings.discord_api_url.rstrip("/") + "/users/@me/guilds",
            params={"limit": "1"},
            headers=_bot(settings),
        ) as answer:
            return answer.status != 200 or await answer.json(content_type=None) != []
    except (aiohttp.ClientError, ValueError):
        return True


def _client_id(settings: Settings) -> str:
    """The app's id as the settings tell it; a bot's token begins with it, in base 64."""
    if settings.discord_client_id:
        return settings.discord_client_id
    token = settings.discord_token
    first = token.get_secret_value().partition(".")[0] if token else ""
    try:
        known = base64.b64decode(first + "=" * (-len(first) % 4), validate=True).decode("ascii")
    except ValueError:
        return ""
    return known if known.isdecimal() else ""


def _bot(settings: Settings) -> dict[str, str]:
    token = settings.discord_token
    return {"Authorization": f"Bot {token.get_secret_value() if token else ''}"}


def _invitations(client_id: str) -> str:
    """Where the app is added to a server, and to a person's own account.

    https://docs.discord.com/developers/topics/oauth2#advanced-bot-authorization
    """
    if not client_id:
        return "For a link that invites it, set DISCORD_CLIENT_ID."
    server = {
        "client_id": client_id,
        "scope": "bot applications.commands",
        "permissions": _DISCORD_PERMISSIONS,
        "integration_type": 0,
    }
    person = {"client_id": client_id, "scope": "applications.commands", "integration_type": 1}
    page = "https://discord.com/oauth2/authorize?"
    return (
        f"Invite it to a server: {page}{urlencode(server)} "
        f"or use it anywhere yourself: {page}{urlencode(person)}"
    )


EXAMINATIONS: dict[str, Examination] = {
    "settings": _settings,
    "database": _database,
    "redis": _redis,
    "openai": _provider("openai", _bearer, "/models"),
    "anthropic": _provider("anthropic", _bearer, "/v1/models"),
    "deepseek": _provider("deepseek", _bearer, "/models"),
    "offline": _offline,
    "notion": notion,
    "own notion": connections,
    "webhook": webhook,
    "slack": slack,
    "discord": _discord,
    "mail": mail,
}

ADDRESSES = {
    "database": "DATABASE_URL",
    "redis": "REDIS_URL",
    "openai": "OPENAI_BASE_URL",
    "anthropic": "ANTHROPIC_BASE_URL",
    "deepseek": "DEEPSEEK_BASE_URL",
    "notion": "NOTION_BASE_URL",
    "own notion": "NOTION_BASE_URL",
    "slack": "SLACK_API_URL",
    "discord": "DISCORD_API_URL",
}
"""The setting that leads to each part which is somewhere else."""

OFF = {
    "redis": "Off; limits are kept in this process. REDIS_URL turns it on.",
    "openai": "Off; OPENAI_API_KEY turns it on.",
    "anthropic": "Off; ANTHROPIC_API_KEY turns it on.",
    "deepseek": "Off; DEEPSEEK_API_KEY turns it on.",
    "offline": "Off; it answers where no other provider is set.",
    "webhook": "Off; it wants NOTION_TOKEN, or NOTION_CLIENT_ID with NOTION_CLIENT_SECRET.",
    "own notion": "Off; NOTION_CLIENT_ID and NOTION_CLIENT_SECRET turn it on.",
    "slack": "Off; SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET, or SLACK_APP_TOKEN, turn it on.",
    "discord": "Off; DISCORD_TOKEN turns it on.",
    "mail": "Off; SMTP_URL or SMTP_HOST turns it on. A local run shows letters in its log.",
}
