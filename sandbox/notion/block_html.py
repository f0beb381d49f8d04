"""Blocks as HTML, nested as they are stored."""

from collections.abc import Callable
from html import escape
from typing import Any
from urllib.parse import urlsplit

from sandbox.notion.block_bodies import HEADINGS, MEDIA
from sandbox.notion.ids import page_slug
from sandbox.notion.inline_html import color_class, inline, link, page_icon
from sandbox.notion.records import Record
from sandbox.notion.store import PageStore

_LISTS = {"bulleted_list_item": "ul", "numbered_list_item": "ol"}
# The page's title is the h1, so a heading is one level lower.
_HEADING_TAGS = dict(zip(HEADINGS, ("h2", "h3", "h4", "h5"), strict=True))


def render_children(store: PageStore, parent_id: str, *, blocks_only: bool = False) -> str:
    """What stands under a page or a block, with neighbouring list items in one list."""
    parts: list[str] = []
    open_list = ""
    for record in store.children(parent_id):
        if blocks_only and record.kind != "block":
            continue
        wanted = _LISTS.get(record.type, "")
        if wanted != open_list:
            parts.append((f"</{open_list}>" if open_list else "") + (f"<{wanted}>" * bool(wanted)))
            open_list = wanted
        parts.append(_block(store, record))
    if open_list:
        parts.append(f"</{open_list}>")
    return "".join(parts)


def _block(store: PageStore, record: Record) -> str:
    if record.kind != "block":
        return page_link(record)
    if record.type in MEDIA:
        return _media(store, record)
    if record.type in HEADINGS:
        return _heading(store, record)
    render = _RENDERERS.get(record.type)
    return render(store, record) if render else f'<p class="unsupported">{record.type}</p>'


def page_link(record: Record) -> str:
    """A sub-page or a database as a line to click."""
    title = record.title or "Untitled"
    icon = page_icon(
        record.body.get("icon"), "database" if record.kind == "database" else "document"
    )
    address = escape(page_slug(title, record.id))
    return f'<p class="subpage"><a href="{address}">{icon}<span>{escape(title)}</span></a></p>'


def _text(store: PageStore, record: Record) -> str:
    return inline(store, record.body["rich_text"])


def _inside(store: PageStore, record: Record) -> str:
    return render_children(store, record.id) if record.has_children else ""


def _classes(record: Record, *names: str) -> str:
    found = " ".join(filter(None, [*names, color_class(record.body.get("color", "default"))]))
    return f' class="{found}"' if found else ""


def _paragraph(store: PageStore, record: Record) -> str:
    text = f"<p{_classes(record)}>{_text(store, record) or '<br>'}</p>"
    inside = _inside(store, record)
    return f'{text}<div class="indent">{inside}</div>' if inside else text


def _heading(store: PageStore, record: Record) -> str:
    tag = _HEADING_TAGS[record.type]
    heading = f"<{tag}{_classes(record)}>{_text(store, record)}</{tag}>"
    if not record.body["is_toggleable"]:
        return heading
    return f'<details class="toggle" open><summary>{heading}</summary>{_indented(store, record)}'


def _indented(store: PageStore, record: Record) -> str:
    return f'<div class="indent">{_inside(store, record)}</div></details>'


def _list_item(store: PageStore, record: Record) -> str:
    text = f"<div{_classes(record)}>{_text(store, record)}</div>"
    return f"<li>{text}{_inside(store, record)}</li>"


def _to_do(store: PageStore, record: Record) -> str:
    checked = record.body["checked"]
    state, label = ("done", "Done") if checked else ("open", "To do")
    box = f'<span class="box {state}" role="img" aria-label="{label}"></span>'
    inside = _inside(store, record)
    body = f"<div><div{_classes(record, 'words')}>{_text(store, record)}</div>{inside}</div>"
    return f'<div class="to-do {state}">{box}{body}</div>'


def _toggle(store: PageStore, record: Record) -> str:
    summary = f"<summary{_classes(record)}>{_text(store, record)}</summary>"
    return f'<details class="toggle">{summary}{_indented(store, record)}'


def _quote(store: PageStore, record: Record) -> str:
    text = f"<div>{_text(store, record)}</div>"
    return f"<blockquote{_classes(record)}>{text}{_inside(store, record)}</blockquote>"


def _callout(store: PageStore, record: Record) -> str:
    icon = page_icon(record.body["icon"], "")
    text = f"<div>{_text(store, record)}</div>{_inside(store, record)}"
    return f'<aside{_classes(record, "callout")}>{icon}<div class="inside">{text}</div></aside>'


