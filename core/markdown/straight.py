"""Markdown as Notion block objects, straight from the parser's events where they are as most are.

A block that is out of the ordinary, HTML above all, is read into a document and written from that,
and so is all that stands in HTML which stays open behind it. What comes of it is what
`written(parse(markdown))` makes of the whole.
"""

import gc
from collections.abc import Callable, Iterator
from typing import Any

from pyromark import events

from core.markdown.document import MAX_DEPTH
from core.markdown.languages import notion_language
from core.markdown.notion import (
    NotionBlock,
    callout,
    code_blocks,
    container,
    table_block,
    write,
    write_text,
)
from core.markdown.parse import PlainReader, Reader, repaired_events
from core.markdown.pieces import UnusualError
from core.markdown.repair import MARK, clean, may_need_repair, split_front_matter
from core.markdown.richtext import ALWAYS_FITS, MAX_RUNS, RichText
from core.markdown.scan import OPTIONS
from core.markdown.sentence import BEGINS_HTML, HEADINGS, Sentences
from core.markdown.unrepaired import NeedsRepairError, Unrepaired

# Characters of a source that is likely to become more than the 700 objects after which the garbage
# collector looks for the first time.
_MANY_BLOCKS = 5_000


def notion_blocks(markdown: str) -> list[NotionBlock]:
    """The whole document as Notion block objects, children nested as deep as the source.

    Never raises. What Notion has no block for keeps its words: footnotes become a list at the
    end, links it would refuse are written out, nesting beyond 50 levels is flattened.
    """
    # Of a long document so many blocks are made, none of them garbage, that looking through them
    # again and again for some would take a tenth of the time.
    is_held = len(markdown) > _MANY_BLOCKS and gc.isenabled()
    if is_held:
        gc.disable()
    try:
        return _convert(markdown)
    finally:
        if is_held:
            gc.enable()


def _convert(markdown: str) -> list[NotionBlock]:
    front_matter, source = split_front_matter(clean(markdown))
    if not may_need_repair(source):
        try:
            return Straight(front_matter, source).read()
        except NeedsRepairError:
            pass
    return Straight(front_matter, source, is_repaired=True).read()


