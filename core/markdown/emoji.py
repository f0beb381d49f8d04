"""Emoji shortcodes: `:rocket:` is 🚀. Names that nobody knows stay as they are."""

import re

from rich.emoji import Emoji

_SHORTCODE = re.compile(r"(?<![\w:/]):[a-z0-9+_-]*[a-z+][a-z0-9+_-]*:(?![\w:/])")
# Drawn in one colour, as text, unless this follows.
_AS_EMOJI = "\ufe0f"
_TEXT_BY_DEFAULT = frozenset("⚠ℹ✔❤✖☑☎✉✏✂☀☁☂❄♻⚙")


def with_emoji(text: str) -> str:
    """`text` with its known shortcodes replaced."""
    if text.count(":") < 2:
        return text
    return _SHORTCODE.sub(_replace, text)


def _replace(match: re.Match[str]) -> str:
    emoji = Emoji.replace(match.group())
    return emoji + _AS_EMOJI if emoji in _TEXT_BY_DEFAULT else emoji
