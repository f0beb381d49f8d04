"""Real Markdown of any size, from what is installed beside the product: nothing is fetched or kept.

The descriptions of the installed distributions (https://packaging.python.org/specifications/
core-metadata/#description-content-type) and the `*.md` files among them, in the order of their
names. The same environment gives the same documents.
"""

from __future__ import annotations

import sysconfig
from functools import cache
from importlib import metadata
from pathlib import Path

KB = 1000
_LEAST = 500
"""A shorter text is a stub or a note about where to look."""

_MOST = 30 * KB
"""Of a longer one, the beginning: a history of releases is no document."""


@cache
def texts() -> list[str]:
    """The documents found, each ending in a blank line."""
    found = {}
    for distribution in metadata.distributions():
        about = distribution.metadata
        if "markdown" in (about["Description-Content-Type"] or ""):
            body = about["Description"] or str(about.get_payload() or "")
            found[about["Name"].lower()] = body
    site = Path(sysconfig.get_path("purelib"))
    for path in sorted(site.rglob("*.md")):
        if "licenses" not in path.parts:
            found[str(path.relative_to(site)).lower()] = path.read_text("utf-8", "replace")
    found.pop("notion-assistant", None)
    kept = [_up_to(found[name], _MOST).strip() for name in sorted(found)]
    return [f"{text}\n\n" for text in kept if len(text) >= _LEAST]


def documents(size: int, count: int) -> list[str]:
    """`count` documents of about `size` bytes: whole texts one after another, the last one cut.

    Each begins where a text begins; past the last text comes the first one again.
    """
    known = texts()
    step = max(1, len(known) // count)
    return [
        _document(known[place * step :] + known[: place * step], size) for place in range(count)
    ]


def _document(known: list[str], size: int) -> str:
    parts: list[str] = []
    length = 0
    while length < size:
        text = known[len(parts) % len(known)]
        parts.append(text)
        length += len(text.encode())
    return _up_to("".join(parts), size)


def _up_to(text: str, size: int) -> str:
    """The lines that fit into `size` bytes, with line ends as one character."""
    text = text.replace("\r\n", "\n")
    data = text.encode()
    if len(data) <= size:
        return text
    whole = data[: data.rfind(b"\n", 0, size) + 1] or data[:size]
    return whole.decode(errors="ignore")
