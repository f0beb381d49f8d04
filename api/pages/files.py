"""`/static`: style sheets, scripts and the mark."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

STATIC = Path(__file__).parent.parent / "static"
# What is not on this list is not looked for, wherever the name may lead.
_FILES = {path.name: path for path in STATIC.iterdir()}


async def file(request: web.Request) -> web.FileResponse:
    """One file. 404 where there is none.

    Browsers keep it for ever where its address names what it holds (`render.asset`), and ask
    whether it has changed where it does not: a script's own imports.
    """
    path = _FILES.get(request.match_info["name"])
    if path is None:
        raise web.HTTPNotFound
    lasting = "v" in request.query
    kept = "public, max-age=31536000, immutable" if lasting else "no-cache"
    return web.FileResponse(path, headers={"Cache-Control": kept})
