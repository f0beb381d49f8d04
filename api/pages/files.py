"""`/static`: the style sheet and the icon."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

STATIC = Path(__file__).parent.parent / "static"
# What is not on this list is not looked for, wherever the name may lead.
_FILES = {path.name: path for path in STATIC.iterdir()}


async def file(request: web.Request) -> web.FileResponse:
    """One file, kept by browsers for an hour. 404 where there is none."""
    path = _FILES.get(request.match_info["name"])
    if path is None:
        raise web.HTTPNotFound
    return web.FileResponse(path, headers={"Cache-Control": "public, max-age=3600"})
