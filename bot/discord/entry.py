"""Discord's way in: interactions, messages and reactions through the gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import aiohttp
import structlog

from bot.discord.adapter import DiscordPlatform
from bot.discord.asker import about, address_of, channel_of, place_of, sender_of, thread_of
from bot.discord.callbacks import STAY, THINKING, Callbacks, flags
from bot.discord.catchup import CatchUp
from bot.discord.form import line_of_form
from bot.discord.listener import Json, Listener, kept_text
from bot.discord.menus import APPEND, Menus
from bot.discord.panel import ASIDE, TITLE
from bot.discord.panel import PREFIX as PANEL
from bot.discord.parse import call_of_button
from bot.discord.rest import Rest
from bot.discord.watch import Limits, Watch
from bot.discord.windows import Windows
from bot.dispatch import dispatch
from bot.lookout import Lookout, Pace
from core.actions import wants_words
from core.commands.parse import parse
from core.commands.registry import COMMANDS, is_private
from core.config import Settings
from core.errors import InvalidInput, Misconfigured, PlatformFailed
from core.messages import Call, Request, stable_id
from core.metrics import ACKNOWLEDGED, delivered
from core.ports import Intake
from core.pulse import pulse

if TYPE_CHECKING:
    import discord

    from bot.discord.client import Client

PATIENCE = 15.0
"""Seconds `start` waits for the gateway; after that it goes on connecting by itself."""

RECONNECT = 5.0
LONGEST_RECONNECT = 300.0
"""Seconds before a connection that was given up is made anew; Discord counts the attempts."""

_log = structlog.get_logger(__name__)


class DiscordEntry:
    """Takes what people ask, records it, and shows “thinking …” until the answer comes.

    Discord wants a first response within three seconds, so the answer itself goes out later, by
    `DiscordPlatform`. https://docs.discord.com/developers/interactions/receiving-and-responding
    """

    name = "discord"
    # Everything comes through the gateway.
    routes = ()

    def __init__(
        self,
        settings: Settings,
        intake: Intake,
        limits: Limits | None = None,
        pace: Pace | None = None,
    ) -> None:
        self._settings = settings
        self._intake = intake
        self._platform = DiscordPlatform(settings)
        self._listener = Listener(intake, self._platform)
        self._rest = Rest(settings)
        self._callbacks = Callbacks(self._rest)
        self._menus = Menus(self._callbacks)
        self._windows = Windows(self._rest, self._callbacks, intake)
        self._watch = Watch(self._look_back, limits)
        look = CatchUp(self._rest, intake, self._listener, lambda: self._client).look
        self._lookout = Lookout(
            intake, self.name, lambda: self._watch.heard(self._client), look, pace
        )
        self._client: Client | None = None
        self._connection: asyncio.Task[None] | None = None
        self._keeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Logs in, tells Discord of the commands, and connects.

        Raises Misconfigured where the token is missing or not accepted, PlatformFailed where
        Discord cannot be reached. A connection that is lost later comes back by itself.
        """
        if self._settings.discord_token is None:
            raise Misconfigured("DISCORD_TOKEN is not set. Without it Discord stays off.")
        if self._keeper is None:
            await self._connect(self._settings.discord_token.get_secret_value())
            self._keeper = asyncio.create_task(self._keep(), name="discord-keeper")

    async def stop(self) -> None:
        """Disconnects. May be called twice."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            await asyncio.wait([keeper])
        await self._lookout.stop()
        await self._disconnect()
        await self._listener.end()
        await self._windows.close()
        await self._platform.close()
        await self._rest.close()

    async def _connect(self, token: str) -> None:
        try:
            if await self._connected(token):
                return
            await self._disconnect()
            _log.warning("discord grants no message content; connecting without")
            await self._connected(token, content=False)
        except BaseException:
            await self._disconnect()
            raise

    async def _connected(self, token: str, *, content: bool = True) -> bool:
        """False where Discord refuses what the application may read after all."""
        # Imported when Discord is used, so that a process without it starts faster.
        from bot.discord.client import Client, Listeners

        def heard(name: str, data: Json) -> None:
            delivered(self.name, "reaction" if "REACTION" in name else "message")
            self._listener.hear(client, name, data)

        def news(what: str, shard: int) -> None:
            if client is self._client:
                self._watch.news(client, what, shard)

        silence = self._watch.limits.silent
        listeners = Listeners(
            asked=self._ask,
            pressed=self._press,
            chosen=self._choose,
            submitted=self._submit,
            listed=self._windows.suggested,
            heard=heard,
            news=news,
        )
        self._client = client = Client(
            self._settings, COMMANDS, listeners, content=content, silence=silence
        )
        await _log_in(client, token)
        self._connection = asyncio.create_task(client.connect(), name="discord-gateway")
        return await self._first_connection(client, self._connection)

    async def _disconnect(self) -> None:
        client, self._client = self._client, None
        self._watch.gone()
        connection, self._connection = self._connection, None
        if client is not None:
            await client.close()
        if connection is not None:
            await asyncio.wait([connection], timeout=5)

    async def _keep(self) -> None:
        """Connects anew where discord.py gives up, unless Discord does not want this bot."""
        token, pause = self._settings.discord_token, RECONNECT
        assert token is not None  # noqa: S101 - start looks
        while True:
            try:
                if self._connection is None:
                    await self._connect(token.get_secret_value())
                client, connection = self._client, self._connection
                if client is not None and connection is not None:
                    why = await self._watch.over(client, connection)
                    _log.error("discord disconnected", error=why or _ending(connection))
                pause = RECONNECT
                await self._disconnect()
            except Misconfigured as error:
                _log.error("discord stays off", reason=error.message)
                pulse(self.name).fail(error.message)
                return
            except PlatformFailed as error:
                pause = min(pause * 2, LONGEST_RECONNECT)
                pulse(self.name).fail(error.message)
                _log.warning("discord not connected again", reason=error.message, seconds=pause)
            await asyncio.sleep(pause)

    def _look_back(self, since: datetime | None) -> None:
        """A session began: the first one, or one that brings nothing of what came before it."""
        self._lookout.start()
        self._lookout.missed(since)

    async def _first_connection(self, client: Client, connection: asyncio.Task[None]) -> bool:
        ready = asyncio.create_task(client.wait_until_ready())
        await asyncio.wait(
            [ready, connection], timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED
        )
        if ready.done():
            _log.info("discord connected", shards=client.shard_count, content=client.reads_content)
            return True
        ready.cancel()
        if connection.done():
            if client.reads_content and isinstance(connection.exception(), _intent_errors()):
                return False
            if isinstance(connection.exception(), _final_errors()):
                raise Misconfigured(
                    "Discord closed the connection. Look at the bot's intents and DISCORD_TOKEN."
                )
            raise PlatformFailed(
                f"Discord's gateway could not be used ({_ending(connection)}).", retryable=True
            )
        _log.warning("discord still connecting", seconds=PATIENCE)
        return True

    async def _ask(self, interaction: discord.Interaction[Client], line: str) -> None:
        """A command. Without words it may open a form or the settings instead."""
        who, where = sender_of(interaction), channel_of(interaction)
        if not await self._windows.opened(interaction, line, who, where):
            await self._take(interaction, line)

    async def _submit(self, interaction: discord.Interaction[Client], data: Json) -> None:
        """A form that was filled in. One that is not ours is left alone."""
        filled = self._menus.filled(str(interaction.user.id), data)
        if filled is not None:
            await self._take(interaction, *filled)
            return
        line, message = line_of_form(data, COMMANDS), interaction.message
        if line is None:
            return
        if message is not None and message.content.startswith(TITLE) and _asks_for_privacy(line):
            await self._change(interaction, line)
        else:
            await self._take(interaction, line)

    async def _change(self, interaction: discord.Interaction[Client], line: str) -> None:
        """What was chosen on the panel: done as if it had been typed, and then shown there."""
        if await self._take(interaction, line, on_panel=True):
            self._windows.renew(interaction, sender_of(interaction), channel_of(interaction))

    async def _press(self, interaction: discord.Interaction[Client], custom_id: str) -> None:
        """A button, or a list. One that is not ours is left alone."""
        if custom_id.startswith(PANEL):
            name, who = custom_id.removeprefix(PANEL), sender_of(interaction)
            line = await self._windows.pressed(interaction, name, who, channel_of(interaction))
            if line is not None and name in ASIDE:
                await self._take(interaction, line, on_panel=True)
            elif line is not None:
                await self._change(interaction, line)
            return
        below = interaction.message
        call = call_of_button(custom_id, private=below is not None and below.flags.ephemeral)
        if call is None:
            return
        who, where, inside = sender_of(interaction), channel_of(interaction), thread_of(interaction)
        asked = await self._windows.settled(interaction, call, who, where, inside.get("thread", ""))
        if isinstance(asked, Request):
            await self._take(interaction, asked.call, about(asked), place=asked.place)
        elif asked is not None:
            await self._take(interaction, asked, inside if wants_words(asked) else None)

    async def _choose(
        self, interaction: discord.Interaction[Client], name: str, message: Json
    ) -> None:
        """“Save to Notion” in a message's menu, or “Append to Notion page”: that asks which page.

        The message comes along, so that it can be saved where the bot may not read.
        """
        guild = str(interaction.guild_id or "")
        where = {
            "message": str(message["id"]),
            "kept": kept_text(interaction.client, message, guild),
        }
        if name == APPEND:
            await self._menus.ask(interaction, where)
        else:
            await self._take(interaction, Call("save"), where)

    async def _take(
        self,
        interaction: discord.Interaction[Client],
        line: str | Call,
        where: Mapping[str, str] | None = None,
        *,
        place: str | None = None,
        on_panel: bool = False,
    ) -> bool:
        """Records first, then defers; whether both was done.

        A crash between the two loses nothing: the command is carried out, and its answer finds no
        placeholder and goes to the channel. The other way round it would leave a placeholder that
        nobody ever fills. Recording takes some 5 ms of Discord's three seconds, and at most two
        seconds.
        """
        delivered(self.name, "command" if isinstance(line, str) else "interaction")
        with ACKNOWLEDGED.labels(self.name).time():
            place = place_of(interaction) if place is None else place
            return await self._recorded(interaction, line, where, place, on_panel=on_panel)

    async def _recorded(
        self,
        interaction: discord.Interaction[Client],
        line: str | Call,
        where: Mapping[str, str] | None,
        place: str,
        *,
        on_panel: bool,
    ) -> bool:
        private = _asks_for_privacy(line)
        # A press whose answer everybody sees leaves no placeholder: it may yet be turned away, and
        # that is for the presser alone. The panel is the interaction's own message, to be changed.
        thinking = (private or isinstance(line, str)) and not on_panel
        delivery = stable_id("discord", str(interaction.id))
        answer = await dispatch(
            self._intake,
            delivery,
            sender_of(interaction),
            line,
            address_of(interaction)
            | dict(where or {})
            | ({} if thinking else {"placeholder": "no"})
            | (thread_of(interaction) if isinstance(line, str) else {}),
            place,
        )
        # Where Discord does not hear of it, the command is recorded all the same, and its answer
        # will find another way.
        if answer is not None:
            await self._callbacks.tell(interaction, answer)
            return False
        if thinking:
            return await self._callbacks.respond(interaction, THINKING, flags(private=private))
        return await self._callbacks.respond(interaction, STAY)


async def _log_in(client: Client, token: str) -> None:
    import discord

    try:
        await client.login(token)
    except discord.LoginFailure:
        raise Misconfigured(
            "Discord does not accept DISCORD_TOKEN. Copy the bot's token from the developer portal."
        ) from None
    except _library_errors() as error:
        raise PlatformFailed(
            f"Discord could not be reached ({type(error).__name__}).", retryable=True
        ) from None


def _asks_for_privacy(line: str | Call) -> bool:
    try:
        return is_private(line if isinstance(line, Call) else parse(line))
    except InvalidInput:
        return True


def _library_errors() -> tuple[type[Exception], ...]:
    import discord

    # The last two are what it raises where a server's answer says less than it expects.
    return (discord.DiscordException, aiohttp.ClientError, OSError, TypeError, KeyError)


def _final_errors() -> tuple[type[Exception], ...]:
    """Discord's own word that this bot may not connect like this."""
    import discord

    return (discord.ConnectionClosed, discord.PrivilegedIntentsRequired)


def _intent_errors() -> tuple[type[Exception], ...]:
    import discord

    return (discord.PrivilegedIntentsRequired,)


def _ending(connection: asyncio.Task[None]) -> str:
    error = None if connection.cancelled() else connection.exception()
    return type(error).__name__ if error else "closed"
