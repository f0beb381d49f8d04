"""The gateway connection and its commands. Imports discord.py: import this when Discord is used."""

from __future__ import annotations

import inspect
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import discord
import structlog
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.discord.lenient import UNREADABLE, Completer, Tree, make_lenient
from bot.discord.menus import APPEND
from bot.discord.parse import LONGEST_OPTION, Option, describe, line_of, options_of
from bot.discord.watch import LOST, READY, RESUMED
from core.commands.command import Command
from core.config import Settings

Json = dict[str, Any]

Listener = Callable[["discord.Interaction[Client]", str], Awaitable[None]]


def _unheard(_what: str, _shard: int) -> None:
    """For whoever does not ask what becomes of shards."""


@dataclass(frozen=True, slots=True)
class Listeners:
    """Who takes what people do.

    `news` takes what became of a shard, as `bot.discord.watch` names it, and the shard's number.
    `asked` takes an interaction and the line that its options amount to, `pressed` an interaction
    and its button's id, `chosen` an interaction, the command's name and the message whose menu it
    was in, as Discord describes it. `submitted` takes a form that was filled in. `listed` says what
    there is to choose for an option that holds these words, of the provider named or of all.
    `heard` takes what is no interaction: the event's name and what Discord tells.
    """

    asked: Listener
    pressed: Listener
    chosen: Callable[[discord.Interaction[Client], str, Json], Awaitable[None]]
    submitted: Callable[[discord.Interaction[Client], Json], Awaitable[None]]
    listed: Completer
    heard: Callable[[str, Json], None]
    news: Callable[[str, int], None] = _unheard


GROUP = "notion"
MENU = "Save to Notion"

HEARD = (
    *("MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_DELETE", "MESSAGE_DELETE_BULK"),
    *("MESSAGE_REACTION_ADD", "MESSAGE_REACTION_REMOVE"),
)

_THREADS = (10, 11, 12)
_REMEMBERED = 10_000
_WRITTEN_IN = (discord.TextChannel, discord.VoiceChannel, discord.StageChannel, discord.Thread)

log = structlog.get_logger(__name__)

# Nothing is ever said aloud here, so what speaking would take need not be warned about.
discord.VoiceClient.warn_nacl = False
discord.VoiceClient.warn_dave = False


class Client(discord.AutoShardedClient):
    """As many shards as Discord recommends; each reconnects and resumes by itself.

    With a gateway of one's own there is one shard, connected there.
    """

    def __init__(
        self,
        settings: Settings,
        commands: Mapping[str, Command],
        listeners: Listeners,
        *,
        content: bool = True,
        silence: float = 60.0,
    ) -> None:
        # Below this level discord.py logs whole events, the tokens in them included.
        logging.getLogger("discord").setLevel(logging.INFO)
        own_gateway = _point_to(settings)
        super().__init__(
            # None of these is privileged. What a message says comes with them where it mentions
            # the bot, and in private; the rest is asked for once it is known to be granted.
            intents=discord.Intents(
                guilds=True,
                guild_messages=True,
                dm_messages=True,
                guild_reactions=True,
                dm_reactions=True,
            ),
            allowed_mentions=discord.AllowedMentions.none(),
            shard_count=1 if own_gateway else None,
            max_messages=None,
            # Seconds in which something has to come, an acknowledged heartbeat at least.
            heartbeat_timeout=silence,
            # Seconds without a further guild after which start-up is over. Commands need no guild.
            guild_ready_timeout=0.25,
        )
        parsers = self._connection.parsers
        for name in HEARD:
            parsers[name] = _untouched(name, listeners.heard)
        self._content = content
        self._news = listeners.news
        self.heard = time.monotonic()
        self._pressed = listeners.pressed
        self._submitted = listeners.submitted
        self._parents: dict[str, str] = {}
        self.tree = Tree(self, commands, GROUP, listeners.listed)
        self.tree.add_command(_group(commands, listeners))
        for name in (MENU, APPEND):
            self.tree.add_command(_menu(name, listeners.chosen))
        make_lenient(self, self.tree, commands, GROUP, listeners.asked)

    @property
    def own_id(self) -> str:
        """The bot's id."""
        return str(self.user.id) if self.user else ""

    @property
    def reads_content(self) -> bool:
        """Whether it asks Discord for what people write to one another."""
        return self.intents.message_content

    async def parent_of(self, channel_id: str) -> str:
        """The channel a thread is in; empty where this is no thread, or nobody knows."""
        known: Any = self.get_channel(int(channel_id))
        if known is not None:
            return str(getattr(known, "parent_id", None) or "")
        if channel_id not in self._parents:
            try:
                told: Any = await self.http.get_channel(int(channel_id))
            except (discord.DiscordException, OSError):
                # A channel that it may not look at is answered as any channel.
                return ""
            if len(self._parents) >= _REMEMBERED:
                self._parents.clear()
            thread = told.get("type") in _THREADS
            self._parents[channel_id] = str(told.get("parent_id") or "") if thread else ""
        return self._parents[channel_id]

    def name_of(self, kind: str, name_id: str, guild_id: str) -> str | None:
        """The name of a channel (`#`) or role (`&`), where it is known."""
        if kind == "#":
            return getattr(self.get_channel(int(name_id)), "name", None)
        guild = self.get_guild(int(guild_id)) if guild_id else None
        role = guild.get_role(int(name_id)) if guild else None
        return role.name if role else None

    def rooms(self) -> list[tuple[str, str, int]]:
        """Each channel and thread: its id, its guild's, and its last message's, 0 if unknown."""
        return [
            (str(one.id), str(guild.id), int(one.last_message_id or 0))
            for guild in self.guilds
            for one in (*guild.channels, *guild.threads)
            if isinstance(one, _WRITTEN_IN)
        ]

    def bare_guilds(self) -> list[str]:
        """The guilds of which no channel is known."""
        return [str(guild.id) for guild in self.guilds if not guild.channels]

    async def on_shard_ready(self, shard: int) -> None:
        """A session began, and its guilds are known."""
        self._news(READY, shard)

    async def on_shard_resumed(self, shard: int) -> None:
        """A session goes on, with all that it missed."""
        self._news(RESUMED, shard)

    async def on_shard_disconnect(self, shard: int) -> None:
        """A connection is gone; discord.py makes it anew."""
        self._news(LOST, shard)

    async def on_interaction(self, interaction: discord.Interaction[Client]) -> None:
        """Buttons, lists and forms.

        discord.py's own views keep them in memory, and ours outlive the process.
        """
        data: Json = {**(interaction.data or {})}
        if interaction.type is discord.InteractionType.component:
            await self._pressed(interaction, str(data.get("custom_id", "")))
        elif interaction.type is discord.InteractionType.modal_submit:
            await self._submitted(interaction, data)

    async def setup_hook(self) -> None:
        """Tells Discord of the commands; the same ones again change nothing.

        Where it will not hear of them, those it was told of before still work. By now the login
        has told what the application may read.
        """
        flags = self.application_flags
        granted = flags.gateway_message_content or flags.gateway_message_content_limited
        # discord.py wants to know before it has logged in, when nobody can; `intents` is a copy.
        self._connection._intents.message_content = self._content and granted
        try:
            await self.tree.sync()
        except discord.HTTPException as error:
            if error.status == 401:
                raise
            log.error("discord commands not registered", status=error.status, code=error.code)
        except UNREADABLE as error:
            # They are told by now; what is said of them in return is of no use here.
            log.warning("discord's answer to the commands not read", error=type(error).__name__)

    async def on_application_known(self) -> None:
        """Once the gateway has told which application this is, where REST had not."""
        await self.setup_hook()


