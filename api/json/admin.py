"""`/usage`: what was spent. `/admin`: what admins of this server see and change."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from api.admin_models import (
    Account,
    AccountChange,
    AccountPage,
    Act,
    AuditPage,
    AuditQuery,
    BudgetChange,
    Budgets,
    PeopleQuery,
    ServerUsage,
    UsageQuery,
    UsageReport,
)
from api.connected import connected
from api.endpoint import Asked, M, Operation, endpoint
from api.models import Nothing
from api.pages import admin as admin_pages
from api.pages import admin_people as people_pages
from api.pages.admin_audit import audit as audit_page
from api.pages.home import stand_in as stand_in_of
from api.pages.usage import usage as usage_page
from api.parts import known_parts
from api.server_models import Connections, PartState, Status
from core.accounts.admin import AccountChanges
from core.errors import InvalidInput, NotFound

_ERRORS = ("FORBIDDEN",)


@endpoint(
    Operation(
        UsageQuery,
        "What I spent, by day and model",
        UsageReport,
        scope="account",
        browser=usage_page,
    )
)
async def usage(asked: Asked[UsageQuery]) -> UsageReport:
    """Requests, tokens and cost of my last days. What I removed stays counted."""
    return UsageReport.of(await asked.core.accounts.usage.report(asked.given.days, asked.person.id))


@endpoint(
    Operation(
        UsageQuery,
        "What everybody spent",
        ServerUsage,
        errors=_ERRORS,
        admin=True,
        browser=admin_pages.usage,
    )
)
async def server_usage(asked: Asked[UsageQuery]) -> ServerUsage:
    """The same of the whole server, and the hundred people who spent most."""
    found, days = asked.core.accounts.usage, asked.given.days
    return ServerUsage.of_all(await found.report(days), await found.people(days))


@endpoint(
    Operation(
        PeopleQuery,
        "The accounts",
        AccountPage,
        errors=_ERRORS,
        admin=True,
        browser=people_pages.people,
    )
)
async def users(asked: Asked[PeopleQuery]) -> AccountPage:
    """Accounts whose address or name holds every word, newest first."""
    given = asked.given
    items, cursor = await asked.core.accounts.admin.people(given.q, given.cursor, given.limit)
    return AccountPage(items=[Account.of(each) for each in items], next_cursor=cursor)


@endpoint(
    Operation(
        AccountChange,
        "Change an account's role, switch it off or on, set its allowance",
        Account,
        errors=("FORBIDDEN", "CONFLICT"),
        admin=True,
    )
)
async def change_user(asked: Asked[AccountChange]) -> Account:
    """Whoever is switched off is logged out and refused in chat. 409: no admin would be left."""
    changes = AccountChanges(**asked.given.model_dump(exclude_unset=True))  # type: ignore[typeddict-item]
    admin = asked.core.accounts.admin
    return Account.of(await admin.change(asked.person.id, _user(asked), changes))


def _user(asked: Asked[M]) -> UUID:
    try:
        return asked.id
    except NotFound:
        raise NotFound("There is no such account. `GET /admin/users` lists them.") from None


@endpoint(
    Operation(
        Nothing,
        "What this server is connected to",
        Connections,
        errors=_ERRORS,
        admin=True,
        browser=admin_pages.connections,
    )
)
async def connections(asked: Asked[Nothing]) -> Connections:
    """Platforms, Notion, mail and providers, as they are set."""
    return await connected(asked.core)


@endpoint(Operation(Nothing, "How each part does just now", Status, errors=_ERRORS, admin=True))
async def status(asked: Asked[Nothing]) -> Status:
    """The database and Redis are asked; the others stand as they did when last needed.

    `bad` is what needs care, such as a platform that is not connected, and `detail` says why.
    """
    stand_in = stand_in_of(asked.request) is not None
    found = await known_parts(asked.core, stand_in=stand_in)
    return Status(parts=[PartState.of(each) for each in found])


@endpoint(
    Operation(
        Nothing,
        "The monthly budgets",
        Budgets,
        errors=_ERRORS,
        admin=True,
        browser=admin_pages.budgets,
    )
)
async def budgets(asked: Asked[Nothing]) -> Budgets:
    """Tokens a month for each person and for all together, and what was used this month."""
    return await _budgets(asked)


@endpoint(
    Operation(BudgetChange, "Change the monthly budgets", Budgets, errors=_ERRORS, admin=True)
)
async def change_budgets(asked: Asked[BudgetChange]) -> Budgets:
    """Sets what is named. Whoever has used theirs up is told so when they ask for a text."""
    allowances, given = asked.core.accounts.allowances, asked.given
    now = await allowances.get()
    changes = given.model_dump(exclude_unset=True)
    after = {name.removesuffix("_tokens"): value for name, value in changes.items()}
    await allowances.set(asked.person.id, replace(now, **after))
    return await _budgets(asked)


async def _budgets(asked: Asked[M]) -> Budgets:
    allowances = asked.core.accounts.allowances
    now, bill = await allowances.get(), await allowances.bill()
    return Budgets(
        person_tokens=now.person,
        server_tokens=now.server,
        person_dollars=now.person_dollars,
        server_dollars=now.server_dollars,
        used_tokens=await allowances.used(),
        used_dollars=bill.dollars if bill.is_known else None,
        unpriced=list(bill.unpriced),
    )


@endpoint(
    Operation(
        AuditQuery,
        "Who did what, from where",
        AuditPage,
        errors=_ERRORS,
        admin=True,
        browser=audit_page,
    )
)
async def audit(asked: Asked[AuditQuery]) -> AuditPage:
    """The audit log, newest first."""
    given = asked.given
    try:
        about = None if given.user is None else UUID(given.user)
    except ValueError:
        raise InvalidInput("user: must be an account's id.") from None
    items, cursor = await asked.core.accounts.admin.audit(
        given.cursor, given.limit, about=about, action=given.action
    )
    return AuditPage(items=[Act.of(each) for each in items], next_cursor=cursor)
