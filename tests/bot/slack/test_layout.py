import pytest

from bot.slack.messages import Us, channels_of, people_of, read_message
from core.markdown import notion_blocks

NAMES = {"U1": "ada", "U2": "bob", "C1": "general"}


def said(*blocks: dict[str, object], text: str = "") -> str:
    raw = {"ts": "1.2", "bot_id": "B1", "username": "Pager", "text": text, "blocks": [*blocks]}
    return read_message(raw, NAMES, Us()).text


def mrkdwn(text: str) -> dict[str, object]:
    return {"type": "mrkdwn", "text": text}


def plain(text: str) -> dict[str, object]:
    return {"type": "plain_text", "text": text}


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ({"type": "header", "text": plain("Disk *full*")}, "## Disk \\*full\\*"),
        (
            {"type": "section", "text": mrkdwn("*b* <https://q.w|l> &amp;")},
            "**b** [l](https://q.w) &",
        ),
        (
            {"type": "section", "fields": [mrkdwn("*Host*\ndb1"), plain("a_b_c")]},
            "**Host**  \ndb1\n\na_b_c",
        ),
        (
            {
                "type": "context",
                "elements": [mrkdwn("by <@U1>"), {"type": "image", "alt_text": "x"}],
            },
            "by @ada x",
        ),
        ({"type": "divider"}, "---"),
        (
            {"type": "image", "image_url": "https://a.b/c.png", "alt_text": "graph"},
            "![graph](<https://a.b/c.png>)",
        ),
        ({"type": "markdown", "text": "# As it is"}, "# As it is"),
        (
            {"type": "video", "title": plain("Talk"), "title_url": "https://v.w"},
            "[Talk](<https://v.w>)",
        ),
        ({"type": "actions", "elements": [{"type": "button", "text": plain("Press")}]}, ""),
    ],
)
def test_what_an_app_lays_out_is_kept(block: dict[str, object], expected: str) -> None:
    assert said(block) == expected


def test_a_table_has_its_cells_and_what_stands_beside_it() -> None:
    rich = {"type": "rich_text_section", "elements": [{"type": "text", "text": "a | b"}]}
    rows = [
        [{"type": "raw_text", "text": "Host"}, {"type": "raw_number", "value": 4}],
        [{"type": "rich_text", "elements": [rich]}],
    ]
    before = {"type": "rich_text", "elements": [rich]}
    written, table = notion_blocks(said(before, {"type": "table", "rows": rows}))
    assert written["type"] == "paragraph"
    cells = [row["table_row"]["cells"] for row in table["table"]["children"]]
    shown = [["".join(run["text"]["content"] for run in cell) for cell in row] for row in cells]
    assert shown == [["Host", "4"], ["a | b", ""]]


def test_a_text_that_says_the_same_is_not_said_twice() -> None:
    blocks = ({"type": "header", "text": plain("Disk full")}, {"type": "divider"})
    assert said(*blocks, text="disk full") == "## Disk full\n\n---"
    assert said(*blocks, text="Alert 7") == "Alert 7\n\n## Disk full\n\n---"


def test_whoever_blocks_alone_mention_has_a_name() -> None:
    rich = {"type": "rich_text_section", "elements": [{"type": "user", "user_id": "U2"}]}
    blocks = [
        {"type": "section", "text": mrkdwn("<@U1> in <#C1>")},
        {"type": "table", "rows": [[{"type": "rich_text", "elements": [rich]}]]},
    ]
    raw = {"ts": "1.2", "bot_id": "B1", "text": "New", "blocks": blocks}
    assert people_of([raw]) == ["U1", "U2"]
    assert channels_of([raw]) == ["C1"]
    deep: dict[str, object] = {"type": "context"}
    for _ in range(500):
        deep = {"type": "context", "elements": [deep]}
    assert people_of([raw | {"blocks": [deep]}]) == []
