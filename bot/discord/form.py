"""A command as a form, and a form back as the line that would have been typed. Pure.

All that a form has to know stands in its own id, so that one which was opened before a restart is
read after it. https://docs.discord.com/developers/components/using-modal-components
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.discord.complete import LONGEST, fitting, shortened
from bot.discord.parse import describe, line_of, option_name
from core.commands.command import Command, Flag
from core.commands.parse import parse
from core.commands.saving import NO_SAVE, TO
from core.errors import InvalidInput
from core.markdown.richtext import units
from core.messages import Call
from core.ports import Choice, Chosen
from core.preferences import NOTHING, Preferred, as_usual

Json = dict[str, Any]
Given = Mapping[str, str | bool]
Choices = Mapping[Chosen, Sequence[Choice]]

PREFIX = "form:"
"""How the id of a form begins; the line of what it does not ask for follows."""

SWITCHES = "switches"
"""The id of the field with everything that is a yes or no."""

SAVING = "switches-saving"
"""The same for somebody who saves at once: that is ticked, and taking it away says not to."""

ASKED: tuple[Chosen, ...] = ("provider", "template", "destination")
"""What a form asks for, in this order. A model hangs on the provider, and is typed."""

LONGEST_TEXT = 4_000
_LONGEST_TITLE = _LONGEST_LABEL = 45
_LONGEST_ID = 100
_LONGEST_PLACEHOLDER = 150
_NO_TEMPLATE = Choice("none", "No template")

_WORDS = {
    "ask": ("Ask this page", "Your question"),
    "save": ("Append to page", "What to add, or a message's link"),
}

_TEXT_INPUT, _SELECT, _LABEL, _CHECKBOXES = 4, 3, 18, 22
_SHORT, _PARAGRAPH = 1, 2


def render_form(
    command: Command, given: Given, choices: Choices, usual: Preferred = NOTHING
) -> Json:
    """The form of a command that has a text. `given` are the flags that were typed already.

    A flag that nobody knows choices for is a field to type in. `usual` is what the person chose for
    themselves, which the form begins with.
    """
    shown = _asked(command)
    switches = [flag for flag in command.flags if flag.value is None and flag.undoes is None]
    carried = {
        option_name(flag.name): given[flag.name]
        for flag in command.flags
        if flag.name in given and flag not in (*shown, *switches)
    }
    line = line_of(command, carried)
    name, _, rest = line.partition(" ")
    fits = units(PREFIX + line) <= _LONGEST_ID
    fields = [_text(command, "" if fits else f"{rest} ")]
    fields += [_choice(flag, given.get(flag.name), choices, usual) for flag in shown]
    fields += [_switches(switches, given, usual)] if switches else []
    return {
        "custom_id": PREFIX + (line if fits else name),
        "title": shortened(command.summary.rstrip("."), _LONGEST_TITLE),
        "components": fields,
    }


def render_words(call: Call, command: Command) -> Json:
    """A form for the text alone that a button's call lacks; its flags stand in the form's id."""
    flags = {option_name(name): value for name, value in call.flags.items()}
    title, label = _WORDS[call.command]
    field = {
        "type": _TEXT_INPUT,
        "custom_id": option_name(command.argument.name if command.argument else "text"),
        "style": _PARAGRAPH,
        "required": True,
        "max_length": LONGEST_TEXT,
    }
    return {
        "custom_id": PREFIX + line_of(command, flags),
        "title": title,
        "components": [_labelled(label, "", field)],
    }


def line_of_form(data: Mapping[str, Any], commands: Mapping[str, Command]) -> str | None:
    """What the person would have typed; None where the form is none of these.

    Flags may stand in the text, as they may everywhere. A text that cannot be read like that is
    taken as it is: whoever wrote it would have to write it again.
    """
    custom_id = str(data.get("custom_id", ""))
    if not custom_id.startswith(PREFIX):
        return None
    name, _, carried = custom_id.removeprefix(PREFIX).partition(" ")
    command = commands.get(name)
    if command is None or not command.listed or command.argument is None:
        return name
    values = dict(_values(data.get("components")))
    if option_name(TO.name) in values:
        values.pop(option_name(NO_SAVE.name), None)
    line = _line(command, carried, values)
    try:
        parse(line)
    except InvalidInput:
        text = option_name(command.argument.name)
        # A lone `--` ends the flags.
        return _line(command, carried, values | {text: f"-- {values.get(text, '')}"})
    return line


def _line(command: Command, carried: str, values: Mapping[str, object]) -> str:
    name, _, rest = line_of(command, values).partition(" ")
    return " ".join(part for part in (name, carried, rest) if part)


def _values(told: object) -> Iterator[tuple[str, str | bool]]:
    """What each field holds, by its id; what was ticked is a yes.

    Fields stand in labels, from older servers in rows.
    """
    for one in told if isinstance(told, list) else []:
        if not isinstance(one, dict):
            continue
        yield from _values(one.get("components"))
        yield from _values([one.get("component")])
        key, several, value = one.get("custom_id"), one.get("values"), one.get("value")
        if not isinstance(key, str):
            continue
        if isinstance(several, list) and key in (SWITCHES, SAVING):
            yield from ((str(each), True) for each in several)
            if key == SAVING and NO_SAVE.undoes not in several:
                yield option_name(NO_SAVE.name), True
        elif isinstance(several, list):
            yield from ((key, str(each)) for each in several[:1])
        elif isinstance(value, str | bool):
            yield key, value


def _asked(command: Command) -> list[Flag]:
    known = {flag.choose: flag for flag in command.flags}
    return [known[choose] for choose in ASKED if choose in known]


def _text(command: Command, start: str) -> Json:
    argument = command.argument
    assert argument is not None  # noqa: S101 - a form is of a text
    field = {
        "type": _TEXT_INPUT,
        "custom_id": option_name(argument.name),
        "style": _PARAGRAPH if argument.choose is None else _SHORT,
        "required": argument.required,
        "max_length": LONGEST_TEXT,
    }
    if argument.example:
        field["placeholder"] = shortened(argument.example.partition(" --")[0])
    return _labelled(argument.name, "", field | ({"value": start[:LONGEST_TEXT]} if start else {}))


def _choice(flag: Flag, given: str | bool | None, choices: Choices, usual: Preferred) -> Json:
    """A list to choose from, beginning with what was given; where there is none, words."""
    name = flag.choose or flag.name
    key, wanted = option_name(flag.name), given if isinstance(given, str) else ""
    known = fitting(choices.get(flag.choose, ()) if flag.choose else ())
    if known and flag.choose == "template" and usual.template:
        known = fitting([*known, _NO_TEMPLATE])
    chosen = next((one for one in known if wanted in (one.value, one.label)), None)
    if known and wanted and chosen is None and units(wanted) <= LONGEST:
        chosen = Choice(wanted, wanted)
        known = fitting([chosen, *known])
    if not known or (wanted and chosen is None):
        field = {"type": _TEXT_INPUT, "custom_id": key, "style": _SHORT, "required": False}
        return _labelled(name, flag.help, field | ({"value": wanted} if wanted else {}))
    return _labelled(
        name,
        flag.help,
        {
            "type": _SELECT,
            "custom_id": key,
            "placeholder": shortened(as_usual(flag.choose or "", usual), _LONGEST_PLACEHOLDER),
            "required": False,
            "min_values": 0,
            "max_values": 1,
            "options": options(known, chosen.value if chosen else None),
        },
    )


def _switches(flags: Sequence[Flag], given: Given, usual: Preferred) -> Json:
    is_saving = usual.saves and any(flag.name == NO_SAVE.undoes for flag in flags)
    saves = is_saving and not {NO_SAVE.name, "private"} & given.keys()
    ticks = [
        {
            "value": option_name(flag.name),
            "label": shortened(flag.help.rstrip(".")),
            "default": bool(given.get(flag.name)) or (saves and flag.name == NO_SAVE.undoes),
        }
        for flag in flags
    ]
    return _labelled(
        "And then",
        "",
        {
            "type": _CHECKBOXES,
            "custom_id": SAVING if is_saving else SWITCHES,
            "required": False,
            "min_values": 0,
            "max_values": len(ticks),
            "options": ticks,
        },
    )


def options(choices: Sequence[Choice], chosen: str | None) -> list[Json]:
    """The options of a list, with the one chosen."""
    return [
        {"label": one.label, "value": one.value, "default": one.value == chosen} for one in choices
    ]


def _labelled(name: str, about: str, field: Json) -> Json:
    label: Json = {"type": _LABEL, "label": shortened(name.capitalize(), _LONGEST_LABEL)}
    return label | ({"description": describe(about)} if about else {}) | {"component": field}
