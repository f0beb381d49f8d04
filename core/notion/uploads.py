"""Files sent to Notion. https://developers.notion.com/reference/file-upload"""

from __future__ import annotations

import asyncio
import mimetypes
from typing import IO, Any

from core.errors import AssistantError, NotionFailed
from core.notion.connection import Connection

SINGLE = 20 * 1024 * 1024
"""Bytes that Notion takes at once; a larger file is sent in parts."""

PART = 10 * 1024 * 1024
"""Bytes of a part; Notion wants 5 to 20 MiB, but for the last."""

LONGEST_NAME = 200
"""Characters of a file's name; Notion takes 900 bytes."""


class Uploads:
    """Sends files over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._limit: int | None = None
        self._asking = asyncio.Lock()

    async def send(self, name: str, media_type: str, content: IO[bytes], size: int) -> str:
        """As `core.ports.Pages.upload`."""
        limit = await self._most()
        if limit and size > limit:
            raise NotionFailed(
                f"It is larger than the {limit // 1024 // 1024} MB a file may have on the Notion "
                "workspace's plan."
            )
        parts = 1 if size <= SINGLE else -(-size // PART)
        name = named(name, media_type)
        upload = await self._create(name, media_type, parts)
        for number in range(1, parts + 1):
            piece = content.read(PART if parts > 1 else size)
            form: dict[str, Any] = {"file": (name, piece, media_type)}
            if parts > 1:
                form["part_number"] = str(number)
            await self._connection.send(f"file_uploads/{upload}/send", form)
        if parts > 1:
            await self._connection.write("POST", f"file_uploads/{upload}/complete", {})
        return upload

    async def _create(self, name: str, media_type: str, parts: int) -> str:
        body: dict[str, Any] = {"filename": name, "content_type": media_type}
        if parts > 1:
            body |= {"mode": "multi_part", "number_of_parts": parts}
        made = await self._connection.write("POST", "file_uploads", body)
        upload = made.get("id")
        if not isinstance(upload, str):
            raise NotionFailed("Notion did not say how the file is called.")
        return upload

    async def _most(self) -> int:
        """The most bytes a file may have, as the workspace's plan allows; 0 where unknown."""
        async with self._asking:
            if self._limit is not None:
                return self._limit
            try:
                me = await self._connection.get("users/me")
            except AssistantError:
                return 0
            bot = me.get("bot")
            limits = bot.get("workspace_limits") if isinstance(bot, dict) else None
            most = limits.get("max_file_upload_size_in_bytes") if isinstance(limits, dict) else None
            self._limit = most if isinstance(most, int) else 0
            return self._limit


def named(name: str, media_type: str) -> str:
    """The name as Notion takes it: with an extension, which it wants, and not too long. Pure."""
    stem, dot, extension = " ".join(name.split()).rpartition(".")
    if not dot or not stem or len(extension) > 10:
        stem = " ".join(name.split()) or "file"
        extension = (mimetypes.guess_extension(media_type) or ".txt")[1:]
    return f"{stem[: LONGEST_NAME - len(extension) - 1]}.{extension}"
