"""What a command may use: who asks, durable steps, and the core's services."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NotRequired, Protocol, TypedDict
from uuid import UUID

from core.added import Added
from core.asking.material import Source
from core.commands.command import Command
from core.connecting import Standing
from core.facts import NO_FACTS, Facts
from core.live import Feed
from core.messages import Carried, Channel, File, Message, Request, Sender, Workspace
from core.notion.examining import Report
from core.ports import Destination, Given, Overview, Reply, Route, Saved, Step, Template, Turn
from core.preferences import Preferred
from core.storage.content import Content
from core.storage.destinations import Choices, Holder
from core.storage.spending import Spent
from core.transcript import Shape


class Writer(Protocol):
    """Generation, as commands see it. Implemented by `core.generation.Generation`."""

    async def write(
        self,
        context: Context,
        prompt: str,
        *,
        provider: str | None,
        model: str | None,
        template: str | None,
    ) -> list[str]:
        """Writes the answer to a prompt and keeps it; returns the notes that go with it."""
        ...

    async def note(self, context: Context, prompt: str, template: str | None) -> None:
        """Keeps what is asked before it is answered, so that it can be asked again."""
        ...

    async def answer(
        self,
        context: Context,
        question: str,
        gather: Callable[[], Awaitable[Sequence[Source]]],
        *,
        provider: str | None = None,
        model: str | None = None,
        again: tuple[Content, str] | None = None,
    ) -> list[str]:
        """Answers a question from the pages gathered; returns the notes that go with it."""
        ...

    async def converse(self, context: Context, prompt: str, before: Sequence[Turn]) -> list[str]:
        """Answers the last word of a conversation; returns the notes that go with the answer."""
        ...

    async def rewrite(self, context: Context, earlier: Content, how: str) -> list[str]:
        """Writes an item's answer in another way, as an item of its own; returns its notes."""
        ...

    async def stop(self, user_id: UUID, item: UUID) -> bool:
        """Ends the writing of an item. False where it has ended. Raises Forbidden."""
        ...


class Saver(Protocol):
    """Saving to Notion, as commands see it. Implemented by `core.notion.saving.Saving`."""

    async def save(
        self,
        step: Step,
        request_id: UUID,
        content_id: UUID,
        wanted: str | None,
        *,
        facts: Facts = NO_FACTS,
    ) -> Saved:
        """Makes the page of an item, once, with what is known of it."""
        ...


class Undone(TypedDict):
    """What came of taking a save back: what there is to say, and whether the page can still go.

    Nothing is said where it is gone and there is no other. `page` is the address of one that is.
    """

    said: str
    ask: bool
    item: NotRequired[str]
    page: NotRequired[str]


class Keeper(Protocol):
    """What was said, kept as items. Implemented by `core.captures.Captures`."""

    async def item(
        self,
        context: Context,
        item: UUID,
        every: Callable[[str | None], UUID],
        place: str | None,
        *,
        known: bool = False,
    ) -> UUID:
        """The item that stands for the same messages at the same destination.

        `item` is that of this request, `every` gives that of a place that was named, None for none;
        `known`: one that is there, or else `item`.
        """
        ...

    async def keep(
        self,
        context: Context,
        item: UUID,
        messages: Sequence[Message],
        facts: Facts,
        shape: Shape = "thread",
    ) -> bool:
        """Makes an item of messages; a second time changes nothing.

        Gives True where it is made anew, because its page is in Notion's trash.
        """
        ...

    async def watch(
        self,
        context: Context,
        item: UUID,
        messages: Sequence[Message],
        files: Sequence[Carried],
        shape: Shape = "thread",
    ) -> None:
        """Has the item's page follow what becomes of the messages."""
        ...

    async def answered(self, request: Request, replies: Sequence[Reply]) -> None:
        """Has pages that follow a thread show what this app answered there."""
        ...

    async def bring(self, context: Context, item: UUID) -> None:
        """Brings what became of an item's messages to its page."""
        ...

    async def carry(
        self, context: Context, item: UUID, files: Sequence[File], wanted: str | None = None
    ) -> list[Carried]:
        """Copies files to where the item's page will be; what became of each, in order."""
        ...

    async def undo(self, user_id: UUID, item: UUID, request: Request) -> Undone:
        """Takes an item and its page back as a reaction asks that went, or says why not."""
        ...

    async def trash(self, user_id: UUID, item: UUID) -> dict[str, str] | None:
        """Takes an item and its page back, however old; where the message is that it came from."""
        ...


