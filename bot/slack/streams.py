"""Replies that Slack shows while they are written: `chat.startStream` and what follows it.

A stream is a reply in a thread that only grows, and what stands under it comes with its end. Where
Slack shows a button of its own to stop the writing (`bot.slack.sessions`), that is all. Elsewhere
ours stands above the text, where the text stays in one piece, and when the stream has ended an
update takes it away: the end can add blocks, but takes none back. What a stream begins with, chunks
or plain text, is what it takes to its end: the other is refused (`streaming_mode_mismatch`), and
while it is open an update too (`streaming_state_conflict`). Slack closes a stream after some
minutes without a word: then `chat.update` is what is left.
https://docs.slack.dev/reference/methods/chat.startStream
https://docs.slack.dev/reference/methods/chat.stopStream
https://github.com/slackapi/python-slack-sdk/issues/1859
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import structlog

from bot.slack.render import render_end, texts_of
from bot.slack.sessions import Sessions
from bot.slack.web import NoAnswer, Refused, Web
from core.errors import PlatformFailed, RateLimited
from core.markdown import slack_markdown
from core.markdown.settled import settled
from core.messages import Answer
from core.ports import Address, Part, Reply

LONGEST = 11_000
"""Characters a stream grows to. Slack takes 12,000; the rest comes with the end."""

AGAIN_AFTER = 3_600.0
"""Seconds after which a workspace that refused streams is asked again."""

TRIES = 5
LONGEST_WAIT = 60.0
_REMEMBERED = 5_000

# About this place or this token alone, and not about streams.
_HERE = frozenset(
    {
        "account_inactive",
        "channel_not_found",
        "invalid_auth",
        "is_archived",
        "message_not_found",
        "not_in_channel",
        "thread_not_found",
        "token_expired",
        "token_revoked",
        "user_not_found",
    }
)
# A stream is none any more: it was too long, or somebody pressed Slack's own button.
_ENDED = frozenset({"message_not_in_streaming_state", "stopped_by_user"})
# What a Slack answers that wants the text of a stream in the other form.
_OTHER_FORM = frozenset({"streaming_mode_mismatch", "no_text"})
# What a Slack answers that takes no blocks in a stream.
_NO_BLOCKS = frozenset(
    {"invalid_arguments", "invalid_blocks", "invalid_blocks_format", "invalid_chunks"}
)

_WRITING = {"type": "context", "elements": [{"type": "mrkdwn", "text": "_Writing …_"}]}

End = Literal["whole", "tidy", "update"]

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Stream:
    """A stream of this process: the Markdown it shows, as far as Slack said so.

    `known` is False where an answer of Slack's was lost, `whole` True once all of the text is
    there; `buttons` whether there are any above it, and `footer` what stands under it; `chunks`
    whether its text goes in chunks.
    """

    sent: str = ""
    buttons: bool = False
    chunks: bool = True
    footer: list[dict[str, Any]] = field(default_factory=list)
    open: bool = True
    known: bool = True
    whole: bool = False


class Streams:
    """The streams of this process, and where there can be none."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self._streams: OrderedDict[str, Stream] = OrderedDict()
        self._closed: OrderedDict[str, float] = OrderedDict()
        self._plain: OrderedDict[str, float] = OrderedDict()
        self._sessions = Sessions(web)
        # Which message belongs to which marker: one without buttons does not tell by itself.
        self._markers: OrderedDict[str, str] = OrderedDict()

    def marker_of(self, ts: str) -> str:
        """Whose stream a message is, of those that this process knows; empty for any other."""
        return self._markers.get(ts, "")

    def is_growing(self, ts: str) -> bool:
        """Whether the message is a stream of this process that has not ended."""
        stream = self._streams.get(self.marker_of(ts))
        return stream is not None and not stream.whole

    def adopt(self, ts: str, marker: str) -> None:
        """A message that was found is this marker's from now on."""
        self._markers[ts] = marker
        if len(self._markers) > _REMEMBERED:
            self._markers.popitem(last=False)

    def may(self, address: Address) -> bool:
        """Whether a stream can be tried there: in a thread, and in channels to somebody.

        Outside of threads Slack takes streams only in channels that are one session as a whole, and
        refuses them elsewhere (`invalid_thread_ts`): a command's answer in a channel is edited.
        """
        channel, team = address["channel_id"], address["team_id"]
        reader = channel.startswith("D") or (team and address["user_id"])
        return bool(
            channel
            and reader
            and address.get("thread")
            and "yes" not in (address.get("private"), address.get("marked"))
            and not _holds(self._closed, team)
        )

    def bare(self, address: Address) -> bool:
        """Whether a stream there begins without buttons, and so does not tell whose it is."""
        team = address["team_id"]
        return self._sessions.stoppable(team) or _holds(self._plain, team)

    def grows(self, reply: Reply) -> bool:
        """Whether what is added to the message stays as it is."""
        stream = self._streams.get(reply.get("marker", ""))
        return reply["via"] == "stream" and stream is not None and stream.open

    async def start(self, address: Address, part: Part, marker: str) -> Reply | None:
        """Begins a stream with what is settled of the draft; None where Slack takes none.

        Raises PlatformFailed where it may have begun.
        """
        team = address["team_id"]
        buttons = [] if self.bare(address) else part["blocks"][1:]
        text = rendered(part.get("written", ""))
        # A button alone would not say what is going on; both go with the end. Where Slack shows one
        # it says “Working …” too.
        above = [_WRITING, *buttons] if buttons and not text else buttons
        try:
            sent = await self._start(address, text, above)
        except Refused as refused:
            _log.info("slack takes no stream here", reason=refused.reason)
            if refused.reason in _HERE:
                return None
            _note(self._closed, team, AGAIN_AFTER)
            return None
        except NoAnswer:
            _note(self._closed, team, AGAIN_AFTER)
            return None
        except RateLimited as limited:
            _note(self._closed, team, limited.retry_after or LONGEST_WAIT)
            return None
        channel, ts = sent.get("channel"), sent.get("ts")
        if not isinstance(ts, str) or not ts:
            _note(self._closed, team, AGAIN_AFTER)
            return None
        plain = _holds(self._plain, team)
        self._keep(marker, Stream(text, bool(buttons) and not plain, not plain))
        place = channel if isinstance(channel, str) else address["channel_id"]
        thread = address["thread"]
        self.adopt(ts, marker)
        self._sessions.look(team, place, thread, ts)
        return {"via": "stream", "channel": place, "ts": ts, "thread": thread, "marker": marker}

    async def grow(self, reply: Reply, written: str) -> bool:
        """Adds what is settled since; False where the message is to be edited instead."""
        stream = self._streams.get(reply["marker"])
        if stream is None:
            # Another process began it, and nobody knows what it shows.
            await self.stop(reply)
            self._keep(reply["marker"], Stream(open=False, known=False))
            return False
        if not stream.open:
            return False
        text = rendered(written)
        more = text[len(stream.sent) :]
        if stream.known and more and text.startswith(stream.sent) and len(text) <= LONGEST:
            return await self._append(stream, reply, more)
        return True

    async def complete(
        self,
        reply: Reply,
        text: str,
        metadata_of: Callable[[Part], dict[str, Any]],
        ends: Answer | None,
    ) -> None:
        """Ends the stream with the rest of a text that is whole, and with what stands under it
        where that is known; the end is for `finish` all the same, which puts in order the rest."""
        stream, texts = self._streams.get(reply["marker"]), texts_of(text.strip())
        if stream is None or not stream.open or not stream.known or not texts:
            return
        end = render_end(ends) if ends is not None and not stream.buttons else None
        shown, footer = end or (texts[0], [])
        if shown.startswith(stream.sent):
            rest = shown[len(stream.sent) :]
            metadata = metadata_of({"place": "first" if end else "draft"})
            stream.whole = await self._end(stream, reply, rest, metadata, footer, tries=1)

    async def finish(self, reply: Reply, part: Part, metadata: dict[str, Any]) -> End:
        """Ends the stream with the rest of the text.

        `whole`: the message is as it should be. `tidy`: its text is whole, and what stands around
        it wants an update. `update`: the message wants an update, whatever it shows.
        """
        stream = self._streams.get(reply["marker"])
        if stream is None or not stream.known:
            await insist(lambda: self.stop(reply, metadata))
            self._keep(reply["marker"], Stream(open=False, known=False))
            return "update"
        text: str = part["blocks"][0]["text"]
        if stream.open:
            fits = text.startswith(stream.sent)
            rest = text[len(stream.sent) :] if fits else ""
            footer = [] if stream.buttons or not fits else part["blocks"][1:]
            if not await self._end(stream, reply, rest, metadata, footer):
                return "update"
            stream.whole = fits
        if not stream.whole or stream.sent != text:
            return "update"
        return "tidy" if stream.buttons or stream.footer != part["blocks"][1:] else "whole"

    async def stop(self, reply: Reply, metadata: dict[str, Any] | None = None) -> None:
        """Ends a stream as it is; one that has ended is no error."""
        more = {"metadata": metadata} if metadata else {}
        await self._sessions.asked(reply["ts"])
        try:
            await self._web.call("chat.stopStream", **_where(reply), **more)
        except (Refused, NoAnswer) as refused:
            _log.debug("slack stream not stopped", reason=refused.message)

    async def over(self, reply: Reply, update: Callable[[], Awaitable[Any]]) -> None:
        """Runs an update of the message; where its stream is open still, that is ended first."""
        try:
            await update()
        except Refused as refused:
            if refused.reason != "streaming_state_conflict":
                raise
            await self.stop(reply)
            await update()

    def forget(self, reply: Reply) -> None:
        """The message is as it should be."""
        self._streams.pop(reply["marker"], None)

    async def _start(
        self, address: Address, text: str, buttons: list[dict[str, Any]]
    ) -> dict[str, Any]:
        where: dict[str, Any] = {
            "channel": address["channel_id"],
            "thread_ts": address["thread"],
            **({"recipient_user_id": address["user_id"]} if address["user_id"] else {}),
            **({"recipient_team_id": address["team_id"]} if address["team_id"] else {}),
        }
        chunks: list[dict[str, Any]] = [{"type": "blocks", "blocks": buttons}] if buttons else []
        chunks += [_chunk(text)] if text else []
        if chunks and not _holds(self._plain, address["team_id"]):
            try:
                return await self._web.call("chat.startStream", **where, chunks=chunks)
            except Refused as refused:
                if refused.reason not in _NO_BLOCKS:
                    raise
                _note(self._plain, address["team_id"], AGAIN_AFTER)
        where |= {"markdown_text": text} if text else {}
        return await self._web.call("chat.startStream", **where)

    async def _append(self, stream: Stream, reply: Reply, more: str) -> bool:
        try:
            await self._call("chat.appendStream", stream, reply, more)
        except Refused as refused:
            # It has expired, or the server knows no more than its beginning.
            _log.info("slack stream is closed", reason=refused.reason)
            await self._close(stream, reply, refused)
            return False
        except PlatformFailed:
            stream.known = False
            raise
        stream.sent += more
        return True

    async def _close(self, stream: Stream, reply: Reply, refused: Refused) -> None:
        stream.open = False
        if refused.reason not in _ENDED:
            # It may be open still, and takes no update while it is.
            await self.stop(reply)

    async def _end(
        self,
        stream: Stream,
        reply: Reply,
        rest: str,
        metadata: dict[str, Any],
        footer: list[dict[str, Any]],
        tries: int = TRIES,
    ) -> bool:
        """Whether the stream took its rest. While it may not be stopped it may still grow."""
        await self._sessions.asked(reply["ts"])
        for left in range(tries, 0, -1):
            more = {"metadata": metadata} | ({"blocks": footer} if footer else {})
            try:
                await self._call("chat.stopStream", stream, reply, rest, **more)
            except RateLimited as limited:
                if rest and await self._may_append(stream, reply, rest):
                    rest = ""
                if not stream.open:
                    return False
                if left == 1:
                    raise
                await asyncio.sleep(min(limited.retry_after or 1.0, LONGEST_WAIT))
            except Refused as refused:
                _log.info("slack stream is closed", reason=refused.reason)
                await self._close(stream, reply, refused)
                return False
            except PlatformFailed:
                stream.known = False
                raise
            else:
                break
        stream.open, stream.sent, stream.footer = False, stream.sent + rest, footer
        return True

    async def _call(
        self, method: str, stream: Stream, reply: Reply, text: str, **more: Any
    ) -> dict[str, Any]:
        """Calls a method with the text in the form that the stream began with."""
        try:
            return await self._web.call(method, **_where(reply), **_content(stream, text), **more)
        except Refused as refused:
            if refused.reason not in _OTHER_FORM or not text:
                raise
            stream.chunks = not stream.chunks
        return await self._web.call(method, **_where(reply), **_content(stream, text), **more)

    async def _may_append(self, stream: Stream, reply: Reply, rest: str) -> bool:
        try:
            return await self._append(stream, reply, rest)
        except RateLimited:
            return False

    def _keep(self, marker: str, stream: Stream) -> None:
        self._streams[marker] = stream
        if len(self._streams) > _REMEMBERED:
            self._streams.popitem(last=False)


