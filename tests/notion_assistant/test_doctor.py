"""`notion-assistant check`, with servers that play the world, or nobody at the address."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.accounts.installations import StoredInstallations
from core.config import Settings
from core.ports import Installation
from core.storage.database import Database
from core.storage.migrate import migrate
from notion_assistant import doctor
from sandbox.slack.server import SlackServer
from sandbox.traffic import Answer, Call
from tests.mail_server import MailServer


async def _examined(tmp_path: Path, **given: Any) -> tuple[bool, dict[str, str]]:
    """Whether all is well, and the line of each part."""
    url = f"sqlite+aiosqlite:///{tmp_path}/data/test.db"
    settings = Settings(_env_file=None, **({"database_url": url} | given))
    said: list[str] = []
    good = await doctor.examine(settings, said.append)
    return good, {line.split()[1]: line for line in said}


@asynccontextmanager
async def _deaf() -> AsyncIterator[str]:
    """A server that takes connections and says nothing."""

    async def ignore(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    over = asyncio.Event()
    server = await asyncio.start_server(ignore, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    over.set()
    server.close()


async def test_a_look_at_a_fresh_folder_makes_nothing(tmp_path: Path) -> None:
    good, rows = await _examined(tmp_path)
    assert good, rows
    assert "made at the first start" in rows["database"]
    assert not any(tmp_path.glob("*"))  # noqa: ASYNC240 - a moment, in a test


async def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    good, rows = await _examined(tmp_path)
    assert not good
    assert f"The folder {tmp_path}/data cannot be written" in rows["database"]


async def test_a_bot_token_without_a_way_in_is_not_slack(tmp_path: Path) -> None:
    async with SlackServer("secret", "xoxb-x") as slack:
        at = {"slack_api_url": slack.api_url}
        good, rows = await _examined(tmp_path, slack_bot_token="xoxb-x", **at)
        assert not good
        assert rows["slack"].startswith("✗")
        assert "SLACK_SIGNING_SECRET" in rows["slack"]
        assert "SLACK_APP_TOKEN" in rows["slack"]
        good, rows = await _examined(tmp_path, slack_signing_secret="secret", **at)
        assert not good
        assert "SLACK_BOT_TOKEN is not set" in rows["slack"]
        both = {"slack_bot_token": "xoxb-x", "slack_signing_secret": "secret"}
        good, rows = await _examined(tmp_path, **both, **at)
        assert good, rows["slack"]


async def test_a_provider_that_does_not_exist_is_a_wrong_setting(tmp_path: Path) -> None:
    good, rows = await _examined(tmp_path, ai_providers="opnai")
    assert not good
    assert rows["settings"].startswith("✗")
    assert "'opnai'" in rows["settings"]
    assert rows["offline"].startswith("–")


async def test_nobody_at_an_address_is_said_in_our_words(tmp_path: Path) -> None:
    nobody = "http://127.0.0.1:9"
    good, rows = await _examined(
        tmp_path,
        openai_api_key="k",
        openai_base_url=f"{nobody}/v1",
        discord_token="t",
        discord_api_url=f"{nobody}/api/v10",
    )
    assert not good
    assert f"{nobody} does not answer at all. Check OPENAI_BASE_URL" in rows["openai"]
    assert f"{nobody} does not answer at all. Check DISCORD_API_URL" in rows["discord"]
    assert "ssl:" not in str(rows)


async def test_silent_addresses_are_named_after_five_seconds(tmp_path: Path) -> None:
    async with _deaf() as notion, _deaf() as openai:
        began = time.monotonic()
        good, rows = await _examined(
            tmp_path,
            notion_token="t",
            notion_base_url=notion,
            openai_api_key="k",
            openai_base_url=openai,
        )
        assert time.monotonic() - began < 7
    assert not good
    for part, address in (("notion", notion), ("openai", openai)):
        told = f"{address} does not answer within 5 seconds. Check {part.upper()}_BASE_URL"
        assert told in rows[part]


async def test_notion_out_of_reach_is_named_within_five_seconds(tmp_path: Path) -> None:
    began = time.monotonic()
    good, rows = await _examined(tmp_path, notion_token="t", notion_base_url="http://127.0.0.1:9")
    assert time.monotonic() - began < 7
    assert not good
    assert "http://127.0.0.1:9" in rows["notion"]
    assert "NOTION_BASE_URL" in rows["notion"]


async def _install(tmp_path: Path, *tokens: str, **settings: str) -> None:
    """Workspaces T1, T2 … with these tokens, as an earlier run kept them."""
    url = f"sqlite+aiosqlite:///{tmp_path}/data/test.db"
    database = Database(url)
    await migrate(database)
    store = StoredInstallations(Settings(_env_file=None, **settings), database)
    for number, token in enumerate(tokens, 1):
        await store.keep(
            Installation(
                platform="slack",
                enterprise="",
                workspace=f"T{number}",
                name=f"Team {number}",
                bot_user="U0BOT",
                scopes=(),
                token=token,
                installed_by="U1",
                updated_at=datetime.now(UTC),
            )
        )
    await database.close()


async def test_many_workspaces_are_counted_and_each_token_is_tried(tmp_path: Path) -> None:
    key = {"secret_key": "a-secret-key-that-is-made-up-for-tests"}
    async with SlackServer("secret", "xoxb-1") as slack:
        slack.neighbour("T2", "xoxb-2")
        settings = {
            "database_url": f"sqlite+aiosqlite:///{tmp_path}/data/test.db",
            "slack_api_url": slack.api_url,
            "slack_signing_secret": "secret",
            "slack_client_id": "id",
            **key,
        }
        good, rows = await _examined(tmp_path, **settings)
        assert not good
        assert "but not SLACK_CLIENT_SECRET" in rows["slack"]
        settings["slack_client_secret"] = "of-the-client"
        good, rows = await _examined(tmp_path, **settings)
        assert good, rows["slack"]
        assert "no workspace has installed it yet" in rows["slack"]
        await _install(tmp_path, "xoxb-1", "xoxb-2", **key)
        good, rows = await _examined(tmp_path, **settings)
        assert good, rows["slack"]
        assert "installed in 2 workspaces" in rows["slack"]
        assert "http://localhost:8080/slack/install" in rows["slack"]
        slack.neighbours[0].web_api.revoked = True
        good, rows = await _examined(tmp_path, **settings)
        assert not good
        assert "the token of Team 2 (token_revoked)" in rows["slack"]
        other = {"secret_key": "another-secret-key-that-is-made-up-too"}
        good, rows = await _examined(tmp_path, **settings | other)
        assert not good
        assert "Add that key at the end of SECRET_KEY" in rows["slack"]
        assert "xoxb" not in rows["slack"]


async def test_mail_is_looked_at_where_it_is_set(tmp_path: Path) -> None:
    good, lines = await _examined(tmp_path)
    assert lines["mail"].startswith("–")
    async with MailServer() as server:
        url = server.url
        _, lines = await _examined(tmp_path, smtp_url=url)
        assert lines["mail"].startswith("✓")
        assert server.letters == []
        insists = url.replace("smtp:", "smtp+starttls:")
        good, lines = await _examined(tmp_path, smtp_url=insists)
        assert (good, lines["mail"][0]) == (False, "✗")
    good, lines = await _examined(tmp_path, smtp_url=url)
    assert not good
    assert "SMTP_HOST" in lines["mail"]


HALVES = {
    "slack_client_id": ("slack", "SLACK_CLIENT_SECRET", "nobody can sign in with Slack"),
    "slack_client_secret": ("slack", "SLACK_CLIENT_ID", "other workspaces cannot install"),
    "slack_bot_token": ("slack", "SLACK_SIGNING_SECRET", "Slack stays off"),
    "slack_app_token": ("slack", "SLACK_BOT_TOKEN", "nothing can be answered"),
    "discord_client_id": ("discord", "DISCORD_CLIENT_SECRET", "the bot itself wants DISCORD_TOKEN"),
    "discord_client_secret": ("discord", "DISCORD_CLIENT_ID", "nobody can sign in with Discord"),
    "notion_client_id": ("own", "NOTION_CLIENT_SECRET", "nobody can connect a Notion"),
    "notion_client_secret": ("own", "NOTION_CLIENT_ID", "nobody can connect a Notion"),
    "notion_parent": ("notion", "NOTION_TOKEN", "pages go to the local stand-in"),
    "openai_base_url": ("openai", "OPENAI_API_KEY", "it is not asked"),
    "deepseek_model": ("deepseek", "DEEPSEEK_API_KEY", "it is not asked"),
    "smtp_username": ("mail", "SMTP_HOST", "no mail is sent"),
    "smtp_password": ("mail", "SMTP_HOST", "no mail is sent"),
}


@pytest.mark.parametrize("given", HALVES)
async def test_half_of_what_belongs_together_is_told_with_its_cost(
    tmp_path: Path, given: str
) -> None:
    row, missing, cost = HALVES[given]
    value = "http://127.0.0.1:9/v1" if given.endswith("_url") else "half"
    good, rows = await _examined(tmp_path, **{given: value})
    assert not good
    assert rows[row].startswith("✗")
    assert missing in rows[row]
    assert cost in rows[row]
    assert [each for each in rows if rows[each].startswith("✗")] == [row]


@pytest.mark.parametrize("platform", ["slack", "discord"])
async def test_an_app_that_people_only_sign_in_with_is_whole(tmp_path: Path, platform: str) -> None:
    app = {f"{platform}_client_id": "1", f"{platform}_client_secret": "x"}
    good, rows = await _examined(tmp_path, **app)
    assert good
    assert f"Signing in with {platform.title()} is on" in rows[platform]


async def test_without_a_token_those_save_who_connected_their_own(tmp_path: Path) -> None:
    app = {"notion_client_id": "1", "notion_client_secret": "x"}
    _, rows = await _examined(tmp_path, **app, notion_base_url="http://127.0.0.1:9")
    assert rows["notion"].startswith("✓")
    assert "connected a Notion of their own" in rows["notion"]
    assert "stand-in" not in str(rows)


async def test_nobody_elsewhere_is_sent_to_an_address_of_this_machine(tmp_path: Path) -> None:
    app = {
        "notion_client_id": "1",
        "notion_client_secret": "x",
        "notion_base_url": "http://127.0.0.1:9",
    }
    _, rows = await _examined(tmp_path, **app)
    assert "create a subscription" not in rows["webhook"]
    assert "set PUBLIC_URL to an https address" in rows["webhook"]
    server = {"public_url": "https://notes.example.com", "secret_key": "k" * 32}
    _, rows = await _examined(tmp_path, **app, **server)
    assert "create a subscription to https://notes.example.com/notion/webhook" in rows["webhook"]
    async with SlackServer("secret", "xoxb-x", "xapp-x") as slack:
        way_in = {"slack_api_url": slack.api_url, "slack_bot_token": "xoxb-x"}
        _, rows = await _examined(tmp_path, **way_in, slack_signing_secret="secret")
        assert "Slack cannot reach that address" in rows["slack"]
        _, rows = await _examined(tmp_path, **way_in, slack_signing_secret="secret", **server)
        assert "cannot reach" not in rows["slack"]
        _, rows = await _examined(tmp_path, **way_in, slack_app_token="xapp-x")
        assert "cannot reach" not in rows["slack"]


async def _without_sockets(call: Call) -> Answer | None:
    refused = {"ok": False, "error": "unknown_method"}
    return Answer(refused) if "connections" in call.name else None


async def test_an_app_token_that_will_not_do_is_told(tmp_path: Path) -> None:
    async with SlackServer("secret", "xoxb-x", "xapp-x") as slack:
        given = {"slack_api_url": slack.api_url, "slack_bot_token": "xoxb-x"}
        good, rows = await _examined(tmp_path, **given, slack_app_token="xoxb-x")
        assert not good
        assert "of SLACK_APP_TOKEN, so no command comes. It begins with xapp-" in rows["slack"]
        good, rows = await _examined(tmp_path, **given, slack_app_token="xapp-x")
        assert good, rows["slack"]
    async with SlackServer("secret", "xoxb-x") as slack:
        # Other servers that speak Slack's protocol may have no such method.
        slack.hooks.before.append(_without_sockets)
        given["slack_api_url"] = slack.api_url
        good, rows = await _examined(tmp_path, **given, slack_app_token="xapp-x")
        assert good, rows["slack"]


async def test_a_plain_address_for_others_says_that_nobody_can_log_in(tmp_path: Path) -> None:
    key = {"secret_key": "k" * 32}
    _, rows = await _examined(tmp_path, public_url="http://192.168.1.5:8080", **key)
    assert "Nobody can log in" in rows["settings"]
    _, rows = await _examined(tmp_path, public_url="https://notes.example.com", **key)
    assert "log in" not in rows["settings"]


async def test_a_misspelt_setting_is_a_wrong_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("SLACK_BOT_TOKN=xoxb-secret\n")
    monkeypatch.setitem(Settings.model_config, "env_file", str(tmp_path / ".env"))
    good, rows = await _examined(tmp_path)
    assert not good
    assert "Did you mean SLACK_BOT_TOKEN?" in rows["settings"]
    assert "xoxb-secret" not in str(rows)


async def test_one_in_the_environment_is_told_and_another_programs_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URI", "redis://secret")
    good, rows = await _examined(tmp_path)
    assert good
    assert "Did you mean REDIS_URL? If another program reads it, all is well." in rows["settings"]
    monkeypatch.setenv("SLACK_BOT_TOKN", "xoxb-secret")
    good, rows = await _examined(tmp_path)
    assert not good
    assert "SLACK_BOT_TOKN in the environment is no setting" in rows["settings"]
    assert "secret" not in rows["settings"]
