"""What of a text that is still being written will not change any more. Pure.

Where a platform can only add to a message, nothing may be shown that what comes next could turn
into something else: half an emphasis, a link without its address, the first line of a table. What
follows here is a rule of thumb that is right for what models write; who shows the text compares the
end with what was shown, and replaces it where they differ.
"""

from __future__ import annotations

import re

_FENCE = re.compile(r"[ \t>]*(?:[-*+][ \t]+|\d+[.)][ \t]+)?(`{3,}|~{3,})(.*)")
# A line that may become a list item, a heading, a rule, a quote, or make the line above a heading.
_BEGUN = re.compile(r"[ \t>]*(?:[-=#*+_~`>|\[!<:]*|\d+[.)]?|[-*+][ \t]*\[[ xX]?\]?)[ \t]*")
_TOKEN = re.compile(
    r"\\.|\\\Z|`+|\*+|_+|~~+|!?\[|\]|<(?=[A-Za-z/!@#?])|<\Z|\$+|\||&(?=[#\w])|&\Z|https?:|www\.|\s+"
)
# The marks at the end of a heading are none of its words, unless words follow.
_CLOSED_HEADING = re.compile(r"[ \t>]*#.*\s#+")
_CLOSES = "*_~"
_WORD = re.compile(r"[^\W\d_]\w*[.,:;!?]?|\d+")
_NUMBER = re.compile(r"[\d.,]+\s*(?:[kKmMbB]\b)?(?=[\s).,;:!?]|\Z)")


def settled(text: str) -> tuple[str, bool]:
    """The beginning of a text that will be shown the same whatever follows, and whether it ends in
    code whose fence is still open."""
    lines = text.split("\n")
    start, fence, opened = 0, "", 0  # of the block under way; a fence; the line it was opened on
    for number, line in enumerate(lines[:-1]):
        found = _FENCE.match(line)
        if fence:
            if found and found[1].startswith(fence) and not found[2].strip():
                fence, start = "", number + 1
        elif found and not (found[1][0] == "`" and "`" in found[2]):
            fence, opened = found[1], number
        elif not line.strip():
            start = number + 1
    if fence:
        body = lines[opened + 1 : -1]
        while body and not body[-1].strip():
            body.pop()
        if body:
            return "\n".join(lines[: opened + 1] + body), True
        lines = [*lines[:opened], ""]
    head = "".join(line + "\n" for line in lines[:start])
    return head + _in_block("\n".join(lines[start:]), first=not head), False


def _in_block(block: str, *, first: bool) -> str:
    """As much of the last block, a paragraph or a list, as is settled."""
    rows = block.split("\n")
    if _FENCE.match(rows[-1]) or _BEGUN.fullmatch(rows[-1]):
        rows[-1] = ""
    block = "\n".join(rows)
    if any(row.lstrip(" \t>").startswith("|") for row in rows) or _is_table(rows):
        # A table is one from its third line on; before that it may be anything.
        return "\n".join(rows[:-1]) if len(rows) > 3 else ""
    if block.lstrip().startswith("<"):
        return ""
    kept = block[: _Scan(block).safe(first=first)]
    above, _, last = kept.rpartition("\n")
    return above if _BEGUN.fullmatch(last) or _CLOSED_HEADING.fullmatch(last) else kept


def _is_table(rows: list[str]) -> bool:
    return len(rows) > 1 and any(
        re.fullmatch(r"[ \t>]*:?-+:?[ \t]*\|[-:| \t]*", row) for row in rows
    )


class _Scan:
    """One block, read from its beginning: how far everything that was opened is closed."""

    def __init__(self, block: str) -> None:
        self._block = block
        self._open: list[str] = []
        self._safe = self._at = 0
        self._alone = True  # nothing stands between the last blank and here
        self._after_mark = False  # what follows a mark may join it: `*a* *b*` is one emphasis

    def safe(self, *, first: bool) -> int:
        """The offset; `first` where nothing stands before this block."""
        block = self._block
        for match in _TOKEN.finditer(block):
            if match.start() >= self._at and not self._read(match):
                return self._safe
        last = block[self._at :]
        if first and _WORD.fullmatch(last) and not block[: self._at].strip():
            # The very first word is shown as it comes.
            return len(block)
        return self._safe

    def _read(self, match: re.Match[str]) -> bool:
        """Reads on; False where what begins here has not ended."""
        found, kind = match[0], match[0][0]
        if match.start() > self._at:
            self._after_mark = self._alone = False
        self._at = match.end()
        if found.isspace():
            self._blank(match)
            return True
        alone, self._alone = self._alone, False
        if kind == "\\":
            return len(found) > 1
        if kind == "|":
            above = self._block.rfind("\n", 0, match.start()) + 1
            self._safe = min(self._safe, above)
            return False
        if kind in _CLOSES:
            # A star between blanks is a star, and is not the last that is shown.
            self._after_mark = True
            if alone and self._block[match.end() : match.end() + 1].isspace():
                self._at += 1
                self._alone = True
            else:
                _mark(self._block, match, self._open)
        elif kind in "![":
            self._open.append("[")
        elif kind == "]":
            self._at = _beyond_bracket(self._block, match.end(), self._open)
            self._after_mark = True
        else:
            self._at = _beyond(self._block, match.start(), found)
            self._after_mark = kind in "`<"
        return self._at >= 0

    def _blank(self, match: re.Match[str]) -> None:
        if not self._open and (not self._after_mark or _goes_on(self._block, match.end())):
            self._safe = match.start()
        self._alone = True


def _goes_on(block: str, at: int) -> bool:
    return at < len(block) and (block[at].isalnum() or block[at] in ".,;:!?(—–")


def _mark(block: str, match: re.Match[str], open_marks: list[str]) -> None:
    kind, size = match[0][0], len(match[0])
    before = block[match.start() - 1 : match.start()] or " "
    after = block[match.end() : match.end() + 1] or " "
    if kind == "_" and before.isalnum() and after.isalnum():
        return
    ended = match.end() == len(block)
    while size and not before.isspace() and kind in open_marks:
        while open_marks[-1] != kind:
            open_marks.pop()
        while size and open_marks and open_marks[-1] == kind:
            open_marks.pop()
            size -= 1
        if kind == "~":
            return
    if size and (ended or not after.isspace()):
        open_marks += [kind] * size


def _beyond_bracket(block: str, end: int, open_marks: list[str]) -> int:
    """Where the link ends whose text ends here; -1 where that is not known yet."""
    if "[" not in open_marks:
        return end
    del open_marks[open_marks.index("[") :]
    if end == len(block) or block[end] == ":":
        return -1
    if block[end] in "([":
        return block.find(")" if block[end] == "(" else "]", end) + 1 or -1
    return end


def _beyond(block: str, start: int, found: str) -> int:
    """Where what begins here ends; -1 where it has not ended."""
    after = start + len(found)
    if found[0] == "`":
        closing = re.compile(rf"(?<!`)`{{{len(found)}}}(?!`)").search(block, after)
        # The last backtick may be the first of several.
        return closing.end() if closing and closing.end() < len(block) else -1
    if found[0] == "<":
        return block.find(">", after) + 1 or -1
    if found[0] == "&":
        ending = re.compile(r"[\s;]").search(block, after)
        return ending.start() if ending else -1
    if found[0] == "$":
        money = _NUMBER.match(block, after)
        if len(found) == 1 and (money and money.end() < len(block)):
            return money.end()
        closing_at = block.find(found, after)
        return closing_at + len(found) if closing_at >= 0 else -1
    ending = re.compile(r"[\s]").search(block, after)
    return ending.start() if ending else -1
