"""What passes between a chat platform, or HTTP, and the core: plain values that survive as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple, TypedDict
from uuid import UUID, uuid5

Json = dict[str, Any]

# The namespace of every id made from somebody else's id, so that a repeat makes the same one.
_NAMESPACE = UUID("6f0d7a1e-6b0b-5d5e-9f6b-0c8a4a0d9d11")


ANSWERS = "answer-"
"""How the ids of this app's own answers begin, as they are kept in a thread: their item follows."""

WEB = "web"
"""The platform of whoever comes over HTTP. Their sender's id is the person's own."""


def stable_id(*parts: str) -> UUID:
    """The same id for the same parts: how a delivery that comes twice is known."""
    return uuid5(_NAMESPACE, "\x1f".join(parts))


IN_TURN = ("talk", "generate")
"""Commands whose answers come one after another in a thread."""

ADDED_TO = "append"
"""The flag that names a page to add to."""


def marked_queue(place: str, message: str) -> str:
    """The queue of what people's reactions to a message ask for."""
    return f"{place}:{message}:marked"


@dataclass(frozen=True, slots=True)
class Sender:
    """Who wrote: one identity on one platform.

    `workspace` is the Slack team or the empty string where the platform has none.
    """

    platform: str
    id: str
    name: str = ""
    workspace: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One command, parsed: its name, the text after it, its flags."""

    command: str
    text: str = ""
    flags: Mapping[str, str | bool] = field(default_factory=dict)

    def value(self, flag: str) -> str | None:
        """The value of a flag that takes one, or None where it was not given."""
        value = self.flags.get(flag)
        return value if isinstance(value, str) else None

    def has(self, flag: str) -> bool:
        """Whether the flag was given."""
        return bool(self.flags.get(flag))


@dataclass(frozen=True, slots=True)
class Channel:
    """Where people write together: the platform, and its name for the place."""

    platform: str
    place: str


@dataclass(frozen=True, slots=True)
class Workspace:
    """Whoever works together on a platform: a workspace, a server; `id` is the platform's name."""

    platform: str
    id: str


class File(NamedTuple):
    """Something attached to a message.

    `link` is where people open it, `type` its media type, `size` in bytes, 0 where nobody says.
    `source` is where the platform hands its content to this app; empty where it does not.
    """

    name: str
    link: str
    type: str = ""
    size: int = 0
    source: str = ""


class Mention(NamedTuple):
    """Somebody who is mentioned: their id on the platform, and the name the text shows, bare."""

    id: str
    name: str


