"""Whose request it is."""

from __future__ import annotations

from uuid import UUID

from core.commands.generate import COMMAND as GENERATE
from core.errors import Unauthorized
from core.messages import WEB, Answer, Request
from core.preferences import preferred
from core.storage.database import UnitOfWork
from core.templates import shape

ERASED = "This account does not exist any more."

GONE = Answer(ERASED, ok=False, private=True, error=Unauthorized(ERASED).to_json())
"""The answer to a request whose person was erased."""


_TRIES = 3


async def recognise(unit: UnitOfWork, request: Request) -> UUID | None:
    """Notes whose request it is; None where they were erased, and then nothing of it stays."""
    if request.sender.platform == WEB:
        user_id = UUID(request.sender.id)
        if not await unit.users.hold(user_id):
            await unit.inbox.drop(request.id)
            return None
    else:
        user_id = await _known(unit, request)
    await unit.inbox.belongs_to(request.id, user_id)
    return user_id


async def _known(unit: UnitOfWork, request: Request) -> UUID:
    """Whoever the sender is, held: they may become part of an account, or part from it, now."""
    for _ in range(_TRIES):
        user = await unit.users.of(request.sender)
        if await unit.users.hold(user.id):
            break
    return user.id


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
        await unit.content.begin(request.id, user_id, call.text, await _template(unit, request))
    return True


async def _template(unit: UnitOfWork, request: Request) -> str | None:
    named = request.call.value("template")
    if named is None:
        user = await unit.users.get(UUID(request.sender.id))
        return preferred(user.preferences if user else {}, ()).template
    return shape(named)
