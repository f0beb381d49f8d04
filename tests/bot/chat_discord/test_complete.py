import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.discord.complete import LONGEST, MOST, fitting, shortened, typed
from core.commands.registry import COMMANDS
from core.markdown.richtext import units
from core.ports import Choice


@given(st.text(), st.integers(2, 100))
def test_a_label_is_one_line_within_its_limit(text: str, limit: int) -> None:
    label = shortened(text, limit)
    assert units(label) <= limit
    assert label == " ".join(label.split())


def test_a_label_is_cut_between_whole_characters() -> None:
    family = "👨\u200d👩\u200d👧"
    assert shortened("a" * 96 + family) == "a" * 96 + "…"
    assert shortened("a" * 98 + "e\u0301" + "b") == "a" * 98 + "…"
    assert shortened("a" * 100) == "a" * 100


def test_values_are_whole_and_each_there_once() -> None:
    given = [
        Choice("1", "One"),
        Choice("1", "Again"),
        Choice("", "None"),
        Choice("x" * 101, "Long"),
    ]
    assert fitting([*given, Choice("2", " \n ")]) == [Choice("1", "One"), Choice("2", "2")]
    assert len(fitting(Choice(str(n), "n") for n in range(40))) == MOST
    assert fitting([Choice("x" * LONGEST, "l")])


MODEL = {"name": "model", "value": "g", "focused": True}
FOCUSED = {"name": "to", "type": 3, "value": "te", "focused": True}


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ([{"name": "generate", "type": 1, "options": [FOCUSED]}], ("destination", "te", "")),
        (
            [
                {
                    "name": "generate",
                    "type": 1,
                    "options": [{"name": "prompt", "value": "a"}, FOCUSED],
                }
            ],
            ("destination", "te", ""),
        ),
        ([{"name": "generate", "options": [{"name": "model", "value": "g"}]}], ("model", "g", "")),
        (
            [{"name": "to", "options": [{"name": "destination", "focused": True}]}],
            ("destination", "", ""),
        ),
        (
            [{"name": "generate", "options": [{"name": "provider", "value": "openai"}, MODEL]}],
            ("model", "g", "openai"),
        ),
        ([{"name": "generate", "options": [{"name": "prompt", "value": "a"}]}], None),
        ([{"name": "generate", "options": [{"name": "bogus", "value": "a"}]}], None),
        ([{"name": "bogus", "options": [FOCUSED]}], None),
        ([{"name": "generate"}], None),
        ([FOCUSED], None),
        ([7], None),
        (None, None),
    ],
)
def test_what_is_typed_is_read_from_whatever_comes(options: object, found: object) -> None:
    assert typed({"name": "notion", "options": options}, "notion", COMMANDS) == found
    if found:
        [inner] = options  # type: ignore[misc]
        alone = {"name": inner["name"], "options": inner["options"]}
        assert typed(alone, "notion", COMMANDS) == found
