"""What people wrote in Slack, as Markdown. Pure.

https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from html import unescape

from core.markdown.addresses import web_address
from core.markdown.commonmark import escape
from core.markdown.emoji import with_emoji
from core.markdown.literal import as_typed

SOMEBODY = "somebody"
"""Who a mention names where nobody knows."""

_CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
_REFERENCE = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_PERSON = re.compile(r"<@([A-Z0-9]+)(?:\|[^<>]*)?>")
_CHANNEL = re.compile(r"<#([A-Z0-9]+)\|?>")
_TONED = re.compile(r"(:[a-z0-9+_-]+:):(skin-tone-[2-6]):")
_TONES = {f"skin-tone-{number}": chr(0x1F3F9 + number) for number in range(2, 7)}
_LABELLED = re.compile(r"<(?:@|!subteam\^)([A-Z0-9]+)\|([^<>]+)>")

# Marks count at the edges of words alone; two of a kind side by side are Markdown's own.
_BOLD = re.compile(r"(?<![\w*\\])\*(?=[^\s*])([^*\n]*[^\s*])\*(?![\w*])")
_STRIKE = re.compile(r"(?<![\w~\\])~(?=[^\s~])([^~\n]*[^\s~])~(?![\w~])")
_BULLETS = (("•", "- "), ("◦", "  - "), ("▪︎", "    - "), ("▪", "    - "))

# A mark within a word, or that ends on another line, is none.
_STAR = re.compile(r"(?<![*\\])\*(?=[^\s*])|(?<=[^\s*\\])\*(?!\*)")

# Stands for what is not to be touched; nobody types these.
_KEPT = re.compile("\ue000(\\d+)\ue001")
_RESERVED = str.maketrans("", "", "\ue000\ue001")

_STARTS_BLOCK = re.compile(r"\s*(?:[-*+•]\s|\d+[.)]\s|>|#{1,6}\s|```|\||$)")


def labels_in(text: str) -> dict[str, str]:
    """The names of people and groups that it mentions by id and name, by their ids."""
    return {
        found[1]: unescape(found[2]).removeprefix("@")
        for found in _LABELLED.finditer(_CODE.sub(" ", text))
    }


def moment(seconds: int) -> str:
    """A moment in epoch seconds as people read it; empty where there is no such one."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        return ""


def in_tone(emoji: str, tone: str) -> str:
    """An emoji in a tone of skin such as `skin-tone-3`; one that nobody knows stays a name."""
    known = emoji and not emoji.startswith(":")
    return emoji.removesuffix("\ufe0f") + _TONES[tone] if known and tone in _TONES else emoji


def people_in(text: str) -> list[str]:
    """The ids of the people a message mentions, each once."""
    return list(dict.fromkeys(_PERSON.findall(text)))


def channels_in(text: str) -> list[str]:
    """The ids of the channels it mentions without their names, each once."""
    return list(dict.fromkeys(_CHANNEL.findall(text)))


def mentions(text: str, user: str) -> bool:
    """Whether this person or app is mentioned, outside of code."""
    return bool(user) and user in people_in(_CODE.sub(" ", text))


def without_mention(text: str, user: str) -> str:
    """The text without the mentions of this person or app."""
    return re.sub(rf"[ \t]*<@{re.escape(user)}(?:\|[^<>]*)?>[ \t]*[:,]?", " ", text).strip()


def markdown(text: str, names: Mapping[str, str], *, exact: bool = True) -> str:
    """Slack's own markup as Markdown; `names` are those of people and channels, by their ids.

    What only looks like Markdown's is escaped where it is to be shown, thus `exact`.
    """
    kept: list[str] = []

    def keep(made: str) -> str:
        kept.append(made)
        return f"\ue000{len(kept) - 1}\ue001"

    def code(match: re.Match[str]) -> str:
        plain = unescape(_REFERENCE.sub(lambda found: _typed(found, names), match[0]))
        if plain.startswith("```"):
            inner = plain.removeprefix("```").removesuffix("```").strip("\n")
            # On lines of its own, so that what stands behind it begins a line as well.
            return "\n" + keep(f"```\n{inner}\n```") + "\n"
        return keep(plain)

    text = _CODE.sub(code, text.translate(_RESERVED))
    text = _REFERENCE.sub(lambda found: keep(_linked(found, names)), text)
    text = unescape(text)
    text = _STRIKE.sub(r"~~\1~~", _BOLD.sub(r"**\1**", as_typed(text) if exact else text))
    text = _STAR.sub(r"\\*", text) if exact else text
    text = with_emoji(_TONED.sub(lambda found: in_tone(with_emoji(found[1]), found[2]), text))
    text = "\n".join(_line(line) for line in _quoted(text).split("\n"))
    while _KEPT.search(text):
        text = _KEPT.sub(lambda found: _put_back(found, kept[int(found[1])]), text)
    return re.sub(r"\n{3,}(?=```)|(?<=```)\n{3,}", "\n\n", text).strip()


