"""One endpoint: what it takes and answers, who may ask, and how often.

The same description checks every request and writes `/openapi.json`, so the two cannot differ.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID, uuid4

from aiohttp import web
from pydantic import ValidationError

from api import etags, idempotency, session
from api.address import client_address
from api.errors import Handler
from api.headers import accepts
from api.keys import CORE, Core
from api.models import Model, Nothing
from api.pacing import pace
from api.problems import problems
from core.accounts.accounts import Caller
from core.errors import Forbidden, InvalidInput, NotFound, Unauthorized
from core.storage.users import User

LARGEST_BODY = 256 * 1024
"""Bytes: 20,000 characters of prompt, each written as a JSON escape, and the rest of the body."""

_NEW_ID = web.RequestKey("id of what is asked for", UUID)

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Asked(Generic[M]):
    """One request: who asks, and what for.

    `known_id` is the id of what they ask for, where it has one already: that of the first request
    with the same Idempotency-Key and body. `is_first` is whether it is the first use of that key,
    and of none. `caller` is by what they ask.
    """

    request: web.Request
    core: Core
    given: M
    user: User | None = None
    claim: idempotency.Claim | None = None
    known_id: UUID | None = None
    is_first: bool = True
    caller: Caller | None = None

    @property
    def request_id(self) -> UUID:
        """The id of what they ask for: a new one, unless it has one already."""
        if self.known_id is not None:
            return self.known_id
        if _NEW_ID not in self.request:
            self.request[_NEW_ID] = uuid4()
        return self.request[_NEW_ID]

    @property
    def person(self) -> User:
        """Who asks. Raises Unauthorized where that is not known."""
        if self.user is None:
            raise Unauthorized("Log in first, and send Authorization: Bearer <access token>.")
        return self.user

    @property
    def id(self) -> UUID:
        """The id in the path. Raises NotFound where it is none."""
        try:
            return UUID(self.request.match_info["id"])
        except ValueError:
            raise NotFound("There is no such item in your history.") from None

    @property
    def address(self) -> str:
        """Where they ask from."""
        return client_address(self.request)

    @property
    def session(self) -> UUID | None:
        """The session they ask in; None for a token."""
        return self.caller.session if self.caller else None

    def need(self, scope: str) -> None:
        """Raises Forbidden where they ask with a personal token that was not made for this too."""
        if self.caller is not None:
            _allow(self.caller, scope)

    def may(self, scope: str) -> bool:
        """Whether they ask with a session, or with a token that was made for this too."""
        try:
            self.need(scope)
        except Forbidden:
            return False
        return True

    async def begin_anew(self) -> None:
        """Has a repeat with the same Idempotency-Key be a new request."""
        if self.claim is not None:
            await self.claim.release(self.core.database, self.request_id)


Answered = Model | web.StreamResponse | None


@dataclass(frozen=True, slots=True)
class Operation(Generic[M]):
    """What an endpoint is.

    `takes` is its JSON body, or for GET its query. `answer` is what it answers: a model, or a
    media type, of which `example` is one; None is 204. `also` are examples of other media types
    it can answer in. `errors` are codes besides those that follow from the rest. `rule` is the
    limit it counts against, by person, or by address where nobody need log in. `check` raises
    InvalidInput for what its model lets through and this server does not know. `keyed` is how
    an Idempotency-Key is honoured: "sealed" keeps the first answer, encrypted; "request" makes
    the same request of it, and the core keeps that. `scope` is what a personal token must have;
    None: no such token may ask. `admin`: only admins. `resumed` answers go on after the
    `Last-Event-ID` that is sent; 204 where that was the last. `tagged` answers carry an ETag;
    before a change, `state` reads what an If-Match is compared with. `leads` are paths whose id
    is the id that is answered.
    `browser` answers a browser that asks for a page and shows no token.
    """

    takes: type[M]
    summary: str
    answer: type[Model] | str | None = None
    status: int = 200
    example: str = ""
    also: Mapping[str, str] = field(default_factory=dict)
    errors: tuple[str, ...] = ()
    secured: bool = True
    scope: str | None = None
    admin: bool = False
    rule: str | None = "person"
    check: Callable[[Core, M], None] | None = None
    keyed: Literal["sealed", "request"] | None = None
    resumed: bool = False
    tagged: bool = False
    state: Callable[[Asked[Any]], Awaitable[Answered]] | None = None
    leads: tuple[str, ...] = ()
    browser: Handler | None = None


@dataclass(frozen=True, slots=True)
class Endpoint(Generic[M]):
    """An operation and the function that carries it out."""

    operation: Operation[M]
    run: Callable[[Asked[M]], Awaitable[Answered]]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answers a request: who, how often, what, and then the answer."""
        operation = self.operation
        if operation.browser is not None and is_browser(request):
            return await operation.browser(request)
        core = request.app[CORE]
        caller = await _caller(request) if operation.secured else None
        if operation.rule is not None:
            await pace(request, operation.rule, caller)
        if caller is not None:
            _allow(caller, operation.scope)
            if operation.admin and caller.user.role != "admin":
                raise Forbidden("Only an admin of this server may do this.")
        given = await _given(request, operation)
        if operation.check is not None:
            operation.check(core, given)
        asked = Asked(request, core, given, caller.user if caller else None, caller=caller)
        if operation.state is not None and etags.has_condition(request):
            etags.check(request, _written(await operation.state(asked)))
        key = idempotency.key_of(request) if operation.keyed else None
        if key is None:
            return self._response(asked, await self.run(asked))
        claim = idempotency.Claim.of(core.settings, request, key, _scope(asked), given)
        if operation.keyed == "request":
            request_id, is_first = await claim.request_id(core.database)
            asked = replace(asked, claim=claim, known_id=request_id, is_first=is_first)
            return self._response(asked, await self.run(asked))
        first = await claim.first_answer(core.database, lambda: self._text(asked))
        return _json(first, operation.status)

    async def _text(self, asked: Asked[M]) -> str:
        return _written(await self.run(asked))

    def _response(self, asked: Asked[M], answered: Answered) -> web.StreamResponse:
        if isinstance(answered, web.StreamResponse):
            return answered
        if self.operation.tagged:
            return etags.tagged(asked.request, _written(answered), self.operation.status)
        return _json(_written(answered), self.operation.status)


