"""What each workspace is spoken to with: its token, and what is remembered of it."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import structlog

from bot.slack.leftovers import Leftovers
from bot.slack.marks import Marker
from bot.slack.parse import word_in
from bot.slack.people import People
from bot.slack.reading import Reader
from bot.slack.renewing import Renewing
from bot.slack.streams import Streams
from bot.slack.web import Line, Web
from bot.slack.workspace import Workspace
from core.config import Settings
from core.errors import AssistantError, Misconfigured, PlatformFailed, Unavailable
from core.ports import Address, Installations

PLATFORM = "slack"

REMEMBERED = 200
"""Workspaces at most; one more forgets what is known of the one not heard of for longest."""

_log = structlog.get_logger(__name__)


class Team:
    """One workspace: calls with its token, and its people, channels and messages."""

    def __init__(self, web: Web) -> None:
        self.web = web
        self.people = People(web)
        self.streams = Streams(web)
        self.reader = Reader(web, self.people, self.streams.is_growing)
        self.marker = Marker(web, self.people)
        self.leftovers = Leftovers(web)


class Teams:
    """Every workspace, over one pool of connections.

    Without `SLACK_CLIENT_ID`, or without `installations`, they are all one: that of
    `SLACK_BOT_TOKEN`.
    """

    def __init__(self, settings: Settings, installations: Installations | None = None) -> None:
        self._settings = settings
        self._line = Line(settings)
        self._tokens = Tokens(settings, installations, self._line)
        self._known: OrderedDict[Workspace, Team] = OrderedDict()

    def serve(self, installations: Installations) -> None:
        """See CanBeInstalled."""
        self._tokens = Tokens(self._settings, installations, self._line)
        self._known.clear()

    @property
    def speaks(self) -> bool:
        """Whether there may be a token; without one only response URLs work."""
        return self._settings.slack_bot_token is not None or self._tokens.many

    def at(self, address: Address) -> Team:
        """The workspace that a request is answered in."""
        return self.of(Workspace.of(address))

    def of(self, workspace: Workspace) -> Team:
        """A workspace; cheap to make, asks nothing."""
        key = workspace if self._tokens.many else Workspace()
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = Team(Web(self._line, self._tokens, key))
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return found

    @property
    def many(self) -> bool:
        """Whether there are more workspaces than that of `SLACK_BOT_TOKEN`."""
        return self._tokens.many

    async def manages(self, address: Address) -> bool:
        """Whether whoever wrote is an admin of the workspace, or installed the app there."""
        user = address.get("user_id", "")
        if not user:
            return False
        installer = await self._tokens.installer(Workspace.of(address))
        return user == installer or await self.at(address).people.manages(user)

    async def installed(self) -> list[Workspace]:
        """Every workspace that there is a token for, the newest first. Raises Unavailable."""
        return await self._tokens.everywhere()

    async def close(self) -> None:
        """Closes the connections. May be called twice."""
        await self._tokens.close()
        await self._line.close()


class Tokens:
    """Which token speaks in a workspace: that of its installation, else `SLACK_BOT_TOKEN`."""

    def __init__(
        self,
        settings: Settings,
        installations: Installations | None,
        line: Line,
    ) -> None:
        token = settings.slack_bot_token
        self._default = token.get_secret_value() if token else None
        self._installations = installations if settings.slack_client_id else None
        self._line = line
        self._renewing: Renewing | None = None
        if self._installations is not None:
            self._renewing = Renewing(settings, self._installations, line.exchange)
        self._ours: dict[str, Any] | None = None
        self.missing = (
            f"This app is not installed in this workspace. An admin of it can do that at "
            f"{settings.public_url}/slack/install"
            if self.many
            else "This app has no token for this workspace. Its admin sets SLACK_BOT_TOKEN."
        )

    @property
    def many(self) -> bool:
        """Whether there are more workspaces than that of `SLACK_BOT_TOKEN`."""
        return self._installations is not None

    async def everywhere(self) -> list[Workspace]:
        """Where any of the tokens speaks; that of `SLACK_BOT_TOKEN` has no name here."""
        found = [] if self._default is None else [Workspace()]
        if self._installations is not None:
            found += [
                Workspace(each.enterprise, each.workspace)
                for each in reversed(await self._installations.all(PLATFORM))
                if not isinstance(each, Misconfigured)
            ]
        return found

    async def installer(self, workspace: Workspace) -> str:
        """Who installed the app in a workspace; empty where nobody says."""
        if self._installations is None or workspace == Workspace():
            return ""
        try:
            where = workspace.enterprise, workspace.team
            found = await self._installations.of(PLATFORM, *where)
        except (Misconfigured, Unavailable):
            return ""
        return found.installed_by if found is not None else ""

    async def of(self, workspace: Workspace, *, fresh: bool = False) -> str | None:
        """The token, None where the app is not installed; `fresh`: the one before did not work.

        One that rotates is renewed in time. Raises PlatformFailed where the database cannot be
        reached, and Refused where Slack gives no new token.
        """
        if self._installations is None or workspace == Workspace():
            return self._default
        enterprise, team = workspace.enterprise, workspace.team
        before = None
        try:
            if fresh:
                # What this process used, unless it knows a newer one already.
                before = await self._installations.of(PLATFORM, enterprise, team)
            found = await self._installations.of(PLATFORM, enterprise, team, fresh=fresh)
        except Misconfigured as error:
            _log.error("slack token not readable", reason=error.message)
            found = None
        except Unavailable as error:
            raise PlatformFailed(error.message, retryable=True) from None
        if found is not None and self._renewing is not None:
            dead = before is not None and before.token == found.token
            return (await self._renewing.current(found, dead=dead)).token
        return self._default if await self._is_ours(workspace) else None

    async def close(self) -> None:
        """Waits for tokens on their way. May be called twice."""
        if self._renewing is not None:
            await self._renewing.close()

    async def _is_ours(self, workspace: Workspace) -> bool:
        """Whether `SLACK_BOT_TOKEN` may speak there: unless Slack says that it is another's."""
        if self._default is None:
            return False
        if self._ours is None:
            try:
                self._ours = await self._line.call("auth.test", "GET", self._default, {})
            except AssistantError as error:
                _log.info("slack did not say whose token it is", reason=error.message)
                return True
        team, enterprise = (word_in(self._ours, name) for name in ("team_id", "enterprise_id"))
        if self._ours.get("is_enterprise_install") is True:
            return workspace.enterprise in ("", enterprise, team)
        return not team or workspace.team in ("", team)
