"""Where a page of a list ended, newest first: a moment and an id, in words only this reads. Pure.

Rows that come or go meanwhile neither repeat nor hide others.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from uuid import UUID

from core.errors import InvalidInput

Place = tuple[datetime, UUID]


def cursor_of(created: datetime, row: UUID) -> str:
    """The cursor of the page after this row."""
    place = json.dumps([created.isoformat(), row.hex], separators=(",", ":"))
    return urlsafe_b64encode(place.encode()).decode().rstrip("=")


def place_of(cursor: str) -> Place:
    """Where the page before ended. Raises InvalidInput where the cursor is none of ours."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        moment, row = json.loads(urlsafe_b64decode(padded))
        created = datetime.fromisoformat(moment)
        if created.tzinfo is None:
            raise ValueError("a moment without a zone")
        return created, UUID(row)
    except (ValueError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise InvalidInput("cursor: take it from next_cursor, as it is.") from error
