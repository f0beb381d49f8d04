"""Where pages go: what people, channels and workspaces chose, and what there is to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict
from uuid import UUID

from core.errors import (
    Conflict,
    InvalidInput,
    Misconfigured,
    NotFound,
    NotionFailed,
    RateLimited,
)
from core.messages import WEB, Channel, Request, Workspace
from core.notion.values import Values
from core.notion.whose import asking_for_all, whose
from core.ports import Destination, Given, Pages, Route, Template
from core.storage.database import Database, UnitOfWork
from core.storage.destinations import Choices, Holder

MOST_ROUTES = 25
"""Emoji of one channel that save, beside 📝."""


class Wanted(TypedDict):
    """Where one request's page goes.

    `name` is an id, an address or a title; None is the server's default. `chosen_by` is "person",
    "channel" or "workspace" where it is a choice of theirs, made earlier, and `title` then what
    they chose.
    """

    name: str | None
    chosen_by: str
    title: str


class Places:
    """Implements `core.commands.context.Places`."""

    def __init__(self, database: Database, pages: Pages) -> None:
        self._database = database
        self._pages = pages

    async def search(self, words: str, limit: int) -> list[Destination]:
        """Pages and data sources the connection can see whose title matches, best first.

        Raises what `Pages` raises.
        """
        return await self._pages.destinations(words, limit)

    async def read(self, page_id: str, limit: int) -> str:
        """What a page says, in at most `limit` characters. Raises what `Pages` raises."""
        return await self._pages.read(page_id, limit)

    async def check(self, wanted: str) -> str:
        """The id of a named place. Raises InvalidInput where it is none, or is not shared.

        That Notion does not answer now is no reason against the place: then it is as it was named.
        """
        try:
            return (await self._pages.destination(wanted)).id
        except (NotionFailed, RateLimited, Misconfigured):
            return wanted

    async def default(self) -> Destination:
        """Where pages go that nobody chose a place for. Raises what `Pages` raises."""
        return await self._pages.destination(None)

    async def chosen(
        self, user_id: UUID, channel: Channel | None, workspace: Workspace | None = None
    ) -> Choices:
        """What this person, this channel and this workspace have chosen."""
        async with self._database.read() as uow:
            return await uow.destinations.of(user_id, channel, [workspace] if workspace else [])

    async def choose(self, holder: Holder, wanted: str) -> Destination:
        """Keeps a choice, given as an id, an address or a title.

        What is chosen for a channel or workspace has to be seen by others than the one who
        chooses. Raises what `Pages` raises, and keeps nothing then.
        """
        for_all = isinstance(holder, Channel | Workspace)
        place = await (self.shared(wanted) if for_all else self.find(wanted))
        async with self._database.begin() as uow:
            await uow.destinations.choose(holder, place)
            who = holder if isinstance(holder, UUID) else whose().user_id
            await uow.audit.note("destination.chosen", who, target=place.title)
        return place

    async def routes(self, channel: Channel) -> list[Route]:
        """What emoji do in a channel beside 📝."""
        async with self._database.read() as uow:
            return await uow.routes.of(channel)

    async def route(self, channel: Channel, route: Route) -> None:
        """Keeps what an emoji does in a channel, in place of what it did before.

        Raises Conflict where the channel has as many as it may.
        """
        async with self._database.begin() as uow:
            if await uow.routes.others(channel, route.emoji) >= MOST_ROUTES:
                raise Conflict(
                    f"This channel has {MOST_ROUTES} emoji that save, which is the most. Take one "
                    "away first: `/notion to :emoji: --clear`."
                )
            await uow.routes.keep(channel, route)

    async def unroute(self, channel: Channel, emoji: str) -> bool:
        """Has an emoji do nothing any more in a channel; False where it did nothing."""
        async with self._database.begin() as uow:
            return await uow.routes.forget(channel, emoji)

    async def templates(self, place: Destination) -> Sequence[Template]:
        """The templates that Notion has for a data source. Raises what `Pages` raises."""
        return await self._pages.templates(place.id) if place.kind == "data_source" else ()

    async def unfit(self, place: Destination, pairs: Given) -> Sequence[str]:
        """What to say of values that no page there could carry. Raises what `Pages` raises."""
        return await Values(self._database, self._pages).unfit(place, pairs)

    async def find(self, wanted: str) -> Destination:
        """The place meant by an id, an address or a title. Raises what `Pages` raises."""
        return await self._pages.destination(wanted)

    async def shared(self, wanted: str) -> Destination:
        """The same, seen by others than the one who asks. Raises what `Pages` raises."""
        place = await self._pages.destination(wanted)
        if place.connection and whose().person is not None:
            return await self._for_all(wanted, place)
        return place

    async def _for_all(self, wanted: str, own: Destination) -> Destination:
        with asking_for_all():
            try:
                return await self._pages.destination(wanted)
            except (InvalidInput, Misconfigured) as error:
                raise InvalidInput(
                    f"Only your own connection to Notion sees “{own.title or 'Untitled'}”, so "
                    "pages of others could not go there. Share it with everybody's connection: "
                    "open it in Notion, choose ••• → Connections. Or connect Notion for the whole "
                    "workspace: `/notion settings notion workspace`"
                ) from error

    async def clear(self, holder: Holder) -> Destination | None:
        """Forgets a choice, and says which; None where there was none."""
        async with self._database.begin() as uow:
            return await uow.destinations.clear(holder)

    async def decide(self, request_id: UUID, content_id: UUID) -> Wanted:
        """Where an item goes that no place was named for: the person's, channel's, workspace's.

        The person is the item's, channel and workspace are the request's; of one that comes over
        HTTP, the workspaces are those of the chats that the person linked.
        Raises NotFound: no such item.
        """
        async with self._database.read() as uow:
            content = await uow.content.get(content_id)
        if content is None:
            raise NotFound("This item is not there any more.")
        return await self.wanted(request_id, content.user_id)

    async def wanted(self, request_id: UUID, user_id: UUID) -> Wanted:
        """Where pages of a person go that are made for a request without a place."""
        async with self._database.read() as uow:
            accepted = await uow.inbox.get(request_id)
            request = accepted.request if accepted else None
            channel = request.channel if request else None
            workspaces = await workspaces_of(uow, request, user_id)
            choices = await uow.destinations.of(user_id, channel, workspaces)
        if choices.person is not None:
            return _wanted(choices.person, "person")
        if choices.channel is not None:
            return _wanted(choices.channel, "channel")
        if choices.workspace is not None:
            return _wanted(choices.workspace, "workspace")
        return {"name": None, "chosen_by": "", "title": ""}

    async def meant(self, wanted: Wanted) -> Destination:
        """The page or data source itself.

        Raises what `Pages` raises; where a choice made earlier cannot be used any more, the message
        says whose it is and how to choose again.
        """
        try:
            return await self._pages.destination(wanted["name"])
        except InvalidInput as error:
            if not wanted["chosen_by"]:
                raise
            raise InvalidInput(_unusable(wanted, error.message)) from error


async def workspaces_of(uow: UnitOfWork, request: Request | None, user_id: UUID) -> list[Workspace]:
    """The workspaces whose choice may hold for a request."""
    if request is None:
        return []
    if request.sender.platform != WEB:
        return [request.workspace] if request.workspace else []
    known = await uow.users.identities(user_id)
    return [Workspace(each.platform, each.workspace) for each in known if each.workspace]


def named(name: str) -> Wanted:
    """A place that was named for this one page."""
    return {"name": name, "chosen_by": "", "title": ""}


def _wanted(place: Destination, chosen_by: str) -> Wanted:
    return {"name": place.id, "chosen_by": chosen_by, "title": place.title}


def _unusable(wanted: Wanted, why: str) -> str:
    title = wanted["title"] or "Untitled"
    if wanted["chosen_by"] == "person":
        whose, how = "your pages", "`/notion to` with another place, or `/notion to --clear`"
    elif wanted["chosen_by"] == "workspace":
        whose = "pages from this workspace"
        how = "an admin of it does that with `/notion to --workspace` and another place"
    else:
        whose, how = "pages from this channel", "`/notion to --channel` with another place"
    return f"“{title}”, chosen for {whose}, cannot be used. {why} Or choose again: {how}."
