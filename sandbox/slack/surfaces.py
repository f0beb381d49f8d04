"""What people do outside of messages: in forms, on the home tab, in an assistant's pane.

docs.slack.dev/surfaces/modals, docs.slack.dev/surfaces/app-home, docs.slack.dev/ai
"""

from collections.abc import Iterator
from typing import Any, Protocol

from sandbox.slack.delivery import Delivery
from sandbox.slack.payloads import Payload, Scene, interaction_base
from sandbox.slack.view_rules import check_options
from sandbox.slack.workspace import Message, User, Workspace


class Deliverer(Protocol):
    """Whoever brings things to the app."""

    space: Workspace
    user: User

    async def event(self, event: dict[str, Any]) -> Delivery:
        """Sends one event."""
        ...

    async def interaction(self, payload: dict[str, Any]) -> Delivery:
        """Sends a whole interaction payload."""
        ...


class Surfaces:
    """A person before the app's forms, its home tab and its pane."""

    def __init__(self, server: Deliverer) -> None:
        self._server = server
        self._space = server.space

    @property
    def forms(self) -> list[Payload]:
        """The forms that were opened, the newest last."""
        return [view for view in self._space.views if view["type"] == "modal"]

    def homes(self, user: User | None = None) -> list[Payload]:
        """What was published for somebody, the newest last."""
        who = user or self._server.user
        return [view for view in self._space.views if view.get("user_id") == who.id]

    async def open_app(self, tab: str = "home", user: User | None = None) -> Delivery:
        """Somebody opens the app: `app_home_opened`, with what they see there by now."""
        who = user or self._server.user
        channel = self._space.open_im(who.id)
        event = {"type": "app_home_opened", "user": who.id, "channel": channel.id, "tab": tab}
        shown = self.homes(who)[-1:] if tab == "home" else []
        return await self._server.event(event | ({"view": shown[0]} if shown else {}))

    async def open_pane(self, user: User | None = None) -> tuple[Message, Delivery]:
        """Somebody opens the pane of an `assistant_view`: a thread begins, and the app is told."""
        who = user or self._server.user
        channel = self._space.open_im(who.id)
        root = Message(self._space.next_ts(), channel.id, self._space.bot_user, text="New thread")
        root.from_app = True
        self._space.store(root)
        thread = {
            "user_id": who.id,
            "context": {"team_id": self._space.team_id, "enterprise_id": None},
            "channel_id": channel.id,
            "thread_ts": root.ts,
        }
        event = {"type": "assistant_thread_started", "assistant_thread": thread}
        return root, await self._server.event(event)

    async def type_in(
        self, view: Payload, action_id: str, words: str, user: User | None = None
    ) -> list[Payload]:
        """What a list offers while somebody types; LookupError where the view has no such list."""
        block_id, element = _find(view, action_id)
        if element["type"] != "external_select":
            raise LookupError(f"{action_id} does not ask for its choices")
        payload = self._base(view, "block_suggestion", user) | {
            "action_id": action_id,
            "block_id": block_id,
            "value": words,
        }
        del payload["trigger_id"]
        delivery = await self._server.interaction(payload)
        offered: list[Payload] = delivery.json()["options"]
        check_options(offered)
        return offered

    async def use(
        self, view: Payload, action_id: str, chosen: str | None = None, user: User | None = None
    ) -> Delivery:
        """Presses a button of a view, or chooses `chosen` in a list of it: `block_actions`."""
        block_id, element = _find(view, action_id)
        action = {
            "type": element["type"],
            "action_id": action_id,
            "block_id": block_id,
            "action_ts": f"{self._space.clock():.6f}",
        }
        if element["type"] == "button":
            action |= {"text": element["text"], "value": element.get("value", "")}
        else:
            listed = [one for one in element.get("options", []) if one["value"] == chosen]
            text = {"type": "plain_text", "text": chosen}
            action["selected_option"] = listed[0] if listed else {"text": text, "value": chosen}
        payload = self._base(view, "block_actions", user) | {"actions": [action]}
        return await self._server.interaction(payload)

    async def submit(
        self, view: Payload, user: User | None = None, **filled: str | list[str]
    ) -> Delivery:
        """Submits a form, with `filled` for some fields and the others as they came."""
        values: dict[str, Any] = {}
        for block_id, element in _elements(view):
            action = element["action_id"]
            values[block_id] = {action: _state(element, filled.get(action))}
        state = {"state": {"values": values}}
        payload = self._base(view | state, "view_submission", user) | {"response_urls": []}
        return await self._server.interaction(payload)

    def _base(self, view: Payload, kind: str, user: User | None) -> Payload:
        scene = Scene(next(iter(self._space.channels.values())), user or self._server.user)
        return interaction_base(self._space, scene, kind) | {
            "container": {"type": "view", "view_id": view["id"]},
            "view": view,
        }


def _state(element: Payload, filled: str | list[str] | None) -> Payload:
    kind = element["type"]
    if kind == "plain_text_input":
        return {"type": kind, "value": filled if filled is not None else None}
    if kind == "checkboxes":
        ticked = element.get("initial_options", [])
        if filled is not None:
            ticked = [one for one in element["options"] if one["value"] in filled]
        return {"type": kind, "selected_options": ticked}
    chosen = element.get("initial_option")
    if filled is not None:
        listed = [one for one in element.get("options", []) if one["value"] == filled]
        text = {"type": "plain_text", "text": filled}
        chosen = listed[0] if listed else {"text": text, "value": filled}
    return {"type": kind, "selected_option": chosen}


def _elements(view: Payload) -> Iterator[tuple[str, Payload]]:
    for number, block in enumerate(view["blocks"]):
        block_id = block.get("block_id", f"b{number}")
        for element in [*block.get("elements", []), block.get("element"), block.get("accessory")]:
            if isinstance(element, dict) and element.get("action_id"):
                yield block_id, element


def _find(view: Payload, action_id: str) -> tuple[str, Payload]:
    for block_id, element in _elements(view):
        if element["action_id"] == action_id:
            return block_id, element
    raise LookupError(f"no element with action_id {action_id} in the view")
