"""The specification says what the server does."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import jsonschema_rs
import pytest
from aiohttp.test_utils import TestClient

from api.errors import STATUS
from api.openapi import specification
from api.routes import PAGES, ROUTES
from core.accounts.personal import SCOPES
from tests.api.small_core import PASSWORD

Json = dict[str, Any]
WITHOUT_BODY = {"/auth/link/code", "/auth/email/resend"}
NEW_PASSWORD = {"token": "x", "password": PASSWORD}
CHANGE = {"current_password": "wrong", "new_password": PASSWORD}
ELSEWHERE = {path for _, path, _ in PAGES}
"""Pages and files: not part of the API."""


@pytest.fixture
async def spec(client: TestClient) -> Json:
    response = await client.get("/openapi.json")
    assert response.content_type == "application/json"
    return await response.json()


def _operations(spec: Json) -> list[tuple[str, str, Json]]:
    return [
        (method.upper(), path, operation)
        for path, methods in spec["paths"].items()
        for method, operation in methods.items()
    ]


def _validator(spec: Json, schema: Json) -> jsonschema_rs.Draft202012Validator:
    whole = {"$ref": "#/wanted", "wanted": schema, "components": spec["components"]}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


def test_it_is_openapi_3_1_and_its_references_lead_somewhere():
    spec = specification(ROUTES, "http://localhost:8080")
    assert spec["openapi"] == "3.1.0"
    assert spec["info"]["title"]
    assert spec["info"]["version"]
    for reference in re.findall(r"'\$ref': '#/([^']+)'", str(spec)):
        found: Any = spec
        for part in reference.split("/"):
            found = found[part]
        assert found


async def test_every_route_is_in_it_and_nothing_else(client: TestClient, spec: Json):
    served = {
        (route.method, route.resource.canonical)
        for route in client.server.app.router.routes()
        if route.resource
        and route.resource.canonical not in ELSEWHERE
        and not route.resource.canonical.endswith("/")  # which lead to a page
    }
    told = {(method, path) for method, path, _ in _operations(spec)}
    assert {pair for pair in served if pair[0] != "HEAD"} == told


def test_every_operation_is_told_of_in_full():
    spec = specification(ROUTES, "http://localhost:8080")
    names = [operation["operationId"] for _, _, operation in _operations(spec)]
    assert len(names) == len(set(names))
    for method, path, operation in _operations(spec):
        where = f"{method} {path}"
        assert operation["summary"], where
        assert operation["description"], where
        if operation["security"]:
            bearer, cookie = operation["security"]
            assert cookie == {"cookie": []}, where
            assert set(bearer["bearer"]) <= set(SCOPES), where
        assert any(status < "400" for status in operation["responses"]), where
        assert "500" in operation["responses"], where
        in_path = set(re.findall(r"{(\w+)}", path))
        parameters = operation.get("parameters", [])
        assert {p["name"] for p in parameters if p["in"] == "path"} == in_path, where
        if method == "POST":
            assert "Idempotency-Key" in {p["name"] for p in parameters}, where
            assert "409" in operation["responses"], where
        if method == "POST" and path not in WITHOUT_BODY:
            assert operation["requestBody"]["content"]["application/json"]["example"], where
            assert {"400", "413", "415"} <= set(operation["responses"]), where
        if operation["security"]:
            assert {"401", "403", "429", "503"} <= set(operation["responses"]), where


def test_every_example_is_what_its_schema_says():
    spec = specification(ROUTES, "http://localhost:8080")
    seen = 0
    for _, _, operation in _operations(spec):
        contents = [operation.get("requestBody", {}).get("content", {})]
        contents += [response.get("content", {}) for response in operation["responses"].values()]
        for content in contents:
            for media in content.values():
                examples = [media["example"]] if "example" in media else []
                examples += [each["value"] for each in media.get("examples", {}).values()]
                for example in examples:
                    _validator(spec, media["schema"]).validate(example)
                    seen += 1
    assert seen > 50


def test_what_was_deleted_while_it_was_written_is_told_of():
    spec = specification(ROUTES, "http://localhost:8080")
    assert "404" in spec["paths"]["/content/generate"]["post"]["responses"]


def test_every_error_code_has_its_status():
    spec = specification(ROUTES, "http://localhost:8080")
    for _, _, operation in _operations(spec):
        for status, response in operation["responses"].items():
            for media in response.get("content", {}).values():
                for code, example in media.get("examples", {}).items():
                    assert STATUS[code] == int(status) == example["value"]["status"]


async def test_what_is_answered_is_what_is_told(client: TestClient, spec: Json):
    body = {"email": "ada@example.com", "username": "ada", "password": PASSWORD}
    session = await (await client.post("/auth/register", json=body)).json()
    ada = {"Authorization": f"Bearer {session['access_token']}"}
    wish = {"prompt": "x", "save_to_notion": True}
    item = (await (await client.post("/content/generate", json=wish, headers=ada)).json())["id"]
    login = {"email": "ada", "password": PASSWORD}
    other = await (await client.post("/auth/login", json=login)).json()
    token = {"refresh_token": other["refresh_token"]}
    missing = f"/content/{uuid4()}"
    asked: list[tuple[str, str, str, Json | None, Json]] = [
        ("POST", "/auth/register", "/auth/register", body, {}),
        ("POST", "/auth/login", "/auth/login", {"email": "ada", "password": PASSWORD}, {}),
        ("POST", "/auth/login", "/auth/login", {"email": "ada"}, {}),
        ("POST", "/auth/refresh", "/auth/refresh", token, {}),
        ("POST", "/auth/logout", "/auth/logout", token, {}),
        ("GET", "/auth/me", "/auth/me", None, ada),
        ("GET", "/auth/me", "/auth/me", None, {}),
        ("PATCH", "/auth/me", "/auth/me", {"preferences": {"template": "retro"}}, ada),
        ("PATCH", "/auth/me", "/auth/me", {"preferences": {"template": "x"}}, ada),
        ("POST", "/auth/password/forgot", "/auth/password/forgot", {"email": "a@b.c"}, {}),
        ("POST", "/auth/password/reset", "/auth/password/reset", NEW_PASSWORD, {}),
        ("POST", "/auth/password", "/auth/password", CHANGE, ada),
        ("POST", "/auth/email/confirm", "/auth/email/confirm", {"token": "x"}, {}),
        ("POST", "/auth/email/resend", "/auth/email/resend", None, ada),
        ("POST", "/auth/tokens", "/auth/tokens", {"name": "x", "scopes": ["notion"]}, ada),
        ("GET", "/auth/tokens", "/auth/tokens", None, ada),
        ("DELETE", "/auth/tokens/{id}", f"/auth/tokens/{uuid4()}", None, ada),
        ("GET", "/auth/sessions", "/auth/sessions", None, ada),
        ("DELETE", "/auth/sessions/{id}", f"/auth/sessions/{uuid4()}", None, ada),
        ("DELETE", "/auth/sessions", "/auth/sessions", None, ada),
        ("POST", "/auth/link", "/auth/link", {"code": "x"}, ada),
        ("POST", "/auth/link/preview", "/auth/link/preview", {"code": "x"}, ada),
        ("POST", "/auth/link/code", "/auth/link/code", None, ada),
        ("DELETE", "/auth/identities/{id}", f"/auth/identities/{uuid4()}", None, ada),
        ("POST", "/content/generate", "/content/generate", wish, ada),
        ("POST", "/content/{id}/notion", f"/content/{item}/notion", {}, ada),
        ("GET", "/content/history", "/content/history?limit=1", None, ada),
        ("GET", "/content/history", "/content/history?limit=x", None, ada),
        ("GET", "/content/{id}", f"/content/{item}", None, ada),
        ("GET", "/content/{id}", missing, None, ada),
        ("GET", "/notion/destinations", "/notion/destinations", None, ada),
        ("GET", "/usage", "/usage", None, ada),
        ("GET", "/admin/users", "/admin/users?limit=1", None, ada),
        ("PATCH", "/admin/users/{id}", f"/admin/users/{uuid4()}", {"role": "admin"}, ada),
        ("GET", "/admin/usage", "/admin/usage?days=7", None, ada),
        ("GET", "/admin/budgets", "/admin/budgets", None, ada),
        ("PATCH", "/admin/budgets", "/admin/budgets", {"person_tokens": None}, ada),
        ("GET", "/admin/audit", "/admin/audit?limit=2", None, ada),
        ("GET", "/health/live", "/health/live", None, {}),
        ("GET", "/health/ready", "/health/ready", None, {}),
        ("DELETE", "/content/{id}", f"/content/{item}", None, ada),
        ("DELETE", "/auth/me", "/auth/me", None, ada),
    ]
    for method, template, path, data, headers in asked:
        response = await client.request(method, path, json=data, headers=headers)
        told = spec["paths"][template][method.lower()]["responses"][str(response.status)]
        if response.status == 204:
            assert "content" not in told
            continue
        schema = told["content"][response.content_type]["schema"]
        _validator(spec, schema).validate(await response.json())
