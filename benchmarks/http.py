"""`http`: requests a second, against the same endpoints on FastAPI and uvicorn.

All serve the same SQLite file, in turns; sixteen connections ask without a pause. uvicorn runs as
its package comes, on asyncio and h11; the product on asyncio and aiohttp's parser. FastAPI asks the
database through SQLAlchemy as that comes, and, which is told too, through the product's own driver:
what is left of the ratio then is due to HTTP alone. Limits count by
address and by person, so each request comes of another address, by X-Forwarded-For, and by one of
many people.

Then the product alone: how long other requests take while fifty logins hash passwords.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count, cycle
from pathlib import Path
from statistics import median
from typing import Self
from uuid import uuid4

from benchmarks.measure import Fact, Facts, Printed, Series, Size
from benchmarks.processes import PRODUCT, running
from core.accounts.accounts import Accounts
from core.config import Settings
from core.storage.content import Written
from core.storage.database import Database
from core.storage.migrate import migrate

FULL = Size(rounds=15, repeats=300)
BARE = ("-m", "benchmarks.bare_fastapi")
DRIVEN = (*BARE, "own-driver")
GOAL = 1.5
CONNECTIONS = 16
PEOPLE = 60
ITEMS = 20
LOGINS = 50
SLOWER = 2.0
ARRIVED = 0.5
"""Seconds after which all logins have come and hash: their coming is work like any other."""
PASSWORD = "a-wombat-reads-maps"
PUBLIC_URL = "https://benchmark.example"
SECRET_KEY = "k" * 40

_NUMBERS = count(1)


@dataclass(slots=True)
class Endpoint:
    """What is asked, as bytes, another address and person each time; and what has to come."""

    name: str
    method: str
    path: str
    status: int
    body: bytes = b""
    tokens: Iterator[str] = field(default_factory=lambda: cycle([""]))

    def next(self) -> bytes:
        """One request."""
        number = next(_NUMBERS)
        lines = [
            f"{self.method} {self.path} HTTP/1.1",
            "Host: 127.0.0.1",
            "Accept: application/json",
            f"X-Forwarded-For: 203.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
        ]
        if token := next(self.tokens):
            lines.append(f"Authorization: Bearer {token}")
        if self.body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(self.body)}"]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body


class Client(asyncio.Protocol):
    """One connection, one request at a time, on a bare socket."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport
        self._answered: asyncio.Future[bytes]
        self._buffer = b""

    @classmethod
    async def to(cls, port: int) -> Self:
        """Connects."""
        _, made = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return made

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol. Answers have a length, or no body."""
        self._buffer += data
        head, end, body = self._buffer.partition(b"\r\n\r\n")
        if not end or self._answered.done():
            return
        before, found, after = head.lower().partition(b"content-length:")
        length = int(after.partition(b"\r\n")[0]) if found else 0
        if len(body) >= length:
            self._answered.set_result(before)

    def connection_lost(self, error: Exception | None) -> None:
        """See asyncio.Protocol."""
        if hasattr(self, "_answered") and not self._answered.done():
            self._answered.set_exception(error or ConnectionError("the server hung up"))

    async def ask(self, request: bytes, status: int) -> float:
        """Seconds until the whole answer is there. Raises RuntimeError for another status."""
        self._answered, self._buffer = asyncio.get_running_loop().create_future(), b""
        began = time.perf_counter()
        self._transport.write(request)
        head = await self._answered
        took = time.perf_counter() - began
        if int(head.split(b" ", 2)[1]) != status:
            msg = f"not {status}: {self._buffer[:500]!r}"
            raise RuntimeError(msg)
        return took

    def close(self) -> None:
        """Hangs up."""
        self._transport.close()


@asynccontextmanager
async def clients(port: int, number: int) -> AsyncIterator[list[Client]]:
    """So many open connections."""
    made = [await Client.to(port) for _ in range(number)]
    try:
        yield made
    finally:
        for each in made:
            each.close()


async def load(to: list[Client], endpoint: Endpoint, times: int) -> tuple[float, list[float]]:
    """Requests a second, and how long each took, of so many in all."""
    left = iter(range(times))

    async def without_a_pause(client: Client) -> list[float]:
        return [await client.ask(endpoint.next(), endpoint.status) for _ in left]

    began = time.perf_counter()
    took = await asyncio.gather(*map(without_a_pause, to))
    return times / (time.perf_counter() - began), [each for one in took for each in one]


@dataclass(slots=True)
class Rates:
    """One system's requests a second, round by round, and how long each request took."""

    name: str
    rates: list[float] = field(default_factory=list)
    took: Series = field(default_factory=lambda: Series(""))

    def add(self, measured: tuple[float, list[float]]) -> None:
        """One more round."""
        self.rates.append(measured[0])
        self.took.add(measured[1])

    def told(self) -> str:
        """One line."""
        return (
            f"  {self.name:<24} {median(self.rates):8.0f} a second   "
            f"p99 {1000 * self.took.p99:8.1f} ms   "
            f"noise {min(self.rates):.0f}–{max(self.rates):.0f}"
        )


