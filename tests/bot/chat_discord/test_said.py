import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.discord.said import answered, is_blank, is_said, located, message_of
from core.messages import File, Mention, Message

BASE: dict[str, Any] = {
    "id": "10",
    "channel_id": "20",
    "type": 0,
    "content": "hello <@2>",
    "author": {"id": "1", "username": "ada", "global_name": "Ada L."},
    "mentions": [{"id": "2", "username": "grace", "global_name": "Grace"}],
    "timestamp": "2026-05-01T10:00:00.123000+00:00",
}


def test_a_message_has_its_author_time_address_and_files() -> None:
    url = "https://cdn.example/a.txt"
    files = [{"filename": "a.txt", "url": url, "content_type": "text/plain", "size": 3}]
    said = message_of(BASE | {"attachments": files}, "30", {}, {"9"})
    assert (said.id, said.author, said.text) == ("10", "Ada L.", "hello @Grace")
    assert said.at == datetime(2026, 5, 1, 10, 0, 0, 123000, UTC)
    assert said.link == "https://discord.com/channels/30/20/10"
    assert said.files == (File("a.txt", url, "text/plain", 3, url),)
    assert not said.ours


def test_a_private_message_has_an_address_too() -> None:
    assert message_of(BASE, "", {}, {"1"}).link == "https://discord.com/channels/@me/20/10"
    assert message_of(BASE, "", {}, {"1"}).ours


def test_the_name_used_in_the_server_comes_first() -> None:
    member = {"nick": "The Countess"}
    assert message_of(BASE | {"member": member}, "", {}, ()).author == "The Countess"
    plain = BASE | {"author": {"id": "1", "username": "ada", "global_name": None}}
    assert message_of(plain, "", {}, ()).author == "ada"


def test_what_was_forwarded_is_there_and_marked() -> None:
    snapshot = {
        "content": "two\nlines",
        "timestamp": "2026-04-30T09:00:00+00:00",
        "attachments": [{"filename": "f", "url": "u"}],
    }
    forwarded = BASE | {
        "content": "",
        "message_reference": {"type": 1, "message_id": "5", "channel_id": "6", "guild_id": "7"},
        "message_snapshots": [{"message": snapshot}],
    }
    said = message_of(forwarded, "", {}, ())
    assert said.text == (
        "Forwarded (2026-04-30 09:00 UTC) · "
        "[Original message](<https://discord.com/channels/7/6/5>)\n\n> two\n> lines"
    )
    bare = forwarded | {
        "message_reference": {"type": 1},
        "message_snapshots": [{"message": {"id": "1"}}],
    }
    assert message_of(bare, "", {}, ()).text == "Forwarded"
    assert said.files == (File("f", "u", source="u"),)
    assert answered(forwarded) == ""


def test_cards_polls_and_stickers_are_text() -> None:
    card = BASE | {"content": "", "embeds": [{"title": "T", "description": "D"}]}
    assert message_of(card, "", {}, ()).text == "**T**\n\nD"
    poll = {"question": {"text": "When?"}, "answers": [{"poll_media": {"text": "Now"}}]}
    more = BASE | {"content": "", "poll": poll, "sticker_items": [{"name": "wave"}]}
    assert message_of(more, "", {}, ()).text == ":wave:\n\n**When?**\n\n- Now"


def test_an_apps_card_is_there_whole_beside_its_words() -> None:
    embed = {
        "type": "rich",
        "author": {"name": "Deploys"},
        "title": "Build 7",
        "url": "https://ci.example/7",
        "description": "**Passed** for <@1>",
        "fields": [{"name": "Took", "value": "2 min"}, {"name": "Steps", "value": "- a\n- b"}],
        "footer": {"text": "main"},
    }
    bot = {"id": "8", "username": "ci", "bot": True}
    said = BASE | {"author": bot, "content": "Done", "embeds": [embed, {"type": "link"}]}
    assert message_of(said, "", {"@1": "Ada"}, ()).text == (
        "Done\n\n*Deploys*\n\n[**Build 7**](<https://ci.example/7>)\n\n**Passed** for @Ada\n\n"
        "**Took**: 2 min\n\n**Steps**\n\n- a\n- b\n\nmain"
    )
    # Beside a person's words, and where the words have its address, Discord unfolded a link.
    assert message_of(said | {"author": BASE["author"]}, "", {}, ()).text == "Done"
    linked = said | {"content": "https://ci.example/7"}
    assert message_of(linked, "", {}, ()).text == "https://ci.example/7"


