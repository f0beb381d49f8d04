"""One request, from its acceptance to the answer on the person's screen.

    recognise → admit, where the command wants it → post 0 (the first message is begun)
              → the command's own steps, while the answer is shown as it grows → answered
              → edit, or post each part → finished

Each is a step whose result is kept. The first message is sent with the first words, beside the
steps: it is noted as begun before, and as sent with what is needed to edit it. After a crash the
request runs again: kept steps come back at once, the one that was interrupted runs again and looks
before it does anything a second time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, closing
from typing import Any, TypeVar
from uuid import UUID

import structlog

from core.actions import when_failed, when_unclear, while_writing
from core.commands.context import Context, Person, Services
from core.commands.registry import COMMANDS
from core.conversation import Conversation
from core.errors import (
    Ambiguous,
    AssistantError,
    NotionFailed,
    PlatformFailed,
    ProviderFailed,
    RateLimited,
    Unavailable,
)
from core.jobs.line import SILENT, standing_in_line
from core.jobs.recognise import GONE, OFF, gone, is_asked, origin_of, recognised
from core.jobs.show import PATIENCE_SECONDS, Show, patiently
from core.live import Feed, Feeds
from core.messages import Answer, Call, Request
from core.metrics import ANSWERED, UNDELIVERED
from core.notion.whose import Whose, asking_for
from core.origin import asked_from
from core.ports import CanEdit, CanMark, CanWithdraw, Mark, Part, Platform, Reply, Step
from core.storage.database import Database
from core.storage.inbox import Accepted

A = TypeVar("A")
T = TypeVar("T")
log = structlog.get_logger(__name__)

PLACEHOLDER_SECONDS = 15.0

LATEST = 2.0
"""Seconds a final text waits for its edit; after them it is posted, and the draft taken away."""

LATE = "late"

UNSHOWN = "The answer cannot be shown here. It is under `/notion history`."


class Handler:
    """Carries requests out, whatever the platform and the command."""

    def __init__(
        self,
        database: Database,
        feeds: Feeds,
        platforms: Mapping[str, Platform],
        services: Services,
    ) -> None:
        self._database = database
        self._feeds = feeds
        self._platforms = platforms
        self._services = services

    async def handle(self, request_id: UUID, step: Step) -> bool:
        """Carries one request out. False where its person is gone, and nothing of it may stay."""
        accepted = await patiently(lambda: self._accepted(request_id))
        feed = self._feeds.of(request_id)
        if accepted is None:
            return gone(feed)
        if accepted.finished_at is not None and accepted.answer is not None:
            feed.finish(accepted.answer)
            return True
        request = accepted.request
        person = await step("recognise", lambda: patiently(lambda: self._recognise(request)))
        if person is None:
            return gone(feed)
        # What was kept of the step may be older than the account they have become part of.
        known, _, off = person.partition(" ")
        whose = Person(accepted.user_id or UUID(known), is_off=bool(off))
        platform = self._platforms.get(request.sender.platform)
        delivery = Delivery(self._database, platform, request, step)
        around = Conversation(self._database, platform, request)
        own_step = self._following(request_id, whose, step)
        context = Context(request, whose, feed, own_step, *self._services, around, COMMANDS)
        whom = asking_for(Whose(whose, request.sender.platform, request.home))
        with asked_from(origin_of(request)), closing(delivery), whom:
            answer, stays = await self._delivered(context, delivery)
        outcome = "ok" if answer.ok else (answer.error or {}).get("code", "INTERNAL")
        ANSWERED.labels(request.sender.platform, request.call.command, outcome).inc()
        feed.finish(answer)
        return stays

    async def _delivered(self, context: Context, delivery: Delivery) -> tuple[Answer, bool]:
        """The answer the person has now, and whether anything of it may stay."""
        request, step = context.request, context.step
        answer = await self._turned_away(context)
        if answer is None:
            command = COMMANDS[request.call.command]
            platform = self._platforms.get(request.sender.platform)
            aloud = not command.live and command.name not in SILENT
            line = standing_in_line(platform, request, context.feed, aloud=aloud)
            async with delivery.shown(context.feed), line:
                answer = await self._answered(context, command.run)
        else:
            delivery.whisper()
        said = answer
        await step("answered", lambda: patiently(lambda: self._keep_answer(request.id, said)))
        # Not from the step: the engine keeps what steps give, and is to keep no texts.
        kept = await patiently(lambda: self._accepted(request.id))
        answer = (kept and kept.answer) or GONE
        await delivery.deliver(answer)
        if answer.page is not None and answer.ok and kept is not None:
            await context.announcer.watch(request, answer.page)
        return answer, kept is not None

    def _following(self, request_id: UUID, person: Person, step: Step) -> Step:
        """Steps after which it is known whose request it is now.

        Somebody may link an account while an answer of theirs is being written.
        """

        async def run(name: str, run: Callable[[], Awaitable[T]]) -> T:
            try:
                result = await step(name, run)
            except AssistantError:
                await patiently(lambda: self._refresh(request_id, person))
                raise
            await patiently(lambda: self._refresh(request_id, person))
            return result

        return run

    async def _refresh(self, request_id: UUID, person: Person) -> None:
        async with self._database.read() as unit:
            person.id = await unit.inbox.owner(request_id) or person.id

    async def _accepted(self, request_id: UUID) -> Accepted | None:
        async with self._database.read() as unit:
            return await unit.inbox.get(request_id)

    async def _recognise(self, request: Request) -> str | None:
        async with self._database.begin() as unit:
            await unit.inbox.mark_started([request.id])
            return await recognised(unit, request)

    async def _turned_away(self, context: Context) -> Answer | None:
        """What the person is told, to themselves alone, where they may not ask for this."""
        if context.person.is_off and is_asked(context.request):
            return OFF
        admit = COMMANDS[context.request.call.command].admit
        if admit is None:
            return None

        async def ask(context: Context, call: Call) -> None:
            await context.step("admit", lambda: patiently(lambda: admit(context, call)))

        return await self._answered(context, ask)

    async def _answered(
        self, context: Context, run: Callable[[Context, Call], Awaitable[A]]
    ) -> A | Answer:
        call = context.request.call
        try:
            return await run(context, call)
        except AssistantError as error:
            # With a connection another try may do, so it gets a button too.
            missing = isinstance(error, (NotionFailed, Unavailable))
            link = await context.connector.hint(context.request) if missing else None
            again = COMMANDS[call.command].live and (link is not None or _worth_a_button(error))
            actions = when_failed(context.request.id) if again else ()
            if isinstance(error, Ambiguous):
                actions = when_unclear(context.request.id, error.choices)
            said = error.message if link is None else f"{error.message}\n\nConnect Notion: {link}"
            return Answer(said, ok=False, private=True, error=error.to_json(), actions=actions)
        except Exception:
            # Whatever went wrong, the person is told and no placeholder is left hanging.
            log.exception("a command failed", command=call.command, request=str(context.request.id))
            failure = AssistantError(
                "Something went wrong on the server, and its admin can find it in the log under "
                f"{context.request.id}. Try again; what was written is under `/notion history`."
            )
            return Answer(failure.message, ok=False, private=True, error=failure.to_json())

    async def _keep_answer(self, request_id: UUID, answer: Answer) -> None:
        async with self._database.begin() as unit:
            await unit.inbox.answered(request_id, answer)


def _worth_a_button(error: AssistantError) -> bool:
    """Whether to offer another try: what a provider says, and what passes."""
    passing = isinstance(error, (NotionFailed, RateLimited)) and error.retryable
    return passing or isinstance(error, ProviderFailed)


class Delivery:
    """An answer's way to one person: a message that grows until it is the answer, or messages."""

    def __init__(
        self, database: Database, platform: Platform | None, request: Request, step: Step
    ) -> None:
        self._database = database
        self._platform = platform
        self._request = request
        self._step = step
        self._address = request.address
        self._show: Show | None = None
        # Messages that were begun and certainly not sent: those need not be looked for.
        self._unsent: set[str] = set()

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
        begun = await self._attempt("post 0", self._begin, PLACEHOLDER_SECONDS)
        if begun is None:
            yield
            return
        # Earlier releases posted the placeholder in this step, and kept how to edit it.
        reply = begun or await self._sent_before()
        actions = while_writing(self._request.id)
        self._show = Show(platform, self._address, feed, self._send_first, reply, actions)
        async with self._show:
            yield

    async def deliver(self, answer: Answer) -> None:
        """Sends the answer whole, and notes that the person has it."""
        for number, part in enumerate([] if answer.quiet else self._rendered(answer)):
            replaced = await self._replaced(part) if number == 0 else None
            if replaced is True:
                continue
            name = f"post {number}" if number else "post the whole"
            sent = await self._attempt(
                name,
                lambda number=number, part=part: self._post(number, part),  # type: ignore[misc]
            )
            if replaced == LATE and sent is not None:
                await self._attempt("withdraw 0", self._withdraw, PLACEHOLDER_SECONDS)
        await self._mark("none" if answer.quiet else "done" if answer.ok else "failed")
        await self._step("finished", lambda: patiently(self._finish))

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
        self, name: str, run: Callable[[], Awaitable[Any]], seconds: float = PATIENCE_SECONDS
    ) -> Any:
        try:
            return await self._step(name, lambda: patiently(run, seconds))
        except AssistantError as error:
            # The person cannot be reached there; the answer stays in their history.
            log.error("an answer could not be delivered", step=name, reason=error.message)
        except Exception:
            # Nor where a platform answers what no one foresaw: the rest still goes out.
            log.exception("an answer could not be delivered", step=name)
        UNDELIVERED.labels(self._request.sender.platform).inc()
        return None

    async def _begin(self) -> Reply:
        """Notes that the first message may be there from now on."""
        async with self._database.begin() as unit:
            await unit.inbox.replied(self._request.id, {"0": {}})
        self._unsent.add("0")
        return {}

    async def _sent_before(self) -> Reply | None:
        """The first message, where this request was carried out before and got so far."""
        if "0" in self._unsent:
            return None
        return (await patiently(self._replies)).get("0") or None

    async def _replies(self) -> dict[str, dict[str, Any]]:
        async with self._database.read() as unit:
            accepted = await unit.inbox.get(self._request.id)
        return dict(accepted.replies) if accepted else {}

    async def _send_first(self, part: Part) -> Reply:
        reply = await self._post(0, part)
        try:
            async with self._database.begin() as unit:
                await unit.inbox.replied(self._request.id, {"0": reply})
        except AssistantError as error:
            # After a crash it would have to be looked for.
            log.warning("a reply could not be noted", reason=error.message)
        return reply

    async def _post(self, number: int, part: Part) -> Reply:
        assert self._platform is not None  # noqa: S101 - only asked for where there is one
        key = str(number)
        again = False
        if key not in self._unsent:
            replies = await self._replies()
            again = key in replies
            if not again:
                async with self._database.begin() as unit:
                    await unit.inbox.replied(self._request.id, replies | {key: {}})
        self._unsent.discard(key)
        marker = f"{self._request.id}:{number}"
        try:
            return await self._platform.post(self._address, part, marker, again=again)
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
        async with self._database.begin() as unit:
            await unit.inbox.finish(self._request.id)
