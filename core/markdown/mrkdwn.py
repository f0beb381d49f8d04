"""Slack's own markup, for the text of a message and for sections, where no Markdown is read.

It has no headings, no tables and no escapes; marks count at the border of a word only, and end
with the line. https://docs.slack.dev/messaging/formatting-message-text
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from core.markdown.addresses import is_misleading
from core.markdown.chat import segments
from core.markdown.defuse import JOINER, defuse, defuse_address
from core.markdown.dialects import Dialect, simplify
from core.markdown.document import Content, Run, Style
from core.markdown.richtext import units
from core.markdown.split import Lines, Segment, Text, pack

LIMIT = 3_000
"""Characters of one section. https://docs.slack.dev/reference/block-kit/blocks/section-block"""

_DIALECT = Dialect(
    limit=LIMIT,
    measure=units,
    deepest_heading=0,
    has_tables=False,
    nests_quotes=False,
    ends_quotes=False,
    rule="──────────",
    done="☑ ",
    to_do="☐ ",
    long_fences=False,
)

# Outermost first.
_MARKS = ((Style.BOLD, "*"), (Style.STRIKE, "~"), (Style.ITALIC, "_"))

# What a mark that is meant as a character looks like where it would be read as one.
_ALIKE = {"*": "∗", "~": "∼", "_": "ˍ", "`": "ˋ"}

# A mark inside a word counts for nothing unless this, which nobody sees, sets it apart.
_APART = "\u200b"

_BORDER = re.compile(r"(?<![^\W_])([*_~])(?=\S)|(?<=\S)([*_~])(?![^\W_])")


def mrkdwn(markdown: str, limit: int = LIMIT) -> list[str]:
    """Texts of at most `limit` UTF-16 units, 400 or more, cut between blocks where that can be.

    Never raises; no text is empty, none calls anyone.
    """
    dialect = replace(_DIALECT, limit=limit)
    return pack([_in_mrkdwn(segment, limit) for segment in segments(markdown, dialect)], dialect)


def escape(text: str) -> str:
    """Text with Slack's three control characters taken for what they are, so nobody is called."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _in_mrkdwn(segment: Segment, limit: int) -> Segment:
    if isinstance(segment, Text):
        first, rest = _margin(segment.first), _margin(segment.rest)
        return _Words(segment.content, first, rest, segment.gap, segment.leads)
    assert isinstance(segment, Lines)  # noqa: S101 - there are no others
    # Code begins at the margin, outside of any quote: within one Slack would show the signs.
    first = "" if segment.first == segment.rest else _margin(segment.first)
    head = ["```", *map(escape, segment.head[1:])] if segment.head else []
    body = [piece for line in segment.body for piece in _escaped(line, limit)]
    if units("".join(head)) > limit // 3:  # too much to be repeated
        named = [piece for line in segment.head[1:] for piece in _escaped(line, limit)]
        head, body = head[:1], [*named, *body]
    gap = "\n" if ">" in segment.gap else segment.gap
    return Lines(head, body, segment.tail, first, "", gap, segment.leads)


def _margin(written: str) -> str:
    """What a line begins with: bullets, boxes, and a quote's sign, which counts there alone."""
    quote = "> " if written.startswith("> ") else ""
    rest = re.sub(r"- (?=[☑☐])", "", written.replace("> ", "")).replace("- ", "• ")
    blanks = len(rest) - len(rest.lstrip(" "))
    # Twice as many: they are narrow where the font is not of fixed width.
    return quote + " " * blanks + rest


