"""The application: middlewares, routes, and what others mount into it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence

from aiohttp import hdrs, web

from api import routes
from api.address import noted_origin
from api.endpoint import ROUTES
from api.errors import Handler, errors
from api.headers import ALLOWED, EXPOSED, on_response_prepare
from api.keys import CLOSING, CORE, PATIENCE, STREAMS, Core
from api.observe import observe
from api.pages.trouble import recognise, shown
from api.patience import timely
from api.rebinding import by_own_name

Mount = tuple[str, str, Callable[[web.Request], Awaitable[web.StreamResponse]]]
"""Method, path and handler of something that is not this package's own."""

# Slack's events and the pages a mounted application serves; our own endpoints take less.
LARGEST_BODY = 1024 * 1024

BODY_SECONDS = 60.0
"""In which a body has to come: the largest in 17 KB a second."""


def create_app(
    assistant: Core,
    *,
    mounts: Sequence[Mount] = (),
    subapps: Mapping[str, web.Application] | None = None,
    patience: float = BODY_SECONDS,
) -> web.Application:
    """The web application of this core, with what platforms and stand-ins mount into it.

    `patience` is how many seconds a body may take.
    """
    app = web.Application(
        middlewares=[
            observe,
            shown,
            errors,
            by_own_name,
            timely,
            noted_origin,
            recognise,
            _answer_options,
        ],
        client_max_size=LARGEST_BODY,
    )
    app[CORE] = assistant
    app[ROUTES] = routes.ROUTES
    app[CLOSING] = asyncio.Event()
    app[PATIENCE] = patience
    app[STREAMS] = Counter()
    routes.add_routes(app)
    if assistant.settings.cors_origins:
        _allow_origins(app, assistant.settings.cors_origins)
    for method, path, handler in mounts:
        app.router.add_route(method, path, handler)
    for prefix, subapp in (subapps or {}).items():
        app.add_subapp(prefix, subapp)
    app.on_response_prepare.append(on_response_prepare)
    app.on_shutdown.append(_close)
    return app


@web.middleware
async def _answer_options(request: web.Request, handler: Handler) -> web.StreamResponse:
    """OPTIONS says which methods there are; a browser's preflight goes to aiohttp-cors."""
    if request.method != "OPTIONS" or hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers:
        return await handler(request)
    failed = request.match_info.http_exception
    resource = request.match_info.route.resource
    if isinstance(failed, web.HTTPMethodNotAllowed):
        methods = set(failed.allowed_methods)
    elif failed is None and resource is not None:
        methods = {route.method for route in resource}
    else:
        return await handler(request)
    return web.Response(status=204, headers={"Allow": ",".join(sorted(methods | {"OPTIONS"}))})


def _allow_origins(app: web.Application, origins: Sequence[str]) -> None:
    import aiohttp_cors  # a run without CORS_ORIGINS needs none of it

    options = {"expose_headers": EXPOSED.split(","), "allow_headers": ALLOWED, "max_age": 600}
    # Whoever is named may come with a browser's session; everybody, as `*`, may not.
    named = {each: {**options, "allow_credentials": each != "*"} for each in origins}
    cors = aiohttp_cors.setup(app, defaults=named)
    for route in list(app.router.routes()):
        cors.add(route)


async def _close(app: web.Application) -> None:
    app[CLOSING].set()
