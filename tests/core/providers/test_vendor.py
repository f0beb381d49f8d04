from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from core.errors import (
    AssistantError,
    Declined,
    InvalidInput,
    Misconfigured,
    ProviderFailed,
    RateLimited,
)
from core.providers.vendor import UNTOLD_WAIT, Complaint, Vendor, translated, wait_told

VENDOR = Vendor("openai", "OpenAI")


@pytest.mark.parametrize(
    ("status", "said", "kind", "retryable"),
    [
        (401, "", Misconfigured, False),
        (0, "invalid_api_key", Misconfigured, False),
        (402, "insufficient balance", ProviderFailed, False),
        (429, "insufficient_quota", ProviderFailed, False),
        (429, "rate_limit_exceeded", RateLimited, True),
        (0, "rate_limit_exceeded", RateLimited, True),
        (403, "unsupported_country_region_territory", Misconfigured, False),
        (404, "model_not_found", Misconfigured, False),
        (404, "file not found", Misconfigured, False),
        (400, "model not exist", Misconfigured, False),
        (400, "context_length_exceeded", InvalidInput, False),
        (413, "request_too_large", InvalidInput, False),
        (400, "exceeds the available context size", InvalidInput, False),
        (400, "content_filter", Declined, False),
        (0, "bio_policy", Declined, False),
        (400, "", ProviderFailed, False),
        (422, "", ProviderFailed, False),
        (0, "", ProviderFailed, False),
        (408, "", ProviderFailed, True),
        (409, "", ProviderFailed, True),
        (500, "", ProviderFailed, True),
        (503, "overloaded", ProviderFailed, True),
        (529, "overloaded_error", ProviderFailed, True),
        (0, "overloaded_error", ProviderFailed, True),
    ],
)
def test_a_complaint_becomes_the_error_with_the_right_decision(
    status: int, said: str, kind: type[AssistantError], retryable: bool
) -> None:
    error = translated(VENDOR, Complaint(status, said), None)
    assert type(error) is kind
    assert error.retryable is retryable
    assert error.message.endswith(".")


def test_a_rate_limit_that_does_not_say_how_long_gets_a_default() -> None:
    assert translated(VENDOR, Complaint(429), None).retry_after == UNTOLD_WAIT


def test_the_wait_is_told_in_whole_seconds() -> None:
    error = translated(VENDOR, Complaint(429, retry_after=0.2), None)
    assert "in a second," in error.message
    assert error.retry_after == 0.2


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "-3"}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 -0000"}, 0),
    ],
)
def test_the_wait_is_read_as_a_number_or_a_date(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert wait_told(headers) == seconds


def test_a_date_ahead_is_that_many_seconds() -> None:
    when = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    wait = wait_told({"retry-after": when})
    assert wait is not None
    assert 85 < wait <= 90
