"""Calls to Discord, and its refusals as the core's errors. No error holds a token or an address.

https://docs.discord.com/developers/reference
"""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bot import proxies
from core.config import Settings
from core.errors import AssistantError, Forbidden, NotFound, PlatformFailed, RateLimited

TIMEOUT = 20.0
"""Seconds for one call."""

_DOWNLOAD = aiohttp.ClientTimeout(total=None, sock_connect=TIMEOUT, sock_read=60)
_PIECE = 256 * 1024
_FILES = ("cdn.discordapp.com", "media.discordapp.net")

UNKNOWN = (405, 501)
"""Statuses of a server that knows no such call, and will not know it the next time either."""

_RETRY_AFTER = 5.0
_SLOWER = "Discord asks to slow down."
_REMEMBERED = 1_000


class Refused(PlatformFailed):
    """Discord will not do this. `reason` is its own number for why, or the HTTP status."""

    def __init__(self, reason: int, status: int) -> None:
        super().__init__(f"Discord refused the message ({reason}).", retryable=False)
        self.reason = reason
        self.status = status


class EverythingLimited(RateLimited):
    """Discord takes no call of this bot for a while.

    https://docs.discord.com/developers/topics/rate-limits#global-rate-limit
    """


class Rest:
    """Discord's REST interface over one pool of connections, made with the first call.

    Raises Refused, RateLimited, or PlatformFailed (`retryable`). Nothing is tried again here.
    """

    def __init__(self, settings: Settings) -> None:
        token = settings.discord_token
        self._token = token.get_secret_value() if token else None
        # Discord turns away clients that do not name themselves like this.
        self._agent = f"DiscordBot ({settings.public_url}, 1)"
        self._base_url = settings.discord_api_url.rstrip("/")
        self._session: aiohttp.ClientSession | None = None
        self._left: OrderedDict[str, tuple[int, float, int | None]] = OrderedDict()
        self._closed_until = 0.0

    def left(self, method: str, path: str) -> tuple[int, float, int | None] | None:
        """How many more calls like this one Discord said it takes, within how many seconds, and how
        many it takes in all in such a time, where it said so.

        https://docs.discord.com/developers/topics/rate-limits#header-format
        """
        found = self._left.pop(f"{method} {path}", None)
        if found is None:
            return None
        left, until, most = found
        return left, max(0.0, until - time.monotonic()), most

    async def as_bot(self, method: str, path: str, **options: Any) -> Any:
        """A call with the bot token. Options: `json`, `params`."""
        if self._token is None:
            raise PlatformFailed("DISCORD_TOKEN is not set.", retryable=False)
        if (wait := self._closed_until - time.monotonic()) > 0:
            # Discord bars whoever goes on calling: for all calls, and after many for an hour.
            raise RateLimited(_SLOWER, retry_after=wait)
        try:
            return await self._call(method, path, {"Authorization": f"Bot {self._token}"}, options)
        except EverythingLimited as limited:
            # Interactions have limits of their own, and are answered meanwhile.
            self._closed_until = time.monotonic() + (limited.retry_after or 0.0)
            raise

    async def as_interaction(self, method: str, path: str, **options: Any) -> Any:
        """A call that the interaction token in the path allows. Options: `json`, `params`."""
        return await self._call(method, path, {}, options)

    async def download(self, url: str) -> AsyncIterator[bytes]:
        """What is in an attachment, piece by piece, at most 60 seconds apart.

        From Discord's own addresses alone, whatever address a message names; its signature is what
        lets it be read. https://docs.discord.com/developers/reference#signed-attachment-cdn-urls
        """
        where, api = urlsplit(url), urlsplit(self._base_url)
        own = where.hostname in _FILES and where.scheme == "https"
        if not own and (where.hostname, where.scheme) != (api.hostname, api.scheme):
            raise Forbidden("The file is not Discord's to hand over.")
        try:
            async with self._connections().get(
                url, allow_redirects=False, timeout=_DOWNLOAD
            ) as answer:
                if answer.status in (403, 404):
                    raise NotFound("The file is not there any more.")
                if answer.status != 200:
                    raise _failure(answer.status, None, answer.headers.get("Retry-After", ""))
                async for piece in answer.content.iter_chunked(_PIECE):
                    yield piece
        except (aiohttp.ClientError, TimeoutError, ValueError):
            raise PlatformFailed("Discord could not be reached.", retryable=True) from None

    async def close(self) -> None:
        """Closes the connections. May be called twice."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _call(
        self, method: str, path: str, headers: dict[str, str], options: dict[str, Any]
    ) -> Any:
        try:
            async with self._connections().request(
                method, self._base_url + path, headers=headers, allow_redirects=False, **options
            ) as answer:
                text = await answer.text(errors="replace")
        except (aiohttp.ClientError, TimeoutError):
            raise PlatformFailed("Discord could not be reached.", retryable=True) from None
        self._note(f"{method} {path}", answer.headers)
        body = _parsed(text)
        if 200 <= answer.status < 300:
            return body
        raise _failure(answer.status, body, answer.headers.get("Retry-After", ""))

    def _connections(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                headers={"User-Agent": self._agent},
                timeout=aiohttp.ClientTimeout(total=TIMEOUT),
                trust_env=proxies.are_named(),
            )
        return self._session

    def _note(self, call: str, headers: Mapping[str, str]) -> None:
        left, seconds = (
            headers.get("X-RateLimit-Remaining", ""),
            _seconds(headers.get("X-RateLimit-Reset-After", "")),
        )
        most = headers.get("X-RateLimit-Limit", "")
        if left.isdecimal():
            known = int(most) if most.isdecimal() else None
            self._left[call] = (int(left), time.monotonic() + seconds, known)
            if len(self._left) > _REMEMBERED:
                self._left.popitem(last=False)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _failure(status: int, body: Any, retry_after: str) -> AssistantError:
    fields = body if isinstance(body, dict) else {}
    if status == 429:
        wait = fields.get("retry_after", retry_after)
        kind = EverythingLimited if fields.get("global") is True else RateLimited
        return kind(_SLOWER, retry_after=_seconds(wait))
    if status in UNKNOWN:
        return Refused(status, status)
    if status >= 500 or 300 <= status < 400:
        return PlatformFailed(f"Discord failed ({status}).", retryable=status >= 500)
    reason = fields.get("code")
    return Refused(reason if isinstance(reason, int) and reason else status, status)


def _seconds(value: object) -> float:
    try:
        return float(value) if isinstance(value, int | float | str) else _RETRY_AFTER
    except ValueError:
        return _RETRY_AFTER
