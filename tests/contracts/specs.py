"""The official specifications, compiled to validators; each once for the whole run."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

SPECS = Path(__file__).parents[2].parent / "shared" / "specs"
NOTION = "notion-openapi-2026-03-11.json"
Json = dict[str, Any]


@cache
def open_api(name: str) -> "OpenApi":
    """The specification of that file name; skips the test where it is not at hand."""
    path = SPECS / name
    if not path.is_file():
        pytest.skip(
            f"the official specification {name} is not in {SPECS.name}/ beside the checkout"
        )
    return OpenApi(json.loads(path.read_bytes()))


class OpenApi:
    """Validators for an OpenAPI 3.1 document's components, requests and answers."""

    def __init__(self, document: Json) -> None:
        self.document = document
        self._components = mended(document["components"], document["components"]["schemas"])
        self._compiled: dict[str, jsonschema_rs.Validator] = {}

    def component(self, name: str) -> jsonschema_rs.Validator:
        return self._compile(name, {"$ref": f"#/components/schemas/{name}"})

    def request(self, method: str, path: str) -> jsonschema_rs.Validator:
        """For the JSON body of an operation, named by its path with the `{…}` in it."""
        body = self.document["paths"][path][method]["requestBody"]
        return self._content(f"{method} {path}", body)

    def answer(self, method: str, path: str, status: int = 200) -> jsonschema_rs.Validator:
        answers = self.document["paths"][path][method]["responses"]
        return self._content(f"{method} {path} {status}", answers[str(status)])

    def path_of(self, path: str) -> str:
        """The documented path that a real one belongs to; the fewest placeholders win."""
        parts = path.partition("?")[0].split("/")
        found = [known for known in self.document["paths"] if _fits(known.split("/"), parts)]
        return min(found, key=lambda known: known.count("{"))

    def _content(self, name: str, holder: Json) -> jsonschema_rs.Validator:
        schema = holder["content"]["application/json"]["schema"]
        return self._compile(name, mended(schema, self.document["components"]["schemas"]))

    def _compile(self, name: str, schema: Json) -> jsonschema_rs.Validator:
        if name not in self._compiled:
            whole = {**schema, "components": self._components}
            self._compiled[name] = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
        return self._compiled[name]


def complaints(validator: jsonschema_rs.Validator, instance: object) -> list[str]:
    """What is wrong, one line each, with its place; empty when the instance is valid."""
    return [
        f"/{'/'.join(str(part) for part in error.instance_path)}: {error.message[:300]}"
        for error in validator.iter_errors(instance)
    ]


def mended(node: Any, schemas: Json) -> Any:
    """Lets an `allOf` be met.

    Its parts are closed with `additionalProperties: false` one by one, so that read to the letter
    nothing is valid against all of them. They are meant to be closed together, which
    `unevaluatedProperties: false` beside them says.
    """
    if isinstance(node, list):
        return [mended(item, schemas) for item in node]
    if not isinstance(node, dict):
        return node
    whole = {key: mended(value, schemas) for key, value in node.items() if key != "allOf"}
    if "allOf" in node:
        whole["allOf"] = [mended(_opened(part, schemas), schemas) for part in node["allOf"]]
        if '"additionalProperties": false' in json.dumps(
            [_deref(p, schemas) for p in node["allOf"]]
        ):
            whole["unevaluatedProperties"] = False
    return whole


def _opened(part: Json, schemas: Json) -> Json:
    opened = {key: value for key, value in _deref(part, schemas).items() if value is not False}
    for word in ("oneOf", "anyOf"):
        if word in opened:
            opened[word] = [_opened(choice, schemas) for choice in opened[word]]
    return opened


def _deref(part: Json, schemas: Json) -> Json:
    return schemas[part["$ref"].rpartition("/")[2]] if "$ref" in part else part


def _fits(known: list[str], parts: list[str]) -> bool:
    return len(known) == len(parts) and all(
        k == p or k.startswith("{") for k, p in zip(known, parts, strict=True)
    )
