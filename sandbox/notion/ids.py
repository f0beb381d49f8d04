"""Identifiers: the fixed ones every store starts with, and how they are read and written."""

import re
import uuid

API_VERSION = "2026-03-11"

ROOT_PAGE_ID = "a0000000-0000-4000-8000-000000000001"
NOTES_DATABASE_ID = "a0000000-0000-4000-8000-000000000002"
NOTES_DATA_SOURCE_ID = "a0000000-0000-4000-8000-000000000003"
BOT_USER_ID = "a0000000-0000-4000-8000-00000000000b"
PERSON_USER_ID = "a0000000-0000-4000-8000-00000000000c"
WORKSPACE_ID = "a0000000-0000-4000-8000-00000000000d"

_ID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)
_TRAILING_ID = re.compile(r"(?:^|[-/])([0-9a-f]{32})$", re.IGNORECASE)
_NOT_SLUG = re.compile(r"[^A-Za-z0-9]+")
_SLUG_LENGTH = 60


def new_id() -> str:
    return str(uuid.uuid4())


def parse_id(text: object) -> str | None:
    """The id in the dashed form, from either form; None when it is none."""
    if isinstance(text, str) and _ID.fullmatch(text):
        return str(uuid.UUID(text))
    return None


def id_in_slug(slug: str) -> str | None:
    """The id at the end of a page address, such as `Launch-checklist-<32 hex digits>`."""
    found = _TRAILING_ID.search(slug)
    return parse_id(found[1]) if found else None


def page_slug(title: str, page_id: str) -> str:
    """The last part of a page's address: words of the title, then the id without dashes."""
    words = _NOT_SLUG.sub("-", title).strip("-")[:_SLUG_LENGTH].rstrip("-")
    bare = page_id.replace("-", "")
    return f"{words}-{bare}" if words else bare
