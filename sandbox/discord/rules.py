"""What Discord refuses in a message: length, number, and kinds that do not go together.

docs.discord.com/developers/resources/message#create-message, /components/reference
"""

import copy
import itertools
from collections.abc import Iterator
from typing import Any

from sandbox.discord.errors import DiscordRefusal, bad_length, fault, invalid_form, too_long
from sandbox.discord.world import COMPONENTS_V2

CONTENT = 2_000
V2_TEXT = 4_000
V2_COMPONENTS = 40

Json = dict[str, Any]

ACTION_ROW, BUTTON, TEXT_DISPLAY = 1, 2, 10
LEGACY_KINDS = (ACTION_ROW,)
V2_KINDS = (ACTION_ROW, 9, TEXT_DISPLAY, 12, 13, 14, 17)


def check_message(body: Json, *, empty_allowed: bool = False) -> None:
    """Raises DiscordRefusal 50035 or 50006 unless Discord would show the message.

    `empty_allowed` is for edits, which may leave out what does not change. `content` counts in
    Unicode code points.
    """
    errors: Json = {}
    content = body.get("content")
    if content is not None and not isinstance(content, str):
        errors["content"] = fault("BASE_TYPE_STRING", "Must be a string.")
    elif content and len(content) > CONTENT:
        errors["content"] = too_long(CONTENT)
    modern = bool(int(body.get("flags") or 0) & COMPONENTS_V2)
    errors |= _v2_errors(body) if modern else _embed_errors(body)
    errors |= _component_errors(body, modern=modern)
    nonce = body.get("nonce")
    if isinstance(nonce, str) and len(nonce) > 25:
        errors["nonce"] = too_long(25)
    if errors:
        raise invalid_form(errors)
    shown = ("content", "embeds", "components", "sticker_ids", "poll", "attachments")
    if not empty_allowed and not any(body.get(name) for name in shown):
        raise DiscordRefusal(400, 50006, "Cannot send an empty message")


def _v2_errors(body: Json) -> Json:
    text = "The 'content' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
    clash = fault("MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", text)
    return {name: clash for name in ("content", "embeds", "poll") if body.get(name)}


def _embed_errors(body: Json) -> Json:
    embeds = body.get("embeds") or []
    if len(embeds) > 10:
        return {"embeds": bad_length(0, 10)}
    errors: Json = {}
    for index, embed in enumerate(embeds):
        for name, limit in (("title", 256), ("description", 4_096)):
            if len(embed.get(name) or "") > limit:
                errors[str(index)] = {name: too_long(limit)}
    total = sum(len(one.get("title") or "") + len(one.get("description") or "") for one in embeds)
    if total > 6_000:
        return {"embeds": fault("MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum of 6000")}
    return {"embeds": errors} if errors else {}


def _component_errors(body: Json, *, modern: bool) -> Json:
    components = body.get("components")
    if not components:
        return {}
    if not isinstance(components, list):
        return {"components": fault("BASE_TYPE_LIST", "Must be a list.")}
    if not modern and len(components) > 5:
        return {"components": bad_length(1, 5)}
    everything = list(walk(components))
    if modern and len(everything) > V2_COMPONENTS:
        return {"components": bad_length(1, V2_COMPONENTS)}
    written = sum(len(one.get("content") or "") for one in everything if one["type"] == 10)
    if written > V2_TEXT:
        text = f"The combined text is above {V2_TEXT} characters."
        return {"components": fault("COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", text)}
    ids = [one["custom_id"] for one in everything if one.get("custom_id")]
    if len(ids) != len(set(ids)):
        text = "Component custom id cannot be duplicated"
        return {"components": fault("COMPONENT_CUSTOM_ID_DUPLICATED", text)}
    kinds = V2_KINDS if modern else LEGACY_KINDS
    errors = {str(index): one for index, row in enumerate(components) if (one := _row(row, kinds))}
    return {"components": errors} if errors else {}


def numbered(components: list[Json]) -> list[Json]:
    """A copy in which every component has an id, as Discord gives to those sent without."""
    copied: list[Json] = copy.deepcopy(components)
    taken = {one["id"] for one in walk(copied) if one.get("id")}
    fresh = (number for number in itertools.count(1) if number not in taken)
    for one in walk(copied):
        if not one.get("id"):
            one["id"] = next(fresh)
    return copied


def walk(components: list[Json]) -> Iterator[Json]:
    """All components at every depth, in the order they are shown."""
    for one in components:
        yield one
        yield from walk(one.get("components") or [])
        for inner in ("accessory", "component"):
            if isinstance(one.get(inner), dict):
                yield from walk([one[inner]])


def _row(row: Json, kinds: tuple[int, ...]) -> Json:
    if row.get("type") not in kinds:
        allowed = ", ".join(map(str, kinds))
        text = f'Value of field "type" must be one of ({allowed}).'
        return {"type": fault("UNION_TYPE_CHOICES", text)}
    if row["type"] != ACTION_ROW:
        return {}
    inside = row.get("components") or []
    if not 1 <= len(inside) <= 5:
        return {"components": bad_length(1, 5)}
    errors = {str(index): wrong for index, one in enumerate(inside) if (wrong := _control(one))}
    return {"components": errors} if errors else {}


def _control(control: Json) -> Json:
    errors: Json = {}
    for name, limit in (("custom_id", 100), ("label", 80), ("url", 512), ("placeholder", 150)):
        if len(control.get(name) or "") > limit:
            errors[name] = too_long(limit)
    link = control.get("type") == BUTTON and control.get("style") == 5
    if not link and control.get("style") != 6 and not control.get("custom_id"):
        errors["custom_id"] = fault("BASE_TYPE_REQUIRED", "This field is required")
    if link and not control.get("url"):
        errors["url"] = fault("BASE_TYPE_REQUIRED", "This field is required")
    if len(control.get("options") or []) > 25:
        errors["options"] = bad_length(1, 25)
    return errors


def check_choices(choices: Any) -> list[Json]:
    """Autocomplete choices: at most 25, names and values of 1 to 100 characters.

    Raises DiscordRefusal 50035.
    """
    if not isinstance(choices, list) or len(choices) > 25:
        raise invalid_form({"data": {"choices": bad_length(0, 25)}})
    for index, one in enumerate(choices):
        for field in ("name", "value"):
            if not 1 <= len(str(one.get(field, ""))) <= 100:
                wrong = {str(index): {field: bad_length(1, 100)}}
                raise invalid_form({"data": {"choices": wrong}})
    return choices
