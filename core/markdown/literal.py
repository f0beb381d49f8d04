"""What people typed in a chat that has no HTML, so that Markdown shows it as it was typed."""

import re

# Behind a letter and a colon comes an address, a time or an emoji; `</name:1>` is a command.
_TAG = re.compile(
    r"(?P<code>(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`))"
    r"|(?<!\\)<(?=[A-Za-z/!?])(?![A-Za-z][A-Za-z0-9+.-]*:)(?!/[^<>\n]*:\d+>)",
    re.DOTALL,
)


def without_tags(text: str) -> str:
    """Markdown whose `<` begin no HTML: `<script>` would take all that follows away. Pure.

    Code stays as it is, and so do addresses in angle brackets.
    """
    return _TAG.sub(lambda found: found["code"] or r"\<", text) if "<" in text else text
