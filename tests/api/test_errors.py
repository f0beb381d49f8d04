"""Every error in one shape, whoever raises it, and what every answer carries."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from structlog.testing import capture_logs

from api.endpoint import Route
from api.errors import STATUS
from api.routes import ROUTES
from core.config import Settings
from core.limits.limits import Limits, Rule, Rules
from core.mail.post import SHOWN
from tests.api.conftest import Start
from tests.api.small_core import PASSWORD, SmallCore

Headers = dict[str, str]
JSON = {"Content-Type": "application/json"}


async def _refused(response: Any, status: int, code: str) -> str:
    text = await response.text()
    assert response.status == status, text
    assert response.content_type == "application/json"
    error = json.loads(text)
    assert (error["status"], error["code"]) == (status, code)
    assert set(error) == {"detail", "status", "code"}
    assert error["detail"]
    assert response.headers["X-Request-ID"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    return str(error["detail"])


@pytest.mark.parametrize("path", ["/nope", "/auth", "/auth/me/", "/static/../app.py", "/static/x"])
async def test_an_unknown_path_is_not_found(client: TestClient, path: str):
    await _refused(await client.get(path), 404, "NOT_FOUND")


async def test_a_wrong_method_is_told_which_ones_there_are(client: TestClient):
    response = await client.put("/auth/me")
    await _refused(response, 405, "METHOD_NOT_ALLOWED")
    assert response.headers["Allow"] == "DELETE,GET,HEAD,PATCH"
    for method, path, allowed in (
        ("GET", "/content/generate", "POST"),
        ("DELETE", "/content/generate", "POST"),
        ("DELETE", "/content/history", "GET,HEAD"),
        ("DELETE", "/content/export", "GET,HEAD"),
        ("POST", "/content/exports", "DELETE,GET,HEAD"),
    ):
        response = await client.request(method, path)
        await _refused(response, 405, "METHOD_NOT_ALLOWED")
        assert response.headers["Allow"] == allowed


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nonsense",
        b'{"email": }',
        b"\xff\xfe{}",
        b'{"email": "\xff"}',
        b"[" * 100_000,
        b'{"email": ' * 20_000,
        b'{"email": "\\ud800"}',
        b"\xef\xbb\xbf{}",
        b'{"email": NaN}',
        b'{"email": 1' + b"0" * 5000 + b"}",
    ],
)
async def test_a_body_that_is_no_json_is_refused(client: TestClient, body: bytes):
    for path in ("/auth/register", "/auth/login", "/auth/refresh"):
        response = await client.post(path, data=body, headers=JSON)
        await _refused(response, 400, "INVALID_INPUT")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "x"])
async def test_a_body_of_another_type_is_refused(client: TestClient, kind: str):
    response = await client.post("/auth/login", data=b"{}", headers={"Content-Type": kind})
    await _refused(response, 415, "UNSUPPORTED_MEDIA_TYPE")


async def test_a_charset_beside_the_type_changes_nothing(client: TestClient):
    headers = {"Content-Type": "application/json; charset=utf-8"}
    response = await client.post("/auth/login", data=b"{}", headers=headers)
    await _refused(response, 400, "INVALID_INPUT")


@pytest.mark.parametrize("size", [256 * 1024 + 1, 2 * 1024 * 1024])
async def test_a_body_that_is_too_large_is_refused(client: TestClient, size: int):
    body = b'{"email": "' + b"x" * size + b'"}'
    response = await client.post("/auth/login", data=io.BytesIO(body), headers=JSON)
    await _refused(response, 413, "PAYLOAD_TOO_LARGE")


async def test_a_body_that_is_too_large_is_refused_though_its_length_was_not_told(
    client: TestClient,
):
    async def pieces() -> Any:
        for _ in range(40):
            yield b"x" * 65_536

    response = await client.post("/auth/login", data=pieces(), headers=JSON)
    await _refused(response, 413, "PAYLOAD_TOO_LARGE")


async def test_a_body_that_swells_when_unpacked_is_refused(client: TestClient):
    packed = gzip.compress(b" " * 50_000_000)
    headers = JSON | {"Content-Encoding": "gzip"}
    response = await client.post("/auth/login", data=packed, headers=headers)
    assert response.status in (400, 413)
    assert (await response.json())["code"] in ("INVALID_INPUT", "PAYLOAD_TOO_LARGE")


async def test_a_body_that_is_not_encoded_as_it_says_is_refused(
    client: TestClient, caplog: pytest.LogCaptureFixture
):
    headers = JSON | {"Content-Encoding": "gzip"}
    for data in (b"no gzip at all", b"no gzip at all" * 5000):
        response = await client.post("/auth/login", data=data, headers=headers)
        await _refused(response, 400, "INVALID_INPUT")
        assert response.headers["Connection"] == "close"
    assert "Traceback" not in caplog.text


async def _raw(client: TestClient, data: bytes) -> tuple[int, dict[str, str], bytes]:
    """Sends bytes as they are, and reads one answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", client.server.port)
    try:
        async with asyncio.timeout(30):
            writer.write(data)
            await writer.drain()
            first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(line.split(": ", 1) for line in lines if line)
            body = await reader.readexactly(int(headers["Content-Length"]))
    finally:
        writer.close()
        await writer.wait_closed()
    return int(first.split()[1]), headers, body


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
        b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nExpect: wonders\r\n\r\n",
        b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
