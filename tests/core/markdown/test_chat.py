"""The parts of an answer in Slack and Discord."""

import re

import pytest

from core.markdown import discord_messages, notion_blocks, slack_markdown
from tests.core.markdown.written import words


def slack(markdown):
    (part,) = slack_markdown(markdown)
    return part


def discord(markdown):
    (part,) = discord_messages(markdown)
    return part


SAMPLE = """# Title

A **bold**, *italic*, ~~gone~~ and `code` [link](https://a.b/c).

- one
  - two
- [x] done

1. a
2. b

> quote

```py
x = 1
```"""


def test_ordinary_markdown_comes_out_as_it_went_in():
    assert slack(SAMPLE) == SAMPLE


def test_discord_has_three_headings_and_no_tables():
    assert discord("### c\n\n#### d") == "### c\n\n**d**"
    assert discord("| a | bb |\n|--:|----|\n| 100 | 中 |") == (
        "```\n  a | bb\n----+----\n100 | 中\n```"
    )


@pytest.mark.parametrize("write", [slack, discord])
@pytest.mark.parametrize(
    "markdown",
    [
        "**中文。**后",
        "前**「题」**后",
        "**Status:**ok",
        "**`String`**s",
        "*「题」*又 ~~「删。」~~后",
    ],
)
def test_no_mark_of_emphasis_is_shown_beside_punctuation(write, markdown):
    written = write(markdown)
    assert written.replace("\u200b", "") == markdown
    document = notion_blocks(written)
    assert words(document[0]["paragraph"]["rich_text"]).replace("\u200b", "") == re.sub(
        "[*~`]", "", markdown
    )


def test_ordinary_emphasis_needs_nothing_unseen():
    text = "**a.** b, *c*; ~~d~~, 日本語の**強調**です"
    assert slack(text) == text


def test_slack_keeps_a_table():
    assert slack("|a|b|\n|-|:-:|\n|`x\\|y`|2|") == "| a | b |\n| --- | :-: |\n| `x\\|y` | 2 |"


@pytest.mark.parametrize("write", [slack, discord])
def test_a_link_that_pretends_to_lead_elsewhere_shows_where_it_leads(write):
    assert (
        write("[https://good.com](https://evil.com/x)") == "https://good.com (https://evil.com/x)"
    )
    assert write("[good.com](https://evil.com)") == "good.com (https://evil.com)"
    assert write("[README.md](https://x.com/r)") == "[README.md](https://x.com/r)"
    assert write("[the site](https://x.com)") == "[the site](https://x.com)"


@pytest.mark.parametrize(
    "unfinished", ["**bo", "```py\nx", "[a](https://x", "`co", "| a |\n|-", "$x"]
)
def test_a_half_finished_answer_is_shown(unfinished):
    assert slack_markdown(unfinished)
    assert discord_messages(unfinished)


def test_text_that_looks_like_marks_stays_text():
    assert slack("2 * 3 * 4 and a_b_c") == "2 * 3 * 4 and a_b_c"
    assert slack("\\*no\\* \\# no") == "\\*no\\* # no"
    assert slack("\\# no") == "\\# no"


@pytest.mark.parametrize("write", [slack, discord])
@pytest.mark.parametrize(
    "markdown",
    [
        "# 1. Title",
        "**Docker** - a container",
        "`a` + `b`",
        "- **1.** x",
        "[1. x](https://x.com) # y",
    ],
)
def test_what_begins_no_line_is_not_escaped(write, markdown):
    assert write(markdown) == markdown


@pytest.mark.parametrize("write", [slack, discord])
@pytest.mark.parametrize("mark", ["\\- ", "\\# ", "1\\. ", "\\> "])
def test_what_begins_a_line_is_escaped(write, mark):
    markdown = f"{mark}a **b**\n{mark}[c](https://x.com)\n{mark}d"
    assert write(markdown) == markdown


def test_an_empty_line_does_not_end_a_quote_in_discord():
    # Discord's client asks for a blank after each `>`.
    markdown = "> a\n> \n> - b\n> \n> ```\n> c\n> \n> d\n> ```\n\n> [!TIP]\n> e"
    quoted = [line for line in discord(markdown).split("\n") if line.startswith(">")]
    assert len(quoted) == 12
    assert all(line.startswith("> ") for line in quoted)
    assert slack("> a\n>\n> b") == "> a\n>\n> b"


