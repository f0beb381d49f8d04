"""Bare addresses, which the parser leaves as text and GitHub makes links.

Follows GitHub's extended autolinks (gfm spec, section 6.9), and stops at CJK punctuation too.
The repair is `https://…` to `<https://…>`, so that underscores inside it are no emphasis.
"""

import re

from core.markdown.scan import Layout

Edit = tuple[int, int, str]

_ADDRESS = re.compile(
    r"(?<![A-Za-z0-9/@.<])(?:https?://|www\.(?=[A-Za-z0-9-]+\.))"
    r"[A-Za-z0-9\[][A-Za-z0-9.:@%_\-\[\]]*"  # the host and, rarely, a name and port before it
    r"(?:[/?#][^\s<>\"`|、。，；：！？）】」』》〉”’…]*)?",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&[a-z0-9]+;\Z", re.IGNORECASE)
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_PAIRS = {")": "(", "]": "[", "}": "{"}


def link_addresses(source: str, layout: Layout) -> list[Edit]:
    """The edits that make links of the bare addresses in `source`."""
    edits = []
    for match in _ADDRESS.finditer(source):
        start = match.start()
        if start not in layout.text:
            continue
        address = _without_ending(match.group())
        if not re.search(r"//.|\..", address):
            continue
        target = _ESCAPED.sub(r"\1", address)
        if target.lower().startswith("www."):
            edits.append((start, start + len(address), f"[{target}](<https://{target}>)"))
        else:
            edits.append((start, start + len(address), f"<{target}>"))
    return edits


def _without_ending(address: str) -> str:
    """Without the punctuation that belongs to the sentence, a closing bracket of it included."""
    end = len(address)
    surplus = {close: address.count(close) - address.count(_PAIRS[close]) for close in _PAIRS}
    while end:
        last = address[end - 1]
        if last in "?!.,:*_~'\\":
            end -= 1
        elif last == ";":
            entity = _ENTITY.search(address, max(0, end - 12), end)
            end = entity.start() if entity else end - 1
        elif surplus.get(last, 0) > 0:
            surplus[last] -= 1
            end -= 1
        else:
            break
    return address[:end]
