"""A platform with messages to read and to mark, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from core.errors import AssistantError
from core.messages import Answer, File, Message
from core.ports import Address, Mark, Part, Reply

START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def message(number: int, text: str, author: str = "Ada", **more: object) -> Message:
    """The message that was written in this minute."""
    return Message(f"m{number}", author, text, START + timedelta(minutes=number), **more)  # type: ignore[arg-type]


@dataclass
class Room:
    """Threads by their first message, and what was done about them."""

    threads: dict[str, list[Message]] = field(default_factory=dict)
    trouble: AssistantError | None = None
    reads: int = 0
    marks: list[Mark] = field(default_factory=list)
    posted: list[str] = field(default_factory=list)
    contents: dict[str, bytes | AssistantError] = field(default_factory=dict)
    name: str = "slack"

    def render(self, answer: Answer) -> list[Part]:
        return [{"text": f"{answer.text} {answer.page or ''}".strip()}]

    async def post(self, address: Address, part: Part, marker: str, *, again: bool) -> Reply:  # noqa: ARG002 - the port's signature
        self.posted.append(part["text"])
        return {}

    def locate(self, link: str) -> Address | None:
        found = link.removeprefix("room:")
        return {"message": found} if found != link else None

    async def read(self, address: Address) -> list[Message]:
        self.reads += 1
        if self.trouble is not None:
            raise self.trouble
        return self.threads.get(address.get("message") or address.get("thread", ""), [])

    async def between(self, first: Address, last: Address, most: int) -> list[Message]:
        ends = sorted((first["message"], last["message"]))
        said = [one for thread in self.threads.values() for one in thread]
        return [one for one in said if ends[0] <= one.id <= ends[1]][:most]

    async def fetch(self, address: Address, file: File) -> AsyncIterator[bytes]:  # noqa: ARG002 - the port's signature
        content = self.contents[file.source]
        if isinstance(content, AssistantError):
            raise content
        for at in range(0, len(content), 1_000_000):
            yield content[at : at + 1_000_000]

    async def mark(self, address: Address, mark: Mark) -> None:  # noqa: ARG002 - the port's signature
        self.marks.append(mark)

    async def close(self) -> None:
        self.posted.clear()
