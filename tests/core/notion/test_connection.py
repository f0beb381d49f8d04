import asyncio
import logging
import socket
import time
from collections.abc import AsyncIterator

import pytest

from core.errors import Misconfigured, NotionFailed, RateLimited
from core.notion.client import NotionPages
from core.notion.connection import Connection
from core.notion.pace import Pace
from core.notion.urgency import in_line
from sandbox.notion.errors import RefusedError
from sandbox.notion.hooks import Faults
from sandbox.notion.server import NotionServer

CHILDREN = "/v1/blocks/*/children"


@pytest.fixture
async def connection(notion: NotionServer) -> AsyncIterator[Connection]:
    connection = Connection(notion.token, notion.base_url, Pace("key", 5000, None), patience=3)
    yield connection
    await connection.close()
    await connection.close()


def slow_down(code: str = "rate_limited", **data: str) -> RefusedError:
    return RefusedError(code, "Slow down.", headers={"Retry-After": "1"}, additional_data=data)


def a_page(server: NotionServer) -> dict[str, object]:
    title = {"title": {"title": [{"type": "text", "text": {"content": "T"}}]}}
    return {"parent": {"type": "page_id", "page_id": server.root_page_id}, "properties": title}


@pytest.mark.parametrize("code", ["rate_limited", "service_overload"])
async def test_a_write_that_is_told_to_slow_down_waits_as_long_as_it_is_told(
    connection: Connection, notion: NotionServer, faults: Faults, code: str
) -> None:
    faults.fail("POST", "/v1/pages", slow_down(code))
    before = time.monotonic()
    await connection.write("POST", "pages", a_page(notion))
    assert 1 <= time.monotonic() - before < 2
    assert len(notion.store.pages_under(notion.root_page_id)) == 1


async def test_a_wait_longer_than_the_patience_is_handed_to_the_caller(
    connection: Connection, notion: NotionServer, faults: Faults
) -> None:
    faults.fail(
        "GET", "/v1/users/me", RefusedError("rate_limited", "", headers={"Retry-After": "9"})
    )
    with pytest.raises(RateLimited) as caught:
        await connection.get("users/me")
    assert caught.value.retry_after == 9
    assert len(notion.requests) == 1


async def test_a_blocked_integration_asks_once(
    connection: Connection, notion: NotionServer, faults: Faults
) -> None:
    faults.fail(
        "GET", "/v1/users/me", slow_down(rate_limit_reason="public_api_request_blocked"), times=9
    )
    with pytest.raises(RateLimited, match="blocked"):
        await connection.get("users/me")
    assert len(notion.requests) == 1


async def test_a_read_is_repeated_after_passing_trouble(
    connection: Connection, notion: NotionServer, faults: Faults
) -> None:
    faults.fail("GET", "/v1/users/me", "service_unavailable")
    faults.fail("GET", "/v1/users/me", "internal_server_error")
    faults.drop("GET", "/v1/users/me")
    assert (await connection.get("users/me"))["object"] == "user"
    assert len(notion.requests) == 4


async def test_a_search_is_a_read_though_it_is_a_post(
    connection: Connection, faults: Faults
) -> None:
    faults.fail("POST", "/v1/search", "service_unavailable")
    assert (await connection.ask("search", {}))["results"]


@pytest.mark.parametrize(
    "code", ["internal_server_error", "service_unavailable", "gateway_timeout"]
)
async def test_a_write_is_not_repeated_after_a_server_error(
    connection: Connection, notion: NotionServer, faults: Faults, code: str
) -> None:
    faults.fail("POST", "/v1/pages", code)
    with pytest.raises(NotionFailed) as caught:
        await connection.write("POST", "pages", a_page(notion))
    assert caught.value.unsure
    assert len(notion.requests) == 1


async def test_a_write_whose_connection_breaks_after_the_effect_is_unsure(
    connection: Connection, notion: NotionServer, faults: Faults
) -> None:
    faults.drop("POST", "/v1/pages", after_effect=True)
    with pytest.raises(NotionFailed) as caught:
        await connection.write("POST", "pages", a_page(notion))
    assert caught.value.unsure
    assert len(notion.store.pages_under(notion.root_page_id)) == 1


async def test_a_write_that_is_not_answered_in_time_is_unsure(
    notion: NotionServer, faults: Faults
) -> None:
    faults.delay("POST", "/v1/pages", 2)
    connection = Connection(notion.token, notion.base_url, Pace("key", 5000, None), patience=0.5)
    before = time.monotonic()
    with pytest.raises(NotionFailed) as caught:
        await connection.write("POST", "pages", a_page(notion))
    await connection.close()
    assert caught.value.unsure
    assert time.monotonic() - before < 1.5


async def test_a_read_that_hangs_is_tried_again(connection: Connection, faults: Faults) -> None:
    faults.delay("GET", "/v1/users/me", 10)
    assert (await connection.get("users/me"))["object"] == "user"


