"""A block that Notion does not take comes as plain text, and its page comes whole."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from core.markdown import notion_blocks
from core.notion.plainly import plainly
from core.notion.refusals import NotionRefused
from core.notion.saving import Saving
from sandbox.notion.errors import invalid
from sandbox.notion.hooks import Faults
from sandbox.notion.server import NotionServer
from tests.core.notion.saved import LONG, Steps, made, written

Add = Callable[..., Awaitable[UUID]]


def refusal(about: str, status: int = 400) -> NotionRefused:
    return NotionRefused("No.", status=status, data={}, about=f"body failed validation: {about}")


def run(text: str) -> dict[str, Any]:
    return {"type": "text", "text": {"content": text}}


def paragraph(text: str) -> dict[str, Any]:
    return {"object": "block", "type": "paragraph", "paragraph": {"rich_text": [run(text)]}}


def after(markdown: str, where: str) -> list[dict[str, Any]]:
    found = plainly(notion_blocks(markdown), refusal(f"body.children{where} should be x"))
    assert found is not None
    return found


def test_a_link_that_is_refused_becomes_its_words_and_its_address() -> None:
    where = "[1].paragraph.rich_text[0].text.link.url"
    first, second = after("# One\n\nSee **[the plan](https://x.example/a)**.", where)
    assert first["type"] == "heading_1"
    assert second == paragraph("See the plan (https://x.example/a).")


def test_what_is_inside_another_block_stays_inside_it() -> None:
    (item,) = after(
        "- One\n  - **Two** $x^2$",
        "[0].bulleted_list_item.children[0].bulleted_list_item.rich_text[0].text.content",
    )
    (inner,) = item["bulleted_list_item"]["children"]
    assert inner["bulleted_list_item"] == {"rich_text": [run("Two x^2")]}


def test_a_tables_row_loses_its_looks_and_nothing_else() -> None:
    where = "[0].table.children[1].table_row.cells[0][0].text.link.url"
    (table,) = after("| a | b |\n|-|-|\n| [c](https://x.example) | *d* |", where)
    rows = [each["table_row"]["cells"] for each in table["table"]["children"]]
    assert rows[1] == [[run("c (https://x.example)")], [run("d")]]


def test_a_language_an_icon_and_a_file_that_are_refused_become_text() -> None:
    (code,) = after("```rust\nfn main() {}\n```", "[0].code.language")
    assert code["code"] == {"rich_text": [run("fn main() {}")], "language": "plain text"}
    (callout,) = after("> [!NOTE]\n> Mind the gap.", "[0].callout.icon.emoji")
    assert set(callout["callout"]) <= {"rich_text", "children"}
    image = {"type": "image", "image": {"type": "file_upload", "file_upload": {"id": "u"}}}
    found = plainly([image], refusal("body.children[0].image.file_upload.id should be x"))
    assert found == [paragraph("Something that Notion did not take stood here.")]


def test_what_is_plain_already_or_mentions_somebody_or_is_not_named_stays() -> None:
    mention = {"type": "mention", "mention": {"type": "user", "user": {"id": "u"}}}
    somebody = {"type": "paragraph", "paragraph": {"rich_text": [mention]}}
    about = "body.children[0].paragraph.rich_text[0] should be x"
    assert plainly([paragraph("Plain.")], refusal(about)) is None
    assert plainly([somebody], refusal(about)) is None
    assert plainly([paragraph("One")], refusal("body.children[7] should be x")) is None
    assert plainly(notion_blocks("**x**"), refusal("body.properties.Name should be x")) is None
    assert plainly(notion_blocks("**x**"), refusal(about, status=404)) is None


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/v1/pages"), ("PATCH", "/v1/blocks/*/children")]
)
async def test_a_page_arrives_whole_though_notion_refuses_one_of_its_blocks(
    saving: Saving,
    notion: NotionServer,
    faults: Faults,
    add_item: Add,
    add_request: Add,
    method: str,
    path: str,
) -> None:
    about = "body failed validation: body.children[0].paragraph.rich_text[0].text.link.url is x"
    faults.fail(method, path, invalid(about))
    text = "\n\n".join(f"**{line}**" for line in LONG.split("\n\n"))
    await saving.save(Steps(), await add_request(), await add_item(text), None)
    (page,) = made(notion)
    found = [text for _, text, _ in written(notion, page.id)]
    assert found[:-1] == LONG.split("\n\n")
