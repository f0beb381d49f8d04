"""The baseline of `start`: aiohttp, one route, nothing else."""

import os

from aiohttp import web


async def hello(request: web.Request) -> web.Response:
    """Says hello."""
    return web.Response(text=f"hello {request.remote}")


if __name__ == "__main__":
    app = web.Application()
    app.router.add_get("/health/live", hello)
    web.run_app(app, host="127.0.0.1", port=int(os.environ["PORT"]), print=None)
