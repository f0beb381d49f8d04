"""Discord's way out, over REST alone, so that any process can answer after a crash."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import structlog

from bot.discord import marks
from bot.discord.aside import aside
from bot.discord.reading import Reader
from bot.discord.render import LOADING, content, render_answer, render_draft, render_waiting
from bot.discord.rest import UNKNOWN, Refused, Rest
from bot.discord.said import located
from bot.discord.trace import Trace, nonce_of, pressed, reply_to
from core.budget import Budget, Budgets
from core.config import Settings
from core.errors import AssistantError, PlatformFailed
from core.messages import Action, Answer, File, Message
from core.ports import Address, Mark, Part, Reply

TOKEN_LIFE = 15 * 60 - 15
"""Seconds an interaction token is used for; Discord takes it for fifteen minutes."""

EDITS, EDITS_SECONDS = 5, 5.0
"""Edits in one channel in so many seconds, unless Discord's answers say otherwise."""

DEFERRAL = 4.0
"""Seconds after the command within which its placeholder may still come."""

_DEFERRAL_POLL = 0.2

# The interaction's message or token is not there: 10008 unknown message, 10015 unknown webhook,
# 10062 unknown interaction, 50027 invalid webhook token.
# https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
_GONE = {10008, 10015, 10062, 50027, 401, 404}

# The token is of no use, whatever became of the message: 10015, 10062, 50027, and what a server
# says that has no number for it.
_NO_TOKEN = (_GONE - {10008}) | {*UNKNOWN}

# The message is there and is not to be edited: 30046, too many edits of one older than an hour.
_NO_EDITS = {30046, *UNKNOWN}

# The bot may write there and not read what was written, so it may not reply.
_NO_REPLIES = 160002

# The bot is not where the command was given, or may not write there: 10003 unknown channel, 50001
# missing access, 50008 no place for messages, 50013 missing permissions, 50083 an archived thread,
# 160005 a locked one.
_NOT_THERE = {10003, 50001, 50008, 50013, 50083, 160005}

# What may still come, where the answer is here before Discord has heard of the placeholder. A token
# that is none will be none the next time, and Discord bars whoever is refused too often (50027).
_AWAITED = _GONE - {50027}

_UNTOLD = (
    "The answer is for you alone, and Discord does not let this app write to you directly. Allow "
    "direct messages from this server in its Privacy Settings, or type `/notion` and choose the "
    "command: then it shows here, to you alone."
)

_log = structlog.get_logger(__name__)


