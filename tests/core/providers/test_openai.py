from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from core.config import load_settings
from core.errors import AssistantError, Misconfigured, ProviderFailed
from core.ports import Prompt, Turn, Usage
from core.providers.openai import OpenAI, load
from sandbox.ai.script import Fault
from sandbox.ai.server import AiServer

ASKED = Prompt("", (Turn("user", "hello"),))


@pytest.fixture
async def ai() -> AsyncIterator[AiServer]:
    async with AiServer() as server:
        yield server


@pytest.fixture
async def provider(ai: AiServer) -> AsyncIterator[OpenAI]:
    made = load(load_settings(**ai.settings("openai")), silence=60)
    assert made is not None
    yield made
    await made.close()


async def collect(provider: OpenAI) -> str:
    parts = [part async for part in provider.stream(ASKED)]
    assert isinstance(parts[-1], Usage)
    return "".join(part for part in parts if isinstance(part, str))


async def test_nothing_is_stored_at_openai(provider: OpenAI, ai: AiServer) -> None:
    await collect(provider)
    assert ai.calls[-1].body["store"] is False


async def test_a_server_without_responses_is_asked_for_them_once(
    provider: OpenAI, ai: AiServer
) -> None:
    ai.fail(Fault(endpoint="/v1/responses", status=404, body={"detail": "Not Found"}))
    for _ in range(3):
        assert await collect(provider) == ai.answer
    assert [call.endpoint.rpartition("/")[2] for call in ai.calls] == [
        "responses",
        "completions",
        "completions",
        "completions",
    ]


@pytest.mark.parametrize("left", [b"", b"data: [DONE]\n\n"])
async def test_one_answer_after_the_other_comes_by_the_same_connection(left: bytes) -> None:
    callers: list[Any] = []

    async def respond(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        callers.append(request.transport.get_extra_info("peername"))
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        delta = {"type": "response.output_text.delta", "delta": "hello"}
        for event in (delta, {"type": "response.completed", "response": {"status": "completed"}}):
            await response.write(f"data: {json.dumps(event)}\n\n".encode())
        await response.write(left)
        return response

    app = web.Application()
    app.router.add_post("/v1/responses", respond)
    async with TestServer(app) as server:
        url = str(server.make_url("/v1"))
        provider = load(load_settings(openai_api_key="key", openai_base_url=url))
        assert provider is not None
        for _ in range(3):
            assert await collect(provider) == "hello"
            await asyncio.gather(*provider._ending)
        await provider.close()
    assert len(callers) == 3
    assert len(set(callers)) == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, "404 page not found"),
        (404, {"error": {"code": 404, "message": "File Not Found", "type": "not_found_error"}}),
        (405, {"detail": "Method Not Allowed"}),
        (200, {"error": "Unexpected endpoint or method. (POST /v1/responses)"}),
        (400, "unknown path"),
    ],
)
async def test_every_way_of_lacking_responses_leads_to_chat(
    provider: OpenAI, ai: AiServer, status: int, body: Any
) -> None:
    ai.fail(Fault(endpoint="/v1/responses", status=status, body=body))
    assert await collect(provider) == ai.answer


async def test_what_chat_refuses_too_is_not_remembered(provider: OpenAI, ai: AiServer) -> None:
    ai.fail(Fault(status=404, code="", body={"detail": "Not Found"}, times=2))
    with pytest.raises(Misconfigured, match="OPENAI_BASE_URL"):
        await collect(provider)
    assert await collect(provider) == ai.answer
    assert ai.calls[-1].endpoint == "/v1/responses"


async def test_an_unknown_model_is_not_taken_for_a_lacking_endpoint(
    provider: OpenAI, ai: AiServer
) -> None:
    ai.models.clear()
    with pytest.raises(Misconfigured, match="OPENAI_MODEL"):
        await collect(provider)
    assert len(ai.calls) == 1


async def test_a_rate_limit_inside_the_stream_is_one(provider: OpenAI, ai: AiServer) -> None:
    ai.fail(Fault(error_after=1, code="rate_limit_exceeded"))
    with pytest.raises(AssistantError) as caught:
        await collect(provider)
    assert caught.value.code == "RATE_LIMITED"


def chunks(*data: str) -> web.Application:
    """A server of chat completions alone, which streams just this."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for each in data:
            await response.write(f"{each}\n\n".encode())
        return response

    app = web.Application()
    app.router.add_post("/v1/chat/completions", answer)
    return app


async def asked(app: web.Application) -> list[str | Usage]:
    async with TestServer(app) as server:
        made = load(
            load_settings(openai_api_key="key", openai_base_url=str(server.make_url("/v1")))
        )
        assert made is not None
        try:
            return [part async for part in made.stream(ASKED)]
        finally:
            await made.close()


ROLE = 'data: {"choices": [{"index": 0, "delta": {"role": "assistant"}}]}'
WORD = 'data: {"choices": [{"index": 0, "delta": {"content": "hello"}}]}'


async def test_done_ends_an_answer_without_a_finish_reason() -> None:
    text, usage = await asked(chunks(": ping", ROLE, WORD, ": ping", "data: [DONE]"))
    assert text == "hello"
    assert isinstance(usage, Usage)
    assert usage.complete


async def test_an_answer_without_any_end_was_cut() -> None:
    with pytest.raises(ProviderFailed):
        await asked(chunks(ROLE, WORD))


@pytest.mark.parametrize("finish", [{"finish_reason": "stop"}, {}])
async def test_a_server_that_does_not_stream_is_taken_at_its_word(finish: dict[str, str]) -> None:
    async def answer(_request: web.Request) -> web.Response:
        message = {"message": {"role": "assistant", "content": "hello"}}
        return web.json_response({"model": "m", "choices": [message | finish]})

    app = web.Application()
    app.router.add_post("/v1/chat/completions", answer)
    assert await asked(app) == ["hello", Usage("m")]


async def test_an_error_with_a_good_status_is_an_error() -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.json_response({"error": "no model is loaded"})

    app = web.Application()
    app.router.add_post("/v1/chat/completions", answer)
    with pytest.raises(AssistantError):
        await asked(app)
