"""Inline content written as Markdown again, in the dialect of a chat platform."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, groupby

from core.markdown.addresses import is_misleading, spoken_address, web_address
from core.markdown.defuse import defuse, defuse_address
from core.markdown.document import Break, Content, Formula, Inline, Picture, Run, Style, merge


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a platform can show. `limit` is what one part may hold, as `measure` counts it."""

    limit: int
    measure: Callable[[str], int]
    deepest_heading: int
    has_tables: bool
    nests_quotes: bool
    ends_quotes: bool  # at a line with nothing but `>`, not even a blank
    rule: str
    done: str
    to_do: str
    long_fences: bool  # a fence may be longer than three backticks
    spoilers: bool = False  # what stands between `||` is hidden
    most_apart: int = 10**9  # headings, rules and tables in one part
    longest_heading: int = 10**9  # characters; a longer one is bold text
    table_rows: int = 10**9  # the header's among them
    table_columns: int = 10**9


# Outermost first.
_MARKS = (
    (Style.SPOILER, "||"),
    (Style.BOLD, "**"),
    (Style.STRIKE, "~~"),
    (Style.ITALIC, "*"),
)
# Nobody sees it; beside a mark of emphasis it stands for a letter.
_UNSEEN = "\u200b"
_SHOWN = Style.SPOILER | Style.BOLD | Style.STRIKE | Style.ITALIC

SPECIAL = re.compile(
    r"\\(?=[!-/:-@\[-`{-~])"  # a backslash that would escape
    r"|`"
    r"|(?<!\s)\*|\*(?!\s)"  # could open or close emphasis
    r"|(?<![^\W_])_(?=\S)|(?<=\S)_(?![^\W_])"
    r"|~(?=~)|(?<=~)~"
    r"|\](?=[(\[])"
    r"|\|(?=\|)"
    r"|<(?=[A-Za-z/?])"
)
_LINE_START = re.compile(
    r"^([ \t]*)(#{1,6}(?=\s|$)|>|[-+*](?=\s|$)|-#|={3,}[ \t]*$|-{3,}[ \t]*$)", re.M
)
_NUMBER = re.compile(r"^([ \t]*\d{1,9})([.)])(?=\s|$)", re.M)


def write(content: Content, *, begins_line: bool = True) -> str:
    """`content` as Markdown on as many lines as it has breaks, harmless and honest.

    What would be read as a heading or a list is escaped where a line begins, and nowhere else.
    """
    text = ""
    for link, pieces in by_link(simplify(content)):
        text += _write_link(link, pieces) if link else _write_styles(pieces, begins_line)
        begins_line = text.endswith("\n") if text else begins_line
    return text.replace("\n ", "\n")


def simplify(content: Content) -> list[Run]:
    """Runs alone, in styles that chat has: pictures as links, formulas as code."""
    runs = merge([_as_run(piece) for piece in content])
    return [run for run in runs if isinstance(run, Run)]


def _as_run(piece: Inline) -> Run:
    if isinstance(piece, Break):
        return Run("\n", piece.style & _SHOWN, piece.link)
    if isinstance(piece, Formula):
        return Run(piece.expression, piece.style & _SHOWN | Style.CODE)
    if isinstance(piece, Run):
        return Run(piece.text, piece.style & (_SHOWN | Style.CODE), piece.link)
    return _as_words(piece)


def _as_words(picture: Picture) -> Run:
    url = web_address(picture.address)
    if url:
        return Run(picture.alt or url, link=url)
    address = spoken_address(picture.address)
    words = f"{picture.alt} ({address})" if picture.alt and address else picture.alt or address
    return Run(words, link=picture.link)


def by_link(runs: list[Run]) -> Iterator[tuple[str, list[Run]]]:
    for link, pieces in groupby(runs, key=lambda run: run.link):
        yield link, list(pieces)


def _write_link(link: str, runs: list[Run]) -> str:
    """A link, unless its text pretends to be another address: then both are shown."""
    plain = "".join(run.text for run in runs)
    url = _closed(defuse_address(link))
    if not plain.strip() or is_same(plain, link):
        return url
    text = _write_styles(runs, begins_line=False).strip().replace("\n", " ")
    if is_misleading(plain, link):
        return f"{text} ({url})"
    lead = plain[: len(plain) - len(plain.lstrip())]
    tail = plain[len(plain.rstrip()) :]
    return f"{lead}[{_without_brackets(text)}]({url}){tail}"


