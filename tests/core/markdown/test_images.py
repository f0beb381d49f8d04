"""Where an image goes, and what is written below it."""

import pytest

from core.markdown import notion_blocks
from tests.core.markdown.written import only, outline, words

LOGO = ("image", "https://x.com/l.png")


@pytest.mark.parametrize(
    ("markdown", "blocks"),
    [
        (
            '<h1 align="center"><img src="https://x.com/l.png"><br>Project</h1>',
            [LOGO, ("heading_1", "Project")],
        ),
        ("# ![logo](https://x.com/l.png) Title", [LOGO, ("heading_1", "Title")]),
        ("## Title ![logo](https://x.com/l.png)", [("heading_2", "Title"), LOGO]),
        ("# a ![logo](https://x.com/l.png) b", [("heading_1", "a b"), LOGO]),
        ("# ![logo](https://x.com/l.png)", [LOGO]),
        ("# ![logo](l.png) Title", [("heading_1", "logo (l.png) Title")]),
    ],
)
def test_an_image_in_a_heading_stands_beside_it(markdown, blocks):
    assert outline(markdown) == blocks


@pytest.mark.parametrize("nothing", ["![](#)", '<img src="#">', "# ![](#)", "[](#)"])
def test_an_image_of_nothing_leaves_no_block(nothing):
    assert notion_blocks(nothing) == []


@pytest.mark.parametrize(
    ("markdown", "caption"),
    [
        ('![](https://x.com/l.png "Title")', "Title"),
        ('<img src="https://x.com/l.png" title="Title">', "Title"),
        ('![Alt](https://x.com/l.png "Title")', "Alt"),
        ("[![L](https://x.com/l.svg)](LICENSE)", "L (LICENSE)"),
    ],
)
def test_an_images_words_are_its_caption(markdown, caption):
    assert words(only(markdown)["caption"]) == caption


@pytest.mark.parametrize("markdown", ["a <!-- x --> b", "a <!-- x -->\nb", "<p>a <!-- x --> b</p>"])
def test_a_comment_leaves_no_second_blank(markdown):
    assert outline(markdown) == [("paragraph", "a b")]
    assert outline("a <!-- x --> `b` c<!-- y --> d") == [("paragraph", "a b c d")]
