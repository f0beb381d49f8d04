"""Which workspace a request belongs to, and by whose token it is answered. Pure.

Ids of channels and people are unique within a workspace, or within an organisation, alone.
https://docs.slack.dev/enterprise/developing-for-enterprise-orgs
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.slack.parse import object_in, word_in
from core.ports import Address


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace, and its organisation on Enterprise Grid; empty where it is not told."""

    enterprise: str = ""
    team: str = ""

    @classmethod
    def of(cls, address: Address) -> Workspace:
        """The workspace in which the app is installed that answers this request.

        Requests of the first version named no workspace; those are answered by the default token.
        """
        team, enterprise = address.get("team_id", ""), address.get("enterprise_id", "")
        return cls(address.get("via_enterprise", enterprise), address.get("via_team", team))


def installed_in(fields: Mapping[str, Any]) -> Workspace:
    """Through which installation an event came.

    In a channel that two workspaces share, what happens in the other one is told under its own
    `team_id`; the app's installation stands in `authorizations`.
    https://docs.slack.dev/apis/events-api#authorizations
    """
    team = word_in(fields, "context_team_id") or word_in(fields, "team_id")
    team = team or word_in(object_in(fields, "event"), "team")
    enterprise = word_in(fields, "context_enterprise_id") or word_in(fields, "enterprise_id")
    if authorized := _authorized(fields):
        first = authorized[0]
        # An organisation's installation names no workspace.
        team = word_in(first, "team_id") or team
        enterprise = word_in(first, "enterprise_id") if "enterprise_id" in first else enterprise
    return _told(enterprise, team)


def is_organisation(fields: Mapping[str, Any]) -> bool:
    """Whether an event is about an organisation's installation, rather than a workspace's."""
    for one in (fields, *_authorized(fields)):
        if one.get("is_enterprise_install") in (True, "true"):
            return True
    return installed_in(fields).team == ""


def via(fields: Mapping[str, Any], team: str, enterprise: str) -> dict[str, str]:
    """What an address adds where an event came through another workspace's installation."""
    there = installed_in(fields)
    return ({"via_team": there.team} if there.team != team else {}) | (
        {"via_enterprise": there.enterprise} if there.enterprise != enterprise else {}
    )


def _authorized(fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    listed = fields.get("authorizations")
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _told(enterprise: str, team: str) -> Workspace:
    # What belongs to the whole organisation may name it in the place of a workspace.
    if team.startswith("E") and enterprise in ("", team):
        return Workspace(team, "")
    return Workspace(enterprise, team)
