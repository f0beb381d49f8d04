"""What a server leaves out of its events and answers, filled in before discord.py reads them. Pure.

discord.py asks for every field that Discord documents, and lets go of the connection where one is
missing. An id, a token, a person's id and what they chose are enough to answer.
https://docs.discord.com/developers/interactions/receiving-and-responding
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

COMMAND, COMPONENT, AUTOCOMPLETE, SUBMIT = 2, 3, 4, 5

_SUBCOMMAND, _GROUP = 1, 2
_TEXT, _INTEGER, _SWITCH, _NUMBER = 3, 4, 5, 10
_MESSAGE_MENU = 3

_IN_GUILD, _DIRECT = 0, 1
_DIRECT_KINDS = (1, 3)
_THREADS = (10, 11, 12)
# Where people can write: text, voice, news, threads, stages. Others are taken for the first.
_GUILD_KINDS = (0, 2, 5, *_THREADS, 13)

_USER: Json = {"id": "0", "username": "someone", "discriminator": "0", "avatar": None}
_MEMBER: Json = {"roles": [], "flags": 0, "deaf": False, "mute": False, "permissions": "0"}
_MESSAGE: Json = {"id": "0", "type": 0, "content": "", "flags": 0}
_FILE: Json = {"id": "0", "size": 0, "filename": "file", "url": "", "proxy_url": ""}
_CHANNEL: Json = {"name": "", "position": 0, "bitrate": 64_000, "user_limit": 0}
_THREAD: Json = {"owner_id": "0", "message_count": 0, "member_count": 0}
_THREAD_STATE: Json = {
    "archived": False,
    "auto_archive_duration": 1440,
    "archive_timestamp": "2015-01-01T00:00:00+00:00",
}
_APPLICATION: Json = {
    "name": "",
    "description": "",
    "icon": None,
    "bot_public": True,
    "bot_require_code_grant": False,
    "verify_key": "",
    "flags": 0,
}
_APPLICATION_READ = (*_APPLICATION, "id", "owner", "interactions_endpoint_url")


def user(told: object) -> Json:
    """A person, or the bot itself."""
    return _with(_USER, _fields(told))


def application(told: object, own_id: str) -> Json:
    """The application as REST describes it; where that has no id, the bot's is the best guess."""
    known = {name: value for name, value in _fields(told).items() if name in _APPLICATION_READ}
    return _with(_APPLICATION | {"id": own_id}, known) | {"owner": user(known.get("owner"))}


def ready(told: object, gateway: str, shard: tuple[int, int], own_id: str, app_id: str) -> Json:
    """READY, with the gateway that was connected to where none is named for coming back."""
    data = _with({"session_id": "", "resume_gateway_url": gateway}, _fields(told))
    if not _pair(data.get("shard")):
        data["shard"] = list(shard)
    data["user"] = user(_with({"id": own_id}, _fields(data.get("user"))))
    data["application"] = _with({"id": app_id, "flags": 0}, _fields(data.get("application")))
    guilds = [_fields(one) for one in _list(data.get("guilds"))]
    data["guilds"] = [_with({"unavailable": True}, one) for one in guilds if _number(one.get("id"))]
    return data


def interaction(told: object, app_id: str) -> Json:
    """INTERACTION_CREATE."""
    data = {name: value for name, value in _fields(told).items() if value is not None}
    inner = _fields(data.get("data"))
    kind = COMMAND
    if "custom_id" in inner:
        kind = SUBMIT if "components" in inner else COMPONENT
    common = {"version": 1, "attachment_size_limit": 0, "application_id": app_id, "type": kind}
    data = _with(common, data)
    place, shown = _fields(data.get("channel")), _fields(data.get("message"))
    guild = _first(
        data.get("guild_id"), _fields(data.get("guild")).get("id"), place.get("guild_id")
    )
    where = _first(place.get("id"), data.get("channel_id"), shown.get("channel_id"))
    data |= {"guild_id": guild} if guild else {}
    data |= {"channel": _channel(place, where, in_guild=guild is not None)} if where else {}
    data |= {"message": _message(shown, where)} if shown else {}
    if data["type"] == SUBMIT:
        data["data"] = _form(inner)
    else:
        data["data"] = _press(inner) if data["type"] == COMPONENT else _choice(inner, where)
    return data | _person(data, in_guild=guild is not None)


def bare(data: Json) -> Json:
    """Of an interaction filled in, what is needed: for one that says things nobody can read."""
    kept = ("id", "type", "token", "version", "attachment_size_limit", "application_id", "data")
    data = data | {"channel": _fields(data.get("channel")), "message": _fields(data.get("message"))}
    less = {name: data[name] for name in kept if name in data}
    if in_guild := _number(data.get("guild_id")):
        less["guild_id"] = data["guild_id"]
    if _number(where := data["channel"].get("id")):
        less["channel"] = _channel({}, where, in_guild=in_guild)
    if data["message"]:
        flags = data["message"].get("flags")
        less["message"] = _MESSAGE | {"flags": flags if isinstance(flags, int) else 0}
    person = _fields(data.get("user"))
    name = {key: person[key] for key in ("id", "username", "global_name") if key in person}
    return less | _person({"user": name} if name else {}, in_guild=in_guild)


