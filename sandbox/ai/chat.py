"""Chat completions, as OpenAI, DeepSeek and compatible servers speak it.

https://platform.openai.com/docs/api-reference/chat-streaming
"""

from __future__ import annotations

from typing import Any

from sandbox.ai.script import Asked, Ending
from sandbox.ai.wire import counted, event, read_turns

_FINISH = {"stop": "stop", "length": "length", "refusal": "content_filter"}


def openai_error(status: int, code: str, message: str) -> dict[str, Any]:
    """OpenAI's error body, which DeepSeek shares."""
    kind = "invalid_request_error" if status < 500 else "server_error"
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


class ChatCompletions:
    """POST …/chat/completions."""

    def asked(self, body: dict[str, Any], headers: Any) -> Asked:
        del headers
        return Asked(
            model=body["model"],
            messages=read_turns(body.get("messages")),
            stream=bool(body.get("stream")),
            max_tokens=body.get("max_completion_tokens") or body.get("max_tokens") or 100_000,
            usage=bool((body.get("stream_options") or {}).get("include_usage")),
        )

    def begin(self, asked: Asked) -> list[bytes]:
        return [self._chunk(asked, {"role": "assistant", "content": ""})]

    def token(self, asked: Asked, text: str) -> bytes:
        return self._chunk(asked, {"content": text})

    def end(self, asked: Asked, text: str, count: int, ending: Ending) -> list[bytes]:
        del text
        events = [self._chunk(asked, {}, _FINISH[ending])]
        if asked.usage:
            # With include_usage the last chunk has no choice.
            usage = _usage(asked, count)
            events.append(event({**_envelope(asked), "choices": [], "usage": usage}))
        return [*events, b"data: [DONE]\n\n"]

    def trouble(self, code: str, message: str) -> bytes:
        return event(self.error(500, code, message))

    def whole(self, asked: Asked, text: str, count: int, ending: Ending) -> dict[str, Any]:
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": _FINISH[ending]}
        whole = {**_envelope(asked), "choices": [choice], "usage": _usage(asked, count)}
        return {**whole, "object": "chat.completion"}

    def error(self, status: int, code: str, message: str) -> dict[str, Any]:
        return openai_error(status, code, message)

    def _chunk(self, asked: Asked, delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return event({**_envelope(asked), "choices": [choice], "usage": None})


def _envelope(asked: Asked) -> dict[str, Any]:
    return {
        "id": "chatcmpl-sandbox",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": asked.model,
    }


def _usage(asked: Asked, count: int) -> dict[str, int]:
    read = counted(asked)
    return {"prompt_tokens": read, "completion_tokens": count, "total_tokens": read + count}
