"""Anthropic: the Messages API. https://docs.claude.com/en/api/messages-streaming

The API takes no temperature any more. `ping` events say nothing and count as silence.
"""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core.config import Settings
from core.ports import Prompt, Usage
from core.providers import vendor as vendors
from core.providers.sdk import SILENCE, Parts, SdkProvider
from core.providers.vendor import Vendor, access

if TYPE_CHECKING:
    import httpx2
    from anthropic import AsyncAnthropic

VENDOR = Vendor("anthropic", "Anthropic")
LIMITS = frozenset({"max_tokens", "model_context_window_exceeded"})


class Anthropic(SdkProvider["AsyncAnthropic"]):
    """Anthropic's models."""

    sdk_name = "anthropic"
    sdk_error = "AnthropicError"

    def _connect(self, sdk: Any, http: httpx2.AsyncClient) -> AsyncAnthropic:
        client: AsyncAnthropic = sdk.AsyncAnthropic(
            api_key=self._access.key, base_url=self._access.base_url, http_client=http
        )
        _ = client.messages
        return client

    async def _disconnect(self, client: AsyncAnthropic) -> None:
        await client.close()

    async def _parts(self, client: AsyncAnthropic, prompt: Prompt) -> Parts:
        asked: dict[str, Any] = {"system": prompt.system} if prompt.system else {}
        turns: list[Any] = [{"role": turn.role, "content": turn.text} for turn in prompt.turns]
        stream = await self._heard(
            client.messages.create(
                model=prompt.model or self.model,
                messages=turns,
                max_tokens=prompt.max_tokens,
                stream=True,
                **asked,
            )
        )
        usage, reason, ended = Usage(model=prompt.model or self.model), None, False
        async with aclosing(self._events(stream)) as events:
            async for event in events:
                match event.type:
                    case "message_start":
                        usage = _read(event.message)
                        yield usage
                    case "content_block_delta" if event.delta.type == "text_delta":
                        yield event.delta.text
                    case "message_delta":
                        reason = event.delta.stop_reason
                        usage = replace(usage, output_tokens=event.usage.output_tokens)
                        yield usage
                    case "message_stop":
                        ended = True
        if not ended:
            raise vendors.cut(self._vendor)
        if reason == "refusal":
            raise vendors.refusal(self._vendor, "its usage policy")
        yield replace(usage, complete=False, reason="length") if reason in LIMITS else usage


def _read(message: Any) -> Usage:
    counts = message.usage
    # What came from the cache is not in `input_tokens`.
    cached = (counts.cache_read_input_tokens or 0) + (counts.cache_creation_input_tokens or 0)
    return Usage(model=message.model, input_tokens=counts.input_tokens + cached)


def load(settings: Settings, *, silence: float = SILENCE) -> Anthropic | None:
    """Anthropic as the settings describe it; None without ANTHROPIC_API_KEY."""
    found = access(settings, VENDOR)
    return None if found is None else Anthropic(VENDOR, found, silence=silence)
