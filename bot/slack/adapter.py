"""Slack's way out: answers as messages, found again after a crash by the metadata they carry."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

import structlog

from bot.slack.aside import aside as said_later
from bot.slack.notes import aside, is_pressed, is_private, metadata_of, reply_of, signed, whispered
from bot.slack.parse import locate
from bot.slack.render import (
    content,
    render_answer,
    render_draft,
    render_waiting,
    without_markdown_blocks,
)
from bot.slack.sent import Wanted, find, sent
from bot.slack.streams import Streams, insist
from bot.slack.teams import Teams
from bot.slack.web import Refused, Web
from core.budget import Budget, Budgets
from core.config import Settings
from core.errors import PlatformFailed
from core.limits.ledger import Ledger
from core.markdown.settled import settled
from core.messages import Action, Answer, File, Message
from core.ports import Address, Installations, Mark, Part, Reply

_BLOCKS_REFUSED = {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"}

# What a response URL answers that was used five times, or half an hour ago.
_SPENT = {"used_url", "expired_url"}

_REMEMBERED_ROOTS = 1_000

UPDATES = 50
APPENDS = 100
"""Calls of `chat.update` and of `chat.appendStream` a minute in one workspace: tiers 3 and 4.

https://docs.slack.dev/apis/web-api/rate-limits
"""

_log = structlog.get_logger(__name__)


class SlackPlatform:
    """Posts with the workspace's token where Slack takes that, else to the response URL.

    A message posted to a response URL can neither be found again nor be edited more than a few
    times: it shows its placeholder and then its end. Messages for the asker alone go there too,
    and are not edited at all. What belongs to a thread is posted, and looked for, in that thread.
    """

    name = "slack"
    edit_interval = 1.6
    """Seconds to the first interim edit; the pauses grow from there."""

    def __init__(self, settings: Settings, installations: Installations | None = None) -> None:
        self._teams = Teams(settings, installations)
        self._ledger = Ledger(settings.redis_url) if settings.redis_url else None
        shared = self._ledger
        self._updates = Budgets(UPDATES, 60.0, shared=shared, name="slack:update")
        self._appends = Budgets(APPENDS, 60.0, ends=False, shared=shared, name="slack:append")
        # The first message of each answer, so that the next ones find its thread.
        self._roots: OrderedDict[str, str] = OrderedDict()

    def serve(self, installations: Installations) -> None:
        """See CanBeInstalled."""
        self._teams.serve(installations)

    def aside(self, address: Address, reply: Reply | None) -> Address | None:
        """See CanTell."""
        return said_later(address, reply)

    async def manages(self, address: Address) -> bool:
        """See CanJudge."""
        return await self._teams.manages(address)

    def render(self, answer: Answer) -> list[Part]:
        """See Platform. What does not fit in one message continues in its thread."""
        return render_answer(answer)

    def waiting(self, actions: Sequence[Action] = (), why: str = "") -> Part:
        """See CanEdit."""
        return render_waiting(actions, why)

    def draft(self, text: str, actions: Sequence[Action] = ()) -> Part:
        """See CanEdit."""
        return render_draft(text, actions)

    def editable(self, address: Address) -> bool:
        """See CanEdit."""
        return self._teams.speaks and not is_private(address)

    def streams(self, address: Address, reply: Reply | None) -> bool:
        """See CanStream. A conversation's answers do, where Slack has shown no other mind."""
        streams = self._streams(address)
        new = reply is None and self._teams.speaks and streams.may(address)
        return new if reply is None else streams.grows(reply)

    def unmarked(self, address: Address) -> bool:
        """See CanStream."""
        return self.streams(address, None) and self._streams(address).bare(address)

    def settled(self, text: str) -> str:
        """See CanStream."""
        return settled(text)[0]

    async def grow(self, address: Address, reply: Reply, text: str) -> bool:
        """See CanStream."""
        return await self._streams(address).grow(reply, text)

    async def complete(self, address: Address, reply: Reply, text: str, end: Answer | None) -> None:
        """See CanStream."""
        as_place = partial(metadata_of, address, marker=reply["marker"])
        await self._streams(address).complete(reply, text, as_place, end)

    def budget(self, address: Address, reply: Reply) -> Budget:
        """See HasBudget. Slack counts each method by itself, for a workspace as a whole."""
        counted = self._appends if self.streams(address, reply) else self._updates
        return counted.of(address["team_id"])

    async def post(self, address: Address, part: Part, marker: str, *, again: bool) -> Reply:
        """See Platform. What was sent to a response URL or to the asker alone is never found."""
        if is_private(address):
            return await self._whisper(address, part)
        reply = await self._post(address, part, marker, again=again)
        left = await self._teams.at(address).leftovers.remove(marker, reply)
        if left and part["place"] != "more":
            # What continues the answer belongs below the new beginning.
            self._roots.pop(address["delivery"], None)
            if reply.get("ts") and not reply["thread"]:
                self._remember(address, reply["ts"])
        return reply

    async def _post(self, address: Address, part: Part, marker: str, *, again: bool) -> Reply:
        if not await self._web(address).has_token():
            return await self._respond(address, part)
        try:
            if not address["channel_id"]:
                raise Refused("no_channel")
            if again and (found := await self._found(address, part, marker)):
                return found
            streamed = None if again else await self._streamed(address, part, marker)
            return streamed or await self._say(address, part, marker)
        except Refused as refused:
            if address.get("thread") and not address["response_url"] and part["place"] != "draft":
                # Nobody may write there; the person who asked is told all the same.
                return await self._whisper(address, part)
            # Whatever the token may not do here, the command's own response URL may.
            if not address["response_url"]:
                if address.get("thread"):
                    raise
                return await self._direct(address, part, marker, refused)
            _log.info("slack answers by response url", reason=refused.reason)
            if is_pressed(address) and part["place"] == "draft":
                # What replaces it by this URL would replace the message with the button instead.
                return {"via": "response_url"}
            return await self._by_url(address, part, marker)

    async def _by_url(self, address: Address, part: Part, marker: str) -> Reply:
        try:
            return await self._respond(address, part)
        except Refused as used:
            # It takes five messages within half an hour; what is more goes to the person.
            if used.reason not in _SPENT or part["place"] == "draft":
                raise
            return await self._direct(address, part, marker, used)

    async def edit(self, address: Address, reply: Reply, part: Part) -> None:
        """See CanEdit. Drafts are not shown in a message that came through a response URL."""
        if reply["via"] == "response_url":
            if part["place"] != "draft":
                await self._respond(address, part, replace=not is_pressed(address))
            return
        if not reply["ts"]:
            raise PlatformFailed("Slack did not say which message it was.", retryable=False)
        if not reply["thread"]:
            self._remember(address, reply["ts"])
        update = partial(self._update, address, reply, part)
        if reply["via"] != "stream":
            await update()
        elif part["place"] == "draft":
            if not await self.grow(address, reply, part.get("written", "")):
                await update()
        else:
            metadata = metadata_of(address, part, reply["marker"])
            end = await self._streams(address).finish(reply, part, metadata)
            if end != "whole":
                await (insist(update) if end == "tidy" else update())
            self._streams(address).forget(reply)

    async def withdraw(self, address: Address, reply: Reply) -> None:
        """See CanWithdraw."""
        if reply["via"] == "response_url" or not reply["ts"]:
            return
        if reply["via"] == "stream":
            await self._streams(address).stop(reply)
            self._streams(address).forget(reply)
        try:
            await self._web(address).call("chat.delete", channel=reply["channel"], ts=reply["ts"])
        except Refused as refused:
            _log.info("slack draft not deleted", reason=refused.reason)

    async def erase(self, address: Address, reply: Reply) -> bool:
        """See CanErase. What came by a response URL can only be replaced."""
        if reply["via"] == "response_url" or not reply.get("ts"):
            return False
        await self.withdraw(address, reply)
        return True

    async def _update(self, address: Address, reply: Reply, part: Part) -> None:
        where = {"channel": reply["channel"], "ts": reply["ts"]}
        metadata = metadata_of(address, part, reply["marker"])
        call = partial(self._web(address).call, "chat.update", **where, metadata=metadata)
        update = partial(self._send, call, signed(address, part, reply["channel"], reply["thread"]))
        try:
            await self._streams(address).over(reply, update)
        except Refused:
            if part["place"] != "draft":
                self._teams.at(address).leftovers.note(reply)
            raise

    def locate(self, link: str) -> Address | None:
        """See CanRead."""
        return locate(link)

    async def read(self, address: Address) -> list[Message]:
        """See CanRead."""
        return await self._teams.at(address).reader.read(address)

    def recall(self, address: Address, reply: Reply) -> Address | None:
        """See CanRecall. What came by a response URL has no time to find it by."""
        if is_private(address) or not reply.get("ts"):
            return None
        said = {"message": reply["ts"], "in_thread": reply["thread"], "linked": ""}
        return dict(address) | said | {"channel_id": reply["channel"]}

    async def between(self, first: Address, last: Address, most: int) -> list[Message]:
        """See CanReadRange."""
        return await self._teams.at(first).reader.between(first, last, most)

    async def emails(self, address: Address, people: Sequence[str]) -> Mapping[str, str]:
        """See CanIntroduce."""
        return await self._teams.at(address).people.emails(people)

    def fetch(self, address: Address, file: File) -> AsyncIterator[bytes]:
        """See CanFetch."""
        return self._web(address).download(file.source)

    async def mark(self, address: Address, mark: Mark) -> None:
        """See CanMark."""
        await self._teams.at(address).marker.mark(address, mark)

    async def close(self) -> None:
        """See Platform."""
        await self._teams.close()
        if self._ledger is not None:
            await self._ledger.close()

    def _streams(self, address: Address) -> Streams:
        return self._teams.at(address).streams

    def _web(self, address: Address) -> Web:
        """The Web API of the workspace that the request is answered in."""
        return self._teams.at(address).web

    # ── Ways to send ─────────────────────────────────────────────────────────────────────────────

    async def _streamed(self, address: Address, part: Part, marker: str) -> Reply | None:
        """A stream that begins with the draft; None where there is to be none.

        Why somebody has to wait is said in a message that is edited: a stream takes nothing back.
        """
        if part["place"] != "draft" or part.get("told") or not self.streams(address, None):
            return None
        return await self._streams(address).start(address, part, marker)

    async def _say(self, address: Address, part: Part, marker: str) -> Reply:
        if thread := await self._thread(address, part):
            try:
                return await self._say_in(thread, address, part, marker)
            except Refused as refused:
                # Somebody deleted the beginning; the rest is still an answer. Where the thread is
                # theirs, what they deleted is not brought up again.
                if refused.reason != "thread_not_found" or address.get("thread"):
                    raise
        return await self._say_in("", address, part, marker)

    async def _say_in(self, thread: str, address: Address, part: Part, marker: str) -> Reply:
        sent = await self._send(
            partial(self._web(address).call, "chat.postMessage"),
            signed(address, part, address["channel_id"], thread),
            channel=address["channel_id"],
            metadata=metadata_of(address, part, marker),
            unfurl_links=False,
            unfurl_media=False,
            **({"thread_ts": thread} if thread else {}),
        )
        channel, ts = sent.get("channel"), sent.get("ts")
        # Without its time the message stands, but can be neither edited nor continued.
        ts = ts if isinstance(ts, str) else ""
        if ts and not thread:
            self._remember(address, ts)
        place = channel if isinstance(channel, str) else address["channel_id"]
        return reply_of(place, ts, thread, marker)

    async def _direct(self, address: Address, part: Part, marker: str, refused: Refused) -> Reply:
        """To the person's own messages with the app; where those are closed too, `refused`."""
        try:
            if not address["user_id"]:
                raise refused
            where = dict(address) | {"channel_id": address["user_id"]}
            return await self._say_in("", where, part, marker)
        except Refused:
            raise refused from None

    async def _whisper(self, address: Address, part: Part) -> Reply:
        try:
            return await self._respond(address, part)
        except PlatformFailed as failure:
            if failure.retryable or not await self._web(address).has_token():
                raise
        method, where = whispered(address)
        try:
            await self._send(partial(self._web(address).call, method), part, **where)
        except Refused:
            # In a channel without the app nothing but the person's own messages with it is left.
            where = {"channel": address["user_id"]}
            await self._send(partial(self._web(address).call, "chat.postMessage"), part, **where)
        return {"via": "response_url"}

    async def _respond(self, address: Address, part: Part, *, replace: bool = False) -> Reply:
        if not address["response_url"]:
            raise PlatformFailed("Slack gave no address to answer to.", retryable=False)
        await self._send(
            partial(self._web(address).respond, address["response_url"]),
            part,
            response_type="ephemeral" if is_private(address) else "in_channel",
            # Said either way: after a press Slack would replace the message with the button.
            replace_original=replace,
            **aside(address),
        )
        return {"via": "response_url"}

    async def _send(self, send: Callable[..., Awaitable[Any]], part: Part, **arguments: Any) -> Any:
        try:
            return await send(**arguments, **content(part))
        except Refused as refused:
            if refused.reason not in _BLOCKS_REFUSED:
                raise
            # Not every Slack knows the Markdown block: the government one came later.
            _log.warning("slack refused markdown block", reason=refused.reason)
            return await send(**arguments, **content(without_markdown_blocks(part)))

    # ── What was sent before ─────────────────────────────────────────────────────────────────────

    async def _found(self, address: Address, part: Part, marker: str) -> Reply | None:
        """The message with this marker, made to show the part; None where there is none.

        It may be there as a draft that could not be edited; where it still cannot be, the part
        goes out in a message of its own. What shows the end already comes before a draft.
        """
        thread = await self._thread(address, part)
        team = self._teams.at(address)
        us = await team.people.us() if address.get("unmarked") else None
        found = await find(team.web, address, thread, Wanted(marker, team.streams.marker_of, us))
        if found is None:
            return None
        team.streams.adopt(found["ts"], marker)
        if part["place"] != "draft":
            try:
                await self.edit(address, found, part)
            except Refused as refused:
                _log.info("slack message not editable", reason=refused.reason)
                return None
        return found

    async def _thread(self, address: Address, part: Part) -> str:
        """The thread a part belongs to: the request's own, or that of the answer's beginning."""
        thread = address.get("thread", "")
        if thread and "yes" in (address.get("marked"), address.get("aside")):
            # A reaction tells of a message, and not of the thread it is in.
            reader = self._teams.at(address).reader
            return await reader.thread_of(address["channel_id"], thread)
        if thread or part["place"] != "more":
            return thread
        return await self._root(address)

    async def _root(self, address: Address) -> str:
        """The first message of the answer, or the empty string where it is not known."""
        known = self._roots.get(address["delivery"])
        if known is not None:
            return known
        oldest = ""
        async for message, payload in sent(self._web(address), address, ""):
            if payload.get("delivery") == address["delivery"]:
                oldest = message["ts"]
        if oldest:
            self._remember(address, oldest)
        return oldest

    def _remember(self, address: Address, ts: str) -> None:
        self._roots.setdefault(address["delivery"], ts)
        if len(self._roots) > _REMEMBERED_ROOTS:
            self._roots.popitem(last=False)
