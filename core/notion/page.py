"""What a page holds beside the answer: its title, and the line at its foot."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from core.markdown.plaintext import heading_words

TITLE_LENGTH = 80
"""The most characters of a title made from a prompt."""

_LONGEST_HEADING = 200
_UNTITLED = "Untitled"
_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]+")
_LEADING_MARKS = re.compile(r"\A(?:[#>*+–—-]+\s+)+")
_TRAILING_MARKS = " :;,."
_QUOTED = re.compile(r"([\"'`“„«])([^\"'`“”„«»]+)[\"'`“”»]")
# A title is seen by whoever sees that there is a page.
_HIDES, _SHOWS = "<spoiler>", "</spoiler>"
_MARKS_ALONE = re.compile(r"[\s!-/:-@\[-`{-~]*")


def page_title(prompt: str, markdown: str) -> tuple[str, str]:
    """The title of the page, never empty, and the Markdown that goes under it.

    An answer that begins with a level-1 heading, or with the only heading of its highest level,
    gives its heading up for the title. Any other is titled by the first line of the prompt, cut at
    a word within 80 characters.
    """
    heading = _leading_heading(markdown)
    if heading is not None:
        level, text, rest = heading
        title = plain(text)
        alone = level == 1 or all(other > level for other in _levels(rest.splitlines()))
        if title and alone and len(title) <= _LONGEST_HEADING:
            return title, rest
    return _from_prompt(prompt), markdown


def footer(
    link: str, provider: str, note: str | None = None, *, verb: str = "Written"
) -> dict[str, Any]:
    """The small grey line at the end of a page: who wrote it, and where the item is kept.

    `link` is how the page is known again. `note` is what must be said of the provider.
    """
    by = f" · {provider}" if provider else ""
    runs = [_text(f"{verb} with Notion Assistant{by} · "), _text("item", link)]
    if note:
        runs.append(_text(f". {note}"))
    return {
        "object": "block",
        "type": "paragraph",
        "paragraph": {"rich_text": runs, "color": "gray"},
    }


def _text(content: str, link: str | None = None) -> dict[str, Any]:
    text: dict[str, Any] = {"content": content}
    if link is not None:
        text["link"] = {"url": link}
    return {"type": "text", "text": text}


def _leading_heading(markdown: str) -> tuple[int, str, str] | None:
    """The level and text of the heading the document begins with, and what follows it."""
    lines = markdown.splitlines(keepends=True)
    first = next((n for n, line in enumerate(lines) if line.strip("\ufeff \t\r\n")), len(lines))
    if first == len(lines):
        return None
    line = lines[first].strip("\ufeff\r\n")
    if found := _ATX.fullmatch(line):
        return len(found[1]), found[2] or "", "".join(lines[first + 1 :]).lstrip("\r\n")
    if first + 1 < len(lines) and _is_text(line):
        under = _UNDERLINE.fullmatch(lines[first + 1].rstrip("\r\n"))
        if under:
            level = 1 if under[1][0] == "=" else 2
            return level, line.strip(), "".join(lines[first + 2 :]).lstrip("\r\n")
    return None


def _is_text(line: str) -> bool:
    """Whether the line may be the text of an underlined heading, which a list or quote is not."""
    return not re.match(r" {4}|\t| {0,3}(?:[-*+>|]|\d+[.)]|```|~~~)", line)


def _levels(lines: Iterable[str]) -> Iterable[int]:
    """The levels of the headings, those in code left out."""
    fence = ""
    before = ""
    for line in lines:
        marks = _FENCE.fullmatch(line)
        if fence:
            if marks and marks[1].startswith(fence) and not marks[2].strip():
                fence = ""
            continue
        if marks:
            fence = marks[1]
        elif found := _ATX.fullmatch(line):
            yield len(found[1])
        elif (under := _UNDERLINE.fullmatch(line)) and before.strip() and _is_text(before):
            yield 1 if under[1][0] == "=" else 2
        before = line


def plain(heading: str) -> str:
    """A line of Markdown as one line of text, without its marks, and with nothing hidden."""
    shown = unhidden(heading)
    # The marks around what is hidden say nothing either.
    unsaid = "… \t" if shown == heading else "…#>*_~+- \t"
    return _clean(heading_words(shown)) if shown.strip(unsaid) else ""


def unhidden(markdown: str) -> str:
    """Markdown with an ellipsis for each spoiler. Linear in its length."""
    if _HIDES not in markdown:
        return markdown
    return "\n".join(map(_unhidden, markdown.split("\n")))


def _unhidden(line: str) -> str:
    shown, at = list[str](), 0
    while (start := line.find(_HIDES, at)) >= 0 and (end := line.find(_SHOWS, start)) >= 0:
        shown += [line[at:start], "…"]
        at = end + len(_SHOWS)
    return "".join([*shown, line[at:]])


def _from_prompt(prompt: str) -> str:
    lines = (_bare(line) for line in prompt.splitlines())
    line = next((line for line in lines if not _MARKS_ALONE.fullmatch(line)), _UNTITLED)
    if len(line) <= TITLE_LENGTH:
        return line
    cut = line[:TITLE_LENGTH]
    # A script without spaces has no word to cut at.
    whole = cut[: cut.rfind(" ")].rstrip(_TRAILING_MARKS) if " " in cut else ""
    return f"{whole or cut[:-1]}…"


def _bare(line: str) -> str:
    """The line without list marks, a full stop, or quotes around all of it."""
    bare = _LEADING_MARKS.sub("", _clean(line), count=1).rstrip(_TRAILING_MARKS)
    quoted = _QUOTED.fullmatch(bare)
    return quoted[2].strip() if quoted else bare


def _clean(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", text).split())
