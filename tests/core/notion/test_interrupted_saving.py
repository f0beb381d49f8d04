import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from core.errors import (
    AssistantError,
    NotionFailed,
    RateLimited,
    Unavailable,
    error_from_json,
)
from core.markdown import notion_blocks, plan
from core.notion.client import NotionPages
from core.notion.saving import Patience, Saving
from core.storage.database import Database
from sandbox.notion.errors import RefusedError
from sandbox.notion.hooks import Faults, Hooks
from sandbox.notion.ids import NOTES_DATA_SOURCE_ID
from sandbox.notion.server import NotionServer
from tests.core.notion.saved import (
    CHILDREN,
    DEEP,
    LONG,
    MIXED,
    PUBLIC_URL,
    Add,
    Killed,
    Steps,
    made,
    meant,
    written,
)


@pytest.fixture
def database_kind() -> str:
    """One kind of database: what breaks here is Notion, and the process."""
    return "sqlite"


class LateAnswer(Hooks):
    """The first page is made at once, and said to be made long after."""

    def __init__(self) -> None:
        self.late = False

    async def after(self, request: web.Request, _response: web.StreamResponse) -> None:
        if request.method == "POST" and not self.late:
            self.late = True
            await asyncio.sleep(1.5)


class OtherAnswer(Hooks):
    """Blocks are added, and something else is told than which."""

    def __init__(self, results: list[object]) -> None:
        self.results = results

    async def after(
        self, request: web.Request, _response: web.StreamResponse
    ) -> web.StreamResponse | None:
        if request.method != "PATCH":
            return None
        return web.json_response({"object": "list", "results": self.results})


def step_names(text: str) -> list[str]:
    batches = range(1, len(plan(notion_blocks(text))))
    return ["save: page", *(f"save: blocks {number}" for number in batches), "save: done"]


@pytest.mark.parametrize(
    ("name", "place"), [("save: page", "notes"), *((name, None) for name in step_names(MIXED))]
)
async def test_a_process_killed_after_any_step_leaves_one_whole_page(
    saving: Saving,
    notion: NotionServer,
    add_item: Add,
    add_request: Add,
    name: str,
    place: str | None,
) -> None:
    item, request, steps = await add_item(MIXED), await add_request(), Steps(die_after=name)
    with pytest.raises(Killed):
        await saving.save(steps, request, item, place)
    url, _ = await saving.save(steps, request, item, place)
    (page,) = made(notion, NOTES_DATA_SOURCE_ID if place else None)
    assert written(notion, page.id) == meant(MIXED)
    assert url.endswith(page.id.replace("-", ""))


@pytest.mark.parametrize(
    "code", ["internal_server_error", "service_unavailable", "gateway_timeout"]
)
@pytest.mark.parametrize("after_effect", [True, False])
async def test_a_page_whose_making_is_unsure_is_made_once(
    saving: Saving,
    notion: NotionServer,
    faults: Faults,
    add_item: Add,
    add_request: Add,
    code: str,
    after_effect: bool,
) -> None:
    faults.fail("POST", "/v1/pages", code, after_effect=after_effect)
    await saving.save(Steps(), await add_request(), await add_item("Text"), None)
    assert len(made(notion)) == 1
    assert written(notion, made(notion)[0].id) == meant("Text")


@pytest.mark.parametrize("after_effect", [True, False])
async def test_a_broken_connection_leaves_one_whole_page(
    saving: Saving,
    notion: NotionServer,
    faults: Faults,
    add_item: Add,
    add_request: Add,
    after_effect: bool,
) -> None:
    faults.drop("POST", "/v1/pages", after_effect=after_effect)
    faults.drop("PATCH", CHILDREN, after_effect=after_effect)
    await saving.save(Steps(), await add_request(), await add_item(LONG), None)
    assert len(made(notion)) == 1
    assert written(notion, made(notion)[0].id) == meant(LONG)


async def test_a_page_that_is_answered_too_late_is_made_once(
    database: Database, notion: NotionServer, add_item: Add, add_request: Add
) -> None:
    pages = NotionPages(notion.token, notion.root_page_id, notion.base_url, patience=1)
    saving = Saving(database, pages, PUBLIC_URL, Patience(looks=(0.01,)))
    notion.hooks = LateAnswer()
    await saving.save(Steps(), await add_request(), await add_item("Text"), None)
    await pages.close()
    assert len(made(notion)) == 1


async def test_a_long_page_is_read_once(
    saving: Saving, notion: NotionServer, add_item: Add, add_request: Add
) -> None:
    await saving.save(Steps(), await add_request(), await add_item(LONG), None)
    read = [call.path for call in notion.requests if call.method == "GET"]
    assert [path.endswith("/children") for path in read].count(True) == 1
    assert written(notion, made(notion)[0].id) == meant(LONG)


