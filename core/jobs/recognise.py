"""Whose request it is."""

from __future__ import annotations

from uuid import UUID

from core.commands.generate import COMMAND as GENERATE
from core.errors import Unauthorized
from core.messages import WEB, Answer, Request
from core.storage.database import UnitOfWork

ERASED = "This account does not exist any more."

GONE = Answer(ERASED, ok=False, private=True, error=Unauthorized(ERASED).to_json())
"""The answer to a request whose person was erased."""


async def recognise(unit: UnitOfWork, request: Request) -> UUID | None:
    """Notes whose request it is; None where they were erased, and then nothing of it stays."""
    if request.sender.platform == WEB:
        user_id = UUID(request.sender.id)
        if not await unit.users.hold(user_id):
            await unit.inbox.drop(request.id)
            return None
    else:
        user_id = (await unit.users.of(request.sender)).id
    await unit.inbox.belongs_to(request.id, user_id)
    return user_id


async def announce(unit: UnitOfWork, request: Request) -> bool:
    """Notes at once what somebody over HTTP is told of at once: whose it is, and its item.

    From then on the item can be read, deleted and erased. False where the person was erased.
    """
    if request.sender.platform != WEB:
        return True
    user_id = await recognise(unit, request)
    if user_id is None:
        return False
    call = request.call
    if call.command == GENERATE.name:
        await unit.content.begin(request.id, user_id, call.text, call.value("template"))
    return True
