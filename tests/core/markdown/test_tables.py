"""Which pipes end a cell, and what a cell can hold."""

from tests.core.markdown.written import cells, only, outline


def test_a_blank_cell_at_the_end_of_a_row_does_not_widen_the_table():
    table = only("| a | b |\n|---|---|\n| x | y | |\n| x | y ||\n| x\\|||\n")
    assert cells(table) == [["a", "b"], ["x", "y"], ["x", "y"], ["x|", ""]]


def test_a_pipe_in_a_formula_does_not_end_the_cell():
    table = only("|a|b|\n|-|-|\n| $P(A|B)$ | `x|y` |\n| \\(|x|\\) | 2 |\n")
    assert cells(table) == [["a", "b"], ["P(A|B)", "x|y"], ["|x|", "2"]]


def test_money_in_a_row_too_wide_is_no_formula():
    table = only("|a|b|\n|-|-|\n|$5|$6|7|\n")
    assert cells(table) == [["a", "b", ""], ["$5", "$6", "7"]]


def test_the_blocks_in_an_html_cell_are_its_words():
    table = only(
        "<table><tr><td>\n\n```py\nx = 1\ny\n```\n\n---\n\n- a\n- [x] b\n\n3. c\n\n# d\n\n> e\n\n"
        "$$\nf\n$$\n\n</td><td>\n<ol><li>g</li><li>h</ol></td></tr>\n"
        "<tr><td>i</td></tr></table>"
    )
    assert cells(table) == [["x = 1\ny\n• a\n• ☑ b\n3. c\nd\ne\nf", "1. g\n2. h"], ["i", ""]]
    code = table["children"][0]["table_row"]["cells"][0][0]
    assert code["annotations"] == {"code": True}


def test_a_table_left_open_in_an_item_ends_with_the_item():
    assert outline("- <table><td>a\n- b\n\n# c") == [
        ("bulleted_list_item", ""),
        ("bulleted_list_item", "b"),
        ("heading_1", "c"),
    ]
