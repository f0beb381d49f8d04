"""Installing the app by OAuth: where to ask, whom to believe, and what Slack answered. Pure.

https://docs.slack.dev/authentication/installing-with-oauth
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from bot.slack.parse import object_in, word_in
from core.accounts.keys import derived_key
from core.errors import PlatformFailed
from core.ports import Installation

STATE_SECONDS = 600
"""For how long a consent page may stay open."""

_PURPOSE = "slack install state"
_SKEW_SECONDS = 60
_TWELVE_HOURS = 43_200
_LONGEST = 366 * 86_400


def site(api_url: str) -> str:
    """Where Slack's own pages are, beside its Web API: `https://slack.com`."""
    parts = urlsplit(api_url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def authorize_url(
    api_url: str, client_id: str, scopes: Sequence[str], state: str, redirect_uri: str
) -> str:
    """Slack's consent page.

    https://docs.slack.dev/authentication/installing-with-oauth#asking
    """
    query = {
        "client_id": client_id,
        "scope": ",".join(scopes),
        "user_scope": "",
        "state": state,
        "redirect_uri": redirect_uri,
    }
    return f"{site(api_url)}/oauth/v2/authorize?{urlencode(query)}"


def new_state(key: str, now: float) -> tuple[str, str]:
    """A state for the address, and what the browser keeps to show that it is its own."""
    browser, begun = secrets.token_urlsafe(32), f"{int(now)}.{secrets.token_urlsafe(12)}"
    return f"{begun}.{_sealed(key, begun, browser)}", browser


def is_state(keys: Sequence[str], state: str, browser: str, now: float) -> bool:
    """Whether this browser was given this state in the last ten minutes."""
    begun, _, seal = state.rpartition(".")
    moment = begun.partition(".")[0]
    if not (browser and moment.isascii() and moment.isdecimal() and len(moment) <= 12):
        return False
    given = [
        hmac.compare_digest(_sealed(key, begun, browser), seal) for key in keys if seal.isascii()
    ]
    return any(given) and -_SKEW_SECONDS <= now - int(moment) <= STATE_SECONDS


def read_installation(said: Mapping[str, Any], now: datetime) -> Installation:
    """What `oauth.v2.access` answered. Raises PlatformFailed where it is no bot's installation.

    https://docs.slack.dev/reference/methods/oauth.v2.access
    """
    whole = said.get("is_enterprise_install") is True
    enterprise, team = object_in(said, "enterprise"), object_in(said, "team")
    workspace = "" if whole else word_in(team, "id")
    token = word_in(said, "access_token")
    if not token or word_in(said, "token_type") == "user" or not (workspace or whole):
        raise PlatformFailed(
            "Slack gave no bot token for a workspace. Ask for the bot scopes of "
            "docs/slack-manifest.yaml, and install the app again.",
            retryable=False,
        )
    return Installation(
        platform="slack",
        enterprise=word_in(enterprise, "id"),
        workspace=workspace,
        name=word_in(enterprise if whole else team, "name"),
        bot_user=word_in(said, "bot_user_id"),
        scopes=tuple(scope for scope in word_in(said, "scope").split(",") if scope),
        token=token,
        installed_by=word_in(object_in(said, "authed_user"), "id"),
        updated_at=now,
        refresh=word_in(said, "refresh_token"),
        expires_at=ends(said, now) if word_in(said, "refresh_token") else None,
    )


def ends(said: Mapping[str, Any], now: datetime) -> datetime:
    """When a token that rotates ends: twelve hours on, where Slack does not say.

    https://docs.slack.dev/authentication/using-token-rotation
    """
    seconds = said.get("expires_in")
    told = isinstance(seconds, int) and not isinstance(seconds, bool) and 0 < seconds <= _LONGEST
    return now + timedelta(seconds=seconds if told and seconds else _TWELVE_HOURS)


def open_url(api_url: str, said: Mapping[str, Any]) -> str:
    """Where to go on: the app in Slack, or where an organisation gives it to its workspaces.

    https://docs.slack.dev/interactivity/deep-linking#app_channel
    """
    app, team = word_in(said, "app_id"), word_in(object_in(said, "team"), "id")
    enterprise = word_in(object_in(said, "enterprise"), "id")
    if said.get("is_enterprise_install") is True and app and enterprise:
        path = f"manage/{enterprise}/integrations/profile/{app}/workspaces/add"
        return f"https://app.slack.com/{path}"
    return f"{site(api_url)}/app_redirect?{urlencode({'app': app, 'team': team})}"


def _sealed(key: str, begun: str, browser: str) -> str:
    text = f"{begun}/{browser}".encode()
    return hmac.digest(derived_key(key, _PURPOSE), text, "sha256").hex()
