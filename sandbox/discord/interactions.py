"""Answers to interactions: one callback within 3 seconds, follow-ups within 15 minutes.

docs.discord.com/developers/interactions/receiving-and-responding
"""

from dataclasses import dataclass, field
from typing import Any

from sandbox.discord.channels import NO_CONTENT, announce, apply_edit, fill, remove
from sandbox.discord.errors import DiscordRefusal, fault, invalid_form, unknown
from sandbox.discord.forms import check_modal
from sandbox.discord.rest import Rest, Route
from sandbox.discord.rules import check_choices, check_message
from sandbox.discord.shapes import message_json
from sandbox.discord.world import EPHEMERAL, LOADING, Message, World
from sandbox.traffic import Answer, Traffic

Json = dict[str, Any]

MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
COMPONENT, AUTOCOMPLETE, SUBMIT = 3, 4, 5

FOREIGN_FOLLOW_UPS = 5
"""Follow-ups to one interaction in a server that the bot is not in."""


@dataclass
class Interaction:
    """Something a person did, and all that the app answered to it."""

    id: str
    token: str
    kind: int
    channel_id: str
    user_id: str
    issued: float
    traffic: Traffic
    payload: Json
    source: Message | None = None
    opened_by: "Interaction | None" = None
    callback: int | None = None
    original: Message | None = None
    messages: list[Message] = field(default_factory=list)
    choices: list[Json] | None = None
    modal: Json | None = None
    followed: int = 0

    @property
    def deferred(self) -> bool:
        """Whether the app said that it will answer later."""
        return self.callback in (DEFERRED, DEFERRED_UPDATE)

    async def acknowledged(self, timeout: float = 20.0) -> int:
        """The callback's type, once it came. Raises TimeoutError after `timeout` s."""
        return await self.traffic.wait_for(lambda: self.callback, timeout) or 0

    async def answered(self, timeout: float = 20.0) -> Message:
        """The first answer, once it says something. Raises TimeoutError after `timeout` s."""

        def ready() -> Message | None:
            shown = self.original
            return shown if shown and not shown.loading and not shown.deleted else None

        found = await self.traffic.wait_for(ready, timeout)
        if found is None:
            raise TimeoutError("no answer")
        return found

    async def said(self, count: int, timeout: float = 20.0) -> list[Message]:
        """The messages, once there are `count`. Raises TimeoutError after `timeout` s."""
        await self.traffic.wait_for(lambda: len(self.messages) >= count, timeout)
        return self.messages


