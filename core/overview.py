"""What platforms show a person outside of answers: what there is to choose, and how they stand."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

import structlog

from core.errors import AssistantError
from core.history.history import MONTH
from core.messages import Channel, Sender, Workspace
from core.notion.whose import NOBODY, Whose, asking_for
from core.ports import Choice, Chosen, Linked, Overview, Pages, Provider
from core.preferences import Preferred, preferred
from core.storage.database import Database
from core.storage.spending import day_of
from core.templates import TEMPLATES

T = TypeVar("T")
log = structlog.get_logger(__name__)

PATIENCE = 1.7
"""Seconds for what Notion is asked: Slack and Discord wait three for a form or its choices."""

KNOWING = 0.3
"""Seconds for who it is that asks."""

FRESH, REMEMBERED = 20.0, 300.0
"""Seconds for which places that were found are not looked for again, and for which they count
where Notion does not answer in time. They are kept for each person apart.
"""

MOST_KNOWN = 500
"""Lists of places that one process keeps."""

MOST = 25
"""Choices that are offered at once; Discord shows no more, Slack a hundred."""

LAST_PAGES = 5
_LOOKED_AT = 50


class Overviews:
    """Implements `suggest`, `overview` and `preferred` of `core.ports.Intake`."""

    def __init__(
        self,
        database: Database,
        providers: Mapping[str, Provider],
        pages: Pages,
        *,
        connects: bool = False,
    ) -> None:
        self._database = database
        self._providers = providers
        self._pages = pages
        self._connects = connects
        self._known: OrderedDict[tuple[object, ...], tuple[float, list[Choice]]] = OrderedDict()

    async def suggest(
        self,
        kind: Chosen,
        words: str,
        *,
        provider: str = "",
        sender: Sender | None = None,
        workspace: Workspace | None = None,
    ) -> list[Choice]:
        """As `core.ports.Intake.suggest`."""
        if kind == "destination":
            return await self._destinations(words, sender, workspace)
        if kind == "template":
            choices = [Choice(name, name) for name in TEMPLATES]
        elif kind == "provider":
            asked = self._providers.items()
            choices = [Choice(name, f"{name} ({each.model})") for name, each in asked]
        else:
            named = self._providers.get(provider.strip().lower())
            choices = [
                Choice(each.model, f"{each.model} ({name})")
                for name, each in self._providers.items()
                if named in (None, each)
            ]
        wanted = words.casefold().split()
        return [one for one in choices if all(word in one.label.casefold() for word in wanted)]

    async def overview(
        self, sender: Sender, channel: Channel | None, workspace: Workspace | None = None
    ) -> Overview:
        """As `core.ports.Intake.overview`."""
        who = await self._whose(sender, workspace)
        with asking_for(who):
            default = await self._in_time(self._pages.destination(None))
        provider = next(iter(self._providers))
        async with self._database.read() as unit:
            user = await unit.users.find(sender)
            rows = []
            if self._connects:
                known = None if user is None else user.id
                rows = await unit.connections.chain(known, sender.platform, who.workspace)
            notion = tuple(
                Linked(row.holder.shared, row.name, row.owner, row.lost_at is not None)
                for row in rows
            )
            if user is None:
                bare = Overview(default=default, provider=provider, notion=notion)
                return replace(bare, model=self._model(None, provider), connects=self._connects)
            identities = await unit.users.identities(user.id)
            if workspace is None and sender.workspace:
                workspace = Workspace(sender.platform, sender.workspace)
            shared = [workspace] if workspace else []
            chosen = await unit.destinations.of(user.id, channel, shared)
            items = await unit.content.page(user.id, limit=_LOOKED_AT)
            today = datetime.now(UTC)
            spent = await unit.spending.spent(user.id, day_of(today), day_of(today - MONTH))
        first = preferred(user.preferences, self._providers)
        saved = [item for item in items if item.notion_url]
        return Overview(
            account=user.username if user.has_account else None,
            identities=tuple((each.platform, each.name) for each in identities),
            own=chosen.person,
            channel=chosen.channel,
            default=default,
            workspace=chosen.workspace,
            provider=first.provider or provider,
            template=first.template,
            model=self._model(first.model, first.provider or provider),
            saves=first.saves,
            pages=tuple((item.prompt, item.notion_url or "") for item in saved[:LAST_PAGES]),
            requests=sum(each.month.requests for each in spent),
            tokens=sum(each.month.input_tokens + each.month.output_tokens for each in spent),
            notion=notion,
            connects=self._connects,
        )

    def _model(self, chosen: str | None, provider: str) -> str:
        return chosen or self._providers[provider].model

    async def preferred(self, sender: Sender) -> Preferred:
        """As `core.ports.Intake.preferred`."""
        async with self._database.read() as unit:
            user = await unit.users.find(sender)
        return preferred(user.preferences if user else {}, self._providers)

    async def _destinations(
        self, words: str, sender: Sender | None, workspace: Workspace | None
    ) -> list[Choice]:
        """What the connections of whoever types see. What was found lately is not asked for again,
        and counts for a while where Notion does not answer in time.
        """
        who = await self._whose(sender, workspace)
        wanted = " ".join(words.split())
        key = (who.user_id, who.platform, who.workspace, wanted.casefold())
        at, known = self._known.get(key, (0.0, []))
        if known and time.monotonic() - at < FRESH:
            return known
        with asking_for(who):
            found = await self._in_time(self._pages.destinations(wanted, MOST))
        if found is None:
            return known if time.monotonic() - at < REMEMBERED else []
        choices = [Choice(place.id, place.title or "Untitled") for place in found]
        self._known[key] = time.monotonic(), choices
        self._known.move_to_end(key)
        while len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        return choices

    async def _whose(self, sender: Sender | None, workspace: Workspace | None) -> Whose:
        """On whose behalf Notion is asked; nobody's where that cannot be told in time."""
        if sender is None:
            return NOBODY
        home = workspace.id if workspace else sender.workspace
        nobody = Whose(None, sender.platform, home)
        try:
            async with asyncio.timeout(KNOWING), self._database.read() as unit:
                user = await unit.users.find(sender)
        except (AssistantError, TimeoutError) as error:
            log.info("nobody knows who chooses", reason=getattr(error, "message", "too slow"))
            return nobody
        return Whose(user, sender.platform, home)

    async def _in_time(self, asked: Awaitable[T]) -> T | None:
        try:
            async with asyncio.timeout(PATIENCE):
                return await asked
        except (AssistantError, TimeoutError) as error:
            log.info("notion not asked in time", reason=getattr(error, "message", "too slow"))
            return None
