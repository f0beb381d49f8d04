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
from bot.discord.asker import sender_of
from bot.discord.callbacks import FORM, STAY, THINKING, Callbacks, flags
from bot.discord.complete import fitting
from bot.discord.render import content, render_answer
from bot.discord.rest import Refused, Rest
from bot.dispatch import WITHOUT_FORM, settled
from core.actions import wants_words
from core.commands.parse import parse
from core.commands.registry import COMMANDS
from core.errors import AssistantError, InvalidInput
from core.messages import Answer, Call, Channel, Request, Sender, Workspace
from core.ports import Choice, Chosen, Intake, Overview, Part
from core.preferences import NOTHING, Preferred

if TYPE_CHECKING:
    import discord

    from bot.discord.client import Client

    Asked = discord.Interaction[Client]

UNTIL_DONE = (0.3, 0.5, 1.0, 1.5, 2.5)
"""Seconds between looks at whether what was chosen in the panel has been done."""

LISTING = 2.0
"""Seconds that choices may take. Discord waits three for a response."""

OPENING = 1.5
"""Seconds that a form waits for its choices; a field without them is one to type in."""

_log = structlog.get_logger(__name__)


def _server(asked: Asked) -> Workspace | None:
    return Workspace("discord", str(asked.guild_id)) if asked.guild_id else None


class Windows:
    """Opens them. `intake` says what there is to choose, and how somebody stands."""

    def __init__(self, rest: Rest, callbacks: Callbacks, intake: Intake) -> None:
        self._intake = intake
        self._rest = rest
        self._callbacks = callbacks
        self._renewals: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Lets panels be as they are. May be called twice."""
        renewals = list(self._renewals)
        for renewal in renewals:
            renewal.cancel()
        if renewals:
            await asyncio.wait(renewals)

    async def suggested(
        self,
        asked: Asked,
        kind: Chosen,
        words: str = "",
        provider: str = "",
        wait: float | None = None,
    ) -> list[Choice]:
        """What may be chosen, as Discord takes it; of models, those of this provider, and of places
        those that the connections of whoever asks see.

        Nothing where it takes more than `wait` seconds, LISTING if none are named.
        """
        try:
            async with asyncio.timeout(LISTING if wait is None else wait):
                found = await self._intake.suggest(
                    kind,
                    words,
                    provider=provider,
                    sender=sender_of(asked),
                    workspace=_server(asked),
                )
                return fitting(found)
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
            return await self._panel(asked, THINKING, sender, channel)
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
            shown = await self._panel(asked, STAY, sender, channel)
            return None if shown else panel.COMMAND
        if name in panel.ASIDE:
            return panel.ASIDE[name]
        if name in panel.SAVING:
            return panel.SAVING[name]
        if name == panel.RESET:
            return f"{panel.COMMAND} reset"
        data: dict[str, Any] = {**(asked.data or {})}
        return panel.chosen(name, [str(one) for one in data.get("values") or ()])

    async def settled(
        self, asked: Asked, call: Call, sender: Sender, channel: Channel | None, thread: str
    ) -> Call | Request | None:
        """What a pressed button asks for in the end; None where there is nothing to carry out.

        A request is one that was made before, and is to be carried out once more.

        That is where a form was opened for what the call lacks, or the presser was told why not.
        """
        found = await settled(self._intake, sender, call)
        if isinstance(found, Answer):
            await self._callbacks.tell(asked, found)
            return None
        if (
            isinstance(found, Request)
            or not wants_words(found)
            or await self._knows(found, channel, thread)
        ):
            return found
        opened = form.render_words(found, COMMANDS[found.command])
        if not await self._callbacks.respond(asked, FORM, opened):
            told = Answer(WITHOUT_FORM[found.command], ok=False, private=True)
            await self._callbacks.tell(asked, told)
        return None

    async def _knows(self, call: Call, channel: Channel | None, thread: str) -> bool:
        """Whether there is an answer in the thread that can be added without asking for words."""
        if not thread or channel is None or call.command != "save":
            return False
        try:
            return await self._intake.answered(channel, thread)
        except AssistantError:
            return False

    async def _form(self, asked: Asked, name: str, given: form.Given) -> bool:
        """False where Discord does not open it."""
        choices, usual = await asyncio.gather(
            self._choices(asked, form.ASKED, OPENING), self._usual(asked)
        )
        return await self._callbacks.respond(
            asked, FORM, form.render_form(COMMANDS[name], given, choices, usual)
        )

    async def _usual(self, asked: Asked) -> Preferred:
        try:
            async with asyncio.timeout(OPENING):
                return await self._intake.preferred(sender_of(asked))
        except (AssistantError, TimeoutError) as error:
            _log.info("discord shows nothing usual", error=type(error).__name__)
            return NOTHING

    async def _panel(self, asked: Asked, how: int, sender: Sender, channel: Channel | None) -> bool:
        """Announces the panel, for looking everything up may take longer than Discord waits."""
        if not await self._callbacks.respond(asked, how, flags(private=how == THINKING)):
            return False
        await self._put(asked, await self._shown(asked, sender, channel))
        return True

    def renew(self, asked: Asked, sender: Sender, channel: Channel | None) -> None:
        """Shows on the panel what was chosen on it, once that is done.

        Where it is not done in a while, the panel shows again what is so.
        """
        task = asyncio.create_task(self._renew(asked, sender, channel), name="discord-panel")
        self._renewals.add(task)
        task.add_done_callback(self._renewals.discard)

    async def _renew(self, asked: Asked, sender: Sender, channel: Channel | None) -> None:
        before = panel.stand(asked.message.content if asked.message else "")
        for pause in UNTIL_DONE:
            await asyncio.sleep(pause)
            now = await self._standing(sender, channel, _server(asked))
            if before and now is not None and panel.stand(str(_drawn(now)["content"])) != before:
                break
        await self._put(asked, await self._shown(asked, sender, channel))

    async def _put(self, asked: Asked, part: Part) -> None:
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

    async def _standing(
        self, sender: Sender, channel: Channel | None, server: Workspace | None
    ) -> Overview | None:
        try:
            return await self._intake.overview(sender, channel, server)
        except AssistantError:
            return None

    async def _shown(self, asked: Asked, sender: Sender, channel: Channel | None) -> Part:
        kinds = tuple(panel.LINES)
        try:
            overview, choices = await asyncio.gather(
                self._intake.overview(sender, channel, _server(asked)),
                self._choices(asked, kinds, LISTING),
            )
        except AssistantError as error:
            return render_answer(Answer(error.message, ok=False, private=True))[0]
        return _drawn(overview, choices)

    async def _choices(
        self, asked: Asked, kinds: Sequence[Chosen], wait: float
    ) -> dict[Chosen, Sequence[Choice]]:
        found = await asyncio.gather(*(self.suggested(asked, kind, wait=wait) for kind in kinds))
        return dict(zip(kinds, found, strict=True))


def _drawn(overview: Overview, choices: form.Choices | None = None) -> Part:
    return panel.render_panel(overview, choices or {}, linking="link" in COMMANDS)
