"""Slack's way in: signed requests to `POST /slack/events`, or Socket Mode."""

from __future__ import annotations

import asyncio
import re
import time
from collections import OrderedDict
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog
from aiohttp import web

from bot.dispatch import WITHOUT_FORM, dispatch
from bot.lookout import Lookout, Pace
from bot.slack.adapter import SlackPlatform
from bot.slack.catchup import CatchUp
from bot.slack.installing import Installing
from bot.slack.listening import Listener
from bot.slack.manifest import APPEND, SHORTCUT
from bot.slack.panels import Panels
from bot.slack.parse import (
    UNREADABLE,
    Command,
    is_certificate_check,
    is_shaped,
    kind_of,
    read_body,
    read_command,
    read_shortcut,
)
from bot.slack.presses import Presses
from bot.slack.render import content, render_answer
from bot.slack.repeats import Repeats
from bot.slack.silence import Silence
from bot.slack.stops import Stops
from bot.slack.teams import Teams
from bot.slack.watch import Limits, Watch
from bot.slack.words import for_a_page
from core.commands.command import PREFIX
from core.config import Settings
from core.errors import AssistantError, InvalidInput, Unauthorized
from core.messages import Answer
from core.metrics import ACKNOWLEDGED, delivered
from core.ports import Installations, Intake

if TYPE_CHECKING:
    from slack_bolt.app.async_app import AsyncApp
    from slack_bolt.context.ack.async_ack import AsyncAck

LARGEST_BODY = 1024 * 1024
"""Bytes. What Slack sends is far smaller."""

COMMAND = PREFIX

_REMEMBERED = 1_000

_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")

# What Slack tells without being asked to do anything about it.
_NEWS = frozenset({"event_callback", "app_rate_limited"})

_log = structlog.get_logger(__name__)


