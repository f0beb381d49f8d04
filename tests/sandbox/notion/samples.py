"""Requests that the tests share."""

import logging
from typing import Any

from notion_client import AsyncClient

from sandbox.notion.ids import API_VERSION, NOTES_DATA_SOURCE_ID, ROOT_PAGE_ID
from sandbox.notion.server import NotionServer

Json = dict[str, Any]
_LOGGER = logging.getLogger("tests.notion")


def client_of(server: NotionServer) -> AsyncClient:
    """Notion's own client, unchanged but for the address; it does not retry by itself."""
    return AsyncClient(
        auth=server.token,
        base_url=server.base_url,
        notion_version=API_VERSION,
        retry=False,
        logger=_LOGGER,
        log_level=logging.CRITICAL,
    )


def text(content: str, *, link: str | None = None, **marks: Any) -> Json:
    item: Json = {"type": "text", "text": {"content": content}}
    if link is not None:
        item["text"]["link"] = {"url": link}
    return item | {"annotations": marks} if marks else item


def block(kind: str, content: str | list[Json] = "Text", **fields: Any) -> Json:
    items = [text(content)] if isinstance(content, str) else content
    return {"object": "block", "type": kind, kind: {"rich_text": items, **fields}}


def bare(kind: str, **fields: Any) -> Json:
    return {"object": "block", "type": kind, kind: fields}


def external(kind: str, url: str) -> Json:
    return bare(kind, type="external", external={"url": url})


def table(*rows: tuple[str, ...], **fields: Any) -> Json:
    children = [bare("table_row", cells=[[text(cell)] for cell in row]) for row in rows]
    return bare("table", **{"table_width": len(rows[0]), "children": children} | fields)


def title(content: str) -> Json:
    return {"title": {"title": [text(content)]}}


def on_root(content: str = "A page", **fields: Any) -> Json:
    """The body of a page on the root page."""
    return {"parent": {"page_id": ROOT_PAGE_ID}, "properties": title(content), **fields}


def in_notes(content: str = "A row", **properties: Any) -> Json:
    """The body of a page in the data source Notes."""
    named = {"Name": {"title": [text(content)]}, **properties}
    return {"parent": {"data_source_id": NOTES_DATA_SOURCE_ID}, "properties": named}


def every_block() -> list[Json]:
    """One of each type that the product could write, with each kind of rich text."""
    words = [
        text("bold", bold=True, color="red"),
        text("a link", link="https://example.com/a?b=c#d"),
        text("mail", link="mailto:ana@example.com"),
        {"type": "equation", "equation": {"expression": "a^2"}},
        {"type": "mention", "mention": {"type": "page", "page": {"id": ROOT_PAGE_ID}}},
        {"type": "mention", "mention": {"type": "date", "date": {"start": "2026-11-23"}}},
    ]
    nested = block("bulleted_list_item", children=[block("bulleted_list_item", "Deeper")])
    columns = [bare("column", children=[block("paragraph", "Left", children=[block("quote")])])] * 2
    return [
        block("paragraph", words),
        *(block(f"heading_{level}") for level in (1, 2, 3, 4)),
        block("heading_2", is_toggleable=True, children=[block("paragraph")]),
        block("bulleted_list_item", children=[nested]),
        block("numbered_list_item"),
        block("to_do", checked=True),
        block("toggle", children=[block("paragraph")]),
        block("quote", color="blue_background"),
        block("callout", icon={"type": "emoji", "emoji": "⚠️"}),
        block("code", language="python", caption=[text("caption")]),
        bare("equation", expression="E = mc^2"),
        bare("divider"),
        bare("table_of_contents"),
        bare("bookmark", url="https://example.com/", caption=[text("words")]),
        bare("embed", url="https://example.com/video"),
        *(
            external(kind, "https://example.com/a.bin")
            for kind in ("image", "video", "pdf", "audio")
        ),
        external("file", "https://example.com/report.csv"),
        table(("a", "b"), ("c", "d"), has_column_header=True),
        bare("column_list", children=columns),
        bare("synced_block", synced_from=None, children=[block("paragraph")]),
        bare("link_to_page", type="page_id", page_id=ROOT_PAGE_ID),
    ]
