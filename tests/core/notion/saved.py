"""What was meant to be saved, what was, and steps that die on the way."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

from core.markdown import notion_blocks
from core.notion.shapes import plain_text
from sandbox.notion.server import NotionServer

T = TypeVar("T")
Add = Callable[..., Awaitable[UUID]]

PUBLIC_URL = "https://notes.example"
CHILDREN = "/v1/blocks/*/children"
FOOT = "Written with Notion Assistant · offline · item"
LONG = "\n\n".join(f"Paragraph {number}" for number in range(250))
DEEP = "\n".join(f"{'  ' * level}- level {level}" for level in range(12))
MIXED = f"{DEEP}\n\n{LONG}"


class Killed(BaseException):  # no error that anybody handles
    """The process died."""


class Steps:
    """Keeps results as JSON, and dies once: after the effect of a step, before it is kept.

    With `kept`, it dies when the step is kept. What runs again after that has to ask for the same
    steps in the same order, as the work engine wants.
    """

    def __init__(self, die_after: str | None = None, *, kept: bool = False) -> None:
        self.kept: dict[str, str] = {}
        self.die_after = die_after
        self._when_kept = kept
        self._again: list[str] = []

    async def __call__(self, name: str, run: Callable[[], Awaitable[T]]) -> T:
        if self._again:
            assert self._again.pop(0) == name
        if name not in self.kept:
            result = await run()
            dies, self.die_after = (
                name == self.die_after,
                None if name == self.die_after else self.die_after,
            )
            if not dies or self._when_kept:
                self.kept[name] = json.dumps(result)
            if dies:
                self._again = list(self.kept)
                raise Killed
        kept: T = json.loads(self.kept[name])
        return kept


def made(notion: NotionServer, under: str | None = None) -> list[Any]:
    return notion.store.pages_under(under or notion.root_page_id)


def written(notion: NotionServer, block: str) -> list[tuple[str, str, Any]]:
    """Everything that stands in a page or block."""
    return [
        (child.type, plain_text(child.body.get("rich_text", [])), written(notion, child.id))
        for child in notion.store.children(block)
    ]


def meant(markdown: str) -> list[tuple[str, str, Any]]:
    """Everything that should stand there, the footer last."""

    def shape(blocks: list[dict[str, Any]]) -> list[tuple[str, str, Any]]:
        return [
            (
                block["type"],
                plain_text(block[block["type"]].get("rich_text", [])),
                shape(block[block["type"]].get("children", [])),
            )
            for block in blocks
        ]

    return [*shape(notion_blocks(markdown)), ("paragraph", FOOT, [])]


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not happened():  # noqa: ASYNC110 - it happens in a server that tells nobody
            await asyncio.sleep(0.02)
