"""The browser's side: pages as a person reads them. Nothing is loaded from elsewhere but images."""

from pathlib import Path

from aiohttp import web

from sandbox.notion.ids import ROOT_PAGE_ID, id_in_slug
from sandbox.notion.page_html import render_home, render_missing, render_page
from sandbox.notion.store import PageStore

_STORE = web.AppKey("viewer_store", PageStore)
_STYLE = Path(__file__).with_name("viewer.css")
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' https: http: data:; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def viewer_app(store: PageStore) -> web.Application:
    """`/` lists the root page's children, `/<words>-<32 hex digits>` shows a page.

    Links are relative, so it can be mounted anywhere.
    """
    app = web.Application()
    app[_STORE] = store
    app.router.add_get("", _redirect)
    app.router.add_get("/", _home)
    app.router.add_get("/viewer.css", _style)
    app.router.add_get("/files/{id}", _file)
    app.router.add_get("/{slug}", _page)
    return app


async def _redirect(request: web.Request) -> web.Response:
    raise web.HTTPFound(f"{request.path}/")


async def _style(_request: web.Request) -> web.StreamResponse:
    return web.FileResponse(_STYLE, headers={"X-Content-Type-Options": "nosniff"})


async def _file(request: web.Request) -> web.Response:
    upload = request.app[_STORE].uploads.found(request.match_info["id"])
    if upload is None or upload.status != "uploaded":
        return _html(render_missing(), status=404)
    # Whatever somebody uploaded runs nothing here.
    headers = _HEADERS | {"Content-Security-Policy": "sandbox; default-src 'none'"}
    return web.Response(body=upload.content, content_type=upload.type, headers=headers)


async def _home(request: web.Request) -> web.Response:
    return _html(render_home(request.app[_STORE], ROOT_PAGE_ID))


async def _page(request: web.Request) -> web.Response:
    store = request.app[_STORE]
    page_id = id_in_slug(request.match_info["slug"])
    record = store.get(page_id) if page_id else None
    if record is None or record.kind not in ("page", "database", "data_source"):
        return _html(render_missing(), status=404)
    if record.id == ROOT_PAGE_ID:
        return _html(render_home(store, ROOT_PAGE_ID))
    return _html(render_page(store, record))


def _html(text: str, status: int = 200) -> web.Response:
    return web.Response(text=text, content_type="text/html", status=status, headers=_HEADERS)
