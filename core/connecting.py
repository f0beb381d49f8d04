"""Connecting Notion from chat: whose it will be, who may, and what the chat hears of it.

The link that `/notion settings notion` answers with, to the asker alone, stands for their chat
identity; nobody need have an account on the web. What is guarded against, and how:

- Somebody who merely sees the link gets nothing of its owner's by it: it can only give the owner a
  connection, never show or use one. The code stands behind the `#`, which browsers send to no
  server; it works once, for ten minutes, and is kept as a hash.
- Somebody who would plant a Notion of their own, so that what the owner saves lands there: the
  first browser that opens the link is the only one that can use it; the page says first which chat
  identity gets the connection, and goes on by a POST alone; and the owner is told at once in chat,
  by the same private way, which Notion it is and who agreed, with how to undo it.
- A link handed to somebody else, so that their Notion becomes the sender's: the page names the chat
  identity and asks, and Notion's own page asks which pages to share.
- Who may connect Notion for everybody in a workspace: whoever manages it, as the platform says.
"""

from __future__ import annotations

import hmac
from base64 import b32encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from uuid import UUID

from core.accounts.keys import derived_key
from core.accounts.tokens import token_hash
from core.config import Settings
from core.errors import (
    AssistantError,
    Forbidden,
    InvalidInput,
    NotFound,
    Unauthorized,
    Unavailable,
)
from core.messages import Call, Channel, Request, Workspace, stable_id
from core.notion.connected import Connected
from core.notion.connections import Connections
from core.notion.examining import Report
from core.notion.oauth import Granted
from core.ports import CanJudge, Platform
from core.storage.connect_codes import ConnectCode
from core.storage.connections import Holder, Row
from core.storage.database import Database, UnitOfWork
from core.storage.users import Identity

LIFE_SECONDS = 600
"""How long a link works."""

AWAY_SECONDS = 600
"""How long somebody may be at Notion's page after that."""

PAGE = "/connect"
"""The page that a link leads to; the code stands behind its `#`."""

CODE_CHARACTERS = 26
"""Five bits each."""

TOLD = "notion-connected"
"""The command that tells somebody in chat of their connection."""

_INVALID = (
    "This link is not valid, or not any more: it works once, for ten minutes. Type `/notion "
    "settings notion` where you chat for a new one."
)
_OTHERS = (
    "This link was opened in another browser first, and works in that one alone. If that was not "
    "you, type `/notion settings notion` again where you chat, and show the link to nobody."
)
_OFF = (
    "Notion cannot be connected here: the admin of this server has not set NOTION_CLIENT_ID and "
    "NOTION_CLIENT_SECRET."
)


@dataclass(frozen=True, slots=True)
class Wish:
    """Whose connection a link makes: a chat identity's, or its whole workspace's.

    `workspace` is what people call it. `before` is the Notion that is connected now.
    """

    identity: Identity
    workspace: str
    shared: bool
    before: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """One connection as those see it whose it is. `lost`: Notion does not accept it any more."""

    shared: bool
    name: str
    owner: str
    connected_by: str
    since: datetime
    lost: bool

    @classmethod
    def of(cls, row: Row) -> Standing:
        """What of it is no secret."""
        lost = row.lost_at is not None
        since = row.created_at
        return cls(row.holder.shared, row.name, row.owner, row.connected_by, since, lost)


