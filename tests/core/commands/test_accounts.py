"""`/notion link`, `unlink` and `settings`, and 👍 👎."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import pytest
from prometheus_client import REGISTRY

from core.accounts.links import Links
from core.actions import call_of
from core.commands.registry import is_private
from core.errors import InvalidInput, NotFound
from core.messages import Answer, Call, Sender
from core.storage.content import Written
from core.storage.database import Database

Say = Callable[..., Awaitable[Answer]]


async def account(database: Database, name: str = "ada") -> UUID:
    async with database.begin() as unit:
        return (await unit.users.add(f"{name}@example.com", name, None)).id


async def preferences(database: Database, name: str = "ada") -> dict[str, object]:
    async with database.read() as unit:
        user = await unit.users.find(Sender("slack", name, name, "T1"))
    assert user is not None
    return user.preferences


@pytest.mark.parametrize("command", ["link", "unlink", "settings", "rate", "linked"])
def test_nobody_else_sees_what_is_said_of_an_account(command: str) -> None:
    assert is_private(Call(command))


async def test_the_link_holds_the_code_where_no_server_sees_it(
    say: Say, database: Database, links: Links
) -> None:
    answer = await say("link")
    found = re.search(r"https://notes\.example/link#code=([A-Z2-7]{26})\s", answer.text)
    assert found
    assert f"`{found[1]}`" in answer.text
    assert answer.private
    assert "Show it to nobody" in answer.notes[0]
    ada = await account(database)
    await links.confirm(ada, found[1])
    again = await say("link")
    assert "#code=" not in again.text
    assert "ada (a…@example.com) already" in again.text


async def test_a_code_from_the_web_joins_and_unlink_parts(
    say: Say, database: Database, links: Links
) -> None:
    ada = await account(database)
    with pytest.raises(InvalidInput, match="not valid"):
        await say("link ABCDE-FGHIJ")
    answer = await say(f"link {await links.web_code(ada)}")
    assert "linked to the account" in answer.text
    assert answer.notes == ("If this was not you: `/notion unlink --not-me`, within a day.",)
    async with database.read() as unit:
        user = await unit.users.find(Sender("slack", "ada", "ada", "T1"))
    assert user is not None
    assert user.id == ada
    parted = await say("unlink")
    assert "no longer linked to the account ada (a…@example.com)" in parted.text
    assert "stays in its history" in parted.text
    assert "linked to no account" in (await say("unlink")).text


async def test_settings_show_how_somebody_stands(
    say: Say, database: Database, links: Links
) -> None:
    shown = (await say("settings")).text
    assert "Account: none. `/notion link`" in shown
    assert "Known as: ada (Slack)" in shown
    assert "this server's default" in shown
    assert "Provider: openai (this server's choice)" in shown
    assert "Template: none" in shown
    assert "Last 30 days: 0 requests" in shown
    await say(f"link {await links.web_code(await account(database))}")
    assert "Account: ada (a…@example.com)" in (await say("settings")).text


async def test_settings_are_chosen_and_taken_back(say: Say, database: Database) -> None:
    assert "deepseek first" in (await say("settings provider DeepSeek")).text
    assert "shape retro" in (await say('settings template "retro"')).text
    assert await preferences(database) == {"provider": "deepseek", "template": "retro"}
    assert "Provider: deepseek (your own choice)" in (await say("settings")).text
    await say("settings template default")
    assert await preferences(database) == {"provider": "deepseek"}
    await say("settings reset")
    assert await preferences(database) == {}


async def test_a_model_and_saving_at_once_are_chosen_and_taken_back(
    say: Say, database: Database
) -> None:
    assert "gpt-y of openai first" in (await say("settings model gpt-y")).text
    assert "saved to your place in Notion at once" in (await say("settings save on")).text
    assert await preferences(database) == {"provider": "openai", "model": "gpt-y", "save": True}
    shown = (await say("settings")).text
    assert "- Provider: openai (your own choice)" in shown
    assert "- Model: gpt-y (your own choice)" in shown
    assert "- Texts are saved to Notion: at once" in shown
    assert "saved when you say so" in (await say("settings save off")).text
    await say("settings provider deepseek")
    assert await preferences(database) == {"provider": "deepseek"}, "the model was the other's"
    assert "- Model: deepseek-v4-flash (the provider's own)" in (await say("settings")).text
    await say("settings model deep-2")
    assert "the provider's own again" in (await say("settings model default")).text
    assert await preferences(database) == {"provider": "deepseek"}


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("settings provder openai", "Did you mean `/notion settings provider`?"),
        ("settings provider opnai", "Did you mean openai?"),
        ("settings provider zzz", "There is: openai, deepseek."),
        ("settings template retr", "Did you mean retro?"),
        ("settings template", "Which template? There is: brief"),
        ("settings model", "Which model?"),
        ("settings model two words", "without spaces"),
        ("settings save", "Save at once, or not?"),
        ("settings save maybe", "say `on` or `off`"),
        ("settings colour red", "There is no setting “colour”"),
    ],
)
async def test_what_cannot_be_chosen_says_what_can(
    say: Say, database: Database, typed: str, told: str
) -> None:
    with pytest.raises(InvalidInput, match=re.escape(told)):
        await say(typed)
    assert await preferences(database) == {}


async def test_a_provider_that_is_gone_is_said_so(say: Say, database: Database) -> None:
    await say("settings")
    async with database.begin() as unit:
        user = await unit.users.of(Sender("slack", "ada", "ada", "T1"))
        await unit.users.prefer(user.id, {"provider": "anthropic"})
    answer = await say("settings")
    assert "Provider: openai (this server's choice)" in answer.text
    assert "anthropic, your choice in `/notion settings`, is not set up" in answer.notes[0]


def counted(good: str) -> float:
    labels = {"provider": "openai", "good": good}
    return REGISTRY.get_sample_value("notion_assistant_ratings_total", labels) or 0


async def test_everybody_has_one_vote_and_the_latest_counts(say: Say, database: Database) -> None:
    item, ada = uuid4(), await account(database)
    async with database.begin() as unit:
        await unit.content.begin(item, ada, "a plan", None)
        await unit.content.finish(item, Written("Text", "openai", "m", None, 1, 1))
    up, down = call_of("up", str(item)), call_of("down", str(item))
    before = counted("yes"), counted("no")
    assert (await say(up, "bob")).text == "Thanks, noted: 👍"
    for _ in range(2):
        assert (await say(down, "bob")).text == "Thanks, noted: 👎"
    await say(up, "eve")
    async with database.read() as unit:
        assert await unit.ratings.of([item]) == {item: (1, 1)}
    assert (counted("yes") - before[0], counted("no") - before[1]) == (2, 1)


async def test_what_is_not_there_cannot_be_rated(say: Say) -> None:
    with pytest.raises(NotFound, match="not there any more"):
        await say(call_of("up", str(uuid4())))
