"""How each part does, as admins see it: what is asked, what is remembered, what is set in part."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from aiohttp.test_utils import TestClient

from api.parts import Part, parts, slack_is_set, slack_lacks
from core import pulse as pulses
from core.config import Settings
from core.messages import Call, Request, Sender
from core.metrics import Standing, delivered
from core.pulse import provider_pulse, pulse
from tests.api.small_core import SmallCore


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process in which nothing has happened yet."""
    monkeypatch.setattr(pulses, "_PULSES", {})


@pytest.fixture
def settings(sqlite_url: str) -> Settings:
    return Settings(
        _env_file=None,
        database_url=sqlite_url,
        secret_key="k" * 40,
        slack_bot_token="xoxb-1",
        slack_signing_secret="s",
        discord_token="d",
    )


async def part(core: SmallCore, name: str) -> Part:
    [found] = [each for each in await parts(core) if each.name == name]
    return found


@pytest.mark.parametrize(
    ("given", "on", "lacks"),
    [
        ({}, False, ""),
        ({"slack_bot_token": "xoxb"}, False, "nothing is heard"),
        ({"slack_bot_token": "xoxb", "slack_signing_secret": "s"}, True, ""),
        ({"slack_bot_token": "xoxb", "slack_app_token": "xapp"}, True, ""),
        ({"slack_signing_secret": "s"}, False, "no token to answer with"),
        ({"slack_app_token": "xapp", "slack_client_id": "1"}, False, "no token to answer with"),
        (
            {"slack_signing_secret": "s", "slack_client_id": "1", "slack_client_secret": "2"},
            True,
            "",
        ),
    ],
)
def test_slack_that_is_set_in_part_is_not_on(given: dict[str, str], on: bool, lacks: str) -> None:
    settings = Settings(_env_file=None, **given)
    assert slack_is_set(settings) is on
    assert lacks in slack_lacks(settings)
    assert bool(lacks) is bool(slack_lacks(settings))


async def test_a_platform_that_nobody_listens_to_needs_care_and_says_what_to_start(
    core: SmallCore, client: TestClient
) -> None:
    assert client is not None
    found = await part(core, "Discord")
    assert (found.state, found.last) == ("bad", None)
    assert "notion-assistant run --only discord" in found.told
    now = datetime.now(UTC)
    async with core.database.begin() as unit:
        await unit.heartbeats.keep("discord", now - timedelta(minutes=5))
    assert (await part(core, "Discord")).state == "bad"
    async with core.database.begin() as unit:
        await unit.heartbeats.keep("discord", now)
    found = await part(core, "Discord")
    assert (found.state, found.told, found.last) == ("on", "Another process listens", now)


async def test_a_connection_is_told_of_as_it_stands(core: SmallCore, client: TestClient) -> None:
    assert client is not None
    standing = Standing("discord")
    assert (await part(core, "Discord")).state == "bad"
    standing.made()
    found = await part(core, "Discord")
    assert (found.state, found.told, found.last) == ("on", "Connected", None)
    assert found.since is not None
    delivered("discord", "command")
    assert (await part(core, "Discord")).last is not None
    standing.lost()
    assert "connects anew" in (await part(core, "Discord")).told
    standing.failed("Discord cannot be reached. Try again later.")
    found = await part(core, "Discord")
    assert (found.state, found.told) == ("bad", "Discord cannot be reached. Try again later")
    standing.made()
    assert (await part(core, "Discord")).state == "on"


async def test_a_platform_that_comes_to_us_is_on_once_it_came(
    core: SmallCore, client: TestClient
) -> None:
    assert client is not None
    pulse("slack").begin()
    found = await part(core, "Slack")
    assert (found.state, found.last) == ("waiting", None)
    assert "/slack/events; nothing was delivered there yet" in found.told
    delivered("slack", "command")
    found = await part(core, "Slack")
    assert found.state == "on"
    assert found.last is not None


async def test_a_platform_that_could_not_start_says_why(
    core: SmallCore, client: TestClient
) -> None:
    assert client is not None
    pulse("slack").fail("Slack does not accept SLACK_APP_TOKEN.")
    found = await part(core, "Slack")
    assert (found.state, found.told) == ("bad", "Slack does not accept SLACK_APP_TOKEN")


async def test_a_provider_is_as_it_was_when_it_was_last_asked(
    core: SmallCore, client: TestClient
) -> None:
    assert client is not None
    assert (await part(core, "offline")).state == "waiting"
    provider_pulse("offline").hear()
    assert (await part(core, "offline")).state == "on"
    provider_pulse("offline").fail("It is overloaded.")
    found = await part(core, "offline")
    assert (found.state, found.told) == ("bad", "tiny. It is overloaded")
    provider_pulse("offline").hear()
    assert (await part(core, "offline")).state == "on"


async def test_what_is_under_way_is_counted(core: SmallCore, client: TestClient) -> None:
    assert client is not None
    assert (await part(core, "Work")).told == "Takes requests; none is under way"
    async with core.database.begin() as unit:
        await unit.inbox.add([Request(uuid4(), Sender("slack", "U1"), Call("help"))])
    assert "1 is under way, the oldest came" in (await part(core, "Work")).told


async def test_redis_that_does_not_answer_needs_care(sqlite_url: str) -> None:
    from core.limits.limits import Limits

    settings = Settings(_env_file=None, redis_url="redis://127.0.0.1:1/0")
    limits = Limits(settings)
    assert await limits.reaches_redis() is False
    await limits.close()
    assert await Limits(Settings(_env_file=None)).reaches_redis() is None


async def test_the_status_over_http_is_for_admins(
    client: TestClient, ada: dict[str, str], join: object
) -> None:
    response = await client.get("/admin/status", headers=ada)
    assert response.status == 200
    found = {each["name"]: each for each in (await response.json())["parts"]}
    assert set(found) == {
        "Database", "Redis", "Work", "Slack", "Discord", "offline", "Notion", "Mail",
    }  # fmt: skip
    assert found["Discord"]["state"] == "bad"
    eve = await join("eve")  # type: ignore[operator]
    assert (await client.get("/admin/status", headers=eve)).status == 403
