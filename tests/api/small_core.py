"""A core for the API's tests: real accounts, history and limits, and a scripted writer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from core.accounts.accounts import Accounts
from core.accounts.links import Links
from core.announcing import Announcing
from core.config import Settings
from core.connecting import Connecting
from core.errors import AssistantError, ProviderFailed, Unauthorized, Unavailable
from core.history.history import History
from core.jobs.recognise import ERASED, GONE, announce
from core.limits.limits import Limits, Rules
from core.live import Feed, Feeds
from core.messages import Answer, Request
from core.notion.connections import Connections
from core.ports import Destination
from core.storage.content import Written
from core.storage.database import Database

PASSWORD = "a-wombat-reads-maps"
Script = Callable[["SmallCore", Request, Feed], Awaitable[Answer]]


async def written(core: SmallCore, request: Request, feed: Feed) -> Answer:
    """Writes two words, and makes a page where it is asked to."""
    for word in ("Hello, ", "world."):
        feed.add(word)
        await asyncio.sleep(0)
    return await core.keep(request, feed, "Hello, world.")


async def broken_off(core: SmallCore, request: Request, feed: Feed) -> Answer:
    """Writes a word, and its provider breaks off."""
    feed.add("Hello, ")
    error = ProviderFailed("OpenAI broke off.", retryable=True).to_json()
    note = "The answer ends early: OpenAI broke off."
    await core.keep(request, feed, "Hello,", note, error)
    return Answer("Hello,", notes=(note,), ok=False, error=error)


class SmallCore:
    """The core's accounts, history and limits, and a scripted writer."""

    def __init__(self, settings: Settings, database: Database, rules: Rules) -> None:
        self.settings = settings
        self.database = database
        self.accounts = Accounts(settings, database, cost=4)
        self.history = History(database)
        self.limits = Limits(settings, rules)
        self.begun: list[UUID] = []
        self.links = Links(settings, database, self.limits, self.begun.append)
        self.connecting = Connecting(
            settings, database, Connections(settings, database, None), {}, self.begun.append
        )
        self.announcing = Announcing(
            settings, database, self.connecting.connections, {}, self.begun.append
        )
        self.providers: dict[str, Any] = {"offline": SimpleNamespace(name="offline", model="tiny")}
        self.script: Script = written
        self.accepted: list[Request] = []
        self.components = {"database": "ok", "work": "ok"}
        self.places = [Destination("p1", "page", "Meeting notes", "https://notion.so/p1")]
        self.trouble: Exception | None = None
        self.accepting = asyncio.Condition()
        self._door = asyncio.Lock()
        self._feeds = Feeds()
        self._answers: dict[UUID, asyncio.Task[Answer]] = {}

    async def accept(self, request: Request) -> bool:
        if self.trouble is not None:
            raise self.trouble
        async with self._door, self.database.begin() as unit:
            fresh = await unit.inbox.add([request])
            if fresh and not await announce(unit, request):
                raise Unauthorized(ERASED)
        self.accepted.append(request)
        async with self.accepting:
            self.accepting.notify_all()
        if request.id in self._answers:
            return False
        self._answers[request.id] = asyncio.create_task(self._work(request))
        return True

    async def _work(self, request: Request) -> Answer:
        feed = self.feed(request.id)
        try:
            answer = await self.script(self, request, feed)
        except AssistantError as error:
            answer = Answer(error.message, ok=False, error=error.to_json())
        async with self.database.begin() as unit:
            await unit.inbox.answered(request.id, answer)
            kept = await unit.inbox.get(request.id)
            await unit.inbox.finish(request.id)
        answer = (kept and kept.answer) or GONE
        feed.finish(answer)
        return answer

    async def keep(
        self,
        request: Request,
        feed: Feed,
        text: str,
        note: str | None = None,
        error: dict[str, Any] | None = None,
    ) -> Answer:
        """Keeps the answer, and saves it where the call says so."""
        page = f"https://notion.so/{request.id}"
        save = request.call.command == "save-item"
        item = UUID(request.call.text) if save else request.id
        async with self.database.begin() as unit:
            if not save:
                user = UUID(request.sender.id)
                await unit.content.begin(item, user, request.call.text, None)
                written = Written(text, "offline", "tiny", note, 3, 4, error=error)
                await unit.content.finish(item, written)
            if save or request.call.has("save"):
                await unit.content.saved(item, "page", page)
                feed.saved(page)
                return Answer(text, page=page)
        return Answer(text)

    def feed(self, request_id: UUID) -> Feed:
        return self._feeds.of(request_id)

    async def result(self, request_id: UUID, feed: Feed, timeout: float) -> Answer:  # noqa: ARG002 - the port's
        try:
            async with asyncio.timeout(timeout):
                return await asyncio.shield(self._answers[request_id])
        except TimeoutError:
            raise Unavailable("The answer is taking long.", retry_after=30) from None

    async def destinations(self, query: str) -> list[Destination]:
        if self.trouble is not None:
            raise self.trouble
        return [place for place in self.places if query.lower() in place.title.lower()]

    async def ready(self) -> dict[str, str]:
        return self.components

    async def stop(self) -> None:
        for task in self._answers.values():
            task.cancel()
        await asyncio.gather(*self._answers.values(), return_exceptions=True)
        await self.accounts.post.close()
        await self.database.close()
