"""Calls to Slack, and its refusals as the core's errors. No error holds a token or an address."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import aiohttp
import structlog

from bot import proxies
from bot.slack.workspace import Workspace
from core.config import Settings
from core.errors import AssistantError, Forbidden, PlatformFailed, RateLimited

if TYPE_CHECKING:
    from slack_sdk.errors import SlackApiError
    from slack_sdk.web.async_client import AsyncWebClient

_log = structlog.get_logger(__name__)

TIMEOUT = 20.0
"""Seconds for one call."""

_DOWNLOAD = aiohttp.ClientTimeout(total=None, sock_connect=TIMEOUT, sock_read=60)
_PIECE = 256 * 1024

_PASSING = {
    "internal_error",
    "fatal_error",
    "service_unavailable",
    "request_timeout",
    "team_added_to_org",
}
_REFUSALS = {"expired_url", "used_url", "no_url", "no_text", "invalid_payload", "invalid_blocks"}
_RETRY_AFTER = 5.0
_BRIEF = 2_000


# The token is none any more: somebody took the app away, or installed it again.
_ENDED = frozenset({"invalid_auth", "token_revoked", "token_expired", "account_inactive"})


class Refused(PlatformFailed):
    """Slack will not do this. `reason` is its own word for it, such as `not_in_channel`."""

    def __init__(self, reason: str, message: str = "") -> None:
        super().__init__(message or f"Slack refused the message ({reason}).", retryable=False)
        self.reason = reason


class NoAnswer(PlatformFailed):
    """A page came in place of Slack's answer: a proxy's, or a server's that lacks the method."""

    def __init__(self) -> None:
        super().__init__("Slack could not be reached.", retryable=True)


class Tokens(Protocol):
    """Whose token speaks where; `missing` is what to tell where there is none."""

    missing: str

    async def of(self, workspace: Workspace, *, fresh: bool = False) -> str | None:
        """The token for a workspace; `fresh`: the one before did not work."""
        ...


class Web:
    """One workspace's Web API, with the token that speaks there, and response URLs.

    Each method raises Refused, RateLimited, or PlatformFailed (`retryable`). Nothing is tried
    again here: a message that may have been posted must be looked for first.
    """

    def __init__(self, line: Line, tokens: Tokens, workspace: Workspace) -> None:
        self._line = line
        self._tokens = tokens
        self._workspace = workspace

    async def has_token(self) -> bool:
        """Whether there is a token; without one only response URLs work."""
        try:
            return await self._tokens.of(self._workspace) is not None
        except Refused as refused:
            # It rotates, and Slack gives no other.
            _log.warning("slack token not usable", reason=refused.message)
            return False

    async def call(self, method: str, **arguments: Any) -> dict[str, Any]:
        """Calls a method that writes."""
        return await self._call(method, "POST", arguments)

    async def read(self, method: str, **arguments: Any) -> dict[str, Any]:
        """Calls a method that reads; those take no JSON."""
        return await self._call(method, "GET", arguments)

    async def respond(self, url: str, **message: Any) -> None:
        """Posts to a response URL, which works five times within thirty minutes.

        https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
        """
        await self._line.respond(url, message)

    async def download(self, url: str) -> AsyncIterator[bytes]:
        """What is in a private file, piece by piece, at most 60 seconds apart.

        The token goes to Slack's own addresses alone, whatever address a message names. Raises
        Forbidden where Slack shows its sign-in page instead: the scope `files:read` is missing.
        https://docs.slack.dev/reference/objects/file-object
        """
        token = await self._tokens.of(self._workspace)
        if token is None:
            raise Forbidden("This app has no token to read files with.")
        async with aclosing(self._line.download(url, token)) as pieces:
            async for piece in pieces:
                yield piece

    async def _call(self, method: str, verb: str, arguments: dict[str, Any]) -> dict[str, Any]:
        token = await self._tokens.of(self._workspace)
        if token is None:
            raise Refused("not_authed", self._tokens.missing)
        try:
            return await self._line.call(method, verb, token, arguments)
        except Refused as refused:
            if refused.reason not in _ENDED:
                raise
            # Nothing was done with it, so a newer one may do the same.
            newer = await self._tokens.of(self._workspace, fresh=True)
            if newer in (None, token):
                raise
        return await self._line.call(method, verb, str(newer), arguments)


