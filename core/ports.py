"""What the core asks of the world. Each port has one contract suite, run by every adapter.

A port's methods raise only what `core.errors` names.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, Literal, Protocol, TypeVar, runtime_checkable
from uuid import UUID

from core.budget import Budget
from core.installed import Installation as Installation
from core.installed import Installations as Installations
from core.messages import Action, Answer, Call, Channel, File, Message, Request, Sender, Workspace
from core.pages import Blocks as Blocks
from core.pages import Child as Child
from core.pages import Destination as Destination
from core.pages import Given as Given
from core.pages import Named as Named
from core.pages import Page as Page
from core.pages import Property as Property
from core.pages import Route as Route
from core.pages import Saved as Saved
from core.pages import Template as Template
from core.preferences import Preferred
from core.steps import Again as Again
from core.steps import Step as Step

T = TypeVar("T")

Address = Mapping[str, str]
"""Where to answer, in a platform's own words. Some words are everybody's:

- `private`: "yes" where the answer is for the asker alone;
- `thread`: the id of the conversation's thread, where the answer belongs too;
- `message`: the id of the message that the request is about;
- `workspace`: what people call the workspace, where the platform says;
- `marked`: "yes" where that message shows how far the request has come;
- `unmarked`: where a message may not tell whose it is, what others sent: a JSON list of `Reply`;
- `home`: the id of the workspace it was written in, where that is not the sender's own;
- `manager`: "yes" where the platform says that the sender manages that workspace.
"""

Mark = Literal["working", "done", "failed", "none"]
"""How far a request about a message has come, as the message shows it."""

Part = dict[str, Any]
"""One message of an answer, rendered, in a platform's own words; JSON."""

Reply = dict[str, str]
"""A message that was sent: what the platform needs to edit it; JSON."""


# ── Durable work ─────────────────────────────────────────────────────────────────────────────────


Forget = Callable[[Sequence[UUID]], Awaitable[None]]
"""Has whoever carries requests out keep nothing of these; never fails."""


async def nothing_more(_requests: Sequence[UUID]) -> None:
    """A `Forget` where nobody carries requests out."""


# ── AI providers ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a conversation."""

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Extract:
    """What of a page is given to answer a question from. Data, whatever it says."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a provider is asked.

    `model` None means the provider's configured one. `max_tokens` bounds the answer. `extracts` are
    the pages that the turns hold already, in order, and `question` is what is asked about them: for
    a provider that quotes rather than reads.
    """

    system: str
    turns: tuple[Turn, ...]
    model: str | None = None
    max_tokens: int = 4096
    question: str = ""
    extracts: tuple[Extract, ...] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """What an answer cost, in tokens as the provider counts them; 0 where it does not say.

    `complete` is False where the answer ended at a limit (`reason` says which). `note` takes the
    place of the provider's. `estimated`: it was broken off, and this server reckoned about.
    """

    model: str
    input_tokens: int = 0
    output_tokens: int = 0
    complete: bool = True
    reason: str = ""
    note: str | None = None
    estimated: bool = False


class Provider(Protocol):
    """An AI provider.

    `note` is a line every answer of it must carry, or None. `model` is the default model.
    """

    name: str
    model: str
    note: str | None

    def stream(self, prompt: Prompt) -> AsyncIterator[str | Usage]:
        """Yields text as it comes, and a `Usage` last.

        One may come earlier too, where the provider says meanwhile what it has counted: then that
        is known even if the answer breaks off. The newest holds.

        Raises ProviderFailed: the provider refused, failed, or was silent for 60 seconds.
        RateLimited: it asks to come back later. Misconfigured: the key or the configured model is
        not accepted. InvalidInput: the prompt is too long, or a model named in it is unknown.
        Closing the iterator early ends the request.
        """
        ...

    async def close(self) -> None:
        """Lets go of connections and processes. May be called twice."""
        ...


# ── Notion ───────────────────────────────────────────────────────────────────────────────────────


