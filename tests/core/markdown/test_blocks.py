"""What each Markdown construct becomes in Notion."""

import json
import time

import pytest

from core.markdown import notion_blocks
from core.markdown.notion import written
from core.markdown.parse import parse
from tests.core.markdown.written import cells, links, only, outline, words


def runs(markdown):
    return [
        (item["text"]["content"], *sorted(item.get("annotations", {})))
        for item in only(markdown)["rich_text"]
    ]


def test_headings_are_native_down_to_the_fourth():
    assert [
        kind for kind, _ in outline("# a\n\n## b\n\n### c\n\n#### d\n\n##### e\n\n###### f")
    ] == [
        "heading_1",
        "heading_2",
        "heading_3",
        "heading_4",
        "heading_4",
        "heading_4",
    ]


def test_styles_nest():
    assert runs("a **b *c*** ~~d~~ `e`") == [
        ("a ",),
        ("b ", "bold"),
        ("c", "bold", "italic"),
        (" ",),
        ("d", "strikethrough"),
        (" ",),
        ("e", "code"),
    ]


@pytest.mark.parametrize(
    ("markdown", "bold"),
    [("**中文。**后", "中文。"), ("前**“引用”**后", "“引用”"), ("见**`代码`**吧", None)],
)
def test_emphasis_beside_cjk_punctuation_is_emphasis(markdown, bold):
    found = [text for text, *styles in runs(markdown) if "bold" in styles]
    assert found == [bold or "代码"]


@pytest.mark.parametrize(
    ("markdown", "bold"),
    [
        ("**Status:**Healthy **CPU:**45%", ["Status:", "CPU:"]),
        ('say **"it"**s and **Mark (x)**down', ['"it"', "Mark (x)"]),
        ("all **`String`**s", ["String"]),
        ("a **b c:**d** e", ["d"]),  # CommonMark's pair
        ("f(**options)**2, **2 + x)**n", []),
    ],
)
def test_bold_may_end_in_punctuation_right_before_a_word(markdown, bold):
    assert [text for text, *styles in runs(markdown) if "bold" in styles] == bold


def test_stars_in_code_and_in_two_lines_are_no_bold_of_a_sentence():
    assert runs("`**a:**b` **c\nd:**e") == [("**a:**b", "code"), (" **c d:**e",)]


def test_what_is_marked_has_a_colour():
    _, item = only("a <mark>b</mark>")["rich_text"]
    assert item["annotations"] == {"color": "yellow_background"}


def test_a_bare_address_is_a_link_without_the_sentences_punctuation():
    assert links("see https://x.com/_a_/b_c (or www.y.org/z).") == [
        ("https://x.com/_a_/b_c", "https://x.com/_a_/b_c"),
        ("www.y.org/z", "http://www.y.org/z"),
    ]


def test_an_address_in_code_or_in_a_link_is_left_alone():
    assert links("`https://x.com` [https://y.com](https://z.com)") == [
        ("https://y.com", "https://z.com")
    ]


def test_a_reference_link_finds_its_address():
    assert links("[t][r]\n\n[r]: https://a.b/c_d_e") == [("t", "https://a.b/c_d_e")]


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("docs/a.md", "t (docs/a.md)"),
        ("#part", "t"),
        ("javascript:alert(1)", "t"),
        ("mailto:a@b.c", "t (a@b.c)"),
        ("https://", "t (https://)"),
        ("https://x.com/" + "q" * 2000, f"t (https://x.com/{'q' * 2000})"),
    ],
)
def test_an_address_notion_would_refuse_is_written_out_when_it_is_of_use(address, text):
    assert words(only(f"[t]({address})")["rich_text"]) == text
    assert links(f"[t]({address})") == []


def test_a_link_without_words_shows_its_address():
    assert links("[](https://x.com)") == [("https://x.com", "https://x.com")]


def test_a_scheme_is_in_lower_case():
    assert links("[a](HTTPS://X.com/B)") == [("a", "https://X.com/B")]


def test_an_address_is_percent_encoded():
    assert links("[a](<https://x.com/a b/ü>)") == [("a", "https://x.com/a%20b/%C3%BC")]


def test_an_item_holds_paragraphs_code_tables_and_images():
    item = only(
        "- a\n\n  b\n\n  ```py\n  c\n  ```\n\n  |d|\n  |-|\n  |e|\n\n  ![f](https://g.h/i.png)\n"
    )
    assert words(item["rich_text"]) == "a"
    assert [child["type"] for child in item["children"]] == ["paragraph", "code", "table", "image"]


@pytest.mark.parametrize(
    ("markdown", "children"),
    [
        ("- a\n  <style>x</style>b", ["a", "b"]),
        ("1. a\n   <!-- c --> b", ["a", "b"]),
        ("- [x] a\n  <div>b</div>", ["a", "b"]),
    ],
)
def test_html_after_the_words_of_an_item_is_apart_from_them(markdown, children):
    (item,) = notion_blocks(markdown)
    (inner,) = item[item["type"]]["children"]
    found = [item[item["type"]], inner["paragraph"]]
    assert [words(body["rich_text"]) for body in found] == children
    assert written(parse(markdown)) == notion_blocks(markdown)


