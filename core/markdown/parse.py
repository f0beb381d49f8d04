"""Markdown to a document: pyromark's events, each handed to the builder.

GitHub Flavored Markdown with alerts, footnotes and mathematics; raw HTML through `markup`.
Never raises, whatever the text: half-finished Markdown is text too.
"""

from collections.abc import Callable, Iterable
from typing import Any

from pyromark import Options, events

from core.markdown.alerts import mark_alerts
from core.markdown.builder import Builder, code_block
from core.markdown.document import (
    Alert,
    Block,
    Equation,
    Item,
    Paragraph,
    Quote,
    Rule,
    Run,
    Style,
    Table,
)
from core.markdown.formulas import begins_any
from core.markdown.markup import feed
from core.markdown.repair import MARK, clean, may_need_repair, repair, split_front_matter
from core.markdown.scan import OPTIONS, lay_out

_OPTIONS = OPTIONS | Options.ENABLE_MATH
_STYLES = {"Strong": Style.BOLD, "Emphasis": Style.ITALIC, "Strikethrough": Style.STRIKE}


def parse(markdown: str) -> list[Block]:
    """The blocks of a document. Linear in its length."""
    front_matter, source = split_front_matter(clean(markdown))
    reader = _Reader()
    if front_matter:
        reader.builder.add(code_block("yaml", front_matter))
    reader.read(_events(source))
    return reader.finish()


def _events(source: str) -> Iterable[Any]:
    """What the parser says of the source as it was meant."""
    if not may_need_repair(source):
        return events(source, options=_OPTIONS)
    layout = lay_out(source)
    repaired = repair(source, layout)
    if repaired is source and not begins_any(source, layout):
        return layout.events()  # mathematics would change nothing
    return events(repaired, options=_OPTIONS)