def _code(store: PageStore, record: Record) -> str:
    language = escape(record.body["language"])
    caption = _caption(store, record)
    # A code block that scrolls sideways must be reachable with the keyboard.
    code = f'<pre tabindex="0"><code>{_text(store, record)}</code></pre>'
    return f'<figure class="code"><span class="language">{language}</span>{code}{caption}</figure>'


def _caption(store: PageStore, record: Record) -> str:
    text = inline(store, record.body.get("caption", []))
    return f"<figcaption>{text}</figcaption>" if text else ""


def _equation(_store: PageStore, record: Record) -> str:
    return f'<div class="math block">{escape(record.body["expression"])}</div>'


def _bookmark(store: PageStore, record: Record) -> str:
    url = record.body["url"]
    host = escape(urlsplit(url).hostname or url)
    label = inline(store, record.body["caption"]) or host
    inside = f'<span class="label">{label}</span><span class="address">{escape(url)}</span>'
    return link(url, inside, "bookmark")


def _media(store: PageStore, record: Record) -> str:
    body = record.body
    url = f"files/{body['file']['upload']}" if "file" in body else body["external"]["url"]
    caption = _caption(store, record)
    if record.type == "image":
        words = escape("".join(item["plain_text"] for item in record.body["caption"]))
        image = f'<img src="{escape(url)}" alt="{words}" loading="lazy">'
        return f'<figure class="image">{image}{caption}</figure>'
    name = escape(record.body.get("name") or urlsplit(url).path.rpartition("/")[2] or url)
    label = f'<span class="label">{name}</span><span class="address">{record.type}</span>'
    return link(url, label, "bookmark") + (f"<figure>{caption}</figure>" if caption else "")


def _table(store: PageStore, record: Record) -> str:
    rows = store.children(record.id)
    columns, first = record.body["has_row_header"], record.body["has_column_header"]
    lines = []
    for n, row in enumerate(rows):
        cells = []
        for m, cell in enumerate(row.body["cells"]):
            scope = "col" if first and n == 0 else "row" if columns and m == 0 else ""
            tag, named = ("th", f' scope="{scope}"') if scope else ("td", "")
            cells.append(f"<{tag}{named}>{inline(store, cell)}</{tag}>")
        lines.append(f"<tr>{''.join(cells)}</tr>")
    table = f"<table>{''.join(lines)}</table>"
    return f'<div class="table" tabindex="0" role="region" aria-label="Table">{table}</div>'


def _columns(store: PageStore, record: Record) -> str:
    return f'<div class="columns">{_inside(store, record)}</div>'


def _plain_group(store: PageStore, record: Record) -> str:
    return f"<div>{_inside(store, record)}</div>"


def _linked_page(store: PageStore, record: Record) -> str:
    target = store.get(record.body[record.body["type"]])
    return page_link(target) if target else '<p class="unsupported">No access to this page</p>'


_RENDERERS: dict[str, Callable[[PageStore, Record], str]] = {
    "paragraph": _paragraph,
    "template": _paragraph,
    "bulleted_list_item": _list_item,
    "numbered_list_item": _list_item,
    "to_do": _to_do,
    "toggle": _toggle,
    "quote": _quote,
    "callout": _callout,
    "code": _code,
    "equation": _equation,
    "bookmark": _bookmark,
    "embed": _bookmark,
    "table": _table,
    "divider": lambda _store, _record: "<hr>",
    "breadcrumb": lambda _store, _record: "",
    "table_of_contents": lambda _store, _record: "",
    "column_list": _columns,
    "column": _plain_group,
    "tab": _plain_group,
    "synced_block": _plain_group,
    "link_to_page": _linked_page,
}


def property_rows(store: PageStore, values: dict[str, Any]) -> str:
    """A data source's page: its properties that have a value, the title aside."""
    rows = []
    for name, value in values.items():
        shown = _property(store, value)
        if value["type"] != "title" and shown:
            rows.append(f"<div><dt>{escape(name)}</dt><dd>{shown}</dd></div>")
    return f'<dl class="properties">{"".join(rows)}</dl>' if rows else ""


def _property(store: PageStore, value: dict[str, Any]) -> str:
    kind = value["type"]
    content = value[kind]
    if kind in ("title", "rich_text"):
        return inline(store, content)
    if kind in ("select", "status", "multi_select"):
        options = content if isinstance(content, list) else [content] if content else []
        return " ".join(
            f'<span class="tag color-{escape(o["color"])}-background">{escape(o["name"])}</span>'
            for o in options
        )
    if kind == "url" and content:
        return link(content, escape(content))
    if kind == "date" and content:
        return escape(" → ".join(filter(None, [content["start"], content["end"]])))
    if kind == "checkbox":
        return "Yes" if content else ""
    return "" if content in (None, []) else escape(str(content))
