"""Answers in a page: cleaned, whatever they say."""

from __future__ import annotations

import pytest

from api.pages.prose import blocks, prose

HOSTILE = """# main
<script>alert(1)</script><style>*{}</style><iframe src="https://evil.example"></iframe>
<img src="https://evil.example/pixel.png" onerror="alert(1)"> ![p](https://evil.example/pixel.png)
<a href="javascript:alert(1)" onclick="x">a</a> <form action="https://evil.example"><input></form>
<svg onload=alert(1)><use href="#x"></svg> [a](https://ok.example "t")
"""


def test_nothing_of_it_runs_loads_or_sends():
    html = prose(HOSTILE)
    for harm in (
        "<script",
        "<style",
        "<iframe",
        "<img",
        "<form",
        "<input",
        "<svg",
        "onerror",
        "onclick",
    ):
        assert harm not in html
    assert "javascript:" not in html


def test_links_say_nothing_of_us_and_no_id_is_one_of_the_pages():
    html = prose(HOSTILE)
    assert '<a href="https://ok.example" rel="noopener noreferrer nofollow">a</a>' in html
    assert 'id="answer-main"' in html


def test_what_the_converter_writes_is_left_as_it_is():
    html = prose(
        "- [x] a\n\n| a | b |\n|---|:-:|\n| 1 | 2 |\n\n```py\nx\n```\n\n3. c\n\n> [!TIP]\n> d"
    )
    for kept in (
        'class="tasks"', 'class="task done"', 'role="img" aria-label="Done:"', 'role="region"',
        'scope="col"', 'class="center"', '<pre tabindex="0" role="group" aria-label="py">',
        'start="3"', 'class="alert tip"',
    ):  # fmt: skip
        assert kept in html


@pytest.mark.parametrize(
    "half", ["**bol", "a [link](https://x", "```py\nx = 1", "| a | b |\n|--", "- [x] "]
)
def test_what_is_still_being_written_shows_no_marks(half: str):
    html = "".join(blocks(half, growing=True))
    assert "**" not in html
    assert "](" not in html
    assert "```" not in html
