"""The properties of a data source, and the values its pages have for them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sandbox.notion.checks import (
    ARRAY_LIMIT,
    URL_LIMIT,
    only_keys,
    read_array,
    read_bool,
    read_choice,
    read_id,
    read_object,
    read_text,
)
from sandbox.notion.errors import MISSING, invalid, should_be
from sandbox.notion.ids import BOT_USER_ID, PERSON_USER_ID, new_id
from sandbox.notion.rich_text import read_date, read_rich_text, text_item

_NAME_LIMIT = 100
_SHORT_LIMIT = 200
_COLORS = ("gray", "brown", "orange", "yellow", "green", "blue", "purple", "pink", "red")
_FILE_NAME_LIMIT = 100
# What Notion sets or reckons itself: nobody writes it.
_READ_ONLY = (
    "created_time",
    "last_edited_time",
    "created_by",
    "last_edited_by",
    "formula",
    "rollup",
    "unique_id",
    "button",
)


def make_property(
    name: str,
    kind: str,
    options: tuple[tuple[str, str], ...] = (),
    *,
    property_id: str = "",
    related: str = "",
) -> dict[str, Any]:
    """A property of a data source; `options` are names and colours, where it has any.

    `related` is the data source that a relation points to.
    """
    config: dict[str, Any] = {}
    if kind in ("select", "multi_select", "status"):
        config["options"] = [
            {"id": new_id(), "name": option, "color": color, "description": None}
            for option, color in options
        ]
    if kind == "status":
        ids = [option["id"] for option in config["options"]]
        group = {"id": new_id(), "name": "To-do", "color": "gray", "option_ids": ids}
        config["groups"] = [group]
    if kind == "relation":
        config |= {"data_source_id": related, "type": "single_property", "single_property": {}}
    if kind == "number":
        config["format"] = "number"
    identity = {"id": property_id or new_id()[:4], "name": name, "description": None}
    return identity | {"type": kind, kind: config}


NOTES_PROPERTIES: dict[str, Any] = {
    "Name": make_property("Name", "title", property_id="title"),
    "Tags": make_property("Tags", "multi_select", property_id="tags"),
    "URL": make_property("URL", "url", property_id="url1"),
    "Status": make_property(
        "Status", "select", (("Draft", "gray"), ("Done", "green")), property_id="stat"
    ),
}


def read_title_only(value: object, path: str) -> dict[str, Any]:
    """The properties of a page that stands on a page: a title and nothing else."""
    given = read_object(value, path)
    for name in given:
        if name != "title":
            raise invalid(f"{name} is not a property that exists.")
    title = read_object(given.get("title", {"title": []}), f"{path}.title")
    only_keys(title, f"{path}.title", ("title", "type", "id"))
    items = read_rich_text(title.get("title", MISSING), f"{path}.title.title")
    return {"title": {"id": "title", "type": "title", "title": items}}


def read_properties(
    value: object, path: str, schema: dict[str, Any], stored: dict[str, Any] | None = None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A data source's page: every property's value, and the schema with the options it added.

    `stored` has the values that stay where none is given. Raises RefusedError for a property that
    is not there, one that cannot be written, and a value of another kind.
    """
    given = read_object(value, path)
    values = stored or {name: _empty(config) for name, config in schema.items()}
    values, schema = dict(values), dict(schema)
    by_id = {config["id"]: name for name, config in schema.items()}
    for key, content in given.items():
        name = key if key in schema else by_id.get(key)
        if name is None:
            raise invalid(f"{key} is not a property that exists.")
        schema[name], values[name] = _read_value(schema[name], content, f"{path}.{key}")
    return values, schema


def _empty(config: dict[str, Any]) -> dict[str, Any]:
    kind = config["type"]
    nothing: Any = None
    if kind in ("title", "rich_text", "multi_select", "people", "relation", "files"):
        nothing = []
    elif kind == "checkbox":
        nothing = False
    return {"id": config["id"], "type": kind, kind: nothing}