class _Reader:
    """One document's events on their way to the builder."""

    def __init__(self) -> None:
        self.builder = Builder()
        self._numbers: list[int | None] = []  # the next number of each open list
        self._code: tuple[str, list[str]] | None = None  # language and lines of a code block
        self._html: list[str] | None = None  # an HTML block comes line by line
        self._item: Item | None = None
        self._notes: dict[str, list[Block]] = {}
        self._cited: dict[str, int] = {}
        build = self.builder
        self._leaves: dict[str, Callable[[Any], None]] = {
            "Text": build.text,
            "Code": build.code,
            "InlineMath": lambda value: build.formula(value, display=False),
            "DisplayMath": lambda value: build.formula(value, display=True),
            "Html": self._markup,
            "InlineHtml": lambda value: feed(build, value),
            "FootnoteReference": self._cite,
            "TaskListMarker": self._tick,
        }
        self._starts = self._openings()
        self._ends = self._closings()

    def _openings(self) -> dict[str, Callable[[Any], None]]:
        build = self.builder
        return {
            "Paragraph": lambda _: build.flush(),
            "Heading": lambda value: build.open_heading(int(value["level"][1])),
            "BlockQuote": self._open_quote,
            "CodeBlock": self._open_code,
            "HtmlBlock": self._open_html,
            "List": self._open_list,
            "Item": self._open_item,
            "FootnoteDefinition": self._open_note,
            "Table": lambda value: build.open_table(
                Table([side.lower().replace("none", "") for side in value])
            ),
            "TableCell": lambda _: build.open_cell(),
            "Link": lambda value: build.open_look("Link", address=value["dest_url"]),
            "Image": lambda value: build.open_picture(value["dest_url"], value["title"]),
            **{tag: self._open_style(tag, style) for tag, style in _STYLES.items()},
        }

    def _open_style(self, tag: str, style: int) -> Callable[[Any], None]:
        return lambda _: self.builder.open_look(tag, style)

    def _close_style(self, tag: str) -> Callable[[], object]:
        return lambda: self.builder.close_look(tag)

    def _closings(self) -> dict[str, Callable[[], object]]:
        build = self.builder
        return {
            "Paragraph": build.flush,
            "Heading": build.flush,
            "BlockQuote": lambda: build.close("BlockQuote"),
            "CodeBlock": self._close_code,
            "HtmlBlock": self._close_html,
            "List": self._close_list,
            "Item": lambda: build.close("Item"),
            "FootnoteDefinition": lambda: build.close("FootnoteDefinition"),
            "Table": build.close_table,
            "TableHead": build.close_row,
            "TableRow": build.close_row,
            "TableCell": build.close_cell,
            "Link": lambda: build.close_look("Link"),
            "Image": build.close_picture,
            **{tag: self._close_style(tag) for tag in _STYLES},
        }

    def read(self, found: Iterable[Any]) -> None:
        """All events, in order. Every one passes here: what is spared here counts."""
        leaves, starts, ends = self._leaves, self._starts, self._ends
        for event in found:
            if isinstance(event, str):
                if event == "Rule":
                    self.builder.add(Rule())
                else:
                    self.builder.line_break(hard=event == "HardBreak")
                continue
            (key,) = event
            value = event[key]
            if key == "Start":
                name, inner = (value, None) if isinstance(value, str) else _only(value)
                if name in starts:
                    starts[name](inner)
            elif key == "End":
                name = value if isinstance(value, str) else next(iter(value))
                if name in ends:
                    ends[name]()
            elif key in leaves:
                leaves[key](value)

    # Code blocks: what comes as text belongs to one while it is open

    def _open_code(self, kind: Any) -> None:
        self._code = (kind["Fenced"] if isinstance(kind, dict) else "", [])
        self._leaves["Text"] = self._code[1].append

    def _close_code(self) -> None:
        if self._code is not None:
            self._add_code(self._code[0], "".join(self._code[1]))
        self._code = None
        self._leaves["Text"] = self.builder.text

    def _add_code(self, info: str, text: str) -> None:
        if info.lower().split()[:1] == ["math"] and text.strip():  # GitHub's fence for a formula
            self.builder.add(Equation(text.replace(MARK, "").strip()))
        else:
            self.builder.add(code_block(info, text))

    def _open_html(self, _: object) -> None:
        self._html = []

    def _markup(self, html: str) -> None:
        if self._html is None:
            feed(self.builder, html)
        else:
            self._html.append(html)

    def _close_html(self) -> None:
        feed(self.builder, "".join(self._html or []))
        self._html = None

    # Containers

    def _open_quote(self, kind: str | None) -> None:
        self.builder.open("BlockQuote", Alert(kind.lower()) if kind else Quote())

    def _open_list(self, first: int | None) -> None:
        self.builder.flush()
        self._numbers.append(first)

    def _close_list(self) -> None:
        self.builder.flush()
        self._numbers.pop()

    def _open_item(self, _: object) -> None:
        number = self._numbers[-1] if self._numbers else None
        if number is not None:
            self._numbers[-1] = number + 1
        self._item = Item(number)
        self.builder.open("Item", self._item)

    def _tick(self, checked: bool) -> None:
        if self.builder.in_cell:
            self.builder.text("☑ " if checked else "☐ ")
        elif self._item is not None:
            self._item.checked = checked

    # Footnotes: numbered in the order they are cited, written at the end

    def _cite(self, name: str) -> None:
        number = self._cited.setdefault(name, len(self._cited) + 1)
        self.builder.text(f"[{number}]")

    def _open_note(self, name: str) -> None:
        self.builder.open_aside("FootnoteDefinition", self._notes.setdefault(name, []))

    def finish(self) -> list[Block]:
        blocks = self.builder.finish()
        if any(self._notes.values()):
            blocks.append(Rule())
        for name in self._notes:
            self._cited.setdefault(name, len(self._cited) + 1)
        for name, number in self._cited.items():
            note = self._notes.get(name, [])
            mark = Run(f"[{number}] ")
            if note and isinstance(note[0], Paragraph):
                note[0].content.insert(0, mark)
            elif note:
                note.insert(0, Paragraph([mark]))
            blocks.extend(note)
        mark_alerts(blocks)
        return blocks


def _only(tag: dict[str, Any]) -> tuple[str, Any]:
    """The one name in a tag with attributes, and these."""
    ((name, value),) = tag.items()
    return name, value
