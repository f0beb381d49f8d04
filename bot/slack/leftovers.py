"""Placeholders that could not become the answer, taken away once it stands elsewhere."""

from __future__ import annotations

from collections import OrderedDict

import structlog

from bot.slack.web import Web
from core.errors import AssistantError
from core.ports import Reply

_REMEMBERED = 1_000

_log = structlog.get_logger(__name__)


class Leftovers:
    """Messages by their marker. Without this “Writing …” and its Stop would stay for ever."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self._left: OrderedDict[str, Reply] = OrderedDict()

    def note(self, reply: Reply) -> None:
        """Remembers a message that may not be edited."""
        self._left[reply["marker"]] = reply
        if len(self._left) > _REMEMBERED:
            self._left.popitem(last=False)

    async def remove(self, marker: str, now: Reply) -> bool:
        """Deletes what `now` was sent in place of, and says whether there was anything.

        Raises nothing: a message that may not be deleted, or is gone, stays as it is.
        """
        old = self._left.pop(marker, None)
        if old is None or old["ts"] == now.get("ts"):
            return False
        try:
            await self._web.call("chat.delete", channel=old["channel"], ts=old["ts"])
        except AssistantError as error:
            _log.info("slack placeholder not deleted", reason=error.message)
        return True
