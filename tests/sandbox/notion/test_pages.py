"""What a page is like once it is written."""

import pytest
from notion_client import AsyncClient

from sandbox.notion.ids import (
    BOT_USER_ID,
    NOTES_DATA_SOURCE_ID,
    NOTES_DATABASE_ID,
    ROOT_PAGE_ID,
)
from sandbox.notion.server import NotionServer
from tests.sandbox.notion.samples import bare, block, every_block, in_notes, on_root, table, text


async def types_under(notion: AsyncClient, block_id: str) -> list[str]:
    return [b["type"] for b in (await notion.blocks.children.list(block_id))["results"]]


async def texts_under(notion: AsyncClient, block_id: str) -> list[str]:
    found = (await notion.blocks.children.list(block_id))["results"]
    return [b[b["type"]]["rich_text"][0]["plain_text"] for b in found]


async def test_every_block_comes_back_in_order_and_nested(notion: AsyncClient):
    blocks = every_block()
    page = await notion.pages.create(**on_root(children=blocks))
    found = (await notion.blocks.children.list(page["id"]))["results"]
    assert [b["type"] for b in found] == [b["type"] for b in blocks]
    by_type = {b["type"]: b for b in found}
    outer = by_type["bulleted_list_item"]
    assert outer["has_children"] is True
    middle = (await notion.blocks.children.list(outer["id"]))["results"][0]
    assert middle["parent"] == {"type": "block_id", "block_id": outer["id"]}
    assert await texts_under(notion, middle["id"]) == ["Deeper"]
    assert by_type["to_do"]["to_do"]["checked"] is True
    assert by_type["file"]["file"]["name"] == "report.csv"
    assert await types_under(notion, by_type["table"]["id"]) == ["table_row", "table_row"]


async def test_rich_text_comes_back_in_full(notion: AsyncClient):
    page = await notion.pages.create(**on_root(children=every_block()[:1]))
    paragraph = (await notion.blocks.children.list(page["id"]))["results"][0]["paragraph"]
    bold, link, _, equation, mention, date = paragraph["rich_text"]
    assert bold["annotations"] == {
        "bold": True,
        "italic": False,
        "strikethrough": False,
        "underline": False,
        "code": False,
        "color": "red",
    }
    assert link["href"] == link["text"]["link"]["url"] == "https://example.com/a?b=c#d"
    assert equation["plain_text"] == "a^2"
    assert mention["plain_text"] == "Notion Assistant"
    assert mention["href"].endswith(ROOT_PAGE_ID.replace("-", ""))
    assert date["plain_text"] == "2026-11-23"


async def test_a_page_has_an_address_made_of_its_title(notion: AsyncClient, server: NotionServer):
    page = await notion.pages.create(**on_root("Launch: a “checklist”"))
    assert page["url"] == f"{server.viewer_url}/Launch-a-checklist-{page['id'].replace('-', '')}"
    assert page["parent"] == {"type": "page_id", "page_id": ROOT_PAGE_ID}
    assert page["created_time"].endswith(":00.000Z")
    untitled = await notion.pages.create(parent={"page_id": ROOT_PAGE_ID}, properties={})
    assert untitled["url"] == f"{server.viewer_url}/{untitled['id'].replace('-', '')}"


async def test_a_sub_page_is_a_block_of_its_parent(notion: AsyncClient):
    parent = await notion.pages.create(**on_root("Above"))
    child = await notion.pages.create(**on_root("Below") | {"parent": {"page_id": parent["id"]}})
    found = (await notion.blocks.children.list(parent["id"]))["results"]
    assert [(b["id"], b["child_page"]) for b in found] == [(child["id"], {"title": "Below"})]
    assert (await notion.blocks.retrieve(parent["id"]))["has_children"] is True


async def test_a_page_can_stand_in_the_workspace(notion: AsyncClient):
    page = await notion.pages.create(**on_root() | {"parent": {"workspace": True}})
    assert page["parent"] == {"type": "workspace", "workspace": True}


async def test_blocks_go_to_the_end_the_start_and_after_a_block(notion: AsyncClient):
    page = await notion.pages.create(**on_root(children=[block("paragraph", "b")]))
    page_id = page["id"]
    append = notion.blocks.children.append
    last = await append(page_id, children=[block("paragraph", "d"), block("paragraph", "e")])
    assert [b["paragraph"]["rich_text"][0]["plain_text"] for b in last["results"]] == ["d", "e"]
    await append(page_id, children=[block("paragraph", "a")], position={"type": "start"})
    b_id = (await notion.blocks.children.list(page_id))["results"][1]["id"]
    after = {"type": "after_block", "after_block": {"id": b_id}}
    await append(page_id, children=[block("paragraph", "c")], position=after)
    await append(page_id, children=[block("paragraph", "f")], position={"type": "end"})
    assert await texts_under(notion, page_id) == ["a", "b", "c", "d", "e", "f"]


