"""How far a request has come, shown as the app's reactions on the message it is about."""

from __future__ import annotations

import structlog

from bot.slack.people import People
from bot.slack.web import Refused, Web
from core.ports import Address, Mark

MARKS: dict[Mark, str] = {"working": "eyes", "done": "white_check_mark", "failed": "warning"}
"""👀, ✅ and ⚠️."""

# It shows the mark already; the message is gone; or this workspace wants no marks.
_FINE = frozenset(
    {"already_reacted", "no_reaction", "message_not_found", "missing_scope", "not_reactable"}
)

_log = structlog.get_logger(__name__)


class Marker:
    """Puts marks on messages, one at a time.

    https://docs.slack.dev/reference/methods/reactions.add
    """

    def __init__(self, web: Web, people: People) -> None:
        self._web = web
        self._people = people

    async def mark(self, address: Address, mark: Mark) -> None:
        """See CanMark."""
        wanted = MARKS.get(mark)
        shown = await self._shown(address)
        if wanted and wanted not in (shown or ()):
            await self._react("reactions.add", address, wanted)
        # Removing is allowed less often than all else, so it is done where there is need.
        for other in sorted(set(MARKS.values()) - {wanted}):
            if shown is None or other in shown:
                await self._react("reactions.remove", address, other)

    async def _shown(self, address: Address) -> set[str] | None:
        """The marks the app has on the message; None where Slack does not say."""
        us = await self._people.us()
        try:
            said = await self._web.read(
                "reactions.get",
                channel=address["channel_id"],
                timestamp=address["message"],
                full=True,
            )
        except Refused:
            return None
        reactions = (said.get("message") or {}).get("reactions") or []
        names = {each["name"] for each in reactions if us.user in each.get("users", [])}
        return names & set(MARKS.values()) if us.user else None

    async def _react(self, method: str, address: Address, name: str) -> None:
        where = {"channel": address["channel_id"], "timestamp": address["message"]}
        try:
            await self._web.call(method, name=name, **where)
        except Refused as refused:
            if refused.reason not in _FINE:
                raise
            _log.debug("slack shows no mark", reason=refused.reason)
