"""What people think of answers: 👍 and 👎."""

from __future__ import annotations

from uuid import UUID

from core.errors import NotFound
from core.metrics import RATINGS
from core.storage.database import Database


class Ratings:
    """Keeps votes. Implements `core.commands.context.Voter`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def rate(self, user_id: UUID, item: UUID, *, good: bool) -> None:
        """Keeps what a person thinks of an answer; their latest word counts.

        Raises NotFound where it is not there any more, or was never written.
        """
        async with self._database.begin() as unit:
            content = await unit.content.get(item)
            if content is None or content.text is None:
                raise NotFound("That answer is not there any more, so it cannot be rated.")
            new = await unit.ratings.rate(item, user_id, good=good)
        if new:
            RATINGS.labels(content.provider or "unknown", "yes" if good else "no").inc()
