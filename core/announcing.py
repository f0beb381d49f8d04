"""What becomes of pages in Notion, told in the chat they came from.

    saved from chat → watched → news (webhook, or a look now and then) → due → one request → told

Notion's webhook, or a look where there is none, says that a page may have changed; that is written
down, and told half a minute later, so that many changes become one message. What is told is read
from Notion by then, by the page's own connection: an event that somebody forged tells nothing.
Which channels hear of their pages is off until somebody there turns it on.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import structlog

from core.accounts.sealing import Sealer
from core.config import Settings
from core.errors import AssistantError, InvalidInput, Unauthorized
from core.messages import Call, Channel, Request, Sender, stable_id
from core.notion.beside import IN_TURN, MOST, Look
from core.notion.connected import Connected
from core.notion.connections import Connections
from core.notion.news import MINUTE, MOST_COMMENTS, Heard, PageNews
from core.notion.urgency import in_background
from core.notion.whose import Whose, asking_by, asking_for, made_by
from core.ports import CanTell, Platform
from core.storage.announced import Announced
from core.storage.database import Database

QUIET = timedelta(seconds=30)
"""Without another change for so long, what was changed is told."""

LATEST = timedelta(minutes=5)
"""After the first change, however many follow."""

WATCHED = timedelta(days=30)
"""For how long after it was saved a page is watched."""

ROUND_SECONDS = 5.0
AT_ONCE = 20

POLL = timedelta(minutes=10)
POLLED_AT_ONCE = 10
POLLED = timedelta(days=7)
"""Without a webhook: how often a page is looked at, how many in a minute, and how old at most."""

BESIDE = 6
"""One part in so many of Notion's requests a minute is for comments beside paragraphs, at most."""

REMEMBERED = timedelta(days=1)
"""How long ago a comment beside a paragraph was written that is still news."""

DEAF = timedelta(days=2)
"""A webhook that brought nothing for so long is not counted on."""

OLDEST = timedelta(hours=23)
"""An event is heard for so long after it happened: Notion tries for a day, and for a day it is
known which ones came before, so nobody can send an old one again."""

UNUSED_TOKENS = 3
LONGEST_COMMENT = 300

_PURPOSE = "notion webhook"
_EDITS = ("page.content_updated", "page.properties_updated", "page.moved")
_COMMENTS = ("comment.created", "comment.updated")

log = structlog.get_logger(__name__)


