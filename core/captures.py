"""Messages as items: what is saved by 📝, by the message's menu, or by `/notion save`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from core.attachments import Attachments
from core.commands.context import Context, Undone
from core.conversation import BRIEF
from core.errors import AssistantError
from core.facts import Facts
from core.follow.changes import Changes
from core.follow.news import News
from core.jobs.show import patiently
from core.messages import Carried, File, Message, Request
from core.notion.places import Places, named
from core.notion.trashed import is_trashed
from core.notion.whose import asking_by, made_by
from core.ports import CanRecall, Destination, Pages, Platform, Reply
from core.progress import Progress
from core.standing import Stand, Standing
from core.storage.content import Content, Written
from core.storage.database import Database
from core.titles import Titles
from core.transcript import Shape, document

UNDO = timedelta(minutes=10)
"""How long after the save taking the reaction away undoes it."""

FOLLOW_DAYS = 30
"""For how long a page follows what becomes of its messages, where nothing else is set."""

_LATE = (
    "You took 📝 away, but the page is more than ten minutes old, so it is still there. "
    "What is to become of it?"
)

_OTHERS = "Somebody else asked for this page too, so it stays."
_ELSEWHERE = "The page is in Notion's trash. That of somebody else, in another place, stays."

SAVING_SECONDS = 60.0
"""How long an undo waits for the page that is being made."""

_POLL_SECONDS = 0.25

log = structlog.get_logger(__name__)


class Captures:
    """Keeps what was said as items, and takes them back. Implements `…context.Keeper`."""

    def __init__(
        self,
        database: Database,
        pages: Pages,
        *,
        days: int = FOLLOW_DAYS,
        platforms: Mapping[str, Platform] | None = None,
        titles: Titles | None = None,
    ) -> None:
        self._database = database
        self._pages = pages
        self._platforms = platforms or {}
        self._places = Places(database, pages)
        self._attachments = Attachments(pages)
        self._titles = titles or Titles()
        self.news = News(database, days)
        self._changes = Changes(database, pages, platforms)
        self._standing = Standing(database, self._places)

    async def item(
        self,
        context: Context,
        item: UUID,
        every: Callable[[str | None], UUID],
        place: str | None,
        *,
        known: bool = False,
    ) -> UUID:
        """See `core.standing.Standing.item`."""
        return await self._standing.item(context, item, every, place, known=known)

    async def keep(
        self,
        context: Context,
        item: UUID,
        messages: Sequence[Message],
        facts: Facts,
        shape: Shape = "thread",
    ) -> bool:
        """Makes an item of messages, the asker's; where it is there already it stays as it is.

        One whose page is in the trash is forgotten first, and made anew: then it gives True. From
        then on its page follows them: what is changed while files go up, or while the save
        stands in line, is brought to the page once it is there.
        """
        async with self._database.read() as unit:
            there = await unit.content.get(item)
        gone = there if there is not None and await is_trashed(self._pages, there) else None
        made = there is None or there.text is None or gone is not None
        prompt = await self._titles.of(messages) if made else ""
        written = Written(
            text=document(messages, shape),
            provider=context.request.sender.platform,
            # No model wrote it, so it is left out of what is counted.
            model=None,
            note=None,
            input_tokens=0,
            output_tokens=0,
        )

        async def store() -> None:
            async with self._database.begin() as unit:
                kept = await unit.content.get(item)
                if kept and gone and kept.page_id == gone.page_id:
                    await unit.content.delete(item, kept.user_id)
                    kept = None
                if made and (kept is None or kept.text is None):
                    await unit.content.begin(item, context.user_id, prompt, None)
                    await unit.content.finish(item, written)
                    await unit.content.describe(item, facts.to_json())
                await self.news.watch(unit, context.request, item, messages, shape)

        await patiently(store)
        return gone is not None

    async def carry(
        self, context: Context, item: UUID, files: Sequence[File], wanted: str | None = None
    ) -> list[Carried]:
        """Copies files to Notion, unless the item has its page already; see `Attachments.carry`.

        They go up by the connection that makes the page: no other one's page can hold them.
        """
        async with self._database.read() as unit:
            kept = await unit.content.get(item)
        if (kept is not None and kept.notion_url) or not files:
            return []
        progress, fetch = Progress(context, files), context.conversation.fetch
        try:
            by = (await self._place(context, item, wanted)).connection
        except AssistantError:
            # Saving says what is wrong with the place.
            by = None
        with nullcontext() if by is None else asking_by(by):
            carried = await self._attachments.carry(context.step, fetch, files, progress.begun)
        await progress.over()
        return carried

    async def _place(self, context: Context, item: UUID, wanted: str | None) -> Destination:
        if wanted:
            return await self._places.meant(named(wanted))
        return await self._places.meant(await self._places.decide(context.request.id, item))

    async def watch(
        self,
        context: Context,
        item: UUID,
        messages: Sequence[Message],
        files: Sequence[Carried],
        shape: Shape = "thread",
    ) -> None:
        """Has the page of an item follow its messages with the files that were copied."""

        async def store() -> None:
            async with self._database.begin() as unit:
                if await unit.followed.get(item, hold=True) is None:
                    # It was kept by a release that did not follow it from then on.
                    await self.news.watch(unit, context.request, item, messages, shape)
                await self.news.copied(unit, item, files)

        await patiently(store)

    async def answered(self, request: Request, replies: Sequence[Reply]) -> None:
        """Has pages that follow the thread show what this app answered there, once it is whole.

        It is read again, so that it is as saving anew would find it. What a platform does not show
        is left out. Raises Unavailable.
        """
        platform, channel = self._platforms.get(request.sender.platform), request.channel
        if channel is None or not isinstance(platform, CanRecall):
            return
        # Where there are no threads, it is a reply to the message that asked.
        about = dict.fromkeys(request.address.get(name, "") for name in ("thread", "message"))
        threads = [each for each in about if each and await self.news.follows(channel, "", each)]
        for reply in replies if threads else ():
            where = platform.recall(request.address, reply)
            if where is None:
                continue
            try:
                found = await asyncio.wait_for(platform.read(where), BRIEF)
            except (AssistantError, TimeoutError) as error:
                log.info("an answer could not be read again", reason=str(error))
                continue
            for thread in threads:
                for message in found[:1]:
                    await self.news.told(channel, message, time.time(), thread=thread)

    async def bring(self, context: Context, item: UUID) -> None:
        """Brings what became of an item's messages to its page; see `Changes.bring`."""
        await self._changes.bring(context.step, item)

    async def undo(self, user_id: UUID, item: UUID, request: Request) -> Undone:
        """Puts the page of an item in the trash and forgets the item.

        Nothing is done to somebody else's item, nor to one that others ask for by a reaction of
        their own, nor ten minutes after the save: then the page stays, and what is returned says
        so. Raises what `Pages.trash` raises.
        """
        standing = list((await self._standing.reactions(request)).values())
        kept = await self._saved(user_id, item) or await self._left(item, user_id, standing)
        if kept is None:
            return {"said": await self._of_another(item), "ask": False}
        since = kept.saving_since or kept.created_at
        if datetime.now(UTC) - since > UNDO:
            return {"said": _LATE, "ask": kept.user_id == user_id}
        left = [one for one in standing if one.stands]
        # Of one that got no page it is only known what it asked for.
        if any(one.page == kept.notion_url if one.page else one.like_this for one in left):
            return {"said": _OTHERS, "ask": False}
        await self._take_back(kept)
        said = _ELSEWHERE if any(one.page for one in left) else ""
        return {"said": said, "ask": False, "page": kept.notion_url or ""}

    async def trash(self, user_id: UUID, item: UUID) -> dict[str, str] | None:
        """Puts the page of an item of this person in the trash, and forgets the item.

        Gives the address of the message it was saved from, None where that is not known. Raises
        what `Pages.trash` raises.
        """
        kept = await self._saved(user_id, item)
        async with self._database.read() as unit:
            followed = await unit.followed.get(item)
            messages = await unit.followed.messages(item) if followed else []
        if kept is not None:
            await self._take_back(kept)
        if followed is None or not messages:
            return None
        first = min(each.id for each in messages if each.shown) if messages else ""
        return followed.address | {"message": first}

    async def _take_back(self, kept: Content) -> None:
        page = kept.page_id
        if page is not None:
            with asking_by(made_by(kept.parent)):
                await patiently(lambda: self._pages.trash(page), SAVING_SECONDS)
        async with self._database.begin() as unit:
            await unit.content.delete(kept.id, kept.user_id)

    async def _left(self, item: UUID, user_id: UUID, standing: Sequence[Stand]) -> Content | None:
        """An item whose owner took their reaction away while somebody else's kept the page."""
        async with self._database.read() as unit:
            kept = await unit.content.get(item)
        away = {one.user_id for one in standing if not one.stands} | {user_id}
        return kept if kept is not None and kept.page_id and kept.user_id in away else None

    async def _of_another(self, item: UUID) -> str:
        async with self._database.read() as unit:
            kept = await unit.content.get(item)
        if kept is None or kept.page_id is None:
            return ""
        return "Somebody else saved this message first, so the page stays: they can undo it."

    async def _saved(self, user_id: UUID, item: UUID) -> Content | None:
        """The item, once nobody is making its page any more; None where there is none of theirs."""
        until = time.monotonic() + SAVING_SECONDS
        while True:
            async with self._database.read() as unit:
                kept = await unit.content.get(item, user_id)
                maker = kept.saving_by if kept else None
                request = await unit.inbox.get(maker) if maker else None
            at_work = request is not None and request.finished_at is None
            if kept is None or not at_work or time.monotonic() > until:
                return kept
            await asyncio.sleep(_POLL_SECONDS)
