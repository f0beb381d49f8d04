"""Application commands: what may be registered, and what is.

docs.discord.com/developers/interactions/application-commands#application-command-object
"""

import re
from typing import Any

from sandbox.discord.errors import DiscordRefusal, bad_length, fault, invalid_form, unknown
from sandbox.discord.world import World

CHAT_INPUT = 1
SUB_COMMAND, SUB_COMMAND_GROUP = 1, 2
NAME = re.compile(r"[-_'\w]{1,32}")

Json = dict[str, Any]


def overwrite(world: World, guild_id: str | None, wanted: Any) -> list[Json]:
    """Puts these commands in place of all others of the guild, or of the global ones.

    A command keeps its id while its name and type stay. Raises DiscordRefusal 50035, 30032, 10004.
    """
    if guild_id is not None and guild_id not in world.guilds:
        raise unknown("Guild")
    if not isinstance(wanted, list):
        raise invalid_form(fault("BASE_TYPE_LIST", "Must be a list."))
    _check_all(wanted)
    before = {(one["type"], one["name"]): one for one in world.commands.get(guild_id, [])}
    world.commands[guild_id] = [
        _registered(world, guild_id, one, before.get((one.get("type", CHAT_INPUT), one["name"])))
        for one in wanted
    ]
    return world.commands[guild_id]


def _check_all(wanted: list[Json]) -> None:
    errors = {str(index): wrong for index, one in enumerate(wanted) if (wrong := _errors(one))}
    named = [(one.get("type", CHAT_INPUT), one.get("name")) for one in wanted]
    if len(named) != len(set(named)):
        text = "Application command names must be unique"
        errors = fault("APPLICATION_COMMANDS_DUPLICATE_NAME", text)
    if errors:
        raise invalid_form(errors)
    if sum(kind == CHAT_INPUT for kind, _ in named) > 100:
        raise DiscordRefusal(400, 30032, "Maximum number of application commands reached (100).")


def _registered(world: World, guild_id: str | None, command: Json, old: Json | None) -> Json:
    body: Json = {
        "description": "",
        "default_member_permissions": None,
        "type": CHAT_INPUT,
        "nsfw": False,
        "dm_permission": True,
        "contexts": None,
        "integration_types": [0],
        **{name: value for name, value in command.items() if value is not None},
        "id": old["id"] if old else world.next_id(),
        "application_id": world.application_id,
        "version": world.next_id(),
    }
    return body | {"guild_id": guild_id} if guild_id else body


def _errors(command: Json) -> Json:
    errors: Json = {}
    name, kind = str(command.get("name", "")), command.get("type", CHAT_INPUT)
    if kind == CHAT_INPUT:
        errors = _named_errors(command)
    elif not 1 <= len(name) <= 32:
        errors["name"] = bad_length(1, 32)
    elif command.get("description"):
        text = "Context menu commands cannot have description"
        errors["description"] = fault("APPLICATION_COMMAND_INVALID_DESCRIPTION", text)
    if kind not in (1, 2, 3, 4):
        text = "Value must be one of {1, 2, 3, 4}."
        errors["type"] = fault("BASE_TYPE_CHOICES", text)
    if written(command) > 8_000:
        text = "The combined names, descriptions and values are above 8000 characters."
        errors["name"] = fault("APPLICATION_COMMAND_TOO_LARGE", text)
    return errors | _option_errors(command, depth=0)


def written(command: Json) -> int:
    """The characters that count towards the 8,000 of one command."""
    own = len(str(command.get("name", ""))) + len(str(command.get("description", "")))
    own += sum(len(one["name"]) + len(str(one["value"])) for one in command.get("choices") or [])
    return own + sum(written(one) for one in command.get("options") or [])


def _named_errors(thing: Json) -> Json:
    errors: Json = {}
    name = str(thing.get("name", ""))
    if not NAME.fullmatch(name) or name != name.lower():
        text = "Command name is invalid"
        errors["name"] = fault("APPLICATION_COMMAND_INVALID_NAME", text)
    if not 1 <= len(thing.get("description") or "") <= 100:
        errors["description"] = bad_length(1, 100)
    return errors


def _option_errors(owner: Json, depth: int) -> Json:
    options = owner.get("options") or []
    if len(options) > 25:
        return {"options": bad_length(0, 25)}
    errors = {
        str(index): wrong for index, one in enumerate(options) if (wrong := _option(one, depth))
    }
    required = [bool(one.get("required")) for one in options]
    if required != sorted(required, reverse=True):
        text = "Required options must be placed before non-required options"
        errors = fault("APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", text)
    return {"options": errors} if errors else {}


def _option(option: Json, depth: int) -> Json:
    errors = _named_errors(option)
    kind = option.get("type")
    if kind not in range(1, 12):
        errors["type"] = fault("BASE_TYPE_CHOICES", "Value must be one of {1, …, 11}.")
    if kind == SUB_COMMAND_GROUP and depth > 0:
        text = "Sub-command groups cannot be nested"
        errors["type"] = fault("APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", text)
    choices = option.get("choices") or []
    if len(choices) > 25:
        errors["choices"] = bad_length(0, 25)
    elif choices and option.get("autocomplete"):
        text = "Choices and autocomplete cannot both be set"
        errors["autocomplete"] = fault("APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE", text)
    for index, choice in enumerate(choices):
        if not 1 <= len(str(choice.get("name", ""))) <= 100:
            errors["choices"] = {str(index): {"name": bad_length(1, 100)}}
    return errors | _option_errors(option, depth + 1)


def find(world: World, guild_id: str | None, name: str, kind: int = CHAT_INPUT) -> Json:
    """A registered command as a person would pick it; LookupError when there is none."""
    for scope in (guild_id, None):
        for one in world.commands.get(scope, []):
            if one["name"] == name and one["type"] == kind:
                return one
    raise LookupError(f"no command {name} of type {kind} is registered")


def filled(options: list[Json], values: dict[str, Any]) -> list[Json]:
    """The options of an invocation. ValueError for what Discord's client would not send."""
    known = {one["name"]: one for one in options}
    if unexpected := sorted(values.keys() - known.keys()):
        raise ValueError(f"no such option: {', '.join(unexpected)}")
    for name, option in known.items():
        if option.get("required") and name not in values:
            raise ValueError(f"the option {name} is required")
    return [
        {"name": name, "type": known[name]["type"], "value": value}
        for name, value in values.items()
    ]
