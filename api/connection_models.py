"""What the routes of connections to Notion take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from api.models import Model, example
from core.connecting import Standing, Wish
from core.notion.examining import Report

_STANDING: dict[str, Any] = {
    "shared": False,
    "name": "Ada's Notion",
    "owner": "Ada Lovelace",
    "connected_by": "ada",
    "since": "2026-11-24T12:00:00Z",
    "lost": False,
}


class ConnectCode(Model):
    """A code from chat, or the link that holds it."""

    model_config = example({"code": "MFRGGZDFMZTWQ2LKNNWG23TPOB"})

    code: Annotated[str, Field(min_length=1, max_length=500)]


class ConnectionWish(Model):
    """Whose connection a code makes. `before` is the Notion that is connected now."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "platform": "slack",
                    "name": "ada",
                    "workspace": "acme",
                    "shared": False,
                    "before": None,
                }
            ]
        }
    )

    platform: str
    name: str
    workspace: str
    shared: Annotated[bool, Field(description="For everybody in the workspace.")]
    before: str | None

    @classmethod
    def of(cls, wish: Wish) -> ConnectionWish:
        """As the browser shows it."""
        return cls(
            platform=wish.identity.platform,
            name=wish.identity.name,
            workspace=wish.workspace,
            shared=wish.shared,
            before=wish.before,
        )


class GoOn(Model):
    """Where the browser goes on to."""

    model_config = example({"url": "https://api.notion.com/v1/oauth/authorize"})

    url: str


class ConnectionState(Model):
    """One connection to Notion. `lost`: Notion does not accept it any more."""

    model_config = example(_STANDING)

    shared: bool
    name: str
    owner: str
    connected_by: str
    since: datetime
    lost: bool

    @classmethod
    def of(cls, standing: Standing) -> ConnectionState:
        """What of it is no secret."""
        return cls(
            shared=standing.shared,
            name=standing.name,
            owner=standing.owner,
            connected_by=standing.connected_by,
            since=standing.since,
            lost=standing.lost,
        )


class ConnectionAnswer(Model):
    """The person's own connection, null for none, and where to connect one, null where nobody can.

    `server` is whether the server has a token of its own for those who have no connection.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"own": _STANDING, "start": "/auth/notion/start", "server": True}]
        }
    )

    own: ConnectionState | None
    start: str | None
    server: bool


class Disconnected(Model):
    """What came of it. `revoked` is False where it has to be removed in Notion by hand."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "said": "Disconnected. Pages that were made stay in Notion.",
                    "revoked": True,
                }
            ]
        }
    )

    said: str
    revoked: bool


class Finding(Model):
    """One thing that was looked at. `ok` is null where Notion does not say, or it need not be."""

    model_config = example({"name": "insert", "ok": True, "text": "Allowed."})

    name: str
    ok: bool | None
    text: str


class Shared(Model):
    """A page or data source that the connection sees."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "59833787-2cf9-4fdf-8782-e53db20768a5",
                    "kind": "page",
                    "title": "Notes",
                    "url": "https://www.notion.so/598337872cf94fdf8782e53db20768a5",
                }
            ]
        }
    )

    id: str
    kind: str
    title: str
    url: str


class Examination(Model):
    """What the connection that is used sees and may do.

    `integration` is its name under ••• → Connections. `shared` are some of what it sees, `count`
    how many; `more`: there are more than that.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "ok": True,
                    "integration": "Notion Assistant",
                    "findings": [{"name": "insert", "ok": True, "text": "Allowed."}],
                    "shared": [],
                    "count": 0,
                    "more": False,
                }
            ]
        }
    )

    ok: bool
    integration: str
    findings: list[Finding]
    shared: list[Shared]
    count: int
    more: bool

    @classmethod
    def of(cls, report: Report) -> Examination:
        """As the person sees it."""
        return cls(
            ok=report.ok,
            integration=report.integration,
            findings=[Finding(name=f.name, ok=f.ok, text=f.text) for f in report.findings],
            shared=[
                Shared(id=place.id, kind=place.kind, title=place.title, url=place.url)
                for place in report.shared
            ],
            count=report.count,
            more=report.more,
        )