async def test_children_come_in_pages_of_at_most_a_hundred(notion: AsyncClient):
    page = await notion.pages.create(
        **on_root(children=[block("paragraph", str(n)) for n in range(100)])
    )
    more = [block("paragraph", str(n)) for n in range(100, 105)]
    await notion.blocks.children.append(page["id"], children=more)
    first = await notion.blocks.children.list(page["id"])
    assert (len(first["results"]), first["has_more"]) == (100, True)
    rest = await notion.blocks.children.list(page["id"], start_cursor=first["next_cursor"])
    assert [b["paragraph"]["rich_text"][0]["plain_text"] for b in rest["results"]] == [
        str(n) for n in range(100, 105)
    ]
    assert (rest["has_more"], rest["next_cursor"]) == (False, None)


async def test_a_block_is_changed_and_deleted(notion: AsyncClient):
    blocks = [block("code", "x = 1", language="python"), table(("a", "b"))]
    page = await notion.pages.create(**on_root(children=blocks))
    code, grid = (await notion.blocks.children.list(page["id"]))["results"]
    changed = await notion.blocks.update(code["id"], code={"rich_text": [text("x = 2")]})
    assert changed["code"]["language"] == "python"
    assert changed["code"]["rich_text"][0]["plain_text"] == "x = 2"
    row = (await notion.blocks.children.list(grid["id"]))["results"][0]
    cells = {"cells": [[text("c")], [text("d")]]}
    assert (await notion.blocks.update(row["id"], table_row=cells))["table_row"]["cells"][1]
    assert (await notion.blocks.delete(code["id"]))["in_trash"] is True
    assert await types_under(notion, page["id"]) == ["table"]
    assert (await notion.blocks.retrieve(code["id"]))["in_trash"] is True


async def test_a_page_is_renamed_and_gets_an_icon(notion: AsyncClient):
    page = await notion.pages.create(**on_root("Old", icon={"emoji": "🚀"}))
    assert page["icon"] == {"type": "emoji", "emoji": "🚀"}
    cover = {"external": {"url": "https://example.com/c.png"}}
    changed = await notion.pages.update(
        page["id"], properties=on_root("New")["properties"], icon=None, cover=cover
    )
    assert changed["properties"]["title"]["title"][0]["plain_text"] == "New"
    assert changed["icon"] is None
    assert changed["cover"] == {"type": "external", **cover}


async def test_erasing_the_content_leaves_sub_pages(notion: AsyncClient):
    page = await notion.pages.create(**on_root(children=[block("paragraph")]))
    await notion.pages.create(**on_root() | {"parent": {"page_id": page["id"]}})
    await notion.pages.update(page["id"], erase_content=True)
    assert await types_under(notion, page["id"]) == ["child_page"]


async def test_a_row_has_every_property_and_adds_its_tags_to_the_schema(notion: AsyncClient):
    row = await notion.pages.create(
        **in_notes(
            Tags={"multi_select": [{"name": "slack"}, {"name": "launch"}]},
            url1={"url": "https://example.com/1"},
        )
    )
    properties = row["properties"]
    assert set(properties) == {"Name", "Tags", "URL", "Status"}
    assert properties["URL"]["url"] == "https://example.com/1"
    assert properties["Status"]["select"] is None
    source = await notion.data_sources.retrieve(NOTES_DATA_SOURCE_ID)
    options = source["properties"]["Tags"]["multi_select"]["options"]
    assert [option["name"] for option in options] == ["slack", "launch"]
    again = await notion.pages.update(row["id"], properties={"Tags": {"multi_select": options[:1]}})
    assert [tag["id"] for tag in again["properties"]["Tags"]["multi_select"]] == [options[0]["id"]]
    assert again["properties"]["Name"]["title"][0]["plain_text"] == "A row"


async def test_a_database_stands_for_its_data_source(notion: AsyncClient):
    database = await notion.databases.retrieve(NOTES_DATABASE_ID)
    assert database["data_sources"] == [{"id": NOTES_DATA_SOURCE_ID, "name": "Notes"}]
    row = await notion.pages.create(**in_notes() | {"parent": {"database_id": NOTES_DATABASE_ID}})
    assert row["parent"] == {
        "type": "data_source_id",
        "data_source_id": NOTES_DATA_SOURCE_ID,
        "database_id": NOTES_DATABASE_ID,
    }


