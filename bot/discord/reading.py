"""Messages, threads and conversations, read over REST."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import structlog

from bot.discord.rest import UNKNOWN, Refused, Rest
from bot.discord.said import STARTER, answered, is_blank, is_said, message_of, texts_of
from bot.discord.sight import may_read
from bot.discord.text import ids_in
from core.errors import AssistantError, Forbidden, InvalidInput, NotFound, PlatformFailed
from core.messages import Message
from core.ports import Address

Json = dict[str, Any]

MOST = 500
"""Messages of a thread that are read."""

_PAGE = 100
_LONGEST_CHAIN = 100
_NAMED_CHANNELS = 20

_UNKNOWN_CHANNEL, _UNKNOWN_MESSAGE = 10003, 10008
_THREADS = (10, 11, 12)

_UNSHOWN = (
    "Discord does not show this app that message. Choose “Save to Notion” in the message's menu."
)
_FORBIDDEN = (
    "This app may not read that channel. Give the bot View Channel and Read Message History "
    "there, or choose “Save to Notion” in the message's menu."
)
_BLANK = (
    "Discord does not show this app what people write here. Choose “Save to Notion” in the "
    "message's menu, or have an admin turn on Message Content Intent: discord.com/developers → "
    "the app → Bot."
)
_APART = "Both links have to be of the same channel or thread."
_UNSEEN = "You may not read that message, or it is not there."

_log = structlog.get_logger(__name__)


class Reader:
    """Reads what an address names. Implements `core.ports.CanRead.read`.

    An address's own words: `asked` is the message that was answered, `asked_in` the channel the
    request came from, `linked` "yes" where the message was found by its address, and `kept` the
    message itself, as it came with an interaction.
    """

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def read(self, address: Address) -> list[Message]:
        """See CanRead."""
        try:
            if address.get("message"):
                return await self._message(address)
            return await self._conversation(address)
        except (Refused, Forbidden, NotFound) as error:
            kept = _kept(address)
            if kept is not None:
                return [kept]
            raise _told(error) from None

    async def between(self, first: Address, last: Address, most: int) -> list[Message]:
        """See CanReadRange."""
        channel = first["channel_id"]
        if channel != last["channel_id"]:
            raise InvalidInput(_APART)
        try:
            place = await self._seen_in(first)
            said = await self._from_to(channel, first["message"], last["message"], most)
            self._check_blank(said, first)
            found = await self._as_messages(said, first)
            called = await self._called(await self._about(channel))
        except (Refused, Forbidden, NotFound) as error:
            raise _told(error) from None
        return [replace(each, place=place, channel=called) for each in found]

    async def _from_to(self, channel: str, first: str, last: str, most: int) -> list[Json]:
        low, high = sorted((int(first), int(last)))
        found: list[Json] = []
        after = str(low - 1)
        while len(found) < most:
            page = await self._page(channel, after=after, limit=_PAGE)
            found += [each for each in page if is_said(each) and int(each["id"]) <= high]
            if len(page) < _PAGE or int(page[-1]["id"]) >= high:
                break
            after = page[-1]["id"]
        return found[:most]

    async def one(self, channel: str, message: str) -> Json:
        """A message as Discord describes it now. Raises as `read` does."""
        try:
            return await self._get(channel, message)
        except Refused as error:
            raise _told(error) from None

    async def chain(self, message: Json) -> list[Json]:
        """The messages that led to this one by replies, oldest first, and itself.

        What cannot be read ends it.
        """
        found = [message]
        while len(found) < _LONGEST_CHAIN and (wanted := answered(found[-1])):
            # A reply tells of the message it answers, and that one no further.
            above = found[-1].get("referenced_message")
            if above is None and "referenced_message" in found[-1]:
                break
            try:
                found.append(above or await self._get(str(message["channel_id"]), wanted))
            except AssistantError as error:
                _log.info("a conversation ends early", reason=error.message)
                break
        return found[::-1]

    async def _message(self, address: Address) -> list[Message]:
        channel, wanted = address["channel_id"], address["message"]
        place = await self._seen_in(address)
        first = await self._first(channel, wanted)
        thread = await self._thread_of(first, address)
        rest = await self._whole(thread, first["id"]) if thread else []
        said = [first, *rest]
        self._check_blank(said, address)
        found = await self._as_messages(said, address)
        about = await self._about(channel)
        inside = address.get("thread") == channel and bool(address.get("guild_id"))
        if not thread and not inside and about.get("type") not in _THREADS:
            # A thread that somebody begins from it later has its id.
            thread = str(first["id"])
        called = await self._called(about)
        return [replace(each, place=place, channel=called, thread=thread) for each in found]

    async def _seen_in(self, address: Address) -> str:
        """The core's name for the channel, empty where the request came from there.

        Raises NotFound where the asker may not read it: whoever pastes an address has not shown
        that they can see what is there.
        """
        channel = address["channel_id"]
        if address.get("linked") != "yes" or channel == address.get("asked_in"):
            return ""
        about = await self._rest.as_bot("GET", f"/channels/{channel}")
        if not await may_read(self._rest, address["user_id"], about):
            raise NotFound(_UNSEEN)
        # As a request made there would name it, so that it is the same item.
        within = about.get("parent_id") if about.get("type") in _THREADS else None
        return str(within or channel)

    def _check_blank(self, said: Sequence[Json], address: Address) -> None:
        ours = _ours(address)
        if any(
            is_blank(each) and (each.get("author") or {}).get("id") not in ours for each in said
        ):
            raise Forbidden(_BLANK)

    async def _called(self, about: Json) -> str:
        """The name of a channel, of a thread's the one above it; empty where it is not told."""
        if (above := about.get("parent_id")) and about.get("type") in _THREADS:
            about = await self._about(str(above))
        return str(about.get("name") or "")

    async def _about(self, channel: str) -> Json:
        """What Discord tells of a channel; nothing where it does not."""
        try:
            about = await self._rest.as_bot("GET", f"/channels/{channel}")
        except AssistantError as error:
            _log.info("a discord channel has no name here", reason=str(error))
            return {}
        return about if isinstance(about, dict) else {}

    async def _first(self, channel: str, wanted: str) -> Json:
        try:
            return await self._get(channel, wanted)
        except Refused as refused:
            if refused.reason != _UNKNOWN_MESSAGE or channel != wanted:
                raise
        # A thread is called like the message it began from, which is in the channel above.
        about = await self._rest.as_bot("GET", f"/channels/{channel}")
        return await self._get(str(about.get("parent_id") or channel), wanted)

    async def _thread_of(self, first: Json, address: Address) -> str:
        """The thread that begins with a message; empty where none does."""
        begun = first.get("thread")
        if begun:
            return str(begun["id"])
        channel = str(first["channel_id"])
        # The first message of a forum's post has the post's id.
        if first["id"] == channel:
            return channel
        if address.get("thread") != channel or not address.get("guild_id"):
            return ""
        # A thread that began from no message begins with the first one in it.
        before = await self._page(channel, before=first["id"], limit=5)
        earlier = any(is_said(each) or each.get("type") == STARTER for each in before)
        return "" if earlier else channel

    async def _whole(self, thread: str, first: str) -> list[Json]:
        found: list[Json] = []
        after = "0"
        while len(found) < MOST - 1:
            page = await self._page(thread, after=after, limit=_PAGE)
            found += [each for each in page if is_said(each) and each["id"] != first]
            if len(page) < _PAGE:
                break
            after = page[-1]["id"]
        return found[: MOST - 1]

    async def _conversation(self, address: Address) -> list[Message]:
        channel, asked = address["channel_id"], address.get("asked", "")
        if address.get("thread") != channel:
            said = await self.chain(await self._get(channel, asked))
        else:
            # What is newer was said, or is being said, in answer.
            before = str(int(asked) + 1) if asked else ""
            page = await self._page(channel, before=before, limit=_PAGE)
            said = []
            for each in page:
                began = each.get("referenced_message") if each.get("type") == STARTER else None
                said += await self.chain(began) if began else [each]
        shown = [each for each in said if is_said(each) and not is_blank(each)]
        return await self._as_messages(shown, address)

    async def _as_messages(self, said: Sequence[Json], address: Address) -> list[Message]:
        guild = address.get("guild_id", "")
        names = await self._names(said, guild)
        return [message_of(each, guild, names, _ours(address)) for each in said]

    async def _names(self, said: Sequence[Json], guild: str) -> dict[str, str]:
        """The names of roles and channels; those that cannot be had are done without."""
        roles, channels = ids_in(text for each in said for text in texts_of(each))
        names: dict[str, str] = {}
        try:
            if roles and guild:
                about = await self._rest.as_bot("GET", f"/guilds/{guild}")
                names |= {f"&{one['id']}": one["name"] for one in about.get("roles") or []}
        except PlatformFailed:
            _log.info("discord roles not readable")
        for channel in sorted(channels)[:_NAMED_CHANNELS]:
            try:
                about = await self._rest.as_bot("GET", f"/channels/{channel}")
                names[f"#{channel}"] = about.get("name") or "channel"
            except PlatformFailed:
                _log.info("a discord channel has no name here")
        return names

    async def _get(self, channel: str, message: str) -> Json:
        found = await self._rest.as_bot("GET", f"/channels/{channel}/messages/{message}")
        if not isinstance(found, dict) or "id" not in found:
            raise PlatformFailed("Discord told of no message.", retryable=True)
        return {"channel_id": channel} | found

    async def _page(self, channel: str, *, limit: int, **where: str) -> list[Json]:
        """A page of a channel, oldest first."""
        params = {name: value for name, value in where.items() if value} | {"limit": str(limit)}
        found = await self._rest.as_bot("GET", f"/channels/{channel}/messages", params=params)
        page = [{"channel_id": channel} | each for each in found or []]
        return sorted(page, key=lambda each: int(each["id"]))


def _ours(address: Address) -> set[str]:
    return {address.get("bot_id", ""), address.get("application_id", "")} - {""}


def _kept(address: Address) -> Message | None:
    kept = address.get("kept")
    found = Message.from_json(json.loads(kept)) if kept else None
    return found if found and found.id == address.get("message") else None


def _told(error: AssistantError) -> AssistantError:
    if not isinstance(error, Refused):
        return error
    if error.reason == _UNKNOWN_MESSAGE:
        return NotFound("That message is not there any more.")
    if error.reason == _UNKNOWN_CHANNEL:
        return NotFound("That channel is not there, or this app is not in it.")
    if error.status in (404, *UNKNOWN):
        return NotFound(_UNSHOWN)
    return Forbidden(_FORBIDDEN) if error.status == 403 else error
