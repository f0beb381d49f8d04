"""One request, from its acceptance to the answer on the person's screen.

    recognise → admit, where the command wants it → post 0 (the first message is begun)
              → the command's own steps, while the answer is shown as it grows → answered
              → edit, or post each part → finished

Each is a step. What is paid for and what is sent is kept by the engine; the others are `Again`:
what they do is kept with the request itself. The first message is sent with the first words, beside
the steps: it is noted as begun before, and as sent with what is needed to edit it. After a crash
the request runs again: kept steps come back at once, the one that was interrupted runs again and
looks before it does anything a second time, and so do the others.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing, nullcontext
from typing import TypeVar
from uuid import UUID

import structlog

from core.actions import when_broken_off, when_failed, when_unclear, when_unsaved
from core.commands.context import Context, Person, Services
from core.commands.registry import COMMANDS
from core.conversation import Conversation
from core.errors import (
    Ambiguous,
    AssistantError,
    NotionFailed,
    ProviderFailed,
    RateLimited,
    Unavailable,
)
from core.jobs.delivery import Delivery
from core.jobs.line import SILENT, standing_in_line
from core.jobs.recognise import (
    GONE,
    OFF,
    gone,
    is_asked,
    known_before,
    origin_of,
    recognised,
)
from core.jobs.show import patiently
from core.live import Feed, Feeds
from core.messages import Action, Answer, Call, Request
from core.metrics import ANSWERED
from core.notion.whose import Whose, asking_for
from core.origin import asked_from
from core.ports import Again, CanMark, Platform, Step
from core.storage.content import Content
from core.storage.database import Database
from core.storage.inbox import Accepted
from core.turns import Turns, ending

A = TypeVar("A")
T = TypeVar("T")
log = structlog.get_logger(__name__)


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
        self._turns = Turns()

    async def handle(self, request_id: UUID, step: Step) -> bool:
        """Carries one request out. False where its person is gone, and nothing of it may stay."""
        accepted = await patiently(lambda: self._accepted(request_id))
        feed = self._feeds.of(request_id)
        if accepted is None:
            return gone(feed)
        if accepted.finished_at is not None and accepted.answer is not None:
            feed.finish(accepted.answer)
            return True
        is_live = COMMANDS[accepted.request.call.command].live
        async with self._turns.one() if is_live else nullcontext():
            return await self._carried_out(accepted, feed, step)

    async def _carried_out(self, accepted: Accepted, feed: Feed, step: Step) -> bool:
        request = accepted.request
        recognise = Again(lambda: patiently(lambda: self._recognise(accepted)))
        person = await step("recognise", recognise)
        if person is None:
            return gone(feed)
        # What was kept of the step may be older than the account they have become part of.
        known, _, off = person.partition(" ")
        # Nor is what they were answered before they were switched off taken back.
        is_off = bool(off) and accepted.answer in (None, OFF)
        whose = Person(accepted.user_id or UUID(known), is_off=is_off)
        platform = self._platforms.get(request.sender.platform)
        delivery = Delivery(self._database, platform, accepted, step)
        around = Conversation(self._database, platform, request)
        own_step = self._following(request.id, whose, step)
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
            line = standing_in_line(
                platform, request, context.feed, aloud=aloud, soon=command.reads
            )
            async with delivery.shown(context.feed), line:
                answer = await self._answered(context, command.run)
                await ending()
        else:
            delivery.whisper()
        said = answer
        keep = Again(lambda: patiently(lambda: self._keep_answer(request.id, said)))
        await step("answered", keep)
        # Not from the step: the engine keeps what steps give, and is to keep no texts.
        kept = await patiently(lambda: self._accepted(request.id))
        answer = (kept and kept.answer) or GONE
        await delivery.deliver(answer)
        said_aloud = answer.ok and not answer.private and request.channel is not None
        # What happened on the page is no part of what was said in the thread.
        if said_aloud and request.call.command not in SILENT:
            await self._keep_pages_up(context, delivery)
        if answer.page is not None and answer.ok and kept is not None:
            await context.announcer.watch(request, answer.page)
        return answer, kept is not None

    async def _keep_pages_up(self, context: Context, delivery: Delivery) -> None:
        try:
            await context.keeper.answered(context.request, delivery.sent)
        except AssistantError as error:
            # Saving the message again brings its page up.
            log.warning("an answer was not added to a page", reason=error.message)

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
        async with self._database.read(brief=True) as unit:
            person.id = await unit.inbox.owner(request_id) or person.id

    async def _accepted(self, request_id: UUID) -> Accepted | None:
        async with self._database.read(brief=True) as unit:
            return await unit.inbox.get(request_id)

    async def _recognise(self, accepted: Accepted) -> str | None:
        request = accepted.request
        if accepted.started:
            async with self._database.read() as unit:
                return await known_before(unit, accepted)
        async with self._database.begin(brief=True) as unit:
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

    def _is_for_one(self, request: Request) -> bool:
        """Whether nobody but the asker sees what is said."""
        platform = self._platforms.get(request.sender.platform)
        return request.address.get("private") == "yes" or not isinstance(platform, CanMark)

    async def _answered(
        self, context: Context, run: Callable[[Context, Call], Awaitable[A]]
    ) -> A | Answer:
        call = context.request.call
        try:
            return await run(context, call)
        except AssistantError as error:
            beginning = await self._beginning(context, error)
            if beginning is not None:
                return beginning
            # With a connection another try may do, so it gets a button too.
            missing = isinstance(error, (NotionFailed, Unavailable))
            hint = await context.connector.hint(context.request) if missing else None
            actions = _to_try_again(context.request, error, connects=hint is not None)
            aside = hint or ""
            told = error.to_json()
            if aside and self._is_for_one(context.request):
                said = f"{error.message}\n\n{aside}"
                return Answer(said, ok=False, private=True, error=told, actions=actions)
            # Whoever opens the link first connects their Notion for the asker.
            return Answer(
                error.message, ok=False, private=True, error=told, actions=actions, aside=aside
            )
        except Exception:
            # Whatever went wrong, the person is told and no placeholder is left hanging.
            log.exception("a command failed", command=call.command, request=str(context.request.id))
            failure = AssistantError(
                "Something went wrong on the server, and its admin can find it in the log under "
                f"{context.request.id}. Try again; what was written is under `/notion history`."
            )
            return Answer(failure.message, ok=False, private=True, error=failure.to_json())

    async def _beginning(self, context: Context, error: AssistantError) -> Answer | None:
        """What had come of an answer before its provider failed; None where that was nothing."""
        request = context.request
        if not COMMANDS[request.call.command].live:
            return None
        item = await patiently(lambda: self._item(request.id))
        if item is None or item.text is None or item.error is None:
            return None
        return Answer(
            item.text,
            # As they were told before; the last ends with the reason, and so is marked as one.
            notes=tuple((item.note or "").split("\n")),
            ok=False,
            private=request.call.has("private"),
            error=error.to_json(),
            actions=when_broken_off(item.id),
        )

    async def _item(self, item_id: UUID) -> Content | None:
        async with self._database.read(brief=True) as unit:
            return await unit.content.get(item_id)

    async def _keep_answer(self, request_id: UUID, answer: Answer) -> None:
        async with self._database.begin(brief=True) as unit:
            await unit.inbox.answered(request_id, answer)


def _to_try_again(request: Request, error: AssistantError, *, connects: bool) -> tuple[Action, ...]:
    """What can be done about an error; `connects`: by a new connection too."""
    if isinstance(error, Ambiguous):
        return when_unclear(request.id, error.choices)
    command = COMMANDS[request.call.command]
    if command.live and (connects or _worth_a_button(error)):
        return when_failed(request.id)
    if command.repeatable and (connects or error.retryable):
        return when_unsaved(request.id)
    return ()


def _worth_a_button(error: AssistantError) -> bool:
    """Whether to offer another try: what a provider says, and what passes."""
    passing = isinstance(error, (NotionFailed, RateLimited)) and error.retryable
    return passing or isinstance(error, ProviderFailed)
