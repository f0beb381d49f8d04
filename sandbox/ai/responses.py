"""OpenAI's Responses API. https://platform.openai.com/docs/api-reference/responses-streaming"""

from __future__ import annotations

from typing import Any

from sandbox.ai.chat import openai_error
from sandbox.ai.script import Asked, Ending
from sandbox.ai.wire import counted, event, read_turns


class Responses:
    """POST …/responses."""

    def asked(self, body: dict[str, Any], headers: Any) -> Asked:
        del headers
        given = body.get("input")
        items = [{"role": "user", "content": given}] if isinstance(given, str) else given
        system = body.get("instructions")
        turns = read_turns(items)
        return Asked(
            model=body["model"],
            messages=[{"role": "system", "content": system}, *turns] if system else turns,
            stream=bool(body.get("stream")),
            max_tokens=body.get("max_output_tokens") or 100_000,
        )

    def begin(self, asked: Asked) -> list[bytes]:
        response = self._response(asked, "in_progress")
        return [
            _named("response.created", response=response),
            _named("response.in_progress", response=response),
            _named("response.output_item.added", output_index=0, item=_item("in_progress")),
            _named("response.content_part.added", **_PLACE, part=_part("")),
        ]

    def token(self, asked: Asked, text: str) -> bytes:
        del asked
        return _named("response.output_text.delta", **_PLACE, delta=text, logprobs=[])

    def end(self, asked: Asked, text: str, count: int, ending: Ending) -> list[bytes]:
        whole = self.whole(asked, text, count, ending)
        if ending == "refusal":
            return [
                _named("response.refusal.delta", **_PLACE, delta=_DECLINED),
                _named("response.refusal.done", **_PLACE, refusal=_DECLINED),
                _named("response.completed", response=whole),
            ]
        last = "response.incomplete" if ending == "length" else "response.completed"
        return [
            _named("response.output_text.done", **_PLACE, text=text, logprobs=[]),
            _named("response.content_part.done", **_PLACE, part=_part(text)),
            _named("response.output_item.done", output_index=0, item=whole["output"][0]),
            _named(last, response=whole),
        ]

    def trouble(self, code: str, message: str) -> bytes:
        return _named("error", code=code, message=message, param=None)

    def whole(self, asked: Asked, text: str, count: int, ending: Ending) -> dict[str, Any]:
        part = _part(text)
        if ending == "refusal":
            part = {"type": "refusal", "refusal": _DECLINED}
        read = counted(asked)
        response = self._response(asked, "incomplete" if ending == "length" else "completed")
        if ending == "length":
            response["incomplete_details"] = {"reason": "max_output_tokens"}
        response["output"] = [{**_item("completed"), "content": [part]}]
        response["usage"] = {
            "input_tokens": read,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": count,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": read + count,
        }
        return response

    def error(self, status: int, code: str, message: str) -> dict[str, Any]:
        return openai_error(status, code, message)

    def _response(self, asked: Asked, status: str) -> dict[str, Any]:
        return {
            "id": "resp_sandbox",
            "object": "response",
            "created_at": 0,
            "status": status,
            "model": asked.model,
            "output": [],
            "error": None,
            "incomplete_details": None,
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
            "usage": None,
        }


_DECLINED = "I can't help with that."
_PLACE = {"item_id": "msg_sandbox", "output_index": 0, "content_index": 0}


def _part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": []}


def _item(status: str) -> dict[str, Any]:
    item = {"id": "msg_sandbox", "type": "message", "role": "assistant"}
    return {**item, "status": status, "content": []}


def _named(name: str, **data: Any) -> bytes:
    return event({"type": name, "sequence_number": 0, **data}, name)
