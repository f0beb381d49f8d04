"""Settings that do nothing by themselves: what the doctor says where only one of them is there."""

from __future__ import annotations

from urllib.parse import urlsplit

from core.config import LOCAL_HOSTS, Settings
from core.errors import Misconfigured


def whole(settings: Settings, name: str, cost: str) -> bool:
    """Whether a client's id and secret are both set.

    Raises Misconfigured where only one is; `cost` says what that means, and where the other is.
    """
    names = f"{name}_client_id", f"{name}_client_secret"
    there = [each for each in names if getattr(settings, each)]
    if len(there) == 1:
        missing = next(each for each in names if each not in there)
        raise Misconfigured(f"{there[0].upper()} is set, but not {missing.upper()}, so {cost}.")
    return bool(there)


def reachable(settings: Settings) -> bool:
    """Whether PUBLIC_URL may lead here from elsewhere; no other machine reaches this one so."""
    return urlsplit(settings.public_url).hostname not in LOCAL_HOSTS
