"""What the letters say. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter in plain text, to one address. Its text may hold a secret, so it is not shown."""

    to: str
    subject: str
    text: str = field(repr=False)


def new_password(to: str, username: str, link: str, server: str) -> Letter:
    """The link to choose a new password."""
    return Letter(
        to,
        "Choose a new password",
        f"Hello {username},\n\n"
        f"somebody, you we hope, asked for a new password at {server}. Choose it here, within an "
        f"hour:\n\n{link}\n\n"
        "The link works once. Every device is logged out by it. If it was not you, do nothing: "
        "your password stays as it is.\n",
    )


def password_changed(to: str, username: str, server: str) -> Letter:
    """Says that the password is another one now."""
    return Letter(
        to,
        "Your password was changed",
        f"Hello {username},\n\n"
        f"the password of your account at {server} was just changed, and other devices were logged "
        f"out.\n\nIf it was not you, take the account back now: {server}/reset\n",
    )


def made_admin(to: str, username: str, server: str) -> Letter:
    """Says that they are the admin now, for the last one has left."""
    return Letter(
        to,
        "You are the admin now",
        f"Hello {username},\n\n"
        f"the only admin of {server} has left, and yours is the oldest account that stays: you are "
        f"the admin now. What that is, you see at {server}/admin, where you can choose another "
        "one, too.\n",
    )


def confirm_address(to: str, username: str, link: str, server: str) -> Letter:
    """The link that proves that this address is theirs."""
    return Letter(
        to,
        "Confirm your email address",
        f"Hello {username},\n\n"
        f"this address was given for an account at {server}. Confirm that it is yours, within "
        f"three days:\n\n{link}\n\n"
        "If you made no account there, do nothing.\n",
    )
