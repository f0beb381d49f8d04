"""Where pages go: what people and channels chose, and what there is to choose from."""

from __future__ import annotations

from typing import TypedDict
from uuid import UUID

from core.errors import InvalidInput, Misconfigured, NotFound, NotionFailed, RateLimited
from core.messages import Channel
from core.notion.whose import asking_for_all, whose
from core.ports import Destination, Pages
from core.storage.database import Database
from core.storage.destinations import Choices, Holder


class Wanted(TypedDict):
    """Where one request's page goes.

    `name` is an id, an address or a title; None is the server's default. `chosen_by` is "person" or
    "channel" where it is a choice of theirs, made earlier, and `title` then what they chose.
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

    async def check(self, wanted: str) -> None:
        """Raises InvalidInput where a named place is none, or is not shared.

        That Notion does not answer now is no reason against the place.
        """
        try:
            await self._pages.destination(wanted)
        except (NotionFailed, RateLimited, Misconfigured):
            return

    async def default(self) -> Destination:
        """Where pages go that nobody chose a place for. Raises what `Pages` raises."""
        return await self._pages.destination(None)

    async def chosen(self, user_id: UUID, channel: Channel | None) -> Choices:
        """What this person and this channel have chosen."""
        async with self._database.read() as uow:
            return await uow.destinations.of(user_id, channel)

    async def choose(self, holder: Holder, wanted: str) -> Destination:
        """Keeps a choice, given as an id, an address or a title.

        What is chosen for a channel has to be seen by others than the one who chooses. Raises what
        `Pages` raises, and keeps nothing then.
        """
        place = await self._pages.destination(wanted)
        if isinstance(holder, Channel) and place.connection and whose().person is not None:
            place = await self._for_all(wanted, place)
        async with self._database.begin() as uow:
            await uow.destinations.choose(holder, place)
            who = holder if isinstance(holder, UUID) else None
            await uow.audit.note("destination.chosen", who, target=place.title)
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
        """Where an item goes that no place was named for: the person's choice, or the channel's.

        The person is the item's, the channel the request's. Raises NotFound: no such item.
        """
        async with self._database.read() as uow:
            content = await uow.content.get(content_id)
            if content is None:
                raise NotFound("This item is not there any more.")
            accepted = await uow.inbox.get(request_id)
            channel = accepted.request.channel if accepted else None
            choices = await uow.destinations.of(content.user_id, channel)
        if choices.person is not None:
            return _wanted(choices.person, "person")
        if choices.channel is not None:
            return _wanted(choices.channel, "channel")
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


def named(name: str) -> Wanted:
    """A place that was named for this one page."""
    return {"name": name, "chosen_by": "", "title": ""}


def _wanted(place: Destination, chosen_by: str) -> Wanted:
    return {"name": place.id, "chosen_by": chosen_by, "title": place.title}


def _unusable(wanted: Wanted, why: str) -> str:
    title = wanted["title"] or "Untitled"
    if wanted["chosen_by"] == "person":
        whose, how = "your pages", "`/notion to` with another place, or `/notion to --clear`"
    else:
        whose, how = "pages from this channel", "`/notion to --channel` with another place"
    return f"“{title}”, chosen for {whose}, cannot be used. {why} Or choose again: {how}."