def is_same(text: str, address: str) -> bool:
    """Whether `text` is the address itself, so that nobody need be told."""
    return _bare(text) == _bare(address)


def _bare(address: str) -> str:
    return re.sub("^(?i:https?)://", "", address.strip()).removesuffix("/")


def _without_brackets(text: str) -> str:
    return re.sub(r"(?<!\\)([\[\]])", r"\\\1", text)


def _closed(url: str) -> str:
    """`url` such that a bracket in it cannot end the link."""
    url = url.replace("<", "%3C").replace(">", "%3E")
    if url.count("(") == url.count(")"):
        return url
    return url.replace("(", "%28").replace(")", "%29")


def _write_styles(runs: list[Run], begins_line: bool) -> str:
    """Runs with their marks opened and closed in order, blanks kept outside of them.

    Bold would not end at `**中文。**后`: something unseen parts such a mark from its text.
    """
    written: list[str] = []
    opened: list[tuple[int, str]] = []
    blank = last = ""
    for run in runs:
        core = run.text.strip()
        if not core:
            blank += run.text
            continue
        start = run.text.index(core[0]) if run.style & Style.CODE else run.text.find(core)
        blank += run.text[:start]
        wanted = [(style, mark) for style, mark in _MARKS if run.style & style]
        begins_line = not wanted and ("\n" in blank or (begins_line and not last))
        text = write_code(defuse(core)) if run.style & Style.CODE else _escape(core, begins_line)
        closed = _close(opened, wanted)
        if closed and not blank and _sticks(last, text[0]):
            written.append(_UNSEEN)
        written += [*closed, blank]
        before = len(opened)
        opened += [entry for entry in wanted if entry not in opened]
        written += [mark for _, mark in opened[before:]]
        if len(opened) > before and not blank and _sticks(text[0], last):
            written.append(_UNSEEN)
        written.append(text)
        last = text[-1]
        blank = run.text[start + len(core) :]
    written += _close(opened, [])
    return "".join(written) + blank


def _sticks(inside: str, outside: str) -> bool:
    """Whether a mark between punctuation, inside, and a letter would be read as no mark."""
    if not inside or not outside:
        return False
    kinds = unicodedata.category(inside), unicodedata.category(outside)
    return kinds[0][0] in "PS" and kinds[1][0] not in "PS"


def _close(opened: list[tuple[int, str]], wanted: list[tuple[int, str]]) -> list[str]:
    """Closes what is not wanted, and what was opened within it."""
    closed = []
    while opened and any(entry not in wanted for entry in opened):
        closed.append(opened.pop()[1])
    return closed


def write_code(text: str) -> str:
    """Code on one line, within as many backticks as it takes."""
    text = text.replace("\n", " ")
    inside = set(re.findall("`+", text))
    fence = next(mark for length in count(1) if (mark := "`" * length) not in inside)
    return f"{fence} {text} {fence}" if "`" in text[:1] + text[-1:] else f"{fence}{text}{fence}"


def _escape(text: str, begins_line: bool) -> str:
    """Plain text such that no character of it is read as a mark, and that notifies nobody."""
    if begins_line:
        return defuse(escaped(text))
    first, end, rest = text.partition("\n")
    return defuse(_escape_marks(first, SPECIAL) + end + escaped(rest))


def escaped(text: str, special: re.Pattern[str] = SPECIAL) -> str:
    """Plain text such that nothing in it is read as a mark: `special` finds what would be one."""
    text = _LINE_START.sub(r"\1\\\2", _escape_marks(text, special))
    return _NUMBER.sub(r"\1\\\2", text)


def _escape_marks(text: str, special: re.Pattern[str]) -> str:
    return special.sub(lambda match: "\\" + match.group(), text)


def code_lines(text: str, fence: str) -> list[str]:
    """The lines of a code block, none of which can end it or notify anyone."""
    return defuse(re.sub(f"{fence[:-1]}(?=`)", f"{fence[:-1]}\u200b", text)).split("\n")
