"""Inline content as Notion rich text, within its limits.

Notion counts text in UTF-16 units: 2,000 a text object, 100 objects an array, 1,000 an equation
(its request-limits page and the specification for version 2026-03-11).
"""

import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from core.markdown.addresses import spoken_address, web_address
from core.markdown.document import Break, Content, Formula, Picture, Run, Style

MAX_TEXT = 2000
MAX_RUNS = 100
MAX_EQUATION = 1000
# A character is two UTF-16 units at most.
NEVER_TOO_LONG = MAX_TEXT // 2

# A block's rich text must leave room in a request of 500 KB. JSON may write a UTF-16 unit in six
# bytes, and a link takes 2,000 at most, so a few objects need not be weighed.
_MAX_WEIGHT = 200_000
ALWAYS_FITS = 14
# Bytes: of a character beyond the first plane, and of all names and annotations.
_MOST_OF_A_CHARACTER = 12
_MOST_OF_AN_ITEM = 250

RichText = dict[str, Any]

# Chinese and Japanese, punctuation and full-width forms included; Korean puts blanks.
WITHOUT_BLANKS = re.compile("[\u3001-\u303f\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff\uff01-\uff60]")

_ANNOTATIONS = (
    (Style.BOLD, "bold"),
    (Style.ITALIC, "italic"),
    (Style.STRIKE, "strikethrough"),
    (Style.UNDERLINE, "underline"),
    (Style.CODE, "code"),
)
LOOKS: list[dict[str, Any]] = [
    {name: True for bit, name in _ANNOTATIONS if style & bit}
    for style in range(2 * Style.HIGHLIGHT)
]
for _style, _look in enumerate(LOOKS):
    # Notion hides nothing in a sentence: what was hidden is set off from the words around it.
    if _style & Style.SPOILER:
        _look["color"] = "gray_background"
    elif _style & Style.HIGHLIGHT:
        _look["color"] = "yellow_background"


def units(text: str) -> int:
    """The length of `text` in UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, limit: int) -> Iterator[str]:
    """Pieces of `text` of at most `limit` UTF-16 units, cut between whole characters."""
    position = 0
    while position < len(text):
        piece = text[position : position + limit]
        while (excess := units(piece) - limit) > 0:
            piece = piece[: -((excess + 1) // 2)]
        end = position + len(piece)
        if end < len(text):
            end = _before_mark(text, position, end)
        yield text[position:end]
        position = end


def _before_mark(text: str, start: int, end: int) -> int:
    """`end`, or a little before it when a character would be parted from its accents."""
    for step in range(min(12, end - start - 1)):
        place = end - step
        joined = text[place] in "\u200d\ufe0f" or text[place - 1] == "\u200d"
        if not joined and not unicodedata.combining(text[place]):
            return place
    return end


def rich_text(content: Content) -> list[RichText]:
    """Every piece of `content`, in as many objects as it takes."""
    items: list[RichText] = []
    last: Run | None = None
    more: list[str] = []  # the texts after the last run's that look like it
    for place, whole in enumerate(content):
        piece = whole if type(whole) is Run else _as_run(content, place)
        if not isinstance(piece, Run):
            if last is not None:
                _write(items, last, more)
                last, more = None, []
            items.append(_equation(piece))
        elif piece.text:
            if last is None:
                last = piece
            elif piece.style == last.style and piece.link == last.link:
                more.append(piece.text)
            else:
                _write(items, last, more)
                last, more = piece, []
    if last is not None:
        _write(items, last, more)
    return items


def _equation(formula: Formula) -> RichText:
    item: RichText = {"type": "equation", "equation": {"expression": formula.expression}}
    if formula.style:
        item["annotations"] = LOOKS[formula.style].copy()
    return item


def _write(items: list[RichText], run: Run, more: list[str]) -> None:
    """Adds a run, and the texts that look like it."""
    write_run(items, "".join([run.text, *more]) if more else run.text, run.style, run.link)


def write_run(items: list[RichText], text: str, style: int, link: str) -> None:
    """Adds text of one look, in as many objects as it takes."""
    if len(text) <= NEVER_TOO_LONG:
        items.append(_text(text, style, link))
    else:
        items += [_text(part, style, link) for part in cut(text, MAX_TEXT)]


def _text(text: str, style: int, link: str) -> RichText:
    body: RichText = {"content": text, "link": {"url": link}} if link else {"content": text}
    if style:
        return {"type": "text", "text": body, "annotations": LOOKS[style].copy()}
    return {"type": "text", "text": body}


def _is_joint(content: Content, place: int) -> bool:
    """Whether no blank stands for this line end: between scripts that have no blanks."""
    return (
        0 < place < len(content) - 1
        and _joins(content[place - 1], -1)
        and _joins(content[place + 1], 0)
    )


def _joins(piece: Run | Formula | Picture | Break, place: int) -> bool:
    return isinstance(piece, Run) and bool(WITHOUT_BLANKS.match(piece.text[place:][:1]))


def _as_run(content: Content, place: int) -> Run | Formula:
    """A piece as text, or as a formula Notion can show."""
    piece = content[place]
    if isinstance(piece, Break):
        soft = "" if _is_joint(content, place) else " "
        return Run("\n" if piece.hard else soft, piece.style, piece.link)
    if isinstance(piece, Picture):
        return speak(piece)
    if isinstance(piece, Formula) and units(piece.expression) > MAX_EQUATION:
        return Run(f"${piece.expression}$", piece.style | Style.CODE)
    return piece


def speak(picture: Picture) -> Run:
    """A picture where none can stand: its words, linked to it."""
    url = web_address(picture.address)
    if url:
        return Run(picture.alt or url, link=picture.link or url)
    address = spoken_address(picture.address)
    words = f"{picture.alt} ({address})" if picture.alt and address else picture.alt or address
    return Run(words, link=picture.link)


def weigh(item: RichText) -> int:
    """How many bytes of JSON a rich text object takes at most."""
    return len(json.dumps(item)) + 2


def is_heavier(items: list[RichText], limit: int) -> bool:
    """Whether they take more bytes of JSON than `limit`, 200,000 or more."""
    return not _are_light(items) and sum(map(weigh, items)) > limit


def _are_light(items: list[RichText]) -> bool:
    """Whether they are so few or so short that nothing need be weighed."""
    if len(items) <= ALWAYS_FITS:
        return True
    length = 0
    for item in items:
        words = item.get("text") or item["equation"]
        length += len(words.get("content") or words["expression"])
        length += len(words["link"]["url"]) if "link" in words else 0
    return _MOST_OF_A_CHARACTER * length + _MOST_OF_AN_ITEM * len(items) <= _MAX_WEIGHT


def in_arrays(items: list[RichText]) -> list[list[RichText]]:
    """`items` in arrays that one block may carry; at least one, possibly empty."""
    if len(items) <= MAX_RUNS and _are_light(items):
        return [items]
    arrays: list[list[RichText]] = [[]]
    weight = 0
    for item in items:
        heavy = weigh(item)
        if arrays[-1] and (len(arrays[-1]) >= MAX_RUNS or weight + heavy > _MAX_WEIGHT):
            arrays.append([])
            weight = 0
        arrays[-1].append(item)
        weight += heavy
    return arrays