class Interactions:
    """All interactions by id and by token. Times are seconds."""

    callback_seconds = 3.0
    token_seconds = 15 * 60.0

    def __init__(self, world: World) -> None:
        self.world = world
        self.by_id: dict[str, Interaction] = {}
        self.by_token: dict[str, Interaction] = {}

    def add(self, interaction: Interaction) -> Interaction:
        """Makes an interaction known."""
        self.by_id[interaction.id] = interaction
        self.by_token[interaction.token] = interaction
        return interaction

    async def answer(self, rest: Rest) -> Answer:
        """POST the callback. Raises DiscordRefusal 10062 when late, 40060 the second time."""
        known = self.by_id.get(rest.params["interaction_id"])
        late = known and self.world.clock() - known.issued > self.callback_seconds
        if known is None or known.token != rest.params["webhook_token"] or late:
            raise unknown("interaction")
        if known.callback is not None:
            raise DiscordRefusal(400, 40060, "Interaction has already been acknowledged.")
        kind, data = rest.form.get("type"), rest.form.get("data") or {}
        await self._respond(rest, known, kind, data)
        known.callback = kind
        if rest.query.get("with_response") not in ("1", "true"):
            return NO_CONTENT
        return Answer(self._receipt(known))

    async def _respond(self, rest: Rest, known: Interaction, kind: Any, data: Json) -> None:
        if kind in (MESSAGE, DEFERRED) and known.kind != AUTOCOMPLETE:
            await self._open(rest, known, kind, data)
        elif kind in (DEFERRED_UPDATE, UPDATE) and known.source:
            if kind == UPDATE:
                await _nested(apply_edit, rest, known.source, data)
            known.original = known.source
        elif kind == CHOICES and known.kind == AUTOCOMPLETE:
            known.choices = check_choices(data.get("choices"))
        elif kind == MODAL and known.kind not in (AUTOCOMPLETE, SUBMIT):
            known.modal = check_modal(data)
        else:
            text = "Value is not a valid response to this interaction."
            raise invalid_form({"type": fault("INTERACTION_TYPE_INVALID", text)})

    async def _open(self, rest: Rest, known: Interaction, kind: int, data: Json) -> None:
        if kind == MESSAGE:
            await _nested(_checked, rest, None, data)
        message = self._message(known)
        fill(message, data if kind == MESSAGE else {"flags": data.get("flags")})
        if kind == DEFERRED:
            message.flags |= LOADING
        known.original = self.world.store(message)
        known.messages.append(message)
        await announce(rest, "MESSAGE_CREATE", message)

    def _message(self, known: Interaction) -> Message:
        owners = known.payload["authorizing_integration_owners"]
        user = known.payload.get("user") or known.payload["member"]["user"]
        return Message(
            self.world.next_id(),
            known.channel_id,
            self.world.bot.id,
            interaction={
                "id": known.id,
                "type": known.kind,
                "user": user,
                "authorizing_integration_owners": owners,
                **_origin(known),
            },
        )

    def _receipt(self, known: Interaction) -> Json:
        about: Json = {"id": known.id, "type": known.kind}
        shown = known.original
        if shown and known.callback in (MESSAGE, DEFERRED):
            about["response_message_id"] = shown.id
            about["response_message_loading"] = shown.loading
            about["response_message_ephemeral"] = shown.ephemeral
        body: Json = {"interaction": about}
        if shown and known.callback in (MESSAGE, UPDATE):
            body["resource"] = {
                "type": known.callback,
                "message": message_json(self.world, shown),
            }
        return body

    def _known(self, rest: Rest) -> Interaction:
        known = self.by_token.get(rest.params["webhook_token"])
        mine = rest.params["webhook_id"] == self.world.application_id
        if known is None or not mine or known.callback is None:
            raise unknown("Webhook")
        if self.world.clock() - known.issued > self.token_seconds:
            raise DiscordRefusal(401, 50027, "Invalid Webhook Token")
        return known

    async def follow_up(self, rest: Rest) -> Answer:
        """POST a further message. The first one after a deferral fills the deferred message."""
        known = self._known(rest)
        check_message(rest.form)
        if known.original and known.original.loading:
            await self._edit(rest, known.original)
            return Answer(message_json(self.world, known.original))
        if self._foreign(known) and known.followed >= FOREIGN_FOLLOW_UPS:
            raise DiscordRefusal(400, 40094, "Maximum number of follow-up messages reached.")
        known.followed += 1
        message = self._message(known)
        fill(message, rest.form)
        known.messages.append(self.world.store(message))
        await announce(rest, "MESSAGE_CREATE", message)
        return Answer(message_json(self.world, message))

    def _foreign(self, known: Interaction) -> bool:
        """Whether it came from a server that the bot is not in."""
        guild = self.world.guilds.get(str(self.world.channels[known.channel_id].guild_id))
        return guild is not None and not guild.installed

    def _target(self, rest: Rest) -> Message:
        known = self._known(rest)
        wanted = rest.params.get("message_id", "@original")
        if wanted == "@original":
            found = known.original
        else:
            here = [*known.messages, *([known.source] if known.source else [])]
            found = next((one for one in here if one.id == wanted), None)
        if found is None or found.deleted:
            raise unknown("Message")
        return found

    async def get(self, rest: Rest) -> Answer:
        """GET one of the answers, ephemeral ones included."""
        return Answer(message_json(self.world, self._target(rest)))

    async def edit(self, rest: Rest) -> Answer:
        """PATCH one of the answers."""
        message = self._target(rest)
        await self._edit(rest, message)
        return Answer(message_json(self.world, message))

    async def _edit(self, rest: Rest, message: Message) -> None:
        body = {name: value for name, value in rest.form.items() if name != "flags"}
        v2 = int(rest.form.get("flags") or 0) & ~EPHEMERAL
        check_message({**body, "flags": v2 | message.flags}, empty_allowed=True)
        message.flags &= ~LOADING
        await apply_edit(rest, message, body | {"flags": v2})

    async def delete(self, rest: Rest) -> Answer:
        """DELETE one of the answers."""
        await remove(rest, self._target(rest))
        return NO_CONTENT

    def routes(self) -> list[Route]:
        """All of them; the token in the path is the credential."""
        hook = "/webhooks/{webhook_id}/{webhook_token}"
        callback = "/interactions/{interaction_id}/{webhook_token}/callback"
        one = hook + "/messages/{message_id}"
        return [
            Route("POST", callback, self.answer, open=True),
            Route("POST", hook, self.follow_up, open=True),
            Route("GET", one, self.get, open=True),
            Route("PATCH", one, self.edit, open=True),
            Route("DELETE", one, self.delete, open=True),
        ]


def _origin(known: Interaction) -> Json:
    """What the answer to a component or a modal says of where that came from."""
    if known.kind == COMPONENT and known.source:
        return {"interacted_message_id": known.source.id}
    if known.kind == SUBMIT and known.opened_by:
        user = known.opened_by.payload
        return {
            "triggering_interaction_metadata": {
                "id": known.opened_by.id,
                "type": known.opened_by.kind,
                "user": user.get("user") or user["member"]["user"],
                "authorizing_integration_owners": user["authorizing_integration_owners"],
                **_origin(known.opened_by),
            }
        }
    return {}


async def _checked(_rest: Rest, _message: Message | None, data: Json) -> None:
    check_message(data)


async def _nested(work: Any, rest: Rest, message: Message | None, data: Json) -> None:
    """Runs a check whose faults lie below `data` in a callback's body."""
    try:
        await work(rest, message, data)
    except DiscordRefusal as refusal:
        if refusal.errors:
            raise invalid_form({"data": refusal.errors}) from None
        raise
