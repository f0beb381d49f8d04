from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from core.markdown import discord_messages, slack_markdown
from core.messages import Answer, Sender
from core.storage.database import Database
from core.storage.spending import Day, day_of
from tests.core.storage.test_spending import spend

Say = Callable[..., Awaitable[Answer]]


async def ada(database: Database) -> UUID:
    async with database.begin() as unit:
        return (await unit.users.of(Sender("slack", "ada", "ada", "T1"))).id


def rows(answer: Answer) -> list[str]:
    assert answer.private
    return answer.text.splitlines()[4:]


async def test_who_spent_nothing_is_told_how_to_begin(say: Say) -> None:
    answer = await say("usage")
    assert (answer.ok, answer.private) == (True, True)
    assert answer.text.startswith("You have spent nothing yet.")


async def test_one_model_has_one_row_for_each_period(say: Say, database: Database) -> None:
    person, now = await ada(database), datetime.now(UTC)
    await spend(database, person, "openai-large", now, (1200, 3400))
    await spend(database, person, "openai-large", now - timedelta(days=60))
    answer = await say("usage")
    assert rows(answer) == [
        "| today | openai | openai-large | 1 | 1,200 | 3,400 |",
        "| last 30 days | openai | openai-large | 1 | 1,200 | 3,400 |",
        "| since the start | openai | openai-large | 2 | 1,210 | 3,500 |",
    ]
    assert "UTC" in answer.notes[0]


async def test_several_models_are_summed_up_first_and_a_period_without_any_is_nought(
    say: Say, database: Database
) -> None:
    person, before = await ada(database), datetime.now(UTC) - timedelta(days=2)
    await spend(database, person, "openai-large", before, (100, 200))
    await spend(database, person, "deepseek-a|b", before, (1, 2))
    assert rows(await say("usage")) == [
        "| today | all together | – | 0 | 0 | 0 |",
        "| last 30 days | all together | – | 2 | 101 | 202 |",
        "| last 30 days | openai | openai-large | 1 | 100 | 200 |",
        "| last 30 days | deepseek | deepseek-a\\|b | 1 | 1 | 2 |",
        "| since the start | all together | – | 2 | 101 | 202 |",
        "| since the start | openai | openai-large | 1 | 100 | 200 |",
        "| since the start | deepseek | deepseek-a\\|b | 1 | 1 | 2 |",
    ]


async def test_what_no_model_wrote_says_so(say: Say, database: Database) -> None:
    await spend(database, await ada(database), "none", datetime.now(UTC), (0, 0))
    assert rows(await say("usage"))[0] == "| today | none | no model | 1 | 0 | 0 |"


async def test_what_was_broken_off_is_counted_about(say: Say, database: Database) -> None:
    person = await ada(database)
    await spend(database, person, "openai-large", datetime.now(UTC), (1200, 3400))
    async with database.begin() as unit:
        day = day_of(datetime.now(UTC))
        await unit.spending.add(person, Day(day, "openai", "openai-large", 1, 12, 20, 1))
    answer = await say("usage")
    row = "openai | openai-large | 2 | about 1,212 | about 3,420 |"
    assert rows(answer)[0] == f"| today | {row}"
    assert answer.notes[1].startswith("1 answer was stopped or broken off before")


async def test_every_platform_shows_the_table_in_one_message(say: Say, database: Database) -> None:
    await spend(database, await ada(database), "openai-large", datetime.now(UTC))
    text = (await say("usage")).text
    [discord] = discord_messages(text)
    [slack] = slack_markdown(text)
    for shown in (discord, slack):
        assert "openai-large" in shown
        assert "tokens out" in shown
    assert "```" in discord, "Discord knows no tables"