async def test_even_a_malformed_request_gets_an_error_in_our_shape(
    client: TestClient, data: bytes, caplog: pytest.LogCaptureFixture
):
    with capture_logs() as logs:
        status, headers, body = await _raw(client, data)
        async with asyncio.timeout(30):
            while not logs:  # noqa: ASYNC110 - it is written after the answer
                await asyncio.sleep(0.01)
    assert "Traceback" not in caplog.text
    [line] = logs
    assert line["log_level"] == "info"
    assert headers["X-Request-ID"] in str(line)
    assert not line.get("exc_info")
    assert status == 400
    assert json.loads(body)["code"] == "INVALID_INPUT"
    assert headers["X-Request-ID"]
    assert headers["Content-Type"].startswith("application/json")


async def test_a_crash_is_logged_with_its_id_and_tells_nothing(start: Start):
    async def crashes(_request: web.Request) -> web.Response:
        raise KeyError("a secret detail")

    client = await start(mounts=[("POST", "/slack/events", crashes)])
    with capture_logs() as logs:
        response = await client.post("/slack/events?token=hidden", headers={"X-Request-ID": "r-1"})
    detail = await _refused(response, 500, "INTERNAL")
    assert "secret" not in detail
    assert response.headers["X-Request-ID"] == "r-1"
    crash = next(line for line in logs if line["event"] == "a request crashed")
    assert crash["exc_info"]
    assert "hidden" not in str(logs)


async def test_what_is_mounted_has_our_errors_and_our_request_id(start: Start):
    async def forbids(_request: web.Request) -> web.Response:
        raise web.HTTPForbidden(text="<b>plain</b>")

    async def page(_request: web.Request) -> web.Response:
        return web.Response(text="page", headers={"Content-Security-Policy": "default-src 'self'"})

    pages = web.Application()
    pages.router.add_get("/", page)
    pages.router.add_get("/no", forbids)
    client = await start(mounts=[("GET", "/x", forbids)], subapps={"/sandbox/notion": pages})
    await _refused(await client.get("/x"), 403, "FORBIDDEN")
    await _refused(await client.get("/sandbox/notion/no"), 403, "FORBIDDEN")
    await _refused(await client.get("/sandbox/notion/nothing"), 404, "NOT_FOUND")
    response = await client.get("/sandbox/notion/")
    assert response.headers["Content-Security-Policy"] == "default-src 'self'"
    assert response.headers["X-Request-ID"]


