"""Makes what would notify people in Slack or Discord harmless.

A word joiner, which nobody sees, parts the sign from the name. In code too: Slack reads its
control sequences (`<!channel>`, `<@U…>`, `<!subteam^S…>`) there as well.
"""

import re

JOINER = "\u2060"

_SIGNS = re.compile(
    r"<(?=!(?:channel|here|everyone|group|subteam|date)|@[!&]?[A-Z0-9])"
    r"|@(?=everyone|here|channel)",
    re.IGNORECASE,
)


def defuse(text: str) -> str:
    """`text` in which nothing mentions a person, a group or everyone."""
    if "@" not in text and "<!" not in text:
        return text
    return _SIGNS.sub(lambda match: match.group() + JOINER, text)


def defuse_address(address: str) -> str:
    """The same for a URL, where an invisible character would lead elsewhere."""
    return re.sub("@(?=everyone|here|channel)", "%40", address, flags=re.IGNORECASE)
