from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession
from notion_client import APIResponseError, AsyncClient

from sandbox.notion.server import NotionServer
from tests.contracts.specs import NOTION, complaints, open_api
from tests.sandbox.notion.samples import bare, client_of, on_root

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 100


class Clock:
    now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def server(clock: Clock) -> AsyncIterator[NotionServer]:
    async with NotionServer(clock=clock) as running:
        yield running


@pytest.fixture
async def notion(server: NotionServer) -> AsyncIterator[AsyncClient]:
    client = client_of(server)
    yield client
    await client.aclose()


async def test_a_file_is_sent_attached_and_seen(notion: AsyncClient, server: NotionServer) -> None:
    made = await notion.file_uploads.create(filename="a.png", content_type="image/png")
    assert complaints(open_api(NOTION).component("fileUploadObjectResponse"), made) == []
    sent = await notion.file_uploads.send(made["id"], file=("a.png", PNG, "image/png"))
    assert (sent["status"], sent["content_length"]) == ("uploaded", len(PNG))
    page = await notion.pages.create(
        **on_root(children=[bare("image", type="file_upload", file_upload={"id": made["id"]})])
    )
    children = await notion.blocks.children.list(page["id"])
    [image] = children["results"]
    assert complaints(open_api(NOTION).component("blockObjectResponse"), image) == []
    async with ClientSession() as http, http.get(image["image"]["file"]["url"]) as answer:
        assert (await answer.read(), answer.content_type) == (PNG, "image/png")
    async with ClientSession() as http, http.get(page["url"]) as answer:
        assert f'src="files/{made["id"]}"' in await answer.text()


async def test_a_large_file_comes_in_parts(notion: AsyncClient) -> None:
    made = await notion.file_uploads.create(
        mode="multi_part", filename="a.mp4", content_type="video/mp4", number_of_parts=2
    )
    for number in (2, 1):
        await notion.file_uploads.send(
            made["id"], file=("a.mp4", bytes([number]) * 3, "video/mp4"), part_number=str(number)
        )
    done = await notion.file_uploads.complete(made["id"])
    assert (done["status"], done["content_length"]) == ("uploaded", 6)


async def test_what_is_not_ready_or_not_known_is_refused(notion: AsyncClient, clock: Clock) -> None:
    with pytest.raises(APIResponseError, match="extension"):
        await notion.file_uploads.create(filename="a.exe", content_type="application/x-msdownload")
    made = await notion.file_uploads.create(filename="a.txt", content_type="text/plain")
    block = bare("file", type="file_upload", file_upload={"id": made["id"]})
    with pytest.raises(APIResponseError, match="pending"):
        await notion.pages.create(**on_root(children=[block]))
    await notion.file_uploads.send(made["id"], file=("a.txt", b"a", "text/plain"))
    clock.now += 3601
    with pytest.raises(APIResponseError, match="expired"):
        await notion.pages.create(**on_root(children=[block]))
