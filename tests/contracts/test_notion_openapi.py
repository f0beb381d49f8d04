"""The stand-in, held to Notion's OpenAPI document."""

import json
from collections.abc import AsyncIterator

import pytest
from notion_client import APIResponseError, AsyncClient

from sandbox.notion.blocks import read_blocks
from sandbox.notion.errors import RefusedError
from sandbox.notion.ids import (
    BOT_USER_ID,
    NOTES_DATA_SOURCE_ID,
    NOTES_DATABASE_ID,
    ROOT_PAGE_ID,
)
from sandbox.notion.languages import LANGUAGES
from sandbox.notion.rich_text import COLORS, text_item
from sandbox.notion.server import NotionServer
from sandbox.notion.webhooks import Subscription
from tests.contracts.specs import NOTION, Json, OpenApi, complaints, open_api
from tests.sandbox.notion.samples import (
    bare,
    block,
    client_of,
    every_block,
    in_notes,
    on_root,
    table,
    text,
)


@pytest.fixture
def spec() -> OpenApi:
    return open_api(NOTION)


@pytest.fixture
async def server() -> AsyncIterator[NotionServer]:
    async with NotionServer() as running:
        yield running


@pytest.fixture
async def notion(server: NotionServer) -> AsyncIterator[AsyncClient]:
    client = client_of(server)
    yield client
    await client.aclose()


def check(spec: OpenApi, component: str, instance: object) -> None:
    assert complaints(spec.component(component), instance) == []


def check_list(spec: OpenApi, operation: tuple[str, str], answer: Json, component: str) -> None:
    assert complaints(spec.answer(*operation), answer) == []
    assert answer["results"]
    for result in answer["results"]:
        check(spec, component, result)


def check_requests(spec: OpenApi, server: NotionServer) -> None:
    """Every body that the server took is one that the document allows."""
    for call in server.requests:
        if call.body is not None:
            validator = spec.request(call.method.lower(), spec.path_of(call.path))
            assert complaints(validator, call.body) == [], call


async def test_pages_and_their_blocks_have_the_documented_form(
    spec: OpenApi, server: NotionServer, notion: AsyncClient
):
    icon, cover = {"emoji": "🚀"}, {"external": {"url": "https://example.com/c.png"}}
    page = await notion.pages.create(**on_root(children=every_block(), icon=icon, cover=cover))
    check(spec, "pageObjectResponse", page)
    check(spec, "pageObjectResponse", await notion.pages.retrieve(page["id"]))
    renamed = on_root("New")["properties"]
    check(spec, "pageObjectResponse", await notion.pages.update(page["id"], properties=renamed))
    await notion.pages.create(**on_root() | {"parent": {"page_id": page["id"]}})
    pending, seen = [page["id"], ROOT_PAGE_ID], set()
    operation = ("get", "/v1/blocks/{block_id}/children")
    while pending:
        answer = await notion.blocks.children.list(pending.pop())
        check_list(spec, operation, answer, "blockObjectResponse")
        for found in answer["results"]:
            seen.add(found["type"])
            check(spec, f"{_camel(found['type'])}BlockObjectResponse", found)
            if found["has_children"] and found["type"] != "child_page":
                pending.append(found["id"])
    assert {"table_row", "column", "child_page", "child_database"} < seen
    check_requests(spec, server)


def _camel(block_type: str) -> str:
    first, *rest = block_type.split("_")
    return first + "".join(word.capitalize() for word in rest)


async def test_appended_changed_and_deleted_blocks_have_it(
    spec: OpenApi, server: NotionServer, notion: AsyncClient
):
    made = await notion.blocks.children.append(
        ROOT_PAGE_ID, children=[block("to_do")], position={"type": "start"}
    )
    check_list(spec, ("patch", "/v1/blocks/{block_id}/children"), made, "blockObjectResponse")
    to_do = made["results"][0]["id"]
    changed = await notion.blocks.update(to_do, to_do={"rich_text": [text("x")], "checked": True})
    check(spec, "toDoBlockObjectResponse", changed)
    check(spec, "blockObjectResponse", await notion.blocks.delete(to_do))
    check(spec, "blockObjectResponse", await notion.blocks.retrieve(ROOT_PAGE_ID))
    check_requests(spec, server)


