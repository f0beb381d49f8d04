"""Tokens that rotate: each is renewed before it ends, by one process, and kept at once.

Slack's tokens of an app with token rotation end after twelve hours. A refresh token gets the next
one, and works once: were two processes to use it, one of them would be left with nothing. So
whoever renews takes a claim in the database first, and keeps what Slack gave before it is used.
https://docs.slack.dev/authentication/using-token-rotation
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from bot.slack.consent import ends
from bot.slack.parse import word_in
from bot.slack.web import Refused
from core.config import Settings
from core.errors import AssistantError, PlatformFailed, Unavailable
from core.ports import Installation, Installations

BEFORE = timedelta(hours=2)
"""So long before its end a token is renewed, beside what it is used for."""

SPARE = timedelta(seconds=60)
"""So long before its end nothing is begun with it; the new one is waited for."""

CLAIM = 30.0
"""Seconds one process has for it: a call takes twenty at most."""

PATIENCE = 40.0
"""Seconds somebody waits for a token that another process renews; long enough to take over."""

REFUSED = 60.0
"""Seconds for which a refusal is not asked for again."""

CLOSING = 10.0
"""Seconds that are waited at the end, so that no token is lost on its way."""

_LOOK = 0.3
_REMEMBERED = 1_000
_KEEP_TRIES = 6

Exchange = Callable[[dict[str, str]], Awaitable[dict[str, Any]]]

log = structlog.get_logger(__name__)


class Renewing:
    """The renewals of this process, one at a time for each installation."""

    def __init__(
        self, settings: Settings, installations: Installations, exchange: Exchange
    ) -> None:
        self._settings = settings
        self._installations = installations
        self._exchange = exchange
        self._running: dict[tuple[str, str], asyncio.Task[Installation]] = {}
        # By refresh token: another installation brings another one.
        self._refused: OrderedDict[str, tuple[float, Refused]] = OrderedDict()

    async def current(self, found: Installation, *, dead: bool = False) -> Installation:
        """The installation with a token that works; `dead`: Slack said that this one does not.

        Raises Refused where Slack gives no other, PlatformFailed where it cannot be asked now.
        """
        if not found.refresh or found.expires_at is None:
            return found
        left = found.expires_at - datetime.now(UTC)
        if left > BEFORE and not dead:
            return found
        works = left > SPARE and not dead
        since, refused = self._refused.get(found.refresh, (0.0, None))
        if refused is not None and time.monotonic() - since < REFUSED:
            if works:
                return found
            raise refused
        key = (found.enterprise, found.workspace)
        task = self._running.get(key)
        if task is None:
            # A task of its own: whoever asks may give up, but a token on its way must be kept.
            task = asyncio.create_task(self._renewed(found, dead=dead))
            self._running[key] = task
            task.add_done_callback(lambda done: self._over(key, done))
        if works:
            return found
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Waits for what is under way. May be called twice."""
        if self._running:
            await asyncio.wait(list(self._running.values()), timeout=CLOSING)

    def _over(self, key: tuple[str, str], task: asyncio.Task[Installation]) -> None:
        self._running.pop(key, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("slack token not renewed", workspace=key[1] or key[0], reason=str(error))

    async def _renewed(self, found: Installation, *, dead: bool) -> Installation:
        give_up = asyncio.get_running_loop().time() + PATIENCE
        while True:
            now = await self._now(found)
            if now.token != found.token or not now.refresh:
                return now
            if await self._claimed(now):
                return await self._ask(now)
            works = now.expires_at is None or now.expires_at - datetime.now(UTC) > SPARE
            if works and not dead:
                return now
            if asyncio.get_running_loop().time() > give_up:
                raise PlatformFailed("Slack's token is being renewed. Try again.", retryable=True)
            await asyncio.sleep(_LOOK)

    async def _now(self, found: Installation) -> Installation:
        try:
            now = await self._installations.of(
                found.platform, found.enterprise, found.workspace, fresh=True
            )
        except Unavailable as error:
            raise PlatformFailed(error.message, retryable=True) from None
        if now is None:
            raise Refused("not_authed", "The app was taken away from this workspace.")
        return now

    async def _claimed(self, found: Installation) -> bool:
        try:
            return await self._installations.claim(found, CLAIM)
        except Unavailable as error:
            raise PlatformFailed(error.message, retryable=True) from None

    async def _ask(self, found: Installation) -> Installation:
        client, secret = self._settings.slack_client_id, self._settings.slack_client_secret
        try:
            said = await self._exchange(
                {
                    "client_id": client or "",
                    "client_secret": secret.get_secret_value() if secret else "",
                    "grant_type": "refresh_token",
                    "refresh_token": found.refresh,
                }
            )
        except Refused as refused:
            told = Refused(
                refused.reason,
                f"Slack gives no new token for {found.name or found.workspace} ({refused.reason}). "
                f"An admin installs the app there again: {self._settings.public_url}/slack/install",
            )
            self._refused[found.refresh] = time.monotonic(), told
            if len(self._refused) > _REMEMBERED:
                self._refused.popitem(last=False)
            raise told from None
        token = word_in(said, "access_token")
        if not token:
            raise PlatformFailed("Slack gave no new token.", retryable=True)
        end = ends(said, datetime.now(UTC))
        await self._keep(found, token, word_in(said, "refresh_token") or found.refresh, end)
        log.info("slack token renewed", workspace=found.workspace or found.enterprise)
        return await self._now(found)

    async def _keep(self, found: Installation, token: str, refresh: str, end: datetime) -> None:
        """Keeps them, with patience: the ones before are worth nothing any more."""
        for attempt in range(_KEEP_TRIES):
            try:
                await self._installations.renew(found, token, refresh, end)
                return
            except AssistantError as error:
                log.error("slack token not kept yet", reason=error.message)
                if attempt == _KEEP_TRIES - 1:
                    raise
                await asyncio.sleep(2**attempt)
