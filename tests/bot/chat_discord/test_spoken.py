from typing import Any

import pytest

from bot.discord.spoken import (
    SAME,
    Deliveries,
    Reaction,
    asked,
    is_from_a_person,
    is_to_us,
    reaction_of,
)
from core.messages import Call

OWN = "7"
BASE: dict[str, Any] = {
    "id": "10",
    "channel_id": "20",
    "guild_id": "30",
    "type": 0,
    "content": "hello",
    "author": {"id": "1", "username": "ada"},
    "mentions": [],
}
REACTED: dict[str, Any] = {
    "user_id": "1",
    "message_id": "10",
    "channel_id": "20",
    "guild_id": "30",
    "emoji": {"id": None, "name": "📝"},
    "member": {"nick": "A.", "user": {"id": "1", "username": "ada"}},
}


@pytest.mark.parametrize(
    "changes",
    [
        {"author": {"id": OWN, "username": "bot"}},
        {"author": {"id": "2", "username": "other", "bot": True}},
        {"author": {"id": "2", "username": "discord", "system": True}},
        {"webhook_id": "99"},
        {"type": 7},
        {"type": 21},
        {"author": {}},
    ],
)
def test_only_people_are_listened_to(changes: dict[str, Any]) -> None:
    assert is_from_a_person(BASE, OWN)
    assert not is_from_a_person(BASE | changes, OWN)


def test_a_message_is_for_the_bot_by_mention_by_reply_and_in_private() -> None:
    assert not is_to_us(BASE, OWN)
    assert is_to_us(BASE | {"mentions": [{"id": OWN}]}, OWN)
    assert is_to_us(BASE | {"referenced_message": {"author": {"id": OWN}}}, OWN)
    assert not is_to_us(BASE | {"referenced_message": None}, OWN)
    assert is_to_us({name: one for name, one in BASE.items() if name != "guild_id"}, OWN)


def test_who_calls_everybody_or_a_role_does_not_call_the_bot() -> None:
    called = {"mention_everyone": True, "mention_roles": ["5"], "content": "@everyone <@&5>"}
    assert not is_to_us(BASE | called, OWN)


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("<@7> what is a monad?", Call("talk", "what is a monad?")),
        ("<@!7>", Call("help")),
        ("<@7> Help", Call("help")),
        ("<@7> help me", Call("talk", "help me")),
        ("<@7> /notion generate a --save", "/notion generate a --save"),
        ("/notionally", Call("talk", "/notionally")),
        ("ask <@1> in <#3>", Call("talk", "ask @Ada in #plans")),
    ],
)
def test_what_is_written_to_the_bot(written: str, wanted: str | Call) -> None:
    assert asked(BASE | {"content": written}, OWN, {"@1": "Ada", "#3": "plans"}) == wanted


def test_what_is_forwarded_to_the_bot_is_what_is_asked() -> None:
    forwarded = {
        "content": "",
        "message_reference": {"type": 1},
        "message_snapshots": [{"message": {"content": "long ago"}}],
    }
    assert asked(BASE | forwarded, OWN, {}) == Call("talk", "long ago")


def test_a_memo_asks_for_a_save_and_its_removal_for_the_opposite() -> None:
    put = reaction_of(REACTED, OWN, added=True)
    assert put == Reaction("10", "20", "30", "1", "A.", added=True)
    assert put.call == Call("save-marked")
    gone = reaction_of(REACTED | {"member": None}, OWN, added=False)
    assert gone
    assert (gone.call, gone.name) == (Call("undo-save"), "")


@pytest.mark.parametrize(
    "changes",
    [
        {"emoji": {"id": None, "name": None}},
        {"user_id": OWN},
        {"member": {"user": {"id": "2", "bot": True}}},
    ],
)
def test_other_reactions_ask_for_nothing(changes: dict[str, Any]) -> None:
    assert reaction_of(REACTED | changes, OWN, added=True) is None


def test_a_servers_own_emoji_is_known_by_its_number() -> None:
    own = reaction_of(REACTED | {"emoji": {"id": "4", "name": "📝"}}, OWN, added=True)
    nameless = reaction_of(REACTED | {"emoji": {"id": "4", "name": None}}, OWN, added=True)
    thumb = reaction_of(REACTED | {"emoji": {"id": None, "name": "👍"}}, OWN, added=True)
    assert own
    assert nameless
    assert thumb
    assert [own.emoji, nameless.emoji, thumb.emoji] == ["<:📝:4>", "<:emoji:4>", "👍"]
    names = Deliveries()
    assert len({names.name(each, 1.0) for each in (own, thumb)}) == 2


def test_the_same_reaction_told_twice_has_one_name_and_another_has_another() -> None:
    put = Reaction("10", "20", "30", "1", "A.", added=True)
    taken = Reaction("10", "20", "30", "1", "A.", added=False)
    names = Deliveries()
    first = names.name(put, 1000.0)
    assert names.name(put, 1000.0 + SAME - 1) == first
    gone = names.name(taken, 1001.0 + SAME / 2)
    again = names.name(put, 1002.0 + SAME / 2)
    later = names.name(put, 1000.0 + 5 * SAME)
    assert len({first, gone, again, later}) == 4
    elsewhere = Deliveries()
    assert elsewhere.name(put, 1000.1) == first
    other = Reaction("10", "20", "30", "2", "B.", added=True)
    assert elsewhere.name(other, 1000.1) != first
