"""Emoji as people type them and as platforms tell of them, in one spelling. Pure.

👍, `:+1:` and 👍🏽 are one; an emoji of a workspace's own is its name, `:party:`, and one with a
number is that number, for there two may have one name.
"""

from __future__ import annotations

import re
import unicodedata

from core.markdown.emoji import with_emoji

MEMO = "📝"
"""What saves a message everywhere."""

MARKS = ("👀", "✅", "⚠")
"""What shows how far a save has come, and so saves nothing itself."""

LONGEST = 100
"""Characters."""

# https://docs.discord.com/developers/reference#message-formatting
_NUMBERED = re.compile(r"<a?:(\w{1,32}):(\d{1,20})>")
_NAMED = re.compile(r":([a-z0-9+_'\u00c0-\uffff-]{1,100}):(?::skin-tone-[2-6]:)?", re.IGNORECASE)
_TONES = re.compile("[\U0001f3fb-\U0001f3ff\ufe0f\ufe0e]")
_KEYCAP = re.compile("[0-9#*]\u20e3")


def emoji_of(text: str) -> tuple[str, str] | None:
    """The emoji that a text is: how it is spelled here, and how people see it; None for others.

    A text is an emoji, `:name:`, or Discord's `<:name:number>`.
    """
    text = text.strip()
    if not text or len(text) > LONGEST:
        return None
    if found := _NUMBERED.fullmatch(text):
        return found[2], f":{found[1]}:"
    if found := _NAMED.fullmatch(text):
        short = f":{found[1].lower()}:"
        known = with_emoji(short)
        return (short, short) if known == short else (_plain(known), known)
    if len(text) > 2 and text[0] == text[-1] == ":":
        text = text[1:-1]
    bare = _plain(text)
    return (bare, text) if _is_emoji(bare) else None


def _plain(emoji: str) -> str:
    """Without the tone of skin, and without the sign that asks for colour."""
    return _TONES.sub("", emoji)


def _is_emoji(bare: str) -> bool:
    """Whether it is one or a few signs joined to one emoji, and nothing that is read as words."""
    if _KEYCAP.fullmatch(bare):
        return True
    signs = "".join(each for each in bare if not _is_tag(each))
    return all(_is_sign(each) for each in signs.split("\u200d"))


def _is_sign(part: str) -> bool:
    if len(part) == 2:
        return all("\U0001f1e6" <= each <= "\U0001f1ff" for each in part)
    # Signs that are emoji though Unicode calls them punctuation or mathematics.
    return len(part) == 1 and (unicodedata.category(part) == "So" or part in "‼⁉〰〽↔")


def _is_tag(sign: str) -> bool:
    # Flags of regions end in these: https://www.unicode.org/reports/tr51/#emoji-tag-sequences
    return "\U000e0020" <= sign <= "\U000e007f"
