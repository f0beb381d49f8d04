"""OpenAI: the Responses API, and chat completions on compatible servers that lack it.

https://platform.openai.com/docs/api-reference/responses-streaming — `store=False`, since answers
are otherwise kept for thirty days.
"""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core.config import Settings
from core.ports import Prompt, Usage
from core.providers import vendor as vendors
from core.providers.compatible import Compatible
from core.providers.sdk import SILENCE, Parts
from core.providers.vendor import Access, Complaint, Vendor, access

if TYPE_CHECKING:
    from openai import AsyncOpenAI

VENDOR = Vendor("openai", "OpenAI")
LACKING = frozenset({404, 405, 501})
UNTOLD = frozenset({400, 403, 422, 500})
"""What else a server says of a path it does not know, without the protocol's own code or type."""


class OpenAI(Compatible):
    """OpenAI, or a server compatible with it."""

    def __init__(self, vendor: Vendor, found: Access, *, silence: float = SILENCE) -> None:
        super().__init__(vendor, found, silence=silence)
        self._chat_only = False

    async def _parts(self, client: AsyncOpenAI, prompt: Prompt) -> Parts:
        stream = None if self._chat_only else await self._respond(client, prompt)
        if stream is not None:
            async with aclosing(self._response(stream, prompt)) as parts:
                async for part in parts:
                    yield part
            return
        async with aclosing(self._chat(client, prompt)) as parts:
            async for part in parts:
                self._chat_only = True
                yield part

    async def _respond(self, client: AsyncOpenAI, prompt: Prompt) -> Any:
        """Opens the stream; None where the server has no /responses."""
        body = {
            "model": prompt.model or self.model,
            "input": [{"role": turn.role, "content": turn.text} for turn in prompt.turns],
            "max_output_tokens": prompt.max_tokens,
            "store": False,
        } | ({"instructions": prompt.system} if prompt.system else {})
        try:
            stream = await self._heard(self._open(client, "/responses", body))
        except self._errors as error:
            if _is_lacking(error):
                return None
            raise
        # LM Studio answers paths it does not know with 200 and JSON.
        if "text/event-stream" in stream.response.headers.get("content-type", ""):
            return stream
        await stream.close()
        return None

    async def _response(self, stream: Any, prompt: Prompt) -> Parts:
        ended = None
        async with aclosing(self._events(stream, _is_last)) as events:
            async for event in events:
                match event.get("type") if isinstance(event, dict) else None:
                    case "response.output_text.delta":
                        yield str(event.get("delta") or "")
                    case "response.refusal.delta" | "response.refusal.done":
                        raise vendors.refusal(self._vendor, "the model's own judgement")
                    case "response.failed" | "error":
                        if _object(_object(event, "response"), "usage"):
                            yield self._counts(_object(event, "response"))
                        raise self._failed(event, prompt)
                    case "response.completed" | "response.incomplete":
                        ended = _object(event, "response")
        if ended is None:
            raise vendors.cut(self._vendor)
        yield self._counts(ended)
        yield self._usage(ended)

    def _failed(self, event: dict[str, Any], prompt: Prompt) -> Exception:
        failed = event["type"] == "response.failed"
        error = _object(_object(event, "response"), "error") if failed else event
        said = f"{error.get('code', '')} {error.get('message', '')}".lower()
        return vendors.translated(self._vendor, Complaint(said=said), prompt.model)

    def _counts(self, response: dict[str, Any]) -> Usage:
        counts = _object(response, "usage")
        return Usage(
            model=response.get("model") or self.model,
            input_tokens=counts.get("input_tokens") or 0,
            output_tokens=counts.get("output_tokens") or 0,
        )

    def _usage(self, response: dict[str, Any]) -> Usage:
        usage = self._counts(response)
        if response.get("status") != "incomplete":
            return usage
        if _object(response, "incomplete_details").get("reason") == "content_filter":
            raise vendors.refusal(self._vendor, "its content policy")
        return replace(usage, complete=False, reason="length")


def _is_last(event: Any) -> bool:
    kind = event.get("type") if isinstance(event, dict) else None
    return kind in ("response.completed", "response.incomplete")


def _object(fields: dict[str, Any], name: str) -> dict[str, Any]:
    found = fields.get(name)
    return found if isinstance(found, dict) else {}


def _is_lacking(error: Exception) -> bool:
    """Whether the server does not know the path at all."""
    status, code = getattr(error, "status_code", 0), getattr(error, "code", None)
    if status in LACKING:
        return code != "model_not_found"
    return status in UNTOLD and not code and not getattr(error, "type", None)


def load(settings: Settings, *, silence: float = SILENCE) -> OpenAI | None:
    """OpenAI as the settings describe it; None without OPENAI_API_KEY."""
    found = access(settings, VENDOR)
    return None if found is None else OpenAI(VENDOR, found, silence=silence)
