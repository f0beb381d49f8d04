from uuid import UUID, uuid4

import pytest

from core.errors import InvalidInput, Misconfigured
from core.messages import WEB, Call, Channel, Request, Sender, Workspace
from core.notion import destinations
from core.notion.places import Places
from core.notion.saving import Saving
from core.notion.unconnected import Unconnected
from core.ports import Pages
from core.storage.database import Database
from core.storage.destinations import Choices
from sandbox.notion.ids import NOTES_DATA_SOURCE_ID
from sandbox.notion.server import NotionServer
from tests.core.notion.saved import Add, Killed, Steps, made
from tests.core.notion.test_destinations import add_page

SOMEONE = Sender("console", "someone")
HERE = Channel("console", "here")


@pytest.fixture
def places(database: Database, pages: Pages) -> Places:
    return Places(database, pages)


@pytest.fixture
async def person(database: Database) -> UUID:
    """Whose items `add_item` keeps."""
    async with database.begin() as uow:
        user = await uow.users.of(SOMEONE)
    return user.id


@pytest.fixture
def ask_here(database: Database) -> Add:
    """Accepts a request from the channel `HERE`."""

    async def ask() -> UUID:
        request = Request(uuid4(), SOMEONE, Call("save-item"), place=HERE.place)
        async with database.begin() as uow:
            await uow.inbox.add([request])
        return request.id

    return ask


async def test_a_page_goes_to_the_persons_choice_then_the_channels_then_the_servers(
    saving: Saving,
    notion: NotionServer,
    places: Places,
    person: UUID,
    add_item: Add,
    ask_here: Add,
) -> None:
    team = add_page(notion, "Team")
    await places.choose(HERE, "Team")
    await places.choose(person, NOTES_DATA_SOURCE_ID)
    await saving.save(Steps(), await ask_here(), await add_item("# One"), None)
    await places.clear(person)
    await saving.save(Steps(), await ask_here(), await add_item("# Two"), None)
    await places.clear(HERE)
    await saving.save(Steps(), await ask_here(), await add_item("# Three"), None)
    assert [page.title for page in made(notion, NOTES_DATA_SOURCE_ID)] == ["One"]
    assert [page.title for page in made(notion, team)] == ["Two"]
    assert [page.title for page in made(notion)] == ["Three", "Team"]


async def test_a_channels_choice_is_nothing_to_requests_from_elsewhere(
    saving: Saving, notion: NotionServer, places: Places, add_item: Add, add_request: Add
) -> None:
    await places.choose(HERE, NOTES_DATA_SOURCE_ID)
    await saving.save(Steps(), await add_request(), await add_item("# One"), None)
    assert [page.title for page in made(notion)] == ["One"]


async def test_a_place_that_is_named_goes_before_every_choice(
    saving: Saving,
    notion: NotionServer,
    places: Places,
    person: UUID,
    add_item: Add,
    ask_here: Add,
) -> None:
    for holder in (person, HERE):
        await places.choose(holder, NOTES_DATA_SOURCE_ID)
    item = await add_item("# One")
    await saving.save(Steps(), await ask_here(), item, notion.root_page_id)
    assert [page.title for page in made(notion)] == ["One"]


@pytest.mark.parametrize("died_after", ["save: place", "save: page"])
async def test_a_choice_made_while_the_work_was_down_does_not_move_the_page(
    saving: Saving,
    notion: NotionServer,
    places: Places,
    person: UUID,
    add_item: Add,
    ask_here: Add,
    died_after: str,
) -> None:
    await places.choose(person, NOTES_DATA_SOURCE_ID)
    item, request, steps = await add_item("# One"), await ask_here(), Steps()

    async def dying(name: str, run: object) -> object:
        """Dies once the result is kept."""
        result = await steps(name, run)  # type: ignore[arg-type]
        if name == died_after:
            raise Killed
        return result

    with pytest.raises(Killed):
        await saving.save(dying, request, item, None)  # type: ignore[arg-type]
    await places.choose(person, notion.root_page_id)
    await saving.save(steps, request, item, None)
    assert [page.title for page in made(notion, NOTES_DATA_SOURCE_ID)] == ["One"]
    assert made(notion) == []


