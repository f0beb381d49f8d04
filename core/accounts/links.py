"""Joining a chat identity and an account, and parting them again.

From chat: `/notion link` answers, to the asker alone, with a code that stands for their identity.
Whoever is logged in on the web and hands it in has the identity joined to their account. From the
web: a shorter code stands for the account, and is typed in chat as `/notion link CODE`.

What is guarded against, and how:

- The code is the secret. It is shown to one person in one private answer, works once, for ten
  minutes, and is kept as a hash. The link carries it behind the `#`, which browsers send to no
  server: it is in no access log, no Referer, and no preview of the link ever sees it. GET changes
  nothing, so a prefetcher joins nothing.
- Somebody who merely saw the link: without an account they can do nothing. The first account that
  looks at a code is the only one that can use it, so a link seen over a shoulder or on a shared
  screen is worth nothing once its owner has opened it; and the page says so where somebody else was
  first. What remains is somebody who sees it and confirms before its owner opens it: the answer
  says to show it to nobody, and whoever is joined is told at once in chat, by the same private way,
  to whom, and how to undo it: for a day all that came with the identity is given back (`leave`,
  `not_me`), even where the other one has parted it from their account meanwhile. Why the chat is
  not asked beforehand: docs/decisions/0009-who-saw-the-link.md.
- A link that somebody hands to another, so that their own identity joins the other's account: the
  page says who is about to be joined and what that person will see, and asks.
- Guessing: 130 bits in a link. A typed code has 50, and after five wrong ones in ten minutes a
  person has to wait (RFC 6819, 4.4.1.3; RFC 8628, 5.1).
- An identity that belongs to an account is never taken from it: it has to part first, in chat.
"""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import b32encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from uuid import UUID

from core.accounts.keys import derived_key
from core.accounts.tokens import token_hash
from core.config import Settings
from core.errors import Conflict, Forbidden, InvalidInput, NotFound, Unauthorized
from core.limits.limits import Limits
from core.messages import Call, Request, Sender, stable_id
from core.storage.database import Database, UnitOfWork
from core.storage.links import LinkCode
from core.storage.users import Identity, User

LIFE_SECONDS = 600
"""How long a code works."""

LINK_CHARACTERS = 26
"""Of a code in a link: five bits each."""

TYPED_CHARACTERS = 10
"""Of a code that is typed."""

LIMIT = "link"
"""The rule that wrong codes count against."""

_INVALID = (
    "This code is not valid, or not any more: it works once, for ten minutes. Type `/notion link` "
    "where you chat for a new one."
)
_INVALID_TYPED = (
    "This code is not valid, or not any more: it works once, for ten minutes. Get a new one on the "
    "web, or type `/notion link` alone."
)


@dataclass(frozen=True, slots=True)
class Joined:
    """A chat identity that is, or is about to be, an account's.

    `workspace` is what people call it, where the platform says; its id otherwise.
    """

    identity: Identity
    workspace: str


@dataclass(frozen=True, slots=True)
class _Offer:
    code: LinkCode
    request: Request
    joined: Joined
    owner: UUID


