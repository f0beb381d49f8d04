"""Modals: what Discord refuses in one, and what its client sends of one that was filled in.

docs.discord.com/developers/components/reference, /interactions/receiving-and-responding
"""

from typing import Any

from sandbox.discord.errors import bad_length, fault, invalid_form, too_long
from sandbox.discord.rules import walk

Json = dict[str, Any]

ROW, SELECT, INPUT, TEXT, LABEL = 1, 3, 4, 10, 18
FILES, RADIO, TICKS, TICK = 19, 21, 22, 23
FIELDS = (SELECT, INPUT, 5, 6, 7, 8, FILES, RADIO, TICKS, TICK)
MOST_OPTIONS = {SELECT: 25, RADIO: 10, TICKS: 10}
MOST_COMPONENTS = 5


def check_modal(data: Json) -> Json:
    """A modal: a title, one to five components, each within its limits.

    Raises DiscordRefusal 50035.
    """
    components = data.get("components") or []
    errors: Json = {}
    if not 1 <= len(data.get("title") or "") <= 45:
        errors["title"] = bad_length(1, 45)
    if not 1 <= len(data.get("custom_id") or "") <= 100:
        errors["custom_id"] = bad_length(1, 100)
    if not 1 <= len(components) <= MOST_COMPONENTS:
        errors["components"] = bad_length(1, MOST_COMPONENTS)
    elif inner := {str(at): one for at, each in enumerate(components) if (one := _top(each))}:
        errors["components"] = inner
    ids = [one["custom_id"] for one in walk(components) if one.get("custom_id")]
    if len(ids) != len(set(ids)):
        text = "Component custom id cannot be duplicated"
        errors["components"] = fault("COMPONENT_CUSTOM_ID_DUPLICATED", text)
    if errors:
        raise invalid_form({"data": errors})
    return data


def _top(one: Json) -> Json:
    kind = one.get("type")
    if kind == TEXT:
        return {}
    if kind == ROW:
        inside = one.get("components") or []
        if [each.get("type") for each in inside] != [INPUT]:
            return {"components": bad_length(1, 1)}
        wrong = _field(inside[0])
        if not 1 <= len(inside[0].get("label") or "") <= 45:
            wrong["label"] = bad_length(1, 45)
        return {"components": {"0": wrong}} if wrong else {}
    if kind != LABEL:
        text = 'Value of field "type" must be one of (1, 10, 18).'
        return {"type": fault("UNION_TYPE_CHOICES", text)}
    errors: Json = {}
    if not 1 <= len(one.get("label") or "") <= 45:
        errors["label"] = bad_length(1, 45)
    if one.get("description") is not None and not 1 <= len(one["description"]) <= 100:
        errors["description"] = bad_length(1, 100)
    if wrong := _field(one.get("component") or {}):
        errors["component"] = wrong
    return errors


def _field(field: Json) -> Json:
    kind = field.get("type")
    if kind not in FIELDS:
        text = f'Value of field "type" must be one of {FIELDS}.'
        return {"type": fault("UNION_TYPE_CHOICES", text)}
    errors: Json = {}
    if not 1 <= len(field.get("custom_id") or "") <= 100:
        errors["custom_id"] = bad_length(1, 100)
    if len(field.get("placeholder") or "") > (100 if kind == INPUT else 150):
        errors["placeholder"] = too_long(100 if kind == INPUT else 150)
    if kind == INPUT:
        return errors | _input(field)
    return errors | (_options(field, MOST_OPTIONS[kind]) if kind in MOST_OPTIONS else {})


def _input(field: Json) -> Json:
    errors: Json = {}
    if field.get("style") not in (1, 2):
        errors["style"] = fault("BASE_TYPE_CHOICES", "Value must be one of {1, 2}.")
    if len(field.get("value") or "") > 4_000:
        errors["value"] = too_long(4_000)
    if not 1 <= field.get("max_length", 4_000) <= 4_000:
        errors["max_length"] = fault("NUMBER_TYPE_MAX", "Must be between 1 and 4000.")
    if not 0 <= field.get("min_length", 0) <= 4_000:
        errors["min_length"] = fault("NUMBER_TYPE_MAX", "Must be between 0 and 4000.")
    return errors


