"""The id in whatever somebody pastes: an id, or the address of a page, database or data source."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

_UUID = r"[0-9a-f]{8}(?P<dash>-?)(?:[0-9a-f]{4}(?P=dash)){3}[0-9a-f]{12}"
_ID = re.compile(_UUID, re.IGNORECASE)
# An address ends in the title's words and the id: Launch-checklist-0123456789abcdef0123456789abcdef
_TAIL = re.compile(rf"(?:.*[^0-9a-z])?(?P<id>{_UUID})", re.IGNORECASE)
_SITES = ("notion.so", "notion.com", "notion.site")
_STAND_IN = "/sandbox/notion/"


def object_id(pasted: str) -> str | None:
    """The id in its dashed form, or None where the text is neither an id nor a Notion address.

    Understood are 32 hex digits, a UUID, and addresses on notion.so, notion.com, notion.site, their
    subdomains and the local stand-in. In an address, `p` (the page opened over a database) goes
    before the path; `v` (the view) and the fragment name nothing to save to.
    """
    text = pasted.strip().strip("<>")
    if _ID.fullmatch(text):
        return str(UUID(text))
    if not text or any(c.isspace() for c in text):
        return None
    return _in_address(text)


def _in_address(text: str) -> str | None:
    try:
        url = urlsplit(text if "://" in text else f"https://{text}")
        host = url.hostname or ""
    except ValueError:  # a broken IPv6 host
        return None
    at_home = any(host == site or host.endswith(f".{site}") for site in _SITES)
    if not at_home and _STAND_IN not in url.path:
        return None
    opened = parse_qs(url.query).get("p", [""])[0]
    for part in (opened, *reversed(url.path.split("/"))):
        if found := _TAIL.fullmatch(part):
            return str(UUID(found["id"]))
    return None
