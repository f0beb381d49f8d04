"""What an email address and a username may look like. Pure."""

from __future__ import annotations

import re

from core.errors import InvalidInput

LONGEST_EMAIL = 320
"""Characters: 64 before the @, 255 after it (RFC 3696, errata 1690)."""

_LOCAL = r"[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]{1,64}"
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
# A mailbox only proves to be one when a letter arrives; this catches what was mistyped.
_EMAIL = re.compile(rf"{_LOCAL}@(?:{_LABEL}\.)+{_LABEL}")
_USERNAME = re.compile(r"[A-Za-z0-9_.-]{3,64}")


def checked_email(email: str) -> str:
    """The address as it is kept. Raises InvalidInput where it cannot be one."""
    email = email.strip()
    if len(email) > LONGEST_EMAIL or not _EMAIL.fullmatch(email) or not _is_text(email):
        raise InvalidInput("email: this does not look like an email address.")
    # SQLite lowers ASCII alone, so a name in other letters is kept as it is looked for.
    return email if email.isascii() else email.lower()


def checked_username(username: str) -> str:
    """The username. Raises InvalidInput, saying what one may look like."""
    if not _USERNAME.fullmatch(username):
        raise InvalidInput(
            "username: use 3 to 64 letters, digits, dots, hyphens or underscores (A-Z, 0-9, . - _)."
        )
    return username


def is_login(login: str) -> bool:
    """Whether this could be somebody's email address or username, as far as storage goes."""
    return len(login) <= LONGEST_EMAIL and "\0" not in login and _is_text(login)


def _is_text(value: str) -> bool:
    """Half a surrogate pair is no text, and no database takes it."""
    return not any("\ud800" <= char <= "\udfff" for char in value)
