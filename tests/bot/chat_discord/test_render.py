from hypothesis import given, settings
from hypothesis import strategies as st

from bot.discord.render import LONGEST, content, render_answer, render_draft
from core.messages import Answer


def test_notes_and_the_page_stand_under_the_last_message() -> None:
    answer = Answer("word " * 1_000, notes=("Made up\noffline.",), page="https://notion.example/p")
    first, *_, last = render_answer(answer)
    assert "Open in Notion" not in first["content"]
    assert last["content"].endswith(
        "[Open in Notion](<https://notion.example/p>)\n-# Made up offline."
    )


def test_what_finds_no_room_under_the_text_gets_a_message_of_its_own() -> None:
    first, last = render_answer(Answer("x" * LONGEST, page="https://notion.example/p"))
    assert len(first["content"]) == LONGEST
    assert last["content"] == "[Open in Notion](<https://notion.example/p>)"


def test_an_address_cannot_end_its_link_early() -> None:
    [part] = render_answer(Answer("Saved.", page="https://n.example/a> b"))
    assert part["content"].endswith("(<https://n.example/a%3E%20b>)")


def test_a_failure_that_begins_with_a_list_keeps_its_list() -> None:
    [part] = render_answer(Answer("- one\n- two", ok=False))
    assert part["content"].startswith("⚠️\n\n- one")


def test_the_sign_of_what_went_wrong_stands_beside_its_reason() -> None:
    error = {"code": "NOTION_FAILED", "message": "Notion could not be reached."}
    note = "Not saved to Notion: Notion could not be reached."
    [part] = render_answer(Answer("Hello.", notes=("Offline.", note), ok=False, error=error))
    assert part["content"] == f"Hello.\n-# Offline.\n-# ⚠️ {note}"
    [part] = render_answer(Answer(error["message"], ok=False, error=error))
    assert part["content"] == "⚠️ Notion could not be reached."


def test_nothing_sent_can_call_anyone_and_private_messages_are_ephemeral() -> None:
    [part] = render_answer(Answer("Hello."))
    assert content(part) == {
        "content": "Hello.",
        "components": [],
        "allowed_mentions": {"parse": []},
        "flags": 4,
    }
    assert content(part, private=True)["flags"] == 68


def test_a_long_draft_shows_its_end() -> None:
    text = "\n\n".join(f"Paragraph {number} " + "word " * 20 for number in range(100))
    shown = render_draft(text)["content"]
    assert "Paragraph 99" in shown
    assert "Paragraph 0 " not in shown


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="ab *_~`#>-[]()|!<@\n.1", max_size=200))
def test_any_unfinished_text_makes_one_message(text: str) -> None:
    assert 0 < len(render_draft(text)["content"]) <= LONGEST
