"""Chat completions: the protocol that most servers share.

https://platform.openai.com/docs/api-reference/chat — reasoning that a server streams beside the
answer (`reasoning_content`) is left out. Without a finish reason or `[DONE]` the stream was cut. A
server that knows no streams is taken at its word.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core.ports import Prompt, Usage
from core.providers import vendor as vendors
from core.providers.sdk import Parts, SdkProvider
from core.providers.vendor import Complaint

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI


class Compatible(SdkProvider["AsyncOpenAI"]):
    """A server that speaks chat completions."""

    sdk_name = "openai"
    sdk_error = "OpenAIError"

    def _connect(self, sdk: Any, http: httpx2.AsyncClient) -> AsyncOpenAI:
        client: AsyncOpenAI = sdk.AsyncOpenAI(
            api_key=self._access.key, base_url=self._access.base_url, http_client=http
        )
        _ = client.chat.completions, client.responses
        return client

    async def _disconnect(self, client: AsyncOpenAI) -> None:
        await client.close()

    def _parts(self, client: AsyncOpenAI, prompt: Prompt) -> Parts:
        return self._chat(client, prompt)

    async def _chat(
        self, client: AsyncOpenAI, prompt: Prompt, extra: dict[str, Any] | None = None
    ) -> Parts:
        """`extra` goes into the request's body, for servers that understand more."""
        stream = await self._heard(
            client.chat.completions.create(
                model=prompt.model or self.model,
                messages=_messages(prompt),
                max_tokens=prompt.max_tokens,
                stream=True,
                stream_options={"include_usage": True},
                extra_body=extra,
            )
        )
        if "application/json" in stream.response.headers.get("content-type", ""):
            for part in self._whole(await self._read(stream), prompt):
                yield part
            return
        usage, finish = Usage(model=prompt.model or self.model), ""
        stream._decoder = decoder = _Decoder(stream._decoder)
        async with aclosing(self._events(stream)) as chunks:
            async for chunk in chunks:
                usage = _counted(usage, chunk)
                # The chunk that carries the usage has no choice.
                for choice in chunk.choices or ():
                    finish = choice.finish_reason or finish
                    if getattr(choice.delta, "refusal", None):
                        finish = "content_filter"
                    if choice.delta and choice.delta.content:
                        yield choice.delta.content
        yield self._ended(usage, finish or ("stop" if decoder.done else ""), prompt)

    async def _read(self, stream: Any) -> Any:
        try:
            return json.loads(await self._heard(stream.response.aread()))
        finally:
            await stream.close()

    def _whole(self, answer: Any, prompt: Prompt) -> list[str | Usage]:
        """The parts of an answer that came in one piece."""
        answer = answer if isinstance(answer, dict) else {}
        choice = next(iter(answer.get("choices") or ()), None)
        if not isinstance(choice, dict):
            said = str(answer.get("error", "")).lower()
            raise vendors.translated(self._vendor, Complaint(said=said), prompt.model)
        counts = answer.get("usage") or {}
        usage = Usage(
            model=answer.get("model") or prompt.model or self.model,
            input_tokens=counts.get("prompt_tokens") or 0,
            output_tokens=counts.get("completion_tokens") or 0,
        )
        text = (choice.get("message") or {}).get("content")
        end = self._ended(usage, choice.get("finish_reason") or "stop", prompt)
        return [text, end] if text else [end]

    def _ended(self, usage: Usage, finish: str, prompt: Prompt) -> Usage:
        if not finish:
            raise vendors.cut(self._vendor)
        if finish == "content_filter":
            raise vendors.refusal(self._vendor, "its content policy")
        if finish == "insufficient_system_resource":  # DeepSeek's, under load
            raise vendors.translated(self._vendor, Complaint(said=finish), prompt.model)
        if finish == "length":
            return replace(usage, complete=False, reason="length")
        return usage


class _Decoder:
    """The SDK's decoder. `done`: `[DONE]` came, which the SDK keeps to itself."""

    def __init__(self, decoder: Any) -> None:
        self._decoder = decoder
        self.done = False

    async def aiter_bytes(self, iterator: AsyncIterator[bytes]) -> AsyncIterator[Any]:
        async for event in self._decoder.aiter_bytes(iterator):
            self.done = self.done or event.data.startswith("[DONE]")
            yield event


def _messages(prompt: Prompt) -> list[Any]:
    system = [{"role": "system", "content": prompt.system}] if prompt.system else []
    return [*system, *({"role": turn.role, "content": turn.text} for turn in prompt.turns)]


def _counted(usage: Usage, chunk: Any) -> Usage:
    counts = chunk.usage
    return replace(
        usage,
        model=chunk.model or usage.model,
        input_tokens=(counts and counts.prompt_tokens) or usage.input_tokens,
        output_tokens=(counts and counts.completion_tokens) or usage.output_tokens,
    )
