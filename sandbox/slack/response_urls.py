"""response_url: five answers within thirty minutes to a command or an interaction.

docs.slack.dev/interactivity/handling-user-interaction#message_responses
"""

import json
import secrets
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox.slack.arguments import Arguments
from sandbox.slack.chat import read_content
from sandbox.slack.errors import SlackRefusal
from sandbox.slack.workspace import Message, Workspace
from sandbox.traffic import Answer

USES = 5
SECONDS = 30 * 60


@dataclass
class ResponseUrl:
    """One address: for whom, where, what it would replace, and how often it was used."""

    channel: str
    user: str
    issued: float
    message: Message | None = None
    pressed: bool = False
    """Of a button, whose message it goes on to mean."""

    uses: int = 0


class ResponseUrls:
    """All addresses given out so far."""

    def __init__(self, space: Workspace) -> None:
        self.space = space
        self._known: dict[str, ResponseUrl] = {}

    def issue(self, channel: str, user: str, message: Message | None = None) -> str:
        """A new address; `message` is what `replace_original` changes."""
        key = secrets.token_hex(12)
        self._known[key] = ResponseUrl(
            channel, user, self.space.clock(), message, pressed=message is not None
        )
        return f"{self.space.base_url}/response/{self.space.team_id}/{key}"

    def answer(self, key: str, body: str) -> Answer:
        """What a POST to the address gives: `ok`, or a short word with status 400 or 404."""
        known = self._known.get(key)
        if known is None:
            return Answer("no_url", 404)
        if self.space.clock() - known.issued > SECONDS:
            return Answer("expired_url", 404)
        if known.uses >= USES:
            return Answer("used_url", 404)
        try:
            values = json.loads(body)
        except ValueError:
            return Answer("invalid_payload", 400)
        known.uses += 1
        try:
            self.apply(known, Arguments(values))
        except SlackRefusal as refusal:
            return Answer(refusal.code, 400)
        return Answer("ok")

    def apply(self, url: ResponseUrl, args: Arguments) -> None:
        """Posts, replaces or removes. Raises SlackRefusal as chat.postMessage does."""
        if args.flag("delete_original"):
            if url.message:
                url.message.deleted = True
            return
        text, blocks = read_content(args)
        if args.flag("replace_original") and url.message:
            url.message.show(self.space.clock(), text, blocks)
            return
        everyone = args.text("response_type") == "in_channel"
        message = Message(
            self.space.next_ts(),
            url.channel,
            self.space.bot_user,
            text=text,
            blocks=blocks,
            thread_ts=args.text("thread_ts") or None,
            from_app=True,
            only_for=None if everyone else url.user,
        )
        shown = self.space.store(message)
        if not url.pressed:
            url.message = shown

    def acknowledged(self, url: str, body: str) -> None:
        """Shows what came with the acknowledgement of a command, as Slack does.

        That does not count as a use. Text that is not JSON is shown as it stands.
        """
        known = self._known.get(url.rsplit("/", 1)[-1])
        if known is None or not body.strip():
            return
        values: Any
        try:
            values = json.loads(body)
        except ValueError:
            values = {"text": body}
        if isinstance(values, dict) and (values.get("text") or values.get("blocks")):
            self.apply(known, Arguments(values))

    async def handle(self, request: web.Request) -> Answer:
        """The route behind every address."""
        return self.answer(request.match_info["key"], await request.text())