async def test_a_write_is_repeated_while_nobody_listens_and_then_sure_to_have_failed() -> None:
    # Bound but not listening: refused, and nobody else can take the port meanwhile.
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    port = taken.getsockname()[1]
    connection = Connection("t", f"http://127.0.0.1:{port}", Pace("key", 5000, None), patience=1)
    with taken, pytest.raises(NotionFailed, match="cannot be reached") as caught:
        await connection.write("POST", "pages", {})
    await connection.close()
    assert not caught.value.unsure
    assert caught.value.retryable


async def test_an_answer_that_is_no_json_is_no_answer() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n<html")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    connection = Connection("t", address, Pace("key", 5000, None), patience=1)
    with pytest.raises(NotionFailed, match="before it answered") as caught:
        await connection.write("POST", "pages", {})
    await connection.close()
    server.close()
    assert caught.value.unsure


@pytest.mark.parametrize("address", ["notion", "ftp://x", "http://localhost:port"])
async def test_an_address_that_is_none_names_the_setting(address: str) -> None:
    connection = Connection("t", address, Pace("key", 5000, None), patience=1)
    with pytest.raises(Misconfigured, match="NOTION_BASE_URL"):
        await connection.get("users/me")


async def test_a_wrong_token_is_said_once_and_shows_in_no_log(
    notion: NotionServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    pages = NotionPages("ntn_wrong", None, notion.base_url)
    with pytest.raises(Misconfigured, match="NOTION_TOKEN"):
        await pages.destination(None)
    await pages.close()
    assert len(notion.requests) == 1
    assert "ntn_wrong" not in caplog.text


async def test_a_budget_that_is_spent_ends_in_rate_limited(notion: NotionServer) -> None:
    connection = Connection(notion.token, notion.base_url, Pace("key", 2, None), patience=1)
    await connection.get("users/me")
    await connection.get("users/me")
    with pytest.raises(RateLimited) as caught:
        await connection.get("users/me")
    await connection.close()
    assert caught.value.retry_after
    assert len(notion.requests) == 2


async def test_a_list_is_read_to_its_end(connection: Connection, notion: NotionServer) -> None:
    for _ in range(3):
        await connection.write("POST", "pages", a_page(notion))
    paragraph = {"object": "block", "type": "paragraph", "paragraph": {"rich_text": []}}
    page = notion.store.pages_under(notion.root_page_id)[0].id
    for _ in range(2):
        body = {"children": [paragraph] * 100}
        await connection.write("PATCH", f"blocks/{page}/children", body)
    found = [block async for block in connection.listed(f"blocks/{page}/children")]
    assert len({block["id"] for block in found}) == 200


@pytest.mark.parametrize(
    ("reason", "seconds", "others"),
    [
        ("public_api_request_rate_limit", "5", False),
        ("public_api_space_request_rate_limit", "900", False),
        ("public_api_endpoint_rate_limit", "5", True),
        ("something_new", "900", True),
    ],
)
async def test_others_ask_nothing_meanwhile_where_the_limit_is_theirs_too(
    notion: NotionServer, faults: Faults, reason: str, seconds: str, *, others: bool
) -> None:
    connection = Connection(notion.token, notion.base_url, Pace("key", 5000, None), patience=1)
    error = RefusedError(
        "rate_limited",
        "Slow down.",
        headers={"Retry-After": seconds},
        additional_data={"rate_limit_reason": reason},
    )
    faults.fail("POST", "/v1/pages", error, times=9)
    with pytest.raises(RateLimited):
        await connection.write("POST", "pages", a_page(notion))
    if others:
        assert await connection.get("users/me")
    else:
        with pytest.raises(RateLimited) as caught:
            await connection.get("users/me")
        assert 0 < (caught.value.retry_after or 0) <= float(seconds)
    assert len(notion.requests) == 1 + others
    await connection.close()


async def test_who_stands_in_line_waits_out_what_notion_asks_for_and_others_ask_nothing(
    notion: NotionServer, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = Connection(notion.token, notion.base_url, Pace("key", 5000, None), patience=0.6)
    faults.fail("POST", "/v1/pages", slow_down())
    monkeypatch.setattr("core.notion.urgency.TOLD_AFTER", 0.1)
    told: list[float] = []
    with in_line(10, told.append):
        writing = asyncio.create_task(connection.write("POST", "pages", a_page(notion)))
        await asyncio.sleep(0.2)
        with in_line(0.1, lambda _: None), pytest.raises(RateLimited):
            await connection.get("users/me")
        assert len(notion.requests) == 1
        await writing
    # Whoever is told to wait, rather than in line, hears of it too.
    assert told[0] == 1
    assert len(notion.store.pages_under(notion.root_page_id)) == 1
    await connection.close()
