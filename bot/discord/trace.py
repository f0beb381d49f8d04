"""What an earlier try to answer left in a channel, found again.

https://docs.discord.com/developers/resources/message#get-channel-messages
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from typing import Any

import structlog

from bot.discord.rest import Rest
from core.errors import PlatformFailed
from core.ports import Address, Part, Reply

_SEARCHED_PAGES = 5
_PAGE = 100

_EPOCH_MS = 1_420_070_400_000
# Clocks differ; so much earlier than the command, in seconds, a search begins where no id says it.
_SKEW = 60.0
# An id that tells of another time, in seconds, than the request was taken at is none of Discord's.
_FAR = 3600.0

_log = structlog.get_logger(__name__)

Json = dict[str, Any]


class Trace:
    """Looks through the app's own messages since a request. What it may not read, is not there."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def find(self, address: Address, part: Part, marker: str, channel: str) -> Reply | None:
        """The message an earlier try sent: the same nonce where Discord tells it, or content.

        A placeholder is known by its nonce alone, for they all read the same.
        """
        nonce, text = nonce_of(marker), str(part["content"]).strip()
        async for message in self._own(address, channel):
            same = str(message.get("content", "")).strip() == text
            if part["place"] == "draft":
                # A press has no placeholder but the one that was sent to it, nor has a message.
                answers = same and _replies(message, address)
                same = answers or (pressed(address) and _caused_by(message) is not None)
            if same or message.get("nonce") == nonce:
                via = "follow-up" if message.get("webhook_id") else "channel"
                return {"via": via, "id": message["id"], "channel": channel}
        return None

    async def placeholder(self, address: Address) -> str:
        """The id of the message that shows “thinking …” for this command; empty without one.

        Of the messages that an interaction caused it is the first.
        """
        if pressed(address) or not address["channel_id"]:
            return ""
        async for message in self._own(address, address["channel_id"]):
            if _caused_by(message) == address["interaction_id"]:
                return str(message["id"])
        return ""

    async def _own(self, address: Address, channel: str) -> AsyncIterator[Json]:
        """The app's messages since the request; none where it may not read the channel."""
        after = _since(address)
        for _ in range(_SEARCHED_PAGES):
            try:
                page = await self._rest.as_bot(
                    "GET", f"/channels/{channel}/messages", params={"after": after, "limit": _PAGE}
                )
            except PlatformFailed as failure:
                if failure.retryable:
                    raise
                _log.warning("discord history not readable")
                return
            if not isinstance(page, list):
                return
            for message in sorted(page, key=lambda one: int(one["id"])):
                if _is_own(message, address):
                    yield message
            if len(page) < _PAGE:
                return
            after = max((message["id"] for message in page), key=int)


def reply_to(address: Address) -> Json:
    """What makes a message a reply; nothing where the request came by an interaction."""
    if address["interaction_token"] or not address.get("message"):
        return {}
    return {
        "message_reference": {"message_id": address["message"], "fail_if_not_exists": False},
        "allowed_mentions": {"parse": [], "replied_user": False},
    }


def pressed(address: Address) -> bool:
    """Whether a button was pressed whose answer is a message of its own."""
    return address.get("placeholder") == "no"


def nonce_of(marker: str) -> str:
    """Twenty-five characters, as many as Discord takes."""
    return hashlib.sha256(marker.encode()).hexdigest()[:25]


def _since(address: Address) -> str:
    """The id after which an answer stands: what was asked was there before it, by Discord's clock.

    An answer to something else that says the same, a moment before, is not this one's.
    """
    taken = float(address["accepted_at"])
    # What a reaction is on may have been written long before it.
    said = "" if address.get("marked") == "yes" else address.get("message", "")
    asked = address["interaction_id"] or said
    if asked.isdecimal():
        at = ((int(asked) >> 22) + _EPOCH_MS) / 1000
        if abs(at - taken) < _FAR:
            return asked
    return str((int((taken - _SKEW) * 1000) - _EPOCH_MS) << 22)


def _is_own(message: Json, address: Address) -> bool:
    caused_by = _caused_by(message)
    if caused_by is not None and caused_by != address["interaction_id"]:
        return False
    if reply_to(address) and message.get("message_reference") and not _replies(message, address):
        return False
    # An interaction's messages name the application, others their author, the bot.
    if (message.get("author") or {}).get("id") == address["bot_id"]:
        return True
    return address["application_id"] in (message.get("webhook_id"), message.get("application_id"))


def _caused_by(message: Json) -> str | None:
    """The interaction that a message came of."""
    found = (message.get("interaction_metadata") or {}).get("id")
    return found if isinstance(found, str) else None


def _replies(message: Json, address: Address) -> bool:
    reference = message.get("message_reference") or {}
    return bool(reply_to(address)) and reference.get("message_id") == address["message"]
