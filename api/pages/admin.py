"""`/admin`: how a server does, what it is connected to, what all of it spent, and the budgets."""

from __future__ import annotations

from aiohttp import web

from api.connected import connected
from api.errors import STATUS
from api.keys import CORE
from api.pages.admin_audit import acts
from api.pages.admins import admin_of, dollars_in, sent_by_admin, tokens_in
from api.pages.figures import amount, whole
from api.pages.home import stand_in
from api.pages.render import page, see_other, tell
from api.pages.spent import RANGES, Allotted, days_asked, renewal, spent_in, tokens_of
from api.parts import known_parts, slack_lacks
from core.accounts.allowance import Allowance
from core.errors import InvalidInput

MOST = 30
"""People who are listed by what they spent: a page stays small."""
RECENT = 6
"""Entries of the audit log on the first page."""


async def overview(request: web.Request) -> web.Response:
    """The state of each part, the people, today's usage, and what happened last."""
    await admin_of(request)
    core = request.app[CORE]
    allowance = await core.accounts.allowances.get()
    entries, _ = await core.accounts.admin.audit(limit=RECENT)
    return page(
        request,
        "admin.html",
        parts=await known_parts(core, stand_in=stand_in(request) is not None),
        people=await core.accounts.admin.counts(),
        today=spent_in(await core.accounts.usage.report(1), core.providers),
        allotted=Allotted(allowance.server, await core.accounts.allowances.used()),
        acts=acts(entries),
    )


async def usage(request: web.Request) -> web.Response:
    """What everybody spent, and who spent most."""
    await admin_of(request)
    core, days = request.app[CORE], days_asked(request)
    people = await core.accounts.usage.people(days)
    most = max((tokens_of(each.spent) for each in people), default=0)
    return page(
        request,
        "admin_usage.html",
        spent=spent_in(await core.accounts.usage.report(days), core.providers),
        people=[
            (each, 100 * tokens_of(each.spent) / most if most else 0) for each in people[:MOST]
        ],
        others=len(people) > MOST,
        days=days,
        all_ranges=RANGES,
    )


async def connections(request: web.Request) -> web.Response:
    """Who installed it in Slack, and what else it is connected to."""
    await admin_of(request)
    core = request.app[CORE]
    settings = core.settings
    return page(
        request,
        "admin_connections.html",
        found=await connected(core),
        lacks=slack_lacks(settings),
        sandbox=stand_in(request),
        may_install=bool(settings.slack_client_id and settings.slack_client_secret),
        by_oauth=bool(settings.notion_client_id and settings.notion_client_secret),
    )


async def budgets(request: web.Request) -> web.Response:
    """Tokens a month, and what was used of them."""
    await admin_of(request)
    return await _budgets(request)


async def change_budgets(request: web.Request) -> web.Response:
    """Sets both; an empty field is no limit."""
    admin, given = await sent_by_admin(request)
    try:
        new = Allowance(
            tokens_in(given, "person"),
            tokens_in(given, "server"),
            dollars_in(given, "person_dollars"),
            dollars_in(given, "server_dollars"),
        )
    except InvalidInput as error:
        return await _budgets(request, given, error)
    await request.app[CORE].accounts.allowances.set(admin.id, new)
    response = see_other("/admin/budgets")
    tell(request, response, "The budgets are changed.")
    return response


async def _budgets(
    request: web.Request, given: dict[str, str] | None = None, error: InvalidInput | None = None
) -> web.Response:
    allowances = request.app[CORE].accounts.allowances
    now, bill = await allowances.get(), await allowances.bill()
    paid = [each.model for name, each in request.app[CORE].providers.items() if name != "offline"]
    fields = {
        "person": "" if now.person is None else whole(now.person),
        "server": "" if now.server is None else whole(now.server),
        "person_dollars": amount(now.person_dollars),
        "server_dollars": amount(now.server_dollars),
    }
    if given is not None:
        fields = {name: given.get(name, "") for name in fields}
    return page(
        request,
        "admin_budgets.html",
        status=STATUS[error.code] if error else 200,
        allotted=Allotted(now.server, await allowances.used()),
        bill=bill,
        billed=Allotted(now.server_dollars, bill.dollars),
        example=next((f"{model}=IN/OUT" for model in paid), ""),
        has_prices=bool(request.app[CORE].settings.ai_prices),
        renewal=renewal(),
        problem=error.message if error else "",
        **fields,
    )
