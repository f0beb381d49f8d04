"""What people wrote in Slack, as Markdown. Pure.

https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape

from core.markdown.emoji import with_emoji
from core.markdown.literal import as_typed

SOMEBODY = "somebody"
"""Who a mention names where nobody knows."""

_CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
_REFERENCE = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_PERSON = re.compile(r"<@([A-Z0-9]+)(?:\|[^<>]*)?>")
_CHANNEL = re.compile(r"<#([A-Z0-9]+)\|?>")
_TONE = re.compile(r"::skin-tone-[2-6]:")

# Marks count at the edges of words alone; two of a kind side by side are Markdown's own.
_BOLD = re.compile(r"(?<![\w*\\])\*(?=[^\s*])([^*\n]*[^\s*])\*(?![\w*])")
_STRIKE = re.compile(r"(?<![\w~\\])~(?=[^\s~])([^~\n]*[^\s~])~(?![\w~])")
_BULLETS = (("•", "- "), ("◦", "  - "), ("▪︎", "    - "), ("▪", "    - "))

# Stands for what is not to be touched; nobody types these.
_KEPT = re.compile("\ue000(\\d+)\ue001")
_RESERVED = str.maketrans("", "", "\ue000\ue001")

_STARTS_BLOCK = re.compile(r"\s*(?:[-*+•]\s|\d+[.)]\s|>|#{1,6}\s|```|\||$)")


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
            return keep(f"\n```\n{inner}\n```\n")
        return keep(plain)

    text = _CODE.sub(code, text.translate(_RESERVED))
    text = _REFERENCE.sub(lambda found: keep(_linked(found, names)), text)
    text = unescape(text)
    text = as_typed(text) if exact else text
    text = _STRIKE.sub(r"~~\1~~", _BOLD.sub(r"**\1**", text))
    text = with_emoji(_TONE.sub(":", text))
    text = "\n".join(_line(line) for line in _quoted(text).split("\n"))
    while _KEPT.search(text):
        text = _KEPT.sub(lambda found: kept[int(found[1])], text)
    return re.sub(r"\n{3,}(?=```)|(?<=```)\n{3,}", "\n\n", text).strip()


def with_breaks(text: str) -> str:
    """Markdown whose lines stay lines: people in a chat break them where they mean to."""
    pieces = re.split(r"(```.*?(?:```|\Z))", text, flags=re.DOTALL)
    for at in range(0, len(pieces), 2):
        lines = pieces[at].split("\n")
        for number, following in enumerate(lines[1:]):
            line = lines[number]
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
        return "@" + (names.get(target) or label.removeprefix("@") or SOMEBODY)
    if kind == "#":
        return "#" + (names.get(target) or label.removeprefix("#") or "channel")
    if kind == "!":
        return unescape(_special(target, label))
    address = unescape(target)
    if not _ADDRESS.fullmatch(address):
        return unescape(match[0])
    if not label or label in (address, address.removeprefix("mailto:")):
        return address.removeprefix("mailto:")
    where = f"<{address}>" if re.search(r"[()\s]", address) else address
    shown = re.sub(r"([\[\]])", r"\\\1", label)
    return f"[{shown}]({where})"


def _special(target: str, label: str | None) -> str:
    """`<!here>`, `<!subteam^S1|@team>`, and `<!date^…|the fallback>`."""
    if target.startswith("date^"):
        return label or target.split("^")[1]
    if target.startswith("subteam^"):
        return "@" + (label or "group").removeprefix("@")
    return "@" + (label or target.partition("^")[0]).removeprefix("@")


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
