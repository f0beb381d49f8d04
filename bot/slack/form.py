"""The form for a new page: built, prefilled and read. Pure.

`/notion generate` without a prompt opens it, and so do the home tab's button and the shortcut “New
Notion page”. What is submitted is the call that the typed command would be.
https://docs.slack.dev/surfaces/modals, https://docs.slack.dev/reference/views/modal-views
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.slack import pieces
from bot.slack.parse import Command, object_in, place_of, word_in
from bot.slack.workspace import Workspace
from core.commands.command import PREFIX
from core.commands.parse import parse
from core.errors import InvalidInput
from core.messages import Call, Sender, stable_id
from core.ports import Choice, Chosen
from core.preferences import NOTHING, Preferred, as_usual

FORM = "new_page"
"""The view's callback id, by which its submissions are known."""

PROMPT, TEMPLATE, PROVIDER, DESTINATION, ALSO = (
    "prompt",
    "template",
    "provider",
    "destination",
    "also",
)
"""The ids of its fields, of the blocks as of the elements in them."""

LONGEST_PROMPT = 3_000
"""Characters; a field of Slack's takes no more.

https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element
"""

AS_USUAL = Choice("as-usual", "As usual")
"""What stands for not choosing: a choice, once made, is not easily taken back in a form."""

_NO_TEMPLATE = Choice("none", "No template")
"""What leaves out the usual one."""

_TYPED = "as-typed"
_HOUR = 3_600.0
_ALSO = {"save": "Save to Notion at once", "private": "Show the answer to me alone"}

# Flags that take a value, and the field each belongs to.
_FIELDS = {"template": TEMPLATE, "provider": PROVIDER, "to": DESTINATION}

