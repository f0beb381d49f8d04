from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

import anthropic
import openai
import pytest

from sandbox.ai.script import Call, Fault, tokens
from sandbox.ai.server import AiServer

HELLO: list[Any] = [{"role": "user", "content": "hello there"}]


@pytest.fixture
async def ai() -> AsyncIterator[AiServer]:
    async with AiServer() as server:
        yield server


@pytest.fixture
async def gpt(ai: AiServer) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(api_key=ai.key, base_url=f"{ai.url}/v1", max_retries=0) as client:
        yield client


@pytest.fixture
async def claude(ai: AiServer) -> AsyncIterator[anthropic.AsyncAnthropic]:
    async with anthropic.AsyncAnthropic(api_key=ai.key, base_url=ai.url, max_retries=0) as client:
        yield client


@pytest.mark.parametrize("text", ["", "one", " a  b\n\n- c ", "\n\n", "ä 🎉\u2028x"])
def test_a_text_in_tokens_is_the_same_text(text: str) -> None:
    assert "".join(tokens(text)) == text


async def test_responses_answer_whole(ai: AiServer, gpt: openai.AsyncOpenAI) -> None:
    answer = await gpt.responses.create(model="gpt-6.2-sol", input="hello there")
    assert answer.output_text == ai.answer
    assert answer.usage is not None
    assert answer.usage.input_tokens == 2
    assert ai.calls[-1].completed


async def test_responses_stream_through_the_sdks_own_helper(
    ai: AiServer, gpt: openai.AsyncOpenAI
) -> None:
    async with gpt.responses.stream(model="gpt-6.2-sol", input="hello") as stream:
        types = [event.type async for event in stream]
    assert types[0] == "response.created"
    assert types[-1] == "response.completed"


async def test_chat_answers_whole(ai: AiServer, gpt: openai.AsyncOpenAI) -> None:
    answer = await gpt.chat.completions.create(model="gpt-6.2-sol", messages=HELLO)
    assert answer.choices[0].message.content == ai.answer
    assert answer.choices[0].finish_reason == "stop"


async def test_chat_tells_what_it_cost_only_when_asked(gpt: openai.AsyncOpenAI) -> None:
    stream = await gpt.chat.completions.create(model="gpt-6.2-sol", messages=HELLO, stream=True)
    assert all([chunk.usage is None async for chunk in stream])


async def test_messages_answer_whole(ai: AiServer, claude: anthropic.AsyncAnthropic) -> None:
    answer = await claude.messages.create(model="claude-sonnet-5-5", max_tokens=3, messages=HELLO)
    assert answer.stop_reason == "max_tokens"
    assert answer.usage.output_tokens == 3


async def test_messages_stream_through_the_sdks_own_helper(
    ai: AiServer, claude: anthropic.AsyncAnthropic
) -> None:
    async with claude.messages.stream(
        model="claude-sonnet-5-5", max_tokens=99, messages=HELLO
    ) as stream:
        text = "".join([piece async for piece in stream.text_stream])
        final = await stream.get_final_message()
    assert text == ai.answer
    assert final.stop_reason == "end_turn"


async def test_messages_refuse_a_temperature(claude: anthropic.AsyncAnthropic) -> None:
    with pytest.raises(anthropic.BadRequestError, match="temperature"):
        await claude.messages.create(
            model="claude-sonnet-5-5",
            max_tokens=9,
            messages=HELLO,
            extra_body={"temperature": 0.5},
        )


async def test_an_empty_text_is_refused(claude: anthropic.AsyncAnthropic) -> None:
    with pytest.raises(anthropic.BadRequestError, match="non-empty"):
        await claude.messages.create(
            model="claude-sonnet-5-5", max_tokens=9, messages=[{"role": "user", "content": ""}]
        )


async def test_the_models_are_listed(ai: AiServer, gpt: openai.AsyncOpenAI) -> None:
    assert {model.id async for model in gpt.models.list()} == ai.models


