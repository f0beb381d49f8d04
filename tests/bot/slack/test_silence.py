"""When there is a look for what Slack did not tell over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.slack.silence import Silence

START = datetime(2026, 11, 25, 9, tzinfo=UTC)
EVENT: dict[str, Any] = {"type": "event_callback"}


def after(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def test_after_a_long_silence_there_is_a_look_since_it_began():
    silence = Silence(START)
    assert silence.heard(EVENT, after(14)) is None
    assert silence.heard(EVENT, after(28)) is None
    assert silence.heard(EVENT, after(43)) == after(28)
    assert silence.heard(EVENT, after(44)) is None


def test_two_looks_are_an_hour_apart_and_the_second_looks_as_far_back_as_it_has_to():
    silence = Silence(START)
    assert silence.heard(EVENT, after(20)) == START
    assert silence.heard(EVENT, after(40)) is None
    assert silence.heard(EVENT, after(60)) is None
    assert silence.heard(EVENT, after(79)) is None
    assert silence.heard(EVENT, after(80)) == after(20)


def test_events_that_slack_says_it_left_out_are_looked_for():
    silence = Silence(START)
    minute = int(after(3).timestamp())
    limited = {"type": "app_rate_limited", "minute_rate_limited": minute}
    assert silence.heard(limited, after(4)) == after(1)
    assert silence.heard(limited, after(5)) is None, "they come once a minute"
    assert silence.heard(EVENT, after(64)) == after(1), "and the last minutes are not forgotten"


def test_what_slack_says_of_the_minute_need_not_make_sense():
    for told in (None, "x", 0, -1, True, 10**18):
        limited = {"type": "app_rate_limited", "minute_rate_limited": told}
        found = Silence(START).heard(limited, after(4))
        assert found is not None
        assert found <= after(4)
