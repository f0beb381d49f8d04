from typing import Any

import pytest

from bot.discord.sent import line_sent
from bot.discord.tolerance import interaction
from core.commands.registry import COMMANDS

PROMPT = {"name": "prompt", "value": "a list"}


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ([{"name": "generate", "options": [PROMPT]}], "generate a list"),
        ([{"name": "generate", "options": [PROMPT, {"name": "zzz"}]}], "generate --zzz a list"),
        ([{"name": "generate", "options": [{"name": "prompt", "value": 7}]}], "generate 7"),
        (
            [{"name": "generate", "options": [PROMPT, {"name": "save", "value": "false"}]}],
            "generate --no-save a list",
        ),
        (
            [{"name": "text", "value": "generate a list"}, {"name": "to", "value": "Team notes"}],
            'generate --to "Team notes" a list',
        ),
        ([{"name": "group", "options": [{"name": "help"}]}], "help"),
        ([{"name": "bogus", "options": [PROMPT]}], "bogus a list"),
        (["nonsense", {"value": 1}], ""),
        (None, ""),
    ],
)
def test_options_are_read_as_the_line_they_amount_to(options: Any, line: str) -> None:
    sent = line_sent({"name": "notion", "options": options}, "notion", COMMANDS)
    assert " ".join(sent.split()) == line


def test_a_message_of_a_menu_is_told_whole_and_with_what_was_told_of_it() -> None:
    said = {"id": "9", "content": "Hello.", "attachments": [{"url": "http://a/b"}]}
    data = {"type": 3, "name": "Save", "target_id": "9", "resolved": {"messages": {"9": said}}}
    read = interaction({"id": "1", "token": "t", "channel_id": "3", "data": data}, "6")
    message = read["data"]["resolved"]["messages"]["9"]
    assert (message["content"], message["channel_id"]) == ("Hello.", "3")
    assert message["attachments"][0]["url"] == "http://a/b"
    assert message["attachments"][0]["filename"]


def test_a_message_of_a_menu_that_is_not_told_of_is_known_by_its_id() -> None:
    data = {"type": 3, "name": "Save", "target_id": "9"}
    read = interaction({"id": "1", "token": "t", "channel_id": "3", "data": data}, "6")
    assert read["data"]["resolved"]["messages"]["9"]["id"] == "9"


def test_what_discord_sends_whole_is_not_changed() -> None:
    user = {"id": "4", "username": "ada", "discriminator": "0", "avatar": None}
    told = {
        "id": "1",
        "token": "t",
        "type": 2,
        "version": 1,
        "application_id": "5",
        "attachment_size_limit": 9,
        "guild_id": "2",
        "channel": {"id": "3", "type": 0, "name": "general", "position": 4},
        "member": {"user": user, "roles": ["8"], "flags": 1, "nick": "A", "permissions": "7"},
        "data": {"id": "7", "name": "notion", "type": 1, "options": []},
    }
    read = interaction(told, "6")
    for name in told.keys() - {"member", "channel"}:
        assert read[name] == told[name]
    for name in ("member", "channel"):
        assert read[name] | told[name] == read[name]