def test_a_heading_that_begins_an_item_is_its_words():
    for markdown in ("- # a *b*\n  c", "- <h2>a <i>b</i></h2>\n  c"):
        body = only(markdown)
        assert words(body["rich_text"]) == "a b"
        assert body["rich_text"][0]["annotations"] == {"bold": True}
        assert written(parse(markdown)) == notion_blocks(markdown)


def test_lists_nest_as_deep_as_the_source():
    depth = 0
    blocks = notion_blocks("\n".join("  " * level + f"- {level}" for level in range(12)))
    while blocks:
        assert words(blocks[0]["bulleted_list_item"]["rich_text"]) == str(depth)
        blocks = blocks[0]["bulleted_list_item"].get("children", [])
        depth += 1
    assert depth == 12


def test_tasks_and_numbers_have_their_own_blocks():
    assert outline("- [x] a\n- [ ] b\n\n5. c\n6. d") == [
        ("to_do", "a"),
        ("to_do", "b"),
        ("numbered_list_item", "c"),
        ("numbered_list_item", "d"),
    ]
    assert only("- [x] a")["checked"] is True


def test_a_ragged_table_keeps_every_cell():
    table = only("| a | b |\n|---|:-:|\n| 1 | 2 | 3 | 4\n| 5 |\n")
    assert cells(table) == [["a", "b", "", ""], ["1", "2", "3", "4"], ["5", "", "", ""]]
    assert table["table_width"] == 4
    assert table["has_column_header"] is True


def test_a_pipe_in_code_does_not_end_the_cell():
    assert cells(only("|a|b|\n|-|-|\n| `x\\|y` | `p|q` |\n")) == [["a", "b"], ["x|y", "p|q"]]


def test_a_table_of_too_many_columns_is_text():
    table = "|" + "a|" * 101 + "\n|" + "-|" * 101 + "\n|" + "b|" * 101
    assert [kind for kind, _ in outline(table)] == ["code"]


@pytest.mark.parametrize(
    ("info", "language"),
    [
        ("py", "python"),
        ("Python ", "python"),
        ("ts", "typescript"),
        ("jsx", "javascript"),
        ("c++", "c++"),
        ("golang", "go"),
        ("yml", "yaml"),
        ("sh", "shell"),
        ('js title="a"', "javascript"),
        ("{.rust}", "rust"),
        ("visual basic", "visual basic"),
        ("klingon", "plain text"),
        ("", "plain text"),
    ],
)
def test_a_fences_language_is_one_notion_knows(info, language):
    assert only(f"```{info}\nx\n```")["language"] == language


def test_long_code_goes_on_in_the_next_text_and_the_next_block():
    code = "\n".join(f"line {number}" for number in range(40_000))
    blocks = notion_blocks(f"```py\n{code}\n```")
    assert "\n".join(words(block["code"]["rich_text"]) for block in blocks) == code
    assert all(len(block["code"]["rich_text"]) <= 100 for block in blocks)


def test_a_quote_holds_what_follows_its_first_paragraph():
    quote = only("> a\nlazy\n>\n> > b\n> - c")
    assert words(quote["rich_text"]) == "a lazy"
    assert [child["type"] for child in quote["children"]] == ["quote", "bulleted_list_item"]


@pytest.mark.parametrize("kind", ["NOTE", "tip", "IMPORTANT", "WARNING", "CAUTION"])
def test_an_alert_is_a_callout_with_an_icon_a_colour_and_all_of_its_content(kind):
    callout = only(f"> [!{kind}]\n> a\n>\n> - b")
    assert words(callout["rich_text"]) == "a"
    assert callout["icon"]["emoji"]
    assert callout["color"].endswith("_background")
    assert callout["children"][0]["type"] == "bulleted_list_item"


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("> [!NOTE] a\n> b", "a b"),
        ("> [!NOTE] **a** b", "a b"),
        ("> [!WARNING]\\\n> a", "a"),
        ("> [!TIP]<br>a", "a"),
        ("> [!INFO]\n> a", "a"),
        ("> [!DANGER]\n>\n> a", "a"),
        ("> [!note]- a", "a"),
    ],
)
def test_an_alerts_text_may_begin_beside_its_mark(markdown, text):
    assert outline(markdown) == [("callout", text)]


@pytest.mark.parametrize("markdown", ["> [!KLINGON] a", "> [!INFO]", "> [NOTE] a", "> `[!NOTE]` a"])
def test_a_quote_with_no_mark_of_an_alert_stays_a_quote(markdown):
    assert [kind for kind, _ in outline(markdown)] == ["quote"]


