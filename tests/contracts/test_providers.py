"""What every provider does the same, whichever vendor is behind it. The real SDKs speak."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass

import pytest

from core.config import Settings, load_settings
from core.errors import (
    AssistantError,
    InvalidInput,
    Misconfigured,
    ProviderFailed,
    RateLimited,
)
from core.ports import Prompt, Provider, Turn, Usage
from core.providers import anthropic, deepseek, offline, openai
from core.providers.offline import OfflineModel, OfflineText
from core.providers.offline_process import weights
from sandbox.ai.script import Call, Fault
from sandbox.ai.server import AiServer

SECRET = "sk-secret-0123456789"
WORDS = "the-prompts-own-words"
ASKED = Prompt("Be brief.", (Turn("user", WORDS),))
SILENCE = 0.4


@dataclass(frozen=True)
class Kind:
    """A provider under test: how it is made, where it asks, and what settings it names."""

    load: Callable[..., Provider | None]
    endpoint: str
    setting: str


KINDS = {
    "openai": Kind(openai.load, "/v1/responses", "OPENAI"),
    "openai-compatible": Kind(openai.load, "/v1/chat/completions", "OPENAI"),
    "anthropic": Kind(anthropic.load, "/v1/messages", "ANTHROPIC"),
    "deepseek": Kind(deepseek.load, "/chat/completions", "DEEPSEEK"),
}


@pytest.fixture
async def ai() -> AsyncIterator[AiServer]:
    async with AiServer(key=SECRET) as server:
        yield server


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, ai: AiServer) -> Kind:
    if request.param == "openai-compatible":
        ai.missing.add("/v1/responses")
    return KINDS[request.param]


@pytest.fixture
async def provider(kind: Kind, ai: AiServer) -> AsyncIterator[Provider]:
    """One that waits longer for a word than a busy machine takes for one."""
    made = kind.load(local(**ai.settings()), silence=60)
    assert made is not None
    yield made
    await made.close()
    await made.close()


@pytest.fixture
async def impatient(kind: Kind, ai: AiServer) -> AsyncIterator[Provider]:
    made = kind.load(local(**ai.settings()), silence=SILENCE)
    assert made is not None
    yield made
    await made.close()


def local(**overrides: str) -> Settings:
    return load_settings(_env_file=None, **overrides)


async def answer(provider: Provider, prompt: Prompt = ASKED) -> tuple[str, Usage]:
    parts = [part async for part in provider.stream(prompt)]
    assert isinstance(parts[-1], Usage)
    return "".join(part for part in parts if isinstance(part, str)), parts[-1]


async def failure(provider: Provider, prompt: Prompt = ASKED) -> AssistantError:
    with pytest.raises(AssistantError) as caught:
        await answer(provider, prompt)
    error = caught.value
    assert SECRET not in str(error)
    assert WORDS not in str(error)
    return error


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(300):
        if condition():
            return
        await asyncio.sleep(0.01)
    pytest.fail("it did not come about within three seconds")


async def test_text_comes_in_pieces_and_then_one_usage(provider: Provider, ai: AiServer) -> None:
    ai.answer = "# Title\n\n- eins\n- zwei – drei 🎉\n"
    text, usage = await answer(provider)
    assert text == ai.answer
    assert usage == Usage(model=provider.model, input_tokens=3, output_tokens=10)
    assert ai.calls[-1].messages == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": WORDS},
    ]


async def test_a_conversation_keeps_its_turns(provider: Provider, ai: AiServer) -> None:
    turns = (Turn("user", "one"), Turn("assistant", "two"), Turn("user", "three"))
    await answer(provider, Prompt("", turns))
    assert ai.calls[-1].messages == [{"role": t.role, "content": t.text} for t in turns]


async def test_the_model_and_the_limit_asked_for_are_used(provider: Provider, ai: AiServer) -> None:
    ai.models.add("another-model")
    _, usage = await answer(provider, Prompt("", ASKED.turns, model="another-model", max_tokens=3))
    assert usage == Usage("another-model", 1, 3, complete=False, reason="length")


async def test_a_wrong_key_is_a_setting_to_mend(kind: Kind, ai: AiServer) -> None:
    wrong = {name: value for name, value in ai.settings().items() if "url" in name}
    wrong.update({f"{name}_api_key": WORDS for name in ("openai", "anthropic", "deepseek")})
    provider = kind.load(local(**wrong))
    assert provider is not None
    error = await failure(provider)
    await provider.close()
    assert isinstance(error, Misconfigured)
    assert f"{kind.setting}_API_KEY" in error.message


async def test_an_unknown_model_set_is_a_setting_to_mend(
    kind: Kind, provider: Provider, ai: AiServer
) -> None:
    ai.models.clear()
    error = await failure(provider)
    assert isinstance(error, Misconfigured)
    assert f"{kind.setting}_MODEL" in error.message


async def test_an_unknown_model_asked_for_is_the_persons_to_change(provider: Provider) -> None:
    error = await failure(provider, Prompt("", ASKED.turns, model="no-such-model"))
    assert isinstance(error, InvalidInput)
    assert "no-such-model" in error.message


async def test_a_long_wait_asked_for_is_handed_on_at_once(
    kind: Kind, provider: Provider, ai: AiServer
) -> None:
    ai.fail(Fault(endpoint=kind.endpoint, status=429, code="", headers={"Retry-After": "17"}))
    error = await failure(provider)
    assert isinstance(error, RateLimited)
    assert error.retry_after == 17
    assert error.retryable
    assert sum(call.endpoint == kind.endpoint for call in ai.calls) == 1


async def test_a_short_wait_asked_for_is_waited_for(
    kind: Kind, provider: Provider, ai: AiServer
) -> None:
    headers = {"Retry-After-Ms": "20"}
    ai.fail(Fault(endpoint=kind.endpoint, status=429, code="", headers=headers))
    text, _ = await answer(provider)
    assert text == ai.answer


async def test_spent_credit_is_not_worth_another_try(
    kind: Kind, provider: Provider, ai: AiServer
) -> None:
    headers = {"x-should-retry": "false"}
    message = "insufficient_quota: your credit balance is too low"
    fault = Fault(endpoint=kind.endpoint, status=429, message=message, headers=headers)
    ai.fail(fault)
    error = await failure(provider)
    assert isinstance(error, ProviderFailed)
    assert not error.retryable
    assert "credit" in error.message


async def test_a_failing_server_is_worth_another_try(
    kind: Kind, provider: Provider, ai: AiServer
) -> None:
    headers = {"x-should-retry": "false"}
    ai.fail(Fault(endpoint=kind.endpoint, status=529, message=WORDS, headers=headers))
    error = await failure(provider)
    assert isinstance(error, ProviderFailed)
    assert error.retryable
    assert "529" in error.message


async def test_too_long_a_prompt_is_the_persons_to_shorten(
    kind: Kind, provider: Provider, ai: AiServer
) -> None:
    message = f"prompt is too long: this model's maximum context length is 9: {WORDS}"
    code = "context_length_exceeded"
    ai.fail(Fault(endpoint=kind.endpoint, status=400, code=code, message=message))
    assert isinstance(await failure(provider), InvalidInput)


async def test_a_request_the_vendor_cannot_read_is_not_tried_again(
    kind: Kind, provider: Provider, ai: AiServer
) -> None:
    fault = Fault(endpoint=kind.endpoint, status=400, code="bad", message=f"{SECRET} {WORDS}")
    ai.fail(fault)
    error = await failure(provider)
    assert isinstance(error, ProviderFailed)
    assert not error.retryable


async def test_a_refusal_says_so(kind: Kind, provider: Provider, ai: AiServer) -> None:
    ai.fail(Fault(endpoint=kind.endpoint, refuse=True))
    error = await failure(provider)
    assert isinstance(error, ProviderFailed)
    assert not error.retryable
    assert "declined" in error.message


@pytest.mark.parametrize("fault", ["cut_after", "end_after"])
async def test_a_cut_stream_is_a_failure_worth_another_try(
    kind: Kind, provider: Provider, ai: AiServer, fault: str
) -> None:
    ai.fail(Fault(endpoint=kind.endpoint, **{fault: 3}))
    error = await failure(provider)
    assert isinstance(error, ProviderFailed)
    assert error.retryable
    assert "in the middle of the answer" in error.message
    assert not ai.calls[-1].completed


async def test_an_overload_inside_the_stream_is_worth_another_try(
    kind: Kind, provider: Provider, ai: AiServer
) -> None:
    code = "overloaded_error" if kind.setting == "ANTHROPIC" else "server_error"
    ai.fail(Fault(endpoint=kind.endpoint, error_after=2, code=code, message=WORDS))
    error = await failure(provider)
    assert isinstance(error, ProviderFailed)
    assert error.retryable


@pytest.mark.parametrize("after", [0, 2])
async def test_silence_is_a_failure_and_ends_the_request(
    kind: Kind, impatient: Provider, ai: AiServer, after: int
) -> None:
    ai.fail(Fault(endpoint=kind.endpoint, silent_after=after))
    error = await failure(impatient)
    assert isinstance(error, ProviderFailed)
    assert error.retryable
    assert f"nothing for {SILENCE} seconds" in error.message
    await until(lambda: ai.calls[-1].gone)


async def test_a_server_that_never_answers_is_silent_too(impatient: Provider, ai: AiServer) -> None:
    async def hang(_: Call) -> None:
        await asyncio.sleep(30)

    ai.hooks.on_request = hang
    error = await failure(impatient)
    assert isinstance(error, ProviderFailed)
    assert error.retryable


async def test_a_slow_but_steady_answer_is_not_silence(kind: Kind, ai: AiServer) -> None:
    ai.answer = "one two three four five six seven eight"
    ai.token_delay = 0.15
    provider = kind.load(local(**ai.settings()), silence=1)
    assert provider is not None
    text, _ = await answer(provider)
    await provider.close()
    assert text == ai.answer


async def test_an_empty_answer_is_a_failure(provider: Provider, ai: AiServer) -> None:
    ai.answer = ""
    error = await failure(provider)
    assert isinstance(error, ProviderFailed)
    assert error.retryable


async def test_closing_early_ends_the_request(provider: Provider, ai: AiServer) -> None:
    ai.answer = "word " * 1000
    ai.token_delay = 0.01
    async with aclosing(provider.stream(ASKED)) as parts:  # type: ignore[type-var]
        await anext(parts)
    await until(lambda: ai.calls[-1].gone)
    assert ai.calls[-1].tokens < 50


async def test_cancelling_the_task_ends_the_request(provider: Provider, ai: AiServer) -> None:
    ai.answer = "word " * 1000
    ai.token_delay = 0.01
    task = asyncio.create_task(answer(provider))
    await until(lambda: bool(ai.calls) and ai.calls[-1].tokens > 2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: ai.calls[-1].gone)


async def test_an_answer_is_paid_for_once(kind: Kind, provider: Provider, ai: AiServer) -> None:
    await answer(provider)
    assert [call.endpoint for call in ai.calls if call.completed] == [kind.endpoint]


async def test_many_at_once_each_get_their_own_answer(provider: Provider, ai: AiServer) -> None:
    ai.answer = lambda prompt: f"answer to {prompt}"
    prompts = [Prompt("", (Turn("user", f"question-{n}"),)) for n in range(20)]
    answers = await asyncio.gather(*(answer(provider, prompt) for prompt in prompts))
    assert [text for text, _ in answers] == [f"answer to question-{n}" for n in range(20)]


async def test_nothing_listening_is_worth_another_try(kind: Kind) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        name = kind.setting.lower()
        settings = local(**{f"{name}_api_key": SECRET, f"{name}_base_url": url})
        provider = kind.load(settings)
        assert provider is not None
        error = await failure(provider)
        await provider.close()
    assert isinstance(error, ProviderFailed)
    assert error.retryable
    assert f"{kind.setting}_BASE_URL" in error.message


async def test_no_log_holds_the_key_or_the_prompt(
    provider: Provider, ai: AiServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await answer(provider)
    ai.fail(Fault(status=400, message=WORDS))
    await failure(provider)
    assert SECRET not in caplog.text
    assert WORDS not in caplog.text


async def test_a_provider_closed_can_be_used_again(provider: Provider, ai: AiServer) -> None:
    await answer(provider)
    await provider.close()
    text, _ = await answer(provider)
    assert text == ai.answer


@pytest.mark.parametrize("name", ["model", "text"])
async def test_the_offline_provider_yields_text_then_one_usage(name: str) -> None:
    if name == "model" and weights() is None:
        pytest.skip("the offline model's packages are not installed here")
    found = offline.load(local()) if name == "model" else OfflineText()
    assert isinstance(found, OfflineModel if name == "model" else OfflineText)
    try:
        prompt = Prompt("", (Turn("user", "a launch checklist"),), max_tokens=40)
        text, usage = await answer(found, prompt)
    finally:
        await found.close()
        await found.close()
    assert text.startswith("# A launch checklist\n\n")
    assert usage.model == found.model
    assert found.note is not None
    assert "OPENAI_API_KEY, ANTHROPIC_API_KEY or DEEPSEEK_API_KEY" in found.note


@pytest.mark.parametrize("load", [openai.load, anthropic.load, deepseek.load])
def test_without_a_key_there_is_no_provider(load: Callable[..., Provider | None]) -> None:
    assert load(local()) is None


async def test_no_test_can_reach_a_real_provider() -> None:
    provider = deepseek.load(local(deepseek_api_key=SECRET))
    assert provider is not None
    with pytest.raises((AssertionError, ProviderFailed)) as caught:
        await answer(provider)
    await provider.close()
    assert "tried to reach" in str(caught.value) or "cannot be reached" in str(caught.value)
