"""`/docs`: the specification as a page, rendered here; no script reads it."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from api.endpoint import ROUTES
from api.keys import CORE
from api.pages.render import page


async def openapi_json(request: web.Request) -> web.Response:
    """The specification."""
    from api.openapi import specification_text  # it is written when somebody first asks

    text = specification_text(request.app[ROUTES], request.app[CORE].settings.public_url)
    return web.Response(text=text, content_type="application/json")


async def docs(request: web.Request) -> web.Response:
    """The specification, for people."""
    from api.openapi import specification  # it is written when somebody first asks

    spec = specification(request.app[ROUTES], request.app[CORE].settings.public_url)
    tags = [tag["name"] for tag in spec["tags"]]
    operations = [
        {
            "method": method.upper(),
            "path": path,
            "about": about,
            "fields": _fields(about, spec["components"]["schemas"]),
            **_examples(about),
        }
        for path, methods in spec["paths"].items()
        for method, about in methods.items()
    ]
    response = page(request, "docs.html", spec=spec, tags=tags, operations=operations)
    response.enable_compression()  # the longest page by far, and the same for everybody
    return response


def _fields(operation: dict[str, Any], schemas: dict[str, Any]) -> list[tuple[str, dict[str, str]]]:
    """A body's fields: name, and whether it is required and what it is for."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
    schema = schemas.get(name, {})
    required = schema.get("required", ())
    return [
        (
            field,
            {
                "fine": "required" if field in required else "optional",
                "description": about.get("description", ""),
            },
        )
        for field, about in schema.get("properties", {}).items()
    ]


def _examples(operation: dict[str, Any]) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    answers = [
        (status, media, _pretty(content.get("example")))
        for status, response in operation["responses"].items()
        if status < "300"
        for media, content in response.get("content", {}).items()
    ]
    return {"body": _pretty(body.get("example")), "answers": answers}


def _pretty(example: Any) -> str:
    if example is None or isinstance(example, str):
        return example or ""
    return json.dumps(example, ensure_ascii=False, indent=2)
