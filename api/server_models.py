"""What goes out about the server: what it is connected to, and how its parts do."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from api.models import Model, example
from api.parts import Part

_WHEN = "2026-11-05T09:30:00Z"


_WORKSPACE = {
    "workspace": "T024BE7LD",
    "organisation": "",
    "name": "Acme",
    "installed_by": "U024BE7LH",
    "updated_at": _WHEN,
}
_CONNECTIONS = {
    "slack": {"on": True, "workspaces": [_WORKSPACE]},
    "discord": {"on": False},
    "notion": {"on": True, "parent": "Meeting notes"},
    "mail": {"on": True},
    "providers": [{"name": "anthropic", "model": "claude-sonnet-5-5"}],
}


_PART = {
    "name": "Discord",
    "state": "on",
    "detail": "Connected",
    "since": _WHEN,
    "last_at": _WHEN,
}


class Workspace(Model):
    """A workspace or organisation that installed the app by OAuth."""

    model_config = example({**_WORKSPACE})

    workspace: str
    organisation: str
    name: str
    installed_by: str
    updated_at: datetime


class Switched(Model):
    """Whether a part is on."""

    model_config = example({"on": True})

    on: bool


class SlackConnection(Switched):
    """Slack, and who installed the app there."""

    model_config = example({"on": True, "workspaces": [_WORKSPACE]})

    workspaces: list[Workspace]


class NotionConnection(Switched):
    """Notion, and where pages go for which nobody chose."""

    model_config = example({"on": True, "parent": "Meeting notes"})

    parent: str | None


class ProviderConnection(Model):
    """An AI provider, in the order of preference."""

    model_config = example({"name": "anthropic", "model": "claude-sonnet-5-5"})

    name: str
    model: str


class Connections(Model):
    """What this server is connected to."""

    model_config = example({**_CONNECTIONS})

    slack: SlackConnection
    discord: Switched
    notion: NotionConnection
    mail: Switched
    providers: list[ProviderConnection]


class PartState(Model):
    """A part of the server, and how it does."""

    model_config = example({**_PART})

    name: str
    state: Annotated[
        Literal["on", "off", "waiting", "bad"],
        Field(description="`waiting`: it is set, and nothing has come of it yet."),
    ]
    detail: str
    since: Annotated[datetime | None, Field(description="Since when it is so.")]
    last_at: Annotated[datetime | None, Field(description="When it last did something.")]

    @classmethod
    def of(cls, part: Part) -> PartState:
        """As an admin sees it."""
        return cls(
            name=part.name, state=part.state, detail=part.told, since=part.since, last_at=part.last
        )


class Status(Model):
    """How each part of the server does just now."""

    model_config = example({"parts": [_PART]})

    parts: list[PartState]
