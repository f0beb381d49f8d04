"""Tokens that rotate, against the stand-in: renewed in time, once, and kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.slack.adapter import SlackPlatform
from bot.slack.consent import ends
from core.accounts.installations import StoredInstallations
from core.errors import PlatformFailed
from core.ports import Installation
from sandbox.slack.payloads import farewell
from sandbox.traffic import Answer as Reaction
from sandbox.traffic import Call
from tests.bot.slack.test_installing import FIRST, Stage, staged

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """An app whose tokens rotate, installed in the first workspace."""
    async with staged(tmp_path) as made:
        made.first.consent.rotates = True
        await made.install(made.first)
        yield made


async def kept(stage: Stage) -> Installation:
    [one] = await stage.store.all("slack")
    assert isinstance(one, Installation)
    return one


async def ends_in(stage: Stage, left: timedelta) -> Installation:
    """Has the token end so soon."""
    changed = replace(await kept(stage), expires_at=datetime.now(UTC) + left)
    await stage.store.keep(changed)
    return changed


async def test_a_token_that_lasts_is_left_alone(stage: Stage) -> None:
    await stage.answer(stage.first)
    installed = await kept(stage)
    assert installed.token == FIRST
    assert installed.refresh.startswith("xoxe-")
    assert installed.expires_at is not None
    left = installed.expires_at - datetime.now(UTC)
    assert timedelta(hours=11) < left <= timedelta(hours=12)
    assert stage.first.consent.renewed == 0


async def test_in_the_last_two_hours_it_is_renewed_beside_the_answer(stage: Stage) -> None:
    before = await ends_in(stage, timedelta(hours=1))
    await stage.answer(stage.first)
    after = await kept(stage)
    assert stage.first.consent.renewed == 1
    assert (after.token, after.refresh) != (before.token, before.refresh)
    assert after.expires_at is not None
    assert after.expires_at - datetime.now(UTC) > timedelta(hours=11)
    assert after.updated_at == before.updated_at, "its admin agreed to nothing new"
    await stage.answer(stage.first)
    assert stage.first.consent.renewed == 1
    assert len(stage.first.answers()) == 2


async def test_a_token_that_ended_is_renewed_before_anything_is_sent(stage: Stage) -> None:
    stage.first.web_api.expired.add(FIRST)
    await ends_in(stage, timedelta(hours=-3))
    await stage.answer(stage.first)
    assert len(stage.first.answers()) == 1
    assert len(stage.first.traffic.calls("chat.postMessage")) == 1


async def test_a_token_that_ended_too_early_is_renewed_once_slack_says_so(stage: Stage) -> None:
    stage.first.web_api.expired.add(FIRST)
    await stage.answer(stage.first)
    assert stage.said(stage.first) == (2, 0), "once in vain"
    assert len(stage.first.answers()) == 1
    assert stage.first.consent.renewed == 1


async def test_many_answers_in_two_processes_renew_it_once(stage: Stage) -> None:
    stage.first.web_api.expired.add(FIRST)
    await ends_in(stage, timedelta(0))
    other = StoredInstallations(stage.settings, stage.store._database)
    platforms = [SlackPlatform(stage.settings, store) for store in (stage.store, other)]
    sent = [stage.answer(stage.first, platform=each) for each in platforms for _ in range(4)]
    await asyncio.gather(*sent)
    for each in platforms:
        await each.close()
    assert stage.first.consent.renewed == 1
    assert len(stage.first.answers()) == 8


async def test_whoever_gives_up_loses_no_token(stage: Stage) -> None:
    await ends_in(stage, timedelta(0))
    begun = asyncio.Event()

    async def slowly(call: Call) -> Reaction | None:
        if call.name == "oauth.v2.access":
            begun.set()
            await asyncio.sleep(0.2)
        return None

    stage.first.hooks.before.append(slowly)
    platform = SlackPlatform(stage.settings, stage.store)
    answer = asyncio.create_task(stage.answer(stage.first, platform=platform))
    await begun.wait()
    answer.cancel()
    await platform.close()
    assert stage.first.consent.renewed == 1
    assert (await kept(stage)).token.startswith("xoxe.xoxb-")


async def test_where_slack_gives_no_other_the_response_url_is_left(stage: Stage) -> None:
    before = await ends_in(stage, timedelta(0))
    await stage.store.keep(replace(before, refresh="xoxe-used-elsewhere"))
    platform = SlackPlatform(stage.settings, stage.store)
    for _ in range(2):
        await stage.answer(stage.first, platform=platform)
    assert stage.said(stage.first) == (0, 2)
    with pytest.raises(PlatformFailed, match=r"installs the app there again: .*/slack/install"):
        await platform.read(stage.address(stage.first, thread="1700000000.000100"))
    await platform.close()
    # Once for the installation, and once in vain: a refusal is not asked for again at once.
    assert len(stage.first.traffic.calls("oauth.v2.access")) == 2


async def test_the_tokens_lie_in_the_database_encrypted(stage: Stage, tmp_path: Path) -> None:
    await ends_in(stage, timedelta(hours=1))
    await stage.answer(stage.first)
    installed = await kept(stage)
    await stage.store._database.close()
    files = b"".join(path.read_bytes() for path in (tmp_path / "data").iterdir())
    for secret in (installed.token, installed.refresh):
        assert secret.encode() not in files


async def test_news_of_an_earlier_token_ends_no_installation(stage: Stage) -> None:
    await ends_in(stage, timedelta(hours=1))
    await stage.answer(stage.first)
    tokens = {"oauth": [], "bot": [stage.first.space.bot_user]}
    news = farewell(stage.first.space, {"type": "tokens_revoked", "tokens": tokens})
    assert (await stage.first._deliver("events_api", news)).status == 200
    await stage.answer(stage.first)
    assert stage.said(stage.first) == (2, 0)
    await stage.first.uninstall(news=["tokens_revoked"])
    assert await stage.store.all("slack") == []


async def test_another_installation_ends_the_rotation(stage: Stage) -> None:
    stage.first.consent.rotates = False
    await stage.install(stage.first)
    installed = await kept(stage)
    assert (installed.refresh, installed.expires_at) == ("", None)


@pytest.mark.parametrize(
    ("told", "seconds"), [(60, 60), (None, 43_200), (0, 43_200), ("x", 43_200)]
)
def test_where_slack_does_not_say_a_token_lasts_twelve_hours(told: object, seconds: int) -> None:
    assert ends({"expires_in": told}, NOW) - NOW == timedelta(seconds=seconds)
