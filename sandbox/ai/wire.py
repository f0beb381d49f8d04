"""What each vendor's protocol must say for itself, and the frames they share."""

from __future__ import annotations

import json
from typing import Any, Protocol

from sandbox.ai.script import Asked, Ending, Rejected


class Wire(Protocol):
    """A vendor's protocol. Each event is the bytes of one server-sent event."""

    def asked(self, body: dict[str, Any], headers: Any) -> Asked:
        """The request. Raises Rejected where the vendor would."""
        ...

    def begin(self, asked: Asked) -> list[bytes]:
        """The events before the first token."""
        ...

    def token(self, asked: Asked, text: str) -> bytes:
        """The event of one token."""
        ...

    def end(self, asked: Asked, text: str, count: int, ending: Ending) -> list[bytes]:
        """The events after the last token. `text` was said, in `count` tokens."""
        ...

    def trouble(self, code: str, message: str) -> bytes:
        """An error inside the stream."""
        ...

    def whole(self, asked: Asked, text: str, count: int, ending: Ending) -> dict[str, Any]:
        """The answer to a request that wanted no stream."""
        ...

    def error(self, status: int, code: str, message: str) -> dict[str, Any]:
        """The body of an error."""
        ...


def event(data: dict[str, Any], name: str | None = None) -> bytes:
    """One server-sent event."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data)}\n\n".encode()


def read_turns(items: Any) -> list[dict[str, str]]:
    """Messages with plain or typed text. Raises Rejected where there is none, or an empty one."""
    if not isinstance(items, list) or not items:
        raise Rejected(400, "invalid_request_error", "messages: at least one is needed")
    turns = [{"role": str(item["role"]), "content": _text(item["content"])} for item in items]
    if not all(turn["content"] for turn in turns):
        raise Rejected(400, "invalid_request_error", "messages: text must be non-empty")
    return turns


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)


def counted(asked: Asked) -> int:
    """Tokens of the question: a word is one."""
    return sum(len(message["content"].split()) for message in asked.messages)