def _untouched(name: str, heard: Callable[[str, Json], None]) -> Callable[[Any], None]:
    """Hands an event over as it came: REST describes messages alike, and one code reads both."""

    def read(data: Any) -> None:
        heard(name, data)

    return read


def _menu(
    name: str,
    chosen: Callable[[discord.Interaction[Client], str, Json], Awaitable[None]],
) -> app_commands.ContextMenu:
    # discord.py reads from the annotations what kind of menu it is.
    async def carry_out(interaction: discord.Interaction[Client], message: discord.Message) -> None:
        data: Json = {**(interaction.data or {})}
        await chosen(interaction, name, data["resolved"]["messages"][str(message.id)])

    return app_commands.ContextMenu(
        name=name,
        callback=carry_out,
        allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
        allowed_contexts=app_commands.AppCommandContext(
            guild=True, dm_channel=True, private_channel=True
        ),
    )


def _point_to(settings: Settings) -> bool:
    """Sets discord.py's addresses where ours differ; whether the gateway's does.

    It keeps them in class attributes, so one process has one Discord. They are left alone for the
    real one, where discord.py knows best.
    """
    fields = type(settings).model_fields
    if settings.discord_api_url != fields["discord_api_url"].default:
        Route.BASE = settings.discord_api_url.rstrip("/")
    if settings.discord_gateway_url == fields["discord_gateway_url"].default:
        return False
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(settings.discord_gateway_url)
    return True


def _group(commands: Mapping[str, Command], listeners: Listeners) -> app_commands.Group:
    group = app_commands.Group(
        name=GROUP,
        description="Write Notion pages from here",
        allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
        allowed_contexts=app_commands.AppCommandContext(
            guild=True, dm_channel=True, private_channel=True
        ),
    )
    for command in commands.values():
        if command.listed:
            group.add_command(_subcommand(command, listeners))
    return group


def _subcommand(
    command: Command, listeners: Listeners
) -> app_commands.Command[app_commands.Group, ..., None]:
    """A subcommand with an option for the text and one for each flag.

    discord.py reads the options from the callback's signature, so it is given one.
    """
    options = {f"option_{at}": option for at, option in enumerate(options_of(command))}

    async def carry_out(interaction: discord.Interaction[Client], **given: object) -> None:
        values = {options[key].name: value for key, value in given.items()}
        await listeners.asked(interaction, line_of(command, values))

    carry_out.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter("interaction", inspect.Parameter.POSITIONAL_OR_KEYWORD),
            *(_parameter(key, option) for key, option in options.items()),
        ]
    )
    app_commands.describe(**{key: option.description for key, option in options.items()})(carry_out)
    app_commands.rename(**{key: option.name for key, option in options.items()})(carry_out)
    for key, option in options.items():
        if option.choose is not None:
            app_commands.autocomplete(**{key: _asked_for})(carry_out)
    return app_commands.Command(
        name=command.name, description=describe(command.summary), callback=carry_out
    )


async def _asked_for(
    _interaction: discord.Interaction[Any], _words: str
) -> list[app_commands.Choice[str]]:
    """Has Discord ask for choices. What it asks, the tree answers before it comes here."""
    return []


def _parameter(key: str, option: Option) -> inspect.Parameter:
    kind: object = bool if option.switch else app_commands.Range[str, 1, LONGEST_OPTION]
    default = inspect.Parameter.empty
    if not option.required:
        # None: nothing was said, which of a switch is not the same as no.
        kind, default = kind | None, None  # type: ignore[operator, assignment]
    return inspect.Parameter(
        key, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default, annotation=kind
    )
