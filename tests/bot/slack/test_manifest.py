"""The manifest against the program and the README: what is asked of Slack is what is used."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped] # no types, and one file to read

from bot.slack.entry import COMMAND, SHORTCUT
from sandbox.slack.scopes import BY_KIND, BY_METHOD

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def manifest() -> Any:
    return yaml.safe_load((ROOT / "docs/slack-manifest.yaml").read_text(encoding="utf-8"))


def test_the_readme_names_every_scope_and_no_other(manifest: Any) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.partition("### 3. Slack")[2].partition("\n### ")[0]
    table = "\n".join(re.findall(r"^ *\| `.*$", section, re.MULTILINE))
    named = [word for cell in table.split("\n") for word in re.findall(r"`([a-z:_.]+)`", cell)]
    asked = manifest["oauth_config"]["scopes"]["bot"]
    assert sorted(named) == sorted(asked)
    assert len(asked) == len(set(asked))


def test_the_command_and_the_menu_are_those_the_program_knows(manifest: Any) -> None:
    features = manifest["features"]
    assert [one["command"] for one in features["slash_commands"]] == [COMMAND]
    [shortcut] = features["shortcuts"]
    assert (shortcut["type"], shortcut["callback_id"]) == ("message", SHORTCUT)
    assert shortcut["name"] == "Save to Notion"
    assert len(shortcut["name"]) <= 24
    assert len(shortcut["description"]) <= 150
    assert features["app_home"]["messages_tab_enabled"] is True
    assert features["app_home"]["messages_tab_read_only_enabled"] is False


def test_each_event_has_the_scope_it_needs(manifest: Any) -> None:
    scopes = set(manifest["oauth_config"]["scopes"]["bot"])
    needed = {
        "app_mention": "app_mentions:read",
        "message.channels": "channels:history",
        "message.groups": "groups:history",
        "message.im": "im:history",
        "message.mpim": "mpim:history",
        "reaction_added": "reactions:read",
        "reaction_removed": "reactions:read",
    }
    assert set(manifest["settings"]["event_subscriptions"]["bot_events"]) == set(needed)
    assert set(needed.values()) <= scopes


def test_each_method_that_is_called_has_the_scope_it_needs(manifest: Any) -> None:
    scopes = set(manifest["oauth_config"]["scopes"]["bot"])
    source = "".join(file.read_text("utf-8") for file in (ROOT / "bot/slack").glob("*.py"))
    for method, scope in BY_METHOD.items():
        assert f'"{method}"' not in source or scope in scopes
    for method, kind in BY_KIND.items():
        for channel in ("channels", "groups", "im", "mpim"):
            assert f'"{method}"' not in source or f"{channel}:{kind}" in scopes


def test_every_address_is_the_one_path(manifest: Any) -> None:
    settings = manifest["settings"]
    urls = [
        settings["interactivity"]["request_url"],
        settings["event_subscriptions"]["request_url"],
        *(one["url"] for one in manifest["features"]["slash_commands"]),
    ]
    assert {url.partition("example.com")[2] for url in urls} == {"/slack/events"}
