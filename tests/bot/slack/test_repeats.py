import pytest

from bot.slack.parse import Command, read_command, read_press
from bot.slack.repeats import Repeats

NAMELESS = {"team_id": "T1", "channel_id": "C1", "user_id": "U1", "text": "generate hello"}
NAMED = NAMELESS | {"trigger_id": "13345224609.738474920.8088930838d88f008e0"}
BY_URL = NAMELESS | {"response_url": "https://hooks.slack.com/commands/T1/1/x"}


def command(fields: dict[str, str], at: float) -> Command:
    return read_command(fields, at)


@pytest.mark.parametrize("first", [9.5, 10.0, 19.9])
def test_a_nameless_command_that_comes_again_within_a_minute_is_the_first_one(first: float) -> None:
    repeats = Repeats()
    once = repeats.settle(command(NAMELESS, first))
    for later in (1.0, 30.0, 59.0):
        again = repeats.settle(command(NAMELESS, first + later))
        assert again.delivery == once.delivery
        assert again.address["delivery"] == str(once.delivery)


def test_a_nameless_command_that_comes_again_later_is_another() -> None:
    repeats = Repeats()
    ids = {repeats.settle(command(NAMELESS, 60.0 * number)).delivery for number in range(5)}
    assert len(ids) == 5


def test_other_words_or_people_make_another_command() -> None:
    repeats = Repeats()
    fields = [NAMELESS, NAMELESS | {"text": "generate bye"}, NAMELESS | {"user_id": "U2"}]
    assert len({repeats.settle(command(each, 1.0)).delivery for each in fields}) == 3


@pytest.mark.parametrize("fields", [NAMED, BY_URL])
def test_one_trigger_id_for_everything_holds_for_an_hour_at_most(fields: dict[str, str]) -> None:
    repeats = Repeats()
    first, again, later, once_more, much_later = (
        repeats.settle(command(fields, at)).delivery for at in (0.0, 3_599.0, 3_601.0, 7_000.0, 9e4)
    )
    assert first == again
    assert later == once_more
    assert len({first, later, much_later}) == 3


def test_a_trigger_id_is_known_after_a_restart() -> None:
    before = Repeats().settle(command(NAMED, 3_599.0))
    assert Repeats().settle(command(NAMED, 3_601.0)).delivery == before.delivery


def test_a_button_pressed_with_the_same_trigger_id_hours_later_is_pressed_again() -> None:
    item = "6f0d7a1e-6b0b-4d5e-9f6b-0c8a4a0d9d11"
    press = {
        "user": {"id": "U1"},
        "trigger_id": "1.2.3",
        "actions": [{"action_id": "shorter", "value": item}],
    }
    repeats = Repeats()
    pressed = [read_press(press, at) for at in (0.0, 5.0, 9_000.0)]
    first, again, later = (repeats.settle(each).delivery for each in pressed if each is not None)
    assert first == again != later


def test_a_button_pressed_twice_at_once_is_pressed_once() -> None:
    def press(trigger: str, at: float, name: str = "shorter", user: str = "U1") -> Command:
        found = read_press(
            {
                "user": {"id": user},
                "trigger_id": trigger,
                "container": {"message_ts": "1.000001"},
                "actions": [{"action_id": name, "value": "6f0d7a1e-6b0b-4d5e-9f6b-0c8a4a0d9d11"}],
            },
            at,
        )
        assert found is not None
        return repeats.settle(found)

    repeats = Repeats()
    first, again = press("1.1", 10.0), press("1.2", 11.9)
    assert again.delivery == first.delivery
    assert again.address["delivery"] == str(first.delivery)
    others = [press("1.3", 11.9, "longer"), press("1.4", 11.9, user="U2"), press("1.5", 12.1)]
    assert len({first.delivery, *(other.delivery for other in others)}) == 4
    # A repeat of a delivery is the same as ever.
    assert press("1.5", 12.2).delivery == others[-1].delivery
    # To save is done once anyway, and tells each time where the page is.
    assert press("1.6", 13.0, "save").delivery != press("1.7", 13.1, "save").delivery


def test_only_so_many_are_remembered() -> None:
    repeats = Repeats()
    for number in range(10_001):
        repeats.settle(command(NAMELESS | {"text": f"generate {number}"}, 1.0))
    assert len(repeats._seen) == 10_000
