"""Files of messages, carried over to Notion: their addresses on a platform are private, and end."""

from __future__ import annotations

import mimetypes
import re
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from functools import partial
from typing import IO, Any

import structlog

from core.errors import AssistantError, InvalidInput
from core.jobs.show import patiently
from core.markdown import notion_blocks
from core.messages import Carried, File
from core.ports import Pages, Step

LARGEST = 200 * 1024 * 1024
"""Bytes of one file. A larger one stays a link."""

MOST = 50
"""Files of one page that are carried over; the others stay links."""

PATIENCE = 60.0
"""Seconds that a file is asked for again where the platform fails in passing."""

IN_MEMORY = 1024 * 1024
"""Bytes of a file that are held in memory; a larger one waits on disk."""

# https://developers.notion.com/docs/working-with-files-and-media#supported-file-types
_KINDS = {"image": "image", "video": "video", "audio": "audio"}
_PDF = "application/pdf"

Fetch = Callable[[File], AsyncIterator[bytes]]
"""What is in a file, piece by piece."""

log = structlog.get_logger(__name__)


class Attachments:
    """Fetches files from a platform and sends them to Notion."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def carry(
        self,
        step: Step,
        fetch: Fetch,
        files: Sequence[File],
        begun: Callable[[int], Awaitable[None]] | None = None,
    ) -> list[Carried]:
        """What became of each file, in order; one that cannot come stays a link and says why.

        `begun` is told the number of each file, from 0, before it goes up.
        """
        carried: list[Carried] = []
        for number, file in enumerate(files):
            if number < MOST:
                if begun is not None:
                    await begun(number)
                carried.append(await step(f"file {number}", partial(self._carry, fetch, file)))
            else:
                carried.append(_left(file, f"a page takes {MOST} files"))
        return carried

    async def _carry(self, fetch: Fetch, file: File) -> Carried:
        try:
            if file.size > LARGEST:
                raise _too_large()
            with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as kept:
                size = await patiently(lambda: self._fetched(fetch, file, kept), PATIENCE)
                return await self._sent(file, kept, size)
        except AssistantError as error:
            log.warning("a file stays a link", reason=error.message, size=file.size)
            return _left(file, error.message)

    async def _fetched(self, fetch: Fetch, file: File, into: IO[bytes]) -> int:
        """Brings what is in a file; its bytes."""
        into.seek(0)
        into.truncate()
        size = 0
        async with aclosing(fetch(file)) as pieces:  # type: ignore[type-var]
            async for piece in pieces:
                size += len(piece)
                if size > LARGEST:
                    raise _too_large()
                into.write(piece)
        if not size:
            raise InvalidInput("It is empty.")
        return size

    async def _sent(self, file: File, content: IO[bytes], size: int) -> Carried:
        """Sends a file to Notion: each request is patient itself, so all of them but once more."""
        media_type = type_of(file)
        for last in (False, True):
            content.seek(0)
            try:
                upload = await self._pages.upload(file.name, media_type, content, size)
                break
            except AssistantError as error:
                if last or not error.retryable or error.retry_after:
                    raise
        kind = kind_of(media_type)
        return {"name": file.name, "line": line_of(file), "kind": kind, "id": upload, "why": ""}


def line_of(file: File) -> str:
    """How a document mentions a file: an item that is a link. Pure."""
    label = re.sub(r"[\[\]\n]", " ", file.name).strip() or "file"
    return f"- [{label}](<{file.link}>)"


def with_files(blocks: Sequence[dict[str, Any]], files: Sequence[Carried]) -> list[dict[str, Any]]:
    """The blocks, each item that mentions a file turned into the file, or saying why not. Pure."""
    waiting = [(notion_blocks(file["line"])[0], file) for file in files]
    shown = []
    for block in blocks:
        at = next((n for n, (mention, _) in enumerate(waiting) if mention == block), None)
        shown.append(block if at is None else _shown(*waiting.pop(at)))
    return shown


def _shown(mention: dict[str, Any], file: Carried) -> dict[str, Any]:
    if not file["id"]:
        why = {"type": "text", "text": {"content": f" (not copied to Notion. {file['why']})"[:500]}}
        body = mention[mention["type"]]
        return mention | {mention["type"]: body | {"rich_text": [*body["rich_text"], why]}}
    kind = file["kind"]
    content: dict[str, Any] = {"type": "file_upload", "file_upload": {"id": file["id"]}}
    if kind == "file":
        content["name"] = file["name"][:100]
    return {"object": "block", "type": kind, kind: content}


def type_of(file: File) -> str:
    """The file's media type, as the platform or its name says. Pure."""
    said = file.type.partition(";")[0].strip().lower()
    guessed = mimetypes.guess_type(file.name)[0]
    return said or guessed or "application/octet-stream"


def kind_of(media_type: str) -> str:
    """The type of block that shows such a file. Pure."""
    if media_type == _PDF:
        return "pdf"
    return _KINDS.get(media_type.partition("/")[0], "file")


def _left(file: File, why: str) -> Carried:
    return {"name": file.name, "line": line_of(file), "kind": "", "id": "", "why": why}


def _too_large() -> InvalidInput:
    return InvalidInput(f"It is larger than {LARGEST // 1024 // 1024} MB.")
