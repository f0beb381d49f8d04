"""What is mended in the source before it is parsed.

Authors and models write Markdown as GitHub shows it, or as it ought to be shown; the parser
follows CommonMark to the letter. Each repair is a list of edits on the source.
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator

from core.markdown.autolink import Edit, link_addresses
from core.markdown.formulas import PIPE, mark_formulas, seems_to_have_formulas
from core.markdown.scan import Layout

# A noncharacter, neither blank nor punctuation, put between `。` and `**` and taken out again.
MARK = "\ufdd0"

_CONTROL = re.compile(f"[\x01-\x08\x0b\x0e-\x1f\x7f{MARK}\ufeff]")
_UNWANTED_BYTES = bytes([*range(9), *range(0x0B, 0x20), 0x7F])
_SURROGATE = re.compile("[\ud800-\udfff]")
# Possessive: two ways to read a line must not multiply.
_FRONT_MATTER = re.compile(
    r"---[ \t]*\n((?:[\w\"'-][^\n:]*+:.*+\n|[ \t]++.*+\n|- .*+\n|#.*+\n)++)---[ \t]*(?:\n|\Z)"
)
_EMPHASIS_MARKS = ("*", "~")
_EMPHASIS = re.compile(r"(?<![\\*~])(\*{1,3}|~~)(?=[^\s*~])([^*~\n]*[^\s*~\\])\1(?![*~])")
# Bold that ends in punctuation right before a letter, which CommonMark takes for no end at all.
_STUCK = re.compile(r"\*\*(?<=[:.,;!?\"'`)]\*\*)(?=[A-Za-z0-9])")
_STUCK_BOLD = re.compile(
    r"(?<![^\s|>])\*\*(?=[\w\"'`(])([^*\n]*[:.,;!?\"'`)])\*\*(?=[A-Za-z0-9])", re.ASCII
)
_CODE_SPAN = re.compile(r"(`+)(?!`)[^\n]*?[^`\n]\1(?!`)")
_DECLARATION = re.compile(r"<!(?!doctype\b)[A-Za-z]", re.IGNORECASE)
_FORMULA = re.compile(
    r"(?<![\\$\w])\$(?![\s$])[^$]*[^\s$\\]\$(?![\d$])|\\\((?:[^\\]|\\(?![()]))*\\\)"
)


def clean(markdown: str) -> str:
    """Line ends as `\\n`, NUL as U+FFFD (CommonMark 2.3), no other control characters."""
    if _is_clean(markdown):
        return markdown
    text = markdown.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    if _SURROGATE.search(text):  # halves of a pair: joined where they meet, else U+FFFD
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _CONTROL.sub("", text).replace("\x0c", " ")


def _is_clean(markdown: str) -> bool:
    try:
        data = markdown.encode()
    except UnicodeEncodeError:  # half of a pair
        return False
    # Several times as fast as a regular expression.
    wanted = len(data.translate(None, _UNWANTED_BYTES)) == len(data)
    return wanted and MARK not in markdown and "\ufeff" not in markdown


def split_front_matter(source: str) -> tuple[str, str]:
    """The YAML between `---` lines at the very start, and the rest."""
    match = _FRONT_MATTER.match(source)
    return (match.group(1), source[match.end() :]) if match else ("", source)


def repair(source: str, layout: Layout) -> str:
    """`source` with bare addresses, formulas, tables and CJK emphasis as they were meant.

    It is `source` itself where there is nothing to mend.
    """
    edits = link_addresses(source, layout)
    tables = widen_tables(source, layout)
    bars = {start for start, _, text in tables if text == "\\"}
    others = tables + mark_formulas(source, layout, bars)
    others += loosen_emphasis(source, layout) + keep_commands(source, layout)
    return _apply(source, _without_overlaps(edits, others)) if edits or others else source


def may_need_repair(source: str) -> bool:
    """Whether it looks as if any of the repairs finds something; to be sure costs a parse.

    Bare addresses are not looked for, and of formulas there may be some all the same: the reader
    has to keep an eye on both.
    """
    return (
        seems_to_have_formulas(source)
        or ("|" in source and _may_widen(source.split("\n")))
        or _declares(source)
        or (not source.isascii() and _may_loosen(source))
        or (_STUCK.search(source) is not None and _may_release(source))
    )


def _may_release(source: str) -> bool:
    return any(map(_STUCK_BOLD.search, source.split("\n")))


def _declares(source: str) -> bool:
    """Whether there is anything like a declaration; most are comments, which are found faster."""
    place = source.find("<!")
    while place >= 0:
        if not source.startswith("--", place + 2) and _DECLARATION.match(source, place):
            return True
        place = source.find("<!", place + 2)
    return False


def _may_loosen(source: str) -> bool:
    for line in source.split("\n"):
        if not line.isascii() and ("*" in line or "~" in line):
            for match in _EMPHASIS.finditer(line):
                if any(_loosen(line, match)):
                    return True
    return False


def _may_widen(lines: list[str]) -> bool:
    """Whether below what looks like the second line of a table a line has more cells."""
    width = last = 0
    for number, line in enumerate(lines):
        if "|" not in line:
            continue
        if width:
            if number > last + 1 and not all(map(_is_filled, lines[last + 1 : number])):
                width = 0  # the table has ended
            elif _most_cells(line) > width:
                return True
        for second in (number, number + 1):
            if second < len(lines) and "-" in lines[second] and second:
                width = _width_below(lines, second) or width
        last = number
    return False


def _is_filled(line: str) -> bool:
    return line.strip(" \t>") != ""


def _width_below(lines: list[str], second: int) -> int:
    """The cells of a table whose second line this may be; 0 where it cannot."""
    if lines[second].strip(" \t>|:-"):
        return 0
    return min(_count_cells(lines[second - 1]), _most_cells(lines[second]))


def _beside_marks(source: str, wide: list[tuple[int, int]]) -> list[int]:
    """The places of marks of emphasis that stand beside text that is not ASCII."""
    places = []
    for start, end in wide:
        if start and source[start - 1] in _EMPHASIS_MARKS:
            places.append(start - 1)
        if source[end : end + 1] in _EMPHASIS_MARKS:
            places.append(end)
    return places


def _without_overlaps(addresses: list[Edit], others: list[Edit]) -> list[Edit]:
    """Nothing is edited inside an address."""
    ends = [end for _, end, _ in addresses]
    kept = []
    for edit in others:
        index = bisect_left(ends, edit[0] + 1)
        if index == len(addresses) or edit[1] <= addresses[index][0]:
            kept.append(edit)
    return sorted(addresses + kept)


def _apply(source: str, edits: list[Edit]) -> str:
    pieces = []
    position = 0
    for start, end, text in edits:
        if start < position:
            continue
        pieces += [source[position:start], text]
        position = end
    pieces.append(source[position:])
    return "".join(pieces)


def keep_commands(source: str, layout: Layout) -> list[Edit]:
    """A line that begins with `<!here>` is no HTML declaration but what someone wrote in Slack."""
    if "<!" not in source:
        return []
    return [(start, start, "\\") for start, _ in layout.html if _DECLARATION.match(source, start)]


def loosen_emphasis(source: str, layout: Layout) -> list[Edit]:
    """Marks that let `**中文。**后` be bold: CommonMark wants a blank or punctuation after it.

    For ASCII only bold is mended: single stars are seldom meant so.
    """
    edits: list[Edit] = []
    for start, stop in _lines_of(_beside_marks(source, layout.offsets.wide), source):
        for match in _EMPHASIS.finditer(source, start, stop):
            if match.start() not in layout.code:
                edits += _loosen(source, match)
    for start, stop in _lines_of([match.start() for match in _STUCK.finditer(source)], source):
        edits += _release(source, start, stop, layout)
    return edits


def _lines_of(places: list[int], source: str) -> Iterator[tuple[int, int]]:
    """Each line that has one of the places, once."""
    stop = 0
    for place in places:
        if place >= stop:
            start = source.rfind("\n", 0, place) + 1
            stop = source.find("\n", place) + 1 or len(source)
            yield start, stop


def _release(source: str, start: int, stop: int, layout: Layout) -> Iterator[Edit]:
    """`**Status:**Healthy`, which models write: bold, where the line's marks make pairs."""
    if source.count("**", start, stop) % 2:
        return
    for match in _STUCK_BOLD.finditer(source, start, stop):
        inside, end = match.group(1), match.end(1)
        paired = inside.count("(") == inside.count(")") and inside.count("`") % 2 == 0
        if paired and match.start() not in layout.code and end not in layout.code:
            yield end, end, MARK


