"""The Slack stand-in: a server on 127.0.0.1 that apps call, and that calls the app.

Base addresses are all that differ from Slack: `api_url` for the Web API (`SLACK_API_URL`), and
`deliver_to`, where the app listens; with a socket connected, deliveries go there instead.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self, TypeVar

from aiohttp import web

from sandbox.slack import sessions
from sandbox.slack.changes import changed_event, deleted_event
from sandbox.slack.delivery import Delivery, Kind, Sender, Timing
from sandbox.slack.files import Files, Shared
from sandbox.slack.oauth import Consent
from sandbox.slack.payloads import (
    Scene,
    click_payload,
    command_fields,
    event_callback,
    farewell,
    find_action,
    message_event,
    shortcut_payload,
    submission_payload,
)
from sandbox.slack.response_urls import ResponseUrls
from sandbox.slack.sockets import Reason, Sockets
from sandbox.slack.surfaces import Surfaces
from sandbox.slack.web_api import WebApi
from sandbox.slack.workspace import Channel, Message, User, Workspace
from sandbox.traffic import Call, Traffic, public_headers

T = TypeVar("T")


class SlackServer:
    """An async context manager. A fresh one has a person, `ada`, and a channel, `general`.

    `limits` maps a method to (calls, seconds); without an entry a method is not limited.
    """

    def __init__(
        self,
        signing_secret: str,
        bot_token: str,
        app_token: str | None = None,
        deliver_to: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.timing = Timing()
        self.traffic = Traffic()
        self.requests = self.traffic.requests
        self.hooks = self.traffic.hooks
        self.space = Workspace(clock)
        self.response_urls = ResponseUrls(self.space)
        self.consent = Consent(self.space, bot_token)
        self.sender = Sender(signing_secret, clock, self.timing)
        self.sender.deliver_to = deliver_to
        self.sockets = Sockets(self.space, self.timing, self.traffic.changed)
        self.web_api = WebApi(self.space, self.traffic, self.consent, self.sockets)
        self.files = Files(self.web_api, bot_token)
        self.web_api.tokens = (bot_token, app_token)
        self.limits = self.web_api.limits
        self.user = self.space.add_user("ada")
        self.general = self.space.add_channel("general")
        self.neighbours: list[SlackServer] = []
        self.surfaces = Surfaces(self)
        self._runner: web.AppRunner | None = None

    def neighbour(self, team_id: str, bot_token: str) -> SlackServer:
        """Another workspace of this Slack, whose app listens where this one's does.

        Its ids begin anew, as ids are unique within a workspace alone. It is to be added to a
        server that runs, and needs no `async with` of its own.
        """
        other = SlackServer(self.sender.signing_secret, bot_token, clock=self.space.clock)
        other.space.team_id, other.space.team_name = team_id, f"Team {team_id}"
        other.space.team_domain, other.space.base_url = team_id.lower(), self.space.base_url
        other.sender, other.sockets, other.timing = self.sender, self.sockets, self.timing
        other.consent.client = self.consent.client
        self.neighbours.append(other)
        self.web_api.neighbours.append(other.web_api)
        self.consent.neighbours.append(other.consent)
        return other

    async def uninstall(
        self, *, news: Sequence[str] = ("tokens_revoked", "app_uninstalled")
    ) -> list[Delivery]:
        """An admin takes the app away: its token is none any more, and the app is told."""
        self.web_api.revoked = True
        told = []
        for kind in news:
            tokens = {"tokens": {"oauth": [], "bot": [self.space.bot_user]}}
            event = {"type": kind} | (tokens if kind == "tokens_revoked" else {})
            told.append(await self._deliver("events_api", farewell(self.space, event)))
        return told

    def renew(self, bot_token: str) -> None:
        """The next installation gets this token; the one before is none any more."""
        self.consent.bot_token = bot_token
        self.web_api.tokens = (bot_token, self.web_api.tokens[1])
        self.web_api.revoked = False

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=4 * 1024 * 1024)
        app.router.add_route("*", "/api/{method}", self.web_api.handle)
        app.router.add_post("/response/{team}/{key}", self._respond)
        app.router.add_get("/files/{id}/{name}", self.files.download)
        app.router.add_get("/link/", self.sockets.connect)
        app.router.add_get("/oauth/v2/authorize", self.consent.authorize)
        app.router.add_get("/openid/connect/authorize", self.consent.sign_in)
        app.router.add_get("/openid/connect/keys", self.consent.identity.keys)
        configuration = "/.well-known/openid-configuration"
        app.router.add_get(configuration, self.consent.identity.configuration)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.space.base_url = f"http://{host}:{port}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.sockets.close()
        await self.sender.close()
        if self._runner:
            await self._runner.cleanup()

    @property
    def url(self) -> str:
        """The root, where the consent pages are."""
        return self.space.base_url

    @property
    def api_url(self) -> str:
        """The base of the Web API, with a slash at its end, as slack_sdk wants it."""
        return f"{self.url}/api/"

    @property
    def scopes(self) -> frozenset[str] | None:
        """What the bot's token may do; None for everything."""
        return self.web_api.scopes

    @scopes.setter
    def scopes(self, scopes: frozenset[str] | None) -> None:
        self.web_api.scopes = scopes

    @property
    def deliver_to(self) -> str | None:
        """The app's request URL; settable once the app listens."""
        return self.sender.deliver_to

    @deliver_to.setter
    def deliver_to(self, url: str | None) -> None:
        self.sender.deliver_to = url

    async def wait_for(self, predicate: Callable[[], T], timeout: float = 20.0) -> T:
        """What `predicate` returns once it is true. Raises TimeoutError after `timeout` s."""
        return await self.traffic.wait_for(predicate, timeout)

    def messages(self, channel: Channel | None = None) -> list[Message]:
        """The messages of a channel, `general` if none is named, oldest first."""
        known = (channel or self.general).messages.values()
        return [message for message in known if not message.deleted]

    def answers(self, channel: Channel | None = None) -> list[Message]:
        """Those of them that the app wrote."""
        return [message for message in self.messages(channel) if message.from_app]

    def write(
        self,
        text: str,
        channel: Channel | None = None,
        user: User | None = None,
        thread_ts: str | None = None,
        files: Sequence[Shared] = (),
    ) -> Message:
        """A message from a person, without telling the app; `event` does that."""
        where, who = channel or self.general, user or self.user
        message = Message(self.space.next_ts(), where.id, who.id, text=text, thread_ts=thread_ts)
        message.files = [self.files.share(who, file) for file in files]
        return self.space.store(message)

    async def slash_command(
        self,
        command: str = "/notion",
        text: str = "",
        channel: Channel | None = None,
        user: User | None = None,
        trigger_id: str | None = None,
    ) -> Delivery:
        """Types a command. What the app acknowledges with is shown; nothing is sent twice."""
        scene = Scene(channel or self.general, user or self.user)
        url = self.response_urls.issue(scene.channel.id, scene.user.id)
        fields = command_fields(self.space, scene, command, text)
        fields["response_url"] = url
        fields["trigger_id"] = trigger_id or self.space.issue_trigger()
        delivery = await self._deliver("slash_commands", fields)
        if delivery.acknowledged:
            self.response_urls.acknowledged(url, delivery.body)
            self.traffic.changed()
        return delivery

    async def event(self, event: dict[str, Any]) -> Delivery:
        """Sends one event; `event_ts` is added. Returns when it was taken or given up.

        A message told of here that no channel holds yet is stored, so that it can be answered.
        """
        event = {"event_ts": self.space.next_ts(), **event}
        channel = self.space.channels.get(str(event.get("channel")))
        ts = event.get("ts")
        if channel and ts and "subtype" not in event and ts not in channel.messages:
            said = Message(ts, channel.id, event["user"], text=event.get("text", ""))
            self.space.store(replace(said, thread_ts=event.get("thread_ts")))
        return await self._deliver("events_api", event_callback(self.space, event))

    async def verify_url(self) -> bool:
        """Asks the app to prove that it listens, as Slack does when the address is saved."""
        challenge = self.space.next_id("challenge-")
        delivery = await self._deliver(
            "events_api", {"type": "url_verification", "challenge": challenge}
        )
        return delivery.acknowledged and challenge in delivery.body

    async def say(
        self,
        text: str,
        channel: Channel | None = None,
        user: User | None = None,
        thread_ts: str | None = None,
    ) -> tuple[Message, Delivery]:
        """A person writes, and the app hears it as a `message` event."""
        message = self.write(text, channel, user, thread_ts)
        return message, await self.event(message_event(self.space, message))

    async def tell(self, message: Message) -> Delivery:
        """The app hears of a message that is there, whoever wrote it: a `message` event.

        Of a message that mentions it Slack sends this beside the `app_mention`, and of the app's
        own messages too.
        """
        return await self.event(message_event(self.space, message))

    async def edit(self, message: Message, text: str | None = None, **shown: Any) -> Delivery:
        """A person changes what they wrote; without a text Slack does, unfolding a link in it."""
        return await self.event(changed_event(self.space, message, text, shown))

    async def delete(self, message: Message) -> Delivery:
        """A person takes away what they wrote; the app hears of it."""
        return await self.event(deleted_event(self.space, message))

    async def again(self, delivery: Delivery) -> Delivery:
        """The same event once more, as when Slack did not see that the app took it."""
        return await self._deliver(delivery.kind, delivery.payload)

    async def mention(
        self,
        text: str,
        channel: Channel | None = None,
        user: User | None = None,
        thread_ts: str | None = None,
    ) -> tuple[Message, Delivery]:
        """A person writes to the app by name: an `app_mention` event."""
        called = f"<@{self.space.bot_user}> {text}"
        message = self.write(called, channel, user, thread_ts)
        event = message_event(self.space, message) | {"type": "app_mention"}
        return message, await self.event(event)

    async def react(
        self, message: Message, name: str, user: User | None = None, *, added: bool = True
    ) -> Delivery:
        """A person adds or takes away a reaction; the app hears of it."""
        who = user or self.user
        users = message.reactions.setdefault(name, [])
        if added and who.id not in users:
            users.append(who.id)
        elif not added and who.id in users:
            users.remove(who.id)
        if not users:
            del message.reactions[name]
        event = {
            "type": "reaction_added" if added else "reaction_removed",
            "user": who.id,
            "reaction": name,
            "item": {"type": "message", "channel": message.channel, "ts": message.ts},
            "item_user": message.user,
        }
        return await self.event(event)

    async def interaction(self, payload: dict[str, Any]) -> Delivery:
        """Sends a whole interaction payload as it is."""
        return await self._deliver("interactive", payload)

    async def click(self, message: Message, action_id: str, user: User | None = None) -> Delivery:
        """Presses a button. LookupError when the message has none with that `action_id`."""
        scene = Scene(self.space.channels[message.channel], user or self.user)
        payload = click_payload(self.space, scene, message, find_action(message, action_id))
        url = self.response_urls.issue(message.channel, scene.user.id, message)
        return await self.interaction(payload | {"response_url": url})

    async def stop(self, reply: Message, user: User | None = None) -> Delivery:
        """Presses Slack's own button while the app writes in a thread. LookupError without one."""
        who = (user or self.user).id
        return await self.event(
            sessions.stopped(self.space, reply.channel, reply.thread_ts or "", who)
        )

    async def message_shortcut(
        self, message: Message, callback_id: str, user: User | None = None
    ) -> Delivery:
        """Chooses a shortcut from the menu of a message."""
        scene = Scene(self.space.channels[message.channel], user or self.user)
        payload = shortcut_payload(self.space, scene, message, callback_id)
        url = self.response_urls.issue(message.channel, scene.user.id)
        return await self.interaction(payload | {"response_url": url})

    async def submit_view(
        self, view: dict[str, Any], values: dict[str, Any], user: User | None = None
    ) -> Delivery:
        """Submits a modal; `values` is block_id -> action_id -> element state."""
        scene = Scene(self.general, user or self.user)
        return await self.interaction(submission_payload(self.space, scene, view, values))

    async def disconnect(self, reason: Reason = "refresh_requested") -> None:
        """Ends every Socket Mode connection, as Slack does every few hours."""
        await self.sockets.disconnect(reason)

    async def _deliver(self, kind: Kind, payload: dict[str, Any]) -> Delivery:
        delivery = Delivery(kind, payload)
        if self.sockets.connections:
            return await self.sockets.send(delivery)
        return await self.sender.send(delivery)

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        team = request.match_info["team"]
        one = next((one for one in self.neighbours if one.space.team_id == team), self)
        body = {"text": await request.text()}
        call = Call("response_url", request.path, body, public_headers(request), self.space.clock())
        return await one.traffic.serve(request, call, lambda: one.response_urls.handle(request))
