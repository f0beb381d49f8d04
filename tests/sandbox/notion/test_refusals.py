"""Each thing that Notion refuses, with its status, code and words."""

import json
from typing import Any

import aiohttp
import pytest
from notion_client import APIResponseError, AsyncClient

from sandbox.notion.ids import API_VERSION, NOTES_DATA_SOURCE_ID, ROOT_PAGE_ID
from sandbox.notion.server import NotionServer
from tests.sandbox.notion.samples import (
    Json,
    bare,
    block,
    external,
    in_notes,
    on_root,
    table,
    text,
)

UNKNOWN = "b0000000-0000-4000-8000-000000000000"


async def refusal(notion: AsyncClient, method: str, path: str, body: Any = None) -> str:
    """The message of a 400 validation_error, which the call must end in."""
    with pytest.raises(APIResponseError) as caught:
        await notion.request(path=path, method=method, body=body)
    assert (caught.value.status, caught.value.code) == (400, "validation_error")
    return json.loads(caught.value.body)["message"]


async def send(server: NotionServer, data: bytes | None, **headers: str) -> tuple[int, Json]:
    given = {"Authorization": f"Bearer {server.token}", "Notion-Version": API_VERSION}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    given = {name: value for name, value in given.items() if value}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{server.base_url}/v1/pages", data=data, headers=given) as response,
    ):
        assert response.headers["X-Notion-Request-Id"]
        return response.status, await response.json()


@pytest.mark.parametrize("value", ["", "Bearer wrong", "Basic ntn_sandbox", "Bearer"])
async def test_a_missing_or_wrong_token_is_unauthorized(server: NotionServer, value: str):
    status, error = await send(server, b"{}", Authorization=value)
    assert (status, error["code"]) == (401, "unauthorized")
    assert error["message"] == "API token is invalid."


async def test_a_request_without_a_version_is_refused(server: NotionServer):
    status, error = await send(server, b"{}", Notion_Version="")
    assert (status, error["code"]) == (400, "missing_version")


async def test_an_older_version_is_refused(server: NotionServer):
    status, error = await send(server, b"{}", Notion_Version="2022-06-28")
    assert (status, error["code"]) == (400, "validation_error")


@pytest.mark.parametrize(
    "data", [b"{", b"\xff", b'{"properties": {"title": "\\ud800"}}', b"[" * 100_000]
)
async def test_a_body_that_is_no_json_is_invalid_json(server: NotionServer, data: bytes):
    status, error = await send(server, data)
    assert (status, error["code"]) == (400, "invalid_json")
    assert error["object"] == "error"
    assert error["request_id"]


@pytest.mark.parametrize(("size", "status"), [(500_001, 400), (1_040_000, 413)])
async def test_a_body_over_500_kb_is_refused(server: NotionServer, size: int, status: int):
    answered, error = await send(server, b" " * size)
    assert (answered, error["code"]) == (status, "validation_error")


async def test_an_unknown_path_is_an_invalid_request_url(notion: AsyncClient):
    with pytest.raises(APIResponseError) as caught:
        await notion.request(path="nowhere", method="GET")
    assert (caught.value.status, caught.value.code) == (400, "invalid_request_url")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "pages", on_root() | {"parent": {"page_id": UNKNOWN}}),
        ("POST", "pages", on_root() | {"parent": {"data_source_id": UNKNOWN}}),
        ("POST", "pages", on_root() | {"parent": {"database_id": UNKNOWN}}),
        ("POST", "pages", on_root() | {"parent": {"page_id": NOTES_DATA_SOURCE_ID}}),
        ("GET", f"pages/{UNKNOWN}", None),
        ("PATCH", f"blocks/{UNKNOWN}/children", {"children": []}),
        ("GET", f"databases/{UNKNOWN}", None),
        ("GET", f"users/{UNKNOWN}", None),
        ("POST", "pages", on_root(children=[bare("image", file_upload={"id": UNKNOWN})])),
    ],
)
async def test_what_is_not_there_is_object_not_found(
    notion: AsyncClient, method: str, path: str, body: Any
):
    with pytest.raises(APIResponseError) as caught:
        await notion.request(path=path, method=method, body=body)
    assert (caught.value.status, caught.value.code) == (404, "object_not_found")
    assert "Make sure the relevant pages and databases are shared" in caught.value.body


