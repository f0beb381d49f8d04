"""A document as plain text: every word of it, and no mark."""

import pytest

from core.markdown.plaintext import heading_words, plain_text


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("# A *b* `c`\n\nd  \ne\nf", "A b c\n\nd\ne f"),
        ("[site](https://a.test/x) <https://a.test>", "site (https://a.test/x) https://a.test"),
        ("**[site](https://a.test/x)** next", "site (https://a.test/x) next"),
        ("![plan](https://a.test/i.png) ![](docs/a.png)", "plan (https://a.test/i.png) docs/a.png"),
        ("- a\n- b\n  - c\n\n    d\n1. x\n2. y", "• a\n• b\n  • c\n\n    d\n1. x\n2. y"),
        ("- [x] a\n- [ ] b", "☑ a\n☐ b"),
        ("> a\n>\n> - b", "> a\n>\n> • b"),
        ("> [!TIP]\n> **a** b", "Tip:\na b"),
        ("```py\nx *= 1\n\ny\n```", "x *= 1\n\ny"),
        ("$x^2$ and\n\n$$\ny\n$$", "x^2 and\n\ny"),
        ("a\n\n---\n\nb", "a\n\n──────────\n\nb"),
        ("| a | long |\n|---|--:|\n| b | 1 |", "a | long\n----+-----\nb |    1"),
        ("<details><summary>T</summary>\n\nin\n\n</details>", "T\nin"),
        ("a <spoiler>b</spoiler> &amp; \\*c\\*", "a b & *c*"),
        ("", ""),
    ],
)
def test_it_is_read_without_marks(markdown: str, text: str) -> None:
    assert plain_text(markdown) == text


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("**Ship** it :rocket:", "Ship it 🚀"),
        ("[the plan](https://a.test) ![x](https://a.test/i.png)", "the plan "),
        ("![x](https://a.test/i.png)", ""),
        ("a # b #", "a # b"),
        ("", ""),
    ],
)
def test_a_heading_has_its_words_alone(line: str, words: str) -> None:
    assert heading_words(line) == words
