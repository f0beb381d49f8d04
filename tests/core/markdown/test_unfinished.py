import pytest

from core.markdown.unfinished import close_markdown


@pytest.mark.parametrize(
    ("unfinished", "closed"),
    [
        ("Some **bo", "Some **bo**"),
        ("Some **bold*", "Some **bold**"),
        ("Some **bold**", "Some **bold**"),
        ("Some *it", "Some *it*"),
        ("Some ~~st", "Some ~~st~~"),
        ("Some `co", "Some `co`"),
        ("Some **", "Some "),
        ("See [the page](https://exam", "See the page"),
        ("See [the pa", "See the pa"),
        ("See [the page](https://example.com)", "See [the page](https://example.com)"),
        ("A line\n-", "A line"),
        ("A line\n1.", "A line"),
        ("* one\n* two", "* one\n* two"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("```\na **b", "```\na **b"),
        ("```\na\n```\n\nSome **bo", "```\na\n```\n\nSome **bo**"),
        ("**done** before\n\nnow **th", "**done** before\n\nnow **th**"),
        ("", ""),
    ],
)
def test_what_is_still_open_is_closed_or_held_back(unfinished: str, closed: str) -> None:
    assert close_markdown(unfinished) == closed
