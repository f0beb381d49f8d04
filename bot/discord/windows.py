"""What people are shown beside answers: choices while they type, the form, the settings panel.

None of it is recorded: what somebody decides in it comes back as a line, as if it had been typed.
https://docs.discord.com/developers/interactions/receiving-and-responding
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import structlog

from bot.discord import form, panel
from bot.discord.complete import fitting
from bot.discord.render import EPHEMERAL, content, render_answer
from bot.discord.rest import Refused, Rest
from core.commands.parse import parse
from core.commands.registry import COMMANDS
from core.config import Settings
from core.errors import AssistantError, InvalidInput
from core.messages import Answer, Channel, Sender, Workspace
from core.ports import Choice, Chosen, Intake, Part

if TYPE_CHECKING:
    import discord

    from bot.discord.client import Client

    Asked = discord.Interaction[Client]

LISTING = 2.0
"""Seconds that choices may take. Discord waits three for a response."""

OPENING = 1.5
"""Seconds that a form waits for its choices; a field without them is one to type in."""

_LATER, _LATER_HERE, _FORM = 5, 6, 9

_log = structlog.get_logger(__name__)


class Windows:
    """Opens them. `intake` says what there is to choose, and how somebody stands."""

    def __init__(self, settings: Settings, intake: Intake) -> None:
        self._intake = intake
        self._rest = Rest(settings)

    async def close(self) -> None:
        """Lets go of connections. May be called twice."""
        await self._rest.close()

    async def suggested(
        self, kind: Chosen, words: str = "", wait: float | None = None
    ) -> list[Choice]:
        """What may be chosen, as Discord takes it.

        Nothing where it takes more than `wait` seconds, LISTING if none are named.
        """
        try:
            async with asyncio.timeout(LISTING if wait is None else wait):
                return fitting(await self._intake.suggest(kind, words))
        except (AssistantError, TimeoutError) as error:
            _log.info("discord is offered no choices", kind=kind, error=type(error).__name__)
            return []

    async def opened(
        self, asked: Asked, line: str, sender: Sender, channel: Channel | None
    ) -> bool:
        """Opens what a line without words asks for; False where it is to be carried out."""
        try:
            call = parse(line, unfinished=True)
        except InvalidInput:
            return False
        if call.text:
            return False
        if COMMANDS[call.command].form:
            return await self._form(asked, call.command, call.flags)
        if call.command == panel.COMMAND and not call.flags:
            return await self._panel(asked, _LATER, sender, channel)
        return False

    async def pressed(
        self, asked: Asked, name: str, sender: Sender, channel: Channel | None
    ) -> str | None:
        """Takes a press on the panel; the line to carry out, where there is one."""
        if name == panel.WRITE:
            return None if await self._form(asked, "generate", {}) else "generate"
        if name == panel.PLACE:
            return None if await self._form(asked, "to", {}) else "to"
        if name == panel.REFRESH:
            shown = await self._panel(asked, _LATER_HERE, sender, channel)
            return None if shown else panel.COMMAND
        if name == panel.RESET:
            return f"{panel.COMMAND} reset"
        data: dict[str, Any] = {**(asked.data or {})}
        return panel.chosen(name, [str(one) for one in data.get("values") or ()])

    async def _form(self, asked: Asked, name: str, given: form.Given) -> bool:
        """False where Discord does not open it."""
        choices = await self._choices(form.ASKED, OPENING)
        return await self._respond(asked, _FORM, form.render_form(COMMANDS[name], given, choices))

    async def _panel(self, asked: Asked, how: int, sender: Sender, channel: Channel | None) -> bool:
        """Announces the panel, for looking everything up may take longer than Discord waits."""
        if not await self._respond(asked, how, {"flags": EPHEMERAL} if how == _LATER else None):
            return False
        server = Workspace("discord", str(asked.guild_id)) if asked.guild_id else None
        part = await self._shown(sender, channel, server)
        path = f"/webhooks/{asked.application_id}/{asked.token}/messages/@original"
        try:
            try:
                await self._rest.as_interaction("PATCH", path, json=content(part))
            except Refused:
                # Without its lists it still says how somebody stands.
                bare = content(part | {"components": []})
                await self._rest.as_interaction("PATCH", path, json=bare)
        except AssistantError as error:
            _log.warning("discord panel not shown", reason=error.message)
        return True

    async def _shown(
        self, sender: Sender, channel: Channel | None, server: Workspace | None
    ) -> Part:
        kinds = tuple(panel.LINES)
        try:
            overview, choices = await asyncio.gather(
                self._intake.overview(sender, channel, server), self._choices(kinds, LISTING)
            )
        except AssistantError as error:
            return render_answer(Answer(error.message, ok=False, private=True))[0]
        return panel.render_panel(overview, choices, linking="link" in COMMANDS)

    async def _choices(
        self, kinds: Sequence[Chosen], wait: float
    ) -> dict[Chosen, Sequence[Choice]]:
        found = await asyncio.gather(*(self.suggested(kind, "", wait) for kind in kinds))
        return dict(zip(kinds, found, strict=True))

    async def _respond(self, asked: Asked, kind: int, data: dict[str, Any] | None) -> bool:
        path = f"/interactions/{asked.id}/{asked.token}/callback"
        body = {"type": kind} | ({"data": data} if data is not None else {})
        try:
            await self._rest.as_interaction("POST", path, json=body)
        except AssistantError as error:
            _log.warning("discord window not opened", kind=kind, reason=error.message)
            return False
        return True
