"""What comes in and goes out about what was spent, and what admins see and change."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from api.models import Model, example
from api.text import Plain
from core.accounts.usage import PersonSpent, Report, Spending
from core.storage.audit import Entry
from core.storage.users import User

_ID = "5f0c2f39-6f0a-4c39-9a53-0a3d3a0f6f54"
_WHEN = "2026-11-05T09:30:00Z"


# ── What was spent ───────────────────────────────────────────────────────────────────────────────

_SPENT = {
    "requests": 3,
    "input_tokens": 36,
    "output_tokens": 1260,
    "total_tokens": 1296,
    "cost": 0.019008,
    "estimated_requests": 0,
}
_DAY = {"day": "2026-11-05", "provider": "anthropic", "model": "claude-sonnet-5-5", **_SPENT}
_REPORT = {
    "since": "2026-10-07",
    "until": "2026-11-05",
    "currency": "USD",
    "days": [_DAY],
    "providers": [{"provider": "anthropic", **_SPENT}],
    "total": _SPENT,
}
Cost = Annotated[
    float | None, Field(description="US dollars; null where AI_PRICES does not say all of it.")
]


class UsageQuery(Model):
    """For how long."""

    days: Annotated[
        int, Field(ge=1, le=366, description="So many days, today (UTC) the last one.")
    ] = 30


class Spent(Model):
    """What was asked and what it took."""

    model_config = example({**_SPENT})

    requests: int
    input_tokens: int
    output_tokens: int
    total_tokens: int
    cost: Cost
    estimated_requests: Annotated[
        int, Field(description="Of these, stopped or broken off: what they took is an estimate.")
    ]

    @classmethod
    def of(cls, spent: Spending) -> Spent:
        """As the outside sees it."""
        return cls(**_numbers(spent))


def _numbers(spent: Spending) -> dict[str, Any]:
    return {
        "requests": spent.requests,
        "input_tokens": spent.input_tokens,
        "output_tokens": spent.output_tokens,
        "total_tokens": spent.input_tokens + spent.output_tokens,
        "cost": spent.cost,
        "estimated_requests": spent.estimated,
    }


class DaySpent(Spent):
    """What one model took on one day."""

    model_config = example({**_DAY})

    day: Annotated[str, Field(description="In UTC. Days without a request are left out.")]
    provider: str
    model: str


class ProviderSpent(Spent):
    """What one provider took."""

    model_config = example({"provider": "anthropic", **_SPENT})

    provider: str


class UsageReport(Model):
    """What was spent, by day and model, by provider, and in all. Both days are included."""

    model_config = example({**_REPORT})

    since: str
    until: str
    currency: str
    days: list[DaySpent]
    providers: list[ProviderSpent]
    total: Spent

    @classmethod
    def of(cls, report: Report) -> UsageReport:
        """As the outside sees it."""
        return cls(**_report(report))


def _report(report: Report) -> dict[str, Any]:
    days = [
        DaySpent(day=row.day, provider=row.provider, model=row.model, **_numbers(row.spent))
        for row in report.days
    ]
    providers = [
        ProviderSpent(provider=name, **_numbers(spent)) for name, spent in report.providers.items()
    ]
    return {
        "since": report.since,
        "until": report.until,
        "currency": "USD",
        "days": days,
        "providers": providers,
        "total": Spent.of(report.total),
    }


_PERSON = {"id": _ID, "username": "ada", "requests": 3, "total_tokens": 1296, "cost": 0.019008}


class PersonUsage(Model):
    """What one person took. Without a name: known from chat alone; without an id: erased."""

    model_config = example({**_PERSON})

    id: UUID | None
    username: str | None
    requests: int
    total_tokens: int
    cost: Cost

    @classmethod
    def of(cls, person: PersonSpent) -> PersonUsage:
        """As an admin sees it."""
        spent = person.spent
        return cls(
            id=person.id,
            username=person.name,
            requests=spent.requests,
            total_tokens=spent.input_tokens + spent.output_tokens,
            cost=spent.cost,
        )


class ServerUsage(UsageReport):
    """What everybody spent, and who spent most."""

    model_config = example({**_REPORT, "people": [_PERSON]})

    people: list[PersonUsage]

    @classmethod
    def of_all(cls, report: Report, people: list[PersonSpent]) -> ServerUsage:
        """As an admin sees it."""
        return cls(**_report(report), people=[PersonUsage.of(each) for each in people])


# ── People ───────────────────────────────────────────────────────────────────────────────────────

_ACCOUNT = {
    "id": _ID,
    "email": "ada@example.com",
    "email_verified": True,
    "username": "ada",
    "role": "member",
    "disabled": False,
    "allowance": None,
    "allowance_dollars": None,
    "created_at": _WHEN,
}
Cursor = (
    Annotated[str, Field(max_length=200, description="`next_cursor` of the page before."), Plain]
    | None
)
Limit = Annotated[int, Field(ge=1, le=100)]
Amount = Annotated[int, Field(ge=0, le=10**15)]


def _in_cents(dollars: float) -> float:
    cents = round(dollars, 2)
    # 35 times 0.01 is a hair more than 0.35.
    if abs(dollars - cents) > 1e-9 * max(1.0, dollars):
        raise ValueError("must be US dollars in whole cents, such as 4.56")
    return cents


Dollars = Annotated[
    float,
    Field(ge=0.01, le=1_000_000, allow_inf_nan=False, json_schema_extra={"multipleOf": 0.01}),
    AfterValidator(_in_cents),
]
"""US dollars of a budget: whole cents."""


class PeopleQuery(Model):
    """Which accounts."""

    q: Annotated[str, Field(max_length=200, description="Words of the address or name."), Plain] = (
        ""
    )
    limit: Limit = 50
    cursor: Cursor = None


class Account(Model):
    """An account, as admins see it."""

    model_config = example({**_ACCOUNT})

    id: UUID
    email: str | None
    email_verified: bool
    username: str | None
    role: str
    disabled: bool
    allowance: Annotated[
        int | None, Field(description="Tokens a month; null is what everybody has.")
    ]
    allowance_dollars: Annotated[
        float | None, Field(description="US dollars a month; null is what everybody has.")
    ]
    created_at: datetime

    @classmethod
    def of(cls, user: User) -> Account:
        """As an admin sees it."""
        return cls(
            id=user.id,
            email=user.email,
            email_verified=user.email_verified_at is not None,
            username=user.username,
            role=user.role,
            disabled=user.disabled_at is not None,
            allowance=user.allowance,
            allowance_dollars=user.allowance_dollars,
            created_at=user.created_at,
        )


class AccountPage(Model):
    """Accounts, newest first."""

    model_config = example({"items": [_ACCOUNT], "next_cursor": None})

    items: list[Account]
    next_cursor: str | None


class AccountChange(Model):
    """What is to change of an account; what is left out stays as it is."""

    model_config = example({"role": "admin"})

    role: Literal["member", "admin"] | None = None
    disabled: bool | None = None
    allowance: (
        Annotated[Amount, Field(description="Tokens a month; null: what everybody has.")] | None
    ) = None
    allowance_dollars: (
        Annotated[Dollars, Field(description="US dollars a month; null: what everybody has.")]
        | None
    ) = None


# ── Budgets ──────────────────────────────────────────────────────────────────────────────────────

_BUDGETS: dict[str, Any] = {
    "person_tokens": 200_000,
    "server_tokens": None,
    "person_dollars": None,
    "server_dollars": 50.0,
    "used_tokens": 48_211,
    "used_dollars": 0.71,
    "unpriced": [],
}


class BudgetChange(Model):
    """Tokens and US dollars a month; null is no limit, what is left out stays as it is."""

    model_config = example({"person_tokens": 200_000})

    person_tokens: Annotated[Amount, Field(description="For each person.")] | None = None
    server_tokens: Annotated[Amount, Field(description="For all together.")] | None = None
    person_dollars: Annotated[Dollars, Field(description="For each person.")] | None = None
    server_dollars: Annotated[Dollars, Field(description="For all together.")] | None = None


class Budgets(Model):
    """Tokens and US dollars a month, and what was used of them this month (UTC)."""

    model_config = example({**_BUDGETS})

    person_tokens: int | None
    server_tokens: int | None
    person_dollars: float | None
    server_dollars: float | None
    used_tokens: int
    used_dollars: Annotated[
        float | None, Field(description="Of what has a price in AI_PRICES; null where nothing has.")
    ]
    unpriced: Annotated[list[str], Field(description="Models whose cost is not known.")]


# ── The audit log ────────────────────────────────────────────────────────────────────────────────

_ACT = {
    "id": _ID,
    "action": "identity.linked",
    "actor_id": _ID,
    "actor": "ada",
    "subject_id": _ID,
    "subject": "ada",
    "target": "slack T024BE7LD Ada",
    "address": "203.0.113.77",
    "created_at": _WHEN,
}


class AuditQuery(Model):
    """Which entries."""

    user: (
        Annotated[str, Field(max_length=36, description="What this person did or had done."), Plain]
        | None
    ) = None
    action: (
        Annotated[
            str, Field(max_length=64, description="One action, or the first word of some."), Plain
        ]
        | None
    ) = None
    limit: Limit = 50
    cursor: Cursor = None


class Act(Model):
    """Who did what to whom, from where."""

    model_config = example({**_ACT})

    id: UUID
    action: str
    actor_id: UUID | None
    actor: str | None
    subject_id: UUID | None
    subject: str | None
    target: str
    address: Annotated[str, Field(description="Or the chat platform and workspace.")]
    created_at: datetime

    @classmethod
    def of(cls, entry: Entry) -> Act:
        """As an admin sees it, and the person themselves in their export."""
        return cls(
            id=entry.id,
            action=entry.action,
            actor_id=entry.actor_id,
            actor=entry.actor,
            subject_id=entry.subject_id,
            subject=entry.subject,
            target=entry.target,
            address=entry.address,
            created_at=entry.created_at,
        )


class AuditPage(Model):
    """Entries, newest first."""

    model_config = example({"items": [_ACT], "next_cursor": None})

    items: list[Act]
    next_cursor: str | None