class Links:
    """Codes, and what they join. `begin` has an accepted request begun."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        limits: Limits,
        begin: Callable[[UUID], None],
    ) -> None:
        self._settings = settings
        self._database = database
        self.limits = limits
        self._begin = begin

    # ── From chat to the web ─────────────────────────────────────────────────────────────────────

    async def offer(self, request: Request) -> bool:
        """Makes the code of this request's sender; False where they have an account already."""
        async with self._database.begin() as unit:
            identity, owner = await _identity(unit, request.sender)
            if _has_account(await unit.users.get(owner)):
                return False
            hash_ = token_hash(self.code(request.id))
            ends = datetime.now(UTC) + timedelta(seconds=LIFE_SECONDS)
            about = {"request": request.to_json()}
            await unit.links.add(LinkCode(hash_, identity.id, None, about, ends, used_at=None))
        return True

    def code(self, request_id: UUID) -> str:
        """The code of a request: made from the server's key, so that nobody has to keep it."""
        return _characters(hmac.digest(self._key, request_id.bytes, sha256))[:LINK_CHARACTERS]

    def url(self, code: str) -> str:
        """The page's address, with the code behind the `#`; without where it is empty."""
        page = f"{self._settings.public_url.rstrip('/')}/link"
        return f"{page}#code={code}" if code else page

    @cached_property
    def _key(self) -> bytes:
        return derived_key(self._settings.secret_keys[0], "link-code")

    async def preview(self, user_id: UUID, code: str) -> Joined:
        """Who would be joined to this account. From now on no other account can use the code.

        Raises what `confirm` raises.
        """
        async with self._guarded(str(user_id)), self._database.begin() as unit:
            offer = await self._offer(unit, user_id, code)
            claimed = offer.code.address | {"claimed_by": str(user_id)}
            await unit.links.readdress(offer.code.hash, claimed)
        return offer.joined

    async def confirm(self, user_id: UUID, code: str) -> Joined:
        """Joins the identity that a code stands for to this account, and has the chat hear of it.

        Its history, pages, settings and what is being written become the account's; the person it
        was before is forgotten. Raises InvalidInput where the code is not known or has ended,
        Conflict where it was used or the identity is another account's, Forbidden where another
        account looked at it first, RateLimited after five wrong ones, and Unauthorized where the
        account is gone.
        """
        asks_first = self._settings.link_confirmation == "chat"
        async with self._guarded(str(user_id)), self._database.begin() as unit:
            offer = await self._offer(unit, user_id, code)
            account = await unit.users.get(user_id)
            if asks_first and account is not None and offer.owner != user_id:
                claim = {"claimed_by": str(user_id), "asks": str(user_id)}
                await unit.links.readdress(offer.code.hash, offer.code.address | claim)
                notice = _notice(offer.request, account, "link-asked")
                await unit.inbox.add([notice])
            else:
                notice = await self._join(unit, offer, account, user_id)
        self._begin(notice.id)
        if notice.call.command == "link-asked":
            raise Conflict(_ASKED)
        return offer.joined

    async def _join(
        self, unit: UnitOfWork, offer: _Offer, account: User | None, user_id: UUID
    ) -> Request:
        if offer.owner != user_id:
            came = await unit.brought.note(offer.joined.identity.id, offer.owner)
            await unit.links.readdress(offer.code.hash, offer.code.address | {"came": came})
        if account is None or not await _joined(unit, offer.owner, user_id):
            raise Unauthorized("This account does not exist any more.")
        await unit.links.use(offer.code.hash)
        await unit.audit.note("identity.linked", user_id, target=_named(offer.joined.identity))
        notice = _notice(offer.request, account)
        await unit.inbox.add([notice])
        return notice

    async def accept(self, sender: Sender) -> None:
        """Joins whoever says yes to the account that asked for them; twice is once.

        Raises InvalidInput where nobody asks, or not any more, and Conflict where the identity is
        another account's.
        """
        async with self._database.begin() as unit:
            identity, owner = await _identity(unit, sender)
            code = await unit.links.asking(identity.id)
            asks = code.address.get("asks") if code else None
            if code is None or asks is None:
                raise InvalidInput(_NOBODY_ASKS)
            if owner == UUID(asks):
                return
            if code.used_at is not None or code.expires_at <= datetime.now(UTC):
                raise InvalidInput(_NOBODY_ASKS)
            if _has_account(await unit.users.get(owner)):
                raise Conflict(_TAKEN)
            came = await unit.brought.note(identity.id, owner)
            await unit.links.readdress(code.hash, code.address | {"came": came})
            if not await unit.links.merge(owner, UUID(asks)):
                raise InvalidInput(_NOBODY_ASKS)
            await unit.links.use(code.hash)
            await unit.audit.note("identity.linked", UUID(asks), target=_named(identity))

    async def _offer(self, unit: UnitOfWork, user_id: UUID, code: str) -> _Offer:
        kept = await unit.links.code(_hash(code))
        if kept is None or kept.identity_id is None:
            raise InvalidInput(_INVALID)
        if kept.address.get("claimed_by", str(user_id)) != str(user_id):
            raise Forbidden(
                "This code was opened with another account, and works with that one alone. If that "
                "was not you, type `/notion link` again where you chat, and show the code to "
                "nobody."
            )
        if kept.used_at is not None:
            raise Conflict(
                "This code was used already: it works once. `GET /auth/me` and `/notion settings` "
                "say what is linked."
            )
        if kept.expires_at <= datetime.now(UTC):
            raise InvalidInput(_INVALID)
        identity, owner = await _identity(unit, kept.identity_id)
        if owner != user_id and _has_account(await unit.users.get(owner)):
            raise Conflict(_TAKEN)
        request = Request.from_json(kept.address["request"])
        workspace = request.address.get("workspace") or identity.workspace
        return _Offer(kept, request, Joined(identity, workspace), owner)

    # ── From the web to chat ─────────────────────────────────────────────────────────────────────

    async def web_code(self, user_id: UUID) -> str:
        """A code that joins whoever types it in chat to this account; the one before it ends."""
        code = _characters(secrets.token_bytes(16))[:TYPED_CHARACTERS]
        ends = datetime.now(UTC) + timedelta(seconds=LIFE_SECONDS)
        async with self._database.begin() as unit:
            if not await unit.users.hold(user_id):
                raise Unauthorized("This account does not exist any more.")
            await unit.links.add(LinkCode(token_hash(code), None, user_id, {}, ends, used_at=None))
        half = TYPED_CHARACTERS // 2
        return f"{code[:half]}-{code[half:]}"

    async def redeem(self, sender: Sender, code: str) -> None:
        """Joins whoever typed a code to the account that it stands for; twice is once.

        Raises InvalidInput where the code is not known, was used or has ended, Conflict where the
        identity is another account's, RateLimited after five wrong ones.
        """
        who = f"{sender.platform}:{sender.workspace}:{sender.id}"
        async with self._guarded(who), self._database.begin() as unit:
            kept = await unit.links.code(_hash(code))
            if kept is None or kept.user_id is None:
                raise InvalidInput(_INVALID_TYPED)
            identity, owner = await _identity(unit, sender)
            if owner == kept.user_id:
                await unit.links.use(kept.hash)
                return
            if kept.used_at is not None or kept.expires_at <= datetime.now(UTC):
                raise InvalidInput(_INVALID_TYPED)
            if _has_account(await unit.users.get(owner)):
                raise Conflict(_TAKEN)
            if not await unit.links.merge(owner, kept.user_id):
                raise InvalidInput(_INVALID_TYPED)
            await unit.links.use(kept.hash)
            await unit.audit.note("identity.linked", kept.user_id, target=_named(identity))

    # ── Apart again ──────────────────────────────────────────────────────────────────────────────

    async def account(self, user_id: UUID) -> str | None:
        """The account of this person, as others may see it named; None where they have none."""
        async with self._database.read() as unit:
            user = await unit.users.get(user_id)
        return account_name(user) if user is not None and _has_account(user) else None

    async def leave(self, sender: Sender, user_id: UUID, *, not_me: bool = False) -> bool:
        """Parts a chat identity from the account `user_id`; False where they have none.

        What there was stays with the account. `not_me`: it was linked by somebody else, within a
        day; what came with it is given back, also where they have parted it from their account
        meanwhile. Twice is once. Raises Conflict where nobody could log in to the account any more.
        """
        async with self._database.begin() as unit:
            identity, owner = await _identity(unit, sender)
            has_account = _has_account(await unit.users.get(owner))
            code = await unit.links.used(identity.id) if not_me else None
            came = code.address.get("came") if code else None
            if has_account and owner == user_id:
                owner = await _part(unit, identity, owner)
            elif has_account or came is None:
                return owner != user_id
            if code is not None and came is not None:
                await unit.brought.give_back(identity.id, owner, came)
                address = {name: code.address[name] for name in code.address if name != "came"}
                await unit.links.readdress(code.hash, address)
                await unit.audit.note("identity.undone", owner, target=_named(identity))
        return True

    async def unlink(self, user_id: UUID, identity_id: UUID) -> None:
        """Parts one of an account's identities from it.

        Raises NotFound where it has no such, Conflict where nobody could log in to it any more.
        """
        async with self._database.begin() as unit:
            found = await unit.links.identity(identity_id)
            if found is None or found[1] != user_id:
                raise NotFound("You have no such identity. `GET /auth/me` lists yours.")
            await _part(unit, found[0], user_id)

    @asynccontextmanager
    async def _guarded(self, who: str) -> AsyncIterator[None]:
        """Counts wrong codes, and takes none after too many."""
        async with self.limits.turn(LIMIT, who):
            try:
                yield
            except InvalidInput:
                await self.limits.hit(LIMIT, who)
                raise


