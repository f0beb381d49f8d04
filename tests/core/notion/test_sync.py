"""A page brought from one text to the next: what changed, and nothing else."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from core.errors import NotionFailed
from core.markdown import notion_blocks
from core.notion import sync as module
from core.notion.client import NotionPages
from core.notion.page import footer
from core.notion.sync import Sync
from sandbox.notion.errors import RefusedError
from sandbox.notion.hooks import Faults
from sandbox.notion.server import NotionServer
from tests.core.notion.saved import meant, written

FOOT = footer("https://notes.example/content/1", "slack")
THREAD = "When?\n\n*Ada*\n\n## 2 replies\n\n**Bob**\n\nFriday.\n\n**Cy**\n\nFine.\n"
DEEP = "\n".join(f"{'  ' * level}- level {level}" for level in range(6))


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE", 0.0)


async def page_of(pages: NotionPages, text: str) -> str:
    place = await pages.destination(None)
    page = (await pages.create(place, "Page", [])).id
    await changed(pages, page, "", text)
    await pages.append(page, [FOOT])
    return page


async def changed(pages: NotionPages, page: str, before: str, after: str) -> None:
    old, new = notion_blocks(before), notion_blocks(after)
    sync = Sync(pages)
    look = json.loads(json.dumps(await sync.look(page, old, new)))
    await sync.change(look, old, new)


def shown(notion: NotionServer, page: str) -> list[tuple[str, str, Any]]:
    return written(notion, page)


def wanted(text: str) -> list[tuple[str, str, Any]]:
    return meant(text)[:-1]


CASES = {
    "a paragraph is other": (THREAD, THREAD.replace("Friday.", "On *Monday*."), 2),
    "a reply more": (THREAD, THREAD.replace("2 rep", "3 rep") + "\n**Di**\n\nMe too.\n", 3),
    "a mark": (THREAD, THREAD.replace("Friday.", "> [!WARNING]\n> Gone.\n\nFriday."), 2),
    "nothing": (THREAD, THREAD, 1),
    "only bold": ("one two", "one **two**", 2),
    "less": ("a\n\nb\n\nc\n\nd", "a\n\nd", 3),
    "to the front": ("b\n\nc", "a\n\nb\n\nc", 2),
    "all of it": ("a\n\nb", "# x\n\n```py\ny\n```\n\n- z", 4),
    "inside a list": ("- a\n  - b\n  - c\n- d", "- a\n  - b\n  - x\n- d", 3),
    "deeper": (DEEP, DEEP.replace("level 5", "level five") + "\n- more", 8),
    "into a list": ("- a\n- d", f"- a\n  {DEEP.replace(chr(10), chr(10) + '  ')}\n- d", 7),
    "a table's row": ("|a|b|\n|-|-|\n|1|2|", "|a|b|\n|-|-|\n|1|3|\n|4|5|", 4),
    "a wider table": ("|a|b|\n|-|-|\n|1|2|", "|a|b|c|\n|-|-|-|\n|1|2|3|", 3),
    "a rule": ("a\n\n---\n\nb", "a\n\nb", 2),
    "code's language": ("```py\nx\n```", "```js\nx\n```", 2),
}


@pytest.mark.parametrize(("before", "after", "requests"), CASES.values(), ids=CASES.keys())
async def test_a_page_is_brought_to_the_next_text_by_few_requests(
    pages: NotionPages, notion: NotionServer, before: str, after: str, requests: int
) -> None:
    page = await page_of(pages, before)
    count = len(notion.requests)
    await changed(pages, page, before, after)
    assert shown(notion, page)[:-1] == wanted(after)
    assert len(notion.requests) - count <= requests
    assert shown(notion, page)[-1][1].startswith("Written with")
    # What was changed once is the same text from then on.
    await changed(pages, page, after, before)
    assert shown(notion, page)[:-1] == wanted(before)


async def test_a_change_of_formatting_alone_reaches_the_page(
    pages: NotionPages, notion: NotionServer
) -> None:
    page = await page_of(pages, "one two")
    await changed(pages, page, "one two", "one **two**")
    body = notion.store.children(page)[0].body["rich_text"]
    assert [run["annotations"]["bold"] for run in body] == [False, True]


async def test_what_people_put_on_the_page_stays(pages: NotionPages, notion: NotionServer) -> None:
    page = await page_of(pages, THREAD)
    there = await pages.children(page)
    mine, note = notion_blocks("Mine."), notion_blocks("A note.")
    await pages.append(page, note, there[4].id)
    await pages.append(page, mine)
    # They reworded a reply, and took another's name away.
    await pages.change(there[6].id, "paragraph", notion_blocks("Fine by me.")[0]["paragraph"])
    await pages.remove(there[5].id)
    after = THREAD.replace("Friday.", "Monday.\n\nOr Tuesday.") + "\n**Di**\n\nMe too.\n"
    await changed(pages, page, THREAD, after)
    texts = [text for _, text, _ in shown(notion, page)]
    assert texts[:4] == ["When?", "Ada", "2 replies", "Bob"]
    assert texts[4:9] == ["Monday.", "Or Tuesday.", "Di", "Me too.", "A note."]
    assert texts[9] == "Fine by me."
    assert texts[-1] == "Mine."
    assert "Cy" not in texts


async def test_a_ticked_box_stays_ticked(pages: NotionPages, notion: NotionServer) -> None:
    page = await page_of(pages, "- [ ] ship it")
    [box, _] = await pages.children(page)
    await pages.change(box.id, "to_do", {"checked": True})
    await changed(pages, page, "- [ ] ship it", "- [ ] ship it today")
    body = notion.store.children(page)[0].body
    assert (body["checked"], body["rich_text"][0]["plain_text"]) == (True, "ship it today")


async def test_where_no_block_can_be_changed_another_takes_its_place(
    pages: NotionPages, notion: NotionServer, faults: Faults
) -> None:
    page = await page_of(pages, THREAD)
    for method in ("PATCH", "DELETE"):
        error = RefusedError("not_implemented", "no such call", status=501)
        faults.fail(method, f"/v1/blocks/{'?' * 36}", error, times=1)
    after = THREAD.replace("Friday.", "Monday.")
    await changed(pages, page, THREAD, after)
    assert shown(notion, page)[:-1] == wanted(after)


@pytest.mark.parametrize("after_effect", [True, False])
@pytest.mark.parametrize("skip", range(6))
async def test_a_change_that_was_interrupted_is_finished_and_nothing_is_there_twice(
    pages: NotionPages, notion: NotionServer, faults: Faults, skip: int, after_effect: bool
) -> None:
    before = f"a\n\nb\n\n{DEEP}\n\nc"
    after = "a\n\nx\n\ny\n\n" + DEEP.replace("level 3", "level x") + "\n- z\n  - deep\n\nb\n\nc"
    page = await page_of(pages, before)
    old, new = notion_blocks(before), notion_blocks(after)
    sync = Sync(pages)
    look = await sync.look(page, old, new)
    for method in ("PATCH", "DELETE"):
        faults.drop(method, "/v1/blocks/*", times=3, skip=skip, after_effect=after_effect)
    for _ in range(20):
        try:
            await sync.change(look, old, new)
            break
        except NotionFailed:
            # Another process, which knows what was noted and nothing else.
            sync = Sync(pages)
    assert shown(notion, page)[:-1] == wanted(after)


@pytest.mark.parametrize("seed", range(40))
async def test_any_text_becomes_any_other(
    pages: NotionPages, notion: NotionServer, seed: int
) -> None:
    dice = random.Random(seed)  # noqa: S311 - no secret

    def some() -> str:
        kinds = ("{}", "{}", "# {}", "- {}", "> {}", "- a\n  - {}", "---", "1. {}")
        lines = [
            dice.choice(kinds).format(dice.choice("abcdefgh")) for _ in range(dice.randint(1, 12))
        ]
        return "\n\n".join(lines)

    before, after = some(), some()
    page = await page_of(pages, before)
    await changed(pages, page, before, after)
    assert shown(notion, page)[:-1] == wanted(after)
