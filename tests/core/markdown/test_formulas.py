"""What is mathematics, and what only looks like it."""

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