class Announcing:
    """Hears of pages, and has their channels told. `begin` has an accepted request begun."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        connections: Connections,
        platforms: Mapping[str, Platform],
        begin: Callable[[UUID], None],
    ) -> None:
        self._database = database
        self._platforms = platforms
        self._begin = begin
        self._pages = Connected(connections)
        self._requests = settings.notion_requests_per_minute
        self._sealer = Sealer(settings, _PURPOSE)
        self._polled_at = datetime.min.replace(tzinfo=UTC)

    # ── Channels and pages ───────────────────────────────────────────────────────────────────────

    async def turn(self, channel: Channel, *, on: bool) -> bool:
        """Has a channel hear of its pages, or not; False where that is so already."""
        async with self._database.begin() as unit:
            return await unit.announced.turn(channel, datetime.now(UTC), on=on)

    async def is_on(self, channel: Channel) -> bool:
        """Whether a channel hears of its pages."""
        async with self._database.read() as unit:
            return await unit.announced.on_since(channel) is not None

    async def watch(self, request: Request, url: str) -> None:
        """Begins to watch a page that was saved, where others may know of it; never fails."""
        try:
            await self._watch(request, url)
        except Exception:
            # It has its page all the same.
            log.exception("a page is not watched", request=str(request.id))

    async def _watch(self, request: Request, url: str) -> None:
        async with self._database.begin() as unit:
            owner = await unit.inbox.owner(request.id)
            content = await unit.content.of_page(owner, url) if owner else None
            if content is None or not content.page_id:
                return
            # What was written in chat came from there, a message that was saved from its own place.
            origin = await unit.inbox.get(content.id)
            asked = origin.request if origin else request
            reply = (origin.replies if origin else {}).get("0")
            if origin is not None and asked.address.get("private") == "yes":
                return
            platform, channel = self._platforms.get(asked.sender.platform), asked.channel
            if channel is None or not isinstance(platform, CanTell):
                return
            address = platform.aside(asked.address, reply or None)
            if address is not None:
                now = datetime.now(UTC)
                page = content.page_id
                await unit.announced.watch(content.id, page, channel, asked.sender, address, now)

    # ── What Notion sends ────────────────────────────────────────────────────────────────────────

    async def hear(self, body: bytes, signature: str) -> None:
        """One delivery of Notion's webhook.

        Raises Unauthorized where it is not signed by a token of ours, InvalidInput where it makes
        no sense. https://developers.notion.com/reference/webhooks
        """
        try:
            said = json.loads(body)
        except ValueError:
            raise InvalidInput("The body is no JSON.") from None
        if not isinstance(said, dict):
            raise InvalidInput("The body is no object.")
        token = said.get("verification_token")
        if isinstance(token, str) and token and "type" not in said:
            await self._shake_hands(token)
            return
        await self._verify(body, signature)
        await self._event(said)

    async def _shake_hands(self, token: str) -> None:
        if len(token) > 512:
            raise InvalidInput("That is no verification token.")
        async with self._database.begin() as unit:
            await unit.webhooks.add(
                _hash(token), self._sealer.sealed(token), datetime.now(UTC), UNUSED_TOKENS
            )
        log.info("notion's webhook sent its verification token: `notion-assistant check` shows it")

    async def _verify(self, body: bytes, signature: str) -> None:
        given = signature.removeprefix("sha256=").strip().lower()
        async with self._database.read() as unit:
            known = await unit.webhooks.all()
        for each in known:
            token = self._sealer.opened(each.token)
            if token is None or not given.isascii():
                continue
            if hmac.compare_digest(hmac.digest(token.encode(), body, sha256).hex(), given):
                now = datetime.now(UTC)
                if each.used_at is None or now - each.used_at > MINUTE:
                    async with self._database.begin() as unit:
                        await unit.webhooks.used(each.hash, now)
                return
        raise Unauthorized("The signature is not that of this server's subscription.")

    async def _event(self, said: Mapping[str, Any]) -> None:
        """Notes what an event is about; the same one again, or one of old, changes nothing."""
        kind, page = said.get("type"), _page_of(said)
        now = datetime.now(UTC)
        if page is None or kind not in (*_EDITS, *_COMMENTS) or _at(said, now) < now - OLDEST:
            return
        authors = _authors(said) if kind in _EDITS else []
        comments = _entity(said) if kind in _COMMENTS else []
        name = sha256(f"notion event\0{said.get('id')}".encode()).hexdigest()
        async with self._database.begin() as unit:
            watched = await unit.announced.of_page(page)
            if not watched or await unit.idempotency.claim(name, "notion event") is not None:
                return
            for one in watched:
                first = one.first_at or now
                due = min(now + QUIET, first + LATEST)
                await unit.announced.news(one, authors, due, now, comments)

    # ── Telling ──────────────────────────────────────────────────────────────────────────────────

    async def run(self) -> None:
        """Goes round for ever; trouble in one round is logged, and the next one tries again."""
        while True:
            try:
                await self.tell()
                await self.look()
            except Exception:
                log.exception("what became of pages could not be told")
            await asyncio.sleep(ROUND_SECONDS)

    async def tell(self) -> None:
        """Has what is due be told: by one process, once."""
        now = datetime.now(UTC)
        async with self._database.read() as unit:
            due = await unit.announced.due(now, AT_ONCE)
        for one in due:
            request = _request(one)
            async with self._database.begin() as unit:
                if not await unit.announced.take(one):
                    continue
                await unit.inbox.add([request])
            self._begin(request.id)

    async def look(self) -> None:
        """Looks at a few pages, where no webhook tells of them. At most once a minute."""
        now = datetime.now(UTC)
        if now - self._polled_at < MINUTE:
            return
        self._polled_at = now
        async with self._database.read() as unit:
            hooks = await unit.webhooks.all()
            if any(each.used_at and now - each.used_at < DEAF for each in hooks):
                return
            pages = await unit.announced.poll(now - POLLED, now - POLL, POLLED_AT_ONCE)
        left = max(IN_TURN, self._requests // BESIDE)
        for one in pages:
            changed = (one.polled_at or one.seen_at) - 2 * MINUTE
            turn = int(now.timestamp() / POLL.total_seconds())
            most = min(MOST, max(1, left // len(pages)))
            await self._look_at(one, now, Look(changed, turn, most))

    async def _look_at(self, one: Announced, now: datetime, look: Look) -> None:
        async with self._database.begin() as unit:
            if not await unit.announced.looked(one, now):
                return
        try:
            found = await self._news(one, look)
        except AssistantError as error:
            log.info("a page could not be looked at", reason=error.message)
            return
        if found is not None and (found.editors or found.comments):
            async with self._database.begin() as unit:
                beside = [each.name for each in found.comments if each.block]
                await unit.announced.news(one, (), now, now, beside)

    async def news(self, item: UUID) -> tuple[str, datetime, list[str]] | None:
        """What is to be told of an item's page, until when, and which comments that are.

        None where there is nothing to tell, or the channel does not want to hear of it any more.
        """
        async with self._database.read() as unit:
            one = await unit.announced.get(item)
            if one is None:
                return None
        found = await self._news(one)
        if found is None or not (found.editors or found.comments):
            return None
        seen = max(one.seen_at, found.edited_at + MINUTE if found.editors else one.seen_at)
        # Of those that Notion named, what is not told now is the app's own, or is gone.
        known = [*one.comments, *one.heard, *(each.id for each in found.comments)]
        return sentence(found), seen, list(dict.fromkeys(known))

    async def told(self, item: UUID, seen_at: datetime, comments: list[str]) -> None:
        """What was told is no news any more."""
        async with self._database.begin() as unit:
            await unit.announced.told(item, seen_at, comments)

    async def _news(self, one: Announced, look: Look | None = None) -> PageNews | None:
        channel = Channel(one.platform, one.place)
        async with self._database.read() as unit:
            content = await unit.content.get(one.content_id)
            on_since = await unit.announced.on_since(channel)
        if content is None or on_since is None:
            return None
        since = max(on_since, datetime.now(UTC) - REMEMBERED)
        by = made_by(content.parent)
        with asking_for(Whose()), asking_by(by), in_background():
            heard = Heard(since, one.heard, look)
            return await self._pages.news(
                one.page_id, one.seen_at, one.authors, one.comments, heard
            )


async def webhook_tokens(settings: Settings, database: Database) -> list[tuple[str, bool]]:
    """The webhook's tokens, and whether each has signed something. For the admin's eyes alone."""
    sealer = Sealer(settings, _PURPOSE)
    async with database.read() as unit:
        known = await unit.webhooks.all()
    opened = [(sealer.opened(each.token), each.used_at is not None) for each in known]
    return [(token, used) for token, used in opened if token is not None]


def sentence(news: PageNews) -> str:
    """What is said of a page, a line each. Pure."""
    page = f"[{_plain(news.title)}]({news.url})" if news.url else f"“{_plain(news.title)}”"
    lines = []
    if news.editors:
        people = list(dict.fromkeys(map(_plain, news.editors)))
        lines.append(f"✏️ {_and(people)} edited {page}.")
    for each in news.comments[:MOST_COMMENTS]:
        words = _plain(" ".join(each.text.split()))
        words = words if len(words) <= LONGEST_COMMENT else f"{words[: LONGEST_COMMENT - 1]}…"
        lines.append(f"💬 {_plain(each.by)} commented on {page}: “{words}”")
    if (more := len(news.comments) - MOST_COMMENTS) > 0:
        lines.append(f"… and {more} more comment{'' if more == 1 else 's'}.")
    return "\n".join(lines)


def _and(people: list[str]) -> str:
    if len(people) < 2:
        return "".join(people)
    return f"{', '.join(people[:-1])} and {people[-1]}"


def _plain(text: str) -> str:
    """Words that no platform reads as anything else: somebody in Notion wrote them."""
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>~|#" else letter for letter in text)


def _request(one: Announced) -> Request:
    now = datetime.now(UTC)
    id_ = stable_id("announce", str(one.content_id), str(one.due_at))
    address = one.address | {"delivery": str(id_), "accepted_at": f"{now.timestamp():.6f}"}
    sender = Sender(**one.sender)
    return Request(id_, sender, Call("announce", str(one.content_id)), address, one.place)


def _page_of(said: Mapping[str, Any]) -> str | None:
    """The page that an event is about."""
    if str(said.get("type")).startswith("comment."):
        data = said.get("data")
        found = data.get("page_id") if isinstance(data, dict) else None
        return found if isinstance(found, str) and len(found) <= 36 else None
    return next(iter(_entity(said)), None)


def _entity(said: Mapping[str, Any]) -> list[str]:
    """The id of what an event is about, where it has one."""
    entity = said.get("entity")
    found = entity.get("id") if isinstance(entity, dict) else None
    return [found] if isinstance(found, str) and len(found) <= 36 else []


def _at(said: Mapping[str, Any], now: datetime) -> datetime:
    """When it happened; now, where it does not say."""
    try:
        found = datetime.fromisoformat(str(said.get("timestamp")))
    except ValueError:
        return now
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _authors(said: Mapping[str, Any]) -> list[str]:
    authors = said.get("authors")
    found = [one.get("id") for one in authors or () if isinstance(one, dict)]
    return [one for one in found if isinstance(one, str) and len(one) <= 36]


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