class DiscordPlatform:
    """Answers in the placeholder of the interaction while its token is good, then as the bot.

    The placeholder is edited, which twice is once; what continues is a follow-up. After fifteen
    minutes, or where the process died before the placeholder came, the bot writes into the channel,
    or to the asker directly where the answer is for them alone or the bot is not there. What did
    not come by an interaction it answers as the bot, in a reply to the message that asked.
    https://docs.discord.com/developers/interactions/receiving-and-responding
    """

    name = "discord"
    edit_interval = 1.1
    """Seconds to the first interim edit; the pauses grow from there."""

    def __init__(self, settings: Settings) -> None:
        self._rest = Rest(settings)
        self._trace = Trace(self._rest)
        self.reader = Reader(self._rest)
        self._budgets = Budgets(EDITS, EDITS_SECONDS, learns=True)

    def render(self, answer: Answer) -> list[Part]:
        """See Platform."""
        return render_answer(answer)

    def waiting(self, actions: Sequence[Action] = (), why: str = "") -> Part:
        """See CanEdit."""
        return render_waiting(actions, why)

    def draft(self, text: str, actions: Sequence[Action] = ()) -> Part:
        """See CanEdit."""
        return render_draft(text, actions)

    def budget(self, address: Address, reply: Reply) -> Budget:
        """See HasBudget. Discord counts by channel, and by interaction where that is the way."""
        if reply["via"] != "channel" and _token_lives(address):
            return self._budgets.of(address["interaction_id"])
        return self._budgets.of(reply["channel"])

    def editable(self, address: Address) -> bool:  # noqa: ARG002 - each message is, everywhere
        """See CanEdit. Ephemeral messages can be edited too, while the token lives."""
        return True

    async def post(self, address: Address, part: Part, marker: str, *, again: bool) -> Reply:
        """See Platform.

        A lost attempt is sent again where it cannot be found: a follow-up in a channel that the bot
        may not read, or for the asker alone, which no history shows.
        """
        if not address["interaction_token"]:
            return await self._say(address, part, marker, again=again)
        if part["place"] == "more" or pressed(address):
            found = None
            if again and not _private(address):
                found = await self._trace.find(address, part, marker, _channel(address))
            if found is not None:
                return found
            reply = await self._follow_up(address, part)
        else:
            reply = await self._fill_placeholder(address, part)
            reply = reply or await self._fill_as_bot(address, part)
        return reply or await self._say(address, part, marker, again=again)

    async def edit(self, address: Address, reply: Reply, part: Part) -> None:
        """See CanEdit. An end that can no longer be put in its place is written anew."""
        try:
            path = await self._edit_in_place(address, reply, part)
            if (left := self._rest.left("PATCH", path)) is not None:
                self.budget(address, reply).heard(*left)
        except Refused as refused:
            if refused.reason not in _GONE | _NO_EDITS and refused.status != 403:
                raise
            _log.info("discord message out of reach", reason=refused.reason)
            if part["place"] != "draft":
                said = await self._say(address, part, f"edit:{reply['id']}", again=True)
                if said["id"] != reply["id"]:
                    await self._take_away(reply)

    def aside(self, address: Address, reply: Reply | None) -> Address | None:
        """See CanTell."""
        return aside(address, reply)

    async def erase(self, address: Address, reply: Reply) -> bool:
        """See CanErase. The placeholder of an interaction is where its answer will be."""
        if reply["via"] != "channel" or _private(address) or not reply["id"]:
            return False
        try:
            await self._rest.as_bot(
                "DELETE", f"/channels/{reply['channel']}/messages/{reply['id']}"
            )
        except Refused as refused:
            if refused.reason not in _GONE:
                raise
        return True

    async def _take_away(self, reply: Reply) -> None:
        """Half an answer is not to stand beside the whole one; where it stays, so be it."""
        try:
            path = f"/channels/{reply['channel']}/messages/{reply['id']}"
            await self._rest.as_bot("DELETE", path)
        except AssistantError as error:
            _log.info("a discord message stays behind", reason=error.message)

    def locate(self, link: str) -> Address | None:
        """See CanRead."""
        return located(link)

    async def read(self, address: Address) -> list[Message]:
        """See CanRead."""
        return await self.reader.read(address)

    def recall(self, address: Address, reply: Reply) -> Address | None:
        """See CanRecall."""
        if _private(address) or not reply.get("id"):
            return None
        said = {"message": reply["id"], "channel_id": reply["channel"], "linked": "", "kept": ""}
        return dict(address) | said

    async def between(self, first: Address, last: Address, most: int) -> list[Message]:
        """See CanReadRange."""
        return await self.reader.between(first, last, most)

    def fetch(self, address: Address, file: File) -> AsyncIterator[bytes]:
        """See CanFetch."""
        del address
        return self._rest.download(file.source)

    async def mark(self, address: Address, mark: Mark) -> None:
        """See CanMark."""
        await marks.mark(self._rest, address, mark)

    async def close(self) -> None:
        """See Platform."""
        await self._rest.close()

    # ── By the interaction's token ───────────────────────────────────────────────────────────────

    async def _fill_placeholder(self, address: Address, part: Part) -> Reply | None:
        """None where there is no placeholder.

        The command is recorded before Discord hears of the placeholder, so the answer may be here
        first: it waits as long as one may still come.
        """
        while _token_lives(address):
            try:
                path = f"{_webhook(address)}/messages/@original"
                sent = await self._rest.as_interaction("PATCH", path, json=content(part))
            except Refused as refused:
                if refused.reason not in _AWAITED or _age(address) > DEFERRAL:
                    _log.info("discord placeholder out of reach", reason=refused.reason)
                    return None
                await asyncio.sleep(_DEFERRAL_POLL)
            else:
                return {"via": "placeholder", "id": _id(sent), "channel": address["channel_id"]}
        return None

    async def _fill_as_bot(self, address: Address, part: Part) -> Reply | None:
        """The placeholder, edited without its token; None where the bot finds or reaches none.

        Else it would say “thinking …” for ever, beside the answer.
        """
        if _private(address):
            return None
        placeholder = await self._trace.placeholder(address)
        if not placeholder:
            return None
        path = f"/channels/{address['channel_id']}/messages/{placeholder}"
        try:
            sent = await self._rest.as_bot("PATCH", path, json=content(part))
            if isinstance(sent, dict) and int(sent.get("flags") or 0) & LOADING:
                # It took the text, and does not show it.
                await self._rest.as_bot("DELETE", path)
                return None
        except Refused as refused:
            _log.info("discord placeholder not the bot's to edit", reason=refused.reason)
            return None
        return {"via": "channel", "id": placeholder, "channel": address["channel_id"]}

    async def _follow_up(self, address: Address, part: Part) -> Reply | None:
        """None where the token is of no use any more.

        The answer to a press may be here before Discord has heard of the press being taken.
        """
        body = content(part, private=_private(address))
        while _token_lives(address):
            try:
                sent = await self._rest.as_interaction(
                    "POST", _webhook(address), json=body, params={"wait": "true"}
                )
            except Refused as refused:
                if refused.reason not in _AWAITED or _age(address) > DEFERRAL:
                    _log.info("discord follow-up refused", reason=refused.reason)
                    return None
                await asyncio.sleep(_DEFERRAL_POLL)
            else:
                return {"via": "follow-up", "id": _id(sent), "channel": address["channel_id"]}
        return None

    async def _edit_in_place(self, address: Address, reply: Reply, part: Part) -> str:
        """Edits the message; the path by which that was done."""
        if reply["via"] != "channel" and _token_lives(address):
            which = "@original" if reply["via"] == "placeholder" else reply["id"]
            path = f"{_webhook(address)}/messages/{which}"
            try:
                await self._rest.as_interaction("PATCH", path, json=content(part))
            except Refused as refused:
                if refused.reason not in _NO_TOKEN or _private(address) or not reply["id"]:
                    raise
            else:
                return path
        # The interaction's messages are the bot's own: where it is in the channel it may edit them
        # after the token has died, all but the ephemeral ones.
        path = f"/channels/{reply['channel']}/messages/{reply['id']}"
        await self._rest.as_bot("PATCH", path, json=content(part))
        return path

    # ── As the bot ───────────────────────────────────────────────────────────────────────────────

    async def _say(self, address: Address, part: Part, marker: str, *, again: bool) -> Reply:
        """Where it was asked; to the asker directly where that is private, or no place of the bot.

        People who installed the app for themselves use it where the bot is not. There it has five
        follow-ups, and no more once the token has died.
        """
        if not _private(address):
            try:
                return await self._write(address, part, marker, _channel(address), again=again)
            except Refused as refused:
                if refused.reason not in _NOT_THERE:
                    raise
                _log.info("discord channel out of reach", reason=refused.reason)
        try:
            channel = await self._direct(address)
            return await self._write(address, part, marker, channel, again=again, replying=False)
        except Refused as refused:
            asked_aloud = _private(address) and not address["interaction_token"]
            if not asked_aloud or part["place"] == "more":
                raise
            _log.info("somebody on discord takes no direct messages", reason=refused.reason)
            told = part | {"content": _UNTOLD, "components": []}
            if address.get("marked") == "yes":
                # What a reaction asks for is no secret.
                told = part
            return await self._write(address, told, marker, _channel(address), again=again)

    async def _write(
        self,
        address: Address,
        part: Part,
        marker: str,
        channel: str,
        *,
        again: bool,
        replying: bool = True,
    ) -> Reply:
        if again and (found := await self._trace.find(address, part, marker, channel)):
            return found
        # With the nonce Discord itself drops a repeat that comes within a few minutes.
        body = content(part) | {"nonce": nonce_of(marker), "enforce_nonce": True}
        body |= reply_to(address) if replying else {}
        try:
            sent = await self._rest.as_bot("POST", f"/channels/{channel}/messages", json=body)
        except Refused as refused:
            if refused.reason != _NO_REPLIES or "message_reference" not in body:
                raise
            del body["message_reference"]
            sent = await self._rest.as_bot("POST", f"/channels/{channel}/messages", json=body)
        return {"via": "channel", "id": _id(sent), "channel": channel}

    async def _direct(self, address: Address) -> str:
        body = {"recipient_id": address["user_id"]}
        opened = await self._rest.as_bot("POST", "/users/@me/channels", json=body)
        if not (channel := _id(opened)):
            raise PlatformFailed("Discord opened no direct messages.", retryable=False)
        return channel


def _id(sent: Any) -> str:
    """The id of what was made, or the empty string where the answer names none."""
    found = sent.get("id") if isinstance(sent, dict) else None
    return found if isinstance(found, str) else ""


def _channel(address: Address) -> str:
    if not address["channel_id"]:
        raise PlatformFailed("Discord named no channel to answer in.", retryable=False)
    return address["channel_id"]


def _webhook(address: Address) -> str:
    return f"/webhooks/{address['application_id']}/{address['interaction_token']}"


def _private(address: Address) -> bool:
    return address.get("private") == "yes"


def _age(address: Address) -> float:
    return time.time() - float(address["accepted_at"])


def _token_lives(address: Address) -> bool:
    return bool(address["interaction_token"]) and _age(address) < TOKEN_LIFE
