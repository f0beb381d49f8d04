import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.notion.page import TITLE_LENGTH, footer, page_title, unhidden


@pytest.mark.parametrize(
    ("markdown", "title", "body"),
    [
        ("# Launch checklist\n\nFirst, breathe.\n", "Launch checklist", "First, breathe.\n"),
        ("\n\n# **Bold** plan #\nText", "Bold plan", "Text"),
        ("Launch\n======\n\nText", "Launch", "Text"),
        ("## Only one\n\n### Below\n\nText", "Only one", "### Below\n\nText"),
        ("# One\n\n# Two\n", "One", "# Two\n"),
        ("## Only one\n\n```\n# a comment\n```\n", "Only one", "```\n# a comment\n```\n"),
        ("# All there is", "All there is", ""),
        ("\ufeff# With a mark", "With a mark", ""),
        ("# Windows\r\n\r\nText\r\n", "Windows", "Text\r\n"),
        ("Two\n---\nText", "Two", "Text"),
    ],
)
def test_a_heading_at_the_top_becomes_the_title_and_leaves_the_text(
    markdown: str, title: str, body: str
) -> None:
    assert page_title("some prompt", markdown) == (title, body)


@pytest.mark.parametrize(
    "markdown",
    [
        "Text first\n\n# Later",
        "## One\n\nText\n\n## Two\n",
        "### Low\n\nText\n\n## High\n",
        "#hashtag",
        "# ",
        "- item\n---\n",
        "> quote\n===\n",
        "    # code",
        f"# {'long ' * 60}",
        "## One\n\nTwo\n---\n",
        "",
    ],
)
def test_without_such_a_heading_the_prompt_gives_the_title(markdown: str) -> None:
    assert page_title("generate: a plan", markdown) == ("generate: a plan", markdown)


@pytest.mark.parametrize(
    ("prompt", "title"),
    [
        ("# A launch   checklist:\nwith details", "A launch checklist"),
        ("\n\n  - “Quoted”  ", "Quoted"),
        ("tabs\tand\x00bells\x07", "tabs and bells"),
        ("   \n\t", "Untitled"),
        ("", "Untitled"),
        ("***", "Untitled"),
        ("How is C# used?", "How is C# used?"),
        (".NET against *nix, in C#", ".NET against *nix, in C#"),
        ('"Hope" is the thing', '"Hope" is the thing'),
        ("🚀", "🚀"),
    ],
)
def test_the_prompts_first_line_is_cleaned(prompt: str, title: str) -> None:
    assert page_title(prompt, "Text")[0] == title


def test_a_long_prompt_is_cut_at_a_word() -> None:
    title, _ = page_title("word " * 40, "Text")
    assert title == "word " * 15 + "word…"


def test_a_long_prompt_without_spaces_is_cut_anyway() -> None:
    title, _ = page_title("字" * 200, "Text")
    assert title == "字" * (TITLE_LENGTH - 1) + "…"


@settings(max_examples=150, deadline=None)
@given(prompt=st.text(max_size=120), markdown=st.text(alphabet="# =-`~\n\tab*[]>", max_size=60))
def test_whatever_comes_there_is_a_title_on_one_line(prompt: str, markdown: str) -> None:
    title, body = page_title(prompt, markdown)
    assert title.strip()
    assert len(title.splitlines()) == 1
    assert markdown.endswith(body)


def test_the_footer_is_grey_and_links_to_the_item() -> None:
    block = footer("https://notes.example/content/1", "offline", "A tiny model wrote this.")
    runs = block["paragraph"]["rich_text"]
    text = "".join(run["text"]["content"] for run in runs)
    assert block["paragraph"]["color"] == "gray"
    assert text == "Written with Notion Assistant · offline · item. A tiny model wrote this."
    assert runs[1]["text"] == {
        "content": "item",
        "link": {"url": "https://notes.example/content/1"},
    }


def test_the_footer_says_nothing_of_a_provider_there_was_none() -> None:
    runs = footer("https://notes.example/content/1", "")["paragraph"]["rich_text"]
    assert "".join(run["text"]["content"] for run in runs) == "Written with Notion Assistant · item"


def test_what_is_hidden_is_no_part_of_a_title_and_found_in_one_look() -> None:
    assert unhidden("a <spoiler>b</spoiler> c <spoiler>d</spoiler>\n<spoiler>e") == (
        "a … c …\n<spoiler>e"
    )
    assert len(unhidden("<spoiler>" * 200_000)) == 1_800_000
