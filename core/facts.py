"""What is known of an item beside its text: for the properties of its page. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from core.messages import WEB, Carried, Json, Message, Request, Sender

MOST_TAGS = 100
LONGEST_TAG = 100
"""Characters of a tag."""

_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]+`", re.DOTALL)
# A word after a #, where the # begins a word: neither a heading nor the part after an address.
_HASHTAG = re.compile(r"(?:(?<=[\s(\[,;])|\A)#([^\W\d_][\w-]*)")
_COLOUR = re.compile(r"(?=.*\d)(?:[0-9a-f]{3}|[0-9a-f]{6}|[0-9a-f]{8})", re.IGNORECASE)
_PLATFORMS = {"slack": "Slack", "discord": "Discord", "console": "Terminal", WEB: "Web"}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an item; what is not known is empty.

    `author` wrote it, or asked for it, and `participants` are all who wrote something of it; a
    sender without an id is known by name alone. `mentioned` are those whom its text names behind an
    @, and `emails` the addresses of people by their ids, where the platform tells. `channel` is
    what people call the channel, `source` the platform, `at` when it was written, `link` the
    address of the message. `files` are what became of those attached to it. `tagged`: somebody
    named tags for the page. `given` are values that somebody named for properties, and `template`
    the one of Notion's that the page is to begin with;
    empty for none.
    """

    author: Sender | None = None
    participants: tuple[Sender, ...] = ()
    mentioned: tuple[Sender, ...] = ()
    emails: Mapping[str, str] = field(default_factory=dict, repr=False)
    channel: str = ""
    source: str = ""
    at: datetime | None = None
    link: str = ""
    tags: tuple[str, ...] = ()
    tagged: bool = False
    provider: str = ""
    model: str = ""
    files: tuple[Carried, ...] = ()
    given: tuple[tuple[str, str], ...] = ()
    template: str = ""

    @property
    def people(self) -> tuple[Sender, ...]:
        """All whom it tells of, each once; of those without an id only the name is known."""
        author = (self.author,) if self.author else ()
        return tuple(dict.fromkeys((*author, *self.participants, *self.mentioned)))

    def to_json(self) -> Json:
        """As it is kept with an item: without what the item itself tells, and without files."""
        kept = asdict(self) | {"at": self.at.isoformat() if self.at else None}
        return {name: kept[name] for name in _KEPT}

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> Facts:
        """The facts that `to_json` described; none where nothing was kept."""
        if not data:
            return NO_FACTS
        author, at = data["author"], data["at"]
        return cls(
            author=Sender(**author) if author else None,
            participants=tuple(Sender(**each) for each in data["participants"]),
            # What was kept before mentions were has none.
            mentioned=tuple(Sender(**each) for each in data.get("mentioned", ())),
            channel=data["channel"],
            source=data["source"],
            at=datetime.fromisoformat(at) if at else None,
            link=data["link"],
            tags=tuple(data["tags"]),
        )


_KEPT = ("author", "participants", "mentioned", "channel", "source", "at", "link", "tags")

NO_FACTS = Facts()


def of_messages(messages: Sequence[Message], request: Request, tags: str | None) -> Facts:
    """The facts of messages that `request` saves; `tags` are those the person named."""
    first, sender = messages[0], request.sender

    people, mentioned = people_in(messages, sender.platform, sender.workspace)
    said = [tag for message in messages if not message.ours for tag in message.tags]
    return Facts(
        author=_who(first, sender.platform, sender.workspace) if first.author else None,
        participants=people,
        mentioned=mentioned,
        channel=first.channel,
        source=_source(request),
        at=first.at,
        link=first.link,
        tags=tags_of(tags, said),
        tagged=bool(tags_of(tags)),
    )


def people_in(
    messages: Sequence[Message], platform: str, workspace: str
) -> tuple[tuple[Sender, ...], tuple[Sender, ...]]:
    """Who wrote messages, this app aside, and whom these mention; each once."""
    said = [each for each in messages if each.author and not each.ours]
    wrote = dict.fromkeys(_who(each, platform, workspace) for each in said)
    named = dict.fromkeys(each for message in messages for each in message.mentions)
    return tuple(wrote), tuple(Sender(platform, *each, workspace) for each in named)


def _who(message: Message, platform: str, workspace: str) -> Sender:
    return Sender(platform, message.author_id, message.author, workspace)


def of_prompt(request: Request, tags: str | None = None) -> Facts:
    """The facts of what a model wrote for whoever asks to save it."""
    found = tags_of(tags)
    return Facts(author=request.sender, source=_source(request), tags=found, tagged=bool(found))


def tags_of(named: str | None, said: Sequence[str] = ()) -> tuple[str, ...]:
    """The tags somebody named, with commas between them, and those in what was said, each once."""
    typed = [" ".join(tag.strip().removeprefix("#").split()) for tag in (named or "").split(",")]
    found: dict[str, str] = {}
    for tag in [*typed, *said]:
        if tag:
            found.setdefault(tag.casefold(), tag[:LONGEST_TAG])
    return tuple(found.values())[:MOST_TAGS]


def hashtags(text: str) -> tuple[str, ...]:
    """The #words of a text as it was typed, each once, without those in code. Pure.

    Numbers (#12) and colours (#a0b0c0) are none.
    """
    found = _HASHTAG.findall(_CODE.sub(" ", text))
    return tuple(dict.fromkeys(tag for tag in found if not _COLOUR.fullmatch(tag)))


def title_of(platform: str) -> str:
    """What people call a platform."""
    return _PLATFORMS.get(platform, platform.capitalize())


def _source(request: Request) -> str:
    return title_of(request.sender.platform)
