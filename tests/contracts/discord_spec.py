"""Discord's published OpenAPI document, and what it says of a call to the stand-in."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from sandbox.traffic import Call

PATH = Path(__file__).parents[2] / "../shared/specs/discord-openapi-2026-07-18.json"


@cache
def spec() -> dict[str, Any]:
    """The document; the test is skipped where it is not at hand."""
    if not PATH.exists():
        pytest.skip("Discord's OpenAPI document is not beside this checkout")
    document = json.loads(PATH.read_text())
    # The document calls the code of a field's fault a number; Discord's own reference shows words
    # there (BASE_TYPE_MAX_LENGTH), and words are what it sends.
    wrong = document["components"]["schemas"]["InnerErrors"]["properties"]["_errors"]
    word = {"type": "object", "properties": {"code": {"type": "string"}}, "required": ["code"]}
    wrong["items"] = word
    return document


@cache
def operations() -> dict[str, dict[str, Any]]:
    """Operations by method and path, the names of path parameters left out."""
    return {
        nameless(f"{method.upper()} {path}"): operation
        for path, item in spec()["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    }


def nameless(name: str) -> str:
    return re.sub(r"{[^}]*}", "{}", name)


@cache
def compiled(text: str) -> jsonschema_rs.Draft202012Validator:
    schema = json.loads(text) | {"components": spec()["components"]}
    return jsonschema_rs.Draft202012Validator(schema)


def faults(schema: dict[str, Any], instance: Any) -> list[str]:
    """Why the instance is not what the schema describes; empty when it is."""
    found = compiled(json.dumps(schema)).iter_errors(instance)
    return [f"{list(one.instance_path)}: {one.message}"[:300] for one in found]


def request_schema(name: str) -> dict[str, Any]:
    """What the body of the call is to be; empty when it has none."""
    body = operations()[nameless(name)].get("requestBody", {})
    return body.get("content", {}).get("application/json", {}).get("schema", {})


def answer_schema(name: str, status: int) -> dict[str, Any] | None:
    """What the answer is to be; None when it has no body, KeyError when there is none such."""
    answers = operations()[nameless(name)]["responses"]
    answer = answers.get(str(status)) or answers[f"{status // 100}XX"]
    if "$ref" in answer:
        answer = spec()["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]]
    content = answer.get("content", {})
    return content["application/json"]["schema"] if content else None


def with_text_ids(value: Any) -> Any:
    """discord.py sends some ids as numbers; the document wants text, Discord takes both."""
    if isinstance(value, dict):
        return {name: with_text_ids(one) for name, one in value.items()}
    if isinstance(value, list):
        return [with_text_ids(one) for one in value]
    number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if number and value > 1 << 53 else value


def broken(call: Call) -> list[str]:
    """What in a logged call is not as the document says."""
    assert call.answer is not None
    schema = answer_schema(call.name, call.answer.status)
    if schema is None:
        return [] if call.answer.payload is None else ["a body where none belongs"]
    found = faults(schema, call.answer.payload)
    if call.answer.status < 300 and request_schema(call.name):
        body = with_text_ids(call.body.get("items", call.body))
        found += [f"request {one}" for one in faults(request_schema(call.name), body)]
    return found