@dataclass(slots=True)
class Throughput:
    """One endpoint on each."""

    name: str
    ours: Rates = field(default_factory=lambda: Rates("Notion Assistant"))
    bare: Rates = field(default_factory=lambda: Rates("FastAPI with uvicorn"))
    driven: Rates = field(default_factory=lambda: Rates("the same, our driver"))

    def print(self) -> None:
        """All, their ratios, and whether the goal is reached."""
        ratios, to_driven = self._ratios(self.bare), self._ratios(self.driven)
        verdict = "reached" if median(ratios) >= GOAL else "MISSED"
        print(self.name)
        print(self.ours.told())
        print(self.bare.told())
        print(self.driven.told())
        print(f"  {'ratio':<24} {median(ratios):.2f}×   noise {min(ratios):.2f}–{max(ratios):.2f}×")
        print(f"  {'goal':<24} ratio at least {GOAL}×: {verdict}")
        print(f"  {'ratio, our driver':<24} {median(to_driven):.2f}×\n", flush=True)

    def _ratios(self, other: Rates) -> list[float]:
        return [a / b for a, b in zip(self.ours.rates, other.rates, strict=True)]


async def measure(size: Size, directory: Path) -> list[Printed]:
    """Measures all in turns, then ours while logins hash."""
    database = directory / "data/notion-assistant.db"
    settings = {
        "DATABASE_URL": f"sqlite+aiosqlite:///{database}",
        "PUBLIC_URL": PUBLIC_URL,
        "SECRET_KEY": SECRET_KEY,
        "LOG_FORMAT": "json",
    }
    tokens = await _people(settings["DATABASE_URL"], 3 if size.small else PEOPLE)
    async with (
        running(PRODUCT, directory, settings, "/health/ready") as ours,
        running(BARE, directory / "bare", settings, "/health/ready") as bare,
        running(DRIVEN, directory / "driven", settings, "/health/ready") as driven,
        clients(ours, CONNECTIONS) as to_ours,
        clients(bare, CONNECTIONS) as to_bare,
        clients(driven, CONNECTIONS) as to_driven,
    ):
        found: list[Printed] = []
        for endpoint in _endpoints(tokens):
            one = Throughput(f"http: {endpoint.name}")
            times = 20 if size.small else _times(endpoint, size.repeats)
            for number in range(-size.warming, size.rounds):
                for rates, to in (
                    (one.ours, to_ours),
                    (one.bare, to_bare),
                    (one.driven, to_driven),
                ):
                    measured = await load(to, endpoint, times)
                    if number >= 0:
                        rates.add(measured)
            found.append(one)
        found.append(await _while_hashing(ours, size))
    return found


def _times(endpoint: Endpoint, repeats: int) -> int:
    # Of one person 300 a minute are taken; a turn of all takes some seconds.
    return repeats // 3 if endpoint.path.startswith("/content") else repeats


