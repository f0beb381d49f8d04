"""Slack's own markup, for fallbacks and sections."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.markdown.mrkdwn import LIMIT, mrkdwn

PIECES = [
    "word", "two words", "中文。", "😀", " ", "\n", "\n\n", "    ", "# ", "- ", "1. ", "- [x] ",
    "> ", "> [!NOTE]\n> ", "*", "**", "***", "_", "~~", "`", "``", "```", "```py\n", "\n```\n", "|",
    "|a|b|\n|-|-|\n", "$", "$$", "[t](", "](", ")", "![i](", "https://x.com/a_b?c=1&d=2", "<b>",
    "<https://z.com>", "<br>", "<details>", "&lt;", "&amp;", "&", "\\", "---", "<!channel>", "<!",
    "<!here", "<@U123>", "<!subteam^S1|@g>", "@everyone", "@here", "@", "<", ">", "!", "channel",
    "\r\n", "\0", "\ud83d",
]  # fmt: skip
markdown = st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | st.text(max_size=200)

PINGS = re.compile(
    r"<!|<@|<#|@(?:everyone|here|channel)|&lt;!(?:channel|here|everyone|subteam)|&lt;@[A-Z0-9]",
    re.IGNORECASE,
)
LINK = re.compile(r"<https?://[^<>|\s]+(?:\|[^<>\n]*)?>")


def one(text):
    (part,) = mrkdwn(text)
    return part


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("**bold** and *it* and ~~gone~~", "*bold* and _it_ and ~gone~"),
        ("***both***", "*_both_*"),
        ("## A *title* ##", "*A _title_*"),
        ("# Title\ntext", "*Title*\n\ntext"),
        ("- one\n  - two\n- [ ] todo\n- [x] done", "• one\n    • two\n☐ todo\n☑ done"),
        ("1. a\n2. b", "1. a\n2. b"),
        ("> a\n> b", "> a\n> b"),
        ("> a\n>\n> > b", "> a\n>\n> b"),
        ("[a & b](https://a.example/?b=1&c=2)", "<https://a.example/?b=1&amp;c=2|a &amp; b>"),
        ("<https://a.example/>", "<https://a.example/>"),
        ("[label](<https://a.example/|b>)", "<https://a.example/%7Cb|label>"),
        ("**[label](https://a.b)**", "*<https://a.b|label>*"),
        ("[good.com](https://evil.com)", "good.com (<https://evil.com>)"),
        ("`a < **b**`", "`a &lt; **b**`"),
        ("`` a`b ``", "`aˋb`"),
        ("```py\nx = 1 < 2\n```", "```\nx = 1 &lt; 2\n```"),
        ("- a\n  ```\n  b\n  ```", "• a\n```\nb\n```"),
        ("> a\n>\n> ```\n> b\n> ```", "> a\n```\nb\n```"),
        (
            "| Owner | Task |\n|---|--:|\n| R&D | 10 |",
            "```\nOwner | Task\n------+-----\nR&amp;D   |   10\n```",
        ),
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
        ("&amp;lt;", "&amp;lt;"),
        ("\\> a", "\u2060&gt; a"),
        ("**two\nlines**", "*two*\n*lines*"),
        ("un**believ**able", "un\u200b*believ*\u200bable"),
        ("2 * 3 * 4 and a_b_c", "2 * 3 * 4 and a_b_c"),
        ("**Note** \\*so to speak\\*", "*Note* ∗so to speak∗"),
        ("<!channel> <@U123>", "&lt;\u2060!channel&gt; &lt;\u2060@U123&gt;"),
    ],
)
def test_markdown_becomes_slacks_own_markup(written, shown):
    assert one(written) == shown


def test_a_long_answer_is_cut_between_its_blocks():
    text = "\n\n".join(f"- **Item {number}** " + "word " * 80 for number in range(40))
    parts = mrkdwn(text)
    assert len(parts) > 4
    assert all(part.startswith("• *Item ") for part in parts)
    assert all(len(part) > LIMIT // 2 for part in parts[:-1])


def test_a_split_table_and_a_split_code_block_are_closed_and_opened_again():
    parts = mrkdwn("| name | n |\n|---|---|\n" + "| some name | 1 |\n" * 500)
    assert all(part.startswith("```\nname      | n\n") for part in parts)
    assert all(part.endswith("\n```") for part in parts)
    assert "".join(parts).count("some name") == 500
    parts = mrkdwn("```py\n" + "x = 1 & 2\n" * 900 + "```")
    assert all(re.fullmatch(r"```\n(x = 1 &amp; 2\n)+```", part) for part in parts)


def test_a_link_stays_whole_and_one_too_long_is_text():
    parts = mrkdwn("[a link](https://x.com/y) " * 400)
    assert all(part.count("<https://x.com/y|a link>") == part.count("<") for part in parts)
    address = "https://x.com/?" + "&" * 1_900
    assert "".join(mrkdwn(f"[a]({address})")).count("&amp;") == 1_900


def check(text, limit=LIMIT):
    for part in mrkdwn(text, limit):
        assert part.strip()
        assert len(part.encode("utf-16-le", "surrogatepass")) // 2 <= limit
        assert not PINGS.search(part)
        rest = LINK.sub("", part)
        assert "<" not in rest
        assert ">" not in re.sub("^>", "", rest, flags=re.MULTILINE)
        assert not re.search("&(?!amp;|lt;|gt;)", part)
        assert part.count("```") % 2 == 0


@given(markdown)
@example("&lt;!channel&gt; `<!here>` [a](<!channel>)")
@example("[x](https://discord.com/@everyone) <https://medium.com/@here>")
@example("```py\n`````py\n")
@example("|@here|\n|-|\n|<@U1>|")
@settings(max_examples=300, deadline=None)
def test_every_text_calls_nobody_and_is_escaped_once(text):
    check(text)


@given(markdown, st.integers(1, 6), st.sampled_from(["&" * 400, "x" * 400, "<a " * 200]))
@settings(max_examples=100, deadline=None)
def test_long_answers_fit_too(text, times, word):
    check((text + word + " ") * times * 3)
    check((text + word + " ") * times, 1_000)


@pytest.mark.parametrize("row", ["|&" * 120 + "|", "|" + "&" * 900 + "|b|"])
def test_a_table_of_any_width_fits(row):
    line = "|" + "-|" * (row.count("|") - 1)
    check(f"{row}\n{line}\n" + f"{row}\n" * 30)


@given(st.lists(st.text("abcxyz字😀", min_size=1, max_size=9), max_size=30), st.data())
@settings(max_examples=150, deadline=None)
def test_every_word_is_kept(words, data):
    marks = [
        "{}",
        "**{}**",
        "*{}* ~~b~~",
        "# {}\n\n",
        "- {}\n",
        "> {}\n\n",
        "`{}`",
        "|{}|\n|-|\n\n",
    ]
    text = " ".join(data.draw(st.sampled_from(marks)).format(word) for word in words)
    written = "".join(mrkdwn(text))
    assert all(word in written for word in words)


def test_nothing_is_nothing():
    assert mrkdwn("") == mrkdwn("<!-- a -->") == []
