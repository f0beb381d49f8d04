"""`/openapi.json`: OpenAPI 3.1, written from the endpoints themselves. https://spec.openapis.org"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from pydantic.json_schema import models_json_schema

from api.endpoint import Operation, Route
from api.errors import STATUS, error_body
from api.models import ErrorBody, Model, Nothing

Json = dict[str, Any]

_JSON = "application/json"
_REFS = "#/components/schemas/{model}"
_REASONS = {
    "INVALID_INPUT": "prompt: must not be empty",
    "UNAUTHORIZED": "Log in first, and send Authorization: Bearer <access token>.",
    "FORBIDDEN": "This code was opened with another account, and works with that one alone.",
    "NOT_FOUND": "There is no such item in your history.",
    "CONFLICT": "This Idempotency-Key came with another request before. Use a new one for each.",
    "PAYLOAD_TOO_LARGE": "The body is too large.",
    "UNSUPPORTED_MEDIA_TYPE": "Send JSON, with Content-Type: application/json.",
    "RATE_LIMITED": "That is too often. Try again in 12 seconds.",
    "INTERNAL": "Something went wrong on the server.",
    "PROVIDER_FAILED": "openai did not answer within 60 seconds. Try again.",
    "NOTION_FAILED": "Notion did not answer within 60 seconds. Try again.",
    "UNAVAILABLE": "The database cannot be reached. Try again in a moment.",
}
_KEY_PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "A repeat with the same key and body returns the first answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "example": "3f5d2a52-checklist",
}
_RESUME_PARAMETER = {
    "name": "Last-Event-ID",
    "in": "header",
    "description": "The id of the last event that was seen; the answer goes on after it.",
    "schema": {"type": "string", "maxLength": 100},
    "example": "5f0c2f39-6f0a-4c39-9a53-0a3d3a0f6f54.18.1c291ca3.0",
}
_ID_PARAMETER = {
    "name": "id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "format": "uuid"},
    "example": "5f0c2f39-6f0a-4c39-9a53-0a3d3a0f6f54",
}


@lru_cache(maxsize=4)
def specification(routes: tuple[Route, ...], server: str) -> Json:
    """The whole specification of these routes, for a server at this address."""
    paths: dict[str, Json] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Notion Assistant",
            "version": "1",
            "description": "A prompt becomes a finished Notion page. Every error has the same "
            "shape, and every answer carries `X-Request-ID`.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": server}],
        "tags": [{"name": name} for name in sorted({_tag(route) for route in routes})],
        "paths": paths,
        "components": {
            "schemas": _schemas(routes),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            },
            "headers": {
                "X-Request-ID": {
                    "description": "Names this request in the server's log.",
                    "schema": {"type": "string"},
                },
                "Retry-After": {
                    "description": "Seconds to wait before the next try.",
                    "schema": {"type": "integer", "minimum": 1},
                },
            },
        },
    }


@lru_cache(maxsize=4)
def specification_text(routes: tuple[Route, ...], server: str) -> str:
    """The same, as it is sent."""
    return json.dumps(specification(routes, server), ensure_ascii=False, indent=1)


def _schemas(routes: tuple[Route, ...]) -> Json:
    found: set[type[Model]] = {ErrorBody}
    for route in routes:
        operation = route.endpoint.operation
        found |= {operation.takes} - {Nothing}
        if isinstance(operation.answer, type):
            found.add(operation.answer)
    ordered = sorted(found, key=lambda model: model.__name__)
    _, schema = models_json_schema([(model, "validation") for model in ordered], ref_template=_REFS)
    schemas: Json = schema["$defs"]
    return schemas


def _tag(route: Route) -> str:
    first = route.path.split("/")[1]
    return first if first in ("auth", "content", "notion") else "server"


def _operation(route: Route) -> Json:
    operation = route.endpoint.operation
    run = route.endpoint.run
    made: Json = {
        "operationId": f"{_tag(route)}_{run.__name__}",
        "tags": [_tag(route)],
        "summary": operation.summary,
        "description": " ".join((run.__doc__ or "").split()),
        "security": [{"bearer": []}] if operation.secured else [],
        "responses": _responses(route, operation),
    }
    parameters = list(_parameters(route, operation))
    if parameters:
        made["parameters"] = parameters
    if _has_body(route, operation):
        made["requestBody"] = {
            "required": _is_required(operation.takes),
            "content": {_JSON: _content(operation.takes)},
        }
    return made


def _has_body(route: Route, operation: Operation[Any]) -> bool:
    return operation.takes is not Nothing and route.method != "GET"


def _is_required(takes: type[Model]) -> bool:
    return any(field.is_required() for field in takes.model_fields.values())


def _parameters(route: Route, operation: Operation[Any]) -> Iterable[Json]:
    if "{id}" in route.path:
        yield _ID_PARAMETER
    if operation.keyed:
        yield _KEY_PARAMETER
    if operation.resumed:
        yield _RESUME_PARAMETER
    if operation.takes is not Nothing and route.method == "GET":
        schema = operation.takes.model_json_schema(ref_template=_REFS)
        for name, described in schema["properties"].items():
            yield {
                "name": name,
                "in": "query",
                "required": name in schema.get("required", ()),
                "description": described.pop("description", described.get("title", name)),
                "schema": described,
            }


def _content(model: type[Model]) -> Json:
    schema = {"$ref": _REFS.format(model=model.__name__)}
    extra = model.model_config.get("json_schema_extra")
    examples = extra.get("examples") if isinstance(extra, dict) else None
    return (
        {"schema": schema, "example": examples[0]}
        if isinstance(examples, list)
        else {"schema": schema}
    )


def _responses(route: Route, operation: Operation[Any]) -> Json:
    responses = {str(operation.status): _success(operation)}
    if operation.resumed:
        responses["204"] = {
            "description": "No Content: that was the last event",
            "headers": {"X-Request-ID": {"$ref": "#/components/headers/X-Request-ID"}},
        }
    by_status: dict[int, list[str]] = {}
    for code in _codes(route, operation):
        by_status.setdefault(STATUS[code], []).append(code)
    for status, codes in sorted(by_status.items()):
        responses[str(status)] = _failure(status, codes)
    return responses


def _success(operation: Operation[Any]) -> Json:
    made: Json = {
        "description": HTTPStatus(operation.status).phrase,
        "headers": {"X-Request-ID": {"$ref": "#/components/headers/X-Request-ID"}},
    }
    content: Json = {}
    if isinstance(operation.answer, str):
        content[operation.answer] = {"schema": {"type": "string"}}
    elif operation.answer is not None:
        content[_JSON] = _content(operation.answer)
    for media, example in operation.also.items():
        content[media] = {"schema": {"type": "string"}, "example": example}
    if content:
        made["content"] = content
    return made


def _failure(status: int, codes: list[str]) -> Json:
    headers = ["X-Request-ID"] + (["Retry-After"] if status in (429, 503) else [])
    return {
        "description": f"{HTTPStatus(status).phrase}: " + ", ".join(f"`{code}`" for code in codes),
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in headers},
        "content": {
            _JSON: {
                "schema": {"$ref": _REFS.format(model="ErrorBody")},
                "examples": {code: {"value": error_body(code, _REASONS[code])} for code in codes},
            }
        },
    }


def _codes(route: Route, operation: Operation[Any]) -> list[str]:
    """The operation's own errors, and those that follow from what it is."""
    has_body = _has_body(route, operation)
    follows = {
        "INVALID_INPUT": operation.takes is not Nothing,
        "UNAUTHORIZED": operation.secured,
        "NOT_FOUND": "{id}" in route.path,
        "CONFLICT": operation.keyed is not None,
        "PAYLOAD_TOO_LARGE": has_body,
        "UNSUPPORTED_MEDIA_TYPE": has_body,
        "RATE_LIMITED": operation.rule is not None,
        "INTERNAL": True,
        # Whoever counts, looks up or writes down needs the database.
        "UNAVAILABLE": operation.secured or operation.keyed is not None,
    }
    found = {code for code, is_so in follows.items() if is_so} | set(operation.errors)
    return [code for code in STATUS if code in found]
