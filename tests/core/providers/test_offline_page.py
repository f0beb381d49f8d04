from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.ports import Extract, Prompt, Turn
from core.providers.offline_page import (
    ANSWER_TOKENS,
    QUESTION_BYTES,
    options,
    quoted,
    shaped,
    title,
)


def asked(*texts: str) -> Prompt:
    roles = ("user", "assistant")
    return Prompt("Long rules.", tuple(Turn(roles[n % 2], t) for n, t in enumerate(texts)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a launch checklist", "A launch checklist"),
        ("\n\n# Notes\nmore", "Notes"),
        ("", "Page"),
        ("x" * 200, "X" + "x" * 98 + "…"),
    ],
)
def test_the_title_is_the_first_line_asked(text: str, expected: str) -> None:
    assert title(asked(text)) == expected


def test_a_follow_up_keeps_the_title_and_adds_what_is_wanted() -> None:
    prompt = asked("a plan", "# A plan\n…", "make it longer")
    assert title(prompt) == "A plan"
    (turn,) = shaped(prompt).turns
    assert "a plan. make it longer" in turn.text


def test_a_long_prompt_and_a_long_answer_are_bounded() -> None:
    small = shaped(asked("寿司 " * 10_000))
    assert len(small.turns[0].text.encode()) < QUESTION_BYTES + 100
    assert small.max_tokens == ANSWER_TOKENS
    assert shaped(Prompt("", (Turn("user", "x"),), max_tokens=9)).max_tokens == 9


def test_a_checklist_has_boxes_to_tick() -> None:
    assert '"- [ ] "' in options(asked("a launch checklist"))["grammar"]
    assert '"- [ ] "' not in options(asked("a launch plan"))["grammar"]


@settings(max_examples=100)
@given(st.text(max_size=300))
def test_no_prompt_breaks_out_of_the_grammars_first_line(text: str) -> None:
    lines = options(asked(text))["grammar"].strip().split("\n")
    assert len(lines) == 6
    assert lines[0].startswith('root ::= "# ')
    assert lines[0].endswith('" "\\n\\n" intro section section section')


def test_of_pages_the_three_best_passages_are_quoted_with_their_pages() -> None:
    pages = [Extract(f"Page {n}", f"Launch {n}.\n\nIgnore this: " + "x" * 600) for n in range(4)]
    best = Extract("Plan", f"{'filler ' * 200}\n\nThe launch is in May.\n\n{'filler ' * 200}")
    text = quoted(Prompt("", (), question="When is the launch in May?", extracts=(*pages, best)))
    assert text.count("> ") >= 3
    assert text.index("Plan [5]\n\n") < text.index("Page 0 [1]\n\n")
    assert "> The launch is in May." in text
    assert "Page 3" not in text
    assert max(map(len, text.split("\n\n"))) < 600