async def test_databases_and_their_rows_have_it(
    spec: OpenApi, server: NotionServer, notion: AsyncClient
):
    row = await notion.pages.create(
        **in_notes(
            Tags={"multi_select": [{"name": "slack"}]},
            URL={"url": "https://example.com/"},
            Status={"select": {"name": "Done"}},
        )
    )
    check(spec, "pageObjectResponse", row)
    source = await notion.data_sources.retrieve(NOTES_DATA_SOURCE_ID)
    check(spec, "dataSourceObjectResponse", source)
    check(spec, "databaseObjectResponse", await notion.databases.retrieve(NOTES_DATABASE_ID))
    found = await notion.data_sources.query(
        NOTES_DATA_SOURCE_ID, filter={"property": "URL", "url": {"equals": "https://example.com/"}}
    )
    path = "/v1/data_sources/{data_source_id}/query"
    check_list(spec, ("post", path), found, "pageObjectResponse")
    check_requests(spec, server)


async def test_search_users_comments_and_markdown_have_it(
    spec: OpenApi, server: NotionServer, notion: AsyncClient
):
    page = await notion.pages.create(**on_root("Launch", children=every_block()))
    found = await notion.search(query="launch", filter={"property": "object", "value": "page"})
    check_list(spec, ("post", "/v1/search"), found, "pageObjectResponse")
    sources = await notion.search(filter={"property": "object", "value": "data_source"})
    check_list(spec, ("post", "/v1/search"), sources, "dataSourceObjectResponse")
    check_list(spec, ("get", "/v1/users"), await notion.users.list(), "userObjectResponse")
    check(spec, "userObjectResponse", await notion.users.me())
    check(spec, "userObjectResponse", await notion.users.retrieve(BOT_USER_ID))
    comment = await notion.comments.create(parent={"page_id": page["id"]}, rich_text=[text("x")])
    check(spec, "commentObjectResponse", comment)
    comments = await notion.comments.list(block_id=page["id"])
    check_list(spec, ("get", "/v1/comments"), comments, "commentObjectResponse")
    check(spec, "pageMarkdownResponse", await notion.pages.retrieve_markdown(page["id"]))
    check_requests(spec, server)


@pytest.mark.parametrize(
    ("path", "status"), [("pages/x", 400), ("nowhere", 400), (f"pages/{NOTES_DATABASE_ID}", 404)]
)
async def test_errors_have_it(spec: OpenApi, notion: AsyncClient, path: str, status: int):
    with pytest.raises(APIResponseError) as caught:
        await notion.request(path=path, method="GET")
    error = json.loads(caught.value.body)
    # Described on the page about status codes, and left out of the document.
    assert error.pop("request_id") == caught.value.request_id
    check(spec, f"error_api_{status}", error)


async def test_a_rate_limit_has_it(spec: OpenApi):
    async with NotionServer(rate_limit=0) as server:
        notion = client_of(server)
        with pytest.raises(APIResponseError) as caught:
            await notion.users.me()
        await notion.aclose()
    error = json.loads(caught.value.body)
    del error["request_id"]
    check(spec, "error_api_429", error)


@pytest.mark.parametrize(
    "change", [{"extra": 1}, {"plain_text": None}, {"type": "mention"}, {"annotations": {}}]
)
def test_the_document_still_refuses_what_is_wrong(spec: OpenApi, change: Json):
    item = text_item("x")
    validator = spec.component("richTextItemResponse")
    assert complaints(validator, item) == []
    assert complaints(validator, item | change) != []


def test_languages_and_colours_are_the_documented_ones(spec: OpenApi):
    schemas = spec.document["components"]["schemas"]
    assert list(LANGUAGES) == schemas["languageRequest"]["enum"]
    assert list(COLORS) == schemas["apiColor"]["enum"]


