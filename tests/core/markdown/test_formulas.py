"""What is mathematics, and what only looks like it."""

import json
import re

import pytest

from core.markdown import notion_blocks
from tests.core.markdown.written import formulas, outline


def test_a_math_fence_is_an_equation():
    assert outline("```math\nx^2\n+ 1\n```") == [("equation", "x^2\n+ 1")]
    assert outline("- a\n\n  ```math\n  x\n  ```")[0] == ("bulleted_list_item", "a")
    assert notion_blocks("```math\n```")[0]["type"] == "code"


def test_a_math_fence_too_long_for_notion_is_code():
    (block,) = notion_blocks("```math\n" + "x+" * 600 + "y\n```")
    assert block["code"]["language"] == "latex"


def test_a_formula_in_dollars_and_backticks_has_no_backticks():
    assert formulas("a $`x^2`$ b $`\\text{two words}`$") == ["x^2", "\\text{two words}"]


@pytest.mark.parametrize(
    "formula",
    ["x", "E=mc^2", "a_1, b", "n-1", "f(x)", "O(n \\log n)", "P(A|B)", "2x + 3", "\\alpha", "x > 0",
     "5 + 3 = 8", "2^{10}", "sin(x) = 0", "α + β"],
)  # fmt: skip
def test_what_models_write_in_brackets_is_mathematics(formula):
    assert formulas(f"so \\({formula}\\), 设\\( {formula} \\)。") == [formula, formula]


def test_blanks_beside_the_dollars_are_taken_around_a_command_alone():
    assert formulas("so $ \\frac{a}{b} $, $ x^{2} $") == ["\\frac{a}{b}", "x^{2}"]
    text = "$ 5 and $ 6, run $ echo \\now then $ ls, US$ \\pi $x"
    assert outline(text) == [("paragraph", text)]


@pytest.mark.parametrize(
    "text",
    ["(555) 1234", "Smith (2020)", "an (optional) part", "(+1) 555", "call f(x) or item(s)",
     "this (and/or) that", "(-5) (3.14) (n/a) (snake_case)", "usage: cmd [-o FILE] [--x=y]",
     "[key=value]", "[^1]", "[a_b]", "Note [see p.5 = ok].", "a [1] b [x] c", "[--verbose]"],
)  # fmt: skip
def test_escaped_brackets_of_a_sentence_are_text(text):
    escaped = re.sub(r"([\[\]()])", r"\\\1", text)
    assert outline(escaped) == [("paragraph", text)]


@pytest.mark.parametrize(
    "markdown",
    [
        "\\[ \\frac{a}{b} \\]",
        "\\[E=mc^2\\]",
        "so\n\\[\nx\n\\]",
        "- \\[ x + 1 \\]",
        "so \\[ x = 1 \\]",
    ],
)
def test_a_display_in_brackets_is_an_equation(markdown):
    kinds = json.dumps(notion_blocks(markdown))
    assert '"equation"' in kinds


@pytest.mark.parametrize(
    "markdown",
    ["- US $a\n- b ($x$)", "# US $a\nb ($x$)", "|a|\n|-|\n| US $a |\n| ($x$) |",
     "|a|b|\n|-|-|\n|$a|$x$|"],
)  # fmt: skip
def test_a_formula_does_not_reach_into_the_next_block_or_cell(markdown):
    found = re.findall('"expression": "(.*?)"', json.dumps(notion_blocks(markdown)))
    assert found == ["x"]


def test_a_display_that_begins_an_item_is_its_text():
    assert formulas("- $$x$$") == ["x"]
    (long,) = notion_blocks("- $$" + "x+" * 600 + "y$$")
    assert long["bulleted_list_item"]["children"][0]["type"] == "code"


def test_a_dollar_may_be_escaped_inside_a_formula():
    assert formulas("costs $\\$5$ and $x$") == ["\\$5", "x"]
