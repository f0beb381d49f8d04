"""What became of saved messages, brought to their page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypedDict
from uuid import UUID

import structlog

from core.attachments import Attachments, line_of, with_files
from core.conversation import emails_of
from core.errors import AssistantError, NotFound, NotionFailed
from core.facts import Facts, people_in
from core.follow.news import DELAY
from core.markdown import notion_blocks
from core.messages import Carried, File
from core.notion.mentions import Mentioning, People, people_of
from core.notion.page import page_title
from core.notion.people import Directory
from core.notion.sync import Sync
from core.notion.urgency import in_background
from core.notion.whose import asking_by, made_by
from core.ports import CanFetch, Pages, Platform, Step
from core.storage.content import Content
from core.storage.database import Database
from core.storage.followed import Followed, Json
from core.titles import first_line
from core.transcript import Entry, Shape, in_order, transcript

FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=1)
"""Before a change that failed is tried again; twice as long each time."""

TRIES, FINAL_TRIES = 48, 6
"""After so many failures in a row a page is followed no more: some two days where the trouble may
pass, half an hour where Notion says that it will not, as of a page that is gone."""

UNSAVED = timedelta(seconds=15)
"""Before the second look whether the page of an item is whole yet; twice as long each time."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Change:
    """What a page says, and what it is to say.

    `told` are those whom the page may mention, `people` those whom it is to.
    """

    page_id: str
    title: str
    text: str
    new_title: str
    new_text: str
    new_prompt: str
    before: list[dict[str, Any]]
    after: list[dict[str, Any]]
    told: People
    people: People


class Plan(TypedDict):
    """What a change takes: files to be copied, as `File` has them, and what differs."""

    files: list[list[Any]]
    text: bool
    title: bool


