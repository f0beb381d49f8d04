"""The baseline of `http`: the same endpoints on FastAPI and uvicorn.

The same core behind them (accounts, history, limits, and so the same queries), the same models in
front of them, and the same shape of errors; no request ids, no security headers, no metrics and no
log of ours, but uvicorn's own access log. As https://fastapi.tiangolo.com/tutorial/ has it.

SQLite is asked through SQLAlchemy's engine as that comes
(https://docs.sqlalchemy.org/en/21/orm/extensions/asyncio.html); with `own-driver` as an argument
through the product's, which shows what of a ratio is due to that.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Annotated, Any

import uvicorn
from fastapi import Depends, FastAPI, Header, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from api.errors import STATUS, error_body
from api.models import (
    Alive,
    HistoryPage,
    Item,
    LoggedIn,
    Ready,
    RefreshToken,
    Registration,
)
from api.problems import problems
from core.accounts.accounts import Accounts, Caller
from core.config import load_settings
from core.errors import AssistantError, Unauthorized
from core.history.history import History
from core.limits.limits import Limits
from core.storage.database import Database, UnitOfWork
from core.storage.users import User

settings = load_settings()
core = SimpleNamespace()


class _Plain(Database):
    """The product's queries, through SQLAlchemy's engine as it comes."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.engine = create_async_engine(url)

    @asynccontextmanager
    async def read(self, *, once: bool = False) -> AsyncIterator[UnitOfWork]:  # noqa: ARG002 - nothing is to be read twice here
        async with self.engine.connect() as connection:
            yield UnitOfWork(connection)


@asynccontextmanager
async def _core(_app: FastAPI) -> AsyncIterator[None]:
    kind = Database if "own-driver" in sys.argv else _Plain
    core.database = kind(settings.database_url)
    core.accounts = Accounts(settings, core.database)
    core.history = History(core.database)
    core.limits = Limits(settings)
    yield
    await core.database.close()


app = FastAPI(lifespan=_core)


@app.exception_handler(AssistantError)
async def assistant_error(_request: Request, error: AssistantError) -> JSONResponse:
    """An error of the core."""
    return JSONResponse(error_body(error.code, error.message), STATUS[error.code])


@app.exception_handler(RequestValidationError)
async def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
    """A body or query that is not as its model says."""
    told: Any = SimpleNamespace(
        errors=lambda **_: [{**each, "loc": each["loc"][1:]} for each in error.errors()]
    )
    return JSONResponse(error_body("INVALID_INPUT", problems(told)), 400)


async def _anyone(request: Request) -> None:
    await core.limits.count(("anyone", _address(request)))


async def _registering(request: Request) -> None:
    await core.limits.count(("anyone", _address(request)), ("register", _address(request)))


def _address(request: Request) -> str:
    # As the product believes the proxy in front of it.
    return request.headers.get("x-forwarded-for") or (request.client.host if request.client else "")


async def _person(authorization: Annotated[str, Header()] = "") -> User:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthorized("Log in first, and send Authorization: Bearer <access token>.")
    caller: Caller = await core.accounts.caller(token)
    who = str(caller.user.id)
    await core.limits.count(("person", who), ("token", str(caller.session or token)))
    return caller.user


@app.get("/health/live")
async def live() -> Alive:
    """Whether the process runs."""
    return Alive(status="ok")


@app.get("/health/ready")
async def ready() -> Ready:
    """Whether every part is there."""
    async with core.database.engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
    return Ready(status="ok", components={"work": "ok", "database": "ok"})


@app.post("/auth/register", status_code=201, dependencies=[Depends(_registering)])
async def register(given: Registration) -> LoggedIn:
    """A new account."""
    return LoggedIn.of(await core.accounts.register(given.email, given.username, given.password))


@app.post("/auth/logout", status_code=204, dependencies=[Depends(_anyone)])
async def logout(given: RefreshToken) -> Response:
    """Ends a session."""
    await core.accounts.logout(given.refresh_token)
    return Response(status_code=204)


@app.get("/content/history")
async def history(
    person: Annotated[User, Depends(_person)],
    q: Annotated[str, Query(max_length=200)] = "",
    provider: Annotated[str | None, Query(min_length=1, max_length=64)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> HistoryPage:
    """A page of a person's items. Of a strict model FastAPI takes no number in a query."""
    items, cursor = await core.history.rated(person.id, q, provider, limit, cursor)
    return HistoryPage(items=[Item.of(*each) for each in items], next_cursor=cursor)


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]))
