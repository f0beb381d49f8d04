"""The gateway: sessions that are identified, fed, resumed and taken away.

docs.discord.com/developers/events/gateway. Frames are plain JSON text; compression is optional
for a server, and discord.py takes either.
"""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from sandbox.discord.shapes import (
    application_flags,
    as_shown,
    guild_create_json,
    member_json,
    user_json,
)
from sandbox.discord.world import CONTENT_INTENT, DM, PRIVILEGED, World

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT = 0, 1, 2, 6, 7
REQUEST_MEMBERS, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 8, 9, 10, 11

AUTHENTICATION_FAILED, DISALLOWED_INTENTS, NOT_AUTHENTICATED, DECODE_ERROR = 4004, 4014, 4003, 4002

# Events a session hears only with an intent: (in a guild, in direct messages).
INTENTS = {
    "GUILD_CREATE": (1 << 0, 0),
    "MESSAGE_CREATE": (1 << 9, 1 << 12),
    "MESSAGE_UPDATE": (1 << 9, 1 << 12),
    "MESSAGE_DELETE": (1 << 9, 1 << 12),
    "MESSAGE_REACTION_ADD": (1 << 10, 1 << 13),
    "MESSAGE_REACTION_REMOVE": (1 << 10, 1 << 13),
}

Json = dict[str, Any]


@dataclass
class Session:
    """One identified client; `sent` holds every event for a later resume."""

    id: str
    intents: int
    shard: tuple[int, int]
    socket: web.WebSocketResponse | None
    sent: list[Json] = field(default_factory=list)

    def hears(self, name: str, data: Json) -> bool:
        """Whether intents and shard let this event through."""
        guild_id = data.get("guild_id") or (data["id"] if name == "GUILD_CREATE" else None)
        place = (int(guild_id) >> 22) % self.shard[1] if guild_id else 0
        if place != self.shard[0]:
            return False
        if name not in INTENTS:
            return True
        needed = INTENTS[name][0 if guild_id else 1]
        return bool(self.intents & needed)

    def seen(self, name: str, data: Json, world: World) -> Json:
        """The event as this session sees it: without message content unless it may read it."""
        if name not in ("MESSAGE_CREATE", "MESSAGE_UPDATE") or self.intents & CONTENT_INTENT:
            return data
        return as_shown(world, data, private="guild_id" not in data)