_BARE = re.compile(r"\s*(?:/?notion\s+)?generate\s*(?:$|[-–—])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a form was opened, and so where its answer goes.

    `reply` names the response URL that was given for it: that itself stays on the server, for
    whoever has it can post. `flags` are what was typed after the command. `saves`: the person
    saves at once, so the box for it is ticked from the start.
    """

    team: str
    enterprise: str
    channel: str
    reply: str = ""
    flags: Mapping[str, str | bool] = field(default_factory=dict)
    saves: bool = False

    @property
    def at(self) -> Workspace:
        """The workspace it is in."""
        return Workspace(self.enterprise, self.team)

    def written(self) -> str:
        """As the view carries it."""
        told = {
            "team": self.team,
            "enterprise": self.enterprise,
            "channel": self.channel,
            "reply": self.reply,
            "flags": dict(self.flags),
        } | ({"saves": True} if self.saves else {})
        return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def read_origin(view: Mapping[str, Any]) -> Origin:
    """What a view carries; nothing where it is not ours."""
    try:
        told = json.loads(word_in(view, "private_metadata") or "{}")
    except ValueError:
        told = {}
    told = told if isinstance(told, dict) else {}
    team, enterprise, channel, reply = (
        word_in(told, name) for name in ("team", "enterprise", "channel", "reply")
    )
    flags = dict(object_in(told, "flags"))
    return Origin(team, enterprise, channel, reply, flags, told.get("saves") is True)


def may_lack(text: str) -> bool:
    """Whether a line may lack its prompt: a glance, so that nobody who wrote one waits. Pure."""
    return _BARE.match(text) is not None


def without_prompt(text: str | Call) -> Call | None:
    """The call that a line means which has all but the prompt; None for any other line."""
    if isinstance(text, Call):
        return None
    try:
        call = parse(text, unfinished=True)
    except InvalidInput:
        return None
    return call if call.command == "generate" and not call.text else None


def build_form(
    origin: Origin, choices: Mapping[Chosen, Sequence[Choice]], usual: Preferred = NOTHING
) -> dict[str, Any] | None:
    """The form, with what was typed filled in; None where that is too much for a form.

    `usual` is what the person chose for themselves, which the form begins with.
    """
    origin = replace(origin, saves=usual.saves)
    metadata = origin.written()
    if len(metadata) > pieces.LONGEST_METADATA:
        return None
    blocks = [
        _prompt(),
        *_choice(TEMPLATE, "Template", _shapes(choices, usual), origin, usual),
        *_choice(PROVIDER, "AI provider", choices.get("provider", ()), origin, usual),
        _destination(origin),
        _also(origin),
    ]
    if model := origin.flags.get("model"):
        note = pieces.plain(f"The model is the one you named: {model}")
        blocks.append({"type": "context", "elements": [note]})
    return {
        "type": "modal",
        "callback_id": FORM,
        "title": pieces.plain("New Notion page", 24),
        "submit": pieces.plain("Write", 24),
        "close": pieces.plain("Cancel", 24),
        "private_metadata": metadata,
        "blocks": blocks,
    }


def read_form(
    fields: Mapping[str, Any], respond_to: str, accepted_at: float
) -> Command | dict[str, str]:
    """What a submitted form asks for, or what is wrong with which field.

    The same form with the same words is the same request, however often it is submitted.
    https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload
    """
    view, person = object_in(fields, "view"), object_in(fields, "user")
    origin = read_origin(view)
    prompt = _value(view, PROMPT).replace("\0", "").strip()
    if not prompt:
        return {PROMPT: "Write what the page is to be about: a sentence is enough."}
    if len(prompt) > LONGEST_PROMPT:
        return {
            PROMPT: f"That is {len(prompt):,} characters; at most {LONGEST_PROMPT:,} fit here. "
            f"Shorten it, or type it after {PREFIX} generate."
        }
    user = word_in(person, "id")
    team = origin.team or word_in(object_in(fields, "team"), "id") or word_in(person, "team_id")
    flags = _flags(view, origin)
    # A server that names no view is told apart by the moment, as far as it names that.
    which = word_in(view, "id") + word_in(view, "hash") or word_in(fields, "trigger_id")
    said = json.dumps(flags, sort_keys=True)
    delivery = stable_id("slack", team, user, which, "form", prompt, said)
    asker = word_in(person, "username") or word_in(person, "name")
    return Command(
        delivery=delivery,
        sender=Sender("slack", user, asker, team),
        text=Call("generate", prompt, flags),
        address={
            "delivery": str(delivery),
            "channel_id": origin.channel,
            "user_id": user,
            "team_id": team,
            "enterprise_id": origin.enterprise,
            "response_url": respond_to,
            "accepted_at": f"{accepted_at:.6f}",
            "asker": asker,
        },
        place=place_of(team, origin.channel),
        key=delivery,
        holds=_HOUR,
    )


def _flags(view: Mapping[str, Any], origin: Origin) -> dict[str, str | bool]:
    model = origin.flags.get("model")
    flags: dict[str, str | bool] = {"model": model} if isinstance(model, str) else {}
    for name, where in _FIELDS.items():
        chosen = _chosen(view, where)
        if chosen == _TYPED:
            chosen = str(origin.flags.get(name, ""))
        if chosen and chosen != AS_USUAL.value:
            flags[name] = chosen
    ticked = _field(view, ALSO).get("selected_options")
    for each in ticked if isinstance(ticked, list) else ():
        name = word_in(each, "value") if isinstance(each, dict) else ""
        if name in _ALSO:
            flags[name] = True
    if origin.saves and not {"save", "to"} & flags.keys():
        flags["no-save"] = True
    return flags


def _prompt() -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": PROMPT,
        "label": pieces.plain("What is the page about?"),
        "element": {
            "type": "plain_text_input",
            "action_id": PROMPT,
            "multiline": True,
            "min_length": 1,
            "max_length": LONGEST_PROMPT,
            "focus_on_load": True,
            "placeholder": pieces.plain("A launch checklist for our mobile app", 150),
        },
    }


def _shapes(choices: Mapping[Chosen, Sequence[Choice]], usual: Preferred) -> Sequence[Choice]:
    """The templates there are, and none of them for whom that is not the usual."""
    return [*choices.get("template", ()), *([_NO_TEMPLATE] if usual.template else [])]


def _choice(
    name: str, label: str, choices: Sequence[Choice], origin: Origin, usual: Preferred
) -> list[dict[str, Any]]:
    """A list to choose from; nothing where there is nothing to choose."""
    listed = pieces.options([Choice(AS_USUAL.value, as_usual(name, usual)), *choices])
    typed = origin.flags.get(name)
    if not choices and not typed:
        return []
    chosen = listed[0]
    if isinstance(typed, str):
        known = [one for one in listed if one["value"].casefold() == typed.casefold()]
        # What nobody knows is told after the submission, as it is of a typed command.
        chosen = known[0] if known else pieces.option(Choice(_TYPED, typed))
        listed += [] if known else [chosen]
    return [_optional(name, label, pieces.select(name, "As usual", listed, chosen))]


def _destination(origin: Origin) -> dict[str, Any]:
    typed = origin.flags.get("to")
    chosen = pieces.option(Choice(_TYPED, typed)) if isinstance(typed, str) else None
    element = pieces.search(DESTINATION, "As usual; type to find another", chosen)
    hint = "A page that you choose here is saved at once."
    return _optional(DESTINATION, "Where it goes in Notion", element) | {"hint": pieces.plain(hint)}


def _also(origin: Origin) -> dict[str, Any]:
    boxes = {name: pieces.option(Choice(name, label)) for name, label in _ALSO.items()}
    given = origin.flags
    saves = origin.saves and not {"no-save", "private"} & given.keys()
    ticked = [box for name, box in boxes.items() if given.get(name) or (name == "save" and saves)]
    element = {"type": "checkboxes", "action_id": ALSO, "options": list(boxes.values())}
    return _optional(ALSO, "And then", element | ({"initial_options": ticked} if ticked else {}))


def _optional(name: str, label: str, element: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": name,
        "optional": True,
        "label": pieces.plain(label),
        "element": element,
    }


def _field(view: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    values = object_in(object_in(view, "state"), "values")
    return object_in(object_in(values, name), name)


def _value(view: Mapping[str, Any], name: str) -> str:
    return word_in(_field(view, name), "value")


def _chosen(view: Mapping[str, Any], name: str) -> str:
    return word_in(object_in(_field(view, name), "selected_option"), "value")
