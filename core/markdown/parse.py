"""Markdown to a document: pyromark's events, each handed to the builder.

GitHub Flavored Markdown with alerts, footnotes and mathematics; raw HTML through `markup`.
Never raises, whatever the text: half-finished Markdown is text too.
"""

from collections.abc import Callable, Iterable
from functools import partial
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
    trim,
)
from core.markdown.formulas import begins_any
from core.markdown.markup import feed
from core.markdown.repair import MARK, clean, may_need_repair, repair, split_front_matter
from core.markdown.scan import OPTIONS, lay_out
from core.markdown.unrepaired import NeedsRepairError, Unrepaired, target_of

_OPTIONS = OPTIONS | Options.ENABLE_MATH
_CONTAINERS = ("BlockQuote", "Item", "FootnoteDefinition")
_STYLES = {"Strong": Style.BOLD, "Emphasis": Style.ITALIC, "Strikethrough": Style.STRIKE}


def parse(markdown: str) -> list[Block]:
    """The blocks of a document. Linear in its length."""
    front_matter, source = split_front_matter(clean(markdown))
    if not may_need_repair(source):
        reader: Reader = PlainReader(front_matter, Unrepaired(source))
        try:
            reader.read(events(source, options=OPTIONS))
            return reader.finish()
        except NeedsRepairError:
            pass
    reader = Reader(front_matter)
    reader.read(repaired_events(source)[1])
    return reader.finish()


def repaired_events(source: str) -> tuple[str, Iterable[Any]]:
    """The source as it was meant, and what the parser says of it."""
    layout = lay_out(source)
    repaired = repair(source, layout)
    if repaired is source and not begins_any(source, layout):
        return source, events(source, options=OPTIONS)  # mathematics would change nothing
    return repaired, events(repaired, options=_OPTIONS)


