"""Signing in with Discord: a consent page that agrees at once, codes and tokens.

docs.discord.com/developers/topics/oauth2, discord.com/.well-known/oauth-authorization-server
"""

import base64
import binascii
import hashlib
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from sandbox.discord.errors import DiscordRefusal
from sandbox.discord.rest import Rest
from sandbox.discord.shapes import user_json
from sandbox.discord.world import World
from sandbox.traffic import Answer

Json = dict[str, Any]
ISSUER = "https://discord.com"


class SignIn:
    """Codes and tokens handed out, and the client they belong to.

    `asked` are the queries consent pages were opened with.
    """

    def __init__(self, world: World, bot_token: str) -> None:
        self.world = world
        self.bot_token = bot_token
        self.client = ("", "")
        self.asked: list[dict[str, str]] = []
        self._codes: dict[str, tuple[str, dict[str, str]]] = {}
        self._tokens: dict[str, tuple[str, str]] = {}

    def issue_code(self, user_id: str, asked: dict[str, str] | None = None) -> str:
        """A code as the consent page, opened with the query `asked`, would add to the redirect."""
        code = secrets.token_urlsafe(16)
        self._codes[code] = user_id, asked or {}
        return code

    async def authorize(self, request: web.Request) -> web.Response:
        """The consent page, answered by the first person, or `?user=`; `?deny=1` says no."""
        query = dict(request.query)
        self.asked.append(query)
        if wrong := _wrong(query, self.client[0]):
            # What is wrong with the question is told to the person, never to an unknown address.
            return web.Response(status=400, text=wrong)
        back = {"state": query["state"]} if "state" in query else {}
        if query.get("deny"):
            said = "The resource owner or authorization server denied the request"
            back |= {"error": "access_denied", "error_description": said}
        else:
            people = [user.id for user in self.world.users.values() if not user.bot]
            code = self.issue_code(query.get("user", people[0]), query)
            back = {"code": code, **back, "iss": ISSUER}
        target = query["redirect_uri"]
        raise web.HTTPFound(f"{target}{'&' if '?' in target else '?'}{urlencode(back)}")

    async def token(self, request: web.Request) -> web.Response:
        """A code for a token of seven days. The body is a form; JSON is refused."""
        if request.content_type != "application/x-www-form-urlencoded":
            return _refused(400, "invalid_request", "Only forms are taken here.")
        form = {name: str(value) for name, value in (await request.post()).items()}
        if self.client[0] and _client(request, form) != self.client:
            return _refused(401, "invalid_client")
        if form.get("grant_type") != "authorization_code":
            return _refused(400, "unsupported_grant_type", "Grant type not supported.")
        user_id, asked = self._codes.pop(form.get("code", ""), (None, {}))
        if user_id is None:
            return _refused(400, "invalid_grant", 'Invalid "code" in request.')
        if asked and form.get("redirect_uri") != asked["redirect_uri"]:
            return _refused(400, "invalid_grant", 'Invalid "redirect_uri" in request.')
        if not _is_proven(asked, form):
            return _refused(400, "invalid_grant", 'Invalid "code_verifier" in request.')
        token, scope = secrets.token_urlsafe(24), asked.get("scope", "identify")
        self._tokens[token] = user_id, scope
        body = {
            "token_type": "Bearer",
            "access_token": token,
            "expires_in": 604_800,
            "refresh_token": secrets.token_urlsafe(24),
            "scope": scope,
        }
        return Answer(body).response()

    async def get_me(self, rest: Rest) -> Answer:
        """GET users/@me: the bot for its token, the person for a sign-in token.

        The address, and whether it was verified, are told with the scope `email` alone.
        """
        kind, _, token = rest.token.partition(" ")
        more: Json = {"mfa_enabled": False, "locale": "en-US", "premium_type": 0}
        if kind == "Bot" and token == self.bot_token:
            return Answer(user_json(self.world.bot) | more)
        if kind != "Bearer" or token not in self._tokens:
            raise DiscordRefusal(401, 0, "401: Unauthorized")
        user_id, scope = self._tokens[token]
        user = self.world.users[user_id]
        if "email" in scope.split():
            more |= {"email": user.email, "verified": user.verified}
        return Answer(user_json(user) | more)


def _wrong(query: Mapping[str, str], client_id: str) -> str:
    if client_id and query.get("client_id") != client_id:
        return "Unknown Application"
    if not query.get("redirect_uri"):
        return "Invalid OAuth2 redirect_uri"
    if query.get("response_type") != "code":
        return "unsupported_response_type"
    if "identify" not in query.get("scope", "").split():
        return "invalid_scope"
    if "code_challenge" in query and query.get("code_challenge_method") != "S256":
        return "invalid_request"
    return ""


def _is_proven(asked: Mapping[str, str], form: Mapping[str, str]) -> bool:
    if "code_challenge" not in asked:
        return True
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=") == asked["code_challenge"]


def _refused(status: int, error: str, description: str | None = None) -> web.Response:
    more = {} if description is None else {"error_description": description}
    return Answer({"error": error, **more}, status).response()


def _client(request: web.Request, form: Mapping[str, str]) -> tuple[str, str]:
    header = request.headers.get("Authorization", "")
    if not header.startswith("Basic "):
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        name, _, secret = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, secret
