"""Notion where no token is set: every call says how to connect it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import IO, Any, NoReturn

from core.errors import Misconfigured
from core.notion.examining import Report
from core.ports import Child, Destination, Page, Property, Template


class Unconnected:
    """`core.ports.Pages` without Notion. `oauth`: people can connect a Notion of their own."""

    def __init__(self, *, oauth: bool = False) -> None:
        self._oauth = oauth

    async def destination(self, wanted: str | None) -> Destination:
        """Raises Misconfigured."""
        self._refuse()

    async def destinations(self, query: str, limit: int = 20) -> list[Destination]:
        """Raises Misconfigured."""
        self._refuse()

    async def schema(self, data_source: str, *, fresh: bool = False) -> Sequence[Property]:
        """Raises Misconfigured."""
        self._refuse()

    async def titled(self, data_source: str, title: str) -> Sequence[Destination]:
        """Raises Misconfigured."""
        self._refuse()

    async def templates(self, data_source: str) -> Sequence[Template]:
        """Raises Misconfigured."""
        self._refuse()

    async def made(self, destination: Destination, title: str, since: datetime) -> Sequence[Page]:
        """Raises Misconfigured."""
        self._refuse()

    async def refill(self, page_id: str, properties: Mapping[str, Any]) -> None:
        """Raises Misconfigured."""
        self._refuse()

    async def people(self) -> Mapping[str, str]:
        """Raises Misconfigured."""
        self._refuse()

    async def create(
        self,
        destination: Destination,
        title: str,
        children: Sequence[dict[str, Any]],
        properties: Mapping[str, Any] | None = None,
        template: str | None = None,
    ) -> Page:
        """Raises Misconfigured."""
        self._refuse()

    async def find(
        self,
        destination: Destination,
        title: str,
        link: str,
        since: datetime,
    ) -> Page | None:
        """Raises Misconfigured."""
        self._refuse()

    async def upload(self, name: str, media_type: str, content: IO[bytes], size: int) -> str:
        """Raises Misconfigured."""
        self._refuse()

    async def trash(self, page_id: str) -> None:
        """Raises Misconfigured."""
        self._refuse()

    async def children(self, block: str) -> list[Child]:
        """Raises Misconfigured."""
        self._refuse()

    async def read(self, page_id: str, limit: int) -> str:
        """Raises Misconfigured."""
        self._refuse()

    async def append(
        self,
        block: str,
        children: Sequence[dict[str, Any]],
        after: str | None = None,
    ) -> list[Child]:
        """Raises Misconfigured."""
        self._refuse()

    async def change(self, block: str, kind: str, fields: Mapping[str, Any]) -> bool:
        """Raises Misconfigured."""
        self._refuse()

    async def remove(self, block: str) -> None:
        """Raises Misconfigured."""
        self._refuse()

    async def title(self, page_id: str) -> str:
        """Raises Misconfigured."""
        self._refuse()

    async def trashed(self, page_id: str) -> bool:
        """Raises Misconfigured."""
        self._refuse()

    async def rename(self, page_id: str, title: str) -> None:
        """Raises Misconfigured."""
        self._refuse()

    async def examine(self) -> Report:
        """Raises Misconfigured."""
        self._refuse()

    async def close(self) -> None:
        """Nothing is open."""

    def _refuse(self) -> NoReturn:
        if self._oauth:
            raise Misconfigured(
                "Notion is not connected yet, so nothing can be saved or found there. Connect "
                "yours: `/notion settings notion` has the link; on the web it is under settings."
            )
        raise Misconfigured(
            "Notion is not connected. An admin sets NOTION_TOKEN to an integration's token; "
            "without it, texts are written but not saved."
        )
