"""What a stand-in for the core's way in offers beside taking requests."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from uuid import UUID

from core.commands.saving import with_place
from core.errors import Forbidden
from core.messages import Call, Channel, Request, Sender, Workspace
from core.ports import Choice, Chosen, Overview
from core.preferences import Preferred


class Offers:
    """Nothing to choose, and somebody nobody knows, unless a test says otherwise."""

    choices: Mapping[Chosen, Sequence[Choice]] = MappingProxyType({})
    standing: Overview = Overview()

    routed: Mapping[str, Call] = MappingProxyType({})

    async def reaction(
        self, _channel: Channel, _message: str, emoji: str, *, added: bool
    ) -> Call | None:
        found = self.routed.get(emoji)
        return found if found is None or added else Call("undo-save", flags=found.flags)

    pickable: Mapping[str, Call] = MappingProxyType({})
    answered_in: frozenset[str] = frozenset()

    async def picked(self, _sender: Sender, request: UUID, place: str) -> Call:
        if str(request) not in self.pickable:
            raise Forbidden("Only the person who asked for this can use its buttons.")
        return with_place(self.pickable[str(request)], place)

    earlier: Mapping[str, Request] = MappingProxyType({})

    async def again(self, _sender: Sender, request: UUID) -> Request:
        if str(request) not in self.earlier:
            raise Forbidden("Only the person who asked for this can use its buttons.")
        return self.earlier[str(request)]

    going: Sequence[Request] = ()

    async def under_way(self, _channel: Channel, _thread: str) -> list[Request]:
        return list(self.going)

    async def answered(self, _channel: Channel, thread: str) -> bool:
        return thread in self.answered_in

    choosers: Sequence[tuple[Sender | None, Workspace | None]] = ()

    async def suggest(
        self,
        kind: Chosen,
        words: str,
        *,
        provider: str = "",
        sender: Sender | None = None,
        workspace: Workspace | None = None,
    ) -> list[Choice]:
        if kind == "destination":
            self.choosers = (*self.choosers, (sender, workspace))
        wanted = words.casefold()
        found = [one for one in self.choices.get(kind, []) if wanted in one.label.casefold()]
        return [one for one in found if kind != "model" or provider in one.label]

    async def overview(
        self, _sender: Sender, _channel: Channel | None, _workspace: Workspace | None = None
    ) -> Overview:
        return self.standing

    usual: Preferred = Preferred()

    async def preferred(self, _sender: Sender) -> Preferred:
        return self.usual
