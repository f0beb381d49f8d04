"""Refusals in Notion's own shape and words.

https://developers.notion.com/reference/status-codes
"""

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from sandbox.notion.ids import new_id

INTEGRATION_NAME = "Notion Assistant"
_SHOWN_LENGTH = 54

STATUS_OF_CODE = {
    "invalid_json": 400,
    "invalid_request_url": 400,
    "invalid_request": 400,
    "validation_error": 400,
    "missing_version": 400,
    "unauthorized": 401,
    "restricted_resource": 403,
    "object_not_found": 404,
    "conflict_error": 409,
    "rate_limited": 429,
    "internal_server_error": 500,
    "service_unavailable": 503,
    "gateway_timeout": 504,
    "service_overload": 529,
}


class _Missing:
    def __repr__(self) -> str:
        return "undefined"


MISSING = _Missing()
"""What a field that was not sent looks like in a message: Notion writes `undefined`."""


class RefusedError(Exception):
    """A request Notion does not carry out; `app` turns it into the answer."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int | None = None,
        additional_data: Mapping[str, str | list[str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status or STATUS_OF_CODE[code]
        self.additional_data = additional_data
        self.headers = headers


def error_response(error: RefusedError) -> web.Response:
    request_id = new_id()
    body: dict[str, Any] = {
        "object": "error",
        "status": error.status,
        "code": error.code,
        "message": error.message,
        "request_id": request_id,
    }
    if error.additional_data:
        body["additional_data"] = dict(error.additional_data)
    headers = {"X-Notion-Request-Id": request_id, **(error.headers or {})}
    return web.json_response(body, status=error.status, headers=headers)


def _shown(value: object) -> str:
    if value is MISSING:
        return "undefined"
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text if len(text) <= _SHOWN_LENGTH else text[:_SHOWN_LENGTH] + "..."


def should_be(path: str, expected: str, value: object) -> RefusedError:
    """`body.children[0].type should be …, instead was …`, as Notion phrases it."""
    part = path.partition(".")[0].partition("[")[0]
    return RefusedError(
        "validation_error",
        f"{part} failed validation: {path} should be {expected}, instead was `{_shown(value)}`.",
    )


def too_many(path: str, limit: int, count: int) -> RefusedError:
    return should_be(f"{path}.length", f"≤ `{limit}`", count)


def invalid(message: str) -> RefusedError:
    return RefusedError("validation_error", message)


def creation_failed(reason: str) -> RefusedError:
    """What Notion answers when the shape is right and the content is not."""
    return invalid(f"Content creation Failed. Fix the following: \n{reason}")


def not_found(kind: str, object_id: str) -> RefusedError:
    return RefusedError(
        "object_not_found",
        f"Could not find {kind} with ID: {object_id}. Make sure the relevant pages and databases"
        f' are shared with your integration "{INTEGRATION_NAME}".',
    )


def in_trash() -> RefusedError:
    return invalid(
        "Can't edit block that is archived. You must unarchive the block before editing."
    )
