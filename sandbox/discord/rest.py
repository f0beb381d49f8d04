"""The REST API's front: who calls, how often, and which handler answers.

docs.discord.com/developers/reference, /topics/rate-limits
"""

import hashlib
import json
import math
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox.discord.errors import DiscordRefusal, invalid_form
from sandbox.discord.gateway import Gateway
from sandbox.discord.world import World
from sandbox.traffic import Answer, Call, Traffic, public_headers

PREFIX = "/api/v10"
GENEROUS = (10_000, 1.0)

Json = dict[str, Any]


@dataclass
class Rest:
    """One request, read, and the world it acts on."""

    world: World
    gateway: Gateway
    params: dict[str, str]
    query: dict[str, str]
    body: Any
    token: str

    @property
    def form(self) -> Json:
        """The body as an object. Raises DiscordRefusal 50035 when it is none."""
        if not isinstance(self.body, dict):
            text = "Only dictionaries may be used in a DictType"
            raise invalid_form({"_errors": [{"code": "DICT_TYPE_CONVERT", "message": text}]})
        return self.body


Handler = Callable[[Rest], Awaitable[Answer]]


@dataclass(frozen=True)
class Route:
    """A method and path below /api/v10; `open` ones need no bot token."""

    method: str
    path: str
    handler: Handler
    open: bool = False

    @property
    def name(self) -> str:
        """What logs and limits call it, such as `POST /channels/{channel_id}/messages`."""
        return f"{self.method} {self.path}"


async def read_body(world: World, request: web.Request) -> Any:
    """JSON, or a form's `payload_json` with its files as attachments.

    Raises DiscordRefusal 50109 for what is not JSON.
    """
    if request.content_type != "multipart/form-data":
        return _parsed(await request.text() or "{}")
    form = await request.post()
    body = _parsed(str(form.get("payload_json", "{}")))
    files = [value for value in form.values() if isinstance(value, web.FileField)]
    body["attachments"] = [
        world.attach(one.filename, one.file.read(), one.content_type) for one in files
    ]
    return body


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        text = "The request body contains invalid JSON."
        raise DiscordRefusal(400, 50109, text) from None


class Limits:
    """Buckets by route and by channel, guild or webhook. `routes` maps a name to (calls, s).

    `everything` limits all routes together, as Discord's 50 a second does.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.routes: dict[str, tuple[int, float]] = {}
        self.everything: tuple[int, float] | None = None
        self._spent: dict[str, deque[float]] = {}

    def spend(self, route: Route, params: dict[str, str]) -> tuple[dict[str, str], Answer | None]:
        """The headers every answer carries, and the 429 when the bucket is empty."""
        names = ("channel_id", "guild_id", "webhook_id", "webhook_token")
        major = ":".join(params.get(name, "") for name in names)
        if self.everything and (wait := self._take("everything", self.everything)):
            return {}, _limited(wait, "global", {})
        limit = self.routes.get(route.name, GENEROUS)
        wait = self._take(f"{route.name}:{major}", limit)
        spent = self._spent[f"{route.name}:{major}"]
        now = self.clock()
        reset = max(0.0, spent[0] + limit[1] - now) if spent else 0.0
        bucket = hashlib.sha256(route.name.encode()).hexdigest()[:32]
        headers = {
            "X-RateLimit-Limit": str(limit[0]),
            "X-RateLimit-Remaining": str(limit[0] - len(spent)),
            "X-RateLimit-Reset": f"{now + reset:.3f}",
            "X-RateLimit-Reset-After": f"{reset:.3f}",
            "X-RateLimit-Bucket": bucket,
        }
        return headers, _limited(wait, "user", headers) if wait else None

    def _take(self, key: str, limit: tuple[int, float]) -> float:
        now, (allowed, seconds) = self.clock(), limit
        spent = self._spent.setdefault(key, deque())
        while spent and now - spent[0] >= seconds:
            spent.popleft()
        if len(spent) >= allowed:
            return max(0.001, spent[0] + seconds - now)
        spent.append(now)
        return 0.0


def _limited(wait: float, scope: str, headers: dict[str, str]) -> Answer:
    body = {
        "message": "You are being rate limited.",
        "retry_after": round(wait, 3),
        "global": scope == "global",
        "code": 0,
    }
    # discord.py takes a 429 without Via for a ban at the edge and gives up.
    sent = {**headers, "Via": "1.1 google", "Retry-After": str(math.ceil(wait))}
    sent["X-RateLimit-Scope"] = scope
    if scope == "global":
        sent["X-RateLimit-Global"] = "true"
    return Answer(body, 429, sent)


class Front:
    """Puts routes on an application, each behind log, hooks, token and limits."""

    def __init__(self, world: World, gateway: Gateway, traffic: Traffic, token: str) -> None:
        self.world = world
        self.gateway = gateway
        self.traffic = traffic
        self.token = token
        self.limits = Limits(world.clock)

    def mount(self, app: web.Application, routes: list[Route]) -> None:
        """Adds the routes; everything else below the prefix is 404 with code 0."""
        for route in routes:
            app.router.add_route(route.method, PREFIX + route.path, self._handler(route))

        async def nothing(_rest: Rest) -> Answer:
            raise DiscordRefusal(404, 0, "404: Not Found")

        nowhere = Route("*", "/{rest:.*}", nothing, open=True)
        app.router.add_route("*", PREFIX + nowhere.path, self._handler(nowhere))

    def _handler(self, route: Route) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            refused: DiscordRefusal | None = None
            try:
                body = await read_body(self.world, request)
            except DiscordRefusal as refusal:
                body, refused = {}, refusal
            rest = Rest(
                self.world,
                self.gateway,
                dict(request.match_info),
                dict(request.query),
                body,
                request.headers.get("Authorization", ""),
            )
            logged = body if isinstance(body, dict) else {"items": body}
            headers, at = public_headers(request), self.world.clock()
            call = Call(route.name, request.path, logged, headers, at)
            return await self.traffic.serve(
                request, call, lambda: self._answer(route, rest, refused)
            )

        return handle

    async def _answer(self, route: Route, rest: Rest, refused: DiscordRefusal | None) -> Answer:
        headers, limited = self.limits.spend(route, rest.params)
        if limited:
            return limited
        try:
            if not route.open and rest.token != f"Bot {self.token}":
                raise DiscordRefusal(401, 0, "401: Unauthorized")
            if refused:
                raise refused
            answer = await route.handler(rest)
        except DiscordRefusal as refusal:
            return Answer(refusal.payload(), refusal.status, headers)
        return Answer(answer.payload, answer.status, {**headers, **answer.headers})