DEEP = block("toggle", children=[block("toggle", children=[block("toggle", children=[])])])
COLUMN = bare("column", children=[block("toggle", children=[block("paragraph")])])
DEEP_COLUMN = bare("column", children=[block("toggle", children=[DEEP])])


@pytest.mark.parametrize(
    "blocks",
    [
        [],
        every_block(),
        [block("paragraph")] * 100,
        [block("paragraph")] * 101,
        [DEEP],
        [block("toggle", children=[block("toggle", children=[block("toggle")])])],
        [block("toggle", children=[block("toggle", children=[table(("a",))])])],
        [block("toggle", children=[table(("a",))])],
        [bare("column_list", children=[COLUMN])],
        [bare("column_list", children=[COLUMN, COLUMN])],
        [bare("column_list", children=[COLUMN, DEEP_COLUMN])],
        [block("toggle", children=[bare("column_list", children=[COLUMN, COLUMN])])],
        [table(("a",), table_width="1")],
        [bare("table", table_width=1, children=[])],
        [bare("table", table_width=1)],
        [bare("divider", color="red")],
        [bare("equation")],
        [bare("bookmark", url=None)],
        [block("code", language="ts")],
        [block("code")],
        [block("paragraph", color="teal")],
        [block("paragraph", [text("x")] * 101)],
        [block("paragraph", "x" * 2001)],
        [block("paragraph", [{"type": "text"}])],
        [block("paragraph", [{"text": {"content": "x", "url": "https://example.com"}}])],
        [block("numbered_list_item", list_start_index=2)],
        [block("to_do", checked="yes")],
        [block("heading_1", is_toggleable=1)],
        [block("callout", icon={"type": "emoji"})],
        [{"type": "paragraph", "paragraph": {}}],
        [{"type": "paragraph"}],
        [{"paragraph": {"rich_text": []}}],
        [{"type": "nothing", "nothing": {}}],
        [bare("tab", children=[block("paragraph")])],
        [bare("synced_block")],
        ["text"],
    ],
    ids=lambda blocks: str(blocks)[:60],
)
def test_blocks_are_taken_where_the_document_takes_them(spec: OpenApi, blocks: list[Json]):
    request = spec.request("patch", "/v1/blocks/{block_id}/children")
    try:
        read_blocks(blocks, "body.children")
    except RefusedError:
        taken = False
    else:
        taken = True
    assert taken == request.is_valid({"children": blocks})


def test_what_the_webhook_sends_has_the_documented_form(spec: OpenApi) -> None:
    hook = Subscription("http://nowhere.example")
    check(spec, "commentCreatedWebhookPayload", hook.event("comment.created", ROOT_PAGE_ID))
    check(
        spec, "pageContentUpdatedWebhookPayload", hook.event("page.content_updated", ROOT_PAGE_ID)
    )


async def test_tokens_are_given_and_taken_as_documented(
    spec: OpenApi, server: NotionServer
) -> None:
    client = AsyncClient(base_url=server.base_url, notion_version="2026-03-11")
    asked = {"client_id": server.grants.client_id, "client_secret": server.grants.client_secret}
    code = server.grants.agree([ROOT_PAGE_ID], "https://notes.example/back")
    given = await client.oauth.token(
        **asked,
        grant_type="authorization_code",
        code=code,
        redirect_uri="https://notes.example/back",
    )
    assert complaints(spec.answer("post", "/v1/oauth/token"), given) == []
    body = {"token": given["access_token"]}
    told = await client.oauth.introspect(**asked, **body)
    assert complaints(spec.answer("post", "/v1/oauth/introspect"), told) == []
    assert told["active"] is True
    revoked = await client.oauth.revoke(**asked, **body)
    assert complaints(spec.answer("post", "/v1/oauth/revoke"), revoked) == []
    assert (await client.oauth.introspect(**asked, **body))["active"] is False
    check_requests(spec, server)
    await client.aclose()
