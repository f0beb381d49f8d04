"""What a person sees of an error: a page, where a program gets JSON."""

from __future__ import annotations

import json
from http import HTTPStatus

from aiohttp import web

from api.address import client_address
from api.endpoint import is_browser
from api.errors import Handler
from api.keys import CORE, REQUEST_ID
from api.pages.navigation import is_page
from api.pages.render import page, see_other
from api.pages.visitor import login_address, visitor

_TITLES = {
    403: "That is not possible from here.",
    404: "There is nothing here.",
    429: "That was too often.",
    500: "Something went wrong.",
    503: "Not just now.",
}


def is_of_a_page(request: web.Request) -> bool:
    """Whether it is for a page of ours, or for an address where there is nothing."""
    return request.match_info.route.resource is None or is_page(request.match_info.handler)


@web.middleware
async def recognise(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Finds who looks at a page, before it is made; a look counts as every other request does."""
    if is_of_a_page(request) and not request.path.startswith("/static/"):
        user = await visitor(request)
        if request.method in ("GET", "HEAD"):
            limits = request.app[CORE].limits
            if user is None:
                await limits.hit("anyone", client_address(request))
            else:
                await limits.hit("person", str(user.id))
    return await handler(request)


@web.middleware
async def shown(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Has a browser see a page where an error comes; the login page where one has to log in."""
    response = await handler(request)
    if (
        response.status < 400
        or response.content_type != "application/json"
        or not isinstance(response, web.Response)
        or not is_browser(request)
        or not is_of_a_page(request)
    ):
        return response
    if response.status == 401:
        return see_other(login_address(request))
    return _page(request, response)


def _page(request: web.Request, error: web.Response) -> web.Response:
    detail = json.loads(error.text or "{}").get("detail", "")
    if error.status == 404 and request.match_info.route.resource is None:
        detail = "The address may be old, or mistyped."
    if error.status == 500:
        detail = f"Its admin finds it in the log under `{request.get(REQUEST_ID, '')}`. Try again."
    title = _TITLES.get(error.status, HTTPStatus(error.status).phrase)
    answer = page(request, "trouble.html", status=error.status, title=title, detail=detail)
    for name in ("Retry-After", "Allow"):
        if name in error.headers:
            answer.headers[name] = error.headers[name]
    return answer
