"""A document written as Markdown is the same document again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.markdown import notion_blocks
from core.markdown.commonmark import commonmark
from core.markdown.document import Break, Paragraph, Run, Style
from core.markdown.parse import parse

SAMPLES = [
    "# A\n\n## B *c*\n\ntext `x` and [l](https://a.test/b_c)\n",
    '**b**old \n"**x**"y and ***z*** ~~s~~ <u>u</u> <mark>m</mark>\n',
    "- a\n  - b\n    1. c\n    2. d\n\n       more\n- e\n\n5. f\n",
    "- [x] a\n- [ ] b\n  ```py\n  x = 1\n\n  y\n  ```\n",
    "> q\n>\n> - r\n>   > s\n\n> [!WARNING]\n> hot\n",
    "<details><summary>T *i*</summary>\n\nbody\n\n- x\n\n</details>\n",
    "| a | b \\| c |\n|:--|--:|\n| 1 | `x` |\n",
    "x $a+b$ y\n\n$$\nc\n$$\n\n---\n\n![i](https://a.test/i.png)\n",
    "a  \nb\\\n\nc<br><br>d\n",
    "``` `` ```\n\n````\n```\n````\n",
    "[![i](https://a.test/i.png) t](https://b.test)\n",
    "",
]


@pytest.mark.parametrize("text", SAMPLES)
def test_it_makes_the_same_page(text: str) -> None:
    assert notion_blocks(commonmark(parse(text))) == notion_blocks(text)


words = st.text(st.sampled_from("é1 *_~`$[]()<>!#|\\&;-+.2中。\n"), min_size=1, max_size=12)
styles = st.sampled_from([0, Style.BOLD, Style.ITALIC, Style.STRIKE, Style.BOLD | Style.ITALIC])
runs = st.lists(st.builds(Run, words, styles), min_size=1, max_size=5)


def seen(content: list[Run | Break]) -> list[tuple[str, int]]:
    return [
        (character, run.style)
        for run in content
        if isinstance(run, Run)
        for character in run.text
        if not character.isspace()
    ]


@given(runs)
def test_every_character_keeps_its_look(content: list[Run]) -> None:
    pieces: list[Run | Break] = []
    for run in content:
        for number, line in enumerate(run.text.split("\n")):
            pieces += [Break(True, run.style)] if number else []
            pieces += [Run(line, run.style)] if line else []
    read = parse(commonmark([Paragraph(pieces)]))
    assert all(isinstance(block, Paragraph) for block in read), read
    assert seen([piece for block in read for piece in block.content]) == seen(pieces)
