"""Saving an answer as a page: once, whole, whatever breaks on the way."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from core.attachments import with_files
from core.errors import Conflict, NotFound, NotionFailed, RateLimited, Unavailable
from core.facts import NO_FACTS, Facts
from core.markdown import notion_blocks, plan
from core.notion.making import Draft, Kept, Making, Patience
from core.notion.mentions import Mentioning
from core.notion.page import footer, page_title
from core.notion.places import Places, Wanted, named
from core.notion.refusals import NotionRefused, is_gone
from core.notion.trashed import NEW_PAGE, is_trashed
from core.notion.tree import Tree, size
from core.notion.whose import asking_by, made_by
from core.ports import Destination, Pages, Saved, Step
from core.storage.content import Content
from core.storage.database import Database, UnitOfWork


class Saving:
    """Saves items. `public_url` is where this server is reached: pages link back to their item."""

    def __init__(
        self, database: Database, pages: Pages, public_url: str, patience: Patience | None = None
    ) -> None:
        self._database = database
        self._pages = pages
        self._places = Places(database, pages)
        self._public_url = public_url.rstrip("/")
        self._patience = patience or Patience()
        self._making = Making(database, pages, self._patience)

    async def save(
        self,
        step: Step,
        request_id: UUID,
        content_id: UUID,
        wanted: str | None,
        *,
        facts: Facts = NO_FACTS,
    ) -> Saved:
        """The item's page, made now unless it was before.

        `wanted` names the destination; None is what the person, else the channel, else the server
        has chosen. That is decided once: who chooses anew while this runs does not move the page.
        In a data source, `facts` fill the properties that are made for them.

        Raises what `Pages` raises: with the page's address in the message where the page exists but
        does not hold all yet, and then saving again goes on where this ended. NotFound: no such
        item. Conflict: no answer yet, or another request that was saving the item took over and
        takes long.
        """
        if wanted:
            place = named(wanted)
        else:
            decide = partial(self._places.decide, request_id, content_id)
            place = await step("save: place", decide)
        page = await step("save: page", partial(self._page, request_id, content_id, place, facts))
        saved = Saved(page["url"], tuple(page.get("notes", ())))
        if page["whole"]:
            return saved
        content = await self._read(content_id)
        draft = self._draft(content, facts)
        with asking_by(made_by(content.parent)):
            people = page.get("people", {})
            blocks = Mentioning(self._pages, people) if people else self._pages
            tree, first = Tree(blocks, page["id"], draft.mark), 1
            if "template" in page:
                applied = partial(self._applied, content_id, page["id"], page["template"], draft)
                skip, *notes = await step("save: template", applied)
                saved = Saved(saved.url, (*saved.notes, *notes))
                tree = Tree(blocks, page["id"], draft.mark, skip=skip, foot=draft.footer)
                first = 0
            for number, request in enumerate(draft.requests[first:], first):
                try:
                    await step(
                        f"save: blocks {number}",
                        partial(self._blocks, tree, request, request_id, content_id),
                    )
                except (NotionFailed, RateLimited, Unavailable) as error:
                    raise _in_part(error, page["url"], draft.requests, number) from error
        await step("save: done", partial(self._done, content_id, page))
        return saved

    # ── The page ─────────────────────────────────────────────────────────────────────────────────

    async def _page(self, request_id: UUID, content_id: UUID, wanted: Wanted, facts: Facts) -> Kept:
        wait, tried, notes = self._patience.other, False, list[str]()
        while True:
            content, busy = await self._free(request_id, content_id, wait)
            if content.notion_url and await is_trashed(self._pages, content):
                await self._forget(content)
                notes = [NEW_PAGE]
                continue
            if content.notion_url:
                return {"id": content.page_id or "", "url": content.notion_url, "whole": True}
            if busy and tried:
                # Two requests that took over from each other in turn would never end.
                raise _busy()
            page = await self._try(request_id, content, wanted, facts, busy=busy)
            if page is not None:
                return {**page, "notes": [*notes, *page.get("notes", ())]}
            if busy:
                wait, tried = self._patience.other + self._patience.flight, True

    async def _forget(self, content: Content) -> None:
        async with self._database.begin() as uow:
            await uow.content.unsaved(content.id, content.page_id or "")
            await uow.announced.unwatch(content.id)

    async def _free(
        self, request_id: UUID, content_id: UUID, seconds: float
    ) -> tuple[Content, bool]:
        """The item, once it is saved or nobody else is saving it; True where they take longer."""
        until = time.monotonic() + seconds
        while True:
            async with self._database.read() as uow:
                content = await _item(uow, content_id)
                busy = await _is_at_work(uow, content.saving_by, request_id)
            if content.notion_url or not busy or time.monotonic() >= until:
                return content, busy
            await asyncio.sleep(self._patience.poll)

    async def _try(
        self, request_id: UUID, content: Content, wanted: Wanted, facts: Facts, *, busy: bool
    ) -> Kept | None:
        """The item's page, found or made; None where somebody else was quicker."""
        draft = self._draft(content, facts)
        owner = content.saving_by
        since = content.saving_since or datetime.now(UTC)
        if content.parent is None:
            place = await self._places.meant(wanted)
        else:
            # Somebody began before: there may be a page already.
            if not await self._take_over(request_id, content, busy=busy):
                return None
            place = place_of(content.parent)
            with asking_by(place.connection):
                page = await self._making.find(place, draft, since, content.id)
                if page is not None:
                    return await self._making.found(page, place, draft, content.id)
            if owner != request_id:
                place = await self._places.meant(wanted)
            owner = request_id
        if not await self._claim(content.id, request_id, place, owner):
            return None
        still_ours = partial(self._claim, content.id, request_id, place, request_id)
        try:
            with asking_by(place.connection):
                return await self._making.create(still_ours, place, draft, since, content.id)
        except NotionRefused as error:
            if is_gone(error):
                # This says which place it is, who chose it, and what to do.
                await self._places.meant(wanted)
            raise

    async def _take_over(self, request_id: UUID, content: Content, *, busy: bool) -> bool:
        """Claims an item that was begun. False where somebody else was quicker.

        Who loses the claim begins no other write, but one may be on its way.
        """
        place = place_of(content.parent or {})
        ours = await self._claim(content.id, request_id, place, content.saving_by)
        if ours and busy:
            await asyncio.sleep(self._patience.flight)
        return ours

    async def _applied(self, item: UUID, page_id: str, template: str, draft: Draft) -> list[Any]:
        place = place_of((await self._read(item)).parent or {})
        return await self._making.applied(place, page_id, template, draft)

    # ── The rest ─────────────────────────────────────────────────────────────────────────────────

    async def _blocks(self, tree: Tree, request: Any, request_id: UUID, content_id: UUID) -> None:
        """Sends one batch, or what is missing of it."""
        if not await self._is_ours(tree, request_id, content_id):
            return
        await tree.bring(request, self._patience.looks[0])

    async def _is_ours(self, tree: Tree, request_id: UUID, content_id: UUID) -> bool:
        """Whether to go on: not where another request has taken over and saved it all."""
        wait = self._patience.other + self._patience.flight
        while True:
            content, busy = await self._free(request_id, content_id, wait)
            if content.notion_url:
                return False
            if content.saving_by == request_id:
                return True
            if busy:
                raise _busy()
            tree.clear()
            if await self._take_over(request_id, content, busy=False):
                return True

    async def _done(self, content_id: UUID, page: Kept) -> None:
        async with self._database.begin() as uow:
            await uow.content.saved(content_id, page["id"], page["url"])
            await uow.content.name(content_id, page.get("people", {}))
            content = await uow.content.get(content_id)
            if content is not None:
                await uow.audit.note("page.saved", content.user_id, target=page["url"])

    async def _read(self, content_id: UUID) -> Content:
        async with self._database.begin() as uow:
            return await _item(uow, content_id)

    async def _claim(
        self, content_id: UUID, request_id: UUID, place: Destination, before: UUID | None
    ) -> bool:
        async with self._database.begin() as uow:
            return await uow.content.begin_saving(content_id, request_id, asdict(place), before)

    def _draft(self, content: Content, facts: Facts) -> Draft:
        if content.text is None:
            raise Conflict("The answer is not finished yet. Save it when it is.")
        title, body = page_title(content.prompt, content.text)
        # Without the server's address, which may change between two tries.
        mark = f"/content/{content.id}"
        foot = footer(
            f"{self._public_url}{mark}",
            content.provider or "",
            content.note,
            verb="Saved" if content.model is None else "Written",
        )
        known = facts
        if content.model is not None:
            at = facts.at or content.created_at
            provider = content.provider or ""
            known = replace(facts, provider=provider, model=content.model, at=at)
        blocks = with_files(notion_blocks(body), facts.files)
        return Draft(title, mark, foot, plan(blocks), known, said=content.model is None)