class Line:
    """Slack, over one pool of connections, whoever's token it is."""

    def __init__(self, settings: Settings) -> None:
        self._base_url = settings.slack_api_url
        self._session: aiohttp.ClientSession | None = None
        self._client: AsyncWebClient | None = None

    async def call(
        self, method: str, verb: str, token: str, arguments: dict[str, Any]
    ) -> dict[str, Any]:
        """Calls a method. Raises as `Web` does."""
        # The SDK takes the token out again, into a header.
        given = arguments | {"token": token}
        return await self._call(method, verb, **{"json" if verb == "POST" else "params": given})

    async def exchange(self, fields: dict[str, str]) -> dict[str, Any]:
        """`oauth.v2.access`, with a code or a refresh token in a form. Raises as `Web` does.

        https://docs.slack.dev/reference/methods/oauth.v2.access
        """
        return await self._call("oauth.v2.access", "POST", data=fields)

    async def respond(self, url: str, message: dict[str, Any]) -> None:
        """See `Web.respond`."""
        try:
            async with self._connections().post(url, json=message, allow_redirects=False) as answer:
                body = (await answer.content.read(_BRIEF)).decode(errors="replace")
                status, headers = answer.status, dict(answer.headers)
        except (aiohttp.ClientError, TimeoutError, ValueError):
            raise _unreachable() from None
        reason = _reason(body, status)
        if not 200 <= status < 300 or reason:
            raise _failure(status, reason, headers)

    async def download(self, url: str, token: str) -> AsyncGenerator[bytes, None]:
        """See `Web.download`."""
        if not self._is_slack(url):
            raise Forbidden("The file is not Slack's to hand over.")
        headers = {"Authorization": f"Bearer {token}"}
        try:
            async with self._connections().get(
                url, headers=headers, allow_redirects=False, timeout=_DOWNLOAD
            ) as answer:
                if answer.status != 200:
                    raise _failure(answer.status, "", dict(answer.headers))
                if answer.content_type == "text/html" and not url.endswith((".html", ".htm")):
                    raise Forbidden("Slack does not let this app read files: it lacks files:read.")
                async for piece in answer.content.iter_chunked(_PIECE):
                    yield piece
        except (aiohttp.ClientError, TimeoutError, ValueError):
            raise _unreachable() from None

    def _is_slack(self, url: str) -> bool:
        host, api = urlsplit(url), urlsplit(self._base_url)
        if host.scheme != "https" and host.scheme != api.scheme:
            return False
        return host.hostname == api.hostname or (host.hostname or "").endswith(".slack.com")

    async def close(self) -> None:
        """Closes the connections. May be called twice."""
        session, self._session, self._client = self._session, None, None
        if session is not None:
            await session.close()

    async def _call(self, method: str, verb: str, **arguments: Any) -> dict[str, Any]:
        from slack_sdk.errors import SlackApiError, SlackClientError

        client = self._api()
        try:
            answer = await client.api_call(method, http_verb=verb, **arguments)
        except SlackApiError as error:
            raise _translate(error) from None
        except (aiohttp.ClientError, TimeoutError, SlackClientError):
            raise _unreachable() from None
        except AttributeError:
            # The SDK takes it that an answer with status 200 is JSON; a proxy's page is not.
            raise NoAnswer from None
        return answer.data if isinstance(answer.data, dict) else {}

    def _connections(self) -> aiohttp.ClientSession:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=TIMEOUT)
            self._session = aiohttp.ClientSession(timeout=timeout, trust_env=proxies.are_named())
        return self._session

    def _api(self) -> AsyncWebClient:
        if self._client is None:
            # Imported with the first answer, so that a process that sends none starts faster.
            from slack_sdk.web.async_client import AsyncWebClient

            # Below this level the SDK logs whole messages and answers.
            logger = logging.getLogger("slack_sdk")
            logger.setLevel(logging.INFO)
            self._client = AsyncWebClient(
                base_url=self._base_url,
                session=self._connections(),
                retry_handlers=[],
                logger=logger,
            )
        return self._client


def _unreachable() -> PlatformFailed:
    return PlatformFailed("Slack could not be reached.", retryable=True)


def _translate(error: SlackApiError) -> AssistantError:
    answer = error.response
    # Where the body was no JSON the SDK hands over aiohttp's response instead of its own.
    status: int = getattr(answer, "status_code", 0) or getattr(answer, "status", 0)
    data = getattr(answer, "data", None)
    reason = data.get("error") if isinstance(data, dict) else None
    return _failure(status, reason if isinstance(reason, str) else "", dict(answer.headers))


def _failure(status: int, reason: str, headers: dict[str, str]) -> AssistantError:
    if status == 429 or reason in ("ratelimited", "rate_limited"):
        wait = _seconds({name.lower(): value for name, value in headers.items()})
        return RateLimited("Slack asks to slow down.", retry_after=wait)
    # A server that does not know a call (501) will not know it in a minute either.
    passing = status >= 500 and status != 501
    if passing or reason in _PASSING or (status == 200 and not reason):
        return PlatformFailed(f"Slack failed ({reason or status}).", retryable=True)
    return Refused(reason or f"http_{status}")


def _seconds(headers: dict[str, str]) -> float:
    value = headers.get("retry-after", "")
    return float(value) if value.isdecimal() else _RETRY_AFTER


def _reason(body: str, status: int) -> str:
    """Why a response URL refused: a word such as `expired_url`, or JSON with `error`."""
    try:
        parsed = json.loads(body)
    except ValueError:
        word = body.strip()
        # With a good status any word is a good one, but for those that Slack itself refuses with.
        refused = status >= 400 or word in _REFUSALS
        return word if refused and re.fullmatch(r"[a-z_]{1,60}", word) else ""
    if isinstance(parsed, dict) and parsed.get("ok") is False:
        return str(parsed.get("error", "unknown_error"))[:60]
    return ""