class SlackEntry:
    """Takes what Slack delivers, records it, and acknowledges it within milliseconds.

    Slack wants the acknowledgement within three seconds, so the answer itself goes out later, by
    `SlackPlatform`. https://docs.slack.dev/interactivity/implementing-slash-commands
    """

    name = "slack"

    def __init__(
        self,
        settings: Settings,
        intake: Intake,
        installations: Installations | None = None,
        *,
        limits: Limits | None = None,
        pace: Pace | None = None,
    ) -> None:
        self._settings = settings
        self._intake = intake
        self._repeats = Repeats()
        self._app: AsyncApp | None = None
        self._limits = limits or Limits()
        self._watch: Watch | None = None
        self._telling: set[asyncio.Task[None]] = set()
        self._told: OrderedDict[UUID, None] = OrderedDict()
        self._installations = installations
        self._teams = Teams(settings, installations)
        self._listener = Listener(intake, lambda at: self._teams.of(at).people, self._dispatch)
        self._installing = Installing(settings, installations)
        self.routes = (("POST", "/slack/events", self.handle), *self._installing.routes)
        self._panels = Panels(intake, self._teams, self._dispatch)
        self._presses = Presses(
            intake, self._panels, self._teams, self._hand_over, self._tell_later
        )
        look = CatchUp(self._teams, intake, self._listener, self._tell_later).look
        self._stops = Stops(intake, self._panels.extras, self._dispatch, self._tell_later)
        self._lookout = Lookout(intake, self.name, self._heard, look, pace)
        self._silence = Silence(datetime.now(UTC))

    async def start(self) -> None:
        """Gets ready for requests, and connects where there is an app token.

        Raises Misconfigured where Slack does not accept the app token, PlatformFailed where it
        cannot be reached. A connection that is lost later comes back by itself.
        """
        # In a thread, so that the web server answers meanwhile: Bolt takes a fifth of a second.
        await asyncio.to_thread(import_module, "bot.slack.app")
        app = self._bolt()
        token = self._settings.slack_app_token
        if token is not None and self._watch is None:
            from bot.slack.socket import open_line

            secret, limits = token.get_secret_value(), self._limits
            opened = partial(open_line, app, secret, limits.ping, limits.opening)
            watch = Watch(opened, self._lookout.missed, limits)
            await watch.start()
            self._watch = watch
            _log.info("slack connected")
        self._lookout.start()

    async def stop(self) -> None:
        """Disconnects. May be called twice."""
        await self._panels.close()
        await self._presses.close()
        await self._lookout.stop()
        watch, self._watch = self._watch, None
        if watch is not None:
            await watch.stop()
        if self._telling:
            await asyncio.wait(self._telling, timeout=5)
        await self._teams.close()
        await self._installing.close()

    async def handle(self, request: web.Request) -> web.Response:
        """`POST /slack/events`: commands, events and interactions.

        Nothing unsigned is answered, and nothing at all without a signing secret: 401. A body over
        1 MiB is 413, one that is neither JSON nor a form 400.
        """
        try:
            raw = await _read(request)
        except web.HTTPRequestEntityTooLarge:
            return _refusal(413, "PAYLOAD_TOO_LARGE", "The body is larger than 1 MiB.")
        try:
            self._verify(request, raw)
            if is_certificate_check(raw):
                return web.Response()
            fields = read_body(raw, request.content_type)
        except Unauthorized as error:
            return _refusal(401, error.code, error.message)
        except InvalidInput as error:
            return _refusal(400, error.code, error.message)
        delivered(self.name, kind_of(fields))
        since = self._silence.heard(fields, datetime.now(UTC))
        if since is not None and self._watch is None:
            self._lookout.missed(since)
        with ACKNOWLEDGED.labels(self.name).time():
            return await self._answer(request, fields)

    def _heard(self) -> datetime | None:
        """Without a socket Slack comes to us, for as long as this process is there."""
        return datetime.now(UTC) if self._watch is None else self._watch.heard()

    def _verify(self, request: web.Request, raw: bytes) -> None:
        """Raises Unauthorized unless Slack signed this request within the last five minutes.

        https://docs.slack.dev/authentication/verifying-requests-from-slack
        """
        from slack_sdk.signature import SignatureVerifier

        secret = self._settings.slack_signing_secret
        timestamp = request.headers.get("X-Slack-Request-Timestamp", "")
        signature = request.headers.get("X-Slack-Signature", "")
        # The verifier raises for headers of another shape, and for a body that is no UTF-8.
        shaped = _TIMESTAMP.fullmatch(timestamp) and _SIGNATURE.fullmatch(signature)
        if secret is None or not secret.get_secret_value().strip() or not shaped:
            raise Unauthorized("The request is not signed.")
        try:
            verifier = SignatureVerifier(secret.get_secret_value())
            signed = verifier.is_valid(raw, timestamp, signature)
        except UnicodeDecodeError:
            signed = False
        if not signed:
            raise Unauthorized("The signature is not valid.")

    async def _answer(self, request: web.Request, fields: dict[str, Any]) -> web.Response:
        if not is_shaped(fields):
            return _refusal(400, "INVALID_INPUT", "That is nothing that Slack sends.")
        from slack_bolt.adapter.aiohttp import to_aiohttp_response
        from slack_bolt.request.async_request import AsyncBoltRequest

        # In this mode Bolt takes fields that were read, and a signature that was checked, already.
        delivery = AsyncBoltRequest(
            mode="socket_mode",
            body=fields,
            headers={name: request.headers.getall(name) for name in request.headers},
        )
        try:
            answer = await self._bolt().async_dispatch(delivery)
        except UNREADABLE as error:
            _log.warning("slack delivery not understood", reason=type(error).__name__)
            return _refusal(400, "INVALID_INPUT", "That is nothing that Slack sends.")
        if answer.status == 404 and fields.get("type") in _NEWS:
            return web.Response()
        if answer.status == 404:
            return _refusal(404, "NOT_FOUND", "This app does not handle that.")
        if answer.status >= 400:
            return _refusal(500, "INTERNAL", "That did not work.")
        return await to_aiohttp_response(answer)

    def _bolt(self) -> AsyncApp:
        if self._app is None:
            # Imported when Slack is used, so that a process without it starts faster.
            from bot.slack.app import Listeners, build_app

            listeners = Listeners(
                command=self._command,
                pressed=self._presses.take,
                shortcut=self._shortcut,
                event=self._event,
                changed=self._changed,
                choices=self._choices,
                submitted=self._submitted,
                opened=self._opened,
            )
            self._app = build_app(self._settings, COMMAND, SHORTCUT, listeners)
        return self._app

    async def _command(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        if await self._panels.form_for(body):
            await ack()
            return
        answer = await self._dispatch(read_command(body, time.time()))
        if answer is None:
            await ack()
        else:
            await ack({"response_type": "ephemeral"} | content(render_answer(answer)[0]))

    async def _shortcut(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        asked = read_shortcut(body, time.time())
        if asked is not None and body.get("callback_id") == APPEND:
            opened = await self._panels.words_for(body, for_a_page(asked))
            await ack()
            if not opened:
                told = Answer(WITHOUT_FORM["save"], ok=False, private=True)
                self._tell_later(asked, told)
            return
        await self._hand_over(ack, asked)

    async def _changed(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        await self._panels.pressed(body)

    async def _choices(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack(options=await self._panels.choices(body))

    async def _submitted(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """A form closes with an empty acknowledgement, and stays open with what is wrong."""
        wrong = await self._panels.submitted(body)
        await (ack(response_action="errors", errors=wrong) if wrong else ack())

    async def _opened(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        await self._panels.shortcut(body)

    async def _hand_over(self, ack: AsyncAck, asked: Command | None) -> bool:
        """Whether it will be carried out."""
        answer = None if asked is None else await self._dispatch(asked)
        await ack()
        if asked is not None and answer is not None:
            self._tell_later(asked, answer)
        return answer is None

    async def _event(self, body: dict[str, Any]) -> None:
        """An event is written down, where it asks for something, before it is acknowledged."""
        if await self._installing.ended(body):
            return
        if self._panels.opened(body) or await self._stops.take(body):
            return
        said = self._panels.pane.asked(body)
        told = await self._listener.hear(body)
        if told is not None:
            self._tell_later(*told)
            if said is not None:
                self._panels.pane.over(said)

    def _tell_later(self, asked: Command, answer: Answer) -> None:
        """Not waited for: Slack is, and shows a warning, or sends it again, after three seconds."""
        if asked.delivery in self._told:
            return
        self._told[asked.delivery] = None
        if len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)
        telling = asyncio.create_task(self._tell(asked, answer))
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)

    async def _dispatch(self, command: Command) -> Answer | None:
        command = self._repeats.settle(command)
        return await dispatch(
            self._intake,
            command.delivery,
            command.sender,
            command.text,
            command.address,
            command.place,
        )

    async def _tell(self, asked: Command, answer: Answer) -> None:
        way_out = SlackPlatform(self._settings, self._installations)
        address = dict(asked.address) | {"private": "yes"}
        try:
            for number, part in enumerate(way_out.render(answer)):
                await way_out.post(address, part, f"{asked.delivery}:{number}", again=False)
        except AssistantError as error:
            _log.warning("slack request not answered", reason=error.message)
        finally:
            await way_out.close()


async def _read(request: web.Request) -> bytes:
    if (request.content_length or 0) > LARGEST_BODY:
        raise web.HTTPRequestEntityTooLarge(LARGEST_BODY, request.content_length or 0)
    raw = await request.read()
    if len(raw) > LARGEST_BODY:
        raise web.HTTPRequestEntityTooLarge(LARGEST_BODY, len(raw))
    return raw


def _refusal(status: int, code: str, detail: str) -> web.Response:
    return web.json_response({"detail": detail, "status": status, "code": code}, status=status)
