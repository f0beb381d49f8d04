"""Guilds, channels, people, and every message with the history of its edits."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from sandbox.discord.errors import DiscordRefusal, unknown

EPOCH_MS = 1_420_070_400_000
EPHEMERAL = 1 << 6
LOADING = 1 << 7
COMPONENTS_V2 = 1 << 15

TEXT, DM, THREAD, PRIVATE_THREAD = 0, 1, 11, 12
THREADS = (THREAD, PRIVATE_THREAD)
THREAD_STARTER = 21

MEMBERS_INTENT, PRESENCES_INTENT, CONTENT_INTENT = 1 << 1, 1 << 8, 1 << 15
PRIVILEGED = MEMBERS_INTENT | PRESENCES_INTENT | CONTENT_INTENT
"""Intents that the developer portal has to allow."""


@dataclass
class User:
    """A person or the bot."""

    id: str
    name: str
    bot: bool = False
    nick: str | None = None
    email: str | None = None
    verified: bool = True


@dataclass
class Channel:
    """A text channel, a thread or direct messages; messages by id, in the order they came.

    `people` are the recipients of direct messages, or the members of a thread. `readable` says
    whether the bot may see it, `history` whether it may read what was written. `overwrites` are its
    permission overwrites. A thread that begins with a message has that message's id.
    """

    id: str
    name: str
    type: int
    guild_id: str | None
    people: list[str] = field(default_factory=list)
    parent_id: str | None = None
    readable: bool = True
    history: bool = True
    overwrites: list[dict[str, Any]] = field(default_factory=list)
    messages: dict[str, "Message"] = field(default_factory=dict)


@dataclass
class Guild:
    """A server with its members; `installed` says whether the bot is one of them."""

    id: str
    name: str
    owner_id: str
    members: list[str]
    installed: bool = True


@dataclass(frozen=True)
class Revision:
    """What a message showed from `at` (epoch seconds) on."""

    at: float
    content: str
    components: list[dict[str, Any]]
    embeds: list[dict[str, Any]]


@dataclass
class Message:
    """A message; `revisions[0]` is how it first looked.

    `kind` is its type where it is neither an ordinary one, a reply nor an answer to a command.
    `snapshots` are the messages that were forwarded with it.
    """

    id: str
    channel_id: str
    author_id: str
    content: str = ""
    embeds: list[dict[str, Any]] = field(default_factory=list)
    components: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[dict[str, Any]] = field(default_factory=list)
    flags: int = 0
    nonce: str | int | None = None
    reference: dict[str, Any] | None = None
    allowed_mentions: dict[str, Any] | None = None
    interaction: dict[str, Any] | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    revisions: list[Revision] = field(default_factory=list)
    created: float = 0.0
    edited: float | None = None
    deleted: bool = False
    kind: int | None = None
    webhook_id: str | None = None
    snapshots: list[dict[str, Any]] = field(default_factory=list)

    @property
    def ephemeral(self) -> bool:
        """Whether only the person who asked sees it."""
        return bool(self.flags & EPHEMERAL)

    @property
    def loading(self) -> bool:
        """Whether it still says that the app is thinking."""
        return bool(self.flags & LOADING)

    @property
    def pings_everyone(self) -> bool:
        """Whether it would notify the whole channel: Discord does unless told otherwise."""
        if "@everyone" not in self.content and "@here" not in self.content:
            return False
        if self.allowed_mentions is None:
            return True
        return "everyone" in (self.allowed_mentions.get("parse") or [])

    def keep_revision(self, at: float) -> None:
        """Adds the present look to `revisions`."""
        self.revisions.append(Revision(at, self.content, self.components, self.embeds))


class World:
    """The state behind one Discord stand-in. Times come from `clock`, in epoch seconds."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.base_url = ""
        self.privileged = PRIVILEGED
        self._last_id = 0
        self.users: dict[str, User] = {}
        self.guilds: dict[str, Guild] = {}
        self.channels: dict[str, Channel] = {}
        self.files: dict[str, tuple[str, bytes]] = {}
        self.commands: dict[str | None, list[dict[str, Any]]] = {None: []}
        self.application_id = self.next_id()
        self.bot = User(self.application_id, "Notion Assistant", bot=True)
        self.users[self.bot.id] = self.bot

    def next_id(self) -> str:
        """A fresh snowflake: milliseconds since 2015, and a counter within them."""
        wanted = (int(self.clock() * 1000) - EPOCH_MS) << 22
        self._last_id = max(self._last_id + 1, wanted)
        return str(self._last_id)

    def attach(self, name: str, content: bytes, content_type: str) -> dict[str, Any]:
        """The attachment object of a file, whose `url` is served by the stand-in."""
        file_id = self.next_id()
        self.files[file_id] = (content_type, content)
        url = f"{self.base_url}/attachments/{file_id}/{quote(name)}"
        return {
            "id": file_id,
            "filename": name,
            "size": len(content),
            "url": url,
            "proxy_url": url,
            "content_type": content_type,
        }

    def add_user(self, name: str) -> User:
        """A new person, in no guild yet."""
        user = User(self.next_id(), name, email=f"{name}@example.com")
        self.users[user.id] = user
        return user

    def add_guild(self, name: str, people: list[User], *, installed: bool = True) -> Guild:
        """A new guild of these people and, where it is installed, the bot; the first is its owner.

        Where it is not, people use the bot that they installed for themselves.
        """
        members = [user.id for user in people] + ([self.bot.id] if installed else [])
        guild = Guild(self.next_id(), name, members[0], members, installed)
        self.guilds[guild.id] = guild
        return guild

    def installed(self) -> list[Guild]:
        """The guilds that the bot is in."""
        return [guild for guild in self.guilds.values() if guild.installed]

    def add_channel(
        self,
        guild: Guild,
        name: str,
        *,
        kind: int = TEXT,
        parent: Channel | None = None,
        readable: bool = True,
        message: Message | None = None,
    ) -> Channel:
        """A new text channel, or a thread below `parent`, begun from `message` or from nothing."""
        parent_id = parent.id if parent else None
        channel_id = message.id if message else self.next_id()
        seen = readable and guild.installed
        channel = Channel(channel_id, name, kind, guild.id, [], parent_id, seen)
        self.channels[channel.id] = channel
        return channel

    def open_dm(self, user_id: str) -> Channel:
        """The direct messages with one person; the same channel every time.

        Raises DiscordRefusal 10013 for nobody, 50007 for the bot itself.
        """
        if user_id not in self.users:
            raise unknown("User")
        if user_id == self.bot.id:
            raise DiscordRefusal(403, 50007, "Cannot send messages to this user")
        for channel in self.channels.values():
            if channel.type == DM and channel.people == [user_id]:
                return channel
        channel = Channel(self.next_id(), "", DM, None, [user_id])
        self.channels[channel.id] = channel
        return channel

    def channel(self, channel_id: str) -> Channel:
        """A channel the bot may see. Raises DiscordRefusal 10003 or 50001."""
        channel = self.channels.get(channel_id)
        if channel is None:
            raise unknown("Channel")
        if not channel.readable:
            raise DiscordRefusal(403, 50001, "Missing Access")
        return channel

    def message(self, channel: Channel, message_id: str) -> Message:
        """A message that still exists. Raises DiscordRefusal 10008."""
        found = channel.messages.get(message_id)
        if found is None or found.deleted:
            raise unknown("Message")
        return found

    def store(self, message: Message) -> Message:
        """Keeps a message as its first revision; an ephemeral one in no channel."""
        message.created = self.clock()
        message.keep_revision(message.created)
        if not message.ephemeral:
            self.channels[message.channel_id].messages[message.id] = message
        return message
