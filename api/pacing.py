"""How often whoever asks may ask, and how they stand, in headers.

`RateLimit-Limit`, `-Remaining` and `-Reset` are of the rule of which least is left;
`RateLimit-Policy` is that rule: so many in a window of so many seconds.
https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-07
"""

from __future__ import annotations

from aiohttp import web

from api.address import client_address
from api.keys import CORE
from core.accounts.accounts import Caller
from core.errors import RateLimited
from core.limits.limits import Standing

STANDING = web.RequestKey("standing", Standing)
HEADERS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "RateLimit-Policy")

_OF_ALL = ("person", "anyone")


async def pace(request: web.Request, rule: str, caller: Caller | None) -> None:
    """Counts a request: by person and token, or by address, and under the route's own rule.

    Raises RateLimited.
    """
    if caller is None:
        who = client_address(request)
        asked = [("anyone", who)]
    else:
        who = str(caller.user.id)
        asked = [("person", who)]
        if token := request.headers.get("Authorization"):
            # A session's tokens change every quarter of an hour, a personal one stays.
            asked.append(("token", str(caller.session or token)))
    if rule not in _OF_ALL:
        asked.append((rule, who))
    limits = request.app[CORE].limits
    try:
        request[STANDING] = await limits.count(*asked)
    except RateLimited:
        request[STANDING] = await limits.standing(*asked)
        raise


async def note(request: web.Request, rule: str, who: str) -> None:
    """Has the answer tell of a rule that was counted apart, where less of that is left."""
    standing, before = await request.app[CORE].limits.standing((rule, who)), request.get(STANDING)
    if before is None or _share(standing) < _share(before):
        request[STANDING] = standing


def add_standing(request: web.BaseRequest, response: web.StreamResponse) -> None:
    """Puts the headers into an answer, where something was counted."""
    standing: Standing | None = request.get(STANDING)
    if standing is None:
        return
    rule, headers = standing.rule, response.headers
    headers["RateLimit-Limit"] = str(rule.amount)
    headers["RateLimit-Remaining"] = str(standing.remaining)
    headers["RateLimit-Reset"] = str(standing.reset)
    headers["RateLimit-Policy"] = f"{rule.amount};w={rule.seconds}"


def _share(standing: Standing) -> float:
    return standing.remaining / standing.rule.amount
