"""The Web API's front: who calls, how often, and which method answers.

docs.slack.dev/apis/web-api: forms and JSON alike, refusals with status 200, 429 when too many.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Any

from aiohttp import web

from sandbox.slack.arguments import Arguments, read_arguments
from sandbox.slack.errors import Ratelimited, SlackRefusal
from sandbox.slack.methods import METHODS
from sandbox.slack.oauth import Consent
from sandbox.slack.scopes import check_scope, without_emails
from sandbox.slack.sockets import Sockets
from sandbox.slack.workspace import Workspace
from sandbox.traffic import Answer, Call, Traffic, public_headers

PUBLIC = ("api.test", "oauth.v2.access", "openid.connect.token", "openid.connect.userInfo")


class WebApi:
    """Answers `/api/{method}`.

    `tokens` are the bot's and the app-level one; `limits` maps a method to (calls, seconds), and
    a method without an entry is not limited. `scopes` are those of the bot's token, None for all.
    `revoked`: the bot's token was one; `expired` are those that were and have ended. `neighbours`
    answer calls with tokens of their own.
    """

    def __init__(
        self, space: Workspace, traffic: Traffic, consent: Consent, sockets: Sockets
    ) -> None:
        self.space = space
        self.traffic = traffic
        self.consent = consent
        self.sockets = sockets
        self.tokens: tuple[str, str | None] = ("", None)
        self.revoked = False
        self.expired: set[str] = set()
        self.neighbours: list[WebApi] = []
        self.limits: dict[str, tuple[int, float]] = {}
        self.scopes: frozenset[str] | None = None
        self._spent: dict[str, deque[float]] = {}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The route behind every method."""
        refused: SlackRefusal | None = None
        try:
            values = await read_arguments(request)
        except SlackRefusal as refusal:
            values, refused = {}, refusal
        token = _token(request, values)
        chosen = next((one for one in self.neighbours if token and one.knows(token)), self)
        return await chosen.serve(request, values, refused)

    async def serve(
        self, request: web.Request, values: dict[str, Any], refused: SlackRefusal | None
    ) -> web.StreamResponse:
        """One call, whose arguments were read."""
        method = request.match_info["method"]
        shown = {name: value for name, value in values.items() if name != "token"}
        call = Call(method, request.path, shown, public_headers(request), self.space.clock())

        async def work() -> Answer:
            return self._answer(request, method, values, refused)

        return await self.traffic.serve(request, call, work)

    def _answer(
        self,
        request: web.Request,
        method: str,
        values: dict[str, Any],
        refused: SlackRefusal | None,
    ) -> Answer:
        try:
            if refused:
                raise refused
            self._spend(method)
            return Answer(self._result(request, method, values))
        except SlackRefusal as refusal:
            return Answer(refusal.payload())
        except Ratelimited as limited:
            headers = {"Retry-After": str(limited.retry_after)}
            return Answer({"ok": False, "error": "ratelimited"}, 429, headers)

    def _result(self, request: web.Request, method: str, values: dict[str, Any]) -> dict[str, Any]:
        args = Arguments(values)
        token = _token(request, values)
        if method in PUBLIC:
            return self._public(request, method, args, token)
        if method != "apps.connections.open" and method not in METHODS:
            raise SlackRefusal("unknown_method", req_method=method)
        if not token:
            raise SlackRefusal("not_authed")
        if token in self.expired:
            raise SlackRefusal("token_expired")
        if not (token in self.tokens or self.knows(token)):
            raise SlackRefusal("invalid_auth")
        if self.revoked and self.knows(token):
            raise SlackRefusal("token_revoked")
        if (method == "apps.connections.open") != (token == self.tokens[1]):
            raise SlackRefusal("not_allowed_token_type")
        if method == "apps.connections.open":
            return {"ok": True, "url": self.sockets.issue_url()}
        check_scope(self.space, self.scopes, method, args)
        return without_emails(METHODS[method](self.space, args), self.scopes)

    def knows(self, token: str) -> bool:
        """Whether it is the bot's, one that rotates included."""
        return token == self.tokens[0] or (self.consent.rotates and token in self.consent.granted)

    def _public(
        self, request: web.Request, method: str, args: Arguments, token: str
    ) -> dict[str, Any]:
        if method == "oauth.v2.access":
            return self.consent.access(request, args)
        if method == "openid.connect.token":
            return self.consent.openid_token(request, args)
        if method == "openid.connect.userInfo":
            return self.consent.openid_user(token)
        return {"ok": True, "args": dict(args.values)}

    def _spend(self, method: str) -> None:
        if method not in self.limits:
            return
        allowed, seconds = self.limits[method]
        now = self.space.clock()
        spent = self._spent.setdefault(method, deque())
        while spent and now - spent[0] >= seconds:
            spent.popleft()
        if len(spent) >= allowed:
            raise Ratelimited(max(1, math.ceil(seconds - (now - spent[0]))))
        spent.append(now)


def _token(request: web.Request, values: dict[str, Any]) -> str:
    header = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return header or str(values.get("token", ""))
