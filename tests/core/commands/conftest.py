"""Commands on a real database and a stand-in for Notion, without a platform around them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import cache
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr

from core.accounts.choosing import Preferences
from core.accounts.links import Links
from core.announcing import Announcing
from core.captures import Captures
from core.commands.context import Context, Person
from core.commands.parse import parse
from core.commands.registry import COMMANDS
from core.config import Settings
from core.connecting import Connecting
from core.conversation import Conversation
from core.generation import Generation
from core.history.history import History
from core.limits.limits import Limits
from core.live import Feed
from core.messages import Answer, Call, Request, Sender
from core.notion.appending import Appending
from core.notion.client import NotionPages
from core.notion.connections import Connections
from core.notion.making import Patience
from core.notion.places import Places
from core.notion.saving import Saving
from core.notion.unconnected import Unconnected
from core.overview import Overviews
from core.ports import Pages, Provider
from core.providers.registry import providers
from core.ratings import Ratings
from core.storage.database import Database
from sandbox.notion.server import NotionServer
from tests.core.notion.saved import Steps

ASKED = providers(
    Settings(_env_file=None, openai_api_key="k", openai_model="gpt-x", deepseek_api_key="k")
)
Say = Callable[..., Awaitable[Answer]]


@cache
def settings() -> Settings:
    """The same for all: reading them takes as long as a short test."""
    return Settings(
        _env_file=None,
        database_url="postgresql://elsewhere/x",
        public_url="https://notes.example",
        secret_key="k" * 40,
    )


@pytest.fixture
async def notion() -> AsyncIterator[NotionServer]:
    async with NotionServer(rate_limit=None) as server:
        yield server


@pytest.fixture
def parent(notion: NotionServer) -> str | None:
    """Where pages go by default."""
    return notion.root_page_id


@pytest.fixture
async def pages(notion: NotionServer, parent: str | None) -> AsyncIterator[NotionPages]:
    client = NotionPages(
        notion.token, parent, notion.base_url, requests_per_minute=5000, patience=3
    )
    yield client
    await client.close()


@pytest.fixture
def links(database: Database) -> Links:
    return Links(settings(), database, Limits(settings()), lambda _: None)


@pytest.fixture
async def connecting(database: Database, notion: NotionServer) -> AsyncIterator[Connecting]:
    """Nobody manages a workspace of whom the address does not say so."""
    of_notion = {
        "notion_client_id": notion.grants.client_id,
        "notion_client_secret": SecretStr(notion.grants.client_secret),
        "notion_base_url": notion.base_url,
    }
    settled = settings().model_copy(update=of_notion)
    connections = Connections(settled, database, None)
    yield Connecting(settled, database, connections, {}, lambda _: None)
    await connections.close()


@pytest.fixture
def announcing(database: Database, connecting: Connecting) -> Announcing:
    """Nobody hears of anything where there is no platform."""
    return Announcing(settings(), database, connecting.connections, {}, lambda _: None)


@pytest.fixture
def say(
    database: Database,
    pages: Pages,
    links: Links,
    connecting: Connecting,
    announcing: Announcing,
) -> Say:
    """Carries out what a person types, or presses, in a channel."""

    async def run(
        line: str | Call,
        name: str = "ada",
        place: str = "T1:C1",
        *,
        connected: bool = True,
        platform: Any = None,
        address: Mapping[str, str] | None = None,
        providers: Mapping[str, Provider] | None = None,
    ) -> Answer:
        sender = Sender("slack", name, name, "T1")
        call = parse(line) if isinstance(line, str) else line
        request = Request(uuid4(), sender, call, address or {}, place)
        async with database.begin() as unit:
            user = await unit.users.of(sender)
            if providers is not None:
                # What nobody accepted, nobody wants written.
                await unit.inbox.add([request])
        reached = pages if connected else Unconnected()
        context = Context(
            request,
            Person(user.id),
            Feed(),
            Steps(),
            writer=Generation(database, providers or {}),
            saver=Saving(database, reached, "https://notes.example"),
            library=History(database),
            places=Places(database, reached),
            keeper=Captures(database, reached),
            links=links,
            preferences=Preferences(database, ASKED, Overviews(database, ASKED, reached)),
            voter=Ratings(database),
            connector=connecting,
            announcer=announcing,
            appender=Appending(
                database,
                reached,
                "https://notes.example",
                Patience(looks=(0.0, 0.01), other=1, poll=0.02),
            ),
            conversation=Conversation(database, platform, request),
            commands=COMMANDS,
        )
        command = COMMANDS[call.command]
        if command.admit is not None:
            await command.admit(context, call)
        return await command.run(context, call)

    return run
