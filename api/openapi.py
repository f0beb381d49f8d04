"""`/openapi.json`: OpenAPI 3.1, written from the endpoints themselves. https://spec.openapis.org"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from pydantic.json_schema import models_json_schema

from api import pacing
from api.endpoint import Operation, Route
from api.errors import STATUS, error_body
from api.models import ErrorBody, Model, Nothing
from api.openapi_parts import (
    HEADERS,
    ID_PARAMETER,
    KEY_PARAMETER,
    REASONS,
    RESUME_PARAMETER,
    SECURITY_SCHEMES,
    SEEN_PARAMETER,
    UNCHANGED_PARAMETER,
    Json,
)

_JSON = "application/json"
_REFS = "#/components/schemas/{model}"


@lru_cache(maxsize=4)
def specification(routes: tuple[Route, ...], server: str) -> Json:
    """The whole specification of these routes, for a server at this address."""
    paths: dict[str, Json] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, routes)
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
            "securitySchemes": SECURITY_SCHEMES,
            "headers": HEADERS,
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


def _name(route: Route) -> str:
    return f"{_tag(route)}_{route.endpoint.run.__name__}"


def _tag(route: Route) -> str:
    first = route.path.split("/")[1]
    return first if first in ("auth", "content", "notion", "usage", "admin") else "server"


def _operation(route: Route, routes: tuple[Route, ...]) -> Json:
    operation = route.endpoint.operation
    run = route.endpoint.run
    made: Json = {
        "operationId": _name(route),
        "tags": [_tag(route)],
        "summary": operation.summary,
        "description": " ".join((run.__doc__ or "").split()),
        "security": _security(operation),
        "responses": _responses(route, routes),
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


def _security(operation: Operation[Any]) -> list[Json]:
    if not operation.secured:
        return []
    scopes = [] if operation.scope is None else [operation.scope]
    return [{"bearer": scopes}, {"cookie": []}]


def _has_body(route: Route, operation: Operation[Any]) -> bool:
    return operation.takes is not Nothing and route.method != "GET"


def _is_required(takes: type[Model]) -> bool:
    return any(field.is_required() for field in takes.model_fields.values())


def _parameters(route: Route, operation: Operation[Any]) -> Iterable[Json]:
    if "{id}" in route.path:
        yield ID_PARAMETER
    if operation.keyed:
        yield KEY_PARAMETER
    if operation.resumed:
        yield RESUME_PARAMETER
    if operation.tagged and route.method == "GET":
        yield SEEN_PARAMETER
    if operation.state is not None:
        yield UNCHANGED_PARAMETER
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


def _responses(route: Route, routes: tuple[Route, ...]) -> Json:
    operation = route.endpoint.operation
    responses = {str(operation.status): _success(operation, routes)}
    if operation.resumed:
        responses["204"] = {
            "description": "No Content: that was the last event",
            "headers": _headers(operation),
        }
    if operation.tagged and route.method == "GET":
        responses["304"] = {"description": "Not Modified", "headers": _headers(operation, "ETag")}
    by_status: dict[int, list[str]] = {}
    for code in _codes(route, operation):
        by_status.setdefault(STATUS[code], []).append(code)
    for status, codes in sorted(by_status.items()):
        responses[str(status)] = _failure(operation, status, codes)
    return responses


def _headers(operation: Operation[Any], *more: str) -> Json:
    names = ["X-Request-ID", *(pacing.HEADERS if operation.rule is not None else ()), *more]
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _success(operation: Operation[Any], routes: tuple[Route, ...]) -> Json:
    made: Json = {
        "description": HTTPStatus(operation.status).phrase,
        "headers": _headers(operation, *(["ETag"] if operation.tagged else [])),
    }
    if operation.status in (301, 302, 303):
        made["headers"]["Location"] = {"$ref": "#/components/headers/Location"}
    links = {name: link for path in operation.leads for name, link in _links(routes, path)}
    if links:
        made["links"] = links
    content: Json = {}
    if isinstance(operation.answer, str):
        content[operation.answer] = {"schema": {"type": "string"}}
        if operation.example:
            content[operation.answer]["example"] = operation.example
    elif operation.answer is not None:
        content[_JSON] = _content(operation.answer)
    for media, example in operation.also.items():
        content[media] = {"schema": {"type": "string"}, "example": example}
    if content:
        made["content"] = content
    return made


def _links(routes: tuple[Route, ...], path: str) -> Iterable[tuple[str, Json]]:
    """The operations of a path whose id is the one that is answered."""
    for route in routes:
        if route.path == path:
            name = _name(route)
            yield name, {"operationId": name, "parameters": {"path.id": "$response.body#/id"}}


def _failure(operation: Operation[Any], status: int, codes: list[str]) -> Json:
    told = _headers(operation, *(["Retry-After"] if status in (429, 503) else []))
    if status == 401:
        # Who asks is not known, so nobody was counted.
        told = {"X-Request-ID": told["X-Request-ID"]}
    return {
        "description": f"{HTTPStatus(status).phrase}: " + ", ".join(f"`{code}`" for code in codes),
        "headers": told,
        "content": {
            _JSON: {
                "schema": {"$ref": _REFS.format(model="ErrorBody")},
                "examples": {code: {"value": error_body(code, REASONS[code])} for code in codes},
            }
        },
    }


def _codes(route: Route, operation: Operation[Any]) -> list[str]:
    """The operation's own errors, and those that follow from what it is."""
    has_body = _has_body(route, operation)
    follows = {
        # A field, or a name in the query, that is not known; probes do not look at theirs.
        "INVALID_INPUT": operation.rule is not None,
        "UNAUTHORIZED": operation.secured,
        "NOT_FOUND": "{id}" in route.path,
        "CONFLICT": operation.keyed is not None,
        "PRECONDITION_FAILED": operation.state is not None,
        # A cookie alone, or a personal token without the scope.
        "FORBIDDEN": operation.secured,
        "PAYLOAD_TOO_LARGE": has_body,
        "UNSUPPORTED_MEDIA_TYPE": has_body,
        "RATE_LIMITED": operation.rule is not None,
        "INTERNAL": True,
        # Whoever counts, looks up or writes down needs the database.
        "UNAVAILABLE": operation.secured or operation.keyed is not None,
    }
    found = {code for code, is_so in follows.items() if is_so} | set(operation.errors)
    return [code for code in STATUS if code in found]
