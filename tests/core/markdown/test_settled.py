"""What of an unfinished text is settled: the end begins with it, whatever the text becomes."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.slack.streams import rendered
from core.markdown import slack_markdown
from core.markdown.settled import settled

WORDS = """word|**bold words**|*it*|`code x`|[link](https://a.b/c)|2|*|a_b_c|$5|$x^2$|~~gone~~|
https://x.y/z?a=1|@everyone|<!here>|(paren)|e.g.|—|-|+|#|C#|***both***|[x]|&|&amp;|\\*lit\\*|:smile:|
3)|__init__|**Note:**|<b>b</b>|don't|a*b*c|x < y"""
PIECES = st.sampled_from([word.strip() for word in WORDS.split("|")])
PROSE = st.lists(PIECES, min_size=1, max_size=9).map(" ".join)
BLOCKS = st.one_of(
    PROSE,
    PROSE.map(lambda text: f"## {text}"),
    st.lists(PROSE, min_size=1, max_size=3).map(lambda all_: "\n".join(f"- {t}" for t in all_)),
    st.lists(PROSE, min_size=1, max_size=3).map(lambda all_: "\n".join(f"1. {t}" for t in all_)),
    st.just("```python\nx = 1 * 2\n\nprint(x)\n```"),
    st.just("| a | b |\n|---|---|\n| 1 | `x` |\n| 2 | **y** |"),
    PROSE.map(lambda text: f"> {text}"),
)
DOCUMENTS = st.lists(BLOCKS, min_size=1, max_size=4).map("\n\n".join)
PING = re.compile(r"<[!@#][^>]*>|@(?:everyone|here|channel)")


@settings(deadline=None, max_examples=60)
@given(DOCUMENTS, st.integers(3, 12))
def test_what_is_shown_on_the_way_is_the_beginning_of_the_end(text: str, step: int) -> None:
    [final] = slack_markdown(text) or [""]
    sent = ""
    for end in range(1, len(text), step):
        shown = rendered(text[:end])
        assert final.startswith(shown), (shown[-40:], final[: len(shown) + 5][-45:])
        if shown.startswith(sent):
            sent = shown
    assert sent + final[len(sent) :] == final


@settings(deadline=None)
@given(st.text(alphabet="ab *_`~[]()<>!@#$&|\\\n-1.:", max_size=80), st.integers(1, 5))
def test_nothing_of_any_text_calls_anybody_or_fails(text: str, step: int) -> None:
    for end in range(0, len(text) + 1, step):
        kept, _ = settled(text[:end])
        assert text.startswith(kept)
        assert not PING.search(rendered(text[:end]))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Ship", "Ship"),
        ("Ship.", "Ship."),
        ("Ship it", "Ship"),
        ("**Ship", ""),
        ("**Ship it**", ""),
        ("**Ship it** now", "**Ship it**"),
        ("Ship `it to", "Ship"),
        ("See [the page](https://exam", "See"),
        ("A line\n-", "A line"),
        ("A line\n- one two", "A line\n- one"),
        ("Costs $5 and more", "Costs $5 and"),
        ("| a | b |\n|---|---|\n| 1 ", ""),
        ("| a | b |\n|---|---|\n| 1 | 2 |\n", "| a | b |\n|---|---|\n| 1 | 2 |"),
        ("```python\nprint(1", ""),
        ("```python\nprint(1)\nprint(2", "```python\nprint(1)"),
        ("One.\n\nTwo thr", "One.\n\nTwo"),
        ("Hello @every", "Hello"),
    ],
)
def test_what_may_still_change_is_held_back(text: str, kept: str) -> None:
    assert settled(text)[0].rstrip("\n") == kept


def test_an_open_fence_is_not_closed_before_its_end() -> None:
    assert rendered("```python\nprint(1)\nprint(2") == "```python\nprint(1)"
