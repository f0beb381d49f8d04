"""Which pipes end a cell, and what a cell can hold."""

from tests.core.markdown.written import cells, only


def test_a_blank_cell_at_the_end_of_a_row_does_not_widen_the_table():
    table = only("| a | b |\n|---|---|\n| x | y | |\n| x | y ||\n| x\\|||\n")
    assert cells(table) == [["a", "b"], ["x", "y"], ["x", "y"], ["x|", ""]]


def test_a_pipe_in_a_formula_does_not_end_the_cell():
    table = only("|a|b|\n|-|-|\n| $P(A|B)$ | `x|y` |\n| \\(|x|\\) | 2 |\n")
    assert cells(table) == [["a", "b"], ["P(A|B)", "x|y"], ["|x|", "2"]]


def test_money_in_a_row_too_wide_is_no_formula():
    table = only("|a|b|\n|-|-|\n|$5|$6|7|\n")
    assert cells(table) == [["a", "b", ""], ["$5", "$6", "7"]]
