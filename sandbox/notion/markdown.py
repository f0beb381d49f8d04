"""A page as Markdown, in the constructs that both of Notion's dialects share."""

from collections.abc import Callable
from typing import Any

from sandbox.notion.block_bodies import HEADINGS, MEDIA
from sandbox.notion.present import Presenter
from sandbox.notion.records import Record
from sandbox.notion.rich_text import plain_text
from sandbox.notion.store import PageStore

_INDENT = "    "
_LISTED = ("bulleted_list_item", "numbered_list_item", "to_do")


def page_markdown(store: PageStore, presenter: Presenter, page: Record) -> str:
    return "\n".join(_lines(store, presenter, page.id, ""))


def _lines(store: PageStore, presenter: Presenter, parent_id: str, indent: str) -> list[str]:
    lines: list[str] = []
    previous = ""
    for record in store.children(parent_id):
        if lines and not (record.type == previous and record.type in _LISTED):
            lines.append("")
        lines += [indent + line for line in _block(store, presenter, record)]
        below = indent + _INDENT if record.type in _LISTED else indent
        if record.kind == "block" and record.has_children and record.type != "table":
            lines += _lines(store, presenter, record.id, below)
        previous = record.type
    return lines


def _block(store: PageStore, presenter: Presenter, record: Record) -> list[str]:
    if record.kind != "block":
        return [f'<page url="{presenter.url(record)}">{_escape(record.title)}</page>']
    if record.type == "table":
        return _table(store, presenter, record)
    body = presenter.linked(record.body)
    write = _WRITERS.get(record.type)
    if write:
        return write(body).split("\n")
    if record.type in MEDIA:
        kind = "!" if record.type == "image" else ""
        return [f"{kind}[{_inline(body['caption'])}]({body[body['type']]['url']})"]
    return [f"<{record.type.replace('_', '-')}/>"]


def _table(store: PageStore, presenter: Presenter, record: Record) -> list[str]:
    rows = [
        f"| {' | '.join(_inline(cell) for cell in presenter.linked(row.body)['cells'])} |"
        for row in store.children(record.id)
    ]
    rule = "|" + " --- |" * record.body["table_width"]
    return [*rows[:1], rule, *rows[1:]]


def _code(body: dict[str, Any]) -> str:
    text = plain_text(body["rich_text"])
    fence = "```"
    while fence in text:
        fence += "`"
    language = body["language"]
    label = "" if language == "plain text" else language
    return f"{fence}{label}\n{text}\n{fence}"


def _quote(body: dict[str, Any]) -> str:
    return "> " + _inline(body["rich_text"]).replace("\n", "\n> ")


def _prefixed(prefix: str) -> Callable[[dict[str, Any]], str]:
    return lambda body: prefix + _inline(body["rich_text"])


def _to_do(body: dict[str, Any]) -> str:
    return ("- [x] " if body["checked"] else "- [ ] ") + _inline(body["rich_text"])


_WRITERS: dict[str, Callable[[dict[str, Any]], str]] = {
    **{name: _prefixed("#" * level + " ") for level, name in enumerate(HEADINGS, 1)},
    "paragraph": _prefixed(""),
    "toggle": _prefixed(""),
    "template": _prefixed(""),
    "bulleted_list_item": _prefixed("- "),
    "numbered_list_item": _prefixed("1. "),
    "to_do": _to_do,
    "quote": _quote,
    "callout": _quote,
    "code": _code,
    "equation": lambda body: f"$$\n{body['expression']}\n$$",
    "divider": lambda _: "---",
    "bookmark": lambda body: f"[{_inline(body['caption']) or body['url']}]({body['url']})",
    "embed": lambda body: f"[{_inline(body['caption']) or body['url']}]({body['url']})",
}


def _inline(items: list[dict[str, Any]]) -> str:
    return "".join(_item(item) for item in items)


def _item(item: dict[str, Any]) -> str:
    marks = item["annotations"]
    if item["type"] == "equation":
        return f"${item['equation']['expression']}$"
    if item["type"] == "mention" and item["mention"]["type"] == "user":
        return f'<mention-user url="user://{item["mention"]["user"]["id"]}"/>'
    text = item["plain_text"]
    text = f"`{text}`" if marks["code"] else _escape(text)
    for name, mark in (("bold", "**"), ("italic", "*"), ("strikethrough", "~~")):
        if marks[name] and text.strip():
            text = f"{mark}{text}{mark}"
    return f"[{text}]({item['href']})" if item["href"] else text


def _escape(text: str) -> str:
    for char in "\\*`~$[]<>{}|^":
        text = text.replace(char, f"\\{char}")
    return text