async def test_an_id_that_is_none_is_refused(notion: AsyncClient):
    message = await refusal(notion, "GET", "pages/launch")
    assert message == (
        'path failed validation: path.page_id should be a valid uuid, instead was `"launch"`.'
    )


LONG = "x" * 2001
ITEM = "bulleted_list_item"


@pytest.mark.parametrize(
    ("blocks", "words"),
    [
        ([block("paragraph")] * 101, "body.children.length should be ≤ `100`, instead was `101`"),
        (
            [block("toggle", children=[block("paragraph")] * 101)],
            "body.children[0].toggle.children.length should be ≤ `100`",
        ),
        (
            [block("toggle", children=[block("paragraph")] * 10)] * 91,
            "≤ `1000` blocks in all, instead had `1001`",
        ),
        (
            [block(ITEM, children=[block(ITEM, children=[block(ITEM, children=[block(ITEM)])])])],
            f"body.children[0].{ITEM}.children[0].{ITEM}.children[0].{ITEM}.children"
            " should be not present",
        ),
        ([block("paragraph", LONG)], "text.content.length should be ≤ `2000`, instead was `2001`"),
        ([block("paragraph", "😀" * 1001)], "should be ≤ `2000`, instead was `2002`"),
        ([block("paragraph", [text("x")] * 101)], "rich_text.length should be ≤ `100`"),
        ([bare("equation", expression="x" * 1001)], "expression.length should be ≤ `1000`"),
        (
            [block("paragraph", [{"type": "equation", "equation": {"expression": "x" * 1001}}])],
            "equation.expression.length should be ≤ `1000`",
        ),
        (
            [block("paragraph", [text("x", link="https://example.com/" + LONG)])],
            "text.link.url.length should be ≤ `2000`",
        ),
        ([block("code", language="ts")], 'code.language should be `"abap"`, `"abc"`'),
        ([block("code")], "code.language should be defined, instead was `undefined`"),
        ([block("paragraph", color="teal")], 'paragraph.color should be `"default"`'),
        ([{"type": "paragraphs", "paragraphs": {}}], "type should be a known block type"),
        ([{"type": "paragraph"}], "body.children[0].paragraph should be defined"),
        ([{"object": "block"}], "Fix one:\nbody.children[0].embed should be defined"),
        ([{"type": "paragraph", "paragraph": []}], "paragraph should be an object"),
        ([bare("paragraph")], "paragraph.rich_text should be defined"),
        ([bare("paragraph", rich_text="x")], "paragraph.rich_text should be an array"),
        (
            [block("paragraph") | {"children": []}],
            "body.children[0].children should be not present",
        ),
        ([block("paragraph", checked=True)], "paragraph.checked should be not present"),
        ([block("numbered_list_item", list_start_index=3)], "should be not present"),
        ([bare("divider", children=[])], "divider.children should be not present"),
        ([block("heading_1", children=[block("paragraph")])], "children should be not present"),
        ([table(("a", "b"), ("c",))], "Number of cells in table row must match the table width"),
        ([table(("a", "b"), table_width=3)], "Number of cells in table row must match"),
        ([bare("table", table_width=2)], "table.children should be defined"),
        ([bare("table", table_width=2, children=[])], "children.length should be ≥ `1`"),
        ([bare("table", table_width=0, children=[])], "table_width should be ≥ `1`"),
        ([table(("a",), children=[block("paragraph")])], 'type should be `"table_row"`'),
        ([bare("table_row", cells=[])], "type should be a block that can stand here"),
        ([bare("column_list", children=[])], "children.length should be ≥ `2`"),
        ([external("image", "/a.png")], "Invalid image url."),
        ([bare("bookmark", url="example.com")], "Invalid bookmark url."),
        ([bare("bookmark", url="https://example.com/" + LONG)], "url.length should be ≤ `2000`"),
        ([block("callout", icon={"type": "emoji", "emoji": "x"})], "should be a valid emoji"),
        (
            [block("paragraph", [{"type": "mention", "mention": {"page": {"id": "x"}}}])],
            "mention.page.id should be a valid uuid",
        ),
        ("text", "body.children should be an array"),
        ([[]], "body.children[0] should be an object"),
    ],
)
async def test_a_block_past_a_limit_or_of_a_wrong_shape_is_refused(
    notion: AsyncClient, blocks: Any, words: str
):
    message = await refusal(
        notion, "PATCH", f"blocks/{ROOT_PAGE_ID}/children", {"children": blocks}
    )
    assert words in message


