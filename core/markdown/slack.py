"""Markdown for Slack's `markdown` block, which shows headings, tables and lists.

All such blocks of one message hold 12,000 characters together; 500 are left for the rest. Slack
makes blocks of its own of headings (at most 150 characters), rules and tables (100 rows of 20
cells), and they count among the 50 that a message may have, with the text between them.
https://docs.slack.dev/reference/block-kit/blocks/markdown-block
"""

from core.markdown.chat import messages
from core.markdown.dialects import Dialect
from core.markdown.richtext import units

LIMIT = 11_500

_SLACK = Dialect(
    limit=LIMIT,
    measure=units,  # Slack does not say what a character is: the larger count is safe
    deepest_heading=6,
    has_tables=True,
    nests_quotes=True,
    ends_quotes=False,
    rule="---",
    done="[x] ",
    to_do="[ ] ",
    long_fences=True,
    most_apart=20,
    longest_heading=150,
    table_rows=100,
    table_columns=20,
)


def slack_markdown(markdown: str) -> list[str]:
    """The parts to send, a message each: at most 11,500 UTF-16 units. Never raises."""
    return messages(markdown, _SLACK)
