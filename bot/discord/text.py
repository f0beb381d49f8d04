"""Discord's way of writing, as Markdown with names in it. Pure.

https://docs.discord.com/developers/reference#message-formatting
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from core.markdown.literal import as_typed

Names = Mapping[str, str]
"""Names by id: people as `@1`, roles as `&1`, channels as `#1`."""

_TOKEN = re.compile(
    r"""(?P<code>```.*?```|``.+?``|`[^`\n]+`)   # in code everything is itself
      | <@!?(?P<user>\d+)>
      | <@&(?P<role>\d+)>
      | <\#(?P<channel>\d+)>
      | <a?:(?P<emoji>\w+):\d+>
      | </(?P<command>[^:<>\n]+):\d+>
      | <id:(?P<tab>browse|customize|guide|linked-roles)(?::\d+)?>
      | <t:(?P<time>-?\d{1,12})(?::[a-zA-Z])?>
    """,
    re.VERBOSE | re.DOTALL,
)
# What Discord calls the places that `<id:…>` leads to.
_TABS = {
    "browse": "Browse Channels",
    "customize": "Channels & Roles",
    "guide": "Server Guide",
    "linked-roles": "Linked Roles",
}
_FENCE = re.compile(r"```(?:([\w+#.-]*)\n)?(.*?)```", re.DOTALL)
_UNDERLINE = re.compile(r"(`[^`\n]+`)|(?<![\w_])__(?=\S)([^\n]+?)(?<=\S)__(?![\w_])")
# One wave on each side strikes nothing through.
_WAVES = re.compile(r"(`[^`\n]+`)|(?<![\\~\w/])~(?=[^\s~])([^~\n]*)(?<=\S)~(?![~\w])")
_LIST = re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])\s")
_BLOCK = re.compile(r"#{1,3} |[-*_]{3,}\s*$|\|.*\|\s*$")
# What begins a block in Markdown and none in Discord.
_NO_BLOCK = re.compile(r"#+(?=\s|$)|>|~(?=~~)")
_QUOTE_SIGN = re.compile(r"^> ?", re.MULTILINE)
_QUOTES_ALL = re.compile(r"^>>> ", re.MULTILINE)
# Between parts; a quote goes on over an empty line of its own.
_APART, _WITHIN = "\n\n", "\n>\n"
_ENDS_QUOTED = re.compile(r"(?:^|\n)> [^\n]*\Z")
_UNCLOSED = re.compile(r"`{3,}")
# What stands at the beginning of a line before its words.
_MARKERS = re.compile(r"(?:\s*(?:>|[-*+]|\d{1,9}[.)]|#{1,3})(?=\s))*\s*")
_SUBTEXT = re.compile(rf"^({_MARKERS.pattern})-#\s+")
_TABLE_ROW = re.compile(r"[ \t]*\|(?!\|).*\|[ \t]*$")
# Bars that begin or end a spoiler, wherever they are no code and not escaped.
_BARS = re.compile(r"(?P<kept>```.*?```|``.+?``|`[^`\n]+`|\\.)|\|\|", re.DOTALL)
# Stand for such bars; nobody types these.
_HIDE, _SHOW = "\ue000", "\ue001"
_RESERVED = str.maketrans("", "", _HIDE + _SHOW)


def named(text: str, names: Names) -> str:
    """The text with people, channels, emoji and times as people read them."""

    def read(match: re.Match[str]) -> str:
        kind, value = match.lastgroup, match[match.lastgroup or 0]
        if kind == "user":
            return f"@{_literal(names.get(f'@{value}', 'somebody'))}"
        if kind == "role":
            return f"@{_literal(names.get(f'&{value}', 'role'))}"
        if kind == "channel":
            return f"#{_literal(names.get(f'#{value}', 'channel'))}"
        if kind == "emoji":
            return f":{value}:"
        if kind == "command":
            return f"/{value}"
        if kind == "tab":
            return _TABS[value]
        return _moment(value) if kind == "time" else match[0]

    return _TOKEN.sub(read, text)


def ids_in(texts: Iterable[str]) -> tuple[set[str], set[str]]:
    """The ids of the roles and of the channels that texts name."""
    found = [match for text in texts for match in _TOKEN.finditer(text)]
    roles = {match["role"] for match in found if match["role"]}
    return roles, {match["channel"] for match in found if match["channel"]}


def without_mention(text: str, user: str) -> str:
    """The text without the mentions of one user."""
    return re.sub(rf"[ \t]*<@!?{re.escape(user)}>", "", text).strip()


def markdown(text: str) -> str:
    """What Discord shows, as Markdown shows it: each line of its own, subtext as text.

    A spoiler is an element of that name, which `core.markdown` knows; one around code is a toggle.
    """
    text = _with_spoilers(text.translate(_RESERVED))
    parts, at, hidden, quoting = [], 0, False, ""
    gap = _APART
    for fence in _FENCE.finditer(text):
        before, code = text[at : fence.start()], fence[2]
        above, _, line = before.rpartition("\n")
        if in_quote := line.strip() == ">":
            before, code = above, _QUOTE_SIGN.sub("", code)
        told, hidden = _hidden(_lines(_begun(quoting, before)), hidden)
        # What `>>>` begins goes on to the end, code included.
        quoting = quoting or (">>> " if _QUOTES_ALL.search(before) else "")
        block = "\n".join([f"```{fence[1] or ''}", code.strip("\n"), "```"])
        if hidden:
            block = f"<details>\n<summary>Spoiler</summary>\n\n{block}\n\n</details>"
        goes_on = quoting or (in_quote and _ENDS_QUOTED.search(above))
        block = quoted(block) if in_quote or quoting else block
        parts += [(gap, told), (_WITHIN if goes_on else _APART, block)]
        at = fence.end()
        gap = _WITHIN if quoting or (in_quote and text.startswith("\n> ", at)) else _APART
        if text.startswith(_SHOW, at):
            at, hidden = at + 1, False
    parts.append((gap, _hidden(_lines(_begun(quoting, text[at:])), hidden)[0]))
    shown = [(gap, part) for gap, part in parts if part.strip()]
    return "".join(gap * (place > 0) + part for place, (gap, part) in enumerate(shown))


def _begun(quoting: str, text: str) -> str:
    """Text behind code, which is in the quote that began before it, if any."""
    return quoting + text.strip("\n") if quoting and text.strip() else text


def _with_spoilers(text: str) -> str:
    """The text with marks for the bars of spoilers; bars without others, or of a table, stay."""
    if "||" not in text:
        return text
    bars = [found.start() for found in _BARS.finditer(text) if found["kept"] is None]
    made, at, number = [], 0, 0
    while number + 1 < len(bars):
        first, last = bars[number], bars[number + 1]
        row = text[text.rfind("\n", 0, first) + 1 :].split("\n", 1)[0]
        number += 1
        if text[first + 2 : last].strip() and not _TABLE_ROW.match(row):
            made += [text[at:first], _HIDE, text[first + 2 : last], _SHOW]
            at = last + 2
            number += 1
    # Not where a line begins: what it begins with would not be known.
    return re.sub(f"(\n+){_SHOW}", rf"{_SHOW}\1", "".join([*made, text[at:]]))


def _hidden(text: str, hidden: bool) -> tuple[str, bool]:
    """Lines with what is hidden in them in tags, and whether the text ends hidden."""
    if not hidden and _HIDE not in text:
        return text, False
    lines = []
    for line in text.split("\n"):
        begun = _MARKERS.match(line)
        start = begun.end() if begun else 0
        made = line[:start]
        for piece in re.split(f"([{_HIDE}{_SHOW}])", line[start:]):
            if piece in (_HIDE, _SHOW):
                hidden = piece == _HIDE
            elif hidden and (words := piece.strip()):
                head, _, tail = piece.partition(words)
                made += f"{head}<spoiler>{words}</spoiler>{tail}"
            else:
                made += piece
        lines.append(made)
    return "\n".join(lines), hidden


def quoted(text: str) -> str:
    """The text as a quotation."""
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def _lines(text: str) -> str:
    """Lines that follow one another stay lines; Markdown would run them together."""
    text = _WAVES.sub(lambda match: match[1] or rf"\~{match[2]}\~", as_typed(text))
    text = _UNDERLINE.sub(lambda match: match[1] or f"<u>{match[2]}</u>", text).strip("\n")
    found: list[tuple[str, str]] = list(_kinds(text))
    written: list[str] = []
    for at, (kind, line) in enumerate(found):
        after = found[at + 1][0] if at + 1 < len(found) else "blank"
        written.append(line)
        if kind in ("plain", "quote", "item") and after == "plain" == kind:
            written[-1] += "  "
        elif kind == after == "quote":
            # An empty line of a quotation parts its paragraphs by itself.
            written[-1] += "  " if line.strip("> ") else ""
        elif kind != after and "blank" not in (kind, after):
            written.append("")
    return "\n".join(written)


def _kinds(text: str) -> Iterator[tuple[str, str]]:
    quoting = in_list = False
    for raw in text.split("\n"):
        line = raw
        if not quoting and line.startswith(">>> "):
            quoting, line = True, line[4:]
        if quoting:
            yield "quote", f"> {line}".rstrip()
            continue
        indented = line.startswith((" ", "\t"))
        line = _SUBTEXT.sub(r"\1", line)
        if not line.strip():
            yield "blank", ""
        elif line.startswith("> ") or line == ">":
            yield "quote", line
        elif _LIST.match(line) or (in_list and indented):
            in_list = True
            yield "item", line
            continue
        elif _BLOCK.match(line):
            yield "block", line
        else:
            # Indented, it would be code; a row of equals signs would make a heading of the line
            # before it.
            line = line.strip()
            if begun := _UNCLOSED.match(line):
                line = "\\`" * begun.end() + line[begun.end() :]
            yield "plain", f"\\{line}" if set(line) == {"="} or _NO_BLOCK.match(line) else line
        in_list = False


def _moment(seconds: str) -> str:
    try:
        return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        return f"<t:{seconds}>"


def _literal(name: str) -> str:
    return re.sub(r"([\\`*_\[\]<>|~])", r"\\\1", name)