async def test_a_choice_that_cannot_be_used_any_more_says_whose_it_is_and_what_to_do(
    saving: Saving,
    notion: NotionServer,
    places: Places,
    person: UUID,
    add_item: Add,
    ask_here: Add,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(destinations, "REMEMBERED", -1)
    page = add_page(notion, "Team notes")
    for holder in (person, HERE):
        await places.choose(holder, page)
    notion.store.change(page, in_trash=True)
    item = await add_item("# One")
    with pytest.raises(InvalidInput) as caught:
        await saving.save(Steps(), await ask_here(), item, None)
    assert caught.value.message == (
        "“Team notes”, chosen for your pages, cannot be used. “Team notes” is in Notion's trash. "
        "Restore it first. Or choose again: `/notion to` with another place, or "
        "`/notion to --clear`."
    )
    await places.clear(person)
    with pytest.raises(InvalidInput, match=r"chosen for pages from this channel.*--channel"):
        await saving.save(Steps(), await ask_here(), item, None)
    await places.clear(HERE)
    await saving.save(Steps(), await ask_here(), item, None)
    assert [page.title for page in made(notion)] == ["One", "Team notes"]


async def test_a_choice_is_kept_by_id_so_that_a_new_title_changes_nothing(
    saving: Saving,
    notion: NotionServer,
    places: Places,
    person: UUID,
    add_item: Add,
    add_request: Add,
) -> None:
    page = add_page(notion, "Team")
    chosen = await places.choose(person, "team")
    assert (chosen.id, chosen.kind, chosen.title) == (page, "page", "Team")
    add_page(notion, "Team")
    await saving.save(Steps(), await add_request(), await add_item("# One"), None)
    assert [page.title for page in made(notion, page)] == ["One"]


async def test_what_nothing_or_much_is_called_is_not_kept(
    notion: NotionServer, places: Places, person: UUID
) -> None:
    for _ in range(2):
        add_page(notion, "Team")
    for wanted, told in (("Nowhere", "is called “Nowhere”"), ("Team", "More than one")):
        with pytest.raises(InvalidInput, match=told):
            await places.choose(person, wanted)
    assert await places.chosen(person, HERE) == Choices()


async def test_without_notion_there_is_nothing_to_choose_or_find(
    database: Database, person: UUID
) -> None:
    places = Places(database, Unconnected())
    with pytest.raises(Misconfigured, match="NOTION_TOKEN"):
        await places.choose(person, "Team")
    with pytest.raises(Misconfigured, match="NOTION_TOKEN"):
        await places.search("Team", 10)
    assert await places.clear(person) is None


@pytest.mark.parametrize("platform", ["slack", WEB])
async def test_where_nobody_else_chose_the_workspaces_choice_holds_over_http_too(
    database: Database, notion: NotionServer, places: Places, platform: str
) -> None:
    add_page(notion, "Office")
    add_page(notion, "Channel")
    member = Sender("slack", "U9", "ada", "T1")
    item = uuid4()
    async with database.begin() as uow:
        ada = (await uow.users.of(member)).id
        sender = member if platform == "slack" else Sender(WEB, str(ada))
        place = "T1:C1" if platform == "slack" else ""
        request = Request(uuid4(), sender, Call("save-item"), place=place)
        await uow.inbox.add([request])
        await uow.content.begin(item, ada, "a plan", None)
    await places.choose(Workspace("slack", "T2"), "Channel")
    assert (await places.decide(request.id, item))["chosen_by"] == ""
    office = await places.choose(Workspace("slack", "T1"), "Office")
    wanted = await places.decide(request.id, item)
    assert (wanted["chosen_by"], wanted["name"]) == ("workspace", office.id)
    await places.choose(Channel("slack", "T1:C1"), "Channel")
    expected = "channel" if platform == "slack" else "workspace"
    assert (await places.decide(request.id, item))["chosen_by"] == expected
    await places.choose(ada, "Channel")
    assert (await places.decide(request.id, item))["chosen_by"] == "person"


async def test_a_place_that_went_a_moment_ago_is_told_of_by_its_name(
    saving: Saving,
    notion: NotionServer,
    places: Places,
    person: UUID,
    add_item: Add,
    ask_here: Add,
) -> None:
    page = add_page(notion, "Team notes")
    await places.choose(person, "Team notes")
    # The place is remembered now.
    await saving.save(Steps(), await ask_here(), await add_item("# One"), None)
    notion.store.change(page, in_trash=True)
    with pytest.raises(InvalidInput, match="“Team notes”, chosen for your pages, cannot be used"):
        await saving.save(Steps(), await ask_here(), await add_item("# Two"), None)
    notion.store.change(page, in_trash=False)
    await saving.save(Steps(), await ask_here(), await add_item("# Three"), None)
