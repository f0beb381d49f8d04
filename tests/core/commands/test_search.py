import re
from collections.abc import Awaitable, Callable

import pytest

from core.commands.parse import parse
from core.errors import InvalidInput, Misconfigured
from core.messages import Answer
from sandbox.notion.ids import NOTES_DATA_SOURCE_ID
from sandbox.notion.records import Parent
from sandbox.notion.server import NotionServer
from tests.core.notion.test_destinations import add_page

Say = Callable[..., Awaitable[Answer]]


async def test_pages_and_data_sources_are_links_with_their_kind(
    say: Say, notion: NotionServer
) -> None:
    page = add_page(notion, "Notes of [today]", Parent("data_source_id", NOTES_DATA_SOURCE_ID))
    answer = await say("search notes")
    assert answer.private
    first, second = answer.text.splitlines()[2:]
    assert first.startswith("1. [Notes](http")
    assert re.search(r"\) \(data source\) — in Notion Assistant, edited \d{4}-\d\d-\d\d$", first)
    assert second.startswith("2. [Notes of (today)](http")
    assert page.replace("-", "") in second
    assert re.search(r"\) \(page\) — in Notes, edited \d{4}-\d\d-\d\d$", second)
    assert answer.notes == ()
    # A data source takes nothing at its end, and says nothing.
    assert [(one.name, one.label, one.item) for one in answer.actions] == [
        ("append-2", "Append to 2", page),
        ("ask-2", "Ask 2", page),
    ]


async def test_ten_are_shown_and_more_are_hinted_at(say: Say, notion: NotionServer) -> None:
    for number in range(11):
        add_page(notion, f"Retro {number}")
    answer = await say("search retro")
    assert answer.text.count("(page)") == 10
    assert answer.notes == ("There is more: add words.",)
    assert (await say("search retro 7")).text.count("(page)") == 1


async def test_nothing_found_says_what_could_be_done(say: Say) -> None:
    answer = await say("search unicorns")
    assert (answer.ok, answer.private) == (True, True)
    assert "“unicorns”" in answer.text
    assert "Connections" in answer.text


async def test_without_words_or_without_notion_it_says_what_is_missing(say: Say) -> None:
    with pytest.raises(InvalidInput, match="needs words"):
        parse("search")
    with pytest.raises(Misconfigured, match="NOTION_TOKEN"):
        await say("search notes", connected=False)
