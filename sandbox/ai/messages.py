"""Anthropic's Messages API. https://docs.claude.com/en/api/messages-streaming"""

from __future__ import annotations

from typing import Any

from sandbox.ai.script import Asked, Ending, Rejected
from sandbox.ai.wire import counted, event, read_turns

NO_SAMPLING = "2026-10-21"
"""The version since which temperature and its kin are refused."""

_STOP = {"stop": "end_turn", "length": "max_tokens", "refusal": "refusal"}
_KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}


class Messages:
    """POST /v1/messages."""

    def asked(self, body: dict[str, Any], headers: Any) -> Asked:
        version = headers.get("anthropic-version")
        if not version:
            raise Rejected(400, "", "anthropic-version: header is required")
        sampling = {"temperature", "top_p", "top_k"} & body.keys()
        if version >= NO_SAMPLING and sampling:
            raise Rejected(400, "", f"{min(sampling)}: Extra inputs are not permitted")
        if not isinstance(body.get("max_tokens"), int):
            raise Rejected(400, "", "max_tokens: Field required")
        turns = read_turns(body.get("messages"))
        system = body.get("system")
        return Asked(
            model=body["model"],
            messages=[{"role": "system", "content": system}, *turns] if system else turns,
            stream=bool(body.get("stream")),
            max_tokens=body["max_tokens"],
        )

    def begin(self, asked: Asked) -> list[bytes]:
        message = self.whole(asked, "", 1, "stop")
        message.update(content=[], stop_reason=None)
        block = {"type": "text", "text": ""}
        return [
            _named("message_start", message=message),
            _named("content_block_start", index=0, content_block=block),
            _named("ping"),
        ]

    def token(self, asked: Asked, text: str) -> bytes:
        del asked
        delta = {"type": "text_delta", "text": text}
        return _named("content_block_delta", index=0, delta=delta)

    def end(self, asked: Asked, text: str, count: int, ending: Ending) -> list[bytes]:
        del asked, text
        delta = {"stop_reason": _STOP[ending], "stop_sequence": None}
        return [
            _named("content_block_stop", index=0),
            _named("message_delta", delta=delta, usage={"output_tokens": count}),
            _named("message_stop"),
        ]

    def trouble(self, code: str, message: str) -> bytes:
        return event({"type": "error", "error": {"type": code, "message": message}}, "error")

    def whole(self, asked: Asked, text: str, count: int, ending: Ending) -> dict[str, Any]:
        return {
            "id": "msg_sandbox",
            "type": "message",
            "role": "assistant",
            "model": asked.model,
            "content": [{"type": "text", "text": text}],
            "stop_reason": _STOP[ending],
            "stop_sequence": None,
            "usage": {"input_tokens": counted(asked), "output_tokens": count},
        }

    def error(self, status: int, code: str, message: str) -> dict[str, Any]:
        kind = _KINDS.get(status, "api_error")
        details = {"error_code": code} if code else None
        error = {"type": kind, "message": message, "details": details}
        return {"type": "error", "error": error, "request_id": "req_sandbox"}


def _named(name: str, **data: Any) -> bytes:
    return event({"type": name, **data}, name)
