"""What the application carries, typed, and what it needs of the core."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

from aiohttp import web

from core.accounts.accounts import Accounts
from core.accounts.links import Links
from core.announcing import Announcing
from core.config import Settings
from core.connecting import Connecting
from core.history.history import History
from core.limits.limits import Limits
from core.live import Feed
from core.messages import Answer, Request
from core.ports import Destination, Provider
from core.storage.database import Database


class Core(Protocol):
    """The core, as HTTP needs it. `core.assistant.Assistant` is one."""

    @property
    def settings(self) -> Settings: ...

    @property
    def database(self) -> Database: ...

    @property
    def accounts(self) -> Accounts: ...

    @property
    def links(self) -> Links: ...

    @property
    def connecting(self) -> Connecting: ...

    @property
    def announcing(self) -> Announcing: ...

    @property
    def history(self) -> History: ...

    @property
    def limits(self) -> Limits: ...

    @property
    def providers(self) -> Mapping[str, Provider]: ...

    async def accept(self, request: Request) -> bool:
        """As `core.ports.Intake.accept`."""
        ...

    def feed(self, request_id: UUID) -> Feed:
        """The answer while it grows, where this process carries the request out."""
        ...

    async def result(self, request_id: UUID, feed: Feed, timeout: float) -> Answer:
        """The answer once it is done, in whatever process. Raises Unavailable after `timeout` s."""
        ...

    async def destinations(self, query: str) -> list[Destination]:
        """Pages and data sources that may be saved to."""
        ...

    async def ready(self) -> dict[str, str]:
        """Each part this process needs, and "ok" or what is wrong with it."""
        ...


CORE = web.AppKey[Core]("core")
CLOSING = web.AppKey("closing", asyncio.Event)
"""Set when the server stops: whoever waits for an answer is told to come back."""

STREAMS = web.AppKey("streams", Counter[UUID])
"""How many event streams each person has open here."""

PATIENCE = web.AppKey("patience", float)
"""Seconds in which a request's body has to come."""

REQUEST_ID = web.RequestKey("request_id", str)