class Conversation(Protocol):
    """What was said around the request. Implemented by `core.conversation.Conversation`."""

    async def message(self, link: str) -> list[Message]:
        """The message that is meant, with its thread where it begins one."""
        ...

    async def messages(self, first: str, last: str) -> list[Message]:
        """What was said from one message to another, oldest first; one more where it is cut."""
        ...

    async def turn(self, feed: Feed) -> None:
        """Waits until what was asked before in the same thread is answered."""
        ...

    async def thread(self) -> list[Message]:
        """The thread the request was written in, oldest first."""
        ...

    def is_link(self, text: str) -> bool:
        """Whether a text is the address of a message that can be read here."""
        ...

    @property
    def takes_emoji(self) -> bool:
        """Whether people can put emoji on messages here."""
        ...

    @property
    def hears_later(self) -> bool:
        """Whether something can be told here later, beside what was asked."""
        ...

    async def last_answer(self) -> Message | None:
        """What this app answered last in the thread; None where there is nothing."""
        ...

    def fetch(self, file: File) -> AsyncIterator[bytes]:
        """What is in a file of a message, piece by piece."""
        ...

    async def emails(self, people: Sequence[str]) -> Mapping[str, str]:
        """The email addresses of people by their ids, where they are told."""
        ...

    async def note(self, text: str) -> dict[str, str] | None:
        """Says what holds for a while, and how it can be changed; None where it cannot."""
        ...

    async def renote(self, note: Mapping[str, str], text: str) -> None:
        """Says something else in its place."""
        ...

    async def unnote(self, note: Mapping[str, str], end: str) -> None:
        """Takes it back, or says how it ended where that cannot be."""
        ...

    async def unsay(self, page: str) -> None:
        """Takes away what was told of a page that this request undoes; `page` is its address."""
        ...

    async def unmark(self, address: Mapping[str, str]) -> None:
        """Takes this app's marks off a message, where it has any."""
        ...

    async def governs(self) -> bool:
        """Whether the asker may decide for their whole workspace."""
        ...

    async def said(self, text: str) -> None:
        """Keeps what this app answered in the thread."""
        ...


class Library(Protocol):
    """A person's own items. Implemented by `core.history.History`."""

    async def get(self, user_id: UUID, content_id: UUID) -> Content:
        """One item of theirs. Raises NotFound."""
        ...

    async def known(self, content_id: UUID) -> bool:
        """Whether there is such an item, whoever's it is."""
        ...

    async def page(
        self, user_id: UUID, *, words: str = "", limit: int = 20
    ) -> tuple[list[Content], str | None]:
        """Their items, newest first, and the cursor of the next page."""
        ...

    async def spent(self, user_id: UUID, now: datetime) -> list[Spent]:
        """What their items took, by model."""
        ...


class Places(Protocol):
    """Where pages go, as commands see it. Implemented by `core.notion.places.Places`.

    What asks Notion raises what `core.ports.Pages` raises.
    """

    async def search(self, words: str, limit: int) -> list[Destination]:
        """Pages and data sources whose title matches, best first. Asks Notion."""
        ...

    async def read(self, page_id: str, limit: int) -> str:
        """What a page says, as Markdown, in at most `limit` characters. Asks Notion."""
        ...

    async def check(self, wanted: str) -> str:
        """The id of a named place. Raises InvalidInput where it is none. Asks Notion."""
        ...

    async def find(self, wanted: str) -> Destination:
        """A place by an id, an address or a title. Asks Notion."""
        ...

    async def shared(self, wanted: str) -> Destination:
        """The same, where others than the asker see it too. Asks Notion."""
        ...

    async def templates(self, place: Destination) -> Sequence[Template]:
        """The templates that Notion has for a place. Asks Notion."""
        ...

    async def unfit(self, place: Destination, pairs: Given) -> Sequence[str]:
        """What to say of values for properties that no page of a place could carry. Asks Notion."""
        ...

    async def default(self) -> Destination:
        """Where pages go that nobody chose a place for. Asks Notion."""
        ...

    async def chosen(
        self, user_id: UUID, channel: Channel | None, workspace: Workspace | None = None
    ) -> Choices:
        """What this person, this channel and this workspace have chosen."""
        ...

    async def routes(self, channel: Channel) -> list[Route]:
        """What emoji do in a channel beside 📝."""
        ...

    async def route(self, channel: Channel, route: Route) -> None:
        """Keeps what an emoji does in a channel. Raises Conflict where there are too many."""
        ...

    async def unroute(self, channel: Channel, emoji: str) -> bool:
        """Has an emoji do nothing any more; False where it did nothing."""
        ...

    async def choose(self, holder: Holder, wanted: str) -> Destination:
        """Keeps a choice, given as an id, an address or a title. Asks Notion."""
        ...

    async def clear(self, holder: Holder) -> Destination | None:
        """Forgets a choice, and says which; None where there was none."""
        ...