_ASKED = (
    "One step is left: where you chat, type `/notion link yes` within ten minutes. Until then "
    "nobody is joined."
)
_NOBODY_ASKS = (
    "Nobody asks to be joined with you, or not any more. Type `/notion link` alone for a new link."
)
_TAKEN = (
    "This chat identity is linked to another account. Type `/notion unlink` where you chat first, "
    "then `/notion link` again."
)


def account_name(user: User) -> str:
    """An account as its owner knows it, and nobody learns more: `ada (a…@example.com)`."""
    if user.email is None:
        return user.username or ""
    local, at, host = user.email.partition("@")
    return f"{user.username} ({local[:1]}…{at}{host})"


def _has_account(user: User | None) -> bool:
    return user is not None and user.has_account


async def _identity(unit: UnitOfWork, which: UUID | Sender) -> tuple[Identity, UUID]:
    found = await unit.links.identity(which)
    if found is None:
        # Erased between the word and this.
        raise NotFound("This chat identity is not known here any more. Type `/notion link` again.")
    return found


async def _part(unit: UnitOfWork, identity: Identity, owner: UUID) -> UUID:
    """Parts an identity from an account that can be entered without it; whose it is then."""
    account = await unit.users.get(owner)
    # With an email address there is a password, or a way to a new one.
    if account is not None and account.email is None:
        others = [each for each in await unit.users.identities(owner) if each.id != identity.id]
        if not others:
            raise Conflict(
                "This is the only way to log in to the account. Connect another one first, or "
                "delete the account."
            )
    person = await unit.links.detach(identity.id)
    await unit.audit.note("identity.unlinked", owner, target=_named(identity))
    return person


def _named(identity: Identity) -> str:
    """An identity as the audit log names it."""
    return " ".join(filter(None, (identity.platform, identity.workspace, identity.name)))


async def _joined(unit: UnitOfWork, owner: UUID, account: UUID) -> bool:
    return owner == account or await unit.links.merge(owner, account)


def _notice(asked: Request, account: User, what: str = "linked") -> Request:
    """What tells or asks the person in chat, on the same private way as the code."""
    return Request(
        stable_id(what, str(asked.id)),
        asked.sender,
        Call(what, account_name(account)),
        asked.address,
        asked.place,
    )


def _characters(random: bytes) -> str:
    return b32encode(random).decode()


def _hash(code: str) -> str:
    """The hash of a code as people type or paste it: in any case, with hyphens, or a whole link."""
    return token_hash(re.sub(r"[\s-]", "", code.rpartition("code=")[2]).upper())
