import pytest

from bot.discord.text import ids_in, markdown, named, without_mention
from core.markdown import discord_messages, notion_blocks, slack_markdown
from core.markdown.commonmark import commonmark
from core.markdown.html import html_blocks
from core.markdown.parse import parse

NAMES = {"@1": "Ada", "@2": "a_b", "#3": "plans", "&4": "Crew"}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<@1> and <@!1>", "@Ada and @Ada"),
        ("<@2>", "@a\\_b"),
        ("<@9> <#9> <@&9>", "@somebody #channel @role"),
        ("see <#3>, <@&4>", "see #plans, @Crew"),
        ("<:party:12> <a:dance:13>", ":party: :dance:"),
        ("on <t:1618953630:R>, <t:1618953630>", "on 2021-04-20 21:20 UTC, 2021-04-20 21:20 UTC"),
        ("<t:999999999999:F>", "<t:999999999999>"),
        ("use </notion generate:77>", "use /notion generate"),
        ("<id:guide>, <id:browse>", "Server Guide, Browse Channels"),
        ("<id:customize> <id:linked-roles:9>", "Channels & Roles Linked Roles"),
        ("`<@1>` ```\n<@1>\n``` <@1>", "`<@1>` ```\n<@1>\n``` @Ada"),
        ("||hidden|| <b>", "||hidden|| <b>"),
    ],
)
def test_what_discord_writes_as_numbers_is_read_as_names(written: str, read: str) -> None:
    assert named(written, NAMES) == read


def test_the_ids_of_roles_and_channels_are_found_outside_code() -> None:
    assert ids_in(["<@&4> <#3> `<#5>`", "<#6> <@1>"]) == ({"4"}, {"3", "6"})


def test_only_the_bots_own_mention_is_taken_out() -> None:
    assert without_mention("<@7> tell <@1> <@!7> a joke", "7") == "tell <@1> a joke"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("a\nb", "a  \nb"),
        ("a\n\nb", "a\n\nb"),
        ("-# small\nb", "small  \nb"),
        ("> a\n> b\nc", "> a  \n> b\n\nc"),
        ("a\n>>> b\n\nc", "a\n\n> b  \n>\n> c"),
        ("- a\n  - b\nc", "- a\n  - b\n\nc"),
        ("- a\n    - b\n        - c", "- a\n    - b\n        - c"),
        ("> -# small", "> small"),
        ("- -# small", "- small"),
        (">no quote", "\\>no quote"),
        ("#### no heading", "\\#### no heading"),
        ("#no", "#no"),
        ("~~~\nno fence", "\\~~~  \nno fence"),
        ("```py\nnever ends", "\\`\\`\\`py  \nnever ends"),
        ("[text](<https://a.b/c_(d)>)", "[text](<https://a.b/c_(d)>)"),
        ("# Head\ntext", "# Head\n\ntext"),
        ("text\n---\nmore", "text\n\n---\n\nmore"),
        ("text\n===", "text  \n\\==="),
        ("    far in", "far in"),
        ("__under__ and a__b__c", "<u>under</u> and a__b__c"),
        ("look: ```py\nx = 1\n\ny``` done", "look:\n\n```py\nx = 1\n\ny\n```\n\ndone"),
        ("```one line```", "```\none line\n```"),
        ("> a\n> ```js\n> let b\n>   c\n> ```\nd", "> a\n>\n> ```js\n> let b\n>   c\n> ```\n\nd"),
        ("> ```\n> a\n> ```\n> b\nc", "> ```\n> a\n> ```\n>\n> b\n\nc"),
        ("> a\n\n> ```b```\n\n> c", "> a\n\n> ```\n> b\n> ```\n\n> c"),
        ("~a~ ~~b~~ `~c~` https://a.test/~d/~e 5~6", r"\~a\~ ~~b~~ `~c~` https://a.test/~d/~e 5~6"),
        (">>> a\n```\nb\n```\nc\n\nd", "> a\n>\n> ```\n> b\n> ```\n>\n> c  \n>\n> d"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "| a | b |\n|---|---|\n| 1 | 2 |"),
    ],
)
def test_markdown_shows_what_discord_shows(written: str, read: str) -> None:
    assert markdown(written) == read