def _loosen(source: str, match: re.Match[str]) -> Iterator[Edit]:
    inner = match.start(2), match.end(2)
    if _is_stuck(source[inner[0]], source[match.start() - 1 : match.start()]):
        yield inner[0], inner[0], MARK
    if _is_stuck(source[inner[1] - 1], source[match.end() : match.end() + 1]):
        yield inner[1], inner[1], MARK


def _is_stuck(inside: str, outside: str) -> bool:
    """A delimiter with punctuation inside and a letter outside, one of the two not ASCII."""
    if not outside or outside.isspace() or (inside + outside).isascii():
        return False
    return unicodedata.category(inside)[0] in "PS" and unicodedata.category(outside)[0] not in "PS"


def widen_tables(source: str, layout: Layout) -> list[Edit]:
    """Rows with more cells than the header, whose surplus the parser would drop.

    A pipe inside code was meant as code, and so was one in a formula when that makes the row fit;
    other surplus gets empty header cells. A last cell without a word is no surplus.
    """
    edits: list[Edit] = []
    for start, end in layout.tables:
        lines = []
        position = start
        for line in source[start:end].split("\n"):
            lines.append((position, line))
            position += len(line) + 1
        if len(lines) > 2:
            edits += _widen(lines)
    return edits


def _widen(lines: list[tuple[int, str]]) -> list[Edit]:
    edits: list[Edit] = []
    header = width = _count_cells(lines[0][1])
    for position, line in lines[2:]:
        if _most_cells(line) <= header:
            continue
        cells = _count_cells(_without_blank_cells(line))
        if cells <= header:
            continue
        coded = _bars(_CODE_SPAN, position, line)
        if cells - len(coded) > header:
            meant = sorted({*coded, *_bars(_FORMULA, position, line)})
            coded = meant if cells - len(meant) == header else coded
        edits += [(pipe, pipe, "\\") for pipe in coded]
        width = max(width, cells - len(coded))
    if width > header:
        for (position, line), cell in zip(lines[:2], ("  |", " --- |"), strict=True):
            end = position + len(line.rstrip())
            closed = "" if line.rstrip().endswith("|") else " |"
            edits.append((end, end, closed + cell * (width - header)))
    return edits


def _bars(spans: re.Pattern[str], position: int, line: str) -> list[int]:
    """Where the pipes inside such spans of a line stand."""
    return [
        position + pipe.start()
        for span in spans.finditer(line)
        for pipe in PIPE.finditer(line, span.start(), span.end())
    ]


def _without_blank_cells(row: str) -> str:
    words = row.rstrip(" \t|")
    if words.endswith("\\"):
        words = row[: len(words) + 1]
    return words + row[len(words) :].lstrip()[:1]


def _most_cells(row: str) -> int:
    """No fewer cells than the row has, without a look at what is escaped."""
    inner = row.strip(" \t>")
    return inner.count("|") - inner.startswith("|") - (len(inner) > 1 and inner.endswith("|")) + 1


def _count_cells(line: str) -> int:
    inner = line.lstrip(" \t>").rstrip().removeprefix("|")
    if inner.endswith("|") and not inner.endswith("\\|"):
        inner = inner[:-1]
    return len(PIPE.findall(inner)) + 1
