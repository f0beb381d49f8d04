"""Whole pages as HTML: the frame, a page, a data source, the list of pages."""

from datetime import UTC, datetime
from html import escape

from sandbox.notion.block_html import property_rows, render_children
from sandbox.notion.ids import ROOT_PAGE_ID, page_slug
from sandbox.notion.inline_html import page_icon
from sandbox.notion.records import Record
from sandbox.notion.store import PageStore

_NOTE = "A page of the local stand-in for Notion. It is kept on this machine only."
_FAVICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 100 100'%3E"
    "%3Crect x='18' y='8' width='64' height='84' rx='9' fill='%2337352f'/%3E"
    "%3Cpath d='M32 34h36M32 50h36M32 66h22' stroke='white' stroke-width='7'/%3E%3C/svg%3E"
)
_FRAME = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="{favicon}">
<link rel="stylesheet" href="viewer.css">
</head>
<body>
<nav aria-label="Breadcrumb">{crumbs}</nav>
{cover}
<main>
{main}
</main>
<footer>{note}</footer>
</body>
</html>
"""


def render_page(store: PageStore, record: Record) -> str:
    """A page with its blocks, or a data source with its rows."""
    title = record.title or "Untitled"
    trashed = '<p class="trashed">This page is in the trash.</p>' * store.is_trashed(record.id)
    head = f"{trashed}{_big_icon(record)}<h1>{escape(title)}</h1>"
    if record.kind == "page":
        of_source = record.parent.kind == "data_source_id"
        properties = property_rows(store, record.body["properties"]) if of_source else ""
        blocks = render_children(store, record.id)
        content = properties + (blocks or '<p class="empty">This page is empty.</p>')
    else:
        source = store.data_source_of(record.id) if record.kind == "database" else record
        content = _page_list(store, source.id if source else record.id)
    return _frame(title, _crumbs(store, record), head + content, _cover(record))


def render_home(store: PageStore, root_id: str) -> str:
    root = store.get(root_id)
    title = root.title if root else "Notion Assistant"
    icon = _big_icon(root) if root else ""
    blocks = render_children(store, root_id, blocks_only=True)
    pages = f"<h2>Pages</h2>{_page_list(store, root_id)}{_databases(store, root_id)}"
    return _frame(title, "", f"{icon}<h1>{escape(title)}</h1>{blocks}{pages}")


def render_missing() -> str:
    text = '<h1>No such page</h1><p>It may have been removed. <a href="./">All pages</a></p>'
    return _frame("No such page", "", text)


def _frame(title: str, crumbs: str, main: str, cover: str = "") -> str:
    crumbs = crumbs or f'<span aria-current="page">{escape(title)}</span>'
    return _FRAME.format(
        title=escape(title), favicon=_FAVICON, crumbs=crumbs, main=main, note=_NOTE, cover=cover
    )


def _big_icon(record: Record) -> str:
    default = "" if record.kind == "page" else "database"
    icon = page_icon(record.body.get("icon"), default)
    return f'<div class="page-icon">{icon}</div>' if icon else ""


def _cover(record: Record) -> str:
    cover = record.body.get("cover")
    if not cover:
        return ""
    return f'<img class="cover" src="{escape(cover["external"]["url"])}" alt="">'


def _crumbs(store: PageStore, record: Record) -> str:
    """The way from the root page to this one; blocks and data sources are left out."""
    current = f'<span aria-current="page">{escape(record.title or "Untitled")}</span>'
    crumbs = [current]
    above = store.get(record.parent.id) if record.parent.id else None
    while above is not None:
        if above.kind in ("page", "database"):
            title = above.title or "Untitled"
            address = "./" if above.id == ROOT_PAGE_ID else escape(page_slug(title, above.id))
            crumbs.append(f'<a href="{address}">{escape(title)}</a>')
        above = store.get(above.parent.id) if above.parent.id else None
    if len(crumbs) == 1:
        crumbs.append('<a href="./">All pages</a>')
    return '<span class="slash" aria-hidden="true">/</span>'.join(reversed(crumbs))


def _databases(store: PageStore, parent_id: str) -> str:
    found = [child for child in store.children(parent_id) if child.kind == "database"]
    rows = "".join(_row(database, "database") for database in found)
    return f'<h2>Databases</h2><ul class="pages">{rows}</ul>' if rows else ""


def _page_list(store: PageStore, parent_id: str) -> str:
    pages = [page for page in store.pages_under(parent_id) if not page.in_trash]
    if not pages:
        return (
            '<div class="empty"><p>No pages yet.</p>'
            "<p>In any chat, this writes the first one:</p>"
            "<p><code>/notion generate a launch checklist --save</code></p>"
            "</div>"
        )
    return f'<ul class="pages">{"".join(_row(page, "document") for page in pages)}</ul>'


def _row(record: Record, icon: str) -> str:
    title = record.title or "Untitled"
    moment = datetime.fromtimestamp(record.created, UTC)
    time = f'<time datetime="{moment:%Y-%m-%dT%H:%MZ}">{moment:%d %b %Y, %H:%M} UTC</time>'
    label = f"{page_icon(record.body.get('icon'), icon)}<span>{escape(title)}</span>"
    return f'<li><a href="{escape(page_slug(title, record.id))}">{label}</a>{time}</li>'
