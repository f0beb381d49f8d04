"""What becomes of saved messages, written down as it is heard of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from core.attachments import line_of
from core.messages import WEB, Call, Carried, Channel, Message, Request, Sender, stable_id
from core.ports import Watched
from core.storage.database import Database, UnitOfWork
from core.storage.followed import Json, Kept, new_item
from core.transcript import Entry, Shape, transcript

DELAY = timedelta(seconds=2)
"""From the first news to the page: what comes meanwhile is done in one go."""

AGAIN = timedelta(minutes=10)
"""When a change is begun anew of which nothing was heard any more."""

READ_AGO = 30.0
"""Seconds: what the platform tells of an edit since then is newer than what was read."""

AT_ONCE = 20
"""Items of which a change is begun at once, by one process."""

MOST = 1_000
"""Messages of one item that are followed; what is said after them is left out."""

# What of an address a platform needs to be asked about a message later; no way to answer in it.
_ADDRESS = (
    *("channel_id", "team_id", "enterprise_id", "via_team", "via_enterprise", "user_id"),
    *("guild_id", "bot_id", "application_id", "asked_in"),
)


class News:
    """Keeps what is heard of saved messages, for so many days after the save; 0 is not at all."""

    def __init__(self, database: Database, days: int) -> None:
        self._database = database
        self._for = timedelta(days=days)

    async def watch(
        self,
        unit: UnitOfWork,
        request: Request,
        item: UUID,
        said: Sequence[Message],
        shape: Shape,
    ) -> None:
        """Begins to follow the messages of an item.

        Where it is followed already, or its page says something else by now, the page is brought
        up to what was just read.
        """
        content = await unit.content.get(item)
        if not self._for or content is None or content.text is None:
            return
        now = datetime.now(UTC)
        channel = Channel(request.sender.platform, said[0].place or request.place)
        thread = said[0].thread if shape == "thread" else ""
        address = {name: request.address[name] for name in _ADDRESS if name in request.address}
        # They were read a moment ago, and the platform's clock is not ours.
        read = now.timestamp() - READ_AGO
        entries = {one.id: Entry(one, told=read) for one in said}
        started = new_item(item, channel, thread, shape, address, now + self._for)
        shown = {each: entry.to_json() for each, entry in entries.items()}
        if await unit.followed.begin(started, shown):
            if transcript(list(entries.values()), shape) != content.text:
                await unit.followed.set(item, due_at=now + DELAY)
            return
        await unit.followed.get(item, hold=True)
        await unit.followed.set(item, until=now + self._for, thread=thread)
        kept = {each.id: each for each in await unit.followed.messages(item)}
        for message in said:
            await self._want(unit, item, kept.get(message.id), message, read)
        if any(each.wanted is not None for each in await unit.followed.messages(item)):
            await unit.followed.set(item, due_at=now + DELAY)

    async def copied(self, unit: UnitOfWork, item: UUID, files: Sequence[Carried]) -> None:
        """Notes which files of its messages the page of an item is made with."""
        for kept in await unit.followed.messages(item) if files else ():
            if kept.shown is None:
                continue
            entry = Entry.from_json(kept.shown)
            there = {file["line"] for file in entry.files}
            fresh = [file for file in _of(entry.message, files) if file["line"] not in there]
            if fresh:
                with_them = replace(entry, files=(*entry.files, *fresh))
                await unit.followed.show(item, kept.id, with_them.to_json(), settled=False)

    async def follows(self, channel: Channel, message: str, thread: str = "") -> bool:
        """Whether a page follows this message, or all that is said in this thread."""
        if not self._for:
            return False
        now = datetime.now(UTC)
        if message:
            async with self._database.read(brief=True) as unit:
                if await unit.followed.holding(channel, [message], now):
                    return True
        if not thread:
            return False
        async with self._database.read(brief=True) as unit:
            return bool(await unit.followed.threads(channel, thread, now))

    async def watched(self, platform: str, since: datetime, limit: int) -> list[Watched]:
        """As `core.ports.Memory.watched`."""
        if not self._for:
            return []
        async with self._database.read() as unit:
            found = await unit.followed.newest(platform, datetime.now(UTC), limit)
        watched: dict[tuple[str, str], Watched] = {}
        for place, thread, kept in found:
            latest = kept.wanted or kept.shown
            if latest is None or latest["deleted"]:
                continue
            message = Entry.from_json(latest).message
            if message.at > since:
                one = Watched(place, thread, message.id, message.link)
                watched.setdefault((place, message.id), one)
        return list(watched.values())

    async def told(
        self, channel: Channel, message: Message, at: float, *, thread: str = ""
    ) -> bool:
        """A message as it is by now, told of at a moment in epoch seconds.

        With `thread` it is new there. False where no page follows it, or nothing has changed.
        """
        now, changed = datetime.now(UTC), False
        async with self._database.begin() as unit:
            items = await unit.followed.holding(channel, [message.id], now)
            if thread:
                items += await unit.followed.threads(channel, thread, now)
            for item in dict.fromkeys(items):
                await unit.followed.get(item, hold=True)
                kept = {each.id: each for each in await unit.followed.messages(item)}
                if message.id in kept or len(kept) < MOST:
                    known = kept.get(message.id)
                    changed = await self._want(unit, item, known, message, at) or changed
        return changed

    async def gone(self, channel: Channel, messages: Sequence[str], at: datetime) -> bool:
        """Messages that were deleted in the chat. False where no page follows them."""
        now, changed = datetime.now(UTC), False
        async with self._database.begin() as unit:
            for item in await unit.followed.holding(channel, messages, now):
                await unit.followed.get(item, hold=True)
                for kept in await unit.followed.messages(item):
                    latest = kept.wanted or kept.shown
                    if kept.id in messages and latest and not latest["deleted"]:
                        wanted: Json = latest | {"deleted": at.isoformat()}
                        await unit.followed.want(item, kept.id, wanted)
                        await unit.followed.set(item, due_at=now + DELAY)
                        changed = True
        return changed

    async def _want(
        self, unit: UnitOfWork, item: UUID, kept: Kept | None, message: Message, at: float
    ) -> bool:
        latest = (kept.wanted or kept.shown) if kept else None
        if latest is None:
            entry = Entry(message, told=at)
        else:
            before = Entry.from_json(latest)
            if before.deleted is not None or at < before.told:
                return False
            entry = before.told_anew(message, at)
            if _says_the_same(entry, before):
                return False
        await unit.followed.want(item, message.id, entry.to_json())
        followed = await unit.followed.get(item)
        due = followed.due_at if followed else None
        soon = datetime.now(UTC) + DELAY
        await unit.followed.set(item, due_at=min(due, soon) if due else soon)
        return True

    async def begun(self) -> list[UUID]:
        """Accepts a request for each item of which a change is due, and says which they are.

        One item has one request at a time, whoever asks.
        """
        if not self._for:
            return []
        now = datetime.now(UTC)
        async with self._database.read() as unit:
            due = await unit.followed.due(now, AT_ONCE)
        if not due:
            return []
        accepted: list[Request] = []
        async with self._database.begin() as unit:
            for item in await unit.followed.due(now, AT_ONCE):
                followed = await unit.followed.get(item, hold=True)
                content = await unit.content.get(item)
                if followed is None or content is None or not followed.due_at:
                    continue
                if followed.due_at > now:
                    continue
                number = followed.rounds + 1
                request = Request(
                    stable_id("follow", str(item), str(number)),
                    Sender(WEB, str(content.user_id)),
                    Call("follow", str(item)),
                )
                await unit.followed.set(item, rounds=number, running=request.id, due_at=now + AGAIN)
                accepted.append(request)
            if accepted:
                await unit.inbox.add(accepted)
                for request in accepted:
                    await unit.inbox.belongs_to(request.id, UUID(request.sender.id))
        return [request.id for request in accepted]


def _of(message: Message, files: Sequence[Carried]) -> tuple[Carried, ...]:
    """Those of the files that were copied which this message mentions."""
    lines = {line_of(file) for file in message.files}
    return tuple(file for file in files if file["line"] in lines)


def _says_the_same(one: Entry, other: Entry) -> bool:
    """Whether an edit changed nothing that a page shows: a link in it was unfolded, say."""
    said, before = one.message, other.message
    return (said.text.strip(), said.files) == (before.text.strip(), before.files)