@pytest.mark.parametrize(
    "url",
    [
        *("/docs", "docs/a.md", "#top", "", "?q=1", "//example.com", "http://"),
        *("javascript:alert(1)", "data:text/html,x", "https://a b.example"),
    ],
)
async def test_a_link_that_is_not_absolute_is_refused(notion: AsyncClient, url: str):
    body = on_root(children=[block("paragraph", [text("x", link=url)])])
    assert "Invalid URL for link." in await refusal(notion, "POST", "pages", body)


@pytest.mark.parametrize(
    "url", ["https://example.com", "mailto:a@example.com", "tel:+431", "ftp://a/b"]
)
async def test_an_absolute_link_is_taken(notion: AsyncClient, url: str):
    await notion.pages.create(**on_root(children=[block("paragraph", [text("x", link=url)])]))


async def test_a_table_or_columns_below_what_one_request_may_nest_is_refused(notion: AsyncClient):
    deep = block("toggle", children=[block("toggle", children=[table(("a",))])])
    message = await refusal(notion, "POST", "pages", on_root(children=[deep]))
    assert "table.children should be not present" in message
    columns = bare("column_list", children=[bare("column", children=[])] * 2)
    body = on_root(children=[block("toggle", children=[columns])])
    assert "column_list.children should be not" in await refusal(notion, "POST", "pages", body)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (on_root(archived=False), "body.archived should be not present, instead was `false`"),
        ({"parent": {}}, "body.parent.page_id should be defined"),
        (on_root() | {"parent": {"page_id": "x"}}, "body.parent.page_id should be a valid uuid"),
        (on_root() | {"parent": {"page_id": ROOT_PAGE_ID, "type": "workspace"}}, "parent.type"),
        (on_root() | {"parent": {"workspace": False}}, "body.parent.workspace should be `true`"),
        (on_root() | {"properties": {"Tags": {}}}, "Tags is not a property that exists."),
        (on_root() | {"properties": {"title": []}}, "title should be an object"),
        (on_root(icon={"emoji": "text"}), "body.icon.emoji should be a valid emoji"),
        (on_root(icon={"type": "smiley"}), "body.icon.type should be"),
        (on_root(cover={"external": {"url": "x"}}), "Invalid image url."),
        (in_notes(Missing={"url": None}), "Missing is not a property that exists."),
        (in_notes(URL={"rich_text": []}), "URL is expected to be url."),
        (in_notes(URL={"url": ""}), "body.properties.URL.url.length should be ≥ `1`"),
        (in_notes(Tags={"multi_select": [{"name": "a,b"}]}), "commas not allowed: a,b"),
        (in_notes(Tags={"multi_select": [{"name": "x"}] * 101}), "length should be ≤ `100`"),
        (in_notes(Tags={"multi_select": [{"name": "x" * 101}]}), "length should be ≤ `100`"),
        (in_notes("x" * 2001), "content.length should be ≤ `2000`"),
    ],
)
async def test_a_page_of_a_wrong_shape_is_refused(notion: AsyncClient, body: Json, words: str):
    assert words in await refusal(notion, "POST", "pages", body)


async def test_markdown_and_templates_are_unsupported_here(notion: AsyncClient):
    with pytest.raises(APIResponseError) as caught:
        await notion.request(path="pages", method="POST", body=on_root(markdown="# x"))
    assert (caught.value.status, caught.value.code) == (400, "invalid_request")


@pytest.mark.parametrize("kind", ["pages", "blocks"])
async def test_archived_gave_way_to_in_trash(notion: AsyncClient, kind: str):
    path = f"{kind}/{ROOT_PAGE_ID}"
    message = await refusal(notion, "PATCH", path, {"archived": True})
    assert "body.archived should be not present" in message


async def test_appending_takes_a_position_and_no_longer_after(notion: AsyncClient):
    path = f"blocks/{ROOT_PAGE_ID}/children"
    message = await refusal(notion, "PATCH", path, {"children": [], "after": UNKNOWN})
    assert "body.after should be not present" in message
    body = {"children": [], "position": {"type": "page_end"}}
    assert "body.position.type" in await refusal(notion, "PATCH", path, body)