def test_an_image_in_a_sentence_stands_between_its_halves():
    assert outline("a ![b](https://c.d/e.png) f") == [
        ("paragraph", "a"),
        ("image", "https://c.d/e.png"),
        ("paragraph", "f"),
    ]


def test_an_image_without_a_usable_address_is_words():
    assert outline("![alt](pic.png)") == [("paragraph", "alt (pic.png)")]


def test_mathematics_in_every_notation():
    assert outline("$$\nx+1\n$$") == [("equation", "x+1")]
    assert outline("\\[\nx+1\n\\]") == [("equation", "x+1")]
    for inline in ("a $x_1$ b", "a \\(x_1\\) b"):
        assert [item["type"] for item in only(inline)["rich_text"]] == ["text", "equation", "text"]


@pytest.mark.parametrize(
    "money",
    [
        "$5 and then $10",
        "$5-$10",
        "from $5/month to $10/month",
        "US$5 or CA$6",
        "$HOME/$USER",
        "between $1,000–$2,000 a year",
        "cost: $5, tip $1",
    ],
)
def test_money_is_not_mathematics(money):
    assert outline(money) == [("paragraph", money)]


def test_a_formula_too_long_for_notion_is_code():
    assert only("$$" + "x+" * 600 + "y$$")["language"] == "latex"


def test_footnotes_become_a_list_at_the_end():
    assert outline("a[^n] b[^1]\n\n[^1]: one\n[^n]: en") == [
        ("paragraph", "a[1] b[2]"),
        ("divider", ""),
        ("paragraph", "[1] en"),
        ("paragraph", "[2] one"),
    ]


def test_details_are_a_toggle():
    toggle = only("<details>\n<summary>T <b>x</b></summary>\n\na\n\n- b\n</details>")
    assert words(toggle["rich_text"]) == "T x"
    assert [child["type"] for child in toggle["children"]] == ["paragraph", "bulleted_list_item"]


def test_html_is_carried_out_and_unknown_tags_are_text():
    assert runs('a<br><b>b</b> <a href="https://c.d">e</a> List<String> <!-- no -->H<sub>2</sub>O')
    text = words(only("a<br><b>b</b> List<String> <!-- no -->H<sub>2</sub>O")["rich_text"])
    assert text == "a\nb List<String> H₂O"


def test_html_tables_and_lists_are_tables_and_lists():
    assert [kind for kind, _ in outline("<table><tr><th>a<th>b<tr><td>1<td>2</table>")] == ["table"]
    assert outline("<ol><li>a<ul><li>b</ul><li>c</ol>") == [
        ("numbered_list_item", "a"),
        ("numbered_list_item", "c"),
    ]


def test_a_command_like_tag_is_text():
    assert outline("<!channel> **a**") == [("paragraph", "<!channel> a")]


def test_small_things():
    assert outline("a\n\n---\n\nb :rocket: 10:30:45") == [
        ("paragraph", "a"),
        ("divider", ""),
        ("paragraph", "b 🚀 10:30:45"),
    ]
    assert outline("a  \nb\\\nc\nd") == [("paragraph", "a\nb\nc d")]
    assert outline("---\ntitle: x\n---\n# y") == [("code", "title: x"), ("heading_1", "y")]
    assert outline("a\r\n\r\nb\0") == [("paragraph", "a"), ("paragraph", "b\ufffd")]
    assert notion_blocks("") == notion_blocks(" \n\n") == []


def test_a_pair_of_surrogates_is_never_cut():
    items = only("a" + "😀" * 3000)["rich_text"]
    assert "".join(item["text"]["content"] for item in items) == "a" + "😀" * 3000
    assert all(len(item["text"]["content"].encode("utf-16-le")) <= 4000 for item in items)


def test_more_than_a_hundred_runs_go_on_in_the_next_block():
    blocks = notion_blocks("*a* b " * 150)
    assert [block["type"] for block in blocks] == ["paragraph"] * 3
    assert all(len(block["paragraph"]["rich_text"]) <= 100 for block in blocks)


@pytest.mark.parametrize(
    "markdown",
    [
        "**" * 10_000,
        ">" * 5000 + " x",
        "- " * 5000 + "x",
        "[" * 20_000,
        "$" * 20_000,
        "<b>" * 5000 + "</i>" * 5000,
        "<blockquote>" * 5000 + "</details>" * 5000,
        "\n<!--" * 5000,
        "http://a/" + ")" * 20_000,
        "http://a.b\n" * 10_000,
        "http://a.b " * 2000 + "\n" + "http://a.b " * 4000,
        "---\n" + "- a: b\n" * 3000,
        "---\n" + " " * 500_000,
        "<table><td>" * 2000,
        "\\(" * 20_000,
        "\ud800 \udc00",
    ],
)
def test_hostile_text_is_converted_quickly_and_can_be_serialised(markdown):
    started = time.perf_counter()
    json.dumps(notion_blocks(markdown))
    assert time.perf_counter() - started < 60
