"""Blocks written straight from the parser's events are those written from the document."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmarks.documents import texts
from core.markdown import notion_blocks
from core.markdown.notion import written
from core.markdown.parse import parse
from core.markdown.straight import Straight

PIECES = [
    "a", "b ", "word ", "词", "。", "\n", "\n\n", "\n\n", "  \n", "\\\n", "\u00a0", "&nbsp;",
    "- ", "- [ ] ", "  - ", "1. ", "> ", "> [!NOTE]\n> ", "# h ", "---\n", "    code\n",
    "**b**", "*i*", "***", "~~s~~", "`c`", "` `", "`$`", "$x$", "```sh\n$ x\n```\n",
    "```math\nx\n```\n", "[t](https://a.test)", "[t](rel/x.md)", "[t](#a)", "[](https://a.test)",
    "[**b** `c`](https://a.test)", "[**b** `c`](rel)", "[t\nu](https://a.test)", "<a@b.c>",
    "![i](https://a.test/i.png)", "![i](rel.png)", "![](#)", "![**b** `c`](https://a.test/j.png)",
    "[![i](https://a.test/i.png)](https://b.test)", "[![i](https://a.test/i.png)](rel)",
    "https://a.test/x", "www.a.test", "http://a(b)", "<https://z.test>", ":rocket:", ":a:",
    "|a|b|\n|-|-|\n|1|2|\n", "||\n|-|\n|x|\n", "|`c`|![i](rel.png)|\n|-|-|\n", "[^1]",
    "\n[^1]: note\n", "&#xfdd0;", "<b>", "</b>", "<i>", "</i>", "<code>", "</code>", "<br>",
    "<!-- c -->", "<p>", "</p>", "<p>x</p>\n", "<div>\n", "</div>\n", "<h1>", "</h1>",
    "<h2>t</h2>\n", "<hr>", "<span>", "</span>", "<mark>", "</mark>", "<sub>", "</sub>", "<T>",
    "<details>\n", "<summary>s</summary>\n", "</details>\n", "<ul><li>", "</li></ul>",
    '<a href="https://y.test">', '<a href="rel">', "<a>", "</a>", "<spoiler>", "</spoiler>",
    '<img src="https://a.test/i.png" alt="i">', '<img src="rel.png">', "<pre>", "</pre>",
    "<table><tr><td>", "</td></tr></table>", "<script>x</script>",
]  # fmt: skip


def check(markdown: str) -> None:
    assert json.dumps(notion_blocks(markdown)) == json.dumps(written(parse(markdown)))


@pytest.mark.parametrize("number", range(8))
def test_real_documents(number: int) -> None:
    for markdown in texts()[number::8]:
        check(markdown)


def test_many_documents_in_one() -> None:
    check("".join(text for text in texts() if "$" not in text)[:400_000])


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
@example("[a](https://a.test)[](https://a.test)")
@example("x\n<!-- c --> y")
@example("https://a.test  <!-- c -->\ny")
@example("- x\n\n  <p>y\n\n  z")
@example("<h1>\n\nx\n\n<p>y</p>")
@example("  <a href='https://a.test'>x</a>\n\n## y")
@example("- <h1>x</h1>\n  y")
@example("> " * 60 + "x")
@example("| a |\n|-|\n" + "| x |\n" * 120 + "|" + "*b* c " * 70 + "|")
@example("*a* b " * 80)
@example("x" * 3000 + " *" + "😀" * 1500 + "*")
@settings(max_examples=700, deadline=None, derandomize=True)
def test_whatever_is_written(markdown: str) -> None:
    check(markdown)


@pytest.mark.parametrize(
    "markdown",
    [
        "# *a* `b`\n\nc **d** [e](https://a.test) [f](g.md) https://h.test\ni\n\n---\n",
        "- [x] a\n  1. b\n\n     ```py\n     c\n     ```\n\n> d\n\n> [!TIP]\n> e\n",
        "| a | b |\n|---|---|\n| `c` | [d](https://a.test) |\n\n![e](https://a.test/e.png)\n",
        '<p align="center"><a href="https://a.test"><img src="https://a.test/i.png"></a></p>\n',
        "a<br>b <kbd>c</kbd>\n\n[![d](https://a.test/d.png)](https://b.test)\n",
    ],
)
def test_what_is_common_needs_no_document(markdown: str) -> None:
    reader = Straight("", markdown)
    assert reader.read() == written(parse(markdown))
    assert not reader.has_document
