"""Who may open the pages under `/admin`, and what their forms send."""

from __future__ import annotations

import re

from aiohttp import web

from api.pages.asking import sent
from api.pages.visitor import member
from core.errors import Forbidden, InvalidInput
from core.storage.users import User

MOST = 10**15
"""Tokens, as over HTTP (api/admin_models.py)."""

MOST_DOLLARS = 1_000_000

# A comma parts thousands alone: 4,50 is not taken for 450.
_AMOUNT = re.compile(r"(?:\d{1,7}|\d{1,3}(?:,\d{3}){1,2})(?:\.\d{1,2})?", re.ASCII)
_NUMBER = re.compile(r"\d{1,3}(?:[ ,_]\d{3})+|\d{1,16}", re.ASCII)


async def admin_of(request: web.Request) -> User:
    """The admin who asks. Raises Unauthorized for a stranger, Forbidden for a member."""
    user = await member(request)
    if user.role != "admin":
        raise Forbidden("Only an admin of this server may do this.")
    return user


async def sent_by_admin(request: web.Request) -> tuple[User, dict[str, str]]:
    """The admin, and the fields of their form. Raises what `asking.sent` does, and Forbidden."""
    given = await sent(request)
    return await admin_of(request), given


def dollars_in(given: dict[str, str], name: str) -> float | None:
    """A field's amount of US dollars; None where it is empty. Raises InvalidInput."""
    text = given.get(name, "").strip().removeprefix("$")
    if not text:
        return None
    amount = float(text.replace(",", "")) if _AMOUNT.fullmatch(text) else 0.0
    if not 0.01 <= amount <= MOST_DOLLARS:
        raise InvalidInput(
            "Give an amount of US dollars in whole cents, such as 25 or 4.50, 0.01 at least and "
            f"{MOST_DOLLARS:,} at most, or nothing at all."
        )
    return amount


def tokens_in(given: dict[str, str], name: str) -> int | None:
    """A field's number of tokens; None where it is empty. Raises InvalidInput."""
    text = given.get(name, "").strip()
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise InvalidInput("Give a whole number of tokens, such as 200,000, or nothing at all.")
    number = int(re.sub(r"[ ,_]", "", text))
    if number > MOST:
        raise InvalidInput(f"Give {MOST:,} tokens at most, or nothing at all.")
    return number
