"""What something is sought by. Pure."""

from __future__ import annotations

MOST_WORDS = 50
"""More hardly narrow a search, and of five hundred SQLite refuses to hear.

https://www.sqlite.org/limits.html#max_expr_depth
"""


def words_of(text: str) -> list[str]:
    """The first words of a search, each once, in lower case."""
    return list(dict.fromkeys(text.lower().split()))[:MOST_WORDS]