def _put_back(found: re.Match[str], kept: str) -> str:
    """What was not to be touched; all lines of code in a quote belong to the quote."""
    before = found.string[found.string.rfind("\n", 0, found.start()) + 1 : found.start()]
    return kept.replace("\n", "\n> ") if before.strip() == ">" else kept


def with_breaks(text: str) -> str:
    """Markdown whose lines stay lines: people in a chat break them where they mean to."""
    pieces = re.split(r"(```.*?(?:```|\Z))", text, flags=re.DOTALL)
    for at in range(0, len(pieces), 2):
        lines = pieces[at].split("\n")
        for number, following in enumerate(lines[1:]):
            line = lines[number]
            quoted = line.startswith(">") and following.startswith(">")
            if quoted and line.strip("> ") and following.strip("> "):
                lines[number] = line.rstrip() + "  "
            if not line.strip() or _STARTS_BLOCK.match(following):
                continue
            # A line after a list or a quote would be taken for a part of it.
            lines[number] = line.rstrip() + ("\n" if _STARTS_BLOCK.match(line) else "  ")
        pieces[at] = "\n".join(lines)
    return "".join(pieces)


def plain_text(text: str, names: Mapping[str, str] | None = None) -> str:
    """What the person typed, from what Slack made of it.

    Links and mentions come as `<https://…|label>` and `<@U123|ada>`, and `&`, `<`, `>` as entities.
    https://docs.slack.dev/messaging/formatting-message-text#escaping
    """
    return unescape(_REFERENCE.sub(lambda found: _typed(found, names or {}), text))


def _typed(match: re.Match[str], names: Mapping[str, str]) -> str:
    kind, target, label = match[1], match[2], match[3]
    if kind in ("@", "#"):
        return kind + (label or names.get(target) or target).removeprefix(kind)
    if kind == "!":
        return _special(target, label)
    if not _ADDRESS.fullmatch(target):
        return match[0]
    return label or target.removeprefix("mailto:") if target.startswith("mailto:") else target


def _linked(match: re.Match[str], names: Mapping[str, str]) -> str:
    kind, target, label = match[1], match[2], unescape(match[3] or "")
    if kind == "@":
        return "@" + escape(names.get(target) or label.removeprefix("@") or SOMEBODY)
    if kind == "#":
        return "#" + escape(names.get(target) or label.removeprefix("#") or "channel")
    if kind == "!":
        words, link = unescape(_special(target, label)), _dated_link(target)
        return f"[{_bracketed(words)}](<{link}>)" if link else words
    address = unescape(target)
    if not _ADDRESS.fullmatch(address):
        return as_typed(unescape(match[0]))
    if not label or label in (address, address.removeprefix("mailto:")):
        return address.removeprefix("mailto:")
    where = f"<{address}>" if re.search(r"[()\s]", address) else address
    return f"[{_bracketed(label)}]({where})"


def _bracketed(label: str) -> str:
    return re.sub(r"([\[\]])", r"\\\1", label)


def _special(target: str, label: str | None) -> str:
    """`<!here>`, `<!subteam^S1|@team>`, and `<!date^…|the fallback>`."""
    if target.startswith("date^"):
        seconds = target.split("^")[1]
        return label or (moment(int(seconds)) if seconds.isdecimal() else seconds)
    if target.startswith("subteam^"):
        return "@" + (label or "group").removeprefix("@")
    return "@" + (label or target.partition("^")[0]).removeprefix("@")


def _dated_link(target: str) -> str:
    """Where a date leads: `<!date^1392734382^{date}^https://example.com/|the fallback>`."""
    parts = unescape(target).split("^", 3)
    return web_address(parts[3]) if parts[0] == "date" and len(parts) > 3 else ""


def _quoted(text: str) -> str:
    """`>>>` makes a quote of all that follows."""
    head, mark, rest = text.partition(">>>")
    if not mark or (head and not head.endswith("\n")):
        return text
    return head + "\n".join(f"> {line}" for line in rest.strip().split("\n"))


def _line(line: str) -> str:
    bare = line.lstrip()
    for bullet, made in _BULLETS:
        if bare.startswith(bullet):
            return made + bare.removeprefix(bullet).lstrip()
    return line
