import re

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.slack.render import (
    LONGEST_ASIDE,
    LONGEST_FALLBACK,
    content,
    render_answer,
    render_draft,
    without_markdown_blocks,
)
from core.messages import Answer


def test_the_page_stands_under_the_first_and_the_last_message_and_notes_under_the_last() -> None:
    answer = Answer("word " * 6_000, notes=("Made up offline.",), page="https://notion.example/p")
    first, second, *_, last = render_answer(answer)
    assert second != last
    assert [block["type"] for block in second["blocks"]] == ["markdown"]
    assert first["blocks"][1:] == [last["blocks"][1]]
    assert first["text"].endswith("\n<https://notion.example/p|Open in Notion>")
    assert [block["type"] for block in last["blocks"]] == ["markdown", "section", "context"]
    assert last["blocks"][1]["text"]["text"] == "<https://notion.example/p|Open in Notion>"
    assert last["blocks"][2]["elements"][0]["text"] == "Made up offline."


def test_the_first_message_begins_the_answer_and_the_rest_continues_it() -> None:
    parts = render_answer(Answer("word " * 6_000))
    assert [part["place"] for part in parts] == ["first", "more", "more"]


def test_an_address_cannot_end_its_link_early() -> None:
    [part] = render_answer(Answer("Saved.", page="https://n.example/a|b>c?d=1&e=2"))
    link = part["blocks"][1]["text"]["text"]
    assert link == "<https://n.example/a%7Cb&gt;c?d=1&amp;e=2|Open in Notion>"


def test_the_fallback_of_a_text_without_spaces_says_as_much_as_fits() -> None:
    [part] = render_answer(Answer("# 計画 " + "<計画" * 1_500))
    assert LONGEST_FALLBACK - 2_000 < len(part["text"]) <= LONGEST_FALLBACK
    assert re.search(r"(計|画|;)\*\n…$", part["text"])


def test_the_fallback_says_what_the_blocks_say_within_its_limit() -> None:
    [part] = render_answer(
        Answer("# A *title*\n\n- `x` < y & z", page="https://n.example/p", notes=("a note",))
    )
    assert part["text"] == (
        "*A _title_*\n\n• `x` &lt; y &amp; z\n<https://n.example/p|Open in Notion>\na note"
    )
    [part] = render_answer(Answer("< " * 3000, page="https://n.example/p", notes=("n" * 900,)))
    assert len(part["text"]) <= LONGEST_FALLBACK + 2 * LONGEST_ASIDE
    assert "&lt;\n…\n<https://n.example/p|" in part["text"]


def test_a_failure_that_begins_with_a_list_keeps_its_list() -> None:
    [part] = render_answer(Answer("- one\n- two", ok=False))
    assert content(part)["blocks"][0]["text"].startswith("⚠️\n\n- one")


def test_the_sign_of_what_went_wrong_stands_beside_its_reason() -> None:
    error = {"code": "NOTION_FAILED", "message": "Notion could not be reached."}
    note = "Not saved to Notion: Notion could not be reached."
    [part] = render_answer(Answer("Hello.", notes=("Offline.", note), ok=False, error=error))
    assert part["blocks"][0]["text"] == "Hello."
    notes = [element["text"] for element in part["blocks"][1]["elements"]]
    assert notes == ["Offline.", f"⚠️ {note}"]
    [part] = render_answer(Answer(error["message"], ok=False, error=error))
    assert part["blocks"][0]["text"] == "⚠️ Notion could not be reached."


def test_a_long_draft_shows_its_end() -> None:
    text = "\n\n".join(f"Paragraph {number} " + "word " * 100 for number in range(100))
    shown = render_draft(text)["blocks"][0]["text"]
    assert "Paragraph 99" in shown
    assert "Paragraph 0 " not in shown


def test_the_fallback_and_the_sections_are_in_slacks_own_markup() -> None:
    text = "An *idea*, ~~gone~~.\n\n- [ ] todo\n\n| Owner | Task |\n|---|---|\n| Ada | 1 < 2 |"
    [part] = render_answer(Answer(text))
    shown = (
        "An _idea_, ~gone~.\n\n☐ todo\n\n```\nOwner | Task\n------+------\nAda   | 1 &lt; 2\n```"
    )
    assert part["text"] == shown
    assert without_markdown_blocks(part)["blocks"] == [
        {"type": "section", "text": {"type": "mrkdwn", "text": shown}}
    ]


def test_sections_stand_in_for_markdown_blocks_and_keep_every_word() -> None:
    text = "\n\n".join(f"Paragraph {number}: " + "word " * 50 for number in range(30))
    [part] = render_answer(Answer(text, page="https://notion.example/p"))
    blocks = without_markdown_blocks(part)["blocks"]
    assert {block["type"] for block in blocks} == {"section"}
    assert all(len(block["text"]["text"]) <= 3_000 for block in blocks)
    joined = " ".join(block["text"]["text"] for block in blocks[:-1])
    assert joined.split() == text.split()


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="ab *_~`#>-[]()|!<@\n.1", max_size=200))
def test_any_unfinished_text_makes_a_message_that_calls_nobody(text: str) -> None:
    part = render_draft(text)
    shown = part["blocks"][0]["text"]
    assert 0 < len(shown) <= 11_500
    assert "<!here" not in shown
    assert part["text"].count("<") == len(re.findall(r"<https?://", part["text"]))
