from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core.accounts.installations import StoredInstallations
from core.config import Settings
from core.errors import Misconfigured
from core.ports import Installation
from core.storage.database import Database
from core.storage.tables import installations as table

TOKEN = "xoxb-of-the-first-workspace"
OLD, NEW = "old-key-" * 5, "new-key-" * 5
NOON = datetime(2026, 11, 25, 12, 0, 0, 500_000, tzinfo=UTC)


def kept_in(database: Database, keys: str = OLD, **more: Any) -> StoredInstallations:
    return StoredInstallations(Settings(_env_file=None, secret_key=keys), database, **more)


def installed(workspace: str = "T1", enterprise: str = "", **changes: Any) -> Installation:
    values: dict[str, Any] = {
        "platform": "slack",
        "enterprise": enterprise,
        "workspace": workspace,
        "name": "Acme",
        "bot_user": "U0BOT",
        "scopes": ("chat:write", "commands"),
        "token": TOKEN,
        "installed_by": "U1",
        "updated_at": NOON,
    }
    return Installation(**(values | changes))


async def tokens_at_rest(database: Database) -> list[str]:
    async with database.engine.connect() as connection:
        return list((await connection.execute(select(table.c.token))).scalars())


async def test_an_installation_is_given_back_as_it_was_kept(database: Database) -> None:
    await kept_in(database).keep(installed())
    assert await kept_in(database).of("slack", "", "T1") == installed()
    for other in (("slack", "", "T2"), ("discord", "", "T1"), ("slack", "", "")):
        assert await kept_in(database).of(*other) is None


async def test_the_token_is_encrypted_at_rest_and_in_no_description(database: Database) -> None:
    await kept_in(database).keep(installed())
    [kept] = await tokens_at_rest(database)
    assert TOKEN not in kept
    assert kept.startswith("gAAAA")
    assert TOKEN not in repr(await kept_in(database).of("slack", "", "T1"))


async def test_installing_again_replaces_the_token(database: Database) -> None:
    await kept_in(database).keep(installed())
    later = installed(token="xoxb-later", updated_at=NOON + timedelta(hours=1))
    store = kept_in(database)
    assert await store.of("slack", "", "T1") == installed()
    await store.keep(later)
    assert await store.of("slack", "", "T1") == later
    assert len(await tokens_at_rest(database)) == 1


async def test_a_workspace_that_joins_an_organisation_is_kept_once(database: Database) -> None:
    store = kept_in(database)
    await store.keep(installed())
    await store.keep(installed(enterprise="E1", token="xoxb-joined"))
    assert len(await tokens_at_rest(database)) == 1
    for enterprise in ("", "E1"):
        found = await store.of("slack", enterprise, "T1")
        assert found is not None
        assert found.token == "xoxb-joined"


async def test_an_organisation_serves_its_workspaces_and_no_others(database: Database) -> None:
    store = kept_in(database)
    whole = installed("", "E1", token="xoxb-org")
    await store.keep(whole)
    assert await store.of("slack", "E1", "T1") == whole
    assert await store.of("slack", "E1", "") == whole
    assert await store.of("slack", "", "T1") is None
    assert await store.of("slack", "E2", "T1") is None


async def test_of_two_that_serve_a_workspace_the_newest_speaks(database: Database) -> None:
    store = kept_in(database)
    await store.keep(installed("T1", "E1"))
    await store.keep(installed("", "E1", token="xoxb-org", updated_at=NOON + timedelta(1)))
    found = await store.of("slack", "E1", "T1")
    assert found is not None
    assert found.token == "xoxb-org"
    await store.keep(installed("T1", "E1", updated_at=NOON + timedelta(2)))
    found = await store.of("slack", "E1", "T1")
    assert found is not None
    assert found.token == TOKEN


async def test_forgetting_one_leaves_the_others(database: Database) -> None:
    store = kept_in(database)
    for each in (installed("T1", "E1"), installed("T2", "E1"), installed("", "E1")):
        await store.keep(each)
    # A delivery need not name the organisation.
    assert await store.forget("slack", "", "T1") is True
    assert await store.forget("slack", "", "T1") is False
    assert [(each.enterprise, each.workspace) for each in await store.all("slack")] == [  # type: ignore[union-attr]
        ("E1", "T2"),
        ("E1", ""),
    ]
    assert await store.forget("slack", "E1", "") is True
    assert await store.of("slack", "E1", "T1") is None
    assert await store.of("slack", "E1", "T2") == installed("T2", "E1")