def _escaped(line: str, limit: int) -> list[str]:
    """A line of code, in pieces where it would not fit: no escaped character is cut in half."""
    whole = escape(line)
    if units(whole) <= limit // 2:
        return [whole]
    step = max(limit // 15, 1)
    return [escape(line[start : start + step]) for start in range(0, len(line), step)]


@dataclass(slots=True)
class _Words(Text):
    """A paragraph, a heading or an item in Slack's markup."""

    def whole(self) -> str:
        return self._lines(_write(self.content), self.first)

    def cut(self, dialect: Dialect) -> Iterator[str]:
        room = dialect.limit - len(self.first) - len(self.rest) - 20
        part: list[Run] = []
        size = 0
        first = self.first
        for run in _pieces(simplify(self.content), room):
            # Two for what sets marks apart from the words beside them.
            cost = units(_write([run])) + 2 + run.text.count("\n") * len(self.rest)
            if part and size + cost > room:
                yield self._lines(_write(list(part)), first)
                part, size, first = [], 0, self.rest
            part.append(run)
            size += cost
        if part:
            yield self._lines(_write(list(part)), first)


def _pieces(runs: list[Run], room: int) -> Iterator[Run]:
    """Runs that each fit into a text: links whole unless they are too long to be links."""
    step = max(room // 15, 1)  # an ampersand is written as five characters
    for run in runs:
        if run.link and units(_write([run])) + 2 <= room:
            yield run
            continue
        text = run.text
        if run.link and run.link != run.text:
            text = f"{run.text} ({run.link})"
        for word in re.findall(r"\S+\s*|\s+", text):
            for start in range(0, len(word), step):
                yield Run(word[start : start + step], run.style)


def _write(content: Content) -> str:
    runs = simplify(content)
    lines: list[list[Run]] = [[]]
    for link, group in groupby(runs, key=lambda run: run.link):
        for run in _linked(link, list(group)):
            first, *others = run.text.split("\n")
            lines[-1].append(replace(run, text=first))
            lines += [[replace(run, text=text)] for text in others]
    return "\n".join(_write_line([run for run in line if run.text]) for line in lines)


def _linked(link: str, runs: list[Run]) -> list[Run]:
    """Runs of one link on one line; both are shown where the text pretends to lead elsewhere."""
    if not link:
        return runs
    plain = "".join(run.text for run in runs)
    if not plain.strip():
        return [Run(link, link=link)]
    runs = [replace(run, text=run.text.replace("\n", " ")) for run in runs]
    if is_misleading(plain, link):
        return [*(replace(run, link="") for run in runs), Run(" ("), Run(link, link=link), Run(")")]
    return runs


def _write_line(runs: list[Run]) -> str:
    """A line with its marks opened and closed in order, blanks kept outside of them."""
    busy = _in_use(runs)
    written = ""
    opened: list[str] = []
    blank = ""
    for run in runs:
        core = run.text.strip()
        start = run.text.find(core)
        blank += run.text[:start] if core else run.text
        if not core:
            continue
        wanted = [mark for style, mark in _MARKS if run.style & style]
        while opened and any(mark not in wanted for mark in opened):
            written += opened.pop()
        opening = [mark for mark in wanted if mark not in opened]
        opened += opening
        word = _write_run(replace(run, text=core), busy)
        written = _join(_join(written, blank), "".join(opening) + word)
        blank = run.text[start + len(core) :]
    written = _join(written + "".join(reversed(opened)), blank)
    # There are no escapes: a sign that begins a line would make it a quote.
    return JOINER + written if written.startswith("&gt;") else written


def _join(before: str, after: str) -> str:
    """Both, set apart where a mark at the border would stand inside a word."""
    if not before or not after:
        return before + after
    left, right = before[-1], after[0]
    inside = (left in "*_~`" and right.isalnum()) or (left.isalnum() and right in "*_~`")
    return before + (_APART if inside else "") + after


def _in_use(runs: list[Run]) -> set[str]:
    """The marks that stand in the line's words and could be taken for a pair."""
    found = [
        match.group()
        for run in runs
        if not run.style & Style.CODE
        for match in _BORDER.finditer(run.text)
    ]
    styled = {mark for run in runs for style, mark in _MARKS if run.style & style}
    return {mark for mark in set(found) if mark in styled or found.count(mark) > 1}


def _write_run(run: Run, busy: set[str]) -> str:
    text = defuse(run.text).replace("`", _ALIKE["`"])
    if run.style & Style.CODE:
        label = f"`{escape(text)}`"
    else:
        label = escape(_BORDER.sub(lambda m: _ALIKE[m[0]] if m[0] in busy else m[0], text))
    if not run.link:
        return label
    url = escape(_address(run.link))
    return f"<{url}>" if run.text == run.link else f"<{url}|{label}>"


def _address(url: str) -> str:
    """`url` such that no character of it can end the link."""
    return defuse_address(url).replace("<", "%3C").replace(">", "%3E").replace("|", "%7C")
