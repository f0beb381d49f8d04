from uuid import uuid4

import pytest

from core.config import Settings
from core.messages import Channel, Sender
from core.notion.unconnected import Unconnected
from core.overview import Overviews
from core.ports import Choice, Overview, Pages
from core.providers.registry import providers
from core.storage.content import Written
from core.storage.database import Database
from sandbox.notion.server import NotionServer
from tests.core.notion.test_destinations import add_page

ADA = Sender("slack", "U1", "Ada", "T1")
HERE = Channel("slack", "T1:C1")
SETTINGS = Settings(_env_file=None, openai_api_key="k", openai_model="gpt-x", deepseek_api_key="k")


@pytest.fixture
def overviews(database: Database, pages: Pages) -> Overviews:
    return Overviews(database, providers(SETTINGS), pages)


async def test_what_can_be_chosen_is_what_there_is(
    overviews: Overviews, notion: NotionServer
) -> None:
    add_page(notion, "Team notes")
    assert await overviews.suggest("provider", "open") == [Choice("openai", "openai (gpt-x)")]
    assert [one.value for one in await overviews.suggest("provider", "")] == ["openai", "deepseek"]
    assert [one.value for one in await overviews.suggest("model", "gpt")] == ["gpt-x"]
    both = [one.value for one in await overviews.suggest("model", "")]
    assert len(both) == 2
    assert await overviews.suggest("model", "", provider="nobody") == [
        *await overviews.suggest("model", "", provider="OpenAI"),
        *await overviews.suggest("model", "", provider="deepseek"),
    ]
    assert [one.value for one in await overviews.suggest("model", "", provider="openai")] == [
        "gpt-x"
    ]
    assert [one.value for one in await overviews.suggest("template", "RET")] == ["retro"]
    [place] = await overviews.suggest("destination", "team")
    assert place.label == "Team notes"


async def test_without_notion_there_is_less_to_choose_and_no_failure(database: Database) -> None:
    overviews = Overviews(database, providers(SETTINGS), Unconnected())
    assert await overviews.suggest("destination", "team") == []
    assert await overviews.overview(ADA, HERE) == Overview(provider="openai", model="gpt-x")


async def test_somebody_who_never_wrote_is_shown_the_servers_choices_and_not_made_known(
    overviews: Overviews, database: Database
) -> None:
    shown = await overviews.overview(ADA, HERE)
    assert shown.default is not None
    assert (shown.account, shown.own, shown.pages, shown.requests) == (None, None, (), 0)
    async with database.read() as unit:
        assert await unit.users.find(ADA) is None


async def test_somebody_is_shown_their_choices_pages_and_what_they_spent(
    overviews: Overviews, database: Database, pages: Pages
) -> None:
    item, place = uuid4(), await pages.destination(None)
    async with database.begin() as unit:
        ada = await unit.users.of(ADA)
        await unit.users.prefer(ada.id, {"provider": "deepseek", "template": "retro"})
        await unit.destinations.choose(ada.id, place)
        await unit.destinations.choose(HERE, place)
        for content, prompt in ((item, "a plan"), (uuid4(), "never saved")):
            await unit.content.begin(content, ada.id, prompt, None)
            await unit.content.finish(content, Written("# A", "openai", "gpt-x", None, 3, 4))
        await unit.content.saved(item, str(uuid4()), "https://notion.so/a-plan")
    shown = await overviews.overview(ADA, HERE)
    assert shown.identities == (("slack", "Ada"),)
    assert (shown.own, shown.channel) == (place, place)
    assert (shown.provider, shown.template) == ("deepseek", "retro")
    assert shown.pages == (("a plan", "https://notion.so/a-plan"),)
    assert (shown.requests, shown.tokens) == (2, 14)
