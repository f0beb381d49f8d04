"""Clients that hold a connection and send next to nothing are turned away; others are not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from api.app import create_app
from api.server import Runner
from tests.api.small_core import SmallCore

PATIENCE = 0.3
WHOLE = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
HEADS = (
    b"POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 40\r\n\r\n"
)

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def port(core: SmallCore) -> AsyncIterator[int]:
    """Where a server of little patience listens."""
    runner = Runner(create_app(core, patience=PATIENCE), patience=PATIENCE)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


@pytest.fixture
async def connected(port: int) -> AsyncIterator[Connection]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    yield reader, writer
    writer.close()


async def _rest(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(20):
        return await reader.read()


async def _answer(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(20):
        head = await reader.readuntil(b"\r\n\r\n")
        return head + await reader.readexactly(15)


async def test_whoever_sends_nothing_is_turned_away(connected: Connection) -> None:
    assert await _rest(connected[0]) == b""


async def test_whoever_never_ends_the_headers_is_turned_away(connected: Connection) -> None:
    reader, writer = connected
    ended = asyncio.ensure_future(_rest(reader))
    writer.write(b"GET /health/live HTTP/1.1\r\n")
    # Each byte comes well in time; all of them never do.
    while not ended.done():
        writer.write(b"X")
        await asyncio.sleep(PATIENCE / 10)
    assert ended.result() == b""


async def test_so_is_whoever_does_so_after_a_good_request(connected: Connection) -> None:
    reader, writer = connected
    writer.write(WHOLE)
    assert b"200 OK" in await _answer(reader)
    writer.write(WHOLE[:9])
    assert await _rest(reader) == b""


async def test_a_connection_waits_for_its_next_request(connected: Connection) -> None:
    reader, writer = connected
    for _ in range(2):
        writer.write(WHOLE)
        assert b"200 OK" in await _answer(reader)
        await asyncio.sleep(PATIENCE * 1.5)
    assert not reader.at_eof()


async def test_a_body_that_does_not_come_is_given_up(connected: Connection) -> None:
    reader, writer = connected
    writer.write(HEADS + b'{"email"')
    said = await _rest(reader)
    assert said.startswith(b"HTTP/1.1 400 ")
    assert b"The body did not come in time." in said
    assert b"X-Request-ID" in said
