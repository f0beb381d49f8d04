"""What the stand-in is told to do, and what it saw."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Ending = Literal["stop", "length", "refusal"]


class Rejected(Exception):
    """The request is one that the vendor refuses."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, whichever protocol it came in. `messages` hold `role` and `content`."""

    model: str
    messages: list[dict[str, str]]
    stream: bool
    max_tokens: int
    usage: bool = True
    """Whether the stream is to tell what it cost."""

    @property
    def prompt(self) -> str:
        """The last thing the person said."""
        return self.messages[-1]["content"]


@dataclass(slots=True)
class Call:
    """One request that came with the right key.

    `tokens` were sent; `completed` says that the answer was sent to its end; `gone` that the
    client hung up before. Seconds since the epoch are `at`, and `first_at` and `last_at`, when the
    first token and the newest one were sent; 0 before that.
    """

    endpoint: str
    model: str
    messages: list[dict[str, str]]
    stream: bool
    body: dict[str, Any]
    at: float = field(default_factory=time.time)
    first_at: float = 0.0
    last_at: float = 0.0
    tokens: int = 0
    completed: bool = False
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with the next `times` calls, on `endpoint` alone if that is given.

    `status` answers with an error in the vendor's shape, or with `body`. The others count tokens:
    `cut_after` drops the connection, `end_after` ends the body properly but without the protocol's
    last event, `error_after` sends an error event with `code`, `silent_after` keeps the connection
    and says nothing more, `length_after` ends the answer at a limit. `refuse` declines.
    """

    times: int = 1
    endpoint: str | None = None
    status: int = 0
    code: str = "server_error"
    message: str = "scripted failure"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    cut_after: int | None = None
    end_after: int | None = None
    error_after: int | None = None
    silent_after: int | None = None
    length_after: int | None = None
    refuse: bool = False


NO_FAULT = Fault()


@dataclass(slots=True)
class Hooks:
    """Called and awaited at precise moments, so that a test can act right there.

    `on_request` before anything is answered, `on_token` after the token of that index was sent,
    `on_done` after the protocol's last event.
    """

    on_request: Callable[[Call], Awaitable[None]] | None = None
    on_token: Callable[[int], Awaitable[None]] | None = None
    on_done: Callable[[Call], Awaitable[None]] | None = None


def tokens(text: str) -> list[str]:
    """The text in word-sized pieces; joined, they are the text."""
    return re.findall(r"\s*\S+|\s+$", text)