class Pages(Blocks, Named, Protocol):
    """Notion, as saving and reading need it.

    Every method raises NotionFailed (`unsure` where a write may have been carried out),
    RateLimited, or Misconfigured where the token or destination is not accepted, and waits at most
    60 seconds for one answer. https://developers.notion.com/reference/request-limits
    """

    async def destination(self, wanted: str | None) -> Destination:
        """The page or data source meant by an id, an address or a title; None: the default one.

        Raises InvalidInput where nothing, or more than one thing, is meant.
        """
        ...

    async def destinations(self, query: str, limit: int = 20) -> list[Destination]:
        """Pages and data sources the connection can see whose title matches, best first."""
        ...

    async def schema(self, data_source: str, *, fresh: bool = False) -> Sequence[Property]:
        """The properties of a data source's pages; what was read lately, unless `fresh`.

        Empty where there is no such data source, or Notion does not say.
        """
        ...

    async def titled(self, data_source: str, title: str) -> Sequence[Destination]:
        """The pages of a data source with this title; with none, those that have it in theirs.

        A hundred at most; empty where there is no such data source.
        """
        ...

    async def templates(self, data_source: str) -> Sequence[Template]:
        """The templates that Notion has for a data source; empty where it has none, or says not."""
        ...

    async def people(self) -> Mapping[str, str]:
        """The ids of the workspace's people by their email addresses, in lower case.

        Empty where Notion does not say.
        """
        ...

    async def create(
        self,
        destination: Destination,
        title: str,
        children: Sequence[dict[str, Any]],
        properties: Mapping[str, Any] | None = None,
        template: str | None = None,
    ) -> Page:
        """Makes a page. Never repeats a write that may have been carried out.

        `properties` are values beside the title, by the names of a data source's properties.
        `template` is the id of a template: Notion applies it later, and until then the page is
        empty, so it takes no children.
        """
        ...

    async def made(self, destination: Destination, title: str, since: datetime) -> Sequence[Page]:
        """The pages of this title under the destination made after `since`, the newest first."""
        ...

    async def refill(self, page_id: str, properties: Mapping[str, Any]) -> None:
        """Writes values of a page's properties, by their names. Twice is once."""
        ...

    async def find(
        self, destination: Destination, title: str, link: str, since: datetime
    ) -> Page | None:
        """The page under the destination, made after `since`, whose footer links to `link`."""
        ...

    async def upload(self, name: str, media_type: str, content: IO[bytes], size: int) -> str:
        """Sends a file of so many bytes; the id by which a block names it within the hour.

        Raises NotionFailed also where Notion does not take files of its kind or size.
        """
        ...

    async def trash(self, page_id: str) -> None:
        """Puts a page in the trash; twice is once, and a page that is gone is no error."""
        ...

    async def read(self, page_id: str, limit: int) -> str:
        """What a page says, as Markdown, in at most `limit` characters; of a longer one, less.

        Raises NotionFailed, not retryable, where there is no such page or it is not shared.
        """
        ...

    async def close(self) -> None:
        """Lets go of connections. May be called twice."""
        ...


# ── What there is to choose, and how somebody stands ─────────────────────────────────────────────

