"""`/slack/install`: an admin adds the app to a workspace, and Slack tells when one is gone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from bot.slack.consent import (
    STATE_SECONDS,
    authorize_url,
    is_state,
    new_state,
    open_url,
    read_installation,
)
from bot.slack.manifest import SCOPES
from bot.slack.pages import POLICY, page
from bot.slack.parse import object_in, word_in
from bot.slack.teams import PLATFORM
from bot.slack.web import Line, NoAnswer, Refused
from bot.slack.workspace import installed_in, is_organisation
from core.config import LOCAL_HOSTS, Settings
from core.errors import AssistantError, Misconfigured, Unavailable
from core.ports import Installations

INSTALL = "/slack/install"
REDIRECT = "/slack/oauth_redirect"
COOKIE = "slack_install"

TESTING = 1.5
"""Seconds for a look whether a token works: Slack waits three for the acknowledgement."""

_AGAIN = ("Start again", INSTALL)
_STALE = (
    "This link was opened in another browser, was used before, or is older than ten minutes. "
    "Nothing new was installed.",
)
_OFF = (
    "To install it in workspaces from here, the admin of this server sets `SLACK_CLIENT_ID` and "
    "`SLACK_CLIENT_SECRET`. Both are on the Slack app's page, under Basic Information.",
)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Client:
    """The Slack app as OAuth knows it."""

    id: str
    secret: str


class Installing:
    """The way an installation comes, and the way it goes.

    States are signed and bound to a browser by a cookie, so any process takes them; that one works
    once is known by the database, and so by all of them.
    """

    def __init__(self, settings: Settings, installations: Installations | None) -> None:
        self._settings = settings
        self._installations = installations
        self._line = Line(settings)
        self.routes = (("GET", INSTALL, self.install), ("GET", REDIRECT, self.redirect))

    async def close(self) -> None:
        """Closes the connections. May be called twice."""
        await self._line.close()

    async def install(self, request: web.Request) -> web.Response:
        """`GET /slack/install`: on to Slack's consent page; 404 where OAuth is not set up."""
        client = self._client()
        if client is None or self._installations is None:
            return _shown(request, 404, "NOT_FOUND", "Not set up for other workspaces", _OFF)
        state, browser = new_state(self._settings.secret_keys[0], time.time())
        where = authorize_url(
            self._settings.slack_api_url, client.id, SCOPES, state, self._redirect_uri
        )
        answer = web.Response(status=302, headers={"Location": where})
        answer.set_cookie(
            COOKIE,
            browser,
            max_age=STATE_SECONDS,
            httponly=True,
            samesite="Lax",
            secure=urlsplit(self._settings.public_url).hostname not in LOCAL_HOSTS,
        )
        return answer

    async def redirect(self, request: web.Request) -> web.Response:
        """`GET /slack/oauth_redirect`: back from Slack, with a code or with a refusal."""
        client = self._client()
        if client is None or self._installations is None:
            return _shown(request, 404, "NOT_FOUND", "Not set up for other workspaces", _OFF)
        answer = await self._answer(request, client, self._installations)
        answer.del_cookie(COOKIE)
        return answer

    async def ended(self, fields: Mapping[str, Any]) -> bool:
        """Forgets an installation that Slack says is gone; whether this was such an event.

        Deletes nothing else: whoever installs the app again finds everything. Raises Unavailable:
        Slack tells it again. https://docs.slack.dev/reference/events/app_uninstalled
        """
        event = object_in(fields, "event")
        kind = word_in(event, "type")
        if kind not in ("app_uninstalled", "tokens_revoked"):
            return False
        # People's own tokens are none of ours.
        ours = kind == "app_uninstalled" or object_in(event, "tokens").get("bot")
        if self._installations is None or not ours:
            return True
        where = installed_in(fields)
        team = "" if is_organisation(fields) else where.team
        if kind == "tokens_revoked" and await self._still_works(
            self._installations, where.enterprise, team
        ):
            return True
        before = _after(fields.get("event_time"))
        if await self._installations.forget(PLATFORM, where.enterprise, team, before):
            _log.info("slack app uninstalled", enterprise=where.enterprise, team=team, kind=kind)
        return True

    async def _still_works(self, installations: Installations, enterprise: str, team: str) -> bool:
        """Whether the token is one that rotates and works: then an earlier one was revoked.

        Raises Unavailable where Slack does not say so in time.
        """
        try:
            found = await installations.of(PLATFORM, enterprise, team, fresh=True)
        except Misconfigured:
            return False
        if found is None or not found.refresh:
            return False
        try:
            async with asyncio.timeout(TESTING):
                await self._line.call("auth.test", "GET", found.token, {})
        except Refused as refused:
            # One that has ended is renewed; whether that is possible is found out then.
            return refused.reason == "token_expired"
        except (AssistantError, TimeoutError):
            raise Unavailable("Slack did not say whether the token works.") from None
        return True

    async def _answer(
        self, request: web.Request, client: _Client, installations: Installations
    ) -> web.Response:
        query = request.query
        if query.get("error"):
            title = "Not installed"
            said = "Slack says that it was cancelled, or is not allowed in this workspace."
            return _shown(request, 403, "FORBIDDEN", title, (f"{said} Nothing changed.",), _AGAIN)
        code, now = query.get("code", ""), datetime.now(UTC)
        try:
            if not (code and self._is_ours(request)) or not await installations.first(
                query.get("state", "")
            ):
                title = "That link does not work any more"
                return _shown(request, 400, "INVALID_INPUT", title, _STALE, _AGAIN)
            granted = await self._line.exchange(
                {
                    "client_id": client.id,
                    "client_secret": client.secret,
                    "code": code,
                    "redirect_uri": self._redirect_uri,
                }
            )
            installed = read_installation(granted, now)
            await installations.keep(installed)
        except AssistantError as error:
            return _failed(request, error)
        _log.info("slack app installed", enterprise=installed.enterprise, team=installed.workspace)
        leads = open_url(self._settings.slack_api_url, granted)
        if installed.workspace:
            return _shown(
                request,
                200,
                "",
                f"Installed in {installed.name or installed.workspace}",
                (
                    "Type `/notion generate a launch checklist` in any public channel.",
                    "To let it save messages and take part in a channel, invite it there: "
                    "`/invite @Notion Assistant`",
                ),
                ("Open Slack", leads),
            )
        title = f"Installed for {installed.name or installed.enterprise}"
        told = ("Your organisation has it now. Next, choose the workspaces that may use it.",)
        return _shown(request, 200, "", title, told, ("Add it to workspaces", leads))

    def _is_ours(self, request: web.Request) -> bool:
        """Whether this browser was sent to Slack by us, in the last ten minutes."""
        state, browser = request.query.get("state", ""), request.cookies.get(COOKIE, "")
        return is_state(self._settings.secret_keys, state, browser, time.time())

    def _client(self) -> _Client | None:
        id_, secret = self._settings.slack_client_id, self._settings.slack_client_secret
        ready = id_ and secret is not None and secret.get_secret_value()
        return _Client(id_ or "", secret.get_secret_value()) if ready and secret else None

    @property
    def _redirect_uri(self) -> str:
        return self._settings.public_url + REDIRECT