class Straight(Sentences):
    """One document, from its events to its blocks."""

    def __init__(self, front_matter: str, source: str, *, is_repaired: bool = False) -> None:
        self._source = None if is_repaired else Unrepaired(source)
        if is_repaired:
            source, found = repaired_events(source)
        else:
            found = events(source, options=OPTIONS)
        super().__init__(found, source, self._source)
        self._blocks: list[NotionBlock] = []
        if front_matter:
            self._blocks += code_blocks(front_matter.removesuffix("\n"), "yaml")
        self._reader: Reader | None = None
        self._is_settled = True  # nothing is open that was read by way of the document
        self._depth = 0
        self._ticked: bool | None = None  # of the task whose paragraph was read

    def read(self) -> list[NotionBlock]:
        """The blocks; raises NeedsRepairError for a source that has to be repaired first."""
        blocks, notes = self._blocks, self.notes
        while True:
            unread = self.events.__copy__()
            event = next(self.events, None)
            if event is None:
                break
            if not self._is_settled and not self._settle(before_html=event == BEGINS_HTML):
                self._read_by_document(unread)
                continue
            before = len(blocks), len(notes or ())
            try:
                self._block(event, blocks)
            except UnusualError:
                self._go_back(*before)
                self._read_by_document(unread)
        if self._reader is not None:
            write(blocks, self._reader.finish())
        elif self._source is not None:
            self._source.check()
        return blocks

    @property
    def has_document(self) -> bool:
        """Whether anything was read by way of a document."""
        return self._reader is not None

    def _top_list(self, first: int | None) -> None:
        """A list at the top of the document, each item of which may be out of the ordinary."""
        while True:
            unread = self.events.__copy__()
            event = next(self.events)
            if "End" in event:
                return
            if not self._is_settled and not self._settle():
                self._read_by_document(unread, first)
                continue
            before = len(self._blocks), len(self.notes or ())
            try:
                self._item(first, self._blocks)
            except UnusualError:
                self._go_back(*before)
                self._read_by_document(unread, first)

    # What is out of the ordinary

    def _go_back(self, blocks: int, noted: int) -> None:
        """To where there were so many blocks and notes."""
        del self._blocks[blocks:]
        if self.notes is not None:
            del self.notes[noted:]
        self._depth, self._ticked = 0, None

    def _settle(self, *, before_html: bool = False) -> bool:
        """Takes over what was read by way of the document, if nothing is open there."""
        reader = self._reader
        if reader is None or (before_html and reader.builder.is_writing):
            return False
        blocks = reader.settle()
        if blocks is not None:
            self._is_settled = True
            write(self._blocks, blocks)
        return self._is_settled

    def _read_by_document(self, unread: Any, *item_of: int | None) -> None:
        """Reads what begins where `unread` stands, a block or an item of a list."""
        if self._reader is None:
            source = self._source
            self._reader = Reader("") if source is None else PlainReader("", source)
            self._reader.cited = self.cited
        self.events = unread
        self._is_settled = False
        self._reader.read_part(_part(unread), *item_of)

    # Blocks

    def _block(self, event: Any, blocks: list[NotionBlock]) -> None:
        """The block that an event begins."""
        tag = event if type(event) is str else event.get("Start", event)
        if tag == "Paragraph":
            items, event = self.sentence(blocks)
            if "TaskListMarker" in event and not items:
                self._ticked = event["TaskListMarker"]
                items, event = self.sentence(blocks)
            if "End" not in event:
                raise UnusualError
            if len(items) > ALWAYS_FITS:
                write_text(blocks, "paragraph", items)
            elif items:
                blocks.append({"type": "paragraph", "paragraph": {"rich_text": items}})
        elif type(tag) is dict:
            for name, value in tag.items():
                _WRITERS.get(name, _unusual)(self, value, blocks)
        else:
            _WRITERS.get(tag, _unusual)(self, None, blocks)

    def _rule(self, _: None, blocks: list[NotionBlock]) -> None:
        blocks.append({"type": "divider", "divider": {}})

    def _html_block(self, _: None, blocks: list[NotionBlock]) -> None:
        self.html_block(blocks, is_inside=self._depth > 0)

    def _heading(self, value: dict[str, Any], blocks: list[NotionBlock]) -> None:
        pictures: list[NotionBlock] = []
        items, event = self.sentence(pictures)
        if pictures or "End" not in event:
            raise UnusualError
        if items:
            write_text(blocks, HEADINGS[value["level"]], items)

    def _code_block(self, value: Any, blocks: list[NotionBlock]) -> None:
        text = ""
        for event in self.events:
            if "Text" not in event:
                break
            text += event["Text"]
        info = value["Fenced"] if type(value) is dict else ""
        if "math" in info.lower():
            raise UnusualError
        if self.notes is not None:
            self.notes.append(text)
        blocks += code_blocks(text.replace(MARK, "").removesuffix("\n"), notion_language(info))

    def _list(self, first: int | None, blocks: list[NotionBlock]) -> None:
        if not self._depth:
            self._top_list(first)
            return
        for event in self.events:
            if "End" in event:
                return
            self._item(first, blocks)

    def _item(self, number: int | None, blocks: list[NotionBlock]) -> None:
        self._enter()
        children: list[NotionBlock] = []
        checked: bool | None = None
        text, event = self.sentence(children)
        if "TaskListMarker" in event:
            checked = event["TaskListMarker"]
            text, event = self.sentence(children)
        if "End" not in event or children or len(text) > ALWAYS_FITS:
            text, ticked = self._rest_of_item(text, event, children)
            checked = ticked if checked is None else checked
        self._depth -= 1
        kind = "bulleted_list_item" if number is None else "numbered_list_item"
        body: dict[str, Any] = {"rich_text": text}
        if checked is not None:
            kind, body["checked"] = "to_do", checked
        if children:
            body["children"] = children
        blocks.append({"type": kind, kind: body})

    def _rest_of_item(
        self, items: list[RichText], event: Any, children: list[NotionBlock]
    ) -> tuple[list[RichText], bool | None]:
        """The blocks of an item that is no mere sentence; its text, and whether it is ticked."""
        if not (items or children) and "Start" in event and "Heading" in event["Start"]:
            raise UnusualError
        checked: bool | None = None
        while True:
            if items:
                write_text(children, "paragraph", items)
            if "End" in event:
                break
            self._block(event, children)
            ticked, self._ticked = self._ticked, None
            checked = ticked if checked is None else checked
            items, event = self.sentence(children)
        if children and children[0]["type"] == "paragraph":
            return children.pop(0)["paragraph"]["rich_text"], checked
        return [], checked

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise UnusualError

    def _quote(self, kind: str | None, blocks: list[NotionBlock]) -> None:
        self._enter()
        children: list[NotionBlock] = []
        for event in self.events:
            if "End" in event:
                break
            self._block(event, children)
        self._depth -= 1
        if kind is not None:
            blocks.append(callout(kind.lower(), children))
        elif _may_be_alert(children):
            raise UnusualError
        else:
            blocks.append(container("quote", children))

    def _table(self, _: Any, blocks: list[NotionBlock]) -> None:
        rows: list[list[list[RichText]]] = []
        row: list[list[RichText]] = []
        for event in self.events:
            if "Start" in event:
                if event["Start"] == "TableCell":
                    items, end = self.sentence(None)
                    if "End" not in end or len(items) > MAX_RUNS:
                        raise UnusualError
                    row.append(items)
                else:
                    row = []
            elif event["End"] == "Table":
                break
            else:
                rows.append(row)
        has_header = len(rows) == 1 or any(rows[0])
        table = table_block(rows if has_header else rows[1:], has_header=has_header)
        if table is None:
            raise UnusualError
        blocks.append(table)


def _unusual(*_: object) -> None:
    raise UnusualError


_WRITERS: dict[str, Callable[[Straight, Any, list[NotionBlock]], None]] = {
    "Rule": Straight._rule,
    "HtmlBlock": Straight._html_block,
    "Heading": Straight._heading,
    "CodeBlock": Straight._code_block,
    "List": Straight._list,
    "BlockQuote": Straight._quote,
    "Table": Straight._table,
}


def _may_be_alert(children: list[NotionBlock]) -> bool:
    """Whether a quote begins with what may be the mark of an alert."""
    if not children or children[0]["type"] != "paragraph":
        return False
    text: str = children[0]["paragraph"]["rich_text"][0]["text"]["content"]
    return text.startswith("[!")


def _part(unread: Iterator[Any]) -> Iterator[Any]:
    """The events of one block or item."""
    depth = 0
    for event in unread:
        depth += ("Start" in event) - ("End" in event)
        yield event  # who reads it may take it apart
        if not depth:
            return
