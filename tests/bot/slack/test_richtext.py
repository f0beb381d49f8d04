"""What Slack's composer made, as Markdown."""

from __future__ import annotations

from typing import Any

import pytest

from bot.slack.messages import Us, read_message
from bot.slack.richtext import document
from core.markdown import notion_blocks
from core.markdown.commonmark import commonmark

NAMES = {"U2": "bob_b", "C1": "general", "S2": "crew"}


def text(words: str, **style: bool) -> dict[str, Any]:
    return {"type": "text", "text": words} | ({"style": style} if style else {})


def section(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text_section", "elements": list(parts)}


def listed(style: str, indent: int, *items: str, offset: int = 0) -> dict[str, Any]:
    elements = [section(text(item)) for item in items]
    return {
        "type": "rich_text_list",
        "style": style,
        "indent": indent,
        "offset": offset,
        "elements": elements,
    }


def written(*parts: dict[str, Any]) -> str:
    return commonmark(document([{"type": "rich_text", "elements": list(parts)}], NAMES))


def test_styles_are_marks_and_lines_stay_lines() -> None:
    parts = section(text("Ship "), text("now", bold=True), text(" or\n"), text("x_y", code=True))
    assert written(parts) == "Ship **now** or  \n`x_y`\n"


def test_an_empty_line_parts_paragraphs() -> None:
    assert written(section(text("one\n\ntwo\n"))) == "one\n\ntwo\n"


def test_a_list_is_nested_by_its_indent_and_numbered_by_its_offset() -> None:
    made = written(
        listed("ordered", 0, "a"),
        listed("bullet", 1, "b", "c"),
        listed("ordered", 2, "d"),
        listed("ordered", 0, "e", offset=1),
    )
    assert made == "1. a\n   - b\n   - c\n     1. d\n2. e\n"


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"type": "user", "user_id": "U2"}, "@bob_b"),
        ({"type": "user", "user_id": "U9"}, "@somebody"),
        ({"type": "channel", "channel_id": "C1"}, "#general"),
        ({"type": "broadcast", "range": "here"}, "@here"),
        ({"type": "usergroup", "usergroup_id": "S1"}, "@group"),
        ({"type": "emoji", "name": "wave", "unicode": "1f44b-1f3fd"}, "👋🏽"),
        ({"type": "emoji", "name": "wave::skin-tone-4"}, "👋🏽"),
        ({"type": "emoji", "name": "party_parrot"}, ":party_parrot:"),
        ({"type": "date", "timestamp": 1700000000, "format": "{date}"}, "2023-11-14 22:13 UTC"),
        ({"type": "date", "timestamp": 1, "fallback": "in May"}, "in May"),
        ({"type": "color", "value": "#ff0000"}, "#ff0000"),
        ({"type": "unheard_of", "text": "kept"}, "kept"),
        ({"type": "unheard_of", "url": "https://a.test"}, "https://a.test"),
        ({"type": "usergroup", "usergroup_id": "S2"}, "@crew"),
        ({"type": "team", "team_id": "T1"}, "@team"),
        ({"type": "emoji", "name": "wave", "skin_tone": 4}, "👋🏽"),
        ({"type": "emoji", "name": "party_parrot::skin-tone-2"}, ":party_parrot:"),
        ({"type": "link", "url": "slack://open?x", "text": "here"}, "here (slack://open?x)"),
    ],
)
def test_what_is_no_text_is_told_in_words(part: dict[str, Any], expected: str) -> None:
    made = written(section(text("x "), part))
    (block,) = notion_blocks(made)
    words = "".join(item["text"]["content"] for item in block["paragraph"]["rich_text"])
    assert words == f"x {expected}"


def test_links_lead_where_they_led() -> None:
    link = {"type": "link", "url": "https://a.test/x_(y)", "text": "the [plan]"}
    bare = {"type": "link", "url": "https://b.test"}
    assert written(section(link, text(" "), bare)) == (
        "[the \\[plan\\]](<https://a.test/x_(y)>) <https://b.test>\n"
    )
    mail = {"type": "link", "url": "mailto:a@b.test"}
    assert written(section(mail)) == "a@b.test\n"


def test_a_date_leads_where_it_led() -> None:
    date = {"type": "date", "timestamp": 1, "fallback": "in May", "url": "https://a.test"}
    assert written(section(date)) == "[in May](<https://a.test>)\n"