async def test_late_news_of_an_older_installation_leaves_the_newer_one(database: Database) -> None:
    store = kept_in(database)
    await store.keep(installed())
    assert await store.forget("slack", "", "T1", NOON) is False
    assert await store.of("slack", "", "T1") == installed()
    assert await store.forget("slack", "", "T1", NOON + timedelta(seconds=1)) is True
    assert await store.of("slack", "", "T1") is None


async def test_what_was_read_is_remembered_until_it_changes_or_is_doubted(
    database: Database,
) -> None:
    here, elsewhere = kept_in(database), kept_in(database)
    await here.keep(installed())
    assert await here.of("slack", "", "T1") == installed()
    later = installed(token="xoxb-later")
    await elsewhere.keep(later)
    assert await here.of("slack", "", "T1") == installed()
    assert await here.of("slack", "", "T1", fresh=True) == later
    assert await here.of("slack", "", "T1") == later
    assert await kept_in(database, fresh=0).of("slack", "", "T1") == later


async def test_a_token_is_read_with_an_older_key_and_written_with_the_newest(
    database: Database,
) -> None:
    await kept_in(database, OLD).keep(installed())
    rotated = kept_in(database, f"{NEW},{OLD}")
    assert await rotated.of("slack", "", "T1") == installed()
    await rotated.keep(installed("T2"))
    new = kept_in(database, NEW)
    assert await new.of("slack", "", "T2") == installed("T2")
    with pytest.raises(Misconfigured, match=r"Acme.*Add that key at the end of SECRET_KEY") as told:
        await new.of("slack", "", "T1")
    assert TOKEN not in told.value.message
    broken, good = await new.all("slack")
    assert isinstance(broken, Misconfigured)
    assert good == installed("T2")


async def test_a_process_that_keeps_none_needs_no_key(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, public_url="https://notion-assistant.test")
    StoredInstallations(settings, Database(f"sqlite+aiosqlite:///{tmp_path}/x.db"))


# ── Tokens that rotate ───────────────────────────────────────────────────────────────────────────


def rotating(**changes: Any) -> Installation:
    return installed(**({"refresh": "xoxe-1", "expires_at": NOON + timedelta(hours=12)} | changes))


async def test_one_process_alone_renews_a_token(database: Database) -> None:
    one, two = kept_in(database), kept_in(database)
    await one.keep(rotating())
    assert await one.of("slack", "", "T1") == rotating()
    assert await one.claim(rotating(), 30)
    assert not await two.claim(rotating(), 30)
    ends = NOON + timedelta(hours=24)
    assert await one.renew(rotating(), "xoxb-2", "xoxe-2", ends)
    after = rotating(token="xoxb-2", refresh="xoxe-2", expires_at=ends)
    assert await two.of("slack", "", "T1") == after
    assert not await two.claim(rotating(), 30), "that one was renewed"
    assert await two.claim(after, 30), "nobody renews the next one yet"


async def test_a_claim_ends_by_itself(database: Database) -> None:
    one, two = kept_in(database), kept_in(database)
    await one.keep(rotating())
    assert await one.claim(rotating(), -1)
    assert await two.claim(rotating(), 30)


async def test_what_was_renewed_does_not_replace_a_newer_installation(database: Database) -> None:
    one = kept_in(database)
    await one.keep(rotating())
    newer = rotating(
        token="xoxb-new", refresh="", expires_at=None, updated_at=NOON.replace(hour=13)
    )
    await one.keep(newer)
    assert not await one.renew(rotating(), "xoxb-2", "xoxe-2", NOON + timedelta(hours=24))
    assert await one.of("slack", "", "T1") == newer
    await one.forget("slack", "", "T1")
    assert not await one.claim(rotating(), 30)


async def test_a_state_is_new_once_in_all_processes(database: Database) -> None:
    assert await kept_in(database).first("a-state")
    assert not await kept_in(database).first("a-state")
    assert await kept_in(database).first("another-state")
