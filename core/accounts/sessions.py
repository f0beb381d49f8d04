"""A person's sessions: where they are logged in, and ending that."""

from __future__ import annotations

from uuid import UUID

from core.errors import NotFound
from core.storage.database import Database
from core.storage.sessions import LoginSession


class Sessions:
    """Lists and ends sessions. An ended session's access tokens end with it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, user_id: UUID) -> list[LoginSession]:
        """A person's sessions, the last used first."""
        async with self._database.read() as uow:
            return await uow.sessions.of(user_id)

    async def end(self, user_id: UUID, session_id: UUID) -> None:
        """Ends one of them. Raises NotFound where they have no such."""
        async with self._database.begin() as uow:
            if not await uow.sessions.end(user_id, session_id):
                raise NotFound("You have no such session. `GET /auth/sessions` lists yours.")
            await uow.audit.note("session.ended", user_id)

    async def end_others(self, user_id: UUID, but: UUID | None) -> int:
        """Ends all of them except one, and says how many."""
        async with self._database.begin() as uow:
            ended = await uow.sessions.end_all(user_id, but)
            await uow.audit.note("session.ended", user_id, target=f"{ended} others")
        return ended
