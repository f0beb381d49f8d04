"""Sign in with Slack: the identity token, signed, and the keys that prove it.

docs.slack.dev/authentication/sign-in-with-slack
docs.slack.dev/reference/methods/openid.connect.token
slack.com/.well-known/openid-configuration
"""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from functools import cache
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from sandbox.slack.errors import SlackRefusal
from sandbox.slack.workspace import Workspace

ISSUER = "https://slack.com"
ALGORITHM = "RS256"
KEY_ID = "sandbox-1"
LIFE_SECONDS = 300
SCOPES = frozenset({"openid", "profile", "email"})

Query = Mapping[str, str]


class IdentityTokens:
    """Signs identity tokens, and publishes the key.

    `changes` are put over the claims before they are signed, `signed_by` is the key in place of
    the published one, and `unpublished` has the keys' page be missing: for what a client refuses.
    """

    def __init__(self, space: Workspace) -> None:
        self.space = space
        self.changes: dict[str, Any] = {}
        self.signed_by: rsa.RSAPrivateKey | None = None
        self.unpublished = False

    async def keys(self, _request: web.Request) -> web.Response:
        """/openid/connect/keys."""
        if self.unpublished:
            return web.Response(status=404)
        public: dict[str, Any] = json.loads(RSAAlgorithm.to_jwk(slacks_key().public_key()))
        about = {"kid": KEY_ID, "use": "sig", "alg": ALGORITHM}
        return web.json_response({"keys": [public | about]})

    async def configuration(self, _request: web.Request) -> web.Response:
        """/.well-known/openid-configuration."""
        root = self.space.base_url
        return web.json_response(
            {
                "issuer": ISSUER,
                "authorization_endpoint": f"{root}/openid/connect/authorize",
                "token_endpoint": f"{root}/api/openid.connect.token",
                "userinfo_endpoint": f"{root}/api/openid.connect.userInfo",
                "jwks_uri": f"{root}/openid/connect/keys",
                "scopes_supported": ["openid", "profile", "email"],
                "response_types_supported": ["code"],
                "response_modes_supported": ["query"],
                "grant_types_supported": ["authorization_code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": [ALGORITHM],
                "token_endpoint_auth_methods_supported": [
                    "client_secret_post",
                    "client_secret_basic",
                ],
            }
        )

    def sign(self, asked: Query, user_id: str, access_token: str) -> str:
        """The token for somebody who agreed to what was asked."""
        now = int(self.space.clock())
        half = hashlib.sha256(access_token.encode()).digest()[:16]
        claims = {
            "iss": ISSUER,
            "aud": asked.get("client_id", ""),
            "exp": now + LIFE_SECONDS,
            "iat": now,
            "auth_time": now,
            "at_hash": urlsafe_b64encode(half).decode().rstrip("="),
            **({"nonce": asked["nonce"]} if "nonce" in asked else {}),
            **claims_of(self.space, user_id, asked.get("scope", "openid profile email")),
            **self.changes,
        }
        return jwt.encode(
            claims, self.signed_by or slacks_key(), ALGORITHM, headers={"kid": KEY_ID}
        )


@cache
def slacks_key() -> rsa.RSAPrivateKey:
    """The key of every workspace, made when it is first needed."""
    return new_key()


def new_key() -> rsa.RSAPrivateKey:
    """A key of 2,048 bits, as Slack's are."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def claims_of(space: Workspace, user_id: str, scope: str) -> dict[str, Any]:
    """What is told of somebody, as far as the scopes go."""
    user, scopes = space.users[user_id], set(scope.replace(",", " ").split())
    found: dict[str, Any] = {
        "sub": user.id,
        "https://slack.com/user_id": user.id,
        "https://slack.com/team_id": space.team_id,
    }
    if "email" in scopes:
        found |= {"email": user.email, "email_verified": user.email_verified}
    if "profile" in scopes:
        found |= {
            "name": user.real_name,
            "picture": f"https://avatars.example.com/{user.id}_512.png",
            "given_name": user.real_name,
            "family_name": "",
            "locale": "en-US",
            "https://slack.com/team_name": space.team_name,
            "https://slack.com/team_domain": space.team_domain,
        }
    return found


def check_question(query: Query, client_id: str) -> str | None:
    """What Slack's page says in place of asking, where the question is wrong."""
    if query.get("response_type") != "code":
        return "invalid_response_type"
    if not query.get("client_id") or (client_id and query["client_id"] != client_id):
        return "invalid_client_id"
    if not query.get("redirect_uri"):
        return "bad_redirect_uri"
    scopes = set(query.get("scope", "").replace(",", " ").split())
    if "openid" not in scopes or not scopes <= SCOPES:
        return "invalid_scope"
    if "code_challenge" in query and query.get("code_challenge_method") != "S256":
        return "invalid_request"
    return None


def check_redemption(asked: Query, given: Query) -> None:
    """Raises SlackRefusal where a code is traded otherwise than it was asked for.

    A code that was issued without a consent page was asked for without any condition.
    """
    if given.get("grant_type", "authorization_code") != "authorization_code":
        raise SlackRefusal("invalid_grant_type")
    if asked.get("redirect_uri", "") != given.get("redirect_uri", "") and asked:
        raise SlackRefusal("bad_redirect_uri")
    challenge = asked.get("code_challenge")
    if challenge is not None:
        digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        if urlsafe_b64encode(digest).decode().rstrip("=") != challenge:
            raise SlackRefusal("invalid_grant")