def test_a_split_code_block_is_opened_again_with_its_language():
    parts = discord_messages("Intro\n\n```py\n" + "x = 1  # é\n" * 500 + "```\n\nEnd")
    assert len(parts) > 2
    assert all(part.count("```") % 2 == 0 for part in parts)
    assert all("```py\n" in part for part in parts[1:])
    assert sum(part.count("x = 1") for part in parts) == 500


def test_no_line_of_code_ends_its_block_in_discord():
    assert discord("```py\n`````py\n").count("```") == 2


def test_a_split_table_has_its_header_again():
    parts = slack_markdown("| name | n |\n|---|---|\n" + "| some name | 1 |\n" * 2000)
    assert len(parts) > 2
    assert all(part.startswith("| name | n |\n| --- | --- |\n") for part in parts)
    assert sum(part.count("some name") for part in parts) == 2000


def test_a_split_paragraph_keeps_its_styles_and_links():
    parts = discord_messages("**" + "bold words " * 400 + "end**")
    assert all(part.startswith("**") and part.endswith("**") for part in parts)
    linked = discord_messages("[a link](https://x.com/y) " * 200)
    assert all(part.count("[a link](https://x.com/y)") == part.count("[") for part in linked)


def test_a_heading_stays_with_what_follows():
    parts = discord_messages("a " * 900 + "\n\n## Next\n\n" + "b " * 300)
    assert not parts[0].endswith("Next")
    assert parts[1].startswith("## Next")


def test_a_part_that_begins_inside_a_list_begins_at_the_margin():
    parts = discord_messages("- a\n  - b\n" + "    - deep item\n" * 300)
    assert all(part.startswith("- ") for part in parts)
    assert sum(part.count("deep item") for part in parts) == 300


def test_an_address_longer_than_a_message_is_text():
    parts = discord_messages(f"[a](https://x.com/{'q' * 1970})")
    assert "".join(parts).count("q") == 1970


def test_a_table_too_wide_for_columns_is_a_list_for_each_row_on_discord():
    words = "word " * 20
    assert discord(
        f"> |Name|`b`|c|\n> |-|-|-|\n> |**x**|[d](https://x.com) {words}|1|\n> |y| |**2** {words}|"
    ).replace(words.strip(), "…") == (
        "> **Name: x**\n> - `b`: [d](https://x.com) …\n> - c: 1\n> \n> **Name: y**\n> - c: **2** …"
    )
    assert discord(f"|{words}|b|\n|-|-|") == f"**{words.strip()}**\n- b"
    assert "|" in slack(f"|a|b|\n|-|-|\n|{words}|{words}|")


@pytest.mark.parametrize(
    "markdown",
    [
        "\n\n".join(f"## H{number}\n\nword" for number in range(70)),
        "\n\n---\n\n".join(f"p{number}" for number in range(70)),
        "\n\n".join(f"| h{number} |\n| --- |\n| x |" for number in range(70)),
    ],
)
def test_a_message_in_slack_has_room_for_the_blocks_that_slack_makes_of_it(markdown):
    parts = slack_markdown(markdown)
    assert "\n\n".join(parts) == markdown
    # Each is a block, and so is the text before it; six stand below an answer.
    assert max(len(re.findall(r"^(?:## |---$|\| --- )", part, re.M)) for part in parts) <= 21
    assert len(discord_messages(markdown)) < len(parts)


def test_what_slack_has_no_block_for_is_shown_as_text_or_in_pieces():
    long = "long " * 40
    assert slack(f"# {long}") == f"**{long.strip()}**"
    rows = [part.split("\n") for part in slack("|a|\n|-|\n" + "|1|\n" * 150).split("\n\n")]
    assert [len(part) - 1 for part in rows] == [100, 52]
    assert all(part[:2] == ["| a |", "| --- |"] for part in rows)
    wide = "|" + "a|" * 21
    assert "|" not in slack(f"{wide}\n|{'-|' * 21}\n{wide}")


def test_nothing_is_nothing():
    assert slack_markdown("") == discord_messages("<!-- a -->") == []


def test_code_stands_between_the_shortest_fence_it_does_not_hold():
    assert slack("``` a``b ```") == "`a``b`"
    assert slack("`` a`b ``") == "``a`b``"
    assert slack("`` ` ``") == "`` ` ``"


def test_a_link_in_a_table_on_discord_keeps_its_address():
    long = "https://x.com/" + "y" * 40
    assert discord(
        f"|a|b|\n|-|-|\n|[c](https://x.com)|[d]({long})|\n|https://z.com|[d]({long})|"
    ) == (
        "```\na                 | b\n------------------+----\nc (https://x.com) | d\n"
        f"https://z.com     | d\n```\n[d]({long})"
    )