def _options(field: Json, most: int) -> Json:
    """Faults of a choice: at most so many, each value once, no more chosen than may be."""
    options = field.get("options") or []
    least, highest = field.get("min_values", 1), field.get("max_values", 1)
    if not 1 <= len(options) <= most:
        return {"options": bad_length(1, most)}
    errors: Json = {}
    for at, one in enumerate(options):
        wrong = {
            name: bad_length(1, 100)
            for name in ("label", "value")
            if not 1 <= len(one.get(name) or "") <= 100
        }
        if len(one.get("description") or "") > 100:
            wrong["description"] = too_long(100)
        errors |= {str(at): wrong} if wrong else {}
    values = [one.get("value") for one in options]
    if len(values) != len(set(values)):
        text = "The specified option value is already used"
        errors = fault("COMPONENT_OPTION_VALUE_DUPLICATED", text)
    found = {"options": errors} if errors else {}
    if not 0 <= least <= highest <= most or highest > len(options):
        found["max_values"] = fault("NUMBER_TYPE_MAX", "No more can be chosen than there is.")
    if least == 0 and field.get("required", True):
        text = "A component of which nothing need be chosen is not required"
        found["required"] = fault("COMPONENT_REQUIRED", text)
    if sum(bool(one.get("default")) for one in options) > highest:
        text = "More defaults than may be chosen"
        found["options"] = fault("COMPONENT_DEFAULTS", text)
    return found


def filled_in(modal: Json, values: Json) -> Json:
    """The data of a submitted modal; `values` by custom id, the rest stays as it was opened.

    Raises LookupError for what the modal does not ask, ValueError for what its client would not
    send: nothing where something is required, or a text that is too long.
    """
    asked = {one["custom_id"] for one in walk(modal["components"]) if one.get("custom_id")}
    if strange := sorted(values.keys() - asked):
        raise LookupError(f"the modal does not ask for {', '.join(strange)}")
    shown = [_answered(one, values) for one in modal["components"]]
    return {"custom_id": modal["custom_id"], "components": shown}


def _answered(one: Json, values: Json) -> Json:
    about = {"id": one.get("id", 1), "type": one["type"]}
    if one["type"] == ROW:
        return about | {"components": [_answered(inner, values) for inner in one["components"]]}
    if one["type"] == LABEL:
        return about | {"component": _answered(one["component"], values)}
    if one["type"] == TEXT:
        return about
    key = one["custom_id"]
    about["custom_id"] = key
    if one["type"] == INPUT:
        text = str(values.get(key, one.get("value") or ""))
        return about | {"value": _written(one, text)}
    if one["type"] == TICK:
        return about | {"value": bool(values.get(key, one.get("default")))}
    chosen = values.get(key, [each["value"] for each in one["options"] if each.get("default")])
    _check_chosen(one, chosen)
    if one["type"] == RADIO:
        return about | {"value": chosen[0] if chosen else None}
    return about | {"values": chosen}


def _written(field: Json, text: str) -> str:
    if field.get("required", True) and not text:
        raise ValueError(f"{field['custom_id']} is required")
    if len(text) > field.get("max_length", 4_000):
        raise ValueError(f"{field['custom_id']} is too long")
    return text


def _check_chosen(field: Json, chosen: list[str]) -> None:
    key, most = field["custom_id"], field.get("max_values", 1)
    if not set(chosen) <= {each["value"] for each in field["options"]}:
        raise LookupError(f"{key} does not offer {chosen}")
    if field.get("required", True) and not chosen:
        raise ValueError(f"{key} is required")
    if len(chosen) > most:
        raise ValueError(f"{key} takes no more than {most}")