class Connecting:
    """Codes, and the connections they make. `begin` has an accepted request begun."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        connections: Connections,
        platforms: Mapping[str, Platform],
        begin: Callable[[UUID], None],
    ) -> None:
        self._settings = settings
        self._database = database
        self._platforms = platforms
        self._begin = begin
        self.connections = connections

    @property
    def on(self) -> bool:
        """Whether people can connect a Notion of their own here."""
        return self.connections.grants.on

    # ── From chat ────────────────────────────────────────────────────────────────────────────────

    async def offer(self, request: Request, *, shared: bool = False) -> str:
        """A link by which the sender connects Notion, for themselves or for their workspace.

        The same for the same request. Raises Unavailable where this server has no integration,
        Forbidden where the sender does not manage the workspace, InvalidInput where there is none.
        """
        if not self.on:
            raise Unavailable(_OFF, retryable=False)
        if shared:
            await self.permit(request)
        code = self._code(request.id, shared=shared)
        ends = datetime.now(UTC) + timedelta(seconds=LIFE_SECONDS)
        async with self._database.begin() as unit:
            found = await unit.links.identity(request.sender)
            if found is None:
                raise NotFound("This chat identity is not known here any more. Ask again.")
            about = request.to_json()
            await unit.connect_codes.add(
                ConnectCode(token_hash(code), found[0].id, shared, about, ends)
            )
        return f"{self._settings.public_url}{PAGE}#code={code}"

    async def hint(self, request: Request) -> str | None:
        """What whoever has no connection that Notion accepts does about it, with the link; None
        where they have one. A workspace's own is mended by whoever manages it.
        """
        if not self.on:
            return None
        try:
            broken = await self.connections.broken()
            if broken is None and not await self.connections.missing():
                return None
            if broken is None or not broken.holder.shared:
                return f"Connect Notion: {await self.offer(request)}"
            try:
                link = await self.offer(request, shared=True)
            except AssistantError:
                own = await self.offer(request)
                return f"Until then, a Notion of your own can take its place: {own}"
            return f"Connect Notion again for everybody in this workspace: {link}"
        except AssistantError:
            return None

    async def standing(self, user_id: UUID, request: Request) -> list[Standing]:
        """The person's own connection and their workspace's, as far as there are."""
        async with self._database.read() as unit:
            rows = await unit.connections.chain(user_id, request.sender.platform, request.home)
        return [Standing.of(row) for row in rows]

    async def check(
        self, user_id: UUID, channel: Channel | None, workspace: Workspace | None = None
    ) -> Report:
        """What the connection of whoever asks sees and may do, and whether pages can go where
        they go. Raises what `Connected.examine` raises.
        """
        async with self._database.read() as unit:
            workspaces = [workspace] if workspace else []
            chosen = await unit.destinations.of(user_id, channel, workspaces)
        wanted = chosen.person or chosen.channel or chosen.workspace
        return await Connected(self.connections).examine(wanted)

    async def permit(self, request: Request) -> None:
        """Raises Forbidden where the sender does not manage the workspace they write in."""
        if not request.home:
            raise InvalidInput("There is no workspace here, so a connection can only be yours.")
        if request.address.get("manager") == "yes":
            return
        platform = self._platforms.get(request.sender.platform)
        if isinstance(platform, CanJudge) and await platform.manages(request.address):
            return
        raise Forbidden(
            "Only somebody who manages this workspace can connect Notion for everybody in it. "
            "`/notion settings notion` connects your own."
        )

    async def leave(self, user_id: UUID, request: Request, *, shared: bool) -> str:
        """Takes a connection away, and says what came of it. Twice is once."""
        holder = Holder(user_id)
        if shared:
            await self.permit(request)
            holder = Holder(None, request.sender.platform, request.home)
        return said_of_leaving(*await self.connections.disconnect(holder), shared=shared)

    def _code(self, request_id: UUID, *, shared: bool) -> str:
        """Made from the server's key, so that nobody has to keep it."""
        about = request_id.bytes + (b"shared" if shared else b"")
        return b32encode(hmac.digest(self._key, about, sha256)).decode()[:CODE_CHARACTERS]

    @cached_property
    def _key(self) -> bytes:
        return derived_key(self._settings.secret_keys[0], "connect-code")

    # ── In the browser ───────────────────────────────────────────────────────────────────────────

    async def preview(self, code: str, browser: str) -> Wish:
        """Whose connection it will be. From now on no other browser can use the link.

        Raises InvalidInput where the code is not known, was used or has ended, Forbidden where
        another browser opened it first.
        """
        async with self._database.begin() as unit:
            return (await self._wish(unit, code, browser))[1]

    async def confirm(self, code: str, browser: str) -> str:
        """What stands for the code while its owner is at Notion's page. Raises as `preview`."""
        if not self.on:
            raise Unavailable(_OFF, retryable=False)
        async with self._database.begin() as unit:
            return (await self._wish(unit, code, browser))[0]

    async def _wish(self, unit: UnitOfWork, code: str, browser: str) -> tuple[str, Wish]:
        hash_ = token_hash(code.rpartition("code=")[2].strip().upper())
        kept = await unit.connect_codes.get(hash_)
        if kept is None or kept.used_at is not None or kept.expires_at <= datetime.now(UTC):
            raise InvalidInput(_INVALID)
        if not await unit.connect_codes.bind(hash_, token_hash(browser)):
            raise Forbidden(_OTHERS)
        found = await unit.links.identity(kept.identity_id)
        if found is None:
            raise InvalidInput(_INVALID)
        identity, owner = found
        request = Request.from_json(kept.request)
        before = await unit.connections.of(_holder(kept, owner, request))
        workspace = request.address.get("workspace") or request.home
        return hash_, Wish(identity, workspace, kept.shared, before.name if before else None)

    async def finish(self, hash_: str, granted: Granted) -> Standing:
        """Keeps the connection that a code stands for, and has its owner told in chat.

        Raises InvalidInput where the code was used meanwhile or is long over.
        """
        async with self._database.begin() as unit:
            kept = await unit.connect_codes.get(hash_)
            last = datetime.now(UTC) - timedelta(seconds=AWAY_SECONDS)
            if kept is None or kept.expires_at <= last or not await unit.connect_codes.use(hash_):
                raise InvalidInput(_INVALID)
            found = await unit.links.identity(kept.identity_id)
            if found is None:
                raise InvalidInput(_INVALID)
        request = Request.from_json(kept.request)
        holder = _holder(kept, found[1], request)
        name, id_ = found[0].name or "somebody", found[0].external_id
        row = await self.connections.connect(holder, granted, name, id_)
        await self._tell(request, row)
        return Standing.of(row)

    async def finish_for(self, user_id: UUID, granted: Granted) -> Standing:
        """Keeps the connection of somebody who is logged in. Raises Unauthorized."""
        async with self._database.read() as unit:
            user = await unit.users.get(user_id)
        if user is None:
            raise Unauthorized("This account does not exist any more.")
        name = user.username or "somebody"
        return Standing.of(await self.connections.connect(Holder(user_id), granted, name))

    async def _tell(self, asked: Request, row: Row) -> None:
        flags: dict[str, str | bool] = {"name": row.name, "owner": row.owner}
        if row.holder.shared:
            flags["shared"] = True
        told = Request(
            stable_id(TOLD, str(asked.id), str(row.id), str(row.updated_at)),
            asked.sender,
            Call(TOLD, "", flags),
            dict(asked.address) | {"private": "yes"},
            asked.place,
        )
        async with self._database.begin() as unit:
            await unit.inbox.add([told])
        self._begin(told.id)


def said_of_leaving(row: Row | None, revoked: bool, *, shared: bool) -> str:
    """What is said once a connection was taken away. Pure."""
    whose = "This workspace has" if shared else "You have"
    if row is None:
        return f"{whose} no connection to Notion here."
    name = f" from “{row.name}”" if row.name else ""
    if revoked:
        return f"Disconnected{name}. Pages that were made stay in Notion."
    return (
        f"Disconnected{name}. Notion did not answer when its token was taken back, so remove the "
        "connection there too: Settings → Connections."
    )


def _holder(code: ConnectCode, owner: UUID, request: Request) -> Holder:
    if code.shared:
        return Holder(None, request.sender.platform, request.home)
    return Holder(owner)