class Changes:
    """Carries changes out: in the background of what people wait for, and all of a change or,
    where it is interrupted, the rest of it later.
    """

    def __init__(
        self, database: Database, pages: Pages, platforms: Mapping[str, Platform] | None = None
    ) -> None:
        self._database = database
        self._pages = pages
        self._platforms = platforms or {}
        self._attachments = Attachments(pages)
        self._directory = Directory(database, pages)

    async def bring(self, step: Step, item: UUID) -> None:
        """Brings what is wanted of an item to its page.

        Raises what `Pages` raises; by then it is noted that it is tried again later.
        """
        async with self._database.read() as unit:
            content = await unit.content.get(item)
        try:
            with in_background(), asking_by(made_by(content.parent if content else None)):
                await self._bring(step, item)
        except Exception as error:
            wait = error.retry_after if isinstance(error, AssistantError) else None
            final = isinstance(error, NotionFailed) and not error.retryable
            tries = FINAL_TRIES if final else TRIES
            await step("later", lambda: self._later(item, wait, tries))
            raise

    async def _bring(self, step: Step, item: UUID) -> None:
        taken = await step("take", lambda: self._take(item))
        if not taken:
            return
        # An earlier release kept no more of this step than that there is something to do.
        plan = taken if isinstance(taken, dict) else await self._plan(item)
        fresh = [File(*each) for each in plan["files"]]
        files = await self._attachments.carry(step, self._fetcher(await self._of(item)), fresh)
        change = await self._change(item, files)
        if change is None:
            return
        sync = Sync(Mentioning(self._pages, change.people, change.told))

        async def look() -> None:
            followed = await self._of(item)
            if followed.taken is not None and not followed.taken.get("look"):
                noted = await sync.look(change.page_id, change.before, change.after)
                await self._note_look(item, noted)

        async def change_page() -> None:
            noted = (await self._of(item)).taken or {}
            await sync.change(noted["look"], change.before, change.after)

        # By the plan: whoever goes on here after a crash may find all of it done and noted.
        if plan["text"]:
            await step("look", look)
            await step("change", change_page)
        if plan["title"]:
            await step("title", lambda: self._rename(change))
        await step("note", lambda: self._done(item, change, files))

    # ── What is to be done ───────────────────────────────────────────────────────────────────────

    async def _take(self, item: UUID) -> Plan | None:
        """Holds on to what is wanted now; None where there is nothing to do, or not yet."""
        return await self._plan(item) if await self._taken(item) else None

    async def _plan(self, item: UUID) -> Plan:
        """Which steps there are to be, so that they are the same whenever they are gone through."""
        change = await self._change(item, ())
        return {
            "files": [list(each) for each in await self._fresh(item)],
            "text": change is not None and change.new_text != change.text,
            "title": change is not None and change.new_title != change.title,
        }

    async def _taken(self, item: UUID) -> bool:
        async with self._database.begin() as unit:
            followed = await unit.followed.get(item, hold=True)
            content = await unit.content.get(item)
            if followed is None or content is None:
                return False
            if not content.notion_url or not content.page_id:
                # It may stand in line, or never be made.
                wait = min(UNSAVED * 2 ** min(followed.failures, 10), LONGEST_WAIT)
                due = datetime.now(UTC) + wait
                await unit.followed.set(item, due_at=due, failures=followed.failures + 1)
                return False
            if followed.taken is None:
                wanted = {
                    each.id: each.wanted
                    for each in await unit.followed.messages(item)
                    if each.wanted is not None
                }
                taken = {"entries": wanted, "look": None}
                await unit.followed.set(item, taken=taken, failures=0)
            return True

    async def _of(self, item: UUID) -> Followed:
        async with self._database.read() as unit:
            followed = await unit.followed.get(item)
        if followed is None:
            raise NotFound("This item is not there any more.")
        return followed

    async def _entries(self, item: UUID) -> tuple[dict[str, Entry], dict[str, Entry]]:
        """The entries as the page shows them, and those taken to be brought to it."""
        async with self._database.read() as unit:
            followed = await unit.followed.get(item)
            kept = await unit.followed.messages(item)
        taken: Json = (followed.taken if followed else None) or {"entries": {}}
        return (
            {each.id: Entry.from_json(each.shown) for each in kept if each.shown is not None},
            {each: Entry.from_json(entry) for each, entry in taken["entries"].items()},
        )

    async def _fresh(self, item: UUID) -> list[File]:
        """Files of the messages taken that the page does not hold."""
        shown, taken = await self._entries(item)
        there = {file["line"] for entry in shown.values() for file in entry.files}
        found = [file for entry in taken.values() for file in entry.message.files if file.link]
        return [file for file in found if line_of(file) not in there]

    async def _change(self, item: UUID, files: Sequence[Carried]) -> Change | None:
        shown, taken = await self._entries(item)
        async with self._database.read() as unit:
            followed, content = await unit.followed.get(item), await unit.content.get(item)
        if followed is None or content is None or content.text is None or not content.page_id:
            return None
        shape: Shape = "range" if followed.shape == "range" else "thread"
        after = in_order(list({**shown, **taken}.values()))
        if not after:
            return None
        old = [file for entry in in_order(list(shown.values())) for file in entry.files]
        prompt = _prompt(content, in_order(list(shown.values())), after)
        told, people = await self._people(followed, content, after)
        title, body = page_title(content.prompt, content.text)
        text = transcript(after, shape)
        new_title, new_body = page_title(prompt, text)
        return Change(
            content.page_id,
            title,
            content.text,
            new_title,
            text,
            prompt,
            with_files(notion_blocks(body), old),
            with_files(notion_blocks(new_body), [*old, *files]),
            told,
            people,
        )

    async def _people(
        self, followed: Followed, content: Content, entries: Sequence[Entry]
    ) -> tuple[People, People]:
        """Whom the page may mention already, and whom it is to mention from now on."""
        kept = Facts.from_json(content.facts)
        told: dict[str, str] = (content.facts or {}).get("people", {})
        workspace = next((each.workspace for each in kept.people), "")
        messages = [entry.message for entry in entries]
        wrote, mentioned = people_in(messages, followed.platform, workspace)
        named = [*wrote, *mentioned]
        asked = list(dict.fromkeys(each for each in named if each.id and each.name not in told))
        platform = self._platforms.get(followed.platform)
        emails = await emails_of(platform, followed.address, [each.id for each in asked])
        known = await self._directory.of(made_by(content.parent), asked, emails)
        known |= {each: told[each.name] for each in named if each.name in told}
        ids: dict[str, set[str]] = {}
        for each in named:
            ids.setdefault(each.name, set()).add(each.id)
        found = people_of([each for each in named if len(ids[each.name]) == 1], known)
        return found | told, found

    def _fetcher(self, followed: Followed) -> Any:
        platform = self._platforms.get(followed.platform)

        async def fetch(file: File) -> AsyncIterator[bytes]:
            if not file.source or not isinstance(platform, CanFetch):
                raise NotFound("Its content is not to be had there.")
            async with aclosing(platform.fetch(followed.address, file)) as pieces:  # type: ignore[type-var]
                async for piece in pieces:
                    yield piece

        return fetch

    # ── What was done ────────────────────────────────────────────────────────────────────────────

    async def _note_look(self, item: UUID, look: Json) -> None:
        async with self._database.begin() as unit:
            followed = await unit.followed.get(item, hold=True)
            if followed is not None and followed.taken is not None:
                await unit.followed.set(item, taken=followed.taken | {"look": look})

    async def _rename(self, change: Change) -> None:
        """A title that somebody changed in Notion stays."""
        if (await self._pages.title(change.page_id)).strip() == change.title.strip():
            await self._pages.rename(change.page_id, change.new_title)

    async def _done(self, item: UUID, change: Change, files: Sequence[Carried]) -> None:
        """Notes what the page shows by now, and when there is more to do."""
        async with self._database.begin() as unit:
            followed = await unit.followed.get(item, hold=True)
            content = await unit.content.get(item)
            if followed is None or content is None or followed.taken is None:
                return
            taken: dict[str, Json] = followed.taken["entries"]
            more = False
            for kept in await unit.followed.messages(item):
                settled = kept.id in taken and kept.wanted == taken[kept.id]
                more = more or (kept.wanted is not None and not settled)
                if kept.id in taken:
                    entry = _with_copies(Entry.from_json(taken[kept.id]), kept.shown, files)
                    await unit.followed.show(item, kept.id, entry.to_json(), settled=settled)
            due = datetime.now(UTC) + DELAY if more else None
            await unit.content.retell(item, change.new_prompt, change.new_text)
            await unit.content.name(item, change.told)
            await unit.followed.set(item, taken=None, running=None, failures=0, due_at=due)

    async def _later(self, item: UUID, seconds: float | None, tries: int) -> None:
        now = datetime.now(UTC)
        async with self._database.begin() as unit:
            followed = await unit.followed.get(item, hold=True)
            if followed is None:
                return
            failures = followed.failures + 1
            wait = min(FIRST_WAIT * 2 ** min(failures - 1, 10), LONGEST_WAIT)
            due = now + max(wait, timedelta(seconds=seconds or 0))
            until = followed.until
            if failures >= tries:
                log.warning("a page is followed no more", item=str(item))
                until = now
            await unit.followed.set(item, failures=failures, due_at=due, running=None, until=until)


def _prompt(content: Content, shown: Sequence[Entry], after: Sequence[Entry]) -> str:
    """What the item is called by now. A name that is not its first line was given, and stays."""
    if shown and content.prompt == first_line(shown[0].message):
        return first_line(after[0].message)
    return content.prompt


def _with_copies(entry: Entry, shown: Json | None, files: Sequence[Carried]) -> Entry:
    """The entry with what became of its files, of those that were there before too."""
    before = Entry.from_json(shown).files if shown else ()
    lines = {line_of(file) for file in entry.message.files}
    return replace(entry, files=tuple(one for one in (*before, *files) if one["line"] in lines))