class Gateway:
    """All sessions. `heartbeat` is the interval asked for, in seconds.

    `deaf` keeps sockets open and answers nothing, the way a half-dead connection does.
    `acknowledges` False takes heartbeats and acknowledges none; `resumes` False answers nothing to
    who wants to resume or identify, as a gateway in trouble.
    """

    def __init__(self, world: World, token: str, changed: Callable[[], None]) -> None:
        self.world = world
        self.token = token
        self.changed = changed
        self.heartbeat = 41.25
        self.deaf = False
        self.acknowledges = True
        self.resumes = True
        self.sessions: dict[str, Session] = {}
        self.identified = 0
        self.resumed = 0
        self._sockets: set[web.WebSocketResponse] = set()
        self._forgotten: set[web.WebSocketResponse] = set()

    @property
    def privileged(self) -> int:
        """What the developer portal allows of the privileged intents."""
        return self.world.privileged

    @privileged.setter
    def privileged(self, intents: int) -> None:
        self.world.privileged = intents

    @property
    def url(self) -> str:
        """The websocket's address."""
        return self.world.base_url.replace("http://", "ws://", 1) + "/gateway/"

    @property
    def connected(self) -> list[Session]:
        """The sessions that have a socket now."""
        return [one for one in self.sessions.values() if one.socket is not None]

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """The websocket route: hello, then whatever the client sends until it goes."""
        socket = web.WebSocketResponse(max_msg_size=4096)
        await socket.prepare(request)
        self._sockets.add(socket)
        hello = {"heartbeat_interval": int(self.heartbeat * 1000), "_trace": ["sandbox"]}
        await self._send(socket, HELLO, hello)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT and not self._is_deaf(socket):
                    await self._take(socket, message.data)
        finally:
            self._sockets.discard(socket)
            self._forgotten.discard(socket)
            for session in self.connected:
                if session.socket is socket:
                    session.socket = None
            self.changed()
        return socket

    async def _take(self, socket: web.WebSocketResponse, text: str) -> None:
        try:
            frame = json.loads(text)
            code, data = frame["op"], frame.get("d")
        except (ValueError, KeyError, TypeError):
            await socket.close(code=DECODE_ERROR)
            return
        if code in (IDENTIFY, RESUME) and not self.resumes:
            return
        if code == HEARTBEAT:
            if not self.acknowledges:
                return
            await self._send(socket, HEARTBEAT_ACK, None)
        elif code == IDENTIFY:
            await self._identify(socket, data)
        elif code == RESUME:
            await self._resume(socket, data)
        elif not any(one.socket is socket for one in self.connected):
            await socket.close(code=NOT_AUTHENTICATED)
        elif code == REQUEST_MEMBERS:
            await self._send_members(data)

    async def _identify(self, socket: web.WebSocketResponse, data: Json) -> None:
        if data.get("token", "").removeprefix("Bot ") != self.token:
            await socket.close(code=AUTHENTICATION_FAILED, message=b"Authentication failed.")
            return
        intents = int(data.get("intents", 0))
        if intents & PRIVILEGED & ~self.privileged:
            await socket.close(code=DISALLOWED_INTENTS, message=b"Disallowed intent(s).")
            return
        number, total = data.get("shard") or (0, 1)
        session = Session(secrets.token_hex(16), intents, (number, total), socket)
        self.sessions[session.id] = session
        self.identified += 1
        await self._dispatch(session, "READY", self._ready(session))
        for guild in self.world.installed():
            created = guild_create_json(self.world, guild)
            if session.hears("GUILD_CREATE", created):
                await self._dispatch(session, "GUILD_CREATE", created)
        self.changed()

    def _ready(self, session: Session) -> Json:
        guilds = [{"id": one.id, "unavailable": True} for one in self.world.installed()]
        return {
            "v": 10,
            "user": user_json(self.world.bot)
            | {"mfa_enabled": True, "verified": True, "email": None},
            "guilds": guilds,
            "private_channels": [],
            "session_id": session.id,
            "resume_gateway_url": self.url,
            "shard": list(session.shard),
            "application": {
                "id": self.world.application_id,
                "flags": application_flags(self.world),
            },
        }

    async def _resume(self, socket: web.WebSocketResponse, data: Json) -> None:
        if data.get("token", "").removeprefix("Bot ") != self.token:
            await socket.close(code=AUTHENTICATION_FAILED, message=b"Authentication failed.")
            return
        session = self.sessions.get(data.get("session_id", ""))
        if session is None:
            await self._send(socket, INVALID_SESSION, False)
            return
        session.socket = socket
        for event in [one for one in session.sent if one["s"] > int(data.get("seq") or 0)]:
            await socket.send_json(event)
        self.resumed += 1
        await self._dispatch(session, "RESUMED", {})
        self.changed()

    async def _send_members(self, data: Json) -> None:
        guild = self.world.guilds.get(str(data.get("guild_id")))
        if guild is None:
            return
        people = [self.world.users[one] for one in guild.members]
        chunk: Json = {
            "guild_id": guild.id,
            "members": [member_json(one) | {"user": user_json(one)} for one in people],
            "chunk_index": 0,
            "chunk_count": 1,
        }
        if "nonce" in data:
            chunk["nonce"] = data["nonce"]
        await self.dispatch("GUILD_MEMBERS_CHUNK", chunk)

    async def dispatch(self, name: str, data: Json) -> int:
        """Sends an event to every session that hears it, and keeps it for those that are away.

        Returns how many heard it at once.
        """
        heard = 0
        channel = self.world.channels.get(str(data.get("channel_id")))
        if channel is not None and not channel.readable and name != "INTERACTION_CREATE":
            return 0
        for session in list(self.sessions.values()):
            if session.hears(name, data):
                seen = session.seen(name, data, self.world)
                heard += await self._dispatch(session, name, seen)
        return heard

    async def _dispatch(self, session: Session, name: str, data: Json) -> bool:
        event = {"op": DISPATCH, "t": name, "s": len(session.sent) + 1, "d": data}
        session.sent.append(event)
        if session.socket is None or session.socket.closed:
            return False
        if self._is_deaf(session.socket):
            return False
        try:
            await session.socket.send_json(event)
        except ConnectionError:
            return False
        return True

    async def _send(self, socket: web.WebSocketResponse, code: int, data: Any) -> None:
        await socket.send_json({"op": code, "d": data, "s": None, "t": None})

    def forget(self) -> None:
        """Goes deaf on the sockets there are now; who connects anew is heard."""
        self._forgotten |= self._sockets

    def _is_deaf(self, socket: web.WebSocketResponse) -> bool:
        return self.deaf or socket in self._forgotten

    async def reconnect(self) -> None:
        """Asks every client to come back and resume, as Discord does before a deploy."""
        for session in self.connected:
            if session.socket:
                await self._send(session.socket, RECONNECT, None)

    async def invalidate(self, *, resumable: bool = False) -> None:
        """Ends every session; `resumable` ones may be resumed all the same."""
        for session in self.connected:
            if not resumable:
                del self.sessions[session.id]
            if session.socket:
                await self._send(session.socket, INVALID_SESSION, resumable)

    async def drop(self, code: int = 4000) -> None:
        """Closes every socket; the sessions can be resumed."""
        for socket in list(self._sockets):
            await socket.close(code=code)

    def in_guild(self, channel_id: str) -> Json:
        """What an event in this channel says of its guild."""
        channel = self.world.channels[channel_id]
        return {} if channel.type == DM else {"guild_id": channel.guild_id}
