"""Which deliveries are one and the same, where what they carry does not tell."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from uuid import UUID

from bot.slack.parse import TWICE, Command
from core.messages import stable_id

_REMEMBERED = 10_000


class Repeats:
    """The commands of the last hour at most, each with the id and the moment of its first delivery.

    What Slack itself sends needs none of this: its trigger ids are told apart after a restart too.
    """

    def __init__(self) -> None:
        self._seen: OrderedDict[UUID, tuple[UUID, float]] = OrderedDict()

    def settle(self, command: Command) -> Command:
        """The command with the id it is to have: that of the first where it is a repeat."""
        if command.key is None:
            return command
        now = float(command.address["accepted_at"])
        pressed, at = self._seen.get(command.twin or command.key, (None, 0.0))
        if command.twin is not None and pressed is not None and now - at < TWICE:
            return _known_as(pressed, command)
        first, at = self._seen.get(command.key, (None, 0.0))
        if first is None:
            delivery = command.delivery
        elif now - at < command.holds:
            return _known_as(first, command)
        elif command.delivery == command.key:
            # A server with one trigger id for all it sends: the same words, much later.
            delivery = stable_id("slack", str(command.key), f"{now // command.holds:.0f}")
        else:
            delivery = command.delivery
        for key in filter(None, (command.key, command.twin)):
            self._seen[key] = delivery, now
            self._seen.move_to_end(key)
        while len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return _known_as(delivery, command)


def _known_as(delivery: UUID, command: Command) -> Command:
    address = dict(command.address) | {"delivery": str(delivery)}
    return replace(command, delivery=delivery, address=address)