@pytest.mark.parametrize(
    ("offered", "kept"),
    [
        ("abc-1.2_Z", True),
        ("x" * 128, True),
        ("x" * 129, False),
        ("a b", False),
        ("a\tb", False),
        ("ä", False),
        ("", False),
    ],
)
async def test_a_sane_request_id_is_kept_and_any_other_replaced(
    client: TestClient, offered: str, kept: bool
):
    response = await client.get("/health/live", headers={"X-Request-ID": offered})
    given = response.headers["X-Request-ID"]
    assert (given == offered) == kept
    assert given


async def test_no_log_line_holds_a_password_or_a_token(client: TestClient):
    body = {"email": "ada@example.com", "username": "ada", "password": PASSWORD}
    with capture_logs() as logs:
        session = await (await client.post("/auth/register", json=body)).json()
        headers = {"Authorization": f"Bearer {session['access_token']}"}
        await client.get("/content/history?q=private-words", headers=headers)
        await client.post("/auth/login", json=body)
    # On somebody's own machine, with no mail server, the log is where letters arrive.
    told = str([line for line in logs if line["event"] != SHOWN])
    for secret in (
        PASSWORD,
        session["access_token"],
        session["refresh_token"],
        "private-words",
        "ada@example.com",
    ):
        assert secret not in told


async def test_head_answers_like_get_without_a_body(client: TestClient):
    response = await client.head("/health/live")
    assert (response.status, await response.read()) == (200, b"")