Chosen = Literal["provider", "model", "template", "destination"]
"""What can be chosen for an answer, by a flag, an option or in a form."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose: what is handed over, and what people read."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Linked:
    """A connection to Notion as those see it whose it is: a person's own, or `shared` by all in a
    workspace. `lost`: Notion does not accept it any more.
    """

    shared: bool
    name: str
    owner: str
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Overview:
    """How one person stands, for the panels that platforms show.

    `account` is the username of the account they linked, None where there is none; `identities`
    are platforms and names on them. `own`, `channel`, `workspace` and `default` are what the
    person, the channel, its workspace and the server chose as destination; None where that is
    none, or Notion does not say.
    `provider`, `model` and `template` are what an answer begins with, and `saves` whether it is
    saved at once. `pages` are the last ones they saved,
    newest first: what was asked, and the address. `requests` and `tokens` count the last 30 days.
    `notion` are the connections to Notion that are theirs, the one that goes first first, and
    `connects` whether people can connect their own here.
    """

    account: str | None = None
    identities: tuple[tuple[str, str], ...] = ()
    own: Destination | None = None
    channel: Destination | None = None
    default: Destination | None = None
    workspace: Destination | None = None
    provider: str = ""
    template: str | None = None
    pages: tuple[tuple[str, str], ...] = ()
    requests: int = 0
    tokens: int = 0
    notion: tuple[Linked, ...] = ()
    connects: bool = False
    model: str = ""
    saves: bool = False


# ── The way in ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Watched:
    """A message that a page follows: its channel and thread, as `Channel` and `Message` name them,
    itself, and its address, empty where that is not known.
    """

    place: str
    thread: str
    message: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """A request that was accepted before, and when."""

    request: Request
    at: datetime


class Memory(Protocol):
    """What a platform asks after a silence, to find what it missed. Raises Unavailable."""

    async def seen(self, name: str) -> datetime | None:
        """When the connection of this name was last alive; None where it never was."""
        ...

    async def alive(self, name: str, at: datetime) -> None:
        """Notes that it was alive at this moment; `name` has at most 64 characters."""
        ...

    async def known(self, channel: Channel, message: str) -> list[Known]:
        """What people's reactions to a message asked for in the last days, oldest first."""
        ...

    async def reaction(
        self, channel: Channel, message: str, emoji: str, *, added: bool
    ) -> Call | None:
        """What an emoji that was put on a message, or taken away, asks for; None for nothing.

        `emoji` is itself, `:name:`, or `<:name:number>`.
        """
        ...

    async def watched(self, platform: str, since: datetime) -> list[Watched]:
        """Messages that pages follow, said after this moment and not known to be deleted.

        Two hundred at most, the newest first.
        """
        ...

    async def recent(self, platform: str, since: datetime) -> list[tuple[str, str]]:
        """Where something was said or asked after this moment: place and thread, newest first.

        A hundred at most; the thread is empty where there is none.
        """
        ...


class Intake(Memory, Protocol):
    """Where platforms hand over what people ask."""

    @property
    def installations(self) -> Installations:
        """Who installed this app, for platforms that many workspaces can install."""
        ...

    async def accept(self, request: Request) -> bool:
        """Records the request; it is carried out even if the process dies right after.

        Returns True for a new request and False for one that was accepted before; either way there
        will be one answer. Raises Unavailable where it cannot be recorded within 2 seconds.
        """
        ...

    async def hear(
        self, channel: Channel, thread: str, message: Message, *, to_us: bool = False
    ) -> None:
        """Keeps a message of a thread, so that nobody need ask the platform for it later.

        `to_us`: it was written to this app. The same message again takes the earlier one's place.
        Raises Unavailable.
        """
        ...

    async def takes_part(self, channel: Channel, thread: str) -> bool:
        """Whether this app wrote, or was written to, in a thread. Raises Unavailable."""
        ...

    async def follows(self, channel: Channel, message: str, thread: str = "") -> bool:
        """Whether a page follows a message, or all that is said in a thread. Raises Unavailable."""
        ...

    async def retold(
        self, channel: Channel, message: Message, at: float, *, thread: str = ""
    ) -> None:
        """A message as it is by now, which its platform told of at a moment in epoch seconds.

        With `thread` it may be a new one there. Where no page follows it, or nothing that a page
        shows has changed, nothing is done. Raises Unavailable.
        """
        ...

    async def deleted(self, channel: Channel, messages: Sequence[str], at: datetime) -> None:
        """Messages were deleted in the chat. Raises Unavailable."""
        ...

    async def picked(self, sender: Sender, request: UUID, place: str) -> Call:
        """What somebody asked for before, with the place they say they meant.

        Raises NotFound where that was long ago, Forbidden where it was somebody else.
        """
        ...

    async def again(self, sender: Sender, request: UUID) -> Request:
        """What somebody asked for before, which failed. Raises what `picked` raises."""
        ...

    async def under_way(self, channel: Channel, thread: str) -> list[Request]:
        """What was asked in a thread and has no answer yet, oldest first. Raises Unavailable."""
        ...

    async def answered(self, channel: Channel, thread: str) -> bool:
        """Whether this app answered something in a thread that can be added to a page."""
        ...

    async def suggest(
        self,
        kind: Chosen,
        words: str,
        *,
        provider: str = "",
        sender: Sender | None = None,
        workspace: Workspace | None = None,
    ) -> list[Choice]:
        """What may be chosen and holds every one of the words, best first, 25 at most.

        Of models, those of the provider named, all where there is none of that name. Places are
        those that the connections of the sender see, and of the workspace they are in, where the
        sender does not name it; without a sender those that the server's own token does.
        Takes two seconds at most; where Notion does not answer in time, there is less to choose.
        """
        ...

    async def overview(
        self, sender: Sender, channel: Channel | None, workspace: Workspace | None = None
    ) -> Overview:
        """How somebody stands; they need not have written before. Raises Unavailable.

        `workspace` is where they are, where the sender does not name it.

        Takes two seconds at most beside the database's.
        """
        ...

    async def preferred(self, sender: Sender) -> Preferred:
        """What an answer to somebody begins with, where a form says nothing. Raises Unavailable."""
        ...