def test_the_texts_of_components_are_said() -> None:
    text = {"type": 10, "content": "# Hello <@1>"}
    section = {"type": 9, "components": [{"type": 10, "content": "there"}], "accessory": {}}
    button = {"type": 1, "components": [{"type": 2, "label": "Press"}]}
    box = {"type": 17, "components": [text, {"type": 14}, section, button]}
    said = BASE | {"content": "", "components": [box]}
    assert message_of(said, "", {"@1": "Ada"}, ()).text == "# Hello @Ada\n\nthere"


def test_all_of_a_forwarded_message_is_there() -> None:
    snapshot = {
        "content": "",
        "embeds": [{"title": "T"}],
        "sticker_items": [{"name": "wave"}],
    }
    forwarded = BASE | {
        "content": "see",
        "message_reference": {"type": 1},
        "message_snapshots": [{"message": snapshot}],
    }
    assert message_of(forwarded, "", {}, ()).text == "see\n\nForwarded\n\n> **T**\n>\n> :wave:"


def test_a_poll_tells_its_votes_and_nothing_in_it_is_markup() -> None:
    poll = {
        "question": {"text": "*When*?"},
        "answers": [
            {"answer_id": 1, "poll_media": {"text": "Now", "emoji": {"name": "🚀"}}},
            {"answer_id": 2, "poll_media": {"text": "Never", "emoji": {"id": "5", "name": "no"}}},
        ],
        "results": {"answer_counts": [{"id": 1, "count": 1}, {"id": 2, "count": 3}]},
    }
    said = message_of(BASE | {"content": "", "poll": poll}, "", {}, ()).text
    assert said == r"**\*When\*?**" + "\n\n- 🚀 Now (1 vote)\n- :no: Never (3 votes)"


def test_what_only_happened_was_not_said() -> None:
    assert is_said(BASE)
    assert is_said(BASE | {"type": 19})
    assert not is_said(BASE | {"type": 7})
    assert not is_said(BASE | {"type": 20, "flags": 1 << 7})


def test_what_discord_hides_is_blank() -> None:
    hidden = BASE | {"content": "", "embeds": [], "attachments": [], "components": []}
    assert is_blank(hidden)
    assert not is_blank(hidden | {"attachments": [{}]})
    assert not is_blank(BASE)
    assert not is_blank(hidden | {"type": 7})


def test_only_a_reply_answers_a_message() -> None:
    reference = {"message_reference": {"message_id": "5"}}
    assert answered(BASE | {"type": 19} | reference) == "5"
    assert answered(BASE | {"type": 21} | reference) == ""
    assert answered(BASE) == ""


@pytest.mark.parametrize(
    "link",
    [
        "https://discord.com/channels/1/2/3",
        " <https://ptb.discord.com/channels/1/2/3> ",
        "https://canary.discord.com/channels/1/2/3/",
        "https://discordapp.com/channels/1/2/3?a=b",
    ],
)
def test_an_address_names_a_message(link: str) -> None:
    found = located(link)
    assert found
    assert (found["guild_id"], found["channel_id"], found["message"]) == ("1", "2", "3")


def test_an_address_in_private_names_no_server() -> None:
    found = located("https://discord.com/channels/@me/2/3")
    assert found
    assert found["guild_id"] == ""


@pytest.mark.parametrize(
    "link",
    [
        "https://discord.com/channels/1/2",
        "https://example.com/channels/1/2/3",
        "https://discord.com.example/channels/1/2/3",
        "3",
        "",
    ],
)
def test_other_addresses_name_none(link: str) -> None:
    assert located(link) is None


def test_a_message_says_whom_it_mentions_by_the_names_it_shows() -> None:
    ada = {"id": "1", "username": "ada", "member": {"nick": "Countess"}}
    bot = {"id": "2", "username": "helper", "bot": True}
    snapshot = {"content": "<@3>", "mentions": [{"id": "3", "username": "bob"}]}
    said = BASE | {
        "content": "<@1> <@2>",
        "mentions": [ada, bot],
        "message_reference": {"type": 1},
        "message_snapshots": [{"message": snapshot}],
    }
    found = message_of(said, "", {}, ())
    assert found.mentions == (Mention("1", "Countess"), Mention("3", "bob"))
    assert "@Countess" in found.text
    assert Message.from_json(json.loads(json.dumps(found.to_json()))) == found
