"""What holds for every text: no exception, every limit, every word, no notification."""

import json
import re
from pathlib import Path

import jsonschema_rs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.markdown import discord_messages, notion_blocks, plan, slack_markdown
from core.markdown import parse as reading
from core.markdown.mrkdwn import mrkdwn
from core.markdown.plaintext import plain_text

SPECIFICATION = Path(__file__).parents[4] / "shared/specs/notion-openapi-2026-03-11.json"

PIECES = [
    "word", "two words", "中文。", "😀", " ", "\n", "\n\n", "  ", "    ", "\t", "# ", "##### ",
    "- ", "1. ", "7) ", "- [x] ", "> ", "> [!NOTE]\n> ", "*", "**", "***", "_", "~~", "`", "``",
    "```", "```py\n", "\n```\n", "|", "|a|b|\n|-|-|\n", "| c | d | e |\n", "$", "$$", "\\(", "\\)",
    "\\[", "\\]", "$5", "[t](", "](", ")", "[", "]", "![i](", "https://x.com/a_b", "www.y.org",
    "docs/a.md", "#anchor", "javascript:x", "mailto:a@b.c", "<https://z.com>", "[^1]", "\n[^1]: ",
    "[r]", "\n[r]: https://q.com\n", "<b>", "</b>", "<br>", "<details>", "<summary>", "</summary>",
    "</details>", "<table><tr><td>", "</td></tr></table>", "<li>", "<ul>", "</ul>", "<!-- ", " -->",
    "<pre>", "</pre>", "<u>", "</u>", "<String>", "&lt;", "&amp;", "\\", "---", "===", ":rocket:",
    "<!channel>", "<!here", "<!", "<@U123>", "<@!9>", "<@&9>", "<!subteam^S1|@g>", "@everyone",
    "@here", "@", "everyone", "here", "<", "!", "channel", "\r\n", "\0", "\u2028", "\ud83d", "=",
    "$`", "`$", "```math\n", "[!NOTE] ", "[!INFO]", '<a href="https://y.com">', "</a>", "<td>",
    "# ![i](https://x.com/i.png)", "![](#)", ":100::tada:", "https://例え.jp", "\n中文\n", "\\$",
]  # fmt: skip
ADDRESSES = [
    "http://a(b)", "http://", "http://a.b?x=$y", "a://b", "www.", "WWW.x.y", "https://x.com/~a~",
    "*http://a.b*", "http://a.b_", "http://a.b\n", "a@b.c", "<http://e.f>", "é", ".", ",", "(",
]  # fmt: skip
markdown = st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | st.text(max_size=200)

PINGS = re.compile(
    r"<!(?:channel|here|everyone|subteam)|<@[!&]?[A-Z0-9]|@(?:everyone|here|channel)", re.IGNORECASE
)


@pytest.fixture(scope="module")
def specification():
    if not SPECIFICATION.exists():
        pytest.skip("Notion's specification is not beside this checkout")
    schemas = json.loads(SPECIFICATION.read_text())["components"]["schemas"]
    children = {
        "type": "array",
        "maxItems": 100,
        "items": {"$ref": "#/components/schemas/blockObjectRequest"},
    }
    return jsonschema_rs.validator_for(
        {
            "$ref": "#/components/schemas/children",
            "components": {"schemas": {**schemas, "children": children}},
        }
    )


def check_texts(value):
    """Notion's limits on every text below `value`."""
    if isinstance(value, list):
        for entry in value:
            check_texts(entry)
    elif isinstance(value, dict):
        assert len(value.get("rich_text", [])) <= 100
        assert len(value.get("content", "").encode("utf-16-le")) <= 4000
        assert len(value.get("expression", "")) <= 1000
        assert re.match("https?://|$", value.get("url", ""))
        assert len(value.get("url", "")) <= 2000
        for entry in value.values():
            check_texts(entry)


@given(markdown)
@example("<table><tr><td>" * 3 + "|a|\n|-|\n|b|")
@settings(max_examples=300, deadline=None)
def test_every_text_becomes_requests_that_notions_specification_accepts(specification, text):
    for request in plan(notion_blocks(text)):
        check_texts(request.children)
        errors = [error.message for error in specification.iter_errors(request.children)]
        assert errors == []


def read_with_repairs(text):
    front_matter, source = reading.split_front_matter(reading.clean(text))
    reader = reading.Reader(front_matter)
    reader.read(reading.repaired_events(source)[1])
    return reader.finish()


@given(st.lists(st.sampled_from(PIECES + ADDRESSES), max_size=20).map("".join))
@example("\\http://a.b")
@example(r"see \www.a.b and \\\https://a.b/c")
@example("`$` $x$\n`$`")
@settings(max_examples=500, deadline=None, derandomize=True)
def test_what_is_read_without_repairs_is_the_same_as_with_them(text):
    assert reading.parse(text) == read_with_repairs(text)


@given(st.lists(st.text("abcxyz字😀", min_size=1, max_size=9), max_size=30), st.data())
@settings(max_examples=150, deadline=None)
def test_every_word_is_kept(words, data):
    marks = ["{}", "**{}**", "# {}\n\n", "- {}\n", "> {}\n\n", "`{}`", "|{}|\n|-|\n\n", "[{}](#x)"]
    text = " ".join(data.draw(st.sampled_from(marks)).format(word) for word in words)
    written = json.dumps(notion_blocks(text), ensure_ascii=False)
    chat = "".join(slack_markdown(text)), "".join(discord_messages(text))
    for output in (written, *chat, plain_text(text), *mrkdwn(text, 100_000)):
        assert all(word in output for word in words)


@given(markdown)
@example("@<!-- -->everyone")
@example("&lt;!channel&gt; `<!here>` [a](<!channel>)")
@example("[x](https://discord.com/@everyone) https://medium.com/@here")
@example("```@everyone\n<!here>\n```")
@example("|@here|\n|-|\n|<@U1>|")
@settings(max_examples=300, deadline=None)
def test_nothing_notifies_anyone_and_every_part_fits(text):
    slack, discord = slack_markdown(text), discord_messages(text)
    assert isinstance(plain_text(text), str)
    assert not any(PINGS.search(part) for part in slack + discord)
    assert all(0 < len(part.encode("utf-16-le")) // 2 <= 11_500 for part in slack)
    assert all(0 < len(part) <= 2000 for part in discord)


@given(markdown, st.integers(1, 6))
@settings(max_examples=100, deadline=None)
def test_long_answers_fit_too(text, times):
    long = (text + "x" * 400 + " ") * times * 3
    assert all(len(part) <= 2000 for part in discord_messages(long))
    assert not any(PINGS.search(part) for part in discord_messages(long))
