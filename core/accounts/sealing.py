"""Secrets as they are stored: encrypted with the newest SECRET_KEY, read with each of them.

So keys rotate. https://cryptography.io/en/latest/fernet/#cryptography.fernet.MultiFernet
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from core.accounts.keys import fernet_key
from core.config import Settings

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet


class Sealer:
    """Encrypts for one purpose; what was encrypted for another one is not opened."""

    def __init__(self, settings: Settings, purpose: str) -> None:
        self._settings = settings
        self._purpose = purpose

    @cached_property
    def _cipher(self) -> MultiFernet:
        # At first use: the library takes its time, and a run by one token needs none.
        from cryptography.fernet import Fernet, MultiFernet

        keys = self._settings.secret_keys
        return MultiFernet([Fernet(fernet_key(key, self._purpose)) for key in keys])

    def sealed(self, secret: str) -> str:
        """The secret, encrypted."""
        return self._cipher.encrypt(secret.encode()).decode()

    def opened(self, sealed: str) -> str | None:
        """The secret; None where none of the keys opens it."""
        from cryptography.fernet import InvalidToken

        try:
            return self._cipher.decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None