def _endpoints(tokens: list[str]) -> list[Endpoint]:
    token = json.dumps({"refresh_token": "8l1Wq0zVv6m0Jd3GmB7Rk2oYwX5uT9cFhNpS4eAiKjE"}).encode()
    wrong = json.dumps({"email": 5, "username": "ada", "more": 1}).encode()
    return [
        Endpoint("GET /health/live", "GET", "/health/live", 200),
        Endpoint("GET /health/ready, which asks the database", "GET", "/health/ready", 200),
        Endpoint("POST /auth/register of what is invalid", "POST", "/auth/register", 400, wrong),
        Endpoint("POST /auth/logout, which asks the database", "POST", "/auth/logout", 204, token),
        Endpoint(
            f"GET /content/history, {ITEMS} items, with a token",
            "GET",
            f"/content/history?limit={ITEMS}",
            200,
            tokens=cycle(tokens),
        ),
    ]


async def _people(url: str, number: int) -> list[str]:
    """Makes so many people, each with some items and an access token."""
    settings = Settings(
        _env_file=None, database_url=url, public_url=PUBLIC_URL, secret_key=SECRET_KEY
    )
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database_url)
    await migrate(database)
    accounts, tokens = Accounts(settings, database, cost=4), []
    for one in range(number):
        session = await accounts.register(f"p{one}@example.com", f"person{one}", PASSWORD)
        tokens.append(session.access_token)
        async with database.begin() as unit:
            for item in (uuid4() for _ in range(ITEMS + 1)):
                await unit.content.begin(item, session.user.id, "a launch checklist", None)
                text = "# Launch checklist\n\n" + "- [ ] Store listing\n" * 20
                await unit.content.finish(item, Written(text, "openai", "m", None, 12, 420))
    await database.close()
    return tokens


async def _while_hashing(port: int, size: Size) -> Facts:
    """How long other requests take while many log in, against nothing else going on."""
    other = Endpoint("", "GET", "/health/ready", 200)
    # Nobody's account takes as long as anybody's.
    body = json.dumps({"email": f"{uuid4()}@example.com", "password": PASSWORD}).encode()
    login = Endpoint("", "POST", "/auth/login", 401, body)
    idle, busy = Series("idle"), Series("busy")
    logins = 4 if size.small else LOGINS
    async with clients(port, logins) as many, clients(port, 1) as [alone]:
        for _ in range(min(size.rounds, 3)):
            idle.add(
                await _asked_now_and_then(alone, other, lambda: False, 20 if size.small else 400)
            )
            # Another account each time: wrong passwords are counted by account.
            hashing = asyncio.gather(*(_logged_in(each, login) for each in many))
            await asyncio.sleep(0.1 if size.small else ARRIVED)
            busy.add(await _asked_now_and_then(alone, other, hashing.done, 100_000))
            await hashing
    ratio = busy.p99 / idle.p99
    return Facts(
        f"http: GET /health/ready while {logins} logins hash their passwords",
        [
            Fact("nothing else", f"median {_ms(idle.median)}   p99 {_ms(idle.p99)}"),
            Fact("while they hash", f"median {_ms(busy.median)}   p99 {_ms(busy.p99)}"),
            Fact("p99", f"{ratio:.2f}×, at most {SLOWER:g}×", ratio <= SLOWER),
        ],
    )


async def _logged_in(client: Client, login: Endpoint) -> float:
    body = json.dumps({"email": f"{uuid4()}@example.com", "password": PASSWORD}).encode()
    one = Endpoint(login.name, login.method, login.path, login.status, body)
    return await client.ask(one.next(), login.status)


async def _asked_now_and_then(
    client: Client, endpoint: Endpoint, is_over: Callable[[], bool], most: int
) -> list[float]:
    took = []
    for _ in range(most):
        took.append(await client.ask(endpoint.next(), endpoint.status))
        await asyncio.sleep(0.005)
        if is_over():
            break
    return took


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.1f} ms"
