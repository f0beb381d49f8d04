"""The stand-in, held to the types of Notion's own client for JavaScript."""

import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path

import jsonschema_rs
import pytest
from notion_client import AsyncClient

from sandbox.notion.ids import NOTES_DATA_SOURCE_ID, NOTES_DATABASE_ID, ROOT_PAGE_ID
from sandbox.notion.server import NotionServer
from tests.contracts.specs import Json, complaints
from tests.sandbox.notion.samples import client_of, every_block, in_notes, on_root, text

FOLDER = Path(__file__).parents[2] / "scripts" / "notion_types"


@cache
def schemas() -> Json:
    """The schemas, made by npm the first time; skips the test where that cannot be."""
    if shutil.which("npm") is None:
        pytest.skip("npm, which makes the schemas, is not installed")
    try:
        subprocess.run([FOLDER / "build.sh"], check=True, capture_output=True, timeout=120)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"npm could not fetch Notion's client: {str(error.stderr)[-300:]}")
    return json.loads((FOLDER / ".cache" / "notion.json").read_bytes())["definitions"]


@cache
def validator(name: str) -> jsonschema_rs.Validator:
    whole = {"$ref": f"#/definitions/{name}", "definitions": schemas()}
    return jsonschema_rs.Draft7Validator(whole)


def check(name: str, instance: object) -> None:
    assert complaints(validator(name), with_archived(instance)) == []


def with_archived(value: object) -> object:
    """The types cover older versions too, and those sent `archived` beside `in_trash`."""
    if isinstance(value, list):
        return [with_archived(item) for item in value]
    if not isinstance(value, dict):
        return value
    older = {"archived": value["in_trash"]} if "in_trash" in value else {}
    return {key: with_archived(item) for key, item in value.items()} | older


@pytest.fixture
async def notion() -> AsyncIterator[AsyncClient]:
    schemas()
    async with NotionServer() as server:
        client = client_of(server)
        yield client
        await client.aclose()


async def test_requests_and_pages_are_what_the_types_say(notion: AsyncClient):
    body = on_root(children=every_block(), icon={"emoji": "🚀"})
    check("CreatePageParameters", body)
    page = await notion.pages.create(**body)
    check("PageObjectResponse", page)
    row = in_notes(Tags={"multi_select": [{"name": "x"}]}, URL={"url": "https://example.com/"})
    check("CreatePageParameters", row)
    check("PageObjectResponse", await notion.pages.create(**row))


async def test_blocks_are_what_the_types_say(notion: AsyncClient):
    body = {"children": every_block(), "position": {"type": "end"}}
    check("AppendBlockChildrenParameters", {"block_id": ROOT_PAGE_ID, **body})
    made = await notion.blocks.children.append(ROOT_PAGE_ID, **body)
    check("ListBlockChildrenResponse", made)
    for block in made["results"]:
        check("BlockObjectResponse", block)
        if block["has_children"]:
            for child in (await notion.blocks.children.list(block["id"]))["results"]:
                check("BlockObjectResponse", child)


async def test_databases_users_and_comments_are_what_the_types_say(notion: AsyncClient):
    check("DataSourceObjectResponse", await notion.data_sources.retrieve(NOTES_DATA_SOURCE_ID))
    check("DatabaseObjectResponse", await notion.databases.retrieve(NOTES_DATABASE_ID))
    for user in (await notion.users.list())["results"]:
        check("UserObjectResponse", user)
    parent = {"page_id": ROOT_PAGE_ID}
    comment = await notion.comments.create(parent=parent, rich_text=[text("x")])
    check("CommentObjectResponse", comment)
