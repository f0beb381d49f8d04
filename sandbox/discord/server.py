"""The Discord stand-in: REST and gateway on 127.0.0.1, and the people who use the bot.

Base addresses are all that differ from Discord: `api_url` (`DISCORD_API_URL`) and `gateway_url`
(`DISCORD_GATEWAY_URL`).
"""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar

from aiohttp import web

from sandbox.discord import applications, channels
from sandbox.discord.commands import find
from sandbox.discord.events import (
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    SUBMIT,
    Scene,
    command_data,
    component_data,
    interaction_json,
    message_command_data,
)
from sandbox.discord.forms import filled_in
from sandbox.discord.gateway import Gateway
from sandbox.discord.interactions import Interaction, Interactions
from sandbox.discord.rest import PREFIX, Front, Rest, Route
from sandbox.discord.shapes import channel_json, message_json
from sandbox.discord.sign_in import SignIn
from sandbox.discord.world import THREAD, THREAD_STARTER, Channel, Message, User, World
from sandbox.traffic import Traffic

T = TypeVar("T")
Json = dict[str, Any]


class DiscordServer:
    """An async context manager. A fresh one has a person, `ada`, a guild and its `general`.

    `limits.routes` maps a call's name to (calls, seconds); other routes are hardly limited.
    """

    def __init__(self, token: str, clock: Callable[[], float] = time.time) -> None:
        self.traffic = Traffic()
        self.requests = self.traffic.requests
        self.hooks = self.traffic.hooks
        self.world = World(clock)
        self.gateway = Gateway(self.world, token, self.traffic.changed)
        self.interactions = Interactions(self.world)
        self.sign_in = SignIn(self.world, token)
        self.front = Front(self.world, self.gateway, self.traffic, token)
        self.limits = self.front.limits
        self.user = self.world.add_user("ada")
        self.guild = self.world.add_guild("Sandbox", [self.user])
        self.general = self.world.add_channel(self.guild, "general")
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=30 * 1024 * 1024)
        app.router.add_get("/gateway/", self.gateway.connect)
        app.router.add_get("/attachments/{id}/{name}", self._download)
        app.router.add_get("/oauth2/authorize", self.sign_in.authorize)
        for prefix in (PREFIX, "/api"):
            app.router.add_post(prefix + "/oauth2/token", self.sign_in.token)
        me = Route("GET", "/users/@me", self.sign_in.get_me, open=True)
        routes = [me, *applications.ROUTES, *channels.ROUTES, *self.interactions.routes()]
        self.front.mount(app, routes)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.world.base_url = f"http://{host}:{port}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.gateway.drop(1001)
        if self._runner:
            await self._runner.cleanup()

    @property
    def url(self) -> str:
        """The root, where the consent page is."""
        return self.world.base_url

    @property
    def api_url(self) -> str:
        """The base of REST, without a slash at its end, as discord.py's `Route.BASE` is."""
        return self.url + PREFIX

    @property
    def gateway_url(self) -> str:
        """The gateway's address, with a slash at its end."""
        return self.gateway.url

    async def wait_for(self, predicate: Callable[[], T], timeout: float = 20.0) -> T:
        """What `predicate` returns once it is true. Raises TimeoutError after `timeout` s."""
        return await self.traffic.wait_for(predicate, timeout)

    async def wait_until_connected(self, timeout: float = 20.0) -> None:
        """Returns once a client is identified. Raises TimeoutError after `timeout` s."""
        await self.wait_for(lambda: self.gateway.connected, timeout)

    def add_person(self, name: str) -> User:
        """A new member of the guild."""
        user = self.world.add_user(name)
        self.guild.members.append(user.id)
        return user

    def messages(self, channel: Channel | None = None) -> list[Message]:
        """The messages of a channel, `general` if none is named, oldest first."""
        known = (channel or self.general).messages.values()
        return [message for message in known if not message.deleted]

    def answers(self, channel: Channel | None = None) -> list[Message]:
        """Those of them that the bot wrote."""
        return [one for one in self.messages(channel) if one.author_id == self.world.bot.id]

    async def write(
        self,
        content: str,
        channel: Channel | None = None,
        user: User | None = None,
        reply_to: Message | None = None,
        attachments: list[Json] | None = None,
    ) -> Message:
        """A person writes; the gateway tells of it."""
        where, who = channel or self.general, user or self.user
        message = Message(self.world.next_id(), where.id, who.id, content)
        message.attachments = attachments or []
        if reply_to:
            ids = {"channel_id": where.id, "message_id": reply_to.id}
            message.reference = {"type": 0, **ids, **self.gateway.in_guild(where.id)}
        return await self.post(message)

    async def post(self, message: Message) -> Message:
        """A message of any kind comes; the gateway tells of it."""
        self.world.store(message)
        await channels.announce(self._rest(), "MESSAGE_CREATE", message)
        return message

    async def edit(self, message: Message, content: str | None = None, **more: Any) -> None:
        """A person changes what they wrote; without content Discord does, unfolding a link."""
        if content is not None:
            message.content = content
            message.edited = self.world.clock()
        for name, value in more.items():
            setattr(message, name, value)
        await channels.announce(self._rest(), "MESSAGE_UPDATE", message)

    async def delete(self, *messages: Message) -> None:
        """Somebody takes messages away, several at once in bulk; the gateway tells of it."""
        if len(messages) == 1:
            await channels.remove(self._rest(), messages[0])
            return
        for message in messages:
            message.deleted = True
        where = messages[0].channel_id
        event = {"ids": [message.id for message in messages], "channel_id": where}
        await self.gateway.dispatch("MESSAGE_DELETE_BULK", event | self.gateway.in_guild(where))

    async def start_thread(self, message: Message, name: str = "thread") -> Channel:
        """A person begins a thread from a message; the gateway tells of it."""
        parent = self.world.channels[message.channel_id]
        guild = self.world.guilds[str(parent.guild_id)]
        thread = self.world.add_channel(guild, name, kind=THREAD, parent=parent, message=message)
        thread.people.append(self.user.id)
        created = channel_json(self.world, thread) | {"newly_created": True}
        await self.gateway.dispatch("THREAD_CREATE", created)
        starter = Message(self.world.next_id(), thread.id, message.author_id, kind=THREAD_STARTER)
        ids = {"channel_id": parent.id, "message_id": message.id}
        starter.reference = {"type": 0, **ids, **self.gateway.in_guild(parent.id)}
        await self.post(starter)
        return thread

    async def react(
        self, message: Message, emoji: str, user: User | None = None, *, added: bool = True
    ) -> None:
        """A person adds or takes away a reaction; the gateway tells of it."""
        who = user or self.user
        users = message.reactions.setdefault(emoji, [])
        if added and who.id not in users:
            users.append(who.id)
        elif not added and who.id in users:
            users.remove(who.id)
        if not users:
            del message.reactions[emoji]
        event = channels.reaction_event(self._rest(), message, emoji, who, added=added)
        await self.gateway.dispatch(*event)

    async def slash_command(
        self,
        name: str = "notion",
        sub: str = "",
        options: Json | None = None,
        channel: Channel | None = None,
        user: User | None = None,
    ) -> Interaction:
        """Runs a registered command; `sub` is `generate` or `group sub`.

        Raises LookupError for one that is not registered, ValueError for options that Discord's
        client would not send.
        """
        scene = self._scene(channel, user)
        command = find(self.world, scene.channel.guild_id, name)
        data = command_data(command, sub.split(), options or {}, None)
        return await self._interact(scene, COMMAND, data)

    async def autocomplete(
        self,
        name: str,
        sub: str,
        focused: str,
        options: Json,
        channel: Channel | None = None,
    ) -> Interaction:
        """Types into an option; the answer is in `choices`."""
        scene = self._scene(channel, None)
        command = find(self.world, scene.channel.guild_id, name)
        data = command_data(command, sub.split(), options, focused)
        return await self._interact(scene, AUTOCOMPLETE, data)

    async def message_command(
        self, name: str, message: Message, user: User | None = None
    ) -> Interaction:
        """Chooses a command from the menu of a message. LookupError when it is not registered."""
        scene = self._scene(self.world.channels[message.channel_id], user)
        command = find(self.world, scene.channel.guild_id, name, kind=3)
        data = message_command_data(self.world, command, message)
        return await self._interact(scene, COMMAND, data)

    async def click(
        self,
        message: Message,
        custom_id: str,
        user: User | None = None,
        values: list[str] | None = None,
    ) -> Interaction:
        """Presses a button, or chooses `values`. LookupError when the message shows none such."""
        scene = self._scene(self.world.channels[message.channel_id], user)
        data = component_data(message, custom_id, values)
        return await self._interact(scene, COMPONENT, data, message)

    async def submit(
        self, opened: Interaction, values: Json, user: User | None = None
    ) -> Interaction:
        """Submits the modal that `opened` was answered with. LookupError when it was not."""
        if opened.modal is None:
            raise LookupError("no modal was opened")
        scene = self._scene(self.world.channels[opened.channel_id], user)
        data = filled_in(opened.modal, values)
        return await self._interact(scene, SUBMIT, data, opened.source, opened)

    async def _download(self, request: web.Request) -> web.Response:
        found = self.world.files.get(request.match_info["id"])
        if found is None:
            return web.Response(status=404)
        return web.Response(body=found[1], headers={"Content-Type": found[0]})

    def _scene(self, channel: Channel | None, user: User | None) -> Scene:
        return Scene(channel or self.general, user or self.user)

    def _rest(self) -> Rest:
        return Rest(self.world, self.gateway, {}, {}, {}, "")

    async def _interact(
        self,
        scene: Scene,
        kind: int,
        data: Json,
        source: Message | None = None,
        opened_by: Interaction | None = None,
    ) -> Interaction:
        payload = interaction_json(self.world, scene, kind, data)
        if source:
            payload["message"] = message_json(self.world, source)
        known = Interaction(
            payload["id"],
            payload["token"],
            kind,
            scene.channel.id,
            scene.user.id,
            self.world.clock(),
            self.traffic,
            payload,
            source,
            opened_by,
        )
        self.interactions.add(known)
        await self.gateway.dispatch("INTERACTION_CREATE", payload)
        return known
