"""Markdown that is still being written, made fit to be shown. Pure."""

from __future__ import annotations

import re

# The beginning of a list, a heading, a rule, or of emphasis; a lone hyphen below a line would make
# that line a heading.
_BEGUN = re.compile(r"(?:^|\n)[ \t]*(?:[-=#>*+|_~`]+|\d+[.)])[ \t]*$|(?<=\s)[*_~`]+$")
_CLOSES_ITALIC = re.compile(r"(?<=[^\s*])\*(?![\w*])")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})", re.MULTILINE)
_OPENS_ITALIC = re.compile(r"(?<![\w*\\])\*(?=[^\s*])")
_OPEN_LINK = re.compile(r"!?\[([^\[\]\n]*)(?:\]\([^()\s]*|\])?$")


def close_markdown(text: str) -> str:
    """Unfinished Markdown with what is still open closed or held back.

    So a word does not show its asterisks first and turn bold an instant later. An open fence is
    left to the conversion, which closes it.
    """
    fence = ""
    for match in _FENCE.finditer(text):
        if not fence:
            fence = match[1]
        elif match[1].startswith(fence):
            fence = ""
    if fence:
        return text
    head, gap, last = text.rpartition("\n\n")
    last = _BEGUN.sub("", _OPEN_LINK.sub(r"\1", last))
    if last.count("`") % 2:
        return f"{head}{gap}{last}`"
    for mark in ("~~", "**"):
        if last.count(mark) % 2:
            last = last.rstrip(mark[0] + " ") + mark
    if len(_OPENS_ITALIC.findall(last)) > len(_CLOSES_ITALIC.findall(last)):
        last += "*"
    return head + gap + last
