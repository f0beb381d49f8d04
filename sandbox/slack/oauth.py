"""Installing the app and signing in with Slack, as far as the app's own calls go.

The consent pages agree at once: they redirect back with a code that works a single time.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from urllib.parse import urlencode

from aiohttp import web

from sandbox.slack.arguments import Arguments
from sandbox.slack.chat import Result
from sandbox.slack.errors import SlackRefusal
from sandbox.slack.shapes import enterprise_json
from sandbox.slack.sign_in import IdentityTokens, check_question, check_redemption, claims_of
from sandbox.slack.workspace import Workspace


class Consent:
    """Codes and sign-in tokens handed out, and the client they belong to.

    `asked` are the queries consent pages were opened with; `granted` every token that was given
    out for a code; `neighbours` the other workspaces that one may choose to install in. Where the
    app `rotates` its tokens, each `lives` so many seconds, and `renewed` counts the next ones.
    https://docs.slack.dev/authentication/using-token-rotation
    """

    def __init__(self, space: Workspace, bot_token: str) -> None:
        self.space = space
        self.bot_token = bot_token
        self.client = ("", "")
        self.neighbours: list[Consent] = []
        self.rotates = False
        self.lives = 43_200
        self.renewed = 0
        self._refreshes: dict[str, str] = {}
        self.asked: list[dict[str, str]] = []
        self.granted: list[str] = []
        self.identity = IdentityTokens(space)
        self._codes: dict[str, tuple[str, dict[str, str]]] = {}
        self._sign_ins: dict[str, tuple[str, str]] = {}

    def issue_code(self, user_id: str, asked: dict[str, str] | None = None) -> str:
        """A code as the consent page, opened with the query `asked`, would add to the redirect."""
        code = secrets.token_urlsafe(16)
        self._codes[code] = user_id, asked or {}
        return code

    async def sign_in(self, request: web.Request) -> web.Response:
        """The consent page of Sign in with Slack. What is wrong is told here, to the person."""
        wrong = check_question(request.query, self.client[0])
        if wrong is not None:
            return web.Response(status=400, text=wrong)
        return await self.authorize(request)

    async def authorize(self, request: web.Request) -> web.Response:
        """The consent page, answered by the first person of the workspace, or `?user=`.

        `?team=` chooses another workspace, `?deny=1` says no.
        """
        self.asked.append(dict(request.query))
        chosen = request.query.get("team", self.space.team_id)
        for consent in self.neighbours:
            if consent.space.team_id == chosen:
                return await consent.authorize(request)
        if request.query.get("deny"):
            raise web.HTTPFound(_back(request, "error", "access_denied"))
        people = [user.id for user in self.space.users.values() if not user.is_bot]
        code = self.issue_code(request.query.get("user", people[0]), dict(request.query))
        raise web.HTTPFound(_back(request, "code", code))

    def access(self, request: web.Request, args: Arguments) -> Result:
        """oauth.v2.access: a code, or a refresh token, for the bot's token.

        Raises SlackRefusal `invalid_code`, and `invalid_refresh_token`.
        """
        code, refresh = args.text("code"), args.text("refresh_token")
        for consent in self.neighbours:
            if code in consent._codes or refresh in consent._refreshes:
                return consent.access(request, args)
        if args.text("grant_type") == "refresh_token":
            user = self._refreshed(request, args, refresh)
        else:
            user, _ = self._redeem(request, args)
        space = self.space
        self.granted.append(self.bot_token)
        return self._rotating(user) | {
            "ok": True,
            "app_id": space.app_id,
            "authed_user": {"id": user},
            "scope": "chat:write,commands,reactions:read,reactions:write",
            "token_type": "bot",
            "access_token": self.bot_token,
            "bot_user_id": space.bot_user,
            "team": None if space.whole else {"id": space.team_id, "name": space.team_name},
            "enterprise": enterprise_json(space),
            "is_enterprise_install": space.whole,
        }

    def _refreshed(self, request: web.Request, args: Arguments, refresh: str) -> str:
        if self.client[0] and _client(request, args) != self.client:
            raise SlackRefusal("bad_client_secret")
        # A refresh token works once.
        user = self._refreshes.pop(refresh, None)
        if user is None:
            raise SlackRefusal("invalid_refresh_token")
        self.renewed += 1
        self.bot_token = f"xoxe.xoxb-{self.space.team_id}-{self.renewed}"
        return user

    def _rotating(self, user: str) -> Result:
        if not self.rotates:
            return {}
        refresh = f"xoxe-{secrets.token_hex(12)}"
        self._refreshes[refresh] = user
        return {"refresh_token": refresh, "expires_in": self.lives}

    def openid_token(self, request: web.Request, args: Arguments) -> Result:
        """openid.connect.token: a code for a sign-in token and a signed identity token."""
        code = args.text("code")
        for consent in self.neighbours:
            if code in consent._codes:
                return consent.openid_token(request, args)
        user, asked = self._redeem(request, args)
        check_redemption(asked, {name: str(value) for name, value in args.values.items()})
        token = f"xoxp-{secrets.token_hex(12)}"
        self._sign_ins[token] = user, asked.get("scope", "openid profile email")
        if not asked:
            asked = {"client_id": _client(request, args)[0]}
        return {
            "ok": True,
            "access_token": token,
            "token_type": "Bearer",
            "id_token": self.identity.sign(asked, user, token),
        }

    def openid_user(self, token: str) -> Result:
        """openid.connect.userInfo. Raises SlackRefusal `invalid_auth`."""
        for consent in self.neighbours:
            if token in consent._sign_ins:
                return consent.openid_user(token)
        if token not in self._sign_ins:
            raise SlackRefusal("invalid_auth")
        return {"ok": True, **claims_of(self.space, *self._sign_ins[token])}

    def _redeem(self, request: web.Request, args: Arguments) -> tuple[str, dict[str, str]]:
        if self.client[0] and _client(request, args) != self.client:
            raise SlackRefusal("bad_client_secret")
        redeemed = self._codes.pop(args.text("code"), None)
        if redeemed is None:
            raise SlackRefusal("invalid_code")
        return redeemed


def _back(request: web.Request, name: str, value: str) -> str:
    target, state = request.query["redirect_uri"], request.query.get("state", "")
    joint = "&" if "?" in target else "?"
    return f"{target}{joint}{urlencode({name: value, 'state': state})}"


def _client(request: web.Request, args: Arguments) -> tuple[str, str]:
    header = request.headers.get("Authorization", "")
    if header.startswith("Basic "):
        try:
            decoded = base64.b64decode(header.removeprefix("Basic ")).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise SlackRefusal("bad_client_secret") from None
        name, _, secret = decoded.partition(":")
        return name, secret
    return args.text("client_id"), args.text("client_secret")
