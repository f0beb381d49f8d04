"""Which blocks are asked for comments."""

from datetime import UTC, datetime, timedelta
from typing import Any

from core.notion.beside import IN_TURN, MOST, Look, chosen

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def block(name: str, minutes_ago: int = 999, type_: str = "paragraph") -> dict[str, Any]:
    edited = (NOW - timedelta(minutes=minutes_ago)).isoformat()
    return {"id": name, "type": type_, "last_edited_time": edited}


def look(turn: int = 0, most: int = MOST) -> Look:
    return Look(NOW - timedelta(minutes=12), turn, most)


def test_what_was_changed_is_asked_first_the_latest_before_all() -> None:
    blocks = [block("a", 5), block("b"), block("c", 1), block("d", 12), block("e", 13)]
    assert chosen(blocks, look()) == ["c", "a", "d", "b", "e"]
    assert chosen(blocks, look(most=2)) == ["c", "a"]


def test_the_others_come_in_turn_and_none_is_left_out() -> None:
    blocks = [block(str(number)) for number in range(20)]
    asked = [chosen(blocks, look(turn)) for turn in range(7)]
    assert all(len(one) == IN_TURN for one in asked)
    assert {one for each in asked for one in each} == {str(number) for number in range(20)}


def test_pages_on_the_page_are_others_and_what_has_no_id_cannot_be_asked() -> None:
    blocks = [block("p", 1, "child_page"), {"type": "paragraph"}, {"id": "x"}, {"id": 7}]
    assert chosen(blocks, look()) == ["x"]
    assert chosen([], look()) == []
