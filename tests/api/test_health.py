"""Probes and metrics."""

from __future__ import annotations

from aiohttp.test_utils import TestClient

from tests.api.small_core import SmallCore


async def test_a_process_that_runs_says_so(client: TestClient):
    response = await client.get("/health/live")
    assert (response.status, await response.json()) == (200, {"status": "ok"})


async def test_a_server_whose_parts_are_there_is_ready(client: TestClient):
    response = await client.get("/health/ready")
    assert response.status == 200
    assert await response.json() == {
        "status": "ok",
        "components": {"database": "ok", "work": "ok"},
    }


async def test_a_server_that_lacks_a_part_names_it(client: TestClient, core: SmallCore):
    core.components = {"database": "The database does not answer.", "work": "ok"}
    response = await client.get("/health/ready")
    assert response.status == 503
    assert int(response.headers["Retry-After"]) >= 1
    assert await response.json() == {
        "detail": "database: The database does not answer.",
        "status": 503,
        "code": "UNAVAILABLE",
        "components": core.components,
    }
    assert (await client.get("/health/live")).status == 200


async def test_metrics_count_requests_by_route_and_never_by_path(client: TestClient):
    for path in ("/health/live", "/content/5f0c2f39-6f0a-4c39-9a53-0a3d3a0f6f54", "/made/up"):
        await client.get(path)
    response = await client.get("/metrics")
    assert response.content_type == "text/plain"
    text = await response.text()
    assert 'http_requests_total{method="GET",route="/content/{id}",status="401"}' in text
    assert 'http_requests_total{method="GET",route="unmatched",status="404"}' in text
    assert 'http_request_duration_seconds_bucket{le="0.005",method="GET"' in text
    assert "process_cpu_seconds_total" in text
    assert "5f0c2f39" not in text
    assert "/made/up" not in text
