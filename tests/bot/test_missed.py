from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.missed import CAUGHT_UP, Missed, emoji_in, is_late, missed
from core.captures import UNDO
from core.messages import Call, Request, Sender, stable_id
from core.ports import Known

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SAVE, UNSAVE = "save-marked", "undo-save"


def known(user: str, command: str, ago: float = 60, looked: float = 0) -> Known:
    """A request from so many seconds ago; `looked` so long ago where it was found afterwards."""
    address = {CAUGHT_UP: f"{(NOW - timedelta(seconds=looked)).timestamp()}"} if looked else {}
    identity = stable_id(user, command, str(ago))
    request = Request(identity, Sender("slack", user), Call(command), address, "T1:C1")
    return Known(request, NOW - timedelta(seconds=ago))


def found(*before: Known, reacting: str = "", marked: bool = False) -> list[tuple[str, bool]]:
    told = missed(before, reacting.split(), marked=marked, now=NOW)
    return [(each.user, each.added) for each in told]


def test_a_reaction_nobody_asked_for_yet_was_missed() -> None:
    assert found(reacting="ada bob ada") == [("ada", True), ("bob", True)]


def test_a_reaction_that_was_heard_was_not() -> None:
    assert found(known("ada", SAVE), reacting="ada", marked=True) == []
    assert found(known("ada", SAVE), reacting="ada") == []


def test_a_mark_without_any_request_is_from_long_ago() -> None:
    assert found(reacting="ada", marked=True) == []


def test_somebody_elses_save_does_not_hide_a_second_person() -> None:
    assert found(known("ada", SAVE), reacting="ada bob", marked=True) == [("bob", True)]


def test_a_reaction_put_back_after_an_undo_was_missed() -> None:
    before = known("ada", SAVE, 90), known("ada", UNSAVE, 60)
    assert found(*before, reacting="ada") == [("ada", True)]
    assert found(*before) == []


def test_a_reaction_that_went_is_undone_within_ten_minutes_and_not_after() -> None:
    assert found(known("ada", SAVE, UNDO.total_seconds() - 1), marked=True) == [("ada", False)]
    assert found(known("ada", SAVE, UNDO.total_seconds() + 1), marked=True) == []


def test_whoever_finds_the_same_names_it_the_same_and_a_later_one_otherwise() -> None:
    first, second = known("ada", UNSAVE, 90), known("ada", UNSAVE, 30)
    [one] = missed([first], ["ada"], marked=False, now=NOW)
    [two] = missed([first, second], ["ada"], marked=False, now=NOW)
    assert one == Missed("ada", added=True, after=str(first.request.id))
    assert one.after != two.after
    assert missed([], ["ada"], marked=False, now=NOW) == [Missed("ada", added=True, after="")]


@pytest.mark.parametrize(
    ("before", "command", "ago", "late"),
    [
        ([], SAVE, 60, False),
        ([known("ada", SAVE, 10)], SAVE, 30, False),
        ([known("ada", SAVE, 10, looked=11)], SAVE, 30, True),
        ([known("ada", SAVE, 10, looked=11)], SAVE, 10.5, True),
        ([known("ada", SAVE, 10, looked=11)], SAVE, 5, False),
        ([known("ada", SAVE, 10, looked=11)], UNSAVE, 30, True),
        ([known("ada", SAVE, 10, looked=11)], UNSAVE, 10.5, False),
        ([known("bob", SAVE, 10, looked=11)], SAVE, 30, False),
    ],
)
def test_what_was_caught_up_with_is_late(
    before: list[Known], command: str, ago: float, *, late: bool
) -> None:
    moment = (NOW - timedelta(seconds=ago)).timestamp()
    assert is_late(before, "ada", command, moment) is late


def test_without_a_moment_the_last_thing_known_decides() -> None:
    looked = known("ada", SAVE, 10, looked=11)
    assert is_late([looked], "ada", SAVE, None)
    assert not is_late([looked], "ada", UNSAVE, None)
    assert not is_late([looked, known("ada", UNSAVE, 5)], "ada", SAVE, None)
    assert not is_late([known("ada", SAVE, 10)], "ada", SAVE, None)


def test_what_is_known_of_one_emoji_says_nothing_of_another() -> None:
    bug = known("ada", SAVE)
    call = Call(SAVE, flags={"emoji": "🐛", "to": "d1"})
    bug = replace(bug, request=replace(bug.request, call=call))
    # 📝 was never there, so it did not go; nor does 🐛 hide a 📝 that came.
    assert found(bug, marked=True) == []
    assert found(bug, reacting="ada", marked=True) == [("ada", True)]
    went = missed([bug], [], marked=True, now=NOW, emoji="🐛")
    assert [(each.user, each.added) for each in went] == [("ada", False)]
    assert missed([bug], ["ada"], marked=True, now=NOW, emoji="🐛") == []
    assert emoji_in([bug, known("bob", SAVE)]) == ["🐛"]