async def insist(run: Callable[[], Awaitable[None]]) -> None:
    """Does what does not matter to the text; while Slack asks to slow down that is waited for."""
    for _ in range(TRIES - 1):
        try:
            return await run()
        except RateLimited as limited:
            await asyncio.sleep(min(limited.retry_after or 1.0, LONGEST_WAIT))
    return await run()


def rendered(text: str) -> str:
    """What a stream shows of an unfinished text: as much as will not change."""
    kept, in_code = settled(text)
    texts = slack_markdown(kept)
    if len(texts) != 1:
        return ""
    # The fence is closed with the end.
    return texts[0].rpartition("\n")[0] if in_code else texts[0]


def _chunk(text: str) -> dict[str, str]:
    return {"type": "markdown_text", "text": text}


def _content(stream: Stream, text: str) -> dict[str, Any]:
    if not text:
        return {}
    return {"chunks": [_chunk(text)]} if stream.chunks else {"markdown_text": text}


def _where(reply: Reply) -> dict[str, str]:
    return {"channel": reply["channel"], "ts": reply["ts"]}


def _note(places: OrderedDict[str, float], team: str, seconds: float) -> None:
    places[team] = time.monotonic() + seconds
    if len(places) > _REMEMBERED:
        places.popitem(last=False)


def _holds(places: OrderedDict[str, float], team: str) -> bool:
    return places.get(team, 0.0) > time.monotonic()
