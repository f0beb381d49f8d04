"""Names on a page as mentions, and mentions as names again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import NotionFailed
from core.markdown import notion_blocks
from core.messages import Message, Sender
from core.notion.client import NotionPages
from core.notion.mentions import Mentioning, People, mentioning, people_of, with_people
from core.notion.refusals import NotionRefused
from core.notion.shapes import child, text_of
from core.notion.sync import Sync
from core.pages import Child
from core.transcript import document
from sandbox.notion.hooks import Faults
from sandbox.notion.ids import BOT_USER_ID, PERSON_USER_ID
from sandbox.notion.rich_text import read_rich_text
from sandbox.notion.server import NotionServer
from tests.core.commands.room import START

ADA, GRACE = PERSON_USER_ID, "b0000000-0000-4000-8000-00000000000d"
PEOPLE = {"Ada": ADA, "Grace Hopper": GRACE}


def said(blocks: list[dict[str, Any]]) -> list[str]:
    """The texts of blocks, people by the ends of their ids."""
    found = []
    for block in blocks:
        body = block[block["type"]]
        texts = body.get("cells") or [body.get("rich_text", [])]
        found.append("\t".join("".join(map(one, runs)) for runs in texts))
        found += said(body.get("children", []))
    return found


def one(run: dict[str, Any]) -> str:
    if run["type"] == "mention":
        assert run["mention"]["type"] == "user"
        return f"<{run['mention']['user']['id'][-1]}>"
    return str(run["text"]["content"])


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("@Ada, ask @Grace Hopper!", "<c>, ask <d>!"),
        ("(@Ada's) plan", "(<c>'s) plan"),
        ("- **@Ada** and @Adam", "<c> and @Adam"),
        ("> @Ada", "<c>"),
        ("mail@Ada or Ada", "mail@Ada or Ada"),
        ("`@Ada` [@Ada](https://a.test)", "@Ada @Ada"),
        ("```\n@Ada\n```", "@Ada"),
        ("@Grace", "@Grace"),
    ],
)
def test_whom_a_text_names_behind_an_at_is_mentioned(markdown: str, shown: str) -> None:
    assert said(with_people(notion_blocks(markdown), PEOPLE)) == [shown]


def test_cells_and_what_is_inside_are_looked_through_and_looks_are_kept() -> None:
    blocks = notion_blocks("- a\n  - *@Ada*\n\n|@Ada|b|\n|-|-|\n|c|@Grace Hopper|")
    assert said(with_people(blocks, PEOPLE)) == ["a", "<c>", "", "<c>\tb", "c\t<d>"]
    inside = with_people(blocks, PEOPLE)[0]["bulleted_list_item"]["children"][0]
    assert inside["bulleted_list_item"]["rich_text"] == [
        {
            "type": "mention",
            "mention": {"type": "user", "user": {"id": ADA}},
            "annotations": {"italic": True},
        }
    ]
    assert said(blocks)[1] == "@Ada"


def test_who_wrote_a_message_is_mentioned() -> None:
    first = Message("1", "Ada", "Ada — hello", START, link="https://a.test")
    reply = Message("2", "Grace Hopper", "Grace Hopper is here", START)
    blocks = with_people(notion_blocks(document([first, reply])), PEOPLE)
    when = "2026-11-24 12:00 UTC"
    assert said(blocks) == [
        "Ada — hello",
        f"<c> — {when} · Original message",
        "1 reply",
        f"<d> — {when}",
        "Grace Hopper is here",
    ]


def test_a_block_with_too_many_mentions_keeps_its_names_and_no_block_is_added() -> None:
    many = " ".join(f"@Ada {number}" for number in range(80))
    (block,) = with_people(notion_blocks(many), PEOPLE)
    assert said([block]) == [many]


def test_nobody_is_mentioned_by_a_name_that_two_have() -> None:
    ada, other, grace = (Sender("slack", f"U{n}", name) for n, name in enumerate("AAG"))
    assert people_of([ada, grace], {ada: "n1", grace: "n2"}) == {"A": "n1", "G": "n2"}
    assert people_of([ada, other], {ada: "n1"}) == {}
    assert people_of([ada, other], {ada: "n1", other: "n1"}) == {"A": "n1"}
    # Of two names of one person, one: which of them a mention stood for could not be told.
    assert people_of([ada, grace], {ada: "n1", grace: "n1"}) == {"A": "n1"}


def test_what_notion_tells_is_compared_as_it_was_sent() -> None:
    blocks = notion_blocks("Hi @Ada\n\n*Ada — 2026-11-24 12:00 UTC*\n\n|@Ada|\n|-|\n|b|")
    names = {"Ada": ADA}
    for block, sent in zip(blocks[:2], with_people(blocks, names), strict=False):
        kind = block["type"]
        told = {"id": "x", "type": kind}
        full = child(told | {kind: {"rich_text": read_rich_text(sent[kind]["rich_text"], "x")}})
        bare = child(told | sent)
        assert "@Robin Example" in full.text
        for each in (full, bare):
            (found,) = Mentioning(Blocks([]), names)._as_named([each])
            assert found.text == text_of(block)


class Blocks:
    """A page that takes nobody of those named."""

    def __init__(self, refused: Sequence[str], status: int = 400, about: str = "") -> None:
        self.refused = refused
        self.sent: list[list[str]] = []
        self.status = status
        self.about = about

    async def children(self, block: str) -> list[Child]:
        return [Child(block, "paragraph")]

    async def append(
        self,
        block: str,  # noqa: ARG002 - the port's signature
        children: Sequence[dict[str, Any]],
        after: str | None = None,  # noqa: ARG002
    ) -> list[Child]:
        self.sent.append(said(list(children)))
        for each in self.refused:
            if each in str(children):
                about = self.about or f"Could not find user with ID: {each.replace('-', '')}."
                raise NotionRefused("No.", status=self.status, data={}, about=about)
        return []

    async def change(self, block: str, kind: str, fields: dict[str, Any]) -> bool:
        await self.append(block, [{"type": kind, kind: fields}])
        return True

    async def remove(self, block: str) -> None:
        self.sent.append([block])


async def test_whom_notion_does_not_take_is_a_name_and_is_not_tried_again() -> None:
    blocks = Blocks([GRACE])
    page = Mentioning(blocks, PEOPLE)
    words = notion_blocks("@Ada and @Grace Hopper")
    await page.append("b", words)
    assert blocks.sent == [["<c> and <d>"], ["<c> and @Grace Hopper"]]
    blocks.sent.clear()
    assert await page.change("b", "paragraph", words[0]["paragraph"])
    assert blocks.sent == [["<c> and @Grace Hopper"]]


async def test_where_notion_does_not_say_whom_nobody_is_mentioned() -> None:
    blocks = Blocks([GRACE], 404, "Not found")
    await Mentioning(blocks, PEOPLE).append("b", notion_blocks("@Ada and @Grace Hopper"))
    assert blocks.sent == [["<c> and <d>"], ["@Ada and @Grace Hopper"]]


@pytest.mark.parametrize(
    ("words", "status", "about"),
    [("@Nobody", 400, "x"), ("@Ada", 403, "x"), ("@Ada", 400, "body.properties.Author is wrong")],
)
async def test_a_refusal_of_something_else_is_told(words: str, status: int, about: str) -> None:
    blocks = Blocks(["@Nobody", ADA], status, about)
    with pytest.raises(NotionFailed):
        await Mentioning(blocks, PEOPLE).append("b", notion_blocks(words))
    assert len(blocks.sent) == 1


async def test_it_is_tried_a_few_times_at_most() -> None:
    tried: list[People] = []

    async def send(people: People) -> str:
        tried.append(people)
        if people:
            raise NotionRefused("No.", status=400, data={}, about=min(people.values()))
        return "sent"

    many = {f"P{number}": f"id{number}" for number in range(9)}
    assert await mentioning(many, send) == ("sent", {})
    assert [len(each) for each in tried] == [9, 8, 7, 0]


async def test_a_page_with_mentions_is_changed_by_the_fewest_requests(
    pages: NotionPages, notion: NotionServer
) -> None:
    before, after = notion_blocks("@Ada\n\nsays\n\nno"), notion_blocks("@Ada\n\nsays\n\n@Ada yes")
    page = Mentioning(pages, {"Ada": ADA})
    root = notion.root_page_id
    await page.append(root, before)
    sync = Sync(page)
    notion.requests.clear()
    await sync.change(await sync.look(root, before, after), before, after)
    assert [call[0] for call in notion.requests] == ["GET", "PATCH"]
    texts = [each.text for each in await pages.children(root)][-3:]
    assert texts == ["@Robin Example", "says", "@Robin Example yes"]


async def test_a_bot_cannot_be_mentioned(pages: NotionPages, notion: NotionServer) -> None:
    page = Mentioning(pages, {"Ada": BOT_USER_ID})
    await page.append(notion.root_page_id, notion_blocks("@Ada"))
    assert (await pages.children(notion.root_page_id))[-1].text == "@Ada"


def asked(notion: NotionServer) -> int:
    return sum(call.path == "/v1/users" for call in notion.requests)


async def test_the_people_of_a_workspace_are_read_once_for_all_who_ask(
    pages: NotionPages, notion: NotionServer
) -> None:
    told = await asyncio.gather(*(pages.people() for _ in range(9)))
    assert told == [{"robin@example.com": PERSON_USER_ID}] * 9
    assert asked(notion) == 1


async def test_nobody_waits_long_for_who_people_are(
    pages: NotionPages, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.notion.properties.PATIENCE", 0.01)
    faults.delay("GET", "/v1/users", 60)
    assert await pages.people() == {}
    # Nor is it asked again at once, whatever it would say.
    monkeypatch.setattr("core.notion.properties.PATIENCE", 30.0)
    assert await pages.people() == {}


NAMES = ["Ada", "Ada L", "A", "a.b", "Ada-Lynn", "(x)", "名前", "@x", "Bob — 2026"]
SAID = st.lists(
    st.sampled_from(
        [
            *(
                *NAMES,
                *(f"@{name}" for name in NAMES),
                " — 2026-11-24 12:00 UTC",
                " ",
                "\n",
                "\n\n",
            ),
            *("@", "word", "**", "*", "`", "- ", "|", "# ", "> ", ".", ",", "'s", " · "),
        ]
    ),
    max_size=12,
).map("".join)


@given(SAID, st.sets(st.sampled_from(NAMES)))
@settings(max_examples=150, deadline=None)
def test_whatever_is_mentioned_is_found_again_by_its_text(text: str, known: set[str]) -> None:
    people = {name: f"{NAMES.index(name):08d}-0000-4000-8000-00000000000c" for name in known}
    blocks = notion_blocks(text)
    for block, sent in zip(blocks, with_people(blocks, people), strict=True):
        kind = block["type"]
        (found,) = Mentioning(Blocks([]), people)._as_named([child({"id": "x"} | sent)])
        assert (found.type, found.text.split()) == (kind, text_of(block).split())
