"""The manifest against the program and the README: what is asked of Slack is what is used."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped] # no types, and one file to read

from bot.slack.entry import COMMAND, SHORTCUT
from bot.slack.manifest import APPEND, EVENTS, NEW_PAGE, SCOPES
from bot.slack.manifest import manifest as made
from core.commands.registry import COMMANDS
from sandbox.slack.scopes import BY_KIND, BY_METHOD
from scripts.manifest import main, manifest_yaml

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def manifest() -> Any:
    return yaml.safe_load((ROOT / "docs/slack-manifest.yaml").read_text(encoding="utf-8"))


def test_the_file_is_what_the_program_makes() -> None:
    kept = (ROOT / "docs/slack-manifest.yaml").read_text(encoding="utf-8")
    assert kept == manifest_yaml(), "make manifest"


def test_the_manifest_for_socket_mode_has_no_address(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--socket"]) == 0
    printed = yaml.safe_load(capsys.readouterr().out)
    assert printed["settings"]["socket_mode_enabled"] is True
    assert not re.search("url|https", str(printed))
    whole = made("https://notes.acme.test")
    assert printed["oauth_config"]["scopes"] == whole["oauth_config"]["scopes"]
    events = [app["settings"]["event_subscriptions"]["bot_events"] for app in (printed, whole)]
    assert events[0] == events[1]
    assert printed["settings"]["interactivity"]["is_enabled"] is True
    [command] = printed["features"]["slash_commands"]
    assert command["command"] == "/notion"


def test_what_is_no_https_address_makes_no_manifest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["http://localhost:8080"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "--socket" in err


def test_each_server_gets_its_own_addresses(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["https://notes.acme.test/"]) == 0
    printed = yaml.safe_load(capsys.readouterr().out)
    assert printed == made("https://notes.acme.test")
    assert "example.com" not in str(printed)
    assert printed["oauth_config"]["redirect_urls"] == [
        "https://notes.acme.test/slack/oauth_redirect",
        "https://notes.acme.test/auth/slack/callback",
    ]


def test_the_hint_names_every_command_that_people_type(manifest: Any) -> None:
    [command] = manifest["features"]["slash_commands"]
    hint = command["usage_hint"].split(" | ")
    listed = [each for each in COMMANDS.values() if each.listed]
    assert [f"/notion {each}" for each in hint] == [each.usage for each in listed]
    assert command["description"] + "." == COMMANDS["generate"].summary
    # Slack's own limits.
    assert len(command["usage_hint"]) <= 1000
    assert len(command["description"]) <= 2000


def test_people_find_the_app_as_an_agent_with_a_home(manifest: Any) -> None:
    features = manifest["features"]
    assert features["app_home"]["home_tab_enabled"] is True
    view = features["agent_view"]
    # Slack takes one of the two views, and `assistant_view` is the older.
    assert "assistant_view" not in features
    assert 0 < len(view["agent_description"]) <= 300
    assert 1 <= len(view["suggested_prompts"]) <= 4
    assert all(one["title"] and one["message"] for one in view["suggested_prompts"])


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
    shortcuts = features["shortcuts"]
    known = [
        ("message", SHORTCUT, "Save to Notion"),
        ("message", APPEND, "Append to Notion page"),
        ("global", NEW_PAGE, "New Notion page"),
    ]
    assert [(one["type"], one["callback_id"], one["name"]) for one in shortcuts] == known
    assert all(len(one["name"]) <= 24 and len(one["description"]) <= 150 for one in shortcuts)
    assert features["app_home"]["messages_tab_enabled"] is True
    assert features["app_home"]["messages_tab_read_only_enabled"] is False


def test_each_event_has_the_scope_it_needs(manifest: Any) -> None:
    scopes = set(manifest["oauth_config"]["scopes"]["bot"])
    needed = {
        "agent_session_stopped": "assistant:write",
        "app_mention": "app_mentions:read",
        "app_home_opened": "",
        "app_uninstalled": "",
        "assistant_thread_context_changed": "assistant:write",
        "assistant_thread_started": "assistant:write",
        "message.channels": "channels:history",
        "message.groups": "groups:history",
        "message.im": "im:history",
        "message.mpim": "mpim:history",
        "reaction_added": "reactions:read",
        "reaction_removed": "reactions:read",
        "tokens_revoked": "",
    }
    assert needed == EVENTS
    assert set(manifest["settings"]["event_subscriptions"]["bot_events"]) == set(needed)
    assert set(needed.values()) - {""} <= scopes == set(SCOPES)


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
        settings["interactivity"]["message_menu_options_url"],
        settings["event_subscriptions"]["request_url"],
        *(one["url"] for one in manifest["features"]["slash_commands"]),
    ]
    assert {url.partition("example.com")[2] for url in urls} == {"/slack/events"}
