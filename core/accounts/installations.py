"""The workspaces that installed this app, each with a token of its own, encrypted at rest."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING

from core.accounts.keys import fernet_key
from core.config import Settings
from core.errors import Misconfigured
from core.ports import Installation
from core.storage.database import Database
from core.storage.installations import Row

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

PURPOSE = "installation tokens"

FRESH = 60.0
"""Seconds for which an installation is not asked for again."""

ABSENT = 5.0
"""Seconds for which one that is not there is not looked for: somebody may be installing it."""

REMEMBERED = 1_000
"""Workspaces at most."""

_Key = tuple[str, str, str]


class StoredInstallations:
    """`core.ports.Installations` in the database.

    Tokens are encrypted with the newest SECRET_KEY and read with each of them, so keys rotate.
    https://cryptography.io/en/latest/fernet/#cryptography.fernet.MultiFernet
    """

    def __init__(self, settings: Settings, database: Database, fresh: float = FRESH) -> None:
        self._settings = settings
        self._database = database
        self._fresh = fresh
        self._known: OrderedDict[_Key, tuple[float, Installation | None]] = OrderedDict()
        # What was read before somebody kept or forgot one may be out of date.
        self._changes = 0

    @cached_property
    def _cipher(self) -> MultiFernet:
        # At first use: the library takes its time, and one workspace by token needs none.
        from cryptography.fernet import Fernet, MultiFernet

        keys = self._settings.secret_keys
        return MultiFernet([Fernet(fernet_key(key, PURPOSE)) for key in keys])

    async def of(
        self, platform: str, enterprise: str, workspace: str, *, fresh: bool = False
    ) -> Installation | None:
        """As `core.ports.Installations.of`."""
        key = (platform, enterprise, workspace)
        since, known = self._known.get(key, (None, None))
        for_long = self._fresh if known else min(ABSENT, self._fresh)
        if since is not None and not fresh and time.monotonic() - since < for_long:
            return known
        changes = self._changes
        async with self._database.read() as unit:
            row = await unit.installations.of(platform, enterprise, workspace)
        found = None if row is None else self._opened(platform, row)
        if changes == self._changes:
            self._known[key] = time.monotonic(), found
            self._known.move_to_end(key)
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return found

    async def keep(self, installation: Installation) -> None:
        """As `core.ports.Installations.keep`."""
        async with self._database.begin() as unit:
            await unit.installations.keep(installation.platform, self._sealed(installation))
        self._changed()

    async def claim(self, installation: Installation, seconds: float) -> bool:
        """As `core.ports.Installations.claim`."""
        now = datetime.now(UTC)
        until, row = now + timedelta(seconds=seconds), self._sealed(installation)
        async with self._database.begin() as unit:
            return await unit.installations.claim(installation.platform, row, now, until)

    async def renew(self, earlier: Installation, token: str, refresh: str, ends: datetime) -> bool:
        """As `core.ports.Installations.renew`."""
        row = self._sealed(replace(earlier, token=token, refresh=refresh, expires_at=ends))
        async with self._database.begin() as unit:
            done = await unit.installations.renew(earlier.platform, self._sealed(earlier), row)
        self._changed()
        return done

    async def first(self, state: str) -> bool:
        """As `core.ports.Installations.first`."""
        # Kept for a day with the idempotency keys, which is longer than a state lives.
        name = sha256(f"installation state\0{state}".encode()).hexdigest()
        async with self._database.begin() as unit:
            return await unit.idempotency.claim(name, "installation state") is None

    async def forget(
        self, platform: str, enterprise: str, workspace: str, before: datetime | None = None
    ) -> bool:
        """As `core.ports.Installations.forget`."""
        async with self._database.begin() as unit:
            there = await unit.installations.forget(platform, enterprise, workspace, before)
        self._changed()
        return there

    async def all(self, platform: str) -> Sequence[Installation | Misconfigured]:
        """Every installation, oldest first; the error in place of one that cannot be read."""
        async with self._database.read() as unit:
            rows = await unit.installations.all(platform)
        found: list[Installation | Misconfigured] = []
        for row in rows:
            try:
                found.append(self._opened(platform, row))
            except Misconfigured as error:
                found.append(error)
        return found

    def _changed(self) -> None:
        self._changes += 1
        # Few, and seldom: an organisation's serves workspaces whose names are not told here.
        self._known.clear()

    def _opened(self, platform: str, row: Row) -> Installation:
        """Raises Misconfigured where none of the keys opens the token."""
        from cryptography.fernet import InvalidToken

        try:
            token = self._cipher.decrypt(row.token.encode()).decode()
            refresh = self._cipher.decrypt(row.refresh.encode()).decode() if row.refresh else ""
        except InvalidToken:
            raise Misconfigured(
                f"The token of {row.name or row.workspace or row.enterprise} was encrypted with a "
                "SECRET_KEY that is not set any more. Add that key at the end of SECRET_KEY, "
                "after a comma, or install the app there again."
            ) from None
        return Installation(
            platform=platform,
            enterprise=row.enterprise,
            workspace=row.workspace,
            name=row.name,
            bot_user=row.bot_user,
            scopes=tuple(scope for scope in row.scopes.split(",") if scope),
            token=token,
            installed_by=row.installed_by,
            updated_at=row.updated_at,
            refresh=refresh,
            expires_at=row.expires_at,
        )

    def _sealed(self, one: Installation) -> Row:
        return Row(
            enterprise=one.enterprise,
            workspace=one.workspace,
            name=one.name,
            bot_user=one.bot_user,
            scopes=",".join(one.scopes),
            token=self._cipher.encrypt(one.token.encode()).decode(),
            installed_by=one.installed_by,
            updated_at=one.updated_at,
            refresh=self._cipher.encrypt(one.refresh.encode()).decode() if one.refresh else None,
            expires_at=one.expires_at,
        )
