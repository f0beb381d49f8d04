"""What a server would look like after three months, for pictures of it: people, days, an audit log.

Written into its database beside it, for no route lets anybody write the past.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import create_async_engine

from core.accounts.allowance import NAME
from core.messages import Sender
from core.origin import Origin, asked_from
from core.storage.account_tables import audit
from core.storage.database import Database, UnitOfWork
from core.storage.spending import Day, day_of

FROM = "203.0.113.77"
PEOPLE = ("ben", "chandra", "dmitri", "elif", "fatima")
MODELS = (("openai", "gpt-5.5"), ("anthropic", "claude-sonnet-5-5"), ("offline", "tiny"))
CHATS = (
    Sender("slack", "U024BE7LH", "Ada Lovelace", "T024BE7LD"),
    Sender("discord", "80351110224678912", "ada"),
    Sender("console", "ada", "ada"),
)
ACTS = (
    ("ada", "ada", "allowance.changed", "no limit a person, no limit in all → 400,000 a person"),
    ("ben", "ben", "identity.linked", "slack T024BE7LD Ben"),
    (
        "ben",
        "ben",
        "page.saved",
        "https://www.notion.so/Release-call-1f0c2f396f0a4c399a530a3d3a0f6f54",
    ),
    ("ada", "chandra", "user.role", "admin"),
    ("chandra", "chandra", "token.made", "nightly export"),
    ("ada", "dmitri", "user.disabled", ""),
    ("elif", "elif", "password.changed", ""),
    ("chandra", "chandra", "destination.chosen", "Meeting notes"),
    ("ada", "elif", "user.allowance", "50,000 tokens, $5.00"),
)


async def seed_months(address: str) -> UUID:
    """Fills the database at this address, where Ada has an account; the id of Ben's."""
    database = Database(address)
    now = datetime.now(UTC)
    ids: dict[str, UUID] = {}
    async with database.begin() as unit:
        ada = await unit.users.by_login("ada")
        assert ada is not None  # noqa: S101 - the pictures are of her server
        ids["ada"] = ada.id
        for name in PEOPLE:
            ids[name] = (await unit.users.add(f"{name}@example.org", name, None)).id
        for chat in CHATS:
            await unit.links.merge((await unit.users.of(chat)).id, ada.id)
        for number, (name, who) in enumerate(ids.items()):
            for back in range(90):
                await _day(unit, who, now - timedelta(days=back), back, number)
            if name == "dmitri":
                await unit.people.change(who, disabled_at=now)
        await unit.people.change(ids["elif"], allowance=50_000, allowance_dollars=5.0)
        await unit.people.change(ids["chandra"], role="admin")
        await unit.people.choose(NAME, {"person": 400_000, "server": 2_000_000})
        with asked_from(Origin(address=FROM)):
            for actor, subject, action, target in ACTS:
                await unit.audit.note(action, ids[actor], subject=ids[subject], target=target)
    await database.close()
    await _spread(address, now)
    return ids["ben"]


async def _spread(address: str, now: datetime) -> None:
    """Has what was noted be of the last days."""
    engine = create_async_engine(address)
    async with engine.begin() as connection:
        for number, (_, _, action, _) in enumerate(ACTS):
            when = now - timedelta(hours=7 * (len(ACTS) - number), minutes=13 * number)
            seeded = (audit.c.action == action, audit.c.address == FROM)
            await connection.execute(update(audit).where(*seeded).values(created_at=when))
    await engine.dispose()


async def _day(unit: UnitOfWork, who: UUID, day: datetime, back: int, person: int) -> None:
    """A day of somebody's: less on weekends, more of late, and some days nothing."""
    wave = (back * 7 + person * 5) % 11
    if wave < 2 or (day.weekday() > 4 and wave < 7):
        return
    for number, (provider, model) in enumerate(MODELS[: 1 + (back + person) % 3]):
        requests = 1 + (wave + number) % 6
        tokens = requests * (900 - 5 * back + 60 * number) // (1 + number + person)
        spent = Day(day_of(day), provider, model, requests, tokens // 4, tokens)
        await unit.spending.add(who, spent)
