import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from core.errors import Misconfigured, NotionFailed, RateLimited
from core.notion.refusals import Refusal


def refusal(status: int, code: str = "", message: str = "", **data: str) -> Refusal:
    body = {"code": code, "message": message, "additional_data": data}
    return Refusal.read(status, {}, json.dumps(body))


def test_a_token_that_is_not_accepted_names_the_setting() -> None:
    error = refusal(401, "unauthorized", "API token is invalid.").error(write=False)
    assert isinstance(error, Misconfigured)
    assert "NOTION_TOKEN" in error.message


def test_a_page_that_is_not_shared_tells_how_to_share_it() -> None:
    error = refusal(404, "object_not_found", "Could not find page with ID: 1").error(write=True)
    assert error.message == (
        "Notion cannot find that page, or it is not shared with this integration. "
        "Open it in Notion, choose ••• → Connections, and add the integration."
    )


def test_a_missing_capability_is_named() -> None:
    error = refusal(403, "restricted_resource", "Insufficient permissions").error(write=True)
    assert "capabilities" in error.message


def test_a_used_up_free_plan_is_named() -> None:
    message = "This workspace has reached its block limit."
    error = refusal(403, "restricted_resource", message).error(write=True)
    assert "free plan" in error.message


def test_a_validation_error_is_short_and_quotes_nothing() -> None:
    message = f"body failed validation: {'x' * 300}.text should be short, instead was `secret`."
    error = refusal(400, "validation_error", message).error(write=True)
    assert "secret" not in error.message
    assert len(error.message) < 260
    assert not error.retryable


def test_an_answer_in_html_from_a_proxy_is_understood_by_its_status() -> None:
    error = Refusal.read(502, {}, "<html>Bad gateway</html>").error(write=True)
    assert isinstance(error, NotionFailed)
    assert error.unsure
    assert error.retryable


def test_a_server_error_on_a_read_leaves_nothing_unsure() -> None:
    error = refusal(500, "internal_server_error").error(write=False)
    assert isinstance(error, NotionFailed)
    assert not error.unsure


def test_the_wait_is_read_from_the_header_or_the_body() -> None:
    by_header = Refusal.read(429, {"retry-after": "7"}, "{}")
    assert by_header.error(write=True).retry_after == 7
    assert refusal(429, "rate_limited", retry_after="9").error(write=True).retry_after == 9
    long = Refusal.read(429, {"retry-after": "900"}, "{}").error(write=True)
    assert long.message == "Notion asks to slow down. Try again in about 15 minutes."


def test_a_wait_is_understood_as_a_proxy_may_write_it() -> None:
    def wait(text: str) -> float | None:
        return Refusal.read(429, {"retry-after": text}, "{}").retry_after

    assert wait("1.5") == 1.5
    soon = wait(format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True))
    assert soon is not None
    assert 0 < soon <= 60
    assert [wait(text) for text in ("-1", "inf", "nan", "soon", "")] == [None] * 5


def test_a_blocked_integration_is_not_tried_again() -> None:
    blocked = refusal(429, "rate_limited", rate_limit_reason="public_api_request_blocked")
    error = blocked.error(write=False)
    assert isinstance(error, RateLimited)
    assert not error.retryable
    assert not blocked.passing


@pytest.mark.parametrize("status", [409, 429, 529])
def test_what_was_not_carried_out_may_be_sent_again(status: int) -> None:
    assert refusal(status).carried_out_nothing


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500, 502, 503, 504])
def test_what_may_have_been_carried_out_or_never_will_is_not_sent_again(status: int) -> None:
    assert not refusal(status).carried_out_nothing
