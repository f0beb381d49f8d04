"""`/usage`: what one spent oneself, and what is left of the month."""

from __future__ import annotations

from aiohttp import web

from api.keys import CORE
from api.pages.render import page
from api.pages.spent import RANGES, Allotted, days_asked, renewal, spent_in
from api.pages.visitor import member


async def usage(request: web.Request) -> web.Response:
    """Tokens and cost of the last 7, 30 or 90 days."""
    user, core = await member(request), request.app[CORE]
    days = days_asked(request)
    report = await core.accounts.usage.report(days, user.id)
    allowance = (await core.accounts.allowances.get()).of(user)
    bill = await core.accounts.allowances.bill(user.id)
    return page(
        request,
        "usage.html",
        spent=spent_in(report, core.providers),
        days=days,
        all_ranges=RANGES,
        allotted=Allotted(allowance.person, await core.accounts.allowances.used(user.id)),
        billed=Allotted(allowance.person_dollars, bill.dollars),
        renewal=renewal(),
    )