class Carried(TypedDict):
    """What became of a file that was to be copied to where pages are.

    `line` is how the document mentions it. `kind` is the type of its block and `id` what the block
    names it by; both empty where it stays a link, and `why` says why.
    """

    name: str
    line: str
    kind: str
    id: str
    why: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message that people see in a conversation.

    `id` is the platform's own; `text` is Markdown, with people and channels as names. `link` is the
    message's address, `ours` whether this app wrote it, `files` what is attached. `place` names its
    channel as `Request` does, where that may be another than the request's own.

    `author_id` is the author's own id on the platform, empty where an app wrote it or nobody says;
    `channel` is what people call its channel, and `tags` are the #words in it, without the mark.
    `thread` is the thread it was read as a part of, or that replies to it are in, as the platform
    names it; empty where it is itself a reply that was read alone. `mentions` are the people whom
    its text names behind an @.
    """

    id: str
    author: str
    text: str
    at: datetime
    link: str = ""
    ours: bool = False
    files: tuple[File, ...] = ()
    place: str = ""
    author_id: str = ""
    channel: str = ""
    tags: tuple[str, ...] = ()
    thread: str = ""
    mentions: tuple[Mention, ...] = ()

    def to_json(self) -> Json:
        """As a step keeps it."""
        return asdict(self) | {"at": self.at.isoformat()}

    @classmethod
    def from_json(cls, data: Json) -> Message:
        """The message that `to_json` described."""
        # What was kept before messages told of their tags, or of whom they mention, has none.
        more = {
            "at": datetime.fromisoformat(data["at"]),
            "files": tuple(File(*file) for file in data["files"]),
            "tags": tuple(data.get("tags", ())),
            "mentions": tuple(Mention(*each) for each in data.get("mentions", ())),
        }
        return cls(**(data | more))


@dataclass(frozen=True, slots=True)
class Request:
    """A command as a platform hands it over.

    `id` is made from the platform's own delivery id (`stable_id`), so the same delivery twice is
    the same request. `address` is the platform's: where to answer, in words only it reads; the core
    keeps it and gives it back; of its words the core reads those that `core.ports.Address` names.
    `place` names the channel, at most 128 characters and the same each
    time; empty where there is none.
    """

    id: UUID
    sender: Sender
    call: Call
    address: Mapping[str, str] = field(default_factory=dict)
    place: str = ""

    @property
    def channel(self) -> Channel | None:
        """Where it was written; None where that is no channel."""
        return Channel(self.sender.platform, self.place) if self.place else None

    @property
    def home(self) -> str:
        """The workspace it was written in; empty where there is none."""
        return self.address.get("home") or self.sender.workspace

    @property
    def workspace(self) -> Workspace | None:
        """The same with its platform; None where there is none."""
        return Workspace(self.sender.platform, self.home) if self.home else None

    @property
    def marked(self) -> bool:
        """Whether the message it is about shows how far it has come."""
        return self.address.get("marked") == "yes"

    @property
    def queue(self) -> str | None:
        """What its request is carried out in turn about; None where it need not wait.

        That is the thread where texts are asked for, the message whose reaction came or went, or
        the page that is added to, as it was named: there what was asked first stands first.
        """
        thread = self.address.get("thread", "")
        if self.marked:
            return marked_queue(self.place, self.address.get("message", ""))
        if page := self.call.value(ADDED_TO):
            # Elsewhere the same name is another page.
            name = f"{self.home}\0{' '.join(page.casefold().split())}"
            return f"{ADDED_TO}:{sha256(name.encode()).hexdigest()}"
        aloud = self.call.command in IN_TURN and not self.call.has("private")
        return f"{self.place}:{thread}" if thread and aloud else None

    def to_json(self) -> Json:
        """As stored in the inbox."""
        return {
            "id": str(self.id),
            "sender": asdict(self.sender),
            "call": {
                "command": self.call.command,
                "text": self.call.text,
                "flags": dict(self.call.flags),
            },
            "address": dict(self.address),
            "place": self.place,
        }

    @classmethod
    def from_json(cls, data: Json) -> Request:
        """The request that `to_json` described."""
        return cls(
            id=UUID(data["id"]),
            sender=Sender(**data["sender"]),
            call=Call(**data["call"]),
            address=data["address"],
            # What was accepted before requests named their place has none.
            place=data.get("place", ""),
        )


@dataclass(frozen=True, slots=True)
class Action:
    """Something the asker may do about an answer with one press; `core.actions` lists them.

    `item` is all that a button has to carry: the id of the request that the answer is to, or of the
    page it is about. Those of one `row` belong together.
    """

    name: str
    label: str
    item: str
    row: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person is told, in Markdown, for each platform to render.

    `notes` are single lines of fine print under the text. `page` is the address of the Notion page
    that holds the answer. `ok` is False where the command failed, and `error` then is what
    `AssistantError.to_json` says of the reason. `private`: for the asker's eyes alone. `actions`
    are its buttons, where the platform has any. `quiet`: where the message it is about shows that
    it is done, nothing else need be said. `aside` is a line that follows for the asker's eyes
    alone, wherever the rest is said.
    """

    text: str
    notes: tuple[str, ...] = ()
    page: str | None = None
    ok: bool = True
    private: bool = False
    error: Json | None = None
    actions: tuple[Action, ...] = ()
    quiet: bool = False
    aside: str = ""

    def to_json(self) -> Json:
        """As recorded with the request."""
        actions = [asdict(action) for action in self.actions]
        return asdict(self) | {"notes": list(self.notes), "actions": actions}

    @classmethod
    def from_json(cls, data: Json) -> Answer:
        """The answer that `to_json` described."""
        # What was kept before answers had actions has none.
        actions = tuple(Action(**action) for action in data.get("actions", ()))
        return cls(**(data | {"notes": tuple(data["notes"]), "actions": actions}))
