"""What was said where somebody asks: the message they mean, and the thread they write in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import structlog

from core.errors import AssistantError, InvalidInput, NotFound
from core.jobs.show import patiently
from core.live import Feed
from core.messages import ANSWERS, Answer, File, Message, Request
from core.ports import (
    Address,
    CanErase,
    CanFetch,
    CanIntroduce,
    CanJudge,
    CanMark,
    CanRead,
    CanReadRange,
    CanTell,
    Platform,
)
from core.storage.database import Database

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds that a message to be saved is asked for, where the platform asks to come back."""

BRIEF = 5.0
"""Seconds for a thread that is only to be understood: an answer does not wait longer."""

LONGEST_RANGE = 200
"""Messages that are saved at once from one to another."""

LONGEST_TURN = 600.0
POLL_SECONDS = 0.25
"""Seconds between two looks whether what was asked before is answered."""

_BEHIND = timedelta(milliseconds=1)

log = structlog.get_logger(__name__)


class Conversation:
    """What was said around one request. Implements `core.commands.context.Conversation`."""

    def __init__(self, database: Database, platform: Platform | None, request: Request) -> None:
        self._database = database
        self._platform = platform
        self._request = request

    async def message(self, link: str) -> list[Message]:
        """The message that is meant, and its thread where it begins one.

        That is the one with this address; without one, the one the request is about. Raises
        InvalidInput where none is meant or the address leads nowhere, and what `CanRead` raises.
        """
        platform, address = self._platform, dict(self._request.address)
        if not isinstance(platform, CanRead):
            raise InvalidInput("There are no messages to save here. Use it in Slack or Discord.")
        if link:
            where = platform.locate(link)
            if where is None:
                raise InvalidInput(
                    "That is no address of a message here. Copy one with the message's menu: "
                    "Copy link."
                )
            address |= where
        if not address.get("message"):
            raise InvalidInput(
                "Which message? Paste its link after the command, choose “Save to Notion” in the "
                "message's menu, or react to it with 📝."
            )
        found = await patiently(lambda: platform.read(address), PATIENCE)
        if not found:
            raise InvalidInput("That message is not there any more.")
        return found

    async def messages(self, first: str, last: str) -> list[Message]:
        """What was said from the one message to the other, given by their addresses.

        Oldest first, `LONGEST_RANGE` at most, and one more where there are more. Raises
        InvalidInput where an address leads nowhere or the two lead to different conversations, and
        what `CanReadRange` raises.
        """
        platform, address = self._platform, dict(self._request.address)
        if not isinstance(platform, CanReadRange):
            raise InvalidInput(
                "Messages are not saved from one to another here. Give one link, in Slack or "
                "Discord."
            )
        ends = [platform.locate(link) for link in (first, last)]
        if ends[0] is None or ends[1] is None:
            raise InvalidInput(
                "One of the two is no address of a message here. Copy both with the messages' "
                "menus: Copy link."
            )
        begin, end = address | dict(ends[0]), address | dict(ends[1])
        found = await patiently(lambda: platform.between(begin, end, LONGEST_RANGE + 1), PATIENCE)
        if not found:
            raise InvalidInput("Nothing was said between those two, or it is not there any more.")
        return found

    async def turn(self, feed: Feed) -> None:
        """Waits until what was asked before in the same thread is answered, and says so.

        For ten minutes at most: by then something is wrong there, and nobody else should wait.
        Whoever stops it meanwhile waits no longer.
        """
        until, told = time.monotonic() + LONGEST_TURN, False
        while self._request.queue is not None and time.monotonic() < until:
            async with self._database.read(brief=True) as unit:
                ahead = await unit.inbox.ahead(self._request)
            if not ahead:
                break
            async with self._database.read(brief=True) as unit:
                if await unit.inbox.stopping(self._request.id):
                    break
            if not told:
                told = True
                feed.notify("Waiting for the answer before this one …")
            await asyncio.sleep(POLL_SECONDS)
        if told:
            feed.notify("")

    async def thread(self) -> list[Message]:
        """The thread so far, oldest first; what was heard of it where that is its beginning.

        Empty outside threads. A platform that does not tell is made do without.
        """
        thread, channel = self._request.address.get("thread", ""), self._request.channel
        if not thread or channel is None:
            return []
        async with self._database.read(brief=True) as unit:
            heard = await unit.messages.thread(channel, thread)
        platform = self._platform
        whole = any(message.id == thread for message in heard)
        if whole or not isinstance(platform, CanRead):
            return heard
        address = {**self._request.address, "message": ""}
        try:
            found = await patiently(lambda: platform.read(address), BRIEF)
        except AssistantError as error:
            log.info("a thread could not be read", reason=error.message)
            return heard
        async with self._database.begin() as unit:
            await unit.messages.keep(channel, thread, found)
        return found

    def is_link(self, text: str) -> bool:
        """Whether a text is the address of a message that can be read here."""
        return isinstance(self._platform, CanRead) and self._platform.locate(text) is not None

    @property
    def takes_emoji(self) -> bool:
        """Whether people can put emoji on messages here; taken for granted where nobody knows."""
        return self._platform is None or isinstance(self._platform, CanMark)

    @property
    def hears_later(self) -> bool:
        """Whether something can be told here later, beside what was asked; as above."""
        return self._platform is None or isinstance(self._platform, CanTell)

    async def last_answer(self) -> Message | None:
        """What this app answered last in the thread; None outside threads, or where it did not."""
        thread, channel = self._request.address.get("thread", ""), self._request.channel
        if not thread or channel is None:
            return None
        async with self._database.read() as unit:
            return await unit.messages.last_answer(channel, thread)

    async def fetch(self, file: File) -> AsyncIterator[bytes]:
        """What is in a file, piece by piece. Raises what `CanFetch.fetch` raises."""
        platform = self._platform
        if not file.source or not isinstance(platform, CanFetch):
            raise NotFound("Its content is not to be had there.")
        async with aclosing(platform.fetch(self._request.address, file)) as pieces:  # type: ignore[type-var]
            async for piece in pieces:
                yield piece

    async def emails(self, people: Sequence[str]) -> Mapping[str, str]:
        """The email addresses of people by their ids, where the platform tells of them."""
        return await emails_of(self._platform, self._request.address, people)

    async def note(self, text: str) -> dict[str, str] | None:
        """Says what holds for a while, and how it can be changed; None where it cannot."""
        platform, address = self._platform, self._request.address
        if not isinstance(platform, CanErase):
            return None
        part = platform.render(Answer(text))[0]
        # What is for one person alone cannot be found again.
        again = address.get("private") != "yes"
        try:
            post = platform.post(address, part, f"{self._request.id}:note", again=again)
            return dict(await asyncio.wait_for(post, BRIEF))
        except (AssistantError, TimeoutError) as error:
            log.info("how far it is could not be told", reason=str(error))
            return None

    async def renote(self, note: Mapping[str, str], text: str) -> None:
        """Says something else in its place."""
        platform = self._platform
        if isinstance(platform, CanErase):
            part = platform.render(Answer(text))[0]
            await self._briefly(platform.edit(self._request.address, dict(note), part))

    async def unnote(self, note: Mapping[str, str], end: str) -> None:
        """Takes it back, or says how it ended where that cannot be."""
        platform = self._platform
        if isinstance(platform, CanErase):
            erased = await self._briefly(platform.erase(self._request.address, dict(note)))
            if not erased:
                await self.renote(note, end)

    async def _briefly(self, done: Coroutine[Any, Any, T]) -> T | None:
        try:
            return await asyncio.wait_for(done, BRIEF)
        except (AssistantError, TimeoutError) as error:
            log.info("how far it is could not be told", reason=str(error))
            return None

    async def unsay(self, page: str) -> None:
        """Takes away what was told of a page that is undone: its links lead to the trash."""
        platform, request = self._platform, self._request
        if not isinstance(platform, CanErase) or request.queue is None:
            return
        async with self._database.read() as unit:
            asked = await unit.inbox.about(request.sender.platform, request.queue)
        for one in asked:
            if one.answer is not None and one.answer.page == page:
                for reply in (reply for reply in one.replies.values() if reply):
                    await self._briefly(platform.erase(one.request.address, dict(reply)))

    async def unmark(self, address: Mapping[str, str]) -> None:
        """Takes this app's marks off a message; a platform that does not let it is left alone."""
        platform = self._platform
        if isinstance(platform, CanMark):
            try:
                await patiently(lambda: platform.mark(address, "none"), BRIEF)
            except AssistantError as error:
                log.info("a mark could not be taken away", reason=error.message)

    async def governs(self) -> bool:
        """Whether the asker may decide for their workspace; False where the platform says not."""
        if self._request.address.get("manager") == "yes":
            return True
        platform = self._platform
        if not isinstance(platform, CanJudge):
            return False
        return await patiently(lambda: platform.manages(self._request.address), BRIEF)

    async def said(self, text: str) -> None:
        """Keeps what this app answered in the thread, right behind the question.

        What somebody asks meanwhile comes after it, though it was written before it was finished.
        """
        thread, channel = self._request.address.get("thread", ""), self._request.channel
        if not thread or channel is None:
            return
        asked = self._request.address.get("message", "")
        async with self._database.begin(brief=True) as unit:
            heard = await unit.messages.thread(channel, thread)
            times = [message.at + _BEHIND for message in heard if message.id == asked]
            at = times[0] if times else datetime.now(UTC)
            message = Message(
                f"{ANSWERS}{self._request.id}", author="", text=text, at=at, ours=True
            )
            await unit.messages.keep(channel, thread, [message])


async def emails_of(
    platform: Platform | None, address: Address, people: Sequence[str]
) -> Mapping[str, str]:
    """The email addresses of people by their ids; none where a platform does not tell at once."""
    if not people or not isinstance(platform, CanIntroduce):
        return {}
    try:
        return await asyncio.wait_for(platform.emails(address, people), BRIEF)
    except (AssistantError, TimeoutError) as error:
        log.info("people's addresses were not told", reason=str(error))
        return {}
