"""Chat completions: the protocol that most servers share.

https://platform.openai.com/docs/api-reference/chat — reasoning that a server streams beside the
answer (`reasoning_content`) is left out. Without a finish reason or `[DONE]` the stream was cut. A
server that knows no streams is taken at its word.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable
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
        self._stream_of = sdk.AsyncStream[object]
        return client

    async def _disconnect(self, client: AsyncOpenAI) -> None:
        await client.close()

    def _parts(self, client: AsyncOpenAI, prompt: Prompt) -> Parts:
        return self._chat(client, prompt)

    async def _chat(
        self, client: AsyncOpenAI, prompt: Prompt, extra: dict[str, Any] | None = None
    ) -> Parts:
        """`extra` goes into the request's body, for servers that understand more."""
        body = {
            "model": prompt.model or self.model,
            "messages": _messages(prompt),
            "max_tokens": prompt.max_tokens,
            "stream_options": {"include_usage": True},
        }
        stream = await self._heard(self._open(client, "/chat/completions", body | (extra or {})))
        if "application/json" in stream.response.headers.get("content-type", ""):
            for part in self._whole(await self._read(stream), prompt):
                yield part
            return
        usage, finish = Usage(model=prompt.model or self.model), ""
        stream._decoder = decoder = _Decoder(stream._decoder)
        async with aclosing(self._events(stream)) as chunks:
            async for chunk in chunks:
                before, usage = usage, _counted(usage, chunk)
                if usage.output_tokens != before.output_tokens:
                    yield usage
                # The chunk that carries the usage has no choice.
                for choice in _listed(chunk, "choices"):
                    finish = choice.get("finish_reason") or finish
                    delta = choice.get("delta")
                    delta = delta if isinstance(delta, dict) else {}
                    if delta.get("refusal"):
                        finish = "content_filter"
                    if delta.get("content"):
                        yield str(delta["content"])
        yield self._ended(usage, finish or ("stop" if decoder.done else ""), prompt)

    def _open(self, client: AsyncOpenAI, path: str, body: dict[str, Any]) -> Awaitable[Any]:
        """A stream of events as they are: objects made of each would be most of a word's cost.

        https://github.com/openai/openai-python#making-customundocumented-requests
        """
        stream: Awaitable[Any] = client.post(
            path,
            body=body | {"stream": True},
            cast_to=object,
            stream=True,
            stream_cls=self._stream_of,
        )
        return stream

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


def _listed(event: Any, name: str) -> list[dict[str, Any]]:
    """The objects of an event's list; servers leave it out, or say null."""
    found = event.get(name) if isinstance(event, dict) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _counted(usage: Usage, chunk: Any) -> Usage:
    if not isinstance(chunk, dict):
        return usage
    counts = chunk.get("usage")
    counts = counts if isinstance(counts, dict) else {}
    return replace(
        usage,
        model=chunk.get("model") or usage.model,
        input_tokens=counts.get("prompt_tokens") or usage.input_tokens,
        output_tokens=counts.get("completion_tokens") or usage.output_tokens,
    )