async def test_head_of_an_export_leaves_the_connection_as_it_was(client: TestClient, ada: Headers):
    await client.post("/content/generate", headers=ada, json={"prompt": "x"})
    token = f"Authorization: {ada['Authorization']}\r\n".encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", client.server.port)
    try:
        async with asyncio.timeout(30):
            writer.write(b"HEAD /content/export HTTP/1.1\r\nHost: x\r\n" + token + b"\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            writer.write(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            then = await reader.readuntil(b"\r\n\r\n")
    finally:
        writer.close()
        await writer.wait_closed()
    assert head.startswith(b"HTTP/1.1 200")
    assert b"application/jsonl" in head
    assert then.startswith(b"HTTP/1.1 200")


async def test_options_tells_the_methods(client: TestClient):
    response = await client.options("/auth/me")
    assert (response.status, response.headers["Allow"]) == (204, "DELETE,GET,HEAD,OPTIONS,PATCH")
    await _refused(await client.options("/nope"), 404, "NOT_FOUND")


@pytest.fixture
async def shared(core: SmallCore, settings: Settings, start: Start) -> TestClient:
    core.settings = settings.model_copy(update={"cors_origins": ("https://app.example",)})
    return await start()


PREFLIGHT = {
    "Origin": "https://app.example",
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
}


async def test_an_allowed_origin_may_call_and_read_errors(shared: TestClient):
    preflight = await shared.options("/content/generate", headers=PREFLIGHT)
    assert preflight.status == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == "https://app.example"
    assert "IDEMPOTENCY-KEY" in preflight.headers["Access-Control-Allow-Headers"].upper()
    for path in ("/health/live", "/auth/me", "/nope"):
        response = await shared.get(path, headers={"Origin": "https://app.example"})
        assert response.headers["Access-Control-Allow-Origin"] == "https://app.example"
        assert "X-Request-ID" in response.headers["Access-Control-Expose-Headers"]
        assert response.headers["Vary"] == "Origin"


async def test_another_origin_is_told_nothing(shared: TestClient):
    headers = PREFLIGHT | {"Origin": "https://evil.example"}
    preflight = await shared.options("/content/generate", headers=headers)
    await _refused(preflight, 403, "FORBIDDEN")
    assert "CORS_ORIGINS" in (await preflight.json())["detail"]
    response = await shared.get("/health/live", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in response.headers
    plain = await shared.options("/content/generate")
    assert (plain.status, "POST" in plain.headers["Allow"]) == (204, True)


async def test_whoever_is_named_may_come_with_a_session_and_everybody_may_not(
    start: Start, core: SmallCore, settings: Settings
):
    for origins, allowed in ((("https://app.example",), "true"), (("*",), None)):
        core.settings = settings.model_copy(update={"cors_origins": origins})
        shared = await start()
        preflight = await shared.options("/auth/me", headers=PREFLIGHT)
        origin = {"Origin": "https://app.example"}
        answers = [
            preflight,
            *[await shared.get(path, headers=origin) for path in ("/auth/me", "/x")],
        ]
        for answer in answers:
            assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example"
            assert answer.headers.get("Access-Control-Allow-Credentials") == allowed
        exposed = answers[0].headers["Access-Control-Expose-Headers"].split(",")
        assert {"ETag", "Retry-After", "RateLimit-Remaining"} <= set(exposed)


async def test_without_cors_origins_nobody_may_call(client: TestClient):
    response = await client.get("/health/live", headers={"Origin": "https://app.example"})
    assert "Access-Control-Allow-Origin" not in response.headers
    preflight = await client.options("/content/generate", headers=PREFLIGHT)
    await _refused(preflight, 405, "METHOD_NOT_ALLOWED")


@pytest.mark.parametrize(
    ("url", "peers"),
    [
        # Behind a proxy everybody has their own count; on one's own machine nothing is proven.
        ("https://notes.example", [401, 401, 401]),
        ("http://localhost:8080", [401, 401, 429]),
    ],
)
async def test_a_proxy_tells_the_address_that_counts(
    core: SmallCore, settings: Settings, start: Start, url: str, peers: list[int]
):
    core.settings = settings.model_copy(update={"public_url": url})
    core.limits = Limits(core.settings, Rules(login=Rule(2)))
    client = await start()
    statuses = []
    for number in range(3):
        headers = {"X-Forwarded-For": f"10.0.0.1, 203.0.113.{number}"}
        body = {"email": f"nobody{number}", "password": "wrong-password"}
        statuses.append((await client.post("/auth/login", json=body, headers=headers)).status)
    assert statuses == peers


async def test_the_codes_are_those_that_programs_rely_on_and_one_for_who_asks_with_if_match():
    promised = {
        "INVALID_INPUT": 400,
        "UNAUTHORIZED": 401,
        "FORBIDDEN": 403,
        "NOT_FOUND": 404,
        "METHOD_NOT_ALLOWED": 405,
        "CONFLICT": 409,
        "PAYLOAD_TOO_LARGE": 413,
        "UNSUPPORTED_MEDIA_TYPE": 415,
        "RATE_LIMITED": 429,
        "INTERNAL": 500,
        "PROVIDER_FAILED": 502,
        "NOTION_FAILED": 502,
        "UNAVAILABLE": 503,
    }
    assert promised | {"PRECONDITION_FAILED": 412} == STATUS


async def test_without_if_match_nothing_answers_412(client: TestClient, ada: Headers):
    for method, path, body in (
        ("PATCH", "/auth/me", {"username": "lovelace"}),
        ("DELETE", "/auth/me", None),
    ):
        stale = ada | {
            "If-None-Match": '"old"',
            "If-Unmodified-Since": "Thu, 01 Jan 1970 00:00:00 GMT",
        }
        answer = await client.request(method, path, json=body, headers=stale)
        assert answer.status in (200, 204), path


@pytest.mark.parametrize(
    "route",
    [each for each in ROUTES if not each.path.endswith(("/start", "/callback"))],
    ids=lambda route: f"{route.method} {route.path}",
)
async def test_no_route_takes_a_name_in_the_query_that_it_does_not_know(
    client: TestClient, ada: dict[str, str], route: Route
):
    path = f"{route.path.format(id=uuid4())}?bogus=1"
    response = await client.request(route.method, path, headers=ada)
    if route.path.startswith(("/health", "/metrics")):
        assert response.status == 200, "who probes may add what they like"
        return
    body = await response.json()
    assert (response.status, body["detail"]) == (400, "bogus: is not known here")


async def test_a_body_where_none_is_expected_may_hold_no_field(
    client: TestClient, ada: dict[str, str]
):
    for body, status in (({"code": "X"}, 400), ({}, 201)):
        response = await client.post("/auth/link/code", headers=ada, json=body)
        assert response.status == status