def endpoint(
    operation: Operation[M],
) -> Callable[[Callable[[Asked[M]], Awaitable[Answered]]], Endpoint[M]]:
    """Makes an endpoint of a function."""

    def made(run: Callable[[Asked[M]], Awaitable[Answered]]) -> Endpoint[M]:
        return Endpoint(operation, run)

    return made


def is_browser(request: web.Request) -> bool:
    """Whether a browser asks for a page, rather than a program for JSON."""
    return "Authorization" not in request.headers and accepts(request, "text/html")


async def person_of(request: web.Request) -> User:
    """Who asks. Raises Unauthorized where that is not known."""
    return (await _caller(request)).user


async def _caller(request: web.Request) -> Caller:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    core = request.app[CORE]
    try:
        if "Authorization" not in request.headers and session.is_shown(request):
            return await session.caller(request)
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthorized("Log in first, and send Authorization: Bearer <access token>.")
        return await core.accounts.caller(token.strip())
    except Unauthorized:
        await core.limits.hit("anyone", client_address(request))
        raise


def _allow(caller: Caller, scope: str | None) -> None:
    """Raises Forbidden where a personal token was not made for this."""
    if caller.scopes is None or scope in caller.scopes:
        return
    if scope is None:
        raise Forbidden("No personal token may do this. Log in, and use an access token.")
    raise Forbidden(f"This token has not the scope {scope}. Make one that has it.")


def _scope(asked: Asked[M]) -> str:
    return f"person {asked.user.id}" if asked.user else f"address {asked.address}"


async def _given(request: web.Request, operation: Operation[M]) -> M:
    """What was sent, checked. Raises InvalidInput, naming each field and its problem.

    A probe's query is not looked at: those who probe add what they like.
    """
    takes, reads = operation.takes, request.method in ("GET", "HEAD")
    try:
        if operation.rule is not None and not (reads and takes is not Nothing):
            Nothing.model_validate_strings(_query(request))
        if takes is Nothing:
            if request.method == "POST" and request.content_type == "application/json":
                takes.model_validate_json(await _body(request))
            return takes()
        if reads:
            return takes.model_validate_strings(_query(request))
        return takes.model_validate_json(await _body(request))
    except ValidationError as error:
        raise InvalidInput(problems(error)) from None


def _query(request: web.Request) -> dict[str, str]:
    given = request.query
    for name in given:
        if len(given.getall(name)) > 1:
            # Which of them counts is a guess, and a proxy in front may guess otherwise.
            raise InvalidInput(f"{name[:64]}: give it once.")
    return dict(given)


async def _body(request: web.Request) -> bytes:
    _check_length(request.content_length or 0)
    body = await request.read()
    _check_length(len(body))
    if body and request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType
    return body or b"{}"


def _check_length(length: int) -> None:
    if length > LARGEST_BODY:
        raise web.HTTPRequestEntityTooLarge(LARGEST_BODY, length)


def _written(answered: Answered) -> str:
    return answered.model_dump_json() if isinstance(answered, Model) else ""


def _json(text: str, status: int) -> web.Response:
    if not text:
        return web.Response(status=204)
    return web.Response(text=text, status=status, content_type="application/json")


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """A method and path, and what answers there."""

    method: str
    path: str
    endpoint: Endpoint[Any]


ROUTES: web.AppKey[tuple[Route, ...]] = web.AppKey("routes")
"""What an application serves, for its specification to be written from."""
