"""Markdown for Discord, which has no tables, three headings and flat quotes."""

from core.markdown.chat import messages
from core.markdown.dialects import Dialect

LIMIT = 2000

_DISCORD = Dialect(
    limit=LIMIT,
    measure=len,  # Discord counts code points
    deepest_heading=3,
    has_tables=False,
    nests_quotes=False,
    ends_quotes=True,
    rule="──────────",
    done="☑ ",
    to_do="☐ ",
    long_fences=False,
    spoilers=True,
)


def discord_messages(markdown: str) -> list[str]:
    """The messages to send, in order: at most 2,000 code points each. Never raises."""
    return messages(markdown, _DISCORD)