@pytest.mark.parametrize("results", [[], [{"id": "x", "type": "paragraph"}] * 99, [None] * 100])
async def test_a_page_is_read_again_where_notion_does_not_tell_what_it_added(
    saving: Saving, notion: NotionServer, add_item: Add, add_request: Add, results: list[object]
) -> None:
    notion.hooks = OtherAnswer(results)
    await saving.save(Steps(), await add_request(), await add_item(MIXED), None)
    assert written(notion, made(notion)[0].id) == meant(MIXED)


async def test_slowing_down_loses_nothing(
    saving: Saving, notion: NotionServer, faults: Faults, add_item: Add, add_request: Add
) -> None:
    for method, path in (("POST", "/v1/pages"), ("PATCH", CHILDREN)):
        error = RefusedError("rate_limited", "Slow down", headers={"Retry-After": "0"})
        faults.fail(method, path, error, times=2)
        faults.fail(method, path, "service_overload")
    await saving.save(Steps(), await add_request(), await add_item(LONG), None)
    assert written(notion, made(notion)[0].id) == meant(LONG)


async def test_a_page_that_stays_unsure_is_tried_twice_and_may_be_tried_again(
    saving: Saving, notion: NotionServer, faults: Faults, add_item: Add, add_request: Add
) -> None:
    item, request = await add_item("Text"), await add_request()
    faults.fail("POST", "/v1/pages", "internal_server_error", times=2)
    with pytest.raises(NotionFailed) as caught:
        await saving.save(Steps(), request, item, None)
    assert caught.value.unsure
    assert [call.method for call in notion.requests].count("POST") == 2
    await saving.save(Steps(), request, item, None)
    assert len(made(notion)) == 1


async def test_blocks_that_fail_for_good_say_what_is_there_and_a_repeat_goes_on(
    saving: Saving,
    notion: NotionServer,
    faults: Faults,
    database: Database,
    add_item: Add,
    add_request: Add,
) -> None:
    item, first = await add_item(LONG), await add_request()
    faults.fail("PATCH", CHILDREN, "restricted_resource", skip=1)
    with pytest.raises(NotionFailed) as caught:
        await saving.save(Steps(), first, item, None)
    (page,) = made(notion)
    assert "holds only 199 of 250 blocks" in caught.value.message
    assert page.id.replace("-", "") in caught.value.message
    async with database.begin() as uow:
        await uow.inbox.finish(first)
    await saving.save(Steps(), await add_request(), item, None)
    assert len(made(notion)) == 1
    assert written(notion, page.id) == meant(LONG)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (RefusedError("rate_limited", "", headers={"Retry-After": "600"}), RateLimited),
        (RefusedError("unauthorized", "No"), Unavailable),
    ],
)
async def test_a_page_in_part_keeps_the_kind_of_its_error(
    saving: Saving,
    faults: Faults,
    add_item: Add,
    add_request: Add,
    error: RefusedError,
    kind: type[Exception],
) -> None:
    faults.fail("PATCH", CHILDREN, error)
    with pytest.raises(kind, match="holds only 99 of 250 blocks"):
        await saving.save(Steps(), await add_request(), await add_item(LONG), None)


async def test_a_token_that_ends_in_the_middle_is_told_of_with_the_page(
    saving: Saving, faults: Faults, add_item: Add, add_request: Add
) -> None:
    faults.fail("PATCH", CHILDREN, RefusedError("unauthorized", "No"))
    steps = Steps()

    async def kept(name: str, run: Callable[[], Awaitable[Any]]) -> Any:
        # A durable step keeps an error by its code, and gives it back as that code's own class.
        try:
            return await steps(name, run)
        except AssistantError as error:
            raise error_from_json(error.to_json()) from error

    with pytest.raises(Unavailable, match="holds only 99 of 250 blocks") as caught:
        await saving.save(kept, await add_request(), await add_item(LONG), None)
    assert not caught.value.retryable


async def test_a_page_that_lost_the_blocks_to_write_under_says_so(
    saving: Saving, notion: NotionServer, add_item: Add, add_request: Add
) -> None:
    item, request = await add_item(DEEP), await add_request()
    steps = Steps(die_after="save: page")
    with pytest.raises(Killed):
        await saving.save(steps, request, item, None)
    (page,) = made(notion)
    notion.store.change(notion.store.children(page.id)[0].id, in_trash=True)
    with pytest.raises(NotionFailed, match="took blocks off the page"):
        await saving.save(steps, request, item, None)


async def test_a_page_is_known_again_after_the_server_moved(
    database: Database, pages: NotionPages, notion: NotionServer, add_item: Add, add_request: Add
) -> None:
    item, request = await add_item(LONG), await add_request()
    with pytest.raises(Killed):
        await Saving(database, pages, "http://before.example").save(
            Steps(die_after="save: page"), request, item, None
        )
    await Saving(database, pages, PUBLIC_URL).save(Steps(), request, item, None)
    assert written(notion, made(notion)[0].id) == meant(LONG)
    assert len(made(notion)) == 1