async def test_a_wrong_key_is_refused_in_each_vendors_shape(ai: AiServer) -> None:
    async with openai.AsyncOpenAI(api_key="no", base_url=f"{ai.url}/v1") as gpt:
        with pytest.raises(openai.AuthenticationError) as first:
            await gpt.models.list()
    async with anthropic.AsyncAnthropic(api_key="no", base_url=ai.url) as claude:
        with pytest.raises(anthropic.AuthenticationError) as second:
            await claude.messages.create(model="claude-sonnet-5-5", max_tokens=9, messages=HELLO)
    assert first.value.code == "invalid_api_key"
    assert second.value.type == "authentication_error"
    assert not ai.calls


async def test_faults_strike_in_order_on_their_endpoint_as_often_as_told(
    ai: AiServer, gpt: openai.AsyncOpenAI
) -> None:
    ai.fail(Fault(endpoint="/v1/messages", status=500))
    ai.fail(Fault(times=2, status=503, code="overloaded", headers={"Retry-After": "9"}))
    for _ in range(2):
        with pytest.raises(openai.InternalServerError) as caught:
            await gpt.responses.create(model="gpt-6.2-sol", input="hello")
        assert caught.value.response.headers["retry-after"] == "9"
        assert caught.value.code == "overloaded"
    assert (await gpt.responses.create(model="gpt-6.2-sol", input="hello")).output_text


async def test_an_answer_can_depend_on_the_prompt(ai: AiServer, gpt: openai.AsyncOpenAI) -> None:
    ai.answer = str.upper
    answer = await gpt.chat.completions.create(model="gpt-6.2-sol", messages=HELLO)
    assert answer.choices[0].message.content == "HELLO THERE"


async def test_the_pace_is_kept(ai: AiServer, gpt: openai.AsyncOpenAI) -> None:
    ai.answer, ai.first_token_delay, ai.token_delay = "a b c d e", 0.2, 0.05
    began = time.monotonic()
    stream = await gpt.chat.completions.create(model="gpt-6.2-sol", messages=HELLO, stream=True)
    _ = [chunk async for chunk in stream]
    assert time.monotonic() - began >= 0.4


async def test_hooks_are_called_at_their_moments(ai: AiServer, gpt: openai.AsyncOpenAI) -> None:
    seen: list[str] = []

    async def on_request(call: Call) -> None:
        seen.append(f"request {call.tokens}")

    async def on_token(index: int) -> None:
        seen.append(f"token {index}")

    async def on_done(call: Call) -> None:
        seen.append(f"done {call.completed}")

    ai.answer = "a b"
    ai.hooks.on_request, ai.hooks.on_token, ai.hooks.on_done = on_request, on_token, on_done
    stream = await gpt.chat.completions.create(model="gpt-6.2-sol", messages=HELLO, stream=True)
    _ = [chunk async for chunk in stream]
    assert seen == ["request 0", "token 0", "token 1", "done True"]


async def test_the_log_says_who_was_asked_what_and_whether_it_was_answered(
    ai: AiServer, gpt: openai.AsyncOpenAI
) -> None:
    ai.fail(Fault(cut_after=2))
    stream = await gpt.chat.completions.create(model="gpt-6.2-sol", messages=HELLO, stream=True)
    with pytest.raises(openai.APIConnectionError):
        _ = [chunk async for chunk in stream]
    await gpt.responses.create(model="gpt-6.2-sol", input="again")
    first, second = ai.calls
    assert (first.endpoint, first.model, first.messages) == (
        "/v1/chat/completions",
        "gpt-6.2-sol",
        HELLO,
    )
    assert (first.tokens, first.completed) == (2, False)
    assert (second.endpoint, second.completed) == ("/v1/responses", True)
    assert time.time() - second.at < 5


async def test_it_runs_as_a_process_of_its_own() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox.ai", "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(30):
            lines = [(await process.stdout.readline()).decode() for _ in range(2)]
        found = re.search(r"OPENAI_BASE_URL=(\S+)", lines[1])
        assert found is not None
        async with openai.AsyncOpenAI(api_key="sandbox-ai-key", base_url=found[1]) as client:
            assert (await client.responses.create(model="gpt-6-luna", input="hi")).output_text
    finally:
        process.terminate()
        await process.wait()