def _read_value(
    config: dict[str, Any], value: object, path: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    kind, name = config["type"], config["name"]
    content = read_object(value, path)
    if kind in _READ_ONLY:
        raise invalid(f"{name} cannot be written: Notion sets {kind} itself.")
    if kind not in content or kind not in _READERS:
        raise invalid(f"{name} is expected to be {kind}.")
    only_keys(content, path, (kind, "type", "id"))
    config, read = _READERS[kind](config, content[kind], f"{path}.{kind}")
    return config, {"id": config["id"], "type": kind, kind: read}


# --- a reader for each kind of value ----------------------------------------------------------

_Read = tuple[dict[str, Any], Any]
_Reader = Callable[[dict[str, Any], object, str], _Read]


def _rich(config: dict[str, Any], value: object, path: str) -> _Read:
    return config, read_rich_text(value, path)


def _text_of(limit: int) -> _Reader:
    def read(config: dict[str, Any], value: object, path: str) -> _Read:
        if value is not None and not read_text(value, path, limit):
            raise should_be(f"{path}.length", "≥ `1`", 0)
        return config, value

    return read


def _number(config: dict[str, Any], value: object, path: str) -> _Read:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise should_be(path, "a number", value)
    return config, value


def _checkbox(config: dict[str, Any], value: object, path: str) -> _Read:
    return config, read_bool(value, path)


def _date(config: dict[str, Any], value: object, path: str) -> _Read:
    if value is None:
        return config, None
    date = read_date(read_object(value, path), path)
    for end in ("start", "end"):
        if date[end] is not None and not _is_iso(date[end]):
            raise should_be(f"{path}.{end}", "a valid ISO 8601 date string", date[end])
    return config, date


def _is_iso(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _people(config: dict[str, Any], value: object, path: str) -> _Read:
    people = []
    for n, one in enumerate(read_array(value, path)):
        found = read_id(read_object(one, path).get("id", MISSING), f"{path}[{n}].id")
        if found not in (PERSON_USER_ID, BOT_USER_ID):
            raise invalid(f"Could not find user with ID: {found}.")
        people.append({"object": "user", "id": found})
    return config, people


def _files(config: dict[str, Any], value: object, path: str) -> _Read:
    """Files of elsewhere, and uploads by their id."""
    files = []
    for n, one in enumerate(read_array(value, path)):
        at = f"{path}[{n}]"
        file = read_object(one, at)
        kind = read_choice(file.get("type", MISSING), f"{at}.type", ("external", "file_upload"))
        only_keys(file, at, ("type", "name", kind))
        content = read_object(file.get(kind, MISSING), f"{at}.{kind}")
        if kind == "external":
            read_text(content.get("url", MISSING), f"{at}.external.url", URL_LIMIT)
        else:
            read_id(content.get("id", MISSING), f"{at}.file_upload.id")
        name = file.get("name", "" if kind == "file_upload" else MISSING)
        name = read_text(name, f"{at}.name", _FILE_NAME_LIMIT)
        files.append({"name": name, "type": kind, kind: content})
    return config, files


def _relation(config: dict[str, Any], value: object, path: str) -> _Read:
    return config, [
        {"id": read_id(read_object(one, path).get("id", MISSING), f"{path}[{n}].id")}
        for n, one in enumerate(read_array(value, path))
    ]


def _select(config: dict[str, Any], value: object, path: str) -> _Read:
    if value is None:
        return config, None
    return _option(config, value, path)


def _multi_select(config: dict[str, Any], value: object, path: str) -> _Read:
    chosen = []
    for n, one in enumerate(read_array(value, path)):
        config, option = _option(config, one, f"{path}[{n}]")
        chosen.append(option)
    return config, chosen


def _option(config: dict[str, Any], value: object, path: str) -> _Read:
    """The option that is meant; a select gets a new one by name, a status does not."""
    kind = config["type"]
    asked = read_object(value, path)
    options = config[kind]["options"]
    key = "id" if "id" in asked else "name"
    wanted = read_text(asked.get(key, MISSING), f"{path}.{key}", _NAME_LIMIT)
    for option in options:
        if option[key] == wanted:
            return config, {name: option[name] for name in ("id", "name", "color")}
    if key == "id" or kind == "status":
        raise invalid(f'{kind.capitalize()} option "{wanted}" does not exist.')
    if not wanted:
        raise should_be(f"{path}.name.length", "≥ `1`", 0)
    if "," in wanted:
        raise invalid(f"Invalid {kind} option, commas not allowed: {wanted}")
    if len(options) >= ARRAY_LIMIT:
        raise invalid(f"{config['name']} has {ARRAY_LIMIT} options already.")
    color = asked.get("color", _COLORS[len(options) % len(_COLORS)])
    made = {"id": new_id(), "name": wanted, "color": color}
    grown = {"options": [*options, made | {"description": None}]}
    return config | {kind: config[kind] | grown}, made


_READERS: dict[str, _Reader] = {
    "title": _rich,
    "rich_text": _rich,
    "url": _text_of(URL_LIMIT),
    "email": _text_of(_SHORT_LIMIT),
    "phone_number": _text_of(_SHORT_LIMIT),
    "number": _number,
    "checkbox": _checkbox,
    "date": _date,
    "people": _people,
    "files": _files,
    "relation": _relation,
    "select": _select,
    "multi_select": _multi_select,
    "status": _select,
}


def title_value(text: str) -> dict[str, Any]:
    """A title property with a plain text."""
    return {"id": "title", "type": "title", "title": [text_item(text)]}