def _after(event_time: Any) -> datetime | None:
    """The end of the second an event happened in; None where it does not say."""
    try:
        return datetime.fromtimestamp(int(event_time) + 1, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _failed(request: web.Request, error: AssistantError) -> web.Response:
    title = "Not installed"
    if isinstance(error, Refused) and error.reason in ("invalid_code", "code_already_used"):
        return _shown(request, 400, "INVALID_INPUT", title, _STALE, _AGAIN)
    _log.warning("slack app not installed", reason=error.message)
    if isinstance(error, Misconfigured) or not error.retryable:
        said = error.message
        if isinstance(error, Refused):
            said = (
                f"Slack says {error.reason}. The admin of this server checks `SLACK_CLIENT_ID`, "
                "`SLACK_CLIENT_SECRET` and that PUBLIC_URL is among the app's redirect URLs."
            )
        return _shown(request, 500, "INTERNAL", title, (said,), _AGAIN)
    said = "Slack did not answer." if isinstance(error, NoAnswer) else error.message
    return _shown(request, 503, "UNAVAILABLE", title, (said,), _AGAIN)


def _shown(
    request: web.Request,
    status: int,
    code: str,
    title: str,
    said: tuple[str, ...],
    button: tuple[str, str] | None = None,
) -> web.Response:
    """A page; to whoever wants JSON, an error as every route gives it."""
    headers = {"Retry-After": "30"} if status == 503 else {}
    wanted = request.headers.get("Accept", "").lower()
    if code and "application/json" in wanted and "text/html" not in wanted:
        detail = " ".join((f"{title}.", *said)).replace("`", "")
        body = {"detail": detail, "status": status, "code": code}
        return web.json_response(body, status=status, headers=headers)
    headers |= {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
    text = page(title, said, button)
    return web.Response(text=text, status=status, content_type="text/html", headers=headers)
