"""Where the app is installed, for platforms that many workspaces can install."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from core.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class Installation:
    """One workspace, or a whole organisation, whose admin installed this app.

    `workspace` is empty where an organisation installed it, `enterprise` where there is none.
    `updated_at` is when its admin last agreed. A token that rotates ends at `expires_at`, and
    `refresh` is what gets the next one; empty and None where the token lasts.
    """

    platform: str
    enterprise: str
    workspace: str
    name: str
    bot_user: str
    scopes: tuple[str, ...]
    token: str = field(repr=False)
    installed_by: str
    updated_at: datetime
    refresh: str = field(default="", repr=False)
    expires_at: datetime | None = None


class Installations(Protocol):
    """Who installed this app, each with a token of their own. Each method raises Unavailable."""

    async def of(
        self, platform: str, enterprise: str, workspace: str, *, fresh: bool = False
    ) -> Installation | None:
        """The newest installation that serves a workspace: its own, or its organisation's.

        It may be a minute old; `fresh` asks anew, where a token is not accepted. Raises
        Misconfigured, with what the admin does about it, where the token cannot be decrypted.
        """
        ...

    async def keep(self, installation: Installation) -> None:
        """Keeps it, in place of an earlier one of the same workspace or organisation."""
        ...

    async def claim(self, installation: Installation, seconds: float) -> bool:
        """Takes it upon this process to renew the token, for so many seconds at most.

        False where another process does, or where the token is another one by now.
        """
        ...

    async def renew(self, earlier: Installation, token: str, refresh: str, ends: datetime) -> bool:
        """Keeps the token that follows the `earlier` one; False where that is kept no more."""
        ...

    async def first(self, state: str) -> bool:
        """Whether this is the first use of a state of ours, in any process, within a day."""
        ...

    async def all(self, platform: str) -> Sequence[Installation | Misconfigured]:
        """Every installation, oldest first; the error in place of one that cannot be read."""
        ...

    async def forget(
        self, platform: str, enterprise: str, workspace: str, before: datetime | None = None
    ) -> bool:
        """Forgets one, and says whether there was one; nothing else of that workspace is deleted.

        With an empty `workspace` it is the organisation's. One that was kept at `before` or later
        stays: late news of an older one is no news of it.
        """
        ...
