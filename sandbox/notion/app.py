"""The API as an aiohttp application, and what is checked before a handler runs."""

import time
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from sandbox.notion import oauth
from sandbox.notion.calls import PRESENTER, SCOPE, STORE
from sandbox.notion.catalog import get_data_source, get_database, query_data_source, search
from sandbox.notion.errors import MISSING, RefusedError, error_response, should_be
from sandbox.notion.grants import Grants
from sandbox.notion.hooks import Hooks, api_path
from sandbox.notion.ids import API_VERSION, new_id
from sandbox.notion.limiter import RequestBudget
from sandbox.notion.page_blocks import (
    append_children,
    delete_block,
    get_block,
    get_children,
    update_block,
)
from sandbox.notion.pages import create_page, get_markdown, get_page, update_page
from sandbox.notion.people import (
    create_comment,
    get_comment,
    get_comments,
    get_me,
    get_user,
    get_users,
)
from sandbox.notion.present import Presenter
from sandbox.notion.store import Clock, PageStore
from sandbox.notion.templates import apply_due, list_templates
from sandbox.notion.uploads import PART, complete_upload, create_upload, get_upload, send_upload

RATE_LIMIT = 180
# Past these the connection refuses a body before the API has a look at it: JSON, and a file's part.
MAX_BODY = 1_000_000
MAX_PART = PART + MAX_BODY

ROUTES = (
    web.post("/v1/pages", create_page),
    web.get("/v1/pages/{page_id}", get_page),
    web.patch("/v1/pages/{page_id}", update_page),
    web.get("/v1/pages/{page_id}/markdown", get_markdown),
    web.get("/v1/blocks/{block_id}", get_block),
    web.patch("/v1/blocks/{block_id}", update_block),
    web.delete("/v1/blocks/{block_id}", delete_block),
    web.get("/v1/blocks/{block_id}/children", get_children),
    web.patch("/v1/blocks/{block_id}/children", append_children),
    web.post("/v1/search", search),
    web.get("/v1/data_sources/{data_source_id}", get_data_source),
    web.post("/v1/data_sources/{data_source_id}/query", query_data_source),
    web.get("/v1/data_sources/{data_source_id}/templates", list_templates),
    web.get("/v1/databases/{database_id}", get_database),
    web.post("/v1/file_uploads", create_upload),
    web.get("/v1/file_uploads/{file_upload_id}", get_upload),
    web.post("/v1/file_uploads/{file_upload_id}/send", send_upload),
    web.post("/v1/file_uploads/{file_upload_id}/complete", complete_upload),
    web.get("/v1/users/me", get_me),
    web.get("/v1/users", get_users),
    web.get("/v1/users/{user_id}", get_user),
    web.post("/v1/comments", create_comment),
    web.get("/v1/comments", get_comments),
    web.get("/v1/comments/{comment_id}", get_comment),
)


def api_app(  # noqa: PLR0913 (each has its own test)
    store: PageStore,
    *,
    token: str | None = None,
    page_url: str,
    clock: Clock = time.time,
    rate_limit: int | None = RATE_LIMIT,
    hooks: Hooks | None = None,
    grants: Grants | None = None,
) -> web.Application:
    """The routes under `/v1/`.

    `token` is the only bearer token taken, None takes any; besides it those of `grants`, a public
    integration, each of which opens the pages that were picked for it. `page_url` is where
    `viewer_app` is mounted. `rate_limit` is in requests a minute for each token, None for no
    limit. Mounted in another application, that one's `client_max_size` must be over 500 kB.
    """
    door = _Door(token, RequestBudget(rate_limit, clock), grants)
    guard = _guard(door, hooks or Hooks())
    app = web.Application(middlewares=[guard], client_max_size=MAX_PART)
    app[STORE] = store
    app[PRESENTER] = Presenter(store, page_url)
    app.add_routes(ROUTES)
    if grants is not None:
        app[oauth.GRANTS] = grants
        app.add_routes(oauth.ROUTES)
    return app


def _guard(door: "_Door", hooks: Hooks) -> Middleware:
    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await hooks.before(request)
        if response is None:
            response = await _answer(request, handler)
        return await hooks.after(request, response) or response

    async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            if not request.content_type.startswith("multipart/"):
                _check_size(request)
            if not api_path(request).startswith("/v1/oauth/"):
                door.check(request)
            if api_path(request) != "/v1/oauth/authorize":
                _check_version(request)
            apply_due(request.app[STORE])
            response = await handler(request)
        except RefusedError as error:
            return error_response(error)
        except web.HTTPRequestEntityTooLarge:
            too_large = RefusedError("validation_error", "Request body is too large.", status=413)
            return error_response(too_large)
        except web.HTTPClientError:
            return error_response(RefusedError("invalid_request_url", "Invalid request URL."))
        response.headers["X-Notion-Request-Id"] = new_id()
        return response

    return guard


@dataclass(frozen=True, slots=True)
class _Door:
    """Who may ask, and how often."""

    token: str | None
    budget: RequestBudget
    grants: Grants | None

    def check(self, request: web.Request) -> None:
        given = _bearer(request)
        grant = self.grants.by_access(given) if self.grants is not None else None
        self.budget.spend(grant.bot_id if grant else _check_token(given, self.token))
        SCOPE.set(frozenset(grant.pages) if grant else None)
        if grant is not None:
            request[oauth.GRANT] = grant


def _bearer(request: web.Request) -> str:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return given if scheme.lower() == "bearer" else ""


def _check_size(request: web.Request) -> None:
    if (request.content_length or 0) > MAX_BODY:
        raise web.HTTPRequestEntityTooLarge(MAX_BODY, request.content_length or 0)


def _check_token(given: str, token: str | None) -> str:
    if not given or (token is not None and given != token):
        raise RefusedError("unauthorized", "API token is invalid.")
    return given


def _check_version(request: web.Request) -> None:
    version = request.headers.get("Notion-Version")
    if version is None:
        reason = should_be("Notion-Version header", "defined", MISSING)
        raise RefusedError("missing_version", reason.message)
    if version != API_VERSION:
        raise should_be("Notion-Version header", f'`"{API_VERSION}"`', version)
