"""Bare addresses, which the parser leaves as text and GitHub makes links.

Follows GitHub's extended autolinks (gfm spec, section 6.9), and stops at CJK punctuation too.
A host may be in any script, `https://例え.jp`, yet `https://x.com에서` ends where Korean begins.
The repair is `https://…` to `<https://…>`, so that underscores inside it are no emphasis.
"""

import re
import unicodedata

from core.markdown.scan import Layout

Edit = tuple[int, int, str]
Spans = list[tuple[int, int]]

# Vowel signs and accents, which are part of a word in many scripts and no letters to `\w`.
_MARKS = "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0dff\u0e00-\u0eff\u1000-\u109f"
_ADDRESS = re.compile(
    rf"(?<![A-Za-z0-9/@.<])(https?://|www\.(?=[\w{_MARKS}-]+\.))"
    rf"([\w{_MARKS}.:@%\-\[\]]*)"  # the host and, rarely, a name and port beside it
    r"(?:[/?#][^\s<>\"`|、。，；：！？）】」』》〉”’…]*)?",
    re.IGNORECASE,
)
# A set of letters is found faster than letters of either case.
_WWW = re.compile(r"[wW][wW][wW]\.")
# No top-level domain and no port mixes scripts: the sentence goes on in the second one.
_SENTENCE = re.compile("(?<=[A-Za-z0-9])[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_ENTITY = re.compile(r"&[a-z0-9]+;\Z", re.IGNORECASE)
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
# What none begins behind, as in `_ADDRESS`.
_INSIDE = [bytes((byte,)) for byte in b"abcdefghijklmnopqrstuvwxyz0123456789/@.<"]
_EMPHASIS = frozenset("*_~")
_PAIRS = {")": "(", "]": "[", "}": "{"}


def link_addresses(source: str, layout: Layout) -> list[Edit]:
    """The edits that make links of the bare addresses in `source`."""
    edits = []
    done = 0
    for start in _beginnings(source, 0, len(source)):
        if start < done or start not in layout.text:
            continue
        match = _ADDRESS.match(source, start)
        if match is None:
            continue
        done = match.end()
        address = _whole(source, match)
        if not address:
            continue
        target = _ESCAPED.sub(r"\1", address)
        # A backslash would take the mark that is put behind it for text.
        kept = "\\" if _is_escaped(source, start) else ""
        if target.lower().startswith("www."):
            edits.append((start, start + len(address), f"{kept}[{target}](<http://{target}>)"))
        else:
            edits.append((start, start + len(address), f"{kept}<{target}>"))
    return edits


def _is_escaped(source: str, place: int) -> bool:
    before = place
    while before and source[before - 1] == "\\":
        before -= 1
    return (place - before) % 2 == 1


def may_begin_with_www(source: str) -> bool:
    """Whether `www.` stands where a bare address may begin."""
    data = source.encode().lower()
    place = data.find(b"www.")
    while place >= 0:
        if data[place - 1 : place] not in _INSIDE:
            return True
        place = data.find(b"www.", place + 1)
    return False


def may_have_addresses(text: str) -> bool:
    """Whether there is anything that may begin one."""
    return "://" in text or _WWW.search(text) is not None


def find_addresses(source: str, start: int, end: int) -> Spans | None:
    """Where bare addresses stand in a piece of plain text of the source, counted from `start`.

    None where one goes on behind the piece, or beside a mark of emphasis.
    """
    found: Spans = []
    done = start
    for place in _beginnings(source, start, end):
        match = _ADDRESS.match(source, place) if place >= done else None
        if match is None:
            continue
        done = match.end()
        address = _whole(source, match)
        if not address:
            continue
        stop = place + len(address)
        if "[" in address or "]" in address:
            return None
        beside = (source[place - 1 : place], source[stop : stop + 1])
        if stop > end or not _EMPHASIS.isdisjoint(beside):
            return None
        found.append((place - start, stop - start))
    return found


def _whole(source: str, match: re.Match[str]) -> str:
    """The address of a match, empty where there is none."""
    address = _without_ending(_address(source, match))
    return address if re.search(r"//.|\..", address) else ""


def _beginnings(source: str, start: int, end: int) -> list[int]:
    """Where `http://`, `https://` and `www.` stand, in order."""
    places = [match.start() for match in _WWW.finditer(source, start, end)]
    place = source.find("://", start, end)
    while place >= 0:
        scheme = source[max(start, place - 5) : place].lower()
        if scheme == "https":
            places.append(place - 5)
        elif scheme.endswith("http"):
            places.append(place - 4)
        place = source.find("://", place + 3, end)
    return sorted(places)


def _address(source: str, match: re.Match[str]) -> str:
    """What of a match is an address, empty when it would lead to a host nobody wrote."""
    host = match.group(2).rstrip("_.:")
    sentence = _SENTENCE.search(host, host.rfind(".") + 1)
    if sentence:
        return match.group(1) + host[: sentence.start()]
    domain = host.rpartition("@")[2].partition(":")[0]
    if (not host[:1].isalnum() and host[:1] != "[") or "_" in "".join(domain.split(".")[-2:]):
        return ""
    after = source[match.end() : match.end() + 1]
    kind = unicodedata.category(after)[0] if after and not after.isascii() else ""
    if kind in ("L", "M") or (kind == "S" and "." not in host):  # `https://i❤.ws`
        return ""
    return match.group()


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
