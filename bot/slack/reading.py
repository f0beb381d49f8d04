"""Messages and threads, read again from Slack."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import structlog

from bot.slack.messages import (
    Raw,
    channels_of,
    is_aside,
    is_said,
    people_of,
    read_message,
)
from bot.slack.parse import place_of, word_in
from bot.slack.people import People
from bot.slack.web import Refused, Web
from core.errors import AssistantError, Forbidden, InvalidInput, NotFound, PlatformFailed
from core.messages import Message
from core.ports import Address

MOST = 500
"""Messages of a thread."""

_PAGE = 200
_PAGES = 40  # a workspace may be given fifteen messages at a time
_RANGE_PAGES = 20
_REMEMBERED_THREADS = 1_000

_INVITE = (
    "This app may not read that channel. Invite it there with `/invite @Notion Assistant`, and "
    "try again."
)
_SCOPES = (
    "This app may not read messages there: Slack says it lacks a permission. An admin installs it "
    "again with the scopes in docs/slack-manifest.yaml."
)
_NOT_YOURS = "You are not in that channel, so its messages are not yours to save. Join it first."
_APART = "Both links have to be of one conversation: two messages of a channel, or two of a thread."
_TOO_FAR = "Too much was said between those two. Choose two messages that are closer."
_GONE = "That message is not there any more."

_CLOSED = frozenset({"channel_not_found", "not_in_channel", "no_permission", "access_denied"})
_MISSING = frozenset({"message_not_found", "thread_not_found"})

_log = structlog.get_logger(__name__)


class Reader:
    """Reads with the bot token, what the app is a member of."""

    def __init__(
        self, web: Web, people: People, is_growing: Callable[[str], bool] = lambda _: False
    ) -> None:
        self._web = web
        self._people = people
        self._is_growing = is_growing
        self._threads: OrderedDict[tuple[str, str], str] = OrderedDict()

    async def read(self, address: Address) -> list[Message]:
        """See CanRead."""
        channel, message = address["channel_id"], address.get("message", "")
        try:
            if address.get("linked") == "yes":
                await self._check_asker(channel, address["user_id"])
            thread = ""
            if message:
                raws = await self._message(channel, message, address.get("in_thread", ""))
                thread = message if len(raws) > 1 or _is_at_top(raws[0]) else ""
            else:
                raws = await self._thread(channel, address.get("thread", ""))
        except Refused as refused:
            raise _forbidden(refused) from None
        return [replace(each, thread=thread) for each in await self._told(address, raws)]

    async def between(self, first: Address, last: Address, most: int) -> list[Message]:
        """See CanReadRange. Of a thread where both are in it, else of the channel itself."""
        channel = first["channel_id"]
        ends = sorted((first["message"], last["message"]))
        threads = {each.get("in_thread") or each["message"] for each in (first, last)}
        inside = bool(first.get("in_thread") or last.get("in_thread"))
        if channel != last["channel_id"] or (inside and len(threads) > 1):
            raise InvalidInput(_APART)
        try:
            await self._check_asker(channel, first["user_id"])
            method = "conversations.replies" if inside else "conversations.history"
            more = {"ts": threads.pop()} if inside else {}
            raws = await self._from_to(method, channel, ends, most, more)
        except Refused as refused:
            raise _forbidden(refused) from None
        return await self._told(first, raws)

    async def _from_to(
        self, method: str, channel: str, ends: Sequence[str], most: int, more: dict[str, str]
    ) -> list[Raw]:
        """The oldest `most` messages between two moments. A channel tells its newest ones first."""
        found: dict[str, Raw] = {}
        arguments: dict[str, Any] = {
            "channel": channel,
            "oldest": ends[0],
            "latest": ends[1],
            "limit": _PAGE,
            "inclusive": True,
            "include_all_metadata": True,
            **more,
        }
        for _ in range(_RANGE_PAGES):
            page = await self._web.read(method, **arguments)
            found |= {word_in(raw, "ts"): raw for raw in page.get("messages", [])}
            if not (cursor := _cursor(page)):
                break
            arguments["cursor"] = cursor
        else:
            raise InvalidInput(_TOO_FAR)
        said = [
            raw
            for ts, raw in sorted(found.items())
            # A thread's first message comes with every page.
            if ends[0] <= ts <= ends[1] and is_said(raw) and not self._is_aside(raw)
        ]
        return said[:most]

    async def thread_of(self, channel: str, message: str) -> str:
        """The first message of the thread a message is in, or the message itself."""
        known = self._threads.get((channel, message))
        if known is None:
            try:
                await self._message(channel, message, "", alone=True)
            except AssistantError as error:
                _log.info("slack did not say which thread that is", reason=error.message)
            known = self._threads.get((channel, message))
        return known or message

    async def _check_asker(self, channel: str, user: str) -> None:
        """Raises Forbidden where the asker may not read what the app may.

        Whoever pastes an address has not shown that they can see what is there.
        """
        place, person = await asyncio.gather(self._people.place(channel), self._people.person(user))
        if place is None:
            # Asked once more for the reason, which is raised as any refusal.
            await self._web.read("conversations.info", channel=channel)
            raise PlatformFailed("Slack did not say what that channel is.", retryable=True)
        if place.open and person is not None and not person.guest:
            return
        arguments: dict[str, Any] = {"channel": channel, "limit": _PAGE}
        for _ in range(_PAGES):
            page = await self._web.read("conversations.members", **arguments)
            if user in page.get("members", []):
                return
            if not (cursor := _cursor(page)):
                break
            arguments["cursor"] = cursor
        raise Forbidden(_NOT_YOURS)

    async def _message(
        self, channel: str, ts: str, in_thread: str, *, alone: bool = False
    ) -> list[Raw]:
        found = None if in_thread else await self._at_top(channel, ts)
        if found is None:
            found = await self._inside(channel, ts, in_thread or ts)
        self._remember(channel, ts, word_in(found, "thread_ts") or ts)
        begins = word_in(found, "thread_ts") == ts or bool(found.get("reply_count"))
        return await self._thread(channel, ts) if begins and not alone else [found]

    async def _at_top(self, channel: str, ts: str) -> Raw | None:
        """The message with this time among those outside of threads; None where there is none."""
        page = await self._web.read(
            "conversations.history",
            channel=channel,
            latest=ts,
            inclusive=True,
            limit=1,
            include_all_metadata=True,
        )
        return _with_time(ts, page.get("messages", []))

    async def _inside(self, channel: str, ts: str, thread: str) -> Raw:
        """A reply. Slack finds it by its own time too, alone or with the thread around it."""
        page = await self._web.read(
            "conversations.replies",
            channel=channel,
            ts=thread,
            oldest=ts,
            latest=ts,
            inclusive=True,
            limit=_PAGE,
            include_all_metadata=True,
        )
        found = _with_time(ts, page.get("messages", []))
        if found is None:
            raise NotFound(_GONE)
        return found

    async def _thread(self, channel: str, ts: str) -> list[Raw]:
        found: dict[str, Raw] = {}
        arguments: dict[str, Any] = {
            "channel": channel,
            "ts": ts,
            "limit": _PAGE,
            "include_all_metadata": True,
        }
        for _ in range(_PAGES):
            page = await self._web.read("conversations.replies", **arguments)
            # The first message comes with every page.
            found |= {word_in(raw, "ts"): raw for raw in page.get("messages", [])}
            if len(found) >= MOST or not (cursor := _cursor(page)):
                break
            arguments["cursor"] = cursor
        if not found:
            raise NotFound(_GONE)
        said = [raw for raw in found.values() if not self._is_aside(raw)]
        return sorted(said, key=lambda raw: word_in(raw, "ts"))[:MOST]

    def _is_aside(self, raw: Raw) -> bool:
        """Whether it is no part of what was said, or is still being written."""
        return is_aside(raw) or self._is_growing(word_in(raw, "ts"))

    async def _told(self, address: Address, raws: Sequence[Raw]) -> list[Message]:
        channel = address["channel_id"]
        # A link may lead to another channel than the one it was pasted in.
        place = place_of(address["team_id"], channel) if address.get("linked") == "yes" else ""
        names, us, link = await asyncio.gather(
            self._people.names(people_of(raws), [*channels_of(raws), channel]),
            self._people.us(),
            self._link(channel, raws[0]) if raws else _nothing(),
        )
        called = names.get(channel, "")
        return [
            read_message(raw, names, us, link if number == 0 else "", place, called)
            for number, raw in enumerate(raws)
        ]

    async def _link(self, channel: str, raw: Raw) -> str:
        arguments = {"channel": channel, "message_ts": word_in(raw, "ts")}
        try:
            return word_in(await self._web.read("chat.getPermalink", **arguments), "permalink")
        except AssistantError as error:
            _log.info("slack gave no address of a message", reason=error.message)
            return ""

    def _remember(self, channel: str, ts: str, thread: str) -> None:
        self._threads[channel, ts] = thread
        if len(self._threads) > _REMEMBERED_THREADS:
            self._threads.popitem(last=False)


async def _nothing() -> str:
    return ""


def _is_at_top(raw: Raw) -> bool:
    """Whether it is no reply in a thread: whatever is answered to it is its own thread."""
    return word_in(raw, "thread_ts") in ("", word_in(raw, "ts"))


def _with_time(ts: str, raws: Sequence[Raw]) -> Raw | None:
    return next((raw for raw in raws if word_in(raw, "ts") == ts), None)


def _cursor(page: dict[str, Any]) -> str:
    return word_in(page.get("response_metadata") or {}, "next_cursor")


def _forbidden(refused: Refused) -> AssistantError:
    """A refusal to let the app read, as what to do about it."""
    if refused.reason in _CLOSED:
        return Forbidden(_INVITE)
    if refused.reason == "missing_scope":
        return Forbidden(_SCOPES)
    if refused.reason in _MISSING:
        return NotFound(_GONE)
    return refused
