"""Items to be saved, as the product keeps them, and the stand-in that they are saved to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from uuid import UUID, uuid4

from core.messages import Call, Request, Sender
from core.notion.client import NotionPages
from core.notion.saving import Patience, Saving
from core.storage.content import Written
from core.storage.database import Database
from core.storage.migrate import migrate
from sandbox.notion.server import NotionServer

T = TypeVar("T")
SENDER = Sender("console", "someone")


@dataclass(frozen=True, slots=True)
class Desk:
    """A database, and what saves its items to Notion."""

    database: Database
    saving: Saving

    async def add(self, prompt: str, text: str) -> UUID:
        """Keeps an answer."""
        item = uuid4()
        async with self.database.begin() as uow:
            user = await uow.users.of(SENDER)
            await uow.content.begin(item, user.id, prompt, None)
            await uow.content.finish(
                item, Written(text, "offline", "smollm2", None, input_tokens=1, output_tokens=2)
            )
        return item

    async def save(self, item: UUID) -> str:
        """One request to save it, to its end."""
        request = Request(uuid4(), SENDER, Call("save-item"))
        async with self.database.begin() as uow:
            await uow.inbox.add([request])
        try:
            return await self.saving.save(_at_once, request.id, item, None)
        finally:
            async with self.database.begin() as uow:
                await uow.inbox.finish(request.id)


async def _at_once(_name: str, run: Callable[[], Awaitable[T]]) -> T:
    """A step of a job that nothing interrupts."""
    return await run()


@asynccontextmanager
async def desk(
    directory: Path, notion: NotionServer, requests_per_minute: int, patience: Patience
) -> AsyncIterator[Desk]:
    """A new database in `directory`, and a client of `notion` that keeps this pace."""
    database = Database(f"sqlite+aiosqlite:///{directory}/items.db")
    pages = NotionPages(notion.token, notion.root_page_id, notion.base_url, requests_per_minute)
    try:
        await migrate(database)
        yield Desk(database, Saving(database, pages, "https://notes.example", patience))
    finally:
        await pages.close()
        await database.close()
