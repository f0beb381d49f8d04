"""Whether the page of something that is to be saved again is still there."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from core.errors import AssistantError
from core.notion.refusals import NotionRefused
from core.notion.whose import asking_by, made_by
from core.ports import Pages
from core.storage.content import Content

LATELY = timedelta(minutes=10)
"""A page made since then may not be seen yet by all of Notion: then it is not gone."""

SECONDS = 10.0
"""The most the look may take: without it the page is taken to be there."""

NEW_PAGE = "The page of before is in Notion's trash, or not to be found, so this is a new one."


async def is_trashed(pages: Pages, content: Content) -> bool:
    """Whether an item's page is in the trash, deleted for good, or not shared any more.

    False where Notion does not say so.
    """
    if not (content.notion_url and content.page_id):
        return False
    try:
        async with asyncio.timeout(SECONDS):
            with asking_by(made_by(content.parent)):
                return await pages.trashed(content.page_id)
    except NotionRefused as error:
        made = content.saving_since or content.created_at
        return error.status == 404 and datetime.now(UTC) - made > LATELY
    except (AssistantError, TimeoutError):
        return False