# ── Chat platforms ───────────────────────────────────────────────────────────────────────────────


@runtime_checkable
class Platform(Protocol):
    """A chat platform's way out: how an answer reaches the person.

    `render` and `waiting` are pure. The methods that send raise PlatformFailed (`retryable` where
    it is worth another try) or RateLimited.
    """

    name: str

    def render(self, answer: Answer) -> list[Part]:
        """The messages an answer becomes, each within the platform's limits; never empty.

        The same answer gives the same parts: after a crash they are rendered again.
        """
        ...

    async def post(self, address: Address, part: Part, marker: str, *, again: bool) -> Reply:
        """Sends a message and says how to edit it.

        `marker` names this message of this answer. `again`: an earlier try may have sent it, so
        look for the one with this marker first, and send only where there is none.
        """
        ...

    async def close(self) -> None:
        """Lets go of connections. May be called twice."""
        ...


@runtime_checkable
class CanEdit(Platform, Protocol):
    """A platform that can change a message it sent: how an answer is shown while it grows.

    `edit_interval` is the least time between two edits of one message, in seconds.
    """

    edit_interval: float

    def editable(self, address: Address) -> bool:
        """Whether a message sent to this place can be changed later. Pure."""
        ...

    def waiting(self, actions: Sequence[Action] = (), why: str = "") -> Part:
        """The placeholder, shown until the first words come, and its buttons. Pure.

        It says `why` where that is told; in a message whose words can be taken back.
        """
        ...

    def draft(self, text: str, actions: Sequence[Action] = ()) -> Part:
        """An unfinished answer and its buttons within the limits of one message. Pure."""
        ...

    async def edit(self, address: Address, reply: Reply, part: Part) -> None:
        """Replaces the message's content. Doing it twice is doing it once."""
        ...


@runtime_checkable
class CanStream(CanEdit, Protocol):
    """A platform some of whose messages only grow: what was shown there cannot be taken back.

    `post` with a draft begins such a message, `edit` with a draft adds to it, and `edit` with the
    end makes it whole, whatever was shown before.
    """

    def streams(self, address: Address, reply: Reply | None) -> bool:
        """Whether the message, or one to be sent there, only grows. Pure."""
        ...

    def unmarked(self, address: Address) -> bool:
        """Whether a message that begins to grow there does not tell whose it is. Pure."""
        ...

    def settled(self, text: str) -> str:
        """As much of an unfinished text as will not change any more. Pure."""
        ...

    async def grow(self, address: Address, reply: Reply, text: str) -> bool:
        """Adds what is settled of an unfinished text. False where that takes an `edit` with the
        draft, which costs more to make. Raises as that does."""
        ...

    async def complete(self, address: Address, reply: Reply, text: str, end: Answer | None) -> None:
        """Shows all of a text of which no more comes; `end` is the whole answer, where it is known
        by now. The end is still for `edit`; raises as it."""
        ...


