"""Markdown as HTML for a page of our own."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.markdown.html import html_blocks


def html(markdown: str) -> str:
    return "".join(html_blocks(markdown))


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("# Plan", '<h2 id="plan">Plan</h2>'),
        ("###### Deep", '<h6 id="deep">Deep</h6>'),
        ("# A\n# A", '<h2 id="a">A</h2><h2 id="a-2">A</h2>'),
        (
            "a **b** *c* ~~d~~ `e<f`",
            "<p>a <strong>b</strong> <em>c</em> <del>d</del> <code>e&lt;f</code></p>",
        ),
        ("<mark>a **b**</mark>", "<p><mark>a </mark><strong><mark>b</mark></strong></p>"),
        ("- a\n- b\n  1. c", "<ul><li>a</li><li>b<ol><li>c</li></ol></li></ul>"),
        ("3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'),
        (
            "```py\nx < 1\n```",
            '<pre tabindex="0" role="group" aria-label="py"><code>x &lt; 1</code></pre>',
        ),
        ("---", "<hr>"),
        ("> a", "<blockquote><p>a</p></blockquote>"),
        (
            "[a](https://b.example/?x=1&y=2)",
            '<p><a href="https://b.example/?x=1&amp;y=2">a</a></p>',
        ),
        ("[a](/local) [b](javascript:x) [c](data:x)", "<p>a (/local) b c</p>"),
        ("![a](https://b.example/c.png)", '<p><a href="https://b.example/c.png">a</a></p>'),
    ],
)
def test_what_is_written_of_it(markdown: str, expected: str):
    assert html(markdown) == expected


def test_tasks_say_whether_they_are_done():
    found = html("- [x] a\n- [ ] b")
    assert found.startswith('<ul class="tasks"><li class="task done"><span class="tick" role="img"')
    assert found.count('aria-label="Done:"') == found.count('aria-label="To do:"') == 1


def test_a_table_has_headings_and_sides():
    found = html("| a | b |\n|---|--:|\n| 1 | 2 |")
    assert '<th scope="col">a</th><th scope="col" class="right">b</th>' in found
    assert '<td>1</td><td class="right">2</td>' in found


def test_a_link_that_pretends_says_where_it_leads():
    assert html("[https://bank.example](https://evil.example)").endswith("</a> (evil.example)</p>")


def test_each_block_at_the_top_stands_alone_and_a_list_is_one():
    assert len(html_blocks("# a\n\nb\n\n- c\n- d\n\ne")) == 4


class Elements(HTMLParser):
    """The names and attributes of elements, and whether all were closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.names: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]
        if tag not in ("br", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


WORDS = ("<script>", "</p>", "<img src=x onerror=y>", "**", "`", "# ", "- [x] ", "\n", "\n\n", "> ")
MORE = (
    "| a |\n|---|\n",
    "[a](javascript:b)",
    "[a](https://b)",
    '"',
    "'",
    "&lt;",
    "<b",
    "```\n",
    "a",
)
PIECES = st.lists(st.sampled_from(WORDS + MORE), max_size=30).map("".join)


@given(PIECES)
def test_whatever_is_written_is_whole_and_harmless(markdown: str):
    found = Elements(html(markdown))
    assert found.open == []
    assert not found.names & {"script", "img", "style", "iframe", "form", "input"}
    assert all(link.startswith(("http://", "https://")) for link in found.links)
