"""Whether the environment names proxies to go through: HTTPS_PROXY and what else there is."""

from __future__ import annotations

from urllib.request import getproxies


def are_named() -> bool:
    """Whether there are any. For aiohttp's `trust_env`, which looks for them in a thread before
    each request: that costs milliseconds of every message, and mostly there are none."""
    return bool(getproxies())