def test_lines_stay_lines_on_the_page() -> None:
    [block] = notion_blocks(markdown("one\ntwo"))
    told = "".join(part["text"]["content"] for part in block["paragraph"]["rich_text"])
    assert told == "one\ntwo"


def test_what_looks_like_html_stays_what_was_typed() -> None:
    typed = "Put <script> &copy; __it__ in `<b>`, </div> <!-- x --> </save:1> <https://q.w>"
    (block,) = notion_blocks(markdown(named(typed, {})))
    shown = "".join(run["text"]["content"] for run in block["paragraph"]["rich_text"])
    assert shown == "Put <script> &copy; it in <b>, </div> <!-- x --> /save https://q.w"


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
    (block,) = notion_blocks(markdown(named(typed, {})))
    assert block["type"] == "paragraph"
    shown = "".join(run["text"]["content"] for run in block["paragraph"]["rich_text"])
    assert shown == typed.strip()


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("a ||b|| c", "a <spoiler>b</spoiler> c"),
        ("||**b** c||", "<spoiler>**b** c</spoiler>"),
        ("**||b||**", "**<spoiler>b</spoiler>**"),
        ("||a `b||c`||", "<spoiler>a `b||c`</spoiler>"),
        ("||a\nb||", "<spoiler>a</spoiler>  \n<spoiler>b</spoiler>"),
        ("||a\n- b||", "<spoiler>a</spoiler>\n\n- <spoiler>b</spoiler>"),
        ("> ||a||", "> <spoiler>a</spoiler>"),
        ("# ||a||", "# <spoiler>a</spoiler>"),
        ("`||a||` ||b", "`||a||` ||b"),
        ("```\n||a||\n```", "```\n||a||\n```"),
        (r"\|\|a\|\| ||b||", r"\|\|a\|\| <spoiler>b</spoiler>"),
        ("||||a|| b", "||<spoiler>a</spoiler> b"),
        ("|| ||", "|| ||"),
        ("| a || b |\n|---||---|", "| a || b |\n|---||---|"),
        (
            "||```py\nx```|| y",
            "<details>\n<summary>Spoiler</summary>\n\n```py\nx\n```\n\n</details>\n\ny",
        ),
    ],
)
def test_what_is_hidden_is_marked_and_its_bars_are_gone(typed: str, read: str) -> None:
    assert markdown(typed) == read


def test_a_message_that_is_a_spoiler_is_to_be_opened_on_the_page() -> None:
    toggle, after = notion_blocks(markdown("||He **dies**\n\nreally||\n\nSo ||she|| left"))
    assert toggle["toggle"]["rich_text"] == [{"type": "text", "text": {"content": "Spoiler"}}]
    inside = [child["paragraph"]["rich_text"] for child in toggle["toggle"]["children"]]
    assert [[run["text"]["content"] for run in runs] for runs in inside] == [
        ["He ", "dies"],
        ["really"],
    ]
    assert inside[0][1]["annotations"] == {"bold": True}
    hidden = after["paragraph"]["rich_text"][1]
    assert hidden["text"]["content"] == "she"
    assert hidden["annotations"] == {"color": "gray_background"}


def test_a_spoiler_goes_back_to_discord_as_one_and_to_slack_as_text() -> None:
    said = markdown("||He **dies**||, `a||b`, c ||d")
    assert discord_messages(said) == [r"||He **dies**||, `a||b`, c \||d"]
    assert slack_markdown(said) == [r"He **dies**, `a||b`, c \||d"]
    assert parse(commonmark(parse(said))) == parse(said)
    assert '<span class="spoiler" tabindex="0">He </span>' in html_blocks(said)[0]