def test_code_and_quotes_in_a_list_stay_in_it() -> None:
    code = {"type": "rich_text_preformatted", "language": "python", "elements": [text("x = 1")]}
    quote = {"type": "rich_text_quote", "border": 1, "elements": [text("so")]}
    items = {"type": "rich_text_list", "style": "bullet", "elements": [section(text("a")), quote]}
    made = written(items | {"border": 0}, listed("bullet", 1, "b"), items | {"elements": [code]})
    assert made == "- a\n- > so\n\n  - b\n- ```python\n  x = 1\n  ```\n"


def test_a_list_and_code_with_a_border_stand_in_the_quote() -> None:
    def quote(words: str) -> dict[str, Any]:
        return {"type": "rich_text_quote", "elements": [text(words)]}

    code = {"type": "rich_text_preformatted", "border": 1, "elements": [text("x")]}
    items, inner = listed("bullet", 0, "b"), listed("ordered", 1, "c")
    items, inner = items | {"border": 1}, inner | {"border": 1}
    assert written(quote("a"), items, inner, quote("d"), section(text("e"))) == (
        "> a\n>\n> - b\n>   1. c\n>\n> d\n\ne\n"
    )
    assert written(code, section(text("e")), quote("f"), quote("g")) == (
        "> ```\n> x\n> ```\n\ne\n\n> f\n\n> g\n"
    )


def test_what_is_pointed_to_is_named_or_at_least_told() -> None:
    canvas = {"type": "canvas", "file_id": "F1", "label": "Plan"}
    message = {"type": "message_mention", "channel_id": "C1", "message_ts": "1.0"}
    record = {"type": "list_record", "file_id": "F2", "text": "Task", "url": "https://a.test/r"}
    told = written(section(canvas, text(" "), message, text(" "), record))
    assert told == "Plan [message] [Task](<https://a.test/r>)\n"


def test_a_checklist_is_one() -> None:
    assert written(listed("checked", 0, "a"), listed("unchecked", 1, "b")) == (
        "- [x] a\n  - [ ] b\n"
    )


def test_the_text_beside_it_names_whom_nobody_looked_up() -> None:
    parts = [{"type": "usergroup", "usergroup_id": "S1"}, {"type": "user", "user_id": "U7"}]
    blocks = [{"type": "rich_text", "elements": [section(parts[0], text(" "), parts[1])]}]
    raw = {"ts": "1.0", "text": "<!subteam^S1|@sales> <@U7|eve>", "blocks": blocks}
    assert read_message(raw, NAMES, Us()).text == "@sales @eve"


def test_code_and_quotes_are_kept_as_they_are() -> None:
    code = {"type": "rich_text_preformatted", "elements": [text("a\n```\n&lt; *b*")]}
    quote = {"type": "rich_text_quote", "elements": [text("so\n\nit "), text("is", italic=True)]}
    assert written(code, quote) == "````\na\n```\n&lt; *b*\n````\n\n> so\n>\n> it *is*\n"


def test_what_looks_like_marks_is_none() -> None:
    plain = (
        "1. no list\n# no heading\n$5 and $6, a*b*c, <b>, &amp; [x](y) \\( |\n--- | ---\n- [ ] no"
    )
    (block,) = notion_blocks(written(section(text(plain))))
    (item,) = block["paragraph"]["rich_text"]
    assert item == {"type": "text", "text": {"content": plain}}


def test_a_message_is_read_from_what_its_author_typed() -> None:
    blocks = [
        {"type": "rich_text", "elements": [listed("bullet", 0, "a"), listed("bullet", 1, "b")]}
    ]
    raw = {"ts": "1.0", "user": "U2", "text": "• a\n    ◦ b", "blocks": blocks}
    assert read_message(raw, NAMES, Us()).text == "- a\n  - b"
    mixed = raw | {"blocks": [*blocks, {"type": "section"}], "text": "as told"}
    assert read_message(mixed, NAMES, Us()).text == "as told\n\n- a\n  - b"


@pytest.mark.parametrize(
    "blocks", [[{"type": "rich_text"}], [{"type": "rich_text", "elements": 3}]]
)
def test_odd_blocks_are_no_reason_to_fail(blocks: list[dict[str, Any]]) -> None:
    assert document(blocks, NAMES) == []