class Links(Protocol):
    """Accounts, as chat sees them. Implemented by `core.accounts.links.Links`."""

    async def offer(self, request: Request) -> bool:
        """Makes the code of the sender's identity; False where they have an account already."""
        ...

    def code(self, request_id: UUID) -> str:
        """The code that was made for a request."""
        ...

    def url(self, code: str) -> str:
        """The address of the page that takes it."""
        ...

    async def accept(self, sender: Sender) -> None:
        """Joins whoever says yes to the account that asked for them."""
        ...

    async def redeem(self, sender: Sender, code: str) -> None:
        """Joins the sender's identity to the account that a code stands for."""
        ...

    async def account(self, user_id: UUID) -> str | None:
        """The name of a person's account; None where they have none."""
        ...

    async def leave(self, sender: Sender, user_id: UUID, *, not_me: bool = False) -> bool:
        """Parts the sender's identity from their account; False where they have none."""
        ...


class Preferences(Protocol):
    """What people choose for themselves. Implemented by `core.accounts.choosing.Preferences`."""

    @property
    def providers(self) -> tuple[str, ...]:
        """The providers there are, in the server's order."""
        ...

    async def choose(self, user_id: UUID, chosen: Mapping[str, str | None]) -> None:
        """Keeps choices by name; None takes one back. Raises InvalidInput."""
        ...

    async def chosen(self, user_id: UUID) -> Preferred:
        """What of a person's choices this server can do."""
        ...

    async def overview(
        self, sender: Sender, channel: Channel | None, workspace: Workspace | None = None
    ) -> Overview:
        """How somebody stands."""
        ...


class Appender(Protocol):
    """Adding to pages that are there. Implemented by `core.notion.appending.Appending`."""

    async def append(self, step: Step, request_id: UUID, page: Destination, what: Added) -> Saved:
        """Adds something to the end of a page, once."""
        ...


class Voter(Protocol):
    """What people think of answers. Implemented by `core.ratings.Ratings`."""

    async def rate(self, user_id: UUID, item: UUID, *, good: bool) -> None:
        """Keeps a vote. Raises NotFound where the answer is not there any more."""
        ...


class Connector(Protocol):
    """Connections to Notion, as chat sees them. Implemented by `core.connecting.Connecting`."""

    @property
    def on(self) -> bool:
        """Whether people can connect a Notion of their own here."""
        ...

    async def offer(self, request: Request, *, shared: bool = False) -> str:
        """A link by which the sender connects Notion, for themselves or for their workspace."""
        ...

    async def hint(self, request: Request) -> str | None:
        """What whoever lacks a connection that Notion accepts does about it; None for others."""
        ...

    async def standing(self, user_id: UUID, request: Request) -> list[Standing]:
        """How somebody is connected."""
        ...

    async def check(
        self, user_id: UUID, channel: Channel | None, workspace: Workspace | None = None
    ) -> Report:
        """What somebody's connection sees and may do. Asks Notion."""
        ...

    async def leave(self, user_id: UUID, request: Request, *, shared: bool) -> str:
        """Takes a connection away; what there is to say of it."""
        ...


class Announcer(Protocol):
    """What becomes of pages, as chat sees it. Implemented by `core.announcing.Announcing`."""

    async def turn(self, channel: Channel, *, on: bool) -> bool:
        """Has a channel hear of its pages, or not; False where that is so already."""
        ...

    async def is_on(self, channel: Channel) -> bool:
        """Whether a channel hears of its pages."""
        ...

    async def watch(self, request: Request, url: str) -> None:
        """Begins to watch a page that was saved."""
        ...

    async def news(self, item: UUID) -> tuple[str, datetime, list[str]] | None:
        """What is to be told of an item's page, until when, and of which comments. Asks Notion."""
        ...

    async def told(self, item: UUID, seen_at: datetime, comments: list[str]) -> None:
        """What was told is no news any more."""
        ...


Services = tuple[
    Writer,
    Saver,
    Library,
    Places,
    Keeper,
    Links,
    Preferences,
    Voter,
    Connector,
    Announcer,
    Appender,
]
"""What commands may use, in the order in which `Context` names it."""


@dataclass(slots=True)
class Person:
    """Whose request it is: the account, once they have become part of one meanwhile.

    `is_off`: an admin has switched the account off.
    """

    id: UUID
    is_off: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """One request being carried out."""

    request: Request
    person: Person
    feed: Feed
    step: Step
    writer: Writer
    saver: Saver
    library: Library
    places: Places
    keeper: Keeper
    links: Links
    preferences: Preferences
    voter: Voter
    connector: Connector
    announcer: Announcer
    appender: Appender
    conversation: Conversation
    commands: Mapping[str, Command]

    @property
    def user_id(self) -> UUID:
        """Whose request it is, as of the last step."""
        return self.person.id
