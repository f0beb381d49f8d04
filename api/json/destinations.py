"""`/notion/destinations`: where pages may go."""

from __future__ import annotations

from api.endpoint import Asked, Operation, endpoint
from api.models import DestinationQuery, Place, Places
from core.notion.whose import Whose, asking_for


@endpoint(
    Operation(
        DestinationQuery,
        "Pages and data sources that may be saved to",
        Places,
        errors=("NOTION_FAILED",),
        rule="places",
        scope="notion",
    )
)
async def destinations(asked: Asked[DestinationQuery]) -> Places:
    """Pages and data sources whose title matches, best first."""
    with asking_for(Whose(asked.person)):
        found = await asked.core.destinations(asked.given.q)
    return Places(
        items=[
            Place(id=place.id, kind=place.kind, title=place.title, url=place.url) for place in found
        ]
    )
