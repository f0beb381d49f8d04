"""Makes discord.py content with servers that say less than Discord does.

Imports discord.py: import this when Discord is used.
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import aiohttp
import discord
import structlog
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.discord import tolerance
from bot.discord.complete import typed
from bot.discord.sent import line_sent
from core.commands.command import Command
from core.ports import Choice, Chosen

UNREADABLE = (LookupError, TypeError, ValueError, AttributeError)
"""What discord.py raises where an answer says less, or something else, than it expects."""

Parser = Callable[[Any], None]
Completer = Callable[[Any, Chosen, str, str], Awaitable[Sequence[Choice]]]
"""What whoever types can choose that holds these words, for a provider or for none."""

log = structlog.get_logger(__name__)


class LenientSocket(DiscordWebSocket):
    """The gateway's connection. Some events are read by it before any parser sees them."""

    async def received_message(self, msg: Any, /) -> None:
        # Whatever comes shows that the other side is there.
        client: Any = self._connection._get_client()
        client.heard = time.monotonic()
        if type(msg) is bytes:
            msg = self._decompressor.decompress(msg)
            if msg is None:
                return
        # Few are looked into: all others would be read twice for nothing.
        if isinstance(msg, str) and ('"READY"' in msg or '"RESUMED"' in msg):
            msg = self._filled(msg)
        await super().received_message(msg)

    def _filled(self, text: str) -> str:
        try:
            event = json.loads(text)
        except ValueError:
            return text
        if not isinstance(event, dict) or event.get("t") not in ("READY", "RESUMED"):
            return text
        told = event.get("d")
        if event["t"] == "RESUMED":
            return json.dumps(event | {"d": told if isinstance(told, dict) else {}})
        state: Any = self._connection
        own_id = str(state.user.id) if state.user else "0"
        app_id = str(state.application_id or own_id)
        shard = (self.shard_id or 0, self.shard_count or 1)
        data = tolerance.ready(told, str(self.gateway), shard, own_id, app_id)
        return json.dumps({"s": 1} | event | {"d": data})


class Tree(app_commands.CommandTree[Any]):
    """The commands. It lists what can be chosen for an option also where it does not know that one.

    `listed` says what there is to choose.
    """

    def __init__(
        self,
        client: discord.AutoShardedClient,
        commands: Mapping[str, Command],
        group: str,
        listed: Completer,
    ) -> None:
        super().__init__(client)
        self._offered, self._group, self._listed = commands, group, listed

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        if interaction.type is not discord.InteractionType.autocomplete:
            return True
        wanted = typed(dict(interaction.data or {}), self._group, self._offered)
        known = await self._listed(interaction, *wanted) if wanted else ()
        choices = [app_commands.Choice(name=one.label, value=one.value) for one in known]
        try:
            await interaction.response.autocomplete(choices)
        except (discord.DiscordException, aiohttp.ClientError, OSError, *UNREADABLE) as error:
            # Somebody who types on has made Discord forget what it asked.
            log.info("discord took no choices", error=type(error).__name__)
        return False


async def _json_or_text(response: aiohttp.ClientResponse) -> Any:
    """As discord.py's, which takes `application/json; charset=utf-8` for plain text."""
    text = await response.text(encoding="utf-8")
    if response.headers.get("Content-Type", "").partition(";")[0].strip() != "application/json":
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


# discord.py has no way of choosing either.
discord.shard.DiscordWebSocket = LenientSocket  # type: ignore[misc]
discord.http.json_or_text = _json_or_text
discord.webhook.async_.json_or_text = _json_or_text  # type: ignore[attr-defined]


def make_lenient(
    client: discord.AutoShardedClient,
    tree: app_commands.CommandTree[Any],
    commands: Mapping[str, Command],
    group: str,
    asked: Callable[[Any, str], Awaitable[None]],
) -> None:
    """Call it once, when the client has its parsers and its commands.

    `asked` takes what the tree of commands cannot, as the line that it amounts to.
    """
    _mend_login(client)
    parsers = client._connection.parsers
    for name, parse in parsers.items():
        if name not in ("READY", "INTERACTION_CREATE"):
            parsers[name] = _harmless(name, parse)
    parsers["INTERACTION_CREATE"] = _interactions(client, parsers["INTERACTION_CREATE"])

    @tree.error
    async def on_error(interaction: Any, error: app_commands.AppCommandError) -> None:
        if isinstance(error, app_commands.CommandInvokeError):
            log.error("a discord command failed", exc_info=error.original)
        elif (
            interaction.type is discord.InteractionType.application_command
            and not interaction.response.is_done()
        ):
            log.info("a discord command that is not offered", error=type(error).__name__)
            await asked(interaction, line_sent(interaction.data or {}, group, commands))


def _mend_login(client: discord.AutoShardedClient) -> None:
    http, state = client.http, client._connection
    log_in, describe, parse_ready = (
        http.static_login,
        http.application_info,
        state.parsers["READY"],
    )
    guessed = False

    async def static_login(token: str) -> Any:
        try:
            told: object = await log_in(token)
        except discord.NotFound:
            # It forgets the token again with any refusal.
            http.token, told = token, None
        return tolerance.user(told)

    async def application_info() -> Any:
        nonlocal guessed
        try:
            told: Any = await describe()
        except discord.NotFound:
            told = None
        guessed = not (isinstance(told, dict) and told.get("id"))
        return tolerance.application(told, str(state.user.id) if state.user else "0")

    async def get_bot_gateway() -> Any:
        try:
            told: Any = await http.request(Route("GET", "/gateway/bot"))
        except discord.HTTPException as error:
            raise discord.GatewayNotFound from error
        fields = told if isinstance(told, dict) else {}
        url = fields.get("url") or str(DiscordWebSocket.DEFAULT_GATEWAY)
        return fields.get("shards") or 1, url, fields.get("session_start_limit") or {}

    def read_ready(data: Any) -> None:
        nonlocal guessed
        told = int(data["application"]["id"])
        wrong, guessed = guessed and told != state.application_id, False
        if wrong:
            state.application_id = told
        parse_ready(data)
        if wrong:
            # The commands were told to an application that is not this one.
            client.dispatch("application_known")

    http.static_login = static_login  # type: ignore[method-assign]
    http.application_info = application_info  # type: ignore[method-assign]
    http.get_bot_gateway = get_bot_gateway  # type: ignore[method-assign]
    state.parsers["READY"] = read_ready


def _interactions(client: discord.AutoShardedClient, parse: Parser) -> Parser:
    """Reads an interaction; one that cannot be read is one person's trouble."""

    def read(data: Any) -> None:
        own_id = client.user.id if client.user else 0
        filled = tolerance.interaction(data, str(client.application_id or own_id))
        try:
            parse(filled)
        except Exception as error:  # noqa: BLE001 - whatever it is, less may be read
            log.info("a discord interaction is read in part", error=type(error).__name__)
            parse(tolerance.bare(filled))

    return _harmless("INTERACTION_CREATE", read)


def _harmless(name: str, parse: Parser) -> Parser:
    """discord.py lets the whole connection go where it meets an event it cannot read."""

    def read(data: Any) -> None:
        try:
            parse(data)
        except Exception:
            log.exception("a discord event could not be read", event_name=name)

    return read
