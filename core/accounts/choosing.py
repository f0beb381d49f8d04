"""Reading and keeping what people chose for themselves."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from core.messages import Channel, Sender, Workspace
from core.overview import Overviews
from core.ports import Overview
from core.preferences import Preferred, checked, preferred
from core.storage.database import Database


class Preferences:
    """Reads and keeps preferences. Implements `core.commands.context.Preferences`."""

    def __init__(
        self, database: Database, providers: Collection[str], overviews: Overviews
    ) -> None:
        self._database = database
        self._providers = tuple(providers)
        self._overviews = overviews

    @property
    def providers(self) -> tuple[str, ...]:
        """The providers there are to choose, in the server's order."""
        return self._providers

    async def choose(self, user_id: UUID, chosen: Mapping[str, str | None]) -> None:
        """Keeps choices by name; None takes one back. Raises InvalidInput."""
        values = {
            name: None if value is None else checked(name, value, self._providers)
            for name, value in chosen.items()
        }
        async with self._database.begin() as unit:
            await unit.users.change_preferences(user_id, values, self._providers)
            await unit.audit.note("settings.changed", user_id, target=", ".join(values))

    async def chosen(self, user_id: UUID) -> Preferred:
        """What of a person's choices this server can do."""
        async with self._database.read() as unit:
            user = await unit.users.get(user_id)
        return preferred(user.preferences if user else {}, self._providers)

    async def overview(
        self, sender: Sender, channel: Channel | None, workspace: Workspace | None = None
    ) -> Overview:
        """How somebody stands."""
        return await self._overviews.overview(sender, channel, workspace)
