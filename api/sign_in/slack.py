"""Sign in with Slack: OpenID Connect.

https://docs.slack.dev/authentication/sign-in-with-slack
https://slack.com/.well-known/openid-configuration
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from api.oauth_state import Flow
from api.sign_in.provider import Answer, Client, Provider, asked, client_of, site
from core.accounts.proven import Proven
from core.config import Settings
from core.errors import Forbidden
from core.messages import Sender

log = structlog.get_logger(__name__)

if TYPE_CHECKING:
    from authlib.integrations.httpx_client import AsyncOAuth2Client

NAME, LABEL = "slack", "Slack"
SCOPE = "openid profile email"
ISSUER = "https://slack.com"
ALGORITHMS = ["RS256"]
"""A token that names another is refused, `none` above all."""

LEEWAY_SECONDS = 120
"""How far Slack's clock and this server's may be apart."""

_NO_SUCH_PAGE = (404, 405, 410, 501)


def provider(settings: Settings) -> Provider:
    """Slack, or the stand-in that SLACK_API_URL names: its pages are beside its API."""
    root, api = site(settings.slack_api_url), settings.slack_api_url.rstrip("/")
    client = client_of(settings, NAME)
    return Provider(
        name=NAME,
        label=LABEL,
        client=client,
        authorize_url=f"{root}/openid/connect/authorize",
        token_url=f"{api}/openid.connect.token",
        scope=SCOPE,
        issuer=ISSUER,
        prove=partial(_prove, root, api, client),
    )


async def _prove(
    root: str, api: str, app: Client | None, client: AsyncOAuth2Client, token: Answer, flow: Flow
) -> Proven:
    """Whose identity token this is.

    Where there are no keys at all, the same claims are asked for with the access token, which came
    straight from Slack for our code (OpenID Connect Core, 3.1.3.7, 6).
    """
    from httpx2 import HTTPStatusError

    try:
        keys = await asked(client, f"{root}/openid/connect/keys", public=True)
    except HTTPStatusError as error:
        if error.response.status_code not in _NO_SUCH_PAGE:
            raise
        log.warning("slack publishes no keys; its word is asked for instead")
        return _proven(await asked(client, f"{api}/openid.connect.userInfo"))
    return _proven(_claims(keys, root, app, token, flow))


def _claims(keys: Any, root: str, app: Client | None, token: Answer, flow: Flow) -> dict[str, Any]:
    """What the identity token says. Issuer, audience, nonce, signature and end have to be right."""
    from authlib.oidc.core import CodeIDToken
    from joserfc import jwt
    from joserfc.jwk import KeySet
    from joserfc.jws import JWSRegistry

    registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
    read = jwt.decode(token["id_token"], KeySet.import_key_set(keys), registry=registry)
    app_id = app.id if app is not None else ""
    claims = CodeIDToken(
        read.claims,
        read.header,
        {
            # A stand-in may speak for Slack or for itself: the keys come from it either way.
            "iss": {"essential": True, "values": [ISSUER, root]},
            "aud": {"essential": True, "value": app_id},
        },
        {"nonce": flow.nonce, "client_id": app_id, "access_token": token["access_token"]},
    )
    claims.validate(leeway=LEEWAY_SECONDS)
    return dict(claims)


def _proven(claims: Answer) -> Proven:
    user, team = claims.get("https://slack.com/user_id"), claims.get("https://slack.com/team_id")
    user = user or claims["sub"]
    if not (isinstance(user, str) and isinstance(team, str) and user and team):
        raise Forbidden("Slack did not say which member of which workspace signed in.")
    name, email = claims.get("name"), claims.get("email")
    is_theirs = claims.get("email_verified") is True and isinstance(email, str)
    shown = name if isinstance(name, str) and name else user
    return Proven(Sender(NAME, user, shown[:128], team), LABEL, email if is_theirs else None)
