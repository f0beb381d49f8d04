"""Whoever chose to save at once has a page of each text, unless the prompt says otherwise."""

from collections.abc import Awaitable, Callable, Mapping

import pytest

from core.messages import Answer
from core.ports import Provider
from sandbox.notion.schema import make_property
from sandbox.notion.server import NotionServer
from tests.core.commands.test_agreement import models as models
from tests.core.notion.saved import made

TITLED = {"Name": make_property("Name", "title", property_id="title")}
Say = Callable[..., Awaitable[Answer]]


async def test_saving_at_once_needs_no_flag_and_goes_where_ones_pages_go(
    say: Say, notion: NotionServer, models: Mapping[str, Provider]
) -> None:
    mine = notion.store.add_data_source("Mine", TITLED)
    assert (await say("generate one", providers=models)).page is None
    await say("settings save on")
    await say("to Mine")
    answer = await say("generate two", providers=models)
    assert answer.ok
    assert answer.page is not None
    assert len(made(notion, mine.id)) == 1
    # It is one person's choice.
    assert (await say("generate three", "bob", providers=models)).page is None


@pytest.mark.parametrize(
    ("flags", "saved"),
    [
        ("--no-save", False),
        ("--no-save --save", False),
        ("--private", False),
        ("--private --save", True),
        ("--provider openai", True),
    ],
)
async def test_a_prompts_own_word_goes_before_the_choice(
    say: Say, models: Mapping[str, Provider], flags: str, saved: bool
) -> None:
    await say("settings save on")
    answer = await say(f"generate a plan {flags}", providers=models)
    assert answer.ok
    assert (answer.page is not None) is saved


async def test_not_saving_is_said_even_where_a_place_is_named(
    say: Say, notion: NotionServer, models: Mapping[str, Provider]
) -> None:
    notion.store.add_data_source("Mine", TITLED)
    assert (await say("generate a plan --to Mine --no-save", providers=models)).page is None


async def test_where_no_page_can_be_made_the_text_is_there_all_the_same(
    say: Say, models: Mapping[str, Provider]
) -> None:
    await say("settings save on")
    answer = await say("generate a plan", providers=models, connected=False)
    assert answer.text == "A text."
    assert any(note.startswith("Not saved to Notion") for note in answer.notes)
