"""What people typed in a chat, so that Markdown shows it as the chat does."""

import re

# Behind a letter and a colon comes an address, a time or an emoji; `</name:1>` is a command.
_TYPED = re.compile(
    r"(?P<code>(?<!`)(?P<ticks>`++).+?(?<!`)(?P=ticks)(?!`))"
    r"|(?<!\\)(?P<tag><(?=[A-Za-z/!?])(?![A-Za-z][A-Za-z0-9+.-]*:)(?!/[^<>\n]*:\d+>))"
    r"|(?<!\\)(?P<entity>&(?=#?[A-Za-z0-9]{1,31};))"
    r"|^(?P<definition>[ \t]{0,3}\[)(?=[^\]\n]+\]:)"
    r"|^(?P<year>[ \t]{0,3}\d{3,})(?=[.)]\s)",
    re.DOTALL | re.MULTILINE,
)


def as_typed(text: str) -> str:
    """Markdown without what a chat does not know and would take words away. Pure.

    That is HTML (`<script>` takes all that follows), entities, definitions of references, and a
    number that is no item's, as in “2024. A good year”. Code stays as it is, and so do addresses in
    angle brackets.
    """
    return _TYPED.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    if found["code"]:
        return found["code"]
    if found["definition"]:
        return found["definition"][:-1] + r"\["
    return found["year"] + "\\" if found["year"] else "\\" + found[0]
