"""Whether the page of something that is to be saved again is still there."""

from __future__ import annotations

import asyncio

from core.errors import AssistantError
from core.notion.whose import asking_by, made_by
from core.ports import Pages
from core.storage.content import Content

SECONDS = 10.0
"""The most the look may take: without it the page is taken to be there."""

NEW_PAGE = "The page of before is in Notion's trash, so this is a new one."


async def is_trashed(pages: Pages, content: Content) -> bool:
    """Whether somebody put an item's page in the trash. False where Notion does not say so."""
    if not (content.notion_url and content.page_id):
        return False
    try:
        async with asyncio.timeout(SECONDS):
            with asking_by(made_by(content.parent)):
                return await pages.trashed(content.page_id)
    except (AssistantError, TimeoutError):
        return False
