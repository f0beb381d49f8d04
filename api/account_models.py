"""What comes in and goes out about linking, and what a person changes of themselves.

Strict, as all of `api.models`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from api.models import LinkedIdentity, Model, Name, Person, Username, example
from api.text import Plain, says_something
from core.accounts.accounts import Profile
from core.storage.sessions import LoginSession, PersonalToken

_ID = "5f0c2f39-6f0a-4c39-9a53-0a3d3a0f6f54"
_WHEN = "2026-11-05T09:30:00Z"
_IDENTITY = {
    "id": _ID,
    "platform": "slack",
    "workspace": "T024BE7LD",
    "name": "ada",
    "created_at": _WHEN,
}


class LinkingCode(Model):
    """A code from `/notion link`."""

    model_config = example({"code": "K7FQ2M9XJTWB4RDZC6HNVYEAPL"})

    code: Annotated[
        str, Field(min_length=1, max_length=500, description="As `/notion link` shows it."), Plain
    ]


class Choices(Model):
    """What a person chooses for themselves; null takes a choice back."""

    provider: Annotated[
        Name | None, Field(description="Who is asked first. Another one takes `model` back.")
    ] = None
    model: (
        Annotated[
            str,
            Field(
                min_length=1,
                max_length=128,
                description="Which model of that provider; without one, of the server's first.",
            ),
            Plain,
        ]
        | None
    ) = None
    template: Annotated[Name | None, Field(description="The shape of what is written.")] = None
    save: Annotated[
        bool | None,
        Field(description="Save what is generated at once; where a prompt says no, no."),
    ] = None


class Change(Model):
    """What is to change; what is left out stays as it is."""

    model_config = example({"username": "ada", "preferences": {"template": "retro"}})

    username: Username | None = None
    preferences: Choices | None = None


class Code(Model):
    """A code that is typed in chat, as `/notion link CODE`."""

    model_config = example({"code": "K7FQ2-M9XJT", "expires_in": 600})

    code: str
    expires_in: Annotated[int, Field(description="Seconds.")]


class Me(Person):
    """A person, their identities, their connections, their preferences."""

    model_config = example(
        {
            "id": _ID,
            "email": "ada@example.com",
            "username": "ada",
            "created_at": _WHEN,
            "identities": [_IDENTITY],
            "connections": [],
            "preferences": {"provider": "anthropic", "template": "retro", "save": True},
            "role": "member",
            "email_verified": True,
        }
    )

    identities: list[LinkedIdentity]
    connections: list[dict[str, Any]]
    preferences: dict[str, Any]
    role: Annotated[str, Field(description="`member`, or `admin` of this server.")]
    email_verified: Annotated[bool, Field(description="Whether the address was confirmed.")]

    @classmethod
    def profile(cls, profile: Profile) -> Me:
        """As the person sees it."""
        identities = [LinkedIdentity.of(identity) for identity in profile.identities]
        return cls(
            **Person.of(profile.user).model_dump(),
            identities=identities,
            connections=profile.connections,
            preferences=profile.preferences,
            role=profile.user.role,
            email_verified=profile.user.email_verified_at is not None,
        )


# ── Passwords and addresses ──────────────────────────────────────────────────────────────────────

_TOKEN = "Zk1T0o8xqJ4Vb7yQm2nR5sUwXc9eHfLg3iPdKaBtCjE"  # noqa: S105 - an example

Password = Annotated[
    str, Field(max_length=1000, description="At least 8 characters, at most 72 bytes."), Plain
]
Secret = Annotated[
    str, Field(min_length=1, max_length=500, description="As it stands in the link."), Plain
]


class PasswordChange(Model):
    """The password that is, and the one that is to be."""

    model_config = example(
        {"current_password": "a-wombat-reads-maps", "new_password": "two-otters-write-poems"}
    )

    current_password: Annotated[str, Field(max_length=1000), Plain]
    new_password: Password


class Forgotten(Model):
    """Who has forgotten their password."""

    model_config = example({"email": "ada@example.com"})

    email: Annotated[str, Field(min_length=1, max_length=320), Plain]


class NewPassword(Model):
    """A new password, and the token of the link that was mailed."""

    model_config = example({"token": _TOKEN, "password": "two-otters-write-poems"})

    token: Secret
    password: Password


class MailedToken(Model):
    """The token of a link that was mailed."""

    model_config = example({"token": _TOKEN})

    token: Secret


class Told(Model):
    """What there is to say."""

    model_config = example({"detail": "A letter is on its way. Look in your mail."})

    detail: str


# ── Sessions and tokens ──────────────────────────────────────────────────────────────────────────

_SESSION = {
    "id": _ID,
    "address": "203.0.113.0",
    "agent": "Firefox on Windows",
    "current": True,
    "created_at": _WHEN,
    "last_used_at": _WHEN,
}


class SessionItem(Model):
    """Somewhere a person is logged in."""

    model_config = example({**_SESSION})

    id: UUID
    address: Annotated[str, Field(description="Shortened; empty where it is not known.")]
    agent: Annotated[str, Field(description="The program, in short.")]
    current: Annotated[bool, Field(description="Whether it is the session that asks.")]
    created_at: datetime
    last_used_at: datetime

    @classmethod
    def of(cls, session: LoginSession, current: UUID | None) -> SessionItem:
        """As its owner sees it."""
        return cls(
            id=session.id,
            address=session.address,
            agent=session.agent,
            current=session.id == current,
            created_at=session.created_at,
            last_used_at=session.last_used_at,
        )


class SessionList(Model):
    """Every session that goes on."""

    model_config = example({"items": [_SESSION]})

    items: list[SessionItem]


Scope = Literal["content:read", "content:write", "notion", "account"]

_PERSONAL = {
    "id": _ID,
    "name": "nightly export",
    "hint": "na_Zk1T",
    "scopes": ["content:read"],
    "created_at": _WHEN,
    "expires_at": "2027-02-03T09:30:00Z",
    "last_used_at": None,
}


class NewToken(Model):
    """A token to be made."""

    model_config = example(
        {"name": "nightly export", "scopes": ["content:read"], "expires_in_days": 90}
    )

    name: Annotated[str, Field(min_length=1, max_length=64), Plain, AfterValidator(says_something)]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=8)]
    expires_in_days: Annotated[int, Field(ge=1, le=365)] = 90


class TokenItem(Model):
    """A token a person made for a program."""

    model_config = example({**_PERSONAL})

    id: UUID
    name: str
    hint: Annotated[str, Field(description="How the token begins.")]
    scopes: list[str]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None

    @classmethod
    def of(cls, token: PersonalToken) -> TokenItem:
        """As its owner sees it, once it is made."""
        return cls(
            id=token.id,
            name=token.name,
            hint=token.hint,
            scopes=list(token.scopes),
            created_at=token.created_at,
            expires_at=token.expires_at,
            last_used_at=token.last_used_at,
        )


class TokenMade(TokenItem):
    """A new token, and the only time it is shown."""

    model_config = example({**_PERSONAL, "token": f"na_{_TOKEN}"})

    token: str


class TokenList(Model):
    """Every token, newest first."""

    model_config = example({"items": [_PERSONAL]})

    items: list[TokenItem]
