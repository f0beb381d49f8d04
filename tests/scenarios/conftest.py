"""A world, and the product in it."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the helpers beside the tests

from product import Product, World

Launch = Callable[..., Awaitable[Product]]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Notion, Slack, Discord and the AI providers, on loopback."""
    made = World()
    async with made.ai, made.notion, made.slack, made.discord:
        yield made


@pytest.fixture
async def launch(world: World, tmp_path: Path) -> AsyncIterator[Launch]:
    """Makes a product for these platforms, started unless told otherwise, ended with the test."""
    async with AsyncExitStack() as stack:

        async def go(
            *platforms: str, database_url: str | None = None, start: bool = True, **more: str
        ) -> Product:
            url = database_url or f"sqlite+aiosqlite:///{tmp_path}/data/test.db"
            product = Product(
                tmp_path,
                {
                    **world.environment(*platforms),
                    "DATABASE_URL": url,
                    "PUBLIC_URL": "https://notion-assistant.test",
                    "SECRET_KEY": "a-secret-key-that-is-made-up-for-tests",
                    **more,
                },
            )
            world.slack.deliver_to = f"{product.url}/slack/events"
            stack.push_async_callback(product.end)
            if start:
                await product.start()
            return product

        yield go