@runtime_checkable
class HasBudget(CanEdit, Protocol):
    """A platform that takes so many edits and no more, from all answers together."""

    def budget(self, address: Address, reply: Reply) -> Budget:
        """What the edits of this message draw on."""
        ...


@runtime_checkable
class CanWithdraw(CanEdit, Protocol):
    """A platform where a draft can be taken away once its answer stands in another message."""

    async def withdraw(self, address: Address, reply: Reply) -> None:
        """Takes a draft away. Doing it twice is doing it once. Raises as `edit` does."""
        ...


@runtime_checkable
class CanErase(CanEdit, Protocol):
    """A platform where a message that was sent can be taken away, mostly."""

    async def erase(self, address: Address, reply: Reply) -> bool:
        """Takes a message away; twice is once. False where it has to be changed instead.

        Raises as `edit` does.
        """
        ...


@runtime_checkable
class CanRead(Platform, Protocol):
    """A platform whose messages can be read again."""

    def locate(self, link: str) -> Address | None:
        """What a message's address adds to a request's; None where it leads to none here. Pure."""
        ...

    async def read(self, address: Address) -> list[Message]:
        """The messages an address names, oldest first, five hundred at most.

        With `message` that message, and where a thread begins with it, the thread; without, the
        thread `thread` as it stands. Raises NotFound where it is not there, Forbidden where this
        app may not read it, with what to do; and RateLimited or PlatformFailed.
        """
        ...


@runtime_checkable
class CanRecall(CanRead, Protocol):
    """A platform where what this app sent can be read again."""

    def recall(self, address: Address, reply: Reply) -> Address | None:
        """Where a message that was sent is read; None where nobody else can see it. Pure."""
        ...


@runtime_checkable
class CanReadRange(CanRead, Protocol):
    """A platform where all that was said from one message to another can be read."""

    async def between(self, first: Address, last: Address, most: int) -> list[Message]:
        """From the one message to the other of one conversation, oldest first, both of them too.

        Whichever is named first; the oldest `most` of them. Raises InvalidInput where the two are
        not of one conversation, and what `read` raises.
        """
        ...


@runtime_checkable
class CanIntroduce(Platform, Protocol):
    """A platform that tells people's email addresses, where it may."""

    async def emails(self, address: Address, people: Sequence[str]) -> Mapping[str, str]:
        """The addresses of people there, by their ids; of those alone whose it tells."""
        ...


@runtime_checkable
class CanFetch(Platform, Protocol):
    """A platform that hands over what is in the files of its messages."""

    def fetch(self, address: Address, file: File) -> AsyncIterator[bytes]:
        """The file's content, piece by piece, from its `source`.

        Raises Forbidden where this app may not have it, NotFound where it is gone, RateLimited, and
        PlatformFailed, also after 60 seconds of silence.
        """
        ...


@runtime_checkable
class CanMark(Platform, Protocol):
    """A platform whose messages can show how far a request about them has come."""

    async def mark(self, address: Address, mark: Mark) -> None:
        """Shows the mark on the message `message`, in place of an earlier one.

        Doing it twice is doing it once. Raises as the methods that send do.
        """
        ...


@runtime_checkable
class CanJudge(Platform, Protocol):
    """A platform that can be asked who manages a workspace."""

    async def manages(self, address: Address) -> bool:
        """Whether whoever wrote may decide for everybody in the workspace it was written in.

        False where the platform does not say. Raises RateLimited or PlatformFailed.
        """
        ...


@runtime_checkable
class CanTell(Platform, Protocol):
    """A platform where something can be said later in the thread that a request was made in."""

    def aside(self, address: Address, reply: Reply | None) -> Address | None:
        """The address for it: nobody's ways to answer in private are in it. Pure.

        `reply` is the answer's first message, where there is one. None where nothing can be said.
        """
        ...


@runtime_checkable
class CanBeInstalled(Platform, Protocol):
    """A platform that many workspaces can install, each with a token of its own."""

    def serve(self, installations: Installations) -> None:
        """Where the tokens are; told once, before anything is sent."""
        ...
