"""An item of the history that a command is about, and the answer that shows one."""

from __future__ import annotations

from uuid import UUID

from core.actions import NOT_YOURS, when_written
from core.commands.context import Context
from core.errors import Forbidden, NotFound
from core.messages import Answer
from core.storage.content import Content

EMPTY = "Stopped before the first words came."


def item_id(text: str) -> UUID:
    """The id somebody names. Raises NotFound where it is none."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("There is no such item in your history.") from None


async def own_item(context: Context, text: str) -> Content:
    """The asker's item with this id.

    Raises Forbidden where somebody else asked for it, NotFound where it is there no more.
    """
    content_id = item_id(text)
    try:
        return await context.library.get(context.user_id, content_id)
    except NotFound:
        if await context.library.known(content_id):
            raise Forbidden(NOT_YOURS) from None
        raise


def shown(item: Content, notes: list[str], *, private: bool) -> Answer:
    """An item's text as the answer to its request, with its buttons."""
    actions = when_written(item.id, text=item.text is not None)
    return Answer(item.text or EMPTY, notes=tuple(notes), private=private, actions=actions)
