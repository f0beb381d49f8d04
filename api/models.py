"""What comes in and what goes out, as strict models: what is not described here is refused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
)
from pydantic_core import to_json

from api.text import Plain
from core.accounts.accounts import Session
from core.storage.content import Content
from core.storage.users import Identity, User

_ID = "5f0c2f39-6f0a-4c39-9a53-0a3d3a0f6f54"
_PAGE = "https://www.notion.so/Launch-checklist-2b7d1f0e6c1b80d19c3ac4a0f6b0a7e1"
_WHEN = "2026-11-05T09:30:00Z"
_PERSON = {"id": _ID, "email": "ada@example.com", "username": "ada", "created_at": _WHEN}
_IDENTITY = {
    "id": _ID,
    "platform": "slack",
    "workspace": "T024BE7LD",
    "name": "ada",
    "created_at": _WHEN,
}
_USAGE = {"input_tokens": 12, "output_tokens": 420, "total_tokens": 432, "estimated": False}


Name = Annotated[str, Field(min_length=1, max_length=64), Plain]
Username = Annotated[
    str,
    Field(
        max_length=64,
        description="3 to 64 of A-Z a-z 0-9 . - _",
        json_schema_extra={"pattern": "^[A-Za-z0-9_.-]{3,64}$", "minLength": 3},
    ),
    Plain,
]
Where = Annotated[
    str, Field(min_length=1, max_length=2000, description="A title, an address or an id."), Plain
]


def example(values: dict[str, Any]) -> ConfigDict:
    """A model's configuration, with an example for the specification."""
    return ConfigDict(json_schema_extra={"examples": [values]})