async def test_nothing_is_written_when_one_block_is_refused(notion: AsyncClient):
    await refusal(notion, "POST", "pages", on_root(children=[block("paragraph"), {}]))
    assert (await notion.search(query="A page"))["results"] == []


async def test_a_page_in_the_trash_cannot_be_edited_and_can_come_back(notion: AsyncClient):
    page = await notion.pages.create(**on_root(children=[block("toggle")]))
    page_id = page["id"]
    toggle = (await notion.blocks.children.list(page_id))["results"][0]["id"]
    trashed = await notion.pages.update(page_id, in_trash=True)
    assert trashed["in_trash"] is True
    for method, path, body in (
        ("PATCH", f"pages/{page_id}", {"icon": None}),
        ("PATCH", f"blocks/{page_id}/children", {"children": [block("paragraph")]}),
        ("PATCH", f"blocks/{toggle}/children", {"children": [block("paragraph")]}),
        ("PATCH", f"blocks/{toggle}", block("toggle", "New") | {"object": None}),
        ("DELETE", f"blocks/{toggle}", None),
        ("POST", "pages", on_root() | {"parent": {"page_id": page_id}}),
    ):
        body = {k: v for k, v in body.items() if k != "object"} if body else None
        assert "unarchive" in await refusal(notion, method, path, body)
    assert (await notion.pages.update(page_id, in_trash=False))["in_trash"] is False
    await notion.blocks.children.append(toggle, children=[block("paragraph")])


async def test_the_root_page_cannot_be_trashed(notion: AsyncClient):
    body = {"in_trash": True}
    assert "workspace level" in await refusal(notion, "PATCH", f"pages/{ROOT_PAGE_ID}", body)
    assert "workspace level" in await refusal(notion, "DELETE", f"blocks/{ROOT_PAGE_ID}")


async def test_children_stand_only_where_they_may(notion: AsyncClient):
    blocks = [bare("divider"), table(("a", "b")), block("heading_1")]
    page = await notion.pages.create(**on_root(children=blocks))
    ids = [b["id"] for b in (await notion.blocks.children.list(page["id"]))["results"]]
    divider, grid, heading = (f"blocks/{block_id}/children" for block_id in ids)
    some = {"children": [block("paragraph")]}
    assert "does not support children" in await refusal(notion, "PATCH", divider, some)
    assert "does not support children" in await refusal(notion, "PATCH", heading, some)
    assert '"table_row"' in await refusal(notion, "PATCH", grid, some)
    short = {"children": [bare("table_row", cells=[[]])]}
    assert "must match the table width" in await refusal(notion, "PATCH", grid, short)


@pytest.mark.parametrize(
    ("method", "path", "body", "words"),
    [
        (
            "GET",
            f"blocks/{ROOT_PAGE_ID}/children?page_size=101",
            None,
            "page_size should be ≤ `100`",
        ),
        (
            "GET",
            f"blocks/{ROOT_PAGE_ID}/children?page_size=x",
            None,
            "page_size should be a number",
        ),
        ("GET", f"blocks/{ROOT_PAGE_ID}/children?start_cursor={UNKNOWN}", None, "start_cursor"),
        ("POST", "search", {"page_size": 0}, "body.page_size should be ≥ `1`"),
        ("POST", "search", {"start_cursor": UNKNOWN}, "start_cursor provided is invalid"),
        ("POST", "search", {"start_cursor": "x"}, "body.start_cursor should be a valid uuid"),
        (
            "POST",
            "search",
            {"filter": {"property": "object", "value": "database"}},
            'body.filter.value should be `"page"` or `"data_source"`, instead was `"database"`',
        ),
        ("POST", "search", {"sort": {"timestamp": "created_time"}}, "body.sort.timestamp"),
        ("GET", "comments", None, "query.block_id should be defined"),
        ("POST", "comments", {"parent": {"page_id": ROOT_PAGE_ID}}, "body.rich_text should be"),
    ],
)
async def test_a_list_asked_for_wrongly_is_refused(
    notion: AsyncClient, method: str, path: str, body: Any, words: str
):
    path, _, query = path.partition("?")
    pairs = dict(part.split("=") for part in query.split("&") if part)
    with pytest.raises(APIResponseError) as caught:
        await notion.request(path=path, method=method, body=body, query=pairs or None)
    assert (caught.value.status, caught.value.code) == (400, "validation_error")
    assert words in json.loads(caught.value.body)["message"]
