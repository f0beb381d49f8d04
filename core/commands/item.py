"""An item of the history that a command is about, and the answer that shows one."""

from __future__ import annotations

from collections.abc import Sequence
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
    return _answer(item.id, item.text, notes, private=private)


def foresee(context: Context, *, private: bool, more: Sequence[str] = ()) -> None:
    """Lets whoever looks on know the answer with its last word: nothing but `more` notes are added
    to what is being written."""
    item = context.request.id

    def ending(text: str, notes: Sequence[str]) -> Answer:
        return _answer(item, text, [*notes, *more], private=private)

    context.feed.ending = ending


def _answer(item: UUID, text: str | None, notes: Sequence[str], *, private: bool) -> Answer:
    actions = when_written(item, text=text is not None)
    return Answer(text or EMPTY, notes=tuple(notes), private=private, actions=actions)
