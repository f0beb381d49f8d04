"""One workspace: people, channels and every message with the history of its edits."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.slack.errors import SlackRefusal

Block = dict[str, Any]
Kind = Literal["public", "private", "im"]


@dataclass(frozen=True)
class Revision:
    """What a message showed from `at` (epoch seconds) on."""

    at: float
    text: str
    blocks: list[Block]


@dataclass
class Stream:
    """An open stream: when it began and was last fed, in epoch seconds; `stopped` by a person.

    `form` is `chunks` or `markdown_text`, by what came first, or empty before anything did.
    """

    started: float
    fed: float
    form: str = ""
    open: bool = True
    stopped: bool = False


@dataclass
class Message:
    """A message, ephemeral ones included; `revisions[0]` is how it first looked."""

    ts: str
    channel: str
    user: str
    text: str = ""
    blocks: list[Block] = field(default_factory=list)
    attachments: list[Block] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)
    metadata: dict[str, Any] | None = None
    thread_ts: str | None = None
    from_app: bool = False
    only_for: str | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    revisions: list[Revision] = field(default_factory=list)
    edited_ts: str | None = None
    stream: Stream | None = None
    deleted: bool = False

    def show(self, at: float, text: str, blocks: list[Block]) -> None:
        """Puts new content in place and keeps what was shown before in `revisions`."""
        self.text, self.blocks = text, blocks
        self.revisions.append(Revision(at, text, blocks))


@dataclass
class Channel:
    """A conversation; messages by `ts`, in the order they were posted."""

    id: str
    name: str
    kind: Kind
    members: list[str]
    created: int
    messages: dict[str, Message] = field(default_factory=dict)


@dataclass
class User:
    """A person or the bot."""

    id: str
    name: str
    real_name: str
    email: str
    is_bot: bool = False
    is_guest: bool = False
    is_admin: bool = False
    email_verified: bool = True
    tz: str = "Europe/Berlin"
    team: str = ""  # whose they are, where that is another workspace's


class Workspace:
    """The state behind one Slack stand-in. Times come from `clock`, in epoch seconds."""

    team_id = "T0SANDBOX"
    team_domain = "sandbox"
    team_name = "Sandbox"
    app_id = "A0SANDBOX"
    bot_id = "B0SANDBOX"
    bot_user = "U0BOT"
    enterprise_id = ""  # of the organisation on Enterprise Grid, with its name
    enterprise_name = ""
    whole = False  # whether the organisation installed the app, rather than the workspace
    stream_seconds = 300.0  # how long Slack keeps a stream open
    trigger_seconds = 3.0
    home_tab = True  # whether the app has one
    is_agent = False  # `agent_view`, in place of the older `assistant_view`
    hears_stops = True  # whether the app subscribes to `agent_session_stopped`

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.base_url = ""
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.ephemeral: list[Message] = []
        self.views: list[dict[str, Any]] = []
        self.statuses: dict[tuple[str, str], str] = {}
        self.titles: dict[tuple[str, str], str] = {}
        self.sessions: dict[tuple[str, str], str] = {}
        self.prompts: dict[tuple[str, str], list[dict[str, str]]] = {}
        self.triggers: dict[str, float] = {}
        self.spent_triggers: set[str] = set()
        self._last_ts = 0
        self._counter = 0
        bot = User(self.bot_user, "notion", "Notion Assistant", "", is_bot=True)
        self.users[bot.id] = bot

    def next_id(self, prefix: str) -> str:
        """A fresh id such as `C00000001`."""
        self._counter += 1
        return f"{prefix}{self._counter:08d}"

    def next_ts(self) -> str:
        """A timestamp that no other message has: seconds and microseconds."""
        self._last_ts = max(self._last_ts + 1, int(self.clock() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def add_user(self, name: str, *, email: str | None = None) -> User:
        """A new person. The address defaults to one under example.com."""
        user = User(self.next_id("U"), name, name.title(), email or f"{name}@example.com")
        self.users[user.id] = user
        return user

    def add_channel(
        self,
        name: str,
        *,
        private: bool = False,
        bot: bool = True,
        members: list[User] | None = None,
    ) -> Channel:
        """A new channel with the given people, or everyone; `bot` says if the app is in it."""
        people = members if members is not None else list(self.users.values())
        ids = [user.id for user in people if user.id != self.bot_user]
        if bot:
            ids.append(self.bot_user)
        kind: Kind = "private" if private else "public"
        channel = Channel(self.next_id("C"), name, kind, ids, int(self.clock()))
        self.channels[channel.id] = channel
        return channel

    def open_im(self, user_id: str) -> Channel:
        """The direct messages between the app and one person; the same channel every time.

        Raises SlackRefusal `user_not_found`.
        """
        if user_id not in self.users:
            raise SlackRefusal("user_not_found")
        for channel in self.channels.values():
            if channel.kind == "im" and channel.members[0] == user_id:
                return channel
        members = [user_id, self.bot_user]
        channel = Channel(self.next_id("D"), user_id, "im", members, int(self.clock()))
        self.channels[channel.id] = channel
        return channel

    def store(self, message: Message) -> Message:
        """Keeps a message in its channel, or among the ephemeral ones, as its first revision."""
        message.revisions.append(Revision(self.clock(), message.text, message.blocks))
        if message.from_app and not message.only_for:
            self.statuses.pop((message.channel, message.thread_ts or message.ts), None)
        if message.only_for:
            self.ephemeral.append(message)
        else:
            self.channels[message.channel].messages[message.ts] = message
        return message

    def channel(self, name: str) -> Channel:
        """A channel the app may know of, by id or name.

        Raises SlackRefusal `channel_not_found`, also for a private one the app is not in: Slack
        does not tell the two apart.
        """
        channel = self.channels.get(name)
        if channel is None:
            wanted = name.removeprefix("#")
            named = (one for one in self.channels.values() if one.name == wanted)
            channel = next((one for one in named if one.kind != "im"), None)
        if channel is None or (channel.kind == "private" and not self.is_member(channel)):
            raise SlackRefusal("channel_not_found")
        return channel

    def joined(self, name: str) -> Channel:
        """Like `channel`, and raises SlackRefusal `not_in_channel` unless the app is in it."""
        channel = self.channel(name)
        if not self.is_member(channel):
            raise SlackRefusal("not_in_channel")
        return channel

    def is_member(self, channel: Channel) -> bool:
        """Whether the app is in the channel."""
        return self.bot_user in channel.members

    def message(self, channel: Channel, ts: str) -> Message:
        """A message that still exists. Raises SlackRefusal `message_not_found`."""
        found = channel.messages.get(ts)
        if found is None or found.deleted:
            raise SlackRefusal("message_not_found")
        return found

    def replies(self, channel: Channel, ts: str) -> list[Message]:
        """The replies below a message, oldest first."""
        return [
            one
            for one in channel.messages.values()
            if one.thread_ts == ts and one.ts != ts and not one.deleted
        ]

    def issue_trigger(self) -> str:
        """A trigger id that opens one view within three seconds."""
        trigger = f"{self.next_id('')}.{int(self.clock())}.sandbox"
        self.triggers[trigger] = self.clock()
        return trigger
