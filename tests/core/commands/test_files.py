"""Files of a message that is saved: copied to Notion, or links that say why they are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import pytest

from core.attachments import LARGEST, kind_of, type_of
from core.errors import Forbidden
from core.messages import Action, Answer, File
from core.notion.uploads import SINGLE, named
from core.ports import Address, Part, Reply
from sandbox.notion.errors import RefusedError
from sandbox.notion.hooks import Faults
from sandbox.notion.schema import make_property
from sandbox.notion.server import NotionServer
from tests.core.commands.room import Room, message
from tests.core.notion.saved import made

Say = Callable[..., Awaitable[Answer]]

PNG = b"\x89PNG\r\n\x1a\n"


def file(name: str, media_type: str = "", size: int = 0) -> File:
    return File(name, f"https://chat.example/{name}", media_type, size, f"https://private/{name}")


def room_with(*files: File, **contents: Any) -> Room:
    said = [message(1, "Look at these", files=files)]
    sources = {name: f"https://private/{name.replace('_', '.')}" for name in contents}
    return Room({"m1": said}, contents={sources[name]: contents[name] for name in contents})


def blocks(notion: NotionServer) -> list[tuple[str, dict[str, Any]]]:
    (page,) = made(notion)
    return [(child.type, child.body) for child in notion.store.children(page.id)]


async def test_files_become_blocks_that_hold_what_was_in_them(
    say: Say, notion: NotionServer
) -> None:
    files = (file("a.png", "image/png"), file("b.pdf", "application/pdf"), file("c.csv"))
    room = room_with(*files, a_png=PNG, b_pdf=b"%PDF", c_csv=b"1,2")
    answer = await say("/notion save room:m1", platform=room)
    assert answer.ok
    assert answer.notes == ()
    shown = [(kind, body) for kind, body in blocks(notion) if "file" in body]
    assert [kind for kind, _ in shown] == ["image", "pdf", "file"]
    uploads = [notion.store.uploads.found(body["file"]["upload"]) for _, body in shown]
    assert [upload and upload.content for upload in uploads] == [PNG, b"%PDF", b"1,2"]
    assert shown[2][1]["name"] == "c.csv"


async def test_in_a_data_source_files_are_in_its_property_too(
    say: Say, notion: NotionServer
) -> None:
    properties = {
        "Name": make_property("Name", "title", property_id="title"),
        "Files & media": make_property("Files & media", "files"),
    }
    source = notion.store.add_data_source("Papers", properties)
    room = room_with(file("a.png", "image/png"), file("b.txt"), a_png=PNG, b_txt=b"")
    assert (await say("/notion save room:m1 --to Papers", platform=room)).ok
    (page,) = made(notion, source.id)
    (shown,) = page.body["properties"]["Files & media"]["files"]
    assert shown["name"] == "a.png"
    block = next(child.body for child in notion.store.children(page.id) if child.type == "image")
    assert shown["file"] == block["file"]


async def test_a_large_file_is_sent_in_parts(say: Say, notion: NotionServer) -> None:
    content = bytes(range(256)) * (SINGLE // 256) + b"end"
    room = room_with(file("a.mp4", "video/mp4"), a_mp4=content)
    assert (await say("/notion save room:m1", platform=room)).ok
    [(_, body)] = [(kind, body) for kind, body in blocks(notion) if kind == "video"]
    upload = notion.store.uploads.found(body["file"]["upload"])
    assert upload is not None
    assert upload.parts == 3
    assert upload.content == content


@pytest.mark.parametrize(
    ("attached", "content", "why"),
    [
        (file("a.exe", "application/x-msdownload"), b"MZ", "not supported"),
        (file("a.txt"), Forbidden("Slack does not let this app read files."), "does not let"),
        (file("a.txt", size=LARGEST + 1), b"", "larger than 200 MB"),
        (file("a.txt"), b"", "empty"),
    ],
)
async def test_what_cannot_come_stays_a_link_and_the_page_and_the_answer_say_why(
    say: Say, notion: NotionServer, attached: File, content: Any, why: str
) -> None:
    room = room_with(attached, **{attached.name.replace(".", "_"): content})
    answer = await say("/notion save room:m1", platform=room)
    assert answer.ok
    [note] = answer.notes
    assert note.startswith(f"{attached.name} stays a link. ")
    assert why in note
    [(kind, body)] = [(kind, body) for kind, body in blocks(notion) if attached.link in str(body)]
    assert kind == "bulleted_list_item"
    assert why in str(body)


async def test_what_broke_on_its_way_to_notion_is_sent_once_more_and_not_fetched_again(
    say: Say, notion: NotionServer
) -> None:
    notion.hooks = faults = Faults()
    room, fetched = room_with(file("a.png", "image/png"), a_png=PNG), list[str]()
    fetch = room.fetch

    async def counted(address: Address, file: File) -> AsyncIterator[bytes]:
        fetched.append(file.name)
        async for piece in fetch(address, file):
            yield piece

    room.fetch = counted  # type: ignore[method-assign] # to count
    faults.drop("POST", "/v1/file_uploads")
    answer = await say("/notion save room:m1", platform=room)
    assert answer.notes == ()
    assert [kind for kind, _ in blocks(notion) if kind == "image"] == ["image"]
    assert fetched == ["a.png"]


async def test_a_file_that_notion_wants_later_is_not_asked_about_again(
    say: Say, notion: NotionServer
) -> None:
    notion.hooks = faults = Faults()
    later = RefusedError("rate_limited", "Slow down.", headers={"Retry-After": "900"})
    faults.fail("POST", "/v1/file_uploads", later, times=9)
    room = room_with(file("a.png", "image/png"), a_png=PNG)
    [note] = (await say("/notion save room:m1", platform=room)).notes
    assert note.endswith("Notion asks to slow down. Try again in about 15 minutes.")
    assert sum(call.path.endswith("/file_uploads") for call in notion.requests) == 1


async def test_saving_again_copies_nothing_again(say: Say, notion: NotionServer) -> None:
    room = room_with(file("a.png", "image/png"), a_png=PNG)
    await say("/notion save room:m1", platform=room)
    room.contents.clear()
    assert (await say("/notion save room:m1", platform=room, name="grace")).ok
    assert len(made(notion)) == 1
    assert sum(call.path.endswith("/send") for call in notion.requests) == 1


@pytest.mark.parametrize(
    ("attached", "media_type", "kind"),
    [
        (file("a.jpg", "image/jpeg; charset=x"), "image/jpeg", "image"),
        (file("a.mov"), "video/quicktime", "video"),
        (file("song", "audio/mpeg"), "audio/mpeg", "audio"),
        (file("what"), "application/octet-stream", "file"),
    ],
)
def test_what_kind_of_block_a_file_is(attached: File, media_type: str, kind: str) -> None:
    assert type_of(attached) == media_type
    assert kind_of(media_type) == kind


@pytest.mark.parametrize(
    ("name", "media_type", "taken"),
    [
        ("a.png", "image/png", "a.png"),
        ("photo", "image/png", "photo.png"),
        ("", "", "file.txt"),
        ("a\nb.pdf", "application/pdf", "a b.pdf"),
        ("x" * 300 + ".pdf", "application/pdf", "x" * 196 + ".pdf"),
        ("v1.2 of the whole plan", "text/plain", "v1.2 of the whole plan.txt"),
    ],
)
def test_a_name_has_an_extension_and_an_end(name: str, media_type: str, taken: str) -> None:
    assert named(name, media_type) == taken


class Board(Room):
    """A room whose messages can be changed and taken away."""

    edit_interval = 1.0

    def __init__(self, room: Room, *, erasable: bool = True) -> None:
        super().__init__(room.threads, contents=room.contents)
        self.notes: list[str] = []
        self.erasable = erasable

    def editable(self, address: Address) -> bool:  # noqa: ARG002 - the port's signature
        return True

    def waiting(self, actions: Sequence[Action] = ()) -> Part:
        return {"text": "…", "actions": list(actions)}

    def draft(self, text: str, actions: Sequence[Action] = ()) -> Part:
        return {"text": text, "actions": list(actions)}

    async def post(self, address: Address, part: Part, marker: str, *, again: bool) -> Reply:
        self.notes.append(part["text"])
        return {"id": marker} if address is not None or again else {}

    async def edit(self, address: Address, reply: Reply, part: Part) -> None:  # noqa: ARG002
        self.notes.append(part["text"])

    async def erase(self, address: Address, reply: Reply) -> bool:  # noqa: ARG002
        if self.erasable:
            self.notes.append("")
        return self.erasable


@pytest.mark.parametrize("erasable", [True, False])
async def test_how_far_large_files_are_is_told_and_then_no_more(
    say: Say, notion: NotionServer, monkeypatch: pytest.MonkeyPatch, *, erasable: bool
) -> None:
    monkeypatch.setattr("core.progress.PAUSE", 0.0)
    files = tuple(file(f"{name}.png", "image/png", 4_000_000) for name in "abc")
    room = room_with(*files, a_png=PNG, b_png=PNG, c_png=PNG)
    board = Board(room, erasable=erasable)
    assert (await say("/notion save room:m1", platform=board)).ok
    assert board.notes == [
        "Copying to Notion: 0 of 3 files, 0 MB of 12 MB …",
        "Copying to Notion: 1 of 3 files, 4 MB of 12 MB …",
        "Copying to Notion: 2 of 3 files, 8 MB of 12 MB …",
        "" if erasable else "3 files went to Notion: 12 MB.",
    ]
    assert len([kind for kind, _ in blocks(notion) if kind == "image"]) == 3


async def test_of_small_files_nothing_is_told(say: Say) -> None:
    board = Board(room_with(file("a.png", "image/png", 8), a_png=PNG))
    assert (await say("/notion save room:m1", platform=board)).ok
    assert board.notes == []