def _person(data: Json, *, in_guild: bool) -> Json:
    """Who it was: as a member in a guild, as a user anywhere."""
    member = _fields(data.get("member"))
    told = _fields(member.get("user")) or _fields(data.get("user"))
    if not told:
        return {}
    person = user(told)
    return {"user": person} | (
        {"member": _with(_MEMBER, member) | {"user": person}} if in_guild else {}
    )


def _channel(told: Json, where: object, *, in_guild: bool) -> Json:
    kinds, usual = (_GUILD_KINDS, _IN_GUILD) if in_guild else (_DIRECT_KINDS, _DIRECT)
    kind = told.get("type") if told.get("type") in kinds else usual
    place = _with(_CHANNEL, told) | {"id": where, "type": kind}
    if "recipients" in place:
        place["recipients"] = [user(one) for one in _list(place["recipients"])]
    if kind in _THREADS:
        # A thread of which nobody says where it is, is a place of its own.
        place = _with(_THREAD | {"parent_id": where}, place)
        place["thread_metadata"] = _with(_THREAD_STATE, _fields(place.get("thread_metadata")))
    return place


def _message(told: Json, where: object) -> Json:
    message = _with(_MESSAGE | {"channel_id": where}, told)
    message["author"] = user(message.get("author"))
    for name, one in (("attachments", _FILE), ("mentions", _USER)):
        message[name] = [_with(one, _fields(each)) for each in _list(message.get(name))]
    if "member" in message:
        message["member"] = _with(_MEMBER, _fields(message["member"]))
    return message


def _press(told: Json) -> Json:
    return _with({"custom_id": "", "component_type": 2}, told)


def _form(told: Json) -> Json:
    """A form as it was filled in. None of ours asks for people, channels or files."""
    data = {name: value for name, value in told.items() if name != "resolved"}
    return _with({"custom_id": ""}, data) | {"components": _list(told.get("components"))}


def _choice(told: Json, where: object) -> Json:
    """A command as it was chosen. Options are of the kind that their values are."""
    data = _with({"id": "0", "name": "", "type": 1}, told)
    if data["type"] == _MESSAGE_MENU:
        messages = _fields(_fields(data.get("resolved")).get("messages"))
        messages = messages or {str(data.get("target_id")): {"id": data.get("target_id")}}
        filled = {key: _message(_fields(one), where) for key, one in messages.items()}
        data["resolved"] = _fields(data.get("resolved")) | {"messages": filled}
    elif data["type"] == 1:
        # None of ours asks for people, channels or files, which would have to be looked up.
        data.pop("resolved", None)
    if "options" in data:
        data["options"] = _options(data["options"], within=False)
    return data


def _options(told: object, *, within: bool) -> list[Json]:
    """Those that can be read; `within` a subcommand there are but values."""
    found = []
    for each in _list(told):
        one = {name: value for name, value in _fields(each).items() if value is not None}
        if not isinstance(one.get("name"), str):
            continue
        if one.get("focused"):
            # Nothing is typed yet, or something that is not yet what it is to be.
            found.append(one | {"type": _TEXT, "value": str(one.get("value", ""))})
        elif "value" in one:
            found.append(one | _valued(one["value"], one.get("type")))
        elif not within:
            group = one.get("type") == _GROUP
            inner = _options(one.get("options"), within=not group)
            found.append(one | {"type": _GROUP if group else _SUBCOMMAND, "options": inner})
    return found


def _valued(value: object, told: object) -> Json:
    if isinstance(value, str) and told == _SWITCH:
        value = value.strip().lower() in ("true", "yes", "1")
    if isinstance(value, bool):
        return {"type": _SWITCH, "value": value}
    if isinstance(value, int | float):
        return {"type": _INTEGER if isinstance(value, int) else _NUMBER, "value": value}
    return {"type": _TEXT, "value": value if isinstance(value, str) else str(value)}


def _with(usual: Mapping[str, Any], told: Json) -> Json:
    """What is told, and the usual where it says nothing."""
    return told | {name: value for name, value in usual.items() if told.get(name) is None}


def _fields(told: object) -> Json:
    return dict(told) if isinstance(told, dict) else {}


def _list(told: object) -> list[object]:
    return told if isinstance(told, list) else []


def _first(*ids: object) -> object:
    return next((one for one in ids if one), None)


def _number(told: object) -> bool:
    """Whether this is an id as Discord has them."""
    return isinstance(told, str | int) and str(told).isdecimal() and int(told) > 0


def _pair(told: object) -> bool:
    return isinstance(told, list) and len(told) == 2 and all(isinstance(one, int) for one in told)