def _busy() -> Conflict:
    return Conflict(
        "Another request is saving this item and takes long. Try again in a minute.",
        retryable=True,
        retry_after=60,
    )


def place_of(kept: dict[str, str]) -> Destination:
    return Destination(**kept)  # type: ignore[arg-type] # the JSON of one


async def _item(uow: UnitOfWork, content_id: UUID) -> Content:
    content = await uow.content.get(content_id)
    if content is None:
        raise NotFound("This item is not there any more.")
    return content


async def _is_at_work(uow: UnitOfWork, saving_by: UUID | None, request_id: UUID) -> bool:
    if saving_by is None or saving_by == request_id:
        return False
    other = await uow.inbox.get(saving_by)
    return other is not None and other.finished_at is None


def _in_part(
    error: NotionFailed | RateLimited | Unavailable, url: str, requests: list[Any], sent: int
) -> NotionFailed | RateLimited | Unavailable:
    """The error, saying what is there: `sent` of the requests were carried out."""
    written = sum(size(request.children) for request in requests[:sent])
    total = sum(size(request.children) for request in requests)
    message = (
        f"The page is there but holds only {written} of {total} blocks: {url} "
        f"Save again to go on from there. {error.message}"
    )
    kinds = (RateLimited, Unavailable)
    kind = next((kind for kind in kinds if isinstance(error, kind)), NotionFailed)
    return kind(message, retryable=error.retryable, retry_after=error.retry_after)