class Reader:
    """One document's events on their way to the builder."""

    def __init__(self, front_matter: str) -> None:
        self.builder = Builder()
        if front_matter:
            self.builder.add(code_block("yaml", front_matter))
        self._numbers: list[int | None] = []  # the next number of each open list
        self._code: tuple[str, list[str]] | None = None  # language and lines of a code block
        self._html: list[str] | None = None  # an HTML block comes line by line
        self._closed = 0  # links and pictures that are open
        self._item: Item | None = None
        self._notes: dict[str, list[Block]] = {}
        self.cited: dict[str, int] = {}  # the numbers of footnotes
        build = self.builder
        self._text: Callable[[str], None] = build.text
        self._leaves: dict[str, Callable[[Any], None]] = {
            "Text": self._text,
            "Code": build.code,
            "InlineMath": lambda value: build.formula(value, display=False),
            "DisplayMath": lambda value: build.formula(value, display=True),
            "Html": self._markup,
            "InlineHtml": lambda value: feed(build, value),
            "FootnoteReference": self._cite,
            "TaskListMarker": self._tick,
        }
        self._starts = self._plain_openings()
        self._starts_with = self._openings()
        self._ends = self._closings()

    def _plain_openings(self) -> dict[str, Callable[[], object]]:
        build = self.builder
        return {
            "Paragraph": build.flush,
            "HtmlBlock": self._open_html,
            "Item": self._open_item,
            "TableCell": build.open_cell,
            **{tag: partial(build.open_look, tag, style) for tag, style in _STYLES.items()},
        }

    def _openings(self) -> dict[str, Callable[[Any], object]]:
        """Of what has attributes."""
        build = self.builder
        return {
            "Heading": lambda value: build.open_heading(int(value["level"][1])),
            "BlockQuote": self._open_quote,
            "CodeBlock": self._open_code,
            "List": self._open_list,
            "FootnoteDefinition": self._open_note,
            "Table": lambda value: build.open_table(
                Table([side.lower().replace("none", "") for side in value])
            ),
            "Link": self._open_link,
            "Image": self._open_image,
        }

    def _closings(self) -> dict[str, Callable[[], object]]:
        build = self.builder
        return {
            "Paragraph": build.flush,
            "Heading": build.flush,
            "CodeBlock": self._close_code,
            "HtmlBlock": self._close_html,
            "List": self._close_list,
            "Table": build.close_table,
            "TableHead": build.close_row,
            "TableRow": build.close_row,
            "TableCell": build.close_cell,
            "Link": self._close_link,
            "Image": self._close_image,
            **{tag: partial(build.close, tag) for tag in _CONTAINERS},
            **{tag: partial(build.close_look, tag) for tag in _STYLES},
        }

    def read(self, found: Iterable[Any]) -> None:
        """All events, in order. Every one passes here: what is spared here counts."""
        leaves, ends = self._leaves, self._ends
        starts, starts_with = self._starts, self._starts_with
        for event in found:
            if type(event) is str:
                self._read_mark(event)
                continue
            key, value = event.popitem()  # the one there is
            if key == "Text":
                leaves[key](value)
            elif key == "Start":
                if type(value) is str:
                    starts.get(value, _nothing)()
                else:
                    name, inner = value.popitem()
                    starts_with.get(name, _nothing)(inner)
            elif key == "End":
                ends.get(value if type(value) is str else next(iter(value)), _nothing)()
            elif key in leaves:
                leaves[key](value)

    def read_part(self, found: Iterable[Any], *item_of: int | None) -> None:
        """The events of one block, or of one item of a list that begins with this number."""
        self._numbers += item_of
        self.read(found)
        del self._numbers[len(self._numbers) - len(item_of) :]

    def settle(self) -> list[Block] | None:
        """What was read so far, which is forgotten; None where something is still open."""
        blocks = self.builder.settle()
        if blocks and self.builder.has_quotes:
            mark_alerts(blocks)
        return blocks

    def _read_mark(self, event: str) -> None:
        if event == "Rule":
            self.builder.add(Rule())
        else:
            self.builder.line_break(hard=event == "HardBreak")

    # Code blocks: what comes as text belongs to one while it is open

    def _open_code(self, kind: Any) -> None:
        self._code = (kind["Fenced"] if isinstance(kind, dict) else "", [])
        self._leaves["Text"] = self._code[1].append

    def _close_code(self) -> None:
        if self._code is not None:
            self._add_code(self._code[0], "".join(self._code[1]))
        self._code = None
        self._leaves["Text"] = self._text

    def _add_code(self, info: str, text: str) -> None:
        if info.lower().split()[:1] == ["math"] and text.strip():  # GitHub's fence for a formula
            self.builder.add(Equation(text.replace(MARK, "").strip()))
        else:
            self.builder.add(code_block(info, text))

    def _open_html(self) -> None:
        self.builder.end_words()
        self._html = []

    def _markup(self, html: str) -> None:
        if self._html is None:
            feed(self.builder, html)
        else:
            self._html.append(html)

    def _close_html(self) -> None:
        feed(self.builder, "".join(self._html or []))
        self._html = None

    # Links and pictures: within them no address is a bare one

    def _open_link(self, value: dict[str, str]) -> None:
        self._closed += 1
        self.builder.open_look("Link", address=value["dest_url"])

    def _close_link(self) -> None:
        self._closed -= 1
        self.builder.close_look("Link")

    def _open_image(self, value: dict[str, str]) -> None:
        self._closed += 1
        self.builder.open_picture(value["dest_url"], value["title"])

    def _close_image(self) -> None:
        self._closed -= 1
        self.builder.close_picture()

    # Containers

    def _open_quote(self, kind: str | None) -> None:
        self.builder.open("BlockQuote", Alert(kind.lower()) if kind else Quote())

    def _open_list(self, first: int | None) -> None:
        self.builder.flush()
        self._numbers.append(first)

    def _close_list(self) -> None:
        self.builder.flush()
        self._numbers.pop()

    def _open_item(self) -> None:
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
        number = self.cited.setdefault(name, len(self.cited) + 1)
        self.builder.text(f"[{number}]")

    def _open_note(self, name: str) -> None:
        self.builder.open_aside("FootnoteDefinition", self._notes.setdefault(name, []))

    def finish(self) -> list[Block]:
        blocks = self.builder.finish()
        if any(self._notes.values()):
            blocks.append(Rule())
        for name in self._notes:
            self.cited.setdefault(name, len(self.cited) + 1)
        for name, number in self.cited.items():
            note = self._notes.get(name, [])
            mark = Run(f"[{number}] ")
            if note and isinstance(note[0], Paragraph):
                note[0].content.insert(0, mark)
            elif note:
                note.insert(0, Paragraph(trim([mark])))
            blocks.extend(note)
        if self.builder.has_quotes:
            mark_alerts(blocks)
        return blocks


def _nothing(*_: object) -> None:
    """What is done for what has no meaning here."""


class PlainReader(Reader):
    """Reads a source that seems to need no repair, and makes sure of it on the way.

    Bare addresses become links here; raises `NeedsRepairError` where that is not all.
    """

    def __init__(self, front_matter: str, source: Unrepaired) -> None:
        super().__init__(front_matter)
        self._source = source
        self._write = self.builder.text
        if source.has_addresses:
            self._text = self._leaves["Text"] = self._text_with_addresses
        if source.marks:
            for name in ("Code", "Html", "InlineHtml"):
                self._leaves[name] = self._noting(self._leaves[name])

    def _noting(self, read: Callable[[str], None]) -> Callable[[str], None]:
        note = self._source.codes.append

        def noting(code: str) -> None:
            note(code)
            read(code)

        return noting

    def _add_code(self, info: str, text: str) -> None:
        self._source.codes.append(text)
        super()._add_code(info, text)

    def _text_with_addresses(self, text: str) -> None:
        if self._closed:
            self._write(text)
            return
        written = 0
        for start, end in self._source.addresses(text):
            self._write_link(text[written:start], text[start:end])
            written = end
        if written < len(text):
            self.builder.text(text[written:])

    def _write_link(self, before: str, address: str) -> None:
        if before:
            self.builder.text(before)
        self.builder.open_look("Link", address=target_of(address))
        self.builder.text(address)
        self.builder.close_look("Link")

    def finish(self) -> list[Block]:
        self._source.check()
        return super().finish()
