"""Where an address begins, where it ends, and what it leads to."""

import pytest

from core.markdown import discord_messages, notion_blocks
from tests.core.markdown.written import links, only, words


@pytest.mark.parametrize(
    ("markdown", "text", "address"),
    [
        ("https://münchen.de/a", "https://münchen.de/a", "https://xn--mnchen-3ya.de/a"),
        ("https://例え.jp/a", "https://例え.jp/a", "https://xn--r8jz45g.jp/a"),
        ("https://пример.рф/", "https://пример.рф/", "https://xn--e1afmkfd.xn--p1ai/"),
        ("www.münchen.de", "www.münchen.de", "http://www.xn--mnchen-3ya.de"),
        ("看https://x.com，再看", "https://x.com", "https://x.com"),
        ("请访问https://x.com查看", "https://x.com", "https://x.com"),
        ("http://localhost:3000에서", "http://localhost:3000", "http://localhost:3000"),
        ("_https://x.com_ https://", "https://x.com", "https://x.com"),
        ("https://[::1]/a", "https://[::1]/a", "https://[::1]/a"),
    ],
)
def test_a_bare_address_may_be_in_any_script(markdown, text, address):
    assert links(markdown) == [(text, address)]


@pytest.mark.parametrize("text", ["http://x_y.com", "http://a.b_c.com/d", "http://_", "www.a_b.c"])
def test_an_address_with_an_underscore_in_its_domain_is_no_link(text):
    assert links(text) == []


@pytest.mark.parametrize("text", ["https://i❤.ws", "http://a😀b.com"])
def test_an_address_is_no_link_when_only_half_of_its_host_could_be_read(text):
    assert links(text) == []


def test_an_address_without_a_scheme_leads_to_http():
    assert links("www.x.com and [y](www.y.com)") == [
        ("www.x.com", "http://www.x.com"),
        ("y", "http://www.y.com"),
    ]


@pytest.mark.parametrize(
    ("markdown", "linked"),
    [
        ("[$x$](https://x.com)", "https://x.com"),
        ("a [ ](https://x.com) b", "https://x.com"),
        ("[<br>](https://x.com)", "https://x.com"),
        ("[ ![](#) ](https://x.com)", "https://x.com"),
        ('<a href="https://x.com">\n\n**md**\n\n</a>', "md"),
        ('> <a href="https://x.com">\n>\n> md\n\n', "md"),
    ],
)
def test_a_link_around_anything_is_kept(markdown, linked):
    assert links(markdown) == [(linked, "https://x.com")]


def test_a_link_may_wrap_several_blocks_and_ends_where_it_is_closed():
    first, second, image, last = notion_blocks(
        '<a href="https://x.com">\n\na\n\n- b\n\n![c](https://y.com/i.png)\n\n</a>\n\nd'
    )
    for item in (
        first["paragraph"]["rich_text"][0],
        second["bulleted_list_item"]["rich_text"][0],
        image["image"]["caption"][0],
    ):
        assert item["text"]["link"]["url"] == "https://x.com"
    assert "link" not in last["paragraph"]["rich_text"][0]["text"]


def test_a_link_left_open_in_a_quote_ends_with_it():
    _, after = notion_blocks('> <a href="https://x.com">\n>\n> a\n\nb')
    assert "link" not in after["paragraph"]["rich_text"][0]["text"]


def test_a_line_end_between_chinese_characters_is_no_blank():
    assert (
        words(only("中文，\n**粗**\n好\nok 안녕\n하세요")["rich_text"])
        == "中文，粗好 ok 안녕 하세요"
    )


def test_a_line_end_does_not_tear_a_run_apart():
    assert only("**bold\nacross**")["rich_text"] == [
        {"type": "text", "text": {"content": "bold across"}, "annotations": {"bold": True}}
    ]
    assert links("[a\\\nb](https://x.com)") == [("a\nb", "https://x.com")]
    assert discord_messages("**a\nb** [c\nd](https://x.com)") == ["**a\nb** [c d](https://x.com)"]


@pytest.mark.parametrize(
    "text",
    [
        "see https://x.test/a_b_c now, or www.y.test.",
        "**https://x.test** *https://x.test/a* _www.y.test_ a**https://x.test**b",
        "https://x.test/*a* https://x.test/`b` https://x.test[c](https://z.test)",
        "https://x.test/a&amp;b https://x.test/a\\_b &lt;https://x.test&gt; \\<https://x.test",
        "[https://x.test](https://z.test) ![www.y.test](https://z.test/i.png) `www.y.test`",
        "https://x.test/a\n\nhttps://x.test/a\n\n- https://x.test/ab\n- https://x.test/a\\\n  b",
        "> (https://x.test/(a)) 中文https://x.test。后 xhttps://x.test WWW.Y.test Www.y.test",
        "| https://x.test/a\\|b | www.y.test |\n|-|-|\n| `|` https://x.test | b |",
        "```\n$a https://x.test\n```\n\n`$b` and https://x.test/$c",
        "<b>https://x.test</b> <i title='$'>www.y.test</i>:rocket: https://x.test/:rocket:",
    ],
)
def test_an_address_is_found_alike_beside_a_formula_elsewhere(text):
    """Which has the whole source mended before it is read, and not only looked at on the way."""
    assert notion_blocks(text) == notion_blocks(f"{text}\n\n$a$")[:-1]


def test_a_bare_address_leaves_what_stands_before_it():
    text = "a[^1]www.y.test\n\n[^1]: \\www.z.test"
    blocks = notion_blocks(text)
    assert [words(block[block["type"]].get("rich_text", [])) for block in blocks] == [
        "a[1]www.y.test",
        "",
        "[1] \\www.z.test",
    ]
