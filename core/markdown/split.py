"""Parts of an answer, each within a platform's limit, cut where a reader would cut.

Between blocks before within one; within one between lines or words. A code block is closed and
opened again with its language, a table gets its header again, a heading stays with what follows.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from core.markdown.dialects import Dialect, simplify, write
from core.markdown.document import Content, Run, Style

_WORD = re.compile(r"\S+\s*|\s+")
_HARMLESS = re.compile(r"[^\W_]*[.,;]?\s*")


class Segment(Protocol):
    """A piece that stays whole when it fits into a part."""

    gap: str
    leads: bool
    apart: bool

    def whole(self) -> str:
        """All of it, ready to send."""

    def cut(self, dialect: Dialect) -> Iterator[str]:
        """All of it in pieces within the limit."""


@dataclass(slots=True)
class Text:
    """A paragraph, a heading, an item: `first` begins its first line, `rest` the others."""

    content: Content
    first: str
    rest: str
    gap: str
    leads: bool = False  # a heading, which should not end a part
    apart: bool = False  # a platform may show it as a block of its own

    def whole(self) -> str:
        return self._lines(write(self.content, begins_line=not self.leads), self.first)

    def _lines(self, text: str, first: str) -> str:
        return first + text.strip("\n").rstrip().replace("\n", "\n" + self.rest)

    def cut(self, dialect: Dialect) -> Iterator[str]:
        # Escapes, marks and word joiners at most treble a word.
        room = dialect.limit - len(self.first) - len(self.rest) - 40
        part: list[Run] = []
        size = 0
        first = self.first
        for run in _words(_fitting(simplify(self.content), room), room // 3):
            cost = _cost(run, dialect) + run.text.count("\n") * len(self.rest)
            if part and size + cost > room:
                yield self._lines(write(list(part)), first)
                part, size, first = [], 0, self.rest
            part.append(run)
            size += cost
        if part:
            yield self._lines(write(list(part)), first)


@dataclass(slots=True)
class Lines:
    """Lines between a head and a tail that every piece of them repeats: code, a table."""

    head: list[str]
    body: list[str]
    tail: list[str]
    first: str
    rest: str
    gap: str
    leads: bool = False
    apart: bool = False

    def whole(self) -> str:
        return self._join(self.body, self.first)

    def _join(self, body: list[str], first: str) -> str:
        lines = [*self.head, *body, *self.tail]
        if first == self.rest:
            return "\n".join(self.rest + line for line in lines)
        # A list item's marker stands alone: not every platform reads a fence beside it.
        return "\n".join([first.rstrip(), *(self.rest + line for line in lines)])

    def cut(self, dialect: Dialect) -> Iterator[str]:
        frame = dialect.measure(self._join([], self.first)) + 1
        room = max(dialect.limit - frame, 100)
        part: list[str] = []
        size = 0
        first = self.first
        for line in self.body:
            for piece in _slices(line, room - len(self.rest) - 1, dialect):
                cost = dialect.measure(piece) + len(self.rest) + 1
                if part and size + cost > room:
                    yield self._join(part, first)
                    part, size, first = [], 0, self.rest
                part.append(piece)
                size += cost
        yield self._join(part, first)


def _fitting(runs: list[Run], room: int) -> Iterator[Run]:
    """Runs whose link fits into a part; a longer address is text."""
    for run in runs:
        if len(run.link) + 3 * len(run.text) <= room:
            yield run
        elif 3 * len(run.link) <= room:
            yield run  # cut into several links to the same address
        elif run.text == run.link:
            yield Run(run.text, run.style)
        else:
            yield Run(run.text, run.style)
            yield Run(f" ({run.link})")


def _words(runs: Iterable[Run], longest: int) -> Iterator[Run]:
    """Runs of a word each with the blanks after it; links and code whole if they can be."""
    for run in runs:
        if (run.link or run.style & Style.CODE) and len(run.text) <= longest:
            yield run
            continue
        for word in _WORD.findall(run.text):
            for start in range(0, len(word), longest):
                yield Run(word[start : start + longest], run.style, run.link)


def _cost(run: Run, dialect: Dialect) -> int:
    if not run.style and not run.link and _HARMLESS.fullmatch(run.text):
        return dialect.measure(run.text)
    return dialect.measure(write([run]))


def _slices(line: str, room: int, dialect: Dialect) -> list[str]:
    if dialect.measure(line) <= room:
        return [line]
    step = room // 2  # a character counts two at most
    return [line[start : start + step] for start in range(0, len(line), step)]


def pack(segments: list[Segment], dialect: Dialect) -> list[str]:
    """The parts to send, in order; none is empty."""
    packer = _Packer(dialect)
    for segment in segments:
        packer.put(segment)
    return packer.finish()


class _Packer:
    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._parts: list[str] = []
        self._texts: list[str] = []  # of the part being filled, gaps included
        self._size = 0
        self._leading = 0  # how many of the last texts are headings
        self._dedent = 0
        self._apart = 0

    def put(self, segment: Segment) -> None:
        if segment.apart and self._apart >= self._dialect.most_apart:
            self._flush(keep_headings=self._leading < self._dialect.most_apart)
        self._apart += segment.apart
        text = self._dedented(segment.whole())
        if self._fits(segment.gap + text if self._texts else text):
            self._append(segment.gap, text, leads=segment.leads)
            return
        self._flush(keep_headings=True)
        self._apart += segment.apart
        text = self._begin(segment.whole())
        if self._fits(segment.gap + text if self._texts else text):
            self._append(segment.gap, text, leads=segment.leads)
            return
        for piece in segment.cut(self._dialect):
            self._flush(keep_headings=False)
            self._append("", self._begin(piece), leads=False)

    def finish(self) -> list[str]:
        self._flush(keep_headings=False)
        return self._parts

    def _fits(self, text: str) -> bool:
        return self._size + self._dialect.measure(text) <= self._dialect.limit

    def _append(self, gap: str, text: str, *, leads: bool) -> None:
        added = gap + text if self._texts else text
        self._texts.append(added)
        self._size += self._dialect.measure(added)
        self._leading = self._leading + 1 if leads else 0

    def _flush(self, *, keep_headings: bool) -> None:
        kept: list[str] = []
        if keep_headings and 0 < self._leading < len(self._texts):
            kept = self._texts[-self._leading :]
            del self._texts[-self._leading :]
        part = "".join(self._texts).strip("\n")
        if part.strip():
            self._parts.append(part)
        self._texts = [text.lstrip("\n") if not place else text for place, text in enumerate(kept)]
        self._size = sum(self._dialect.measure(text) for text in self._texts)
        self._leading = self._apart = len(self._texts)

    def _begin(self, text: str) -> str:
        """A part that begins inside a list begins at the margin: four spaces would mean code."""
        if not self._texts:
            self._dedent = len(text) - len(text.lstrip(" "))
        return self._dedented(text)

    def _dedented(self, text: str) -> str:
        if not self._dedent:
            return text
        own = len(text) - len(text.lstrip(" "))
        if own == 0:
            self._dedent = 0
            return text
        margin = " " * min(self._dedent, own)
        return "\n".join(line.removeprefix(margin) for line in text.split("\n"))
