from collections.abc import Awaitable, Callable

import pytest

from core.commands.parse import parse
from core.commands.registry import COMMANDS
from core.errors import InvalidInput
from core.messages import Answer
from core.templates import TEMPLATES

Say = Callable[..., Awaitable[Answer]]
LISTED = [command for command in COMMANDS.values() if command.listed]


@pytest.mark.parametrize("name", [command.name for command in LISTED])
async def test_each_command_says_how_it_is_typed_its_flags_and_an_example(
    say: Say, name: str
) -> None:
    command = COMMANDS[name]
    text = (await say(f"help {name}")).text
    first, *rest = text.splitlines()
    assert first == f"`{command.usage}` — {command.summary}"
    assert all(f"`--{flag.name}" in text and flag.help in text for flag in command.flags)
    *_, example = [line for line in rest if line.startswith("For example: ")]
    typed = example.partition("`")[2].rstrip("`")
    assert parse(typed).command == name, "the example is one that can be typed"


async def test_the_help_of_settings_names_every_choice(say: Say) -> None:
    text = (await say("help settings")).text
    for typed in (
        "provider NAME",
        "model NAME",
        "template NAME",
        "save on",
        "reset",
        "notion",
        "announce on",
    ):
        assert f"`/notion settings {typed}` — " in text
    assert "There is: openai, deepseek." in text
    assert all(name in text for name in TEMPLATES)


async def test_the_help_of_places_and_links_shows_each_way(say: Say) -> None:
    text = (await say("help to")).text
    for typed in ("`/notion to`", "`/notion to DESTINATION`", "`/notion to :emoji: DESTINATION`"):
        assert typed in text
    text = (await say("help link")).text
    for typed in ("`/notion link`", "`/notion link CODE`", "`/notion link yes`"):
        assert typed in text


async def test_the_flag_for_a_provider_names_those_there_are(say: Say) -> None:
    line = next(line for line in (await say("help ask")).text.splitlines() if "--provider" in line)
    assert line.endswith("There is: openai, deepseek.")


async def test_a_command_that_is_none_is_told_with_the_nearest_or_with_all(say: Say) -> None:
    with pytest.raises(InvalidInput, match="Did you mean `/notion help settings`"):
        await say("help setings")
    with pytest.raises(InvalidInput) as raised:
        await say("help xyzzy")
    assert all(command.name in raised.value.message for command in LISTED)


async def test_a_setting_that_is_none_is_told_with_those_there_are(say: Say) -> None:
    with pytest.raises(InvalidInput) as raised:
        await say("settings xyzzy")
    for name in ("provider", "model", "template", "save", "notion", "announce", "reset"):
        assert name in raised.value.message
