"""The core, assembled: what platforms and HTTP speak to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

import structlog

from core.accounts.accounts import Accounts
from core.accounts.installations import StoredInstallations
from core.accounts.links import Links
from core.actions import NOT_YOURS
from core.announcing import Announcing
from core.commands.save import marked_call, undoing
from core.commands.saving import with_place
from core.config import Settings
from core.connecting import Connecting
from core.emoji import MEMO, emoji_of
from core.errors import AssistantError, Forbidden, NotFound, Unavailable
from core.follow.news import DELAY, News
from core.history.history import History
from core.jobs.handler import Handler
from core.jobs.inbox import Inbox
from core.jobs.janitor import Janitor
from core.jobs.owner import Owner
from core.jobs.recognise import GONE
from core.jobs.work import Work
from core.limits.chat import pace
from core.live import Feed, Feeds
from core.messages import Answer, Call, Channel, Message, Request, Sender, Workspace, marked_queue
from core.overview import Overviews
from core.ports import Choice, Chosen, Destination, Known, Overview, Pages, Provider, Watched
from core.preferences import Preferred
from core.providers.registry import CanWarm
from core.storage.content import Content
from core.storage.database import Database

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.5
RECENT = 100
FOLLOWED = 20
WATCHED = 200
RUNNING_WORK_SECONDS = 15.0
ENGINE_RETRY_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Jobs:
    """The durable side of the core."""

    owner: Owner
    work: Work
    inbox: Inbox
    janitor: Janitor
    handler: Handler
    feeds: Feeds
    news: News


class Assistant:
    """Everything the core offers, whatever the platform. `core.bootstrap` makes it."""

    def __init__(  # noqa: PLR0913 - the parts it is made of, told apart by name
        self,
        settings: Settings,
        database: Database,
        providers: Mapping[str, Provider],
        pages: Pages,
        jobs: Jobs,
        links: Links,
        connecting: Connecting,
        announcing: Announcing,
    ) -> None:
        self.settings = settings
        self.database = database
        self.providers = dict(providers)
        self.pages = pages
        self.accounts = Accounts(settings, database, forget=jobs.work.erase)
        self.installations = StoredInstallations(settings, database)
        self.history = History(database, forget=jobs.work.erase)
        self.links = links
        self.connecting = connecting
        self.announcing = announcing
        self.limits = links.limits
        self._overviews = Overviews(database, providers, pages, connects=connecting.on)
        self._jobs = jobs
        self._background: list[asyncio.Task[None]] = []
        self._bringing: set[asyncio.Task[None]] = set()
        self._trouble: str | None = "starting"
        self.warm = asyncio.Event()
        """Set once all that the first requests need has been loaded."""
        self._leaving = False

    async def start(self) -> None:
        """Opens the door at once; the work engine comes up behind it."""
        self._jobs.inbox.start()
        self._background.append(asyncio.create_task(self._begin_work()))

    async def _begin_work(self) -> None:
        while self._trouble is not None:
            try:
                await self._jobs.work.start(self._jobs.handler.handle)
                self._trouble = None
            except Exception as error:
                # Accepted requests wait meanwhile, and readiness says why.
                self._trouble = getattr(error, "message", "The work engine does not start.")
                log.exception("the work engine does not start; trying again")
                await asyncio.sleep(ENGINE_RETRY_SECONDS)
        self._background.append(asyncio.create_task(self._jobs.janitor.run()))
        self._background.append(asyncio.create_task(self.announcing.run()))
        # Importing an SDK takes seconds, which the first person should not wait for.
        for provider in self.providers.values():
            if isinstance(provider, CanWarm):
                await provider.warm()
        self.warm.set()

    async def accept(self, request: Request) -> bool:
        """As `core.ports.Intake.accept`. Raises RateLimited where somebody in chat is too quick."""
        await pace(self.limits, request, self._is_known)
        return await self._jobs.inbox.accept(request)

    async def _is_known(self, request_id: UUID) -> bool:
        async with self.database.read(brief=True) as unit:
            return await unit.inbox.get(request_id) is not None

    async def hear(
        self, channel: Channel, thread: str, message: Message, *, to_us: bool = False
    ) -> None:
        """As `core.ports.Intake.hear`."""
        async with self.database.begin(brief=True) as unit:
            await unit.messages.keep(channel, thread, [message], to_us=to_us)

    async def follows(self, channel: Channel, message: str, thread: str = "") -> bool:
        """As `core.ports.Intake.follows`."""
        return await self._jobs.news.follows(channel, message, thread)

    async def retold(
        self, channel: Channel, message: Message, at: float, *, thread: str = ""
    ) -> None:
        """As `core.ports.Intake.retold`."""
        if await self._jobs.news.told(channel, message, at, thread=thread):
            self._soon()

    async def deleted(self, channel: Channel, messages: Sequence[str], at: datetime) -> None:
        """As `core.ports.Intake.deleted`."""
        if await self._jobs.news.gone(channel, messages, at):
            self._soon()

    def _soon(self) -> None:
        """Has what was heard brought to its page; where this process ends, another's turn comes."""
        if self._trouble is None:
            task = asyncio.create_task(self._bring())
            self._bringing.add(task)
            task.add_done_callback(self._bringing.discard)

    async def _bring(self) -> None:
        await asyncio.sleep(DELAY.total_seconds())
        try:
            await self._jobs.janitor.begin_due()
        except AssistantError as error:
            log.warning("what became of messages waits", reason=error.message)

    async def takes_part(self, channel: Channel, thread: str) -> bool:
        """As `core.ports.Intake.takes_part`."""
        async with self.database.read(brief=True) as unit:
            return await unit.messages.takes_part(channel, thread)

    async def picked(self, sender: Sender, request: UUID, place: str) -> Call:
        """As `core.ports.Intake.picked`."""
        return with_place((await self.again(sender, request)).call, place)

    async def again(self, sender: Sender, request: UUID) -> Request:
        """As `core.ports.Intake.again`."""
        async with self.database.read() as unit:
            accepted = await unit.inbox.get(request)
            user = await unit.users.find(sender)
        if accepted is None:
            raise NotFound("That was too long ago. Type the command again.")
        if user is None or accepted.user_id != user.id:
            raise Forbidden(NOT_YOURS)
        return accepted.request

    async def under_way(self, channel: Channel, thread: str) -> list[Request]:
        """As `core.ports.Intake.under_way`."""
        async with self.database.read() as unit:
            found = await unit.inbox.going_on(channel, thread)
        return [each.request for each in found if each.answer is None]

    async def answered(self, channel: Channel, thread: str) -> bool:
        """As `core.ports.Intake.answered`."""
        async with self.database.read() as unit:
            return await unit.messages.last_answer(channel, thread) is not None

    async def suggest(
        self,
        kind: Chosen,
        words: str,
        *,
        provider: str = "",
        sender: Sender | None = None,
        workspace: Workspace | None = None,
    ) -> list[Choice]:
        """As `core.ports.Intake.suggest`."""
        return await self._overviews.suggest(
            kind, words, provider=provider, sender=sender, workspace=workspace
        )

    async def overview(
        self, sender: Sender, channel: Channel | None, workspace: Workspace | None = None
    ) -> Overview:
        """As `core.ports.Intake.overview`."""
        return await self._overviews.overview(sender, channel, workspace)

    async def preferred(self, sender: Sender) -> Preferred:
        """As `core.ports.Intake.preferred`."""
        return await self._overviews.preferred(sender)

    async def seen(self, name: str) -> datetime | None:
        """As `core.ports.Memory.seen`."""
        async with self.database.read() as unit:
            return await unit.heartbeats.get(name)

    async def alive(self, name: str, at: datetime) -> None:
        """As `core.ports.Memory.alive`."""
        async with self.database.begin() as unit:
            await unit.heartbeats.keep(name, at)

    async def known(self, channel: Channel, message: str) -> list[Known]:
        """As `core.ports.Memory.known`."""
        async with self.database.read() as unit:
            found = await unit.inbox.about(channel.platform, marked_queue(channel.place, message))
        return [Known(each.request, each.created_at) for each in found]

    async def reaction(
        self, channel: Channel, message: str, emoji: str, *, added: bool
    ) -> Call | None:
        """As `core.ports.Memory.reaction`."""
        found = emoji_of(emoji)
        if found is None or found[0] == MEMO:
            return None if found is None else marked_call(added=added)
        async with self.database.read() as unit:
            if added:
                route = await unit.routes.get(channel, found[0])
                return None if route is None else marked_call(added=True, route=route)
            known = await unit.inbox.about(channel.platform, marked_queue(channel.place, message))
        # What it saved to then counts, whatever it does now.
        before = [each.request.call for each in known if each.request.call.has("to")]
        mine = [each for each in before if each.value("emoji") == found[0]]
        return undoing(mine[-1]) if mine else None

    async def watched(self, platform: str, since: datetime) -> list[Watched]:
        """As `core.ports.Memory.watched`."""
        return await self._jobs.news.watched(platform, since, WATCHED)

    async def recent(self, platform: str, since: datetime) -> list[tuple[str, str]]:
        """As `core.ports.Memory.recent`."""
        async with self.database.read() as unit:
            said = await unit.messages.recent(platform, since, RECENT)
            asked = await unit.inbox.places(platform, since, RECENT)
            followed = await unit.followed.places(platform, datetime.now(UTC), FOLLOWED)
        places = [*said, *((place, "") for place in asked), *followed]
        return list(dict.fromkeys(places))[:RECENT]

    def feed(self, request_id: UUID) -> Feed:
        """The answer while it grows, for requests carried out by this process."""
        return self._jobs.feeds.of(request_id)

    async def result(self, request_id: UUID, feed: Feed, timeout: float) -> Answer:
        """The answer of a request once it is done, by this process or another.

        Raises Unavailable after `timeout` seconds: the work goes on, and the answer will be in the
        history.
        """
        watching = asyncio.create_task(self._watch(feed))
        try:
            async with asyncio.timeout(timeout):
                while True:
                    done, _ = await asyncio.wait([watching], timeout=POLL_SECONDS)
                    if done and feed.answer is not None:
                        return feed.answer
                    async with self.database.read() as unit:
                        accepted = await unit.inbox.get(request_id)
                        item = await unit.content.get(request_id)
                    if accepted is None:
                        return GONE
                    if accepted.answer and accepted.finished_at:
                        return _retold(accepted.answer, item)
        except TimeoutError:
            raise Unavailable(
                "The answer is taking long. It will be in your history when it is done.",
                retry_after=30,
            ) from None
        finally:
            watching.cancel()

    async def _watch(self, feed: Feed) -> None:
        async for _ in feed.changes():
            pass

    async def destinations(self, query: str) -> list[Destination]:
        """Pages and data sources that may be saved to."""
        return await self.pages.destinations(query)

    async def ready(self) -> dict[str, str]:
        """Each part this process needs, and "ok" or what is wrong with it."""
        found = {"work": self._trouble or "ok"}
        try:
            await self.database.ping()
            found["database"] = "ok"
        except AssistantError as error:
            found["database"] = error.message
        return found

    @property
    def busy(self) -> bool:
        """Whether work is running."""
        return self._jobs.work.running > 0

    async def finish(self, apart: Callable[[], int] = lambda: 0) -> None:
        """Takes nothing new, and lets running work finish, for 15 seconds at most.

        Whoever waits for an answer gets it meanwhile, so the ways out have to be open. `apart` says
        how much of the work only waits for somebody to come back; that is not waited for.
        """
        self._leaving, self._trouble = True, "The server is stopping."
        await self._jobs.inbox.stop()
        for task in (*self._background, *self._bringing):
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self._jobs.work.idle(RUNNING_WORK_SECONDS, apart)

    async def stop(self) -> None:
        """Finishes, where that has not been done, and lets go of everything."""
        if not self._leaving:
            await self.finish()
        await self._jobs.work.stop()
        await self.accounts.post.close()
        for provider in self.providers.values():
            await provider.close()
        await self.pages.close()
        await self.limits.close()
        await self.database.close()
        await self._jobs.owner.close()


def _retold(answer: Answer, item: Content | None) -> Answer:
    """A delivered answer, whose words are kept in the history alone, with its words."""
    if answer.text:
        return answer
    if answer.error is not None:
        return replace(answer, text=answer.error["message"])
    if item is not None and item.text is not None:
        notes = tuple(item.note.split("\n")) if item.note else ()
        return replace(answer, text=item.text, notes=notes)
    return replace(answer, text="This was answered already. Ask once more to see it again.")
