"""`/health` and `/metrics`: for those who run the server."""

from __future__ import annotations

from aiohttp import web

from api.endpoint import Asked, Operation, endpoint
from api.errors import error_response
from api.models import Alive, Nothing, Ready
from api.observe import metrics as all_metrics


@endpoint(Operation(Nothing, "Whether the process runs", Alive, secured=False, rule=None))
async def live(_asked: Asked[Nothing]) -> Alive:
    """It does, or it would not answer."""
    return Alive(status="ok")


@endpoint(
    Operation(
        Nothing,
        "Whether every part is there",
        Ready,
        errors=("UNAVAILABLE",),
        secured=False,
        rule=None,
    )
)
async def ready(asked: Asked[Nothing]) -> Ready | web.StreamResponse:
    """503 names each part that is not there."""
    components = await asked.core.ready()
    missing = [f"{name}: {state}" for name, state in components.items() if state != "ok"]
    if missing:
        return error_response(
            "UNAVAILABLE", "; ".join(missing), retry_after=5, components=components
        )
    return Ready(status="ok", components=components)


@endpoint(
    Operation(
        Nothing,
        "Numbers for Prometheus",
        "text/plain",
        example='http_requests_total{method="GET",route="/auth/me",status="200"} 12.0',
        secured=False,
        rule=None,
    )
)
async def metrics(asked: Asked[Nothing]) -> web.StreamResponse:
    """The numbers, in Prometheus' text format."""
    return await all_metrics(asked.request)
