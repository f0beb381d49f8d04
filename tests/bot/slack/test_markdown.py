import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.slack.markdown import (
    channels_in,
    markdown,
    mentions,
    people_in,
    with_breaks,
    without_mention,
)
from core.markdown import notion_blocks

NAMES = {"U1": "ada", "C1": "secret-plans"}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("*bold* _it_ ~gone~", "**bold** _it_ ~~gone~~"),
        ("2*3*4 a_b_c ~ 5 ~", r"2\*3\*4 a_b_c ~ 5 ~"),
        ("*two\nlines*", "\\*two\nlines\\*"),
        ("**typed as Markdown**", "**typed as Markdown**"),
        ("*<https://a.test|bold link>*", "**[bold link](https://a.test)**"),
        ("<https://a.test/x_y_z?a=1&amp;b=2|a &amp; b>", "[a & b](https://a.test/x_y_z?a=1&b=2)"),
        ("<https://a.test/(x)|x>", "[x](<https://a.test/(x)>)"),
        ("<https://a.test/*x*>", "https://a.test/*x*"),
        ("<http://a.test|a.test>", "[a.test](http://a.test)"),
        ("<https://a.test|[a] b>", "[\\[a\\] b](https://a.test)"),
        ("<mailto:a@b.test|a@b.test>", "a@b.test"),
        ("<@U1> and <@U2|bob> and <@U3>", "@ada and @bob and @somebody"),
        ("<#C1> <#C2|general> <#C3|>", "#secret-plans #general #channel"),
        ("<!here> <!channel|channel> <!subteam^S1|@team>", "@here @channel @team"),
        ("<!date^1700000000^{date}|14 Nov 2023>", "14 Nov 2023"),
        ("<!date^1700000000^{date}>", "2023-11-14 22:13 UTC"),
        ("<!date^1700000000^{date}^https://a.test/?b&amp;c|then>", "[then](<https://a.test/?b&c>)"),
        ("<script>", r"\<script>"),
        ("a &lt; b &amp;&amp; c &gt; d", "a < b && c > d"),
        ("&amp;lt;", r"\&lt;"),
        ("`*x* &lt;` *y*", "`*x* <` **y**"),
        ("```a\n *b* &amp; <https://c.test>```", "```\na\n *b* & https://c.test\n```"),
        ("see ```x``` there", "see \n```\nx\n```\n there"),
        ("&gt; quoted", "> quoted"),
        ("&gt;&gt;&gt; one\ntwo", "> one\n> two"),
        ("• one\n    ◦ two", "- one\n  - two"),
        (":memo: :+1::skin-tone-3: :our-own::skin-tone-2:", "📝 👍🏼 :our-own:"),
        ("`:memo:`", "`:memo:`"),
    ],
)
def test_slacks_markup_becomes_markdown(written: str, meant: str) -> None:
    assert markdown(written, NAMES) == meant


@settings(max_examples=200)
@given(st.text(alphabet="<>@#!|`*_~&ampltg;:U1 \nx\ue000\ue0010", max_size=60))
def test_no_text_breaks_it_and_no_mention_stays_raw(text: str) -> None:
    assert "<@U1>" not in markdown(f"{text.replace('`', '')} <@U1>", NAMES)
    with_breaks(markdown(text, NAMES))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("one\ntwo", "one  \ntwo"),
        ("one\n\ntwo", "one\n\ntwo"),
        ("one\n- two\nthree", "one\n- two\n\nthree"),
        ("> one\ntwo", "> one\n\ntwo"),
        ("> one\n> two\n>\n> three", "> one  \n> two\n>\n> three"),
        ("```\none\ntwo\n```", "```\none\ntwo\n```"),
    ],
)
def test_lines_stay_lines(said: str, meant: str) -> None:
    assert with_breaks(said) == meant


def test_people_and_channels_are_found_once_each() -> None:
    text = "<@U1> <@U2|bob> <@U1> <#C1> <#C2|general>"
    assert people_in(text) == ["U1", "U2"]
    assert channels_in(text) == ["C1"]


def test_a_mention_in_code_is_no_mention() -> None:
    assert mentions("hey <@U1>", "U1")
    assert not mentions("`<@U1>` <@U2>", "U1")
    assert not mentions("hey", "")


@pytest.mark.parametrize(
    ("text", "left"),
    [("<@U1> do it", "do it"), ("<@U1>: do it", "do it"), ("do <@U1> it", "do it"), ("<@U1>", "")],
)
def test_a_mention_is_taken_out(text: str, left: str) -> None:
    assert without_mention(text, "U1") == left


def test_what_looks_like_html_stays_what_was_typed() -> None:
    typed = (
        "Put &lt;script&gt; &amp;amp; *it* in `<b>`, &lt;/div&gt; &lt;!-- x --&gt; <https://q.w>"
    )
    (block,) = notion_blocks(markdown(typed, {}))
    shown = "".join(run["text"]["content"] for run in block["paragraph"]["rich_text"])
    assert shown == "Put <script> &amp; it in <b>, </div> <!-- x --> https://q.w"


@pytest.mark.parametrize(
    "typed",
    [
        "[ref]: https://x.y",
        "  [^1]: a note",
        "2024. A good year",
        "1999) was one",
        "[a](https://q.w",
    ],
)
def test_nothing_that_was_typed_is_lost(typed: str) -> None:
    (block,) = notion_blocks(markdown(typed, {}))
    assert block["type"] == "paragraph"
    shown = "".join(run["text"]["content"] for run in block["paragraph"]["rich_text"])
    assert shown == typed.strip()
