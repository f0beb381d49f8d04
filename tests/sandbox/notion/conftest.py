from collections.abc import AsyncIterator

import pytest
from notion_client import AsyncClient

from sandbox.notion.server import NotionServer
from tests.sandbox.notion.samples import client_of


@pytest.fixture
async def server() -> AsyncIterator[NotionServer]:
    async with NotionServer() as running:
        yield running


@pytest.fixture
async def notion(server: NotionServer) -> AsyncIterator[AsyncClient]:
    client = client_of(server)
    yield client
    await client.aclose()