class Model(BaseModel):
    """Strict: no field more, and no value turned into another type."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Nothing(Model):
    """No body and no query."""


# ── In ───────────────────────────────────────────────────────────────────────────────────────────


class Registration(Model):
    """A new account."""

    model_config = example(
        {"email": "ada@example.com", "username": "ada", "password": "a-wombat-reads-maps"}
    )

    # What these say beyond a length is checked by the core, all of it at once: the person is told
    # of every field in one answer.
    email: Annotated[
        str, Field(max_length=320, json_schema_extra={"format": "email", "minLength": 3}), Plain
    ]
    username: Username
    password: Annotated[
        str,
        Field(
            max_length=1000,
            description="At least 8 characters, at most 72 bytes, and not easily guessed.",
            json_schema_extra={"minLength": 8, "maxLength": 72},
        ),
        Plain,
    ]


class Login(Model):
    """Who logs in."""

    model_config = example({"email": "ada@example.com", "password": "a-wombat-reads-maps"})

    email: Annotated[str, Field(max_length=1000, description="Email address or username."), Plain]
    password: Annotated[str, Field(max_length=1000), Plain]


class RefreshToken(Model):
    """A refresh token; it works once."""

    model_config = example({"refresh_token": "8l1Wq0zVv6m0Jd3GmB7Rk2oYwX5uT9cFhNpS4eAiKjE"})

    refresh_token: Annotated[str, Field(max_length=1000), Plain]


class HistoryQuery(Model):
    """Which items."""

    q: Annotated[str, Field(max_length=200, description="Words that an item must hold."), Plain] = (
        ""
    )
    provider: Name | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: (
        Annotated[
            str, Field(max_length=200, description="`next_cursor` of the page before."), Plain
        ]
        | None
    ) = None


class DestinationQuery(Model):
    """Which destinations."""

    q: Annotated[str, Field(max_length=200, description="Words of the title."), Plain] = ""


# ── Out ──────────────────────────────────────────────────────────────────────────────────────────


class Person(Model):
    """A person."""

    model_config = example({**_PERSON})

    id: UUID
    email: str | None
    username: str | None
    created_at: datetime

    @classmethod
    def of(cls, user: User) -> Person:
        """As the outside sees them."""
        return cls(id=user.id, email=user.email, username=user.username, created_at=user.created_at)


class LoggedIn(Model):
    """A session: send `access_token` with every request, and `refresh_token` for the next one."""

    model_config = example(
        {
            "user": _PERSON,
            "access_token": "eyJhbGciOiJIUzI1NiJ9.e30.signature",
            "token_type": "bearer",
            "expires_in": 900,
            "refresh_token": "8l1Wq0zVv6m0Jd3GmB7Rk2oYwX5uT9cFhNpS4eAiKjE",
        }
    )

    user: Person
    access_token: str
    token_type: str
    expires_in: Annotated[int, Field(description="Seconds.")]
    refresh_token: str

    @classmethod
    def of(cls, session: Session) -> LoggedIn:
        """As the outside sees it."""
        return cls(
            user=Person.of(session.user),
            access_token=session.access_token,
            token_type="bearer",  # noqa: S106 - RFC 6750's name of a kind of token
            expires_in=session.expires_in,
            refresh_token=session.refresh_token,
        )


class LinkedIdentity(Model):
    """Who a person is on a chat platform."""

    model_config = example({**_IDENTITY})

    id: UUID
    platform: str
    workspace: str
    name: str
    created_at: datetime

    @classmethod
    def of(cls, identity: Identity, workspace: str | None = None) -> LinkedIdentity:
        """As its owner sees it; `workspace` is what people call that."""
        return cls(
            id=identity.id,
            platform=identity.platform,
            workspace=identity.workspace if workspace is None else workspace,
            name=identity.name,
            created_at=identity.created_at,
        )


class Tokens(Model):
    """What an answer took, as the provider counts."""

    model_config = example({**_USAGE})

    input_tokens: int
    output_tokens: int
    total_tokens: int
    estimated: Annotated[
        bool, Field(description="It was broken off before its provider counted: about so many.")
    ]

    @classmethod
    def of(cls, item: Content) -> Tokens:
        """Of one item."""
        return cls(
            input_tokens=item.input_tokens,
            output_tokens=item.output_tokens,
            total_tokens=item.input_tokens + item.output_tokens,
            estimated=item.estimated,
        )


class Generated(Model):
    """What was written."""

    model_config = example(
        {
            "id": _ID,
            "content": "# Launch checklist\n\n- [ ] Store listing",
            "provider": "anthropic",
            "model": "claude-sonnet-5-5",
            "usage": _USAGE,
            "notion_url": _PAGE,
        }
    )

    id: UUID
    content: Annotated[str, Field(description="Markdown.")]
    provider: str
    model: str | None
    usage: Tokens
    notion_url: str | None
    notes: Annotated[
        list[str], Field(description="Fine print to show with it; left out where there is none.")
    ] = []

    @model_serializer(mode="wrap")
    def _without_empty_notes(self, write: SerializerFunctionWrapHandler) -> dict[str, object]:
        written: dict[str, object] = write(self)
        if not self.notes:
            del written["notes"]
        return written

    @classmethod
    def of(cls, item: Content, saved: Sequence[str] = ()) -> Generated:
        """Of a finished item; `saved` is what there is to say of its page."""
        return cls(
            id=item.id,
            content=item.text or "",
            provider=item.provider or "",
            model=item.model,
            usage=Tokens.of(item),
            notion_url=item.notion_url,
            notes=list(dict.fromkeys([*(item.note.split("\n") if item.note else []), *saved])),
        )


class Votes(Model):
    """How many said 👍 and how many 👎."""

    up: int
    down: int


class Item(Model):
    """One item of a history. `content` is null while it is being written."""

    model_config = example(
        {
            "id": _ID,
            "prompt": "a launch checklist for our mobile app",
            "content": "# Launch checklist\n\n- [ ] Store listing",
            "provider": "anthropic",
            "model": "claude-sonnet-5-5",
            "template": None,
            "usage": _USAGE,
            "notion_url": _PAGE,
            "ratings": {"up": 2, "down": 0},
            "error": None,
            "created_at": _WHEN,
        }
    )

    id: UUID
    prompt: str
    content: str | None
    provider: str | None
    model: str | None
    template: str | None
    usage: Tokens
    notion_url: str | None
    ratings: Votes
    error: Annotated[
        str | None,
        Field(description="Why `content` is but a beginning, where a provider broke off."),
    ]
    created_at: datetime

    @classmethod
    def of(cls, item: Content, votes: tuple[int, int] = (0, 0)) -> Item:
        """As the outside sees it; `votes` are for and against."""
        return cls(
            id=item.id,
            prompt=item.prompt,
            content=item.text,
            provider=item.provider,
            model=item.model,
            template=item.template,
            usage=Tokens.of(item),
            notion_url=item.notion_url,
            ratings=Votes(up=votes[0], down=votes[1]),
            error=item.error["message"] if item.error else None,
            created_at=item.created_at,
        )


class HistoryPage(Model):
    """Items, newest first. `next_cursor` is null on the last page."""

    items: list[Item]
    next_cursor: str | None


def history_json(items: Sequence[tuple[Content, tuple[int, int]]], cursor: str | None) -> bytes:
    """A `HistoryPage` as JSON, without the models: making those of twenty items takes longer than
    all else of the answer. A test holds the two together.
    """
    return to_json({"items": [_shown(*each) for each in items], "next_cursor": cursor})


def _shown(item: Content, votes: tuple[int, int]) -> dict[str, Any]:
    return {
        "id": item.id,
        "prompt": item.prompt,
        "content": item.text,
        "provider": item.provider,
        "model": item.model,
        "template": item.template,
        "usage": {
            "input_tokens": item.input_tokens,
            "output_tokens": item.output_tokens,
            "total_tokens": item.input_tokens + item.output_tokens,
            "estimated": item.estimated,
        },
        "notion_url": item.notion_url,
        "ratings": {"up": votes[0], "down": votes[1]},
        "error": item.error["message"] if item.error else None,
        "created_at": item.created_at,
    }


class Saved(Model):
    """Where the page is."""

    model_config = example({"notion_url": _PAGE})

    notion_url: str


class Place(Model):
    """A page or data source that may be saved to."""

    model_config = example(
        {
            "id": "2b7d1f0e-6c1b-80d1-9c3a-c4a0f6b0a7e1",
            "kind": "page",
            "title": "Meeting notes",
            "url": _PAGE,
        }
    )

    id: str
    kind: str
    title: str
    url: str


class Places(Model):
    """Destinations, best match first."""

    items: list[Place]


class Alive(Model):
    """The process runs."""

    model_config = example({"status": "ok"})

    status: str


class Ready(Model):
    """Every part is there."""

    model_config = example({"status": "ok", "components": {"database": "ok", "work": "ok"}})

    status: str
    components: dict[str, str]


class ErrorBody(Model):
    """Every error. `code` is a stable name, `detail` a sentence for people."""

    model_config = example(
        {"detail": "prompt: must not be empty", "status": 400, "code": "INVALID_INPUT"}
    )

    detail: str
    status: int
    code: str
