"""Whose request it is."""

from __future__ import annotations

from uuid import UUID

import structlog

from core.commands.follow import COMMAND as FOLLOW
from core.commands.generate import COMMAND as GENERATE
from core.commands.link import LINKED
from core.errors import DISABLED, Forbidden, Unauthorized
from core.live import Feed
from core.messages import WEB, Answer, Request
from core.origin import Origin
from core.preferences import preferred
from core.storage.database import UnitOfWork
from core.storage.inbox import Accepted
from core.storage.users import User
from core.templates import shape

log = structlog.get_logger(__name__)

ERASED = "This account does not exist any more."

GONE = Answer(ERASED, ok=False, private=True, error=Unauthorized(ERASED).to_json())
"""The answer to a request whose person was erased."""

OFF = Answer(DISABLED, ok=False, private=True, error=Forbidden(DISABLED).to_json())
"""The answer to a request of somebody whose account an admin has switched off."""


_TRIES = 3


async def recognise(unit: UnitOfWork, request: Request, *, started: bool = False) -> UUID | None:
    """Notes whose request it is, and where that is so that its work has begun.

    None where they were erased, and then nothing of it stays.
    """
    if request.sender.platform == WEB:
        user_id = UUID(request.sender.id)
        if not await unit.users.hold(user_id):
            await unit.inbox.drop(request.id)
            return None
    else:
        user_id = await _known(unit, request)
    await unit.inbox.belongs_to(request.id, user_id, started=started)
    return user_id


async def recognised(unit: UnitOfWork, request: Request) -> str | None:
    """The same as a step keeps it: the person's id, and "off" where an admin has switched them off.

    In one step: one more would not be known to work that began before. Whoever is off is answered
    so in this moment: that is how `known_before` knows of it.
    """
    user = await _user(unit, await recognise(unit, request, started=True))
    if user is None:
        return None
    if user.disabled_at is None:
        return str(user.id)
    if is_asked(request):
        await unit.inbox.answered(request.id, OFF)
    return f"{user.id} off"


async def known_before(unit: UnitOfWork, accepted: Accepted) -> str | None:
    """What `recognised` says of a request whose person was noted, and may have an account by now.

    They may have parted from it since, too: what was asked while it was theirs stays the account's.
    And it goes on as it began, whether they were switched off since or on: steps that were kept
    come in the order they came in then.
    """
    user = await _user(unit, await unit.inbox.owner(accepted.request.id))
    if user is None:
        return None
    return f"{user.id} off" if accepted.answer == OFF else str(user.id)


async def _user(unit: UnitOfWork, user_id: UUID | None) -> User | None:
    return await unit.users.get(user_id) if user_id else None


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


def origin_of(request: Request) -> Origin:
    """Where a request comes from, as the audit log names it."""
    sender = request.sender
    if sender.platform == WEB:
        return Origin(request.address.get("from", ""))
    return Origin(" ".join(filter(None, (sender.platform, sender.workspace))))


def is_asked(request: Request) -> bool:
    """Whether a person asks for it; what the server does by itself goes on."""
    return request.call.command not in (LINKED.name, FOLLOW.name)


def gone(feed: Feed) -> bool:
    """Ends what is shown of a request whose person is gone; False: nothing of it may stay."""
    log.info("somebody was erased before their request was carried out")
    feed.finish(GONE)
    return False
