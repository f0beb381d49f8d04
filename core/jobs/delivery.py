"""An answer's way to one person: a message that grows until it is the answer, or messages."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import structlog

from core.actions import while_writing
from core.commands.registry import COMMANDS
from core.errors import AssistantError, PlatformFailed, RateLimited
from core.jobs.show import PATIENCE_SECONDS, Show, patiently
from core.live import Feed
from core.messages import Answer
from core.metrics import UNDELIVERED
from core.ports import (
    Again,
    CanEdit,
    CanMark,
    CanStream,
    CanWithdraw,
    Mark,
    Part,
    Platform,
    Reply,
    Step,
)
from core.storage.database import Database
from core.storage.inbox import Accepted

log = structlog.get_logger(__name__)

PLACEHOLDER_SECONDS = 15.0

LATEST = 2.0
"""Seconds a final text waits for its edit; after them it is posted, and the draft taken away."""

LATE = "late"

UNMARKED = "unmarked"
"""Beside the numbers of messages: the first may be there, and not tell whose it is."""

UNSHOWN = "The answer cannot be shown here. It is under `/notion history`."


class Delivery:
    """Sends one answer, as steps."""

    def __init__(
        self, database: Database, platform: Platform | None, accepted: Accepted, step: Step
    ) -> None:
        self._database = database
        self._platform = platform
        self._request = request = accepted.request
        self._before = accepted.replies
        self._step = step
        self._address = request.address
        self._show: Show | None = None
        # Messages that were begun and certainly not sent: those need not be looked for.
        self._unsent: set[str] = set()
        self.sent: list[Reply] = []
        """What the person has by now of the answer, oldest first."""

    def whisper(self) -> None:
        """From here on the answer is for the asker's eyes alone."""
        self._address = dict(self._address) | {"private": "yes"}

    @asynccontextmanager
    async def shown(self, feed: Feed) -> AsyncIterator[None]:
        """Shows the answer while it grows, where the platform can."""
        platform = self._platform
        await self._mark("working")
        command = COMMANDS[self._request.call.command]
        if not (
            command.live and isinstance(platform, CanEdit) and platform.editable(self._address)
        ):
            yield
            return
        begun = await self._attempt("post 0", self._begin, PLACEHOLDER_SECONDS, again=True)
        if begun is None:
            yield
            return
        # Earlier releases posted the placeholder in this step, and kept how to edit it.
        reply = begun or self._sent_before()
        actions = while_writing(self._request.id)
        self._show = Show(platform, self._address, feed, self._send_first, reply, actions)
        async with self._show:
            yield

    async def deliver(self, answer: Answer) -> None:
        """Sends the answer whole, and notes that the person has it."""
        parts = [] if answer.quiet else self._rendered(answer)
        for number, part in enumerate(parts):
            replaced = await self._replaced(part) if number == 0 else None
            if replaced is True:
                self.sent += [self._show.reply] if self._show and self._show.reply else []
                continue
            name = f"post {number}" if number else "post the whole"
            sent = await self._attempt(
                name,
                lambda number=number, part=part: self._post(number, part),  # type: ignore[misc]
            )
            self.sent += [sent] if sent else []
            if replaced == LATE and sent is not None:
                await self._attempt("withdraw 0", self._withdraw, PLACEHOLDER_SECONDS)
        if answer.aside:
            await self._deliver_aside(answer, len(parts))
        await self._mark("none" if answer.quiet else "done" if answer.ok else "failed")
        await self._step("finished", Again(lambda: patiently(self._finish)))

    async def _deliver_aside(self, answer: Answer, number: int) -> None:
        """Says what is for the asker alone, after the rest; `number` is of the next message."""
        self.whisper()
        for part in self._rendered(Answer(answer.aside, private=True)):
            await self._attempt("post the aside", lambda part=part: self._post(number, part))  # type: ignore[misc]

    def close(self) -> None:
        """The answer is out of the way of others. May be called twice."""
        if self._show is not None:
            self._show.close()

    async def _mark(self, mark: Mark) -> None:
        """Shows on the message itself how far the request has come, where that is wanted."""
        platform, address = self._platform, self._address
        if address.get("marked") == "yes" and isinstance(platform, CanMark):
            await self._attempt(
                f"mark {mark}", lambda: platform.mark(address, mark), PLACEHOLDER_SECONDS
            )

    def _rendered(self, answer: Answer) -> list[Part]:
        if self._platform is None:
            return []
        try:
            return self._platform.render(answer)
        except Exception:
            # A text that no one foresaw must not leave the placeholder hanging.
            log.exception("an answer could not be rendered", request=str(self._request.id))
            return self._platform.render(Answer(UNSHOWN, page=answer.page, ok=False))

    async def _attempt(
        self,
        name: str,
        run: Callable[[], Awaitable[Any]],
        seconds: float = PATIENCE_SECONDS,
        *,
        again: bool = False,
    ) -> Any:
        def patient() -> Awaitable[Any]:
            return patiently(run, seconds)

        try:
            return await self._step(name, Again(patient) if again else patient)
        except AssistantError as error:
            # The person cannot be reached there; the answer stays in their history.
            log.error("an answer could not be delivered", step=name, reason=error.message)
        except Exception:
            # Nor where a platform answers what no one foresaw: the rest still goes out.
            log.exception("an answer could not be delivered", step=name)
        UNDELIVERED.labels(self._request.sender.platform).inc()
        return None

    async def _begin(self) -> Reply:
        """Notes that the first message may be there from now on, unless it was begun before."""
        if "0" in self._before:
            return {}
        platform = self._platform
        tells = not (isinstance(platform, CanStream) and platform.unmarked(self._address))
        begun = ("0",) if tells else ("0", UNMARKED)
        async with self._database.begin(brief=True) as unit:
            await unit.inbox.replied(self._request.id, {name: {} for name in begun})
        self._unsent.add("0")
        return {}

    def _sent_before(self) -> Reply | None:
        """The first message, where this request was carried out before and got so far."""
        return None if "0" in self._unsent else self._before.get("0") or None

    async def _replies(self) -> dict[str, dict[str, Any]]:
        async with self._database.read(brief=True) as unit:
            accepted = await unit.inbox.get(self._request.id)
        return dict(accepted.replies) if accepted else {}

    async def _others(self) -> list[Reply]:
        """What other requests in the thread have sent so far, that have not ended."""
        channel, thread = self._request.channel, self._address.get("thread", "")
        if channel is None:
            return []
        async with self._database.read() as unit:
            going = await unit.inbox.going_on(channel, thread)
        mine = self._request.id
        return [sent for one in going if one.request.id != mine for sent in one.replies.values()]

    async def _send_first(self, part: Part) -> Reply:
        reply = await self._post(0, part)
        try:
            async with self._database.begin(brief=True) as unit:
                await unit.inbox.replied(self._request.id, {"0": reply})
        except AssistantError as error:
            # After a crash it would have to be looked for.
            log.warning("a reply could not be noted", reason=error.message)
        return reply

    async def _post(self, number: int, part: Part) -> Reply:
        assert self._platform is not None  # noqa: S101 - only asked for where there is one
        key, address = str(number), self._address
        again = False
        if key not in self._unsent:
            replies = await self._replies()
            again = key in replies
            if again and not number and UNMARKED in replies:
                address = dict(address) | {"unmarked": json.dumps(await self._others())}
            if not again:
                async with self._database.begin(brief=True) as unit:
                    await unit.inbox.replied(self._request.id, replies | {key: {}})
        self._unsent.discard(key)
        marker = f"{self._request.id}:{number}"
        try:
            return await self._platform.post(address, part, marker, again=again)
        except (RateLimited, PlatformFailed) as error:
            if not again and (isinstance(error, RateLimited) or not error.retryable):
                # Turned away, it was certainly not sent: the next try need not look for it.
                self._unsent.add(key)
            raise

    async def _replaced(self, part: Part) -> bool | str | None:
        """Whether the growing message has become this part; False or None where there is none.

        `LATE` where the platform takes no edit for a while, and the part is to be posted instead.
        """
        platform, show = self._platform, self._show
        if show is None or not isinstance(platform, CanEdit):
            return None
        can_wait = not isinstance(platform, CanWithdraw)

        async def edit() -> bool | str:
            if show.reply is None:
                return False
            if not await show.end(PATIENCE_SECONDS if can_wait else LATEST):
                self._unsent.add("0")
                return LATE
            try:
                await platform.edit(self._address, show.reply, part)
            except RateLimited as error:
                show.limited(error.retry_after or 0)
                if can_wait or (error.retry_after or 0) <= LATEST:
                    raise
                self._unsent.add("0")
                return LATE
            return True

        result: bool | str | None = await self._attempt("edit 0", edit)
        return result

    async def _withdraw(self) -> None:
        platform, show = self._platform, self._show
        if show is not None and show.reply is not None and isinstance(platform, CanWithdraw):
            await platform.withdraw(self._address, show.reply)

    async def _finish(self) -> None:
        async with self._database.begin(brief=True) as unit:
            if self._address.get("marked") == "yes" and self.sent:
                # Where the mark is taken away, what was told of it goes too.
                sent = {str(number): reply for number, reply in enumerate(self.sent)}
                await unit.inbox.replied(self._request.id, sent)
            await unit.inbox.finish(self._request.id)