async def test_a_query_filters_and_sorts(notion: AsyncClient):
    for name in ("b", "a", "c"):
        url = {"url": f"https://example.com/{name}"}
        await notion.pages.create(
            **in_notes(name, URL=url, Tags={"multi_select": [{"name": name}]})
        )

    async def names(**query: object) -> list[str]:
        found = await notion.data_sources.query(NOTES_DATA_SOURCE_ID, **query)
        return [p["properties"]["Name"]["title"][0]["plain_text"] for p in found["results"]]

    assert await names() == ["c", "a", "b"]
    assert await names(sorts=[{"property": "Name", "direction": "ascending"}]) == ["a", "b", "c"]
    by_url = {"property": "URL", "url": {"equals": "https://example.com/a"}}
    by_name = {"property": "Name", "title": {"starts_with": "B"}}
    assert await names(filter=by_url) == ["a"]
    assert await names(filter={"or": [by_url, by_name]}) == ["a", "b"]
    assert await names(filter={"and": [by_url, by_name]}) == []
    assert await names(filter={"property": "Tags", "multi_select": {"contains": "c"}}) == ["c"]
    assert await names(
        filter={"property": "Status", "select": {"is_empty": True}}, page_size=1
    ) == ["c"]
    page = (await notion.data_sources.query(NOTES_DATA_SOURCE_ID))["results"][0]
    made = {"timestamp": "created_time", "created_time": {"equals": page["created_time"]}}
    assert "c" in await names(filter=made)
    past = {"timestamp": "created_time", "created_time": {"before": "2020-01-01"}}
    assert await names(filter=past) == []


async def test_a_search_finds_titles_page_by_page(notion: AsyncClient):
    for n in range(3):
        await notion.pages.create(**on_root(f"Launch plan {n}"))
    await notion.pages.create(**on_root("Other", children=[block("paragraph", "Launch plan")]))
    first = await notion.search(query="launch PLAN", page_size=2)
    rest = await notion.search(query="launch PLAN", page_size=2, start_cursor=first["next_cursor"])
    titles = [
        p["properties"]["title"]["title"][0]["plain_text"]
        for p in first["results"] + rest["results"]
    ]
    assert titles == ["Launch plan 2", "Launch plan 1", "Launch plan 0"]
    only = {"property": "object", "value": "data_source"}
    assert [s["id"] for s in (await notion.search(filter=only))["results"]] == [
        NOTES_DATA_SOURCE_ID
    ]
    oldest = {"timestamp": "last_edited_time", "direction": "ascending"}
    found = (await notion.search(query="launch", sort=oldest))["results"]
    assert found[0]["properties"]["title"]["title"][0]["plain_text"] == "Launch plan 0"


async def test_a_search_leaves_out_what_is_in_the_trash_or_below_it(notion: AsyncClient):
    above = await notion.pages.create(**on_root("Plan above"))
    await notion.pages.create(**on_root("Plan below") | {"parent": {"page_id": above["id"]}})
    await notion.pages.update(above["id"], in_trash=True)
    assert (await notion.search(query="plan"))["results"] == []


async def test_users_are_the_bot_and_a_person(notion: AsyncClient):
    me = await notion.users.me()
    assert (me["id"], me["type"]) == (BOT_USER_ID, "bot")
    users = (await notion.users.list())["results"]
    assert [user["type"] for user in users] == ["person", "bot"]
    assert await notion.users.retrieve(BOT_USER_ID) == me


async def test_comments_stand_on_pages_and_blocks(notion: AsyncClient):
    page = await notion.pages.create(**on_root(children=[block("paragraph")]))
    first = await notion.comments.create(parent={"page_id": page["id"]}, rich_text=[text("One")])
    await notion.comments.create(discussion_id=first["discussion_id"], markdown="Two")
    found = (await notion.comments.list(block_id=page["id"]))["results"]
    assert [comment["rich_text"][0]["plain_text"] for comment in found] == ["One", "Two"]
    assert len(await types_under(notion, page["id"])) == 1


async def test_a_page_reads_as_markdown(notion: AsyncClient):
    blocks = [
        block("heading_1", "Plan"),
        block("bulleted_list_item", [text("a", bold=True)], children=[block("to_do", "b*")]),
        block("code", "x = 1", language="python"),
        table(("k", "v"), ("1", "2")),
        bare("divider"),
    ]
    page = await notion.pages.create(**on_root(children=blocks))
    answer = await notion.pages.retrieve_markdown(page["id"])
    assert answer["markdown"] == (
        "# Plan\n\n- **a**\n    - [ ] b\\*\n\n```python\nx = 1\n```\n\n"
        "| k | v |\n| --- | --- |\n| 1 | 2 |\n\n---"
    )


@pytest.mark.parametrize("form", ["{}", "bare"])
async def test_an_id_is_taken_with_and_without_dashes(notion: AsyncClient, form: str):
    page_id = ROOT_PAGE_ID if form == "{}" else ROOT_PAGE_ID.replace("-", "")
    assert (await notion.pages.retrieve(page_id))["id"] == ROOT_PAGE_ID
