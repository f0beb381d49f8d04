"""`Idempotency-Key`: a POST that comes again."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from aiohttp.test_utils import TestClient

from core.errors import AssistantError, NotionFailed, ProviderFailed, RateLimited, Unavailable
from core.live import Feed
from core.messages import Answer, Request
from tests.api.conftest import Join
from tests.api.small_core import PASSWORD, SmallCore

ADA = {"email": "ada@example.com", "username": "ada", "password": PASSWORD}
KEY = {"Idempotency-Key": "once"}
Headers = dict[str, str]


async def test_a_repeated_registration_returns_the_first_answer(client: TestClient):
    first = await client.post("/auth/register", json=ADA, headers=KEY)
    again = await client.post("/auth/register", json=ADA, headers=KEY)
    assert (first.status, again.status) == (201, 201)
    assert await first.text() == await again.text()


async def test_a_repeated_refresh_does_not_end_the_family(client: TestClient):
    session = await (await client.post("/auth/register", json=ADA)).json()
    body = {"refresh_token": session["refresh_token"]}
    first = await (await client.post("/auth/refresh", json=body, headers=KEY)).json()
    again = await (await client.post("/auth/refresh", json=body, headers=KEY)).json()
    assert first == again
    assert (await client.post("/auth/logout", json=body, headers={"Idempotency-Key": "2"})).ok
    again = await client.post("/auth/logout", json=body, headers={"Idempotency-Key": "2"})
    assert (again.status, await again.text()) == (204, "")


async def test_a_repeated_failure_is_the_same_failure(client: TestClient):
    await client.post("/auth/register", json=ADA)
    wrong = {"email": "ada", "password": "wrong-password"}
    answers = {
        await (await client.post("/auth/login", json=wrong, headers=KEY)).text() for _ in "12"
    }
    assert len(answers) == 1
    last = await client.post("/auth/login", json=wrong, headers=KEY)
    assert (last.status, last.headers["WWW-Authenticate"]) == (401, "Bearer")


async def test_the_same_key_with_another_body_or_path_is_a_conflict(client: TestClient):
    await client.post("/auth/register", json=ADA, headers=KEY)
    other = ADA | {"username": "other"}
    for path, body in (
        ("/auth/register", other),
        ("/auth/login", {"email": "ada", "password": PASSWORD}),
    ):
        response = await client.post(path, json=body, headers=KEY)
        assert (response.status, (await response.json())["code"]) == (409, "CONFLICT")


async def test_a_body_that_was_refused_takes_no_key(client: TestClient):
    response = await client.post("/auth/register", json={"email": 5}, headers=KEY)
    assert response.status == 400
    assert (await client.post("/auth/register", json=ADA, headers=KEY)).status == 201


async def test_two_at_once_make_one_account_and_one_is_told_to_wait(client: TestClient):
    answers = await asyncio.gather(
        *(client.post("/auth/register", json=ADA, headers=KEY) for _ in range(5))
    )
    statuses = sorted(answer.status for answer in answers)
    assert statuses[0] == 201
    assert set(statuses) <= {201, 409}
    for answer in answers:
        assert answer.status == 201 or answer.headers["Retry-After"] == "1"
    again = await client.post("/auth/register", json=ADA, headers=KEY)
    assert again.status == 201


async def test_a_key_is_good_for_a_day(client: TestClient):
    with time_machine.travel("2026-11-01T12:00:00Z", tick=False) as now:
        first = await client.post("/auth/register", json=ADA, headers=KEY)
        now.shift(timedelta(hours=23))
        again = await client.post("/auth/register", json=ADA, headers=KEY)
        assert (first.status, again.status) == (201, 201)
        now.shift(timedelta(hours=2))
        assert (await client.post("/auth/register", json=ADA, headers=KEY)).status == 409


async def test_a_key_whose_process_died_is_free_again_after_a_minute(
    client: TestClient, core: SmallCore, monkeypatch: pytest.MonkeyPatch
):
    with time_machine.travel("2026-11-01T12:00:00Z", tick=False) as now:
        over = asyncio.Event()

        async def hangs(*_args: str) -> None:
            await over.wait()
            raise Unavailable("The process is gone.")

        monkeypatch.setattr(core.accounts, "register", hangs)
        hanging = asyncio.create_task(client.post("/auth/register", json=ADA, headers=KEY))
        await asyncio.sleep(0.2)
        monkeypatch.undo()
        response = await client.post("/auth/register", json=ADA, headers=KEY)
        assert (response.status, response.headers["Retry-After"]) == (409, "1")
        now.shift(timedelta(minutes=2))
        assert (await client.post("/auth/register", json=ADA, headers=KEY)).status == 201
        over.set()
        assert (await hanging).status == 503


async def test_neither_key_nor_password_nor_token_is_kept_in_clear(
    client: TestClient, tmp_path: Path
):
    key = {"Idempotency-Key": "a-very-secret-key"}
    session = await (await client.post("/auth/register", json=ADA, headers=key)).json()
    kept = b"".join(path.read_bytes() for path in _files(tmp_path))
    assert ADA["username"].encode() in kept
    for secret in (key["Idempotency-Key"], PASSWORD, session["refresh_token"]):
        assert secret.encode() not in kept


def _files(folder: Path) -> list[Path]:
    return list(folder.glob("*.db*"))


@pytest.mark.parametrize("key", ["", "x" * 256, "ä", "a\tb"])
async def test_a_key_that_is_none_is_refused(client: TestClient, key: str):
    response = await client.post("/auth/register", json=ADA, headers={"Idempotency-Key": key})
    assert response.status == 400
    assert (await response.json())["detail"].startswith("Idempotency-Key: ")


async def test_a_repeated_wish_is_written_once(client: TestClient, core: SmallCore, ada: Headers):
    body = {"prompt": "a greeting"}
    answers = await asyncio.gather(
        *(client.post("/content/generate", json=body, headers=ada | KEY) for _ in range(5))
    )
    assert {answer.status for answer in answers} == {200}
    assert len({await answer.text() for answer in answers}) == 1
    assert len({request.id for request in core.accepted}) == 1
    other = await client.post("/content/generate", json={"prompt": "x"}, headers=ada | KEY)
    assert other.status == 409


async def test_a_repeat_waits_for_the_work_that_is_under_way(
    client: TestClient, core: SmallCore, ada: Headers
):
    go_on = asyncio.Event()

    async def slow(core: SmallCore, request: Request, feed: Feed) -> Answer:
        await go_on.wait()
        return await core.keep(request, feed, "Hello.")

    core.script = slow
    body = {"prompt": "a greeting"}
    both = [
        asyncio.create_task(client.post("/content/generate", json=body, headers=ada | KEY))
        for _ in range(2)
    ]
    async with core.accepting:
        await core.accepting.wait_for(lambda: len(core.accepted) == 2)
    go_on.set()
    first, second = await asyncio.gather(*both)
    assert await first.text() == await second.text()


async def test_a_repeat_of_a_failed_wish_fails_the_same(
    client: TestClient, core: SmallCore, ada: Headers
):
    async def fails(_core: SmallCore, _request: Request, _feed: Feed) -> Answer:
        raise ProviderFailed("openai fell silent.")

    core.script = fails
    for _ in range(2):
        response = await client.post("/content/generate", json={"prompt": "x"}, headers=ada | KEY)
        assert response.status == 502
    assert len({request.id for request in core.accepted}) == 1


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RateLimited("openai asks to wait.", retry_after=1), 429),
        (Unavailable("The database cannot be reached."), 503),
        (ProviderFailed("openai did not answer.", retryable=True), 502),
    ],
)
@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_a_repeat_after_a_failure_that_passes_is_tried_anew(
    client: TestClient,
    core: SmallCore,
    ada: Headers,
    error: AssistantError,
    status: int,
    accept: str,
):
    written = core.script

    async def fails(_core: SmallCore, _request: Request, _feed: Feed) -> Answer:
        raise error

    core.script = fails
    wish, headers = {"prompt": "x"}, ada | KEY
    first = await client.post("/content/generate", json=wish, headers=headers | {"Accept": accept})
    assert f'"status": {status}' in await first.text()
    core.script = written
    again = [await client.post("/content/generate", json=wish, headers=headers) for _ in "12"]
    assert [answer.status for answer in again] == [200, 200]
    assert len({await answer.text() for answer in again}) == 1
    assert len({request.id for request in core.accepted}) == 2


async def test_a_text_that_could_not_be_saved_is_not_written_twice(
    client: TestClient, core: SmallCore, ada: Headers
):
    async def unsaved(core: SmallCore, request: Request, feed: Feed) -> Answer:
        answer = await core.keep(request, feed, "Hello.")
        error = NotionFailed("Notion fell silent.", retryable=True)
        return Answer(answer.text, ok=False, error=error.to_json())

    core.script = unsaved
    for _ in range(2):
        response = await client.post("/content/generate", json={"prompt": "x"}, headers=ada | KEY)
        assert response.status == 502
        assert "The text is kept" in (await response.json())["detail"]
    assert len({request.id for request in core.accepted}) == 1


async def test_a_save_that_failed_for_a_while_is_tried_anew(
    client: TestClient, core: SmallCore, ada: Headers
):
    response = await client.post("/content/generate", json={"prompt": "x"}, headers=ada)
    url = f"/content/{(await response.json())['id']}/notion"
    written = core.script

    async def fails(_core: SmallCore, _request: Request, _feed: Feed) -> Answer:
        raise NotionFailed("Notion fell silent.", retryable=True)

    core.script = fails
    assert (await client.post(url, json={}, headers=ada | KEY)).status == 502
    core.script = written
    assert (await client.post(url, json={}, headers=ada | KEY)).status == 200


async def test_a_wish_that_cannot_be_takes_no_key(client: TestClient, ada: Headers):
    wish = {"prompt": "x", "template": "sonnet"}
    first = await client.post("/content/generate", json=wish, headers=ada | KEY)
    assert first.status == 400
    again = await client.post("/content/generate", json={"prompt": "x"}, headers=ada | KEY)
    assert again.status == 200


async def test_everybody_has_their_own_keys(client: TestClient, ada: Headers, join: Join):
    bob = await join("bob")
    body = {"prompt": "a greeting"}
    first = await client.post("/content/generate", json=body, headers=ada | KEY)
    second = await client.post("/content/generate", json=body, headers=bob | KEY)
    assert (first.status, second.status) == (200, 200)
    assert (await first.json())["id"] != (await second.json())["id"]


async def test_a_repeated_save_is_one_request(client: TestClient, core: SmallCore, ada: Headers):
    response = await client.post("/content/generate", json={"prompt": "x"}, headers=ada)
    item = (await response.json())["id"]
    for _ in range(2):
        saved = await client.post(f"/content/{item}/notion", json={}, headers=ada | KEY)
        assert saved.status == 200
    assert core.accepted[-1].id == core.accepted[-2].id
