"""A stand-in that can be made to fail, a client on it, and items to save."""

from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID, uuid4

import pytest

from core.messages import Call, Request, Sender
from core.notion.client import NotionPages
from core.notion.saving import Patience, Saving
from core.storage.content import Written
from core.storage.database import Database
from sandbox.notion.hooks import Faults
from sandbox.notion.server import NotionServer
from tests.core.notion.saved import PUBLIC_URL


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
async def notion(faults: Faults) -> AsyncIterator[NotionServer]:
    async with NotionServer(hooks=faults, rate_limit=None) as server:
        yield server


@pytest.fixture
async def pages(notion: NotionServer) -> AsyncIterator[NotionPages]:
    client = NotionPages(
        notion.token, notion.root_page_id, notion.base_url, requests_per_minute=5000, patience=6
    )
    yield client
    await client.close()


@pytest.fixture
def add_item(database: Database) -> Callable[..., Awaitable[UUID]]:
    """Keeps a finished answer of a person."""

    async def add(text: str, prompt: str = "Write it", note: str | None = None) -> UUID:
        content_id = uuid4()
        async with database.begin() as uow:
            user = await uow.users.of(Sender("console", "someone"))
            await uow.content.begin(content_id, user.id, prompt, None)
            await uow.content.finish(
                content_id,
                Written(text, "offline", "smollm2", note, input_tokens=1, output_tokens=2),
            )
        return content_id

    return add


@pytest.fixture
def add_request(database: Database) -> Callable[[], Awaitable[UUID]]:
    """Accepts a request, as the one that saves."""

    async def add() -> UUID:
        request = Request(uuid4(), Sender("console", "someone"), Call("save-item"))
        async with database.begin() as uow:
            await uow.inbox.add([request])
        return request.id

    return add


@pytest.fixture
def saving(database: Database, pages: NotionPages) -> Saving:
    return Saving(database, pages, PUBLIC_URL, Patience(looks=(0.0, 0.01), other=2, poll=0.02))
