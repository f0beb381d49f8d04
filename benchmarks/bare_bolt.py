"""The baseline of `acknowledge`: Bolt on aiohttp, and a handler that acknowledges and does nothing.

Mounted as https://docs.slack.dev/tools/bolt-python/concepts/adapters has it.
"""

import os

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

bolt = AsyncApp(
    client=AsyncWebClient(
        token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"]
    ),
    signing_secret=os.environ["SLACK_SIGNING_SECRET"],
)


@bolt.command("/notion")
async def acknowledge(ack: AsyncAck) -> None:
    """Acknowledges."""
    await ack()


async def slack(request: web.Request) -> web.Response:
    """`POST /slack/events`."""
    return await to_aiohttp_response(await bolt.async_dispatch(await to_bolt_request(request)))


async def live(request: web.Request) -> web.Response:
    """Says that it listens."""
    return web.Response(text=f"hello {request.remote}")


if __name__ == "__main__":
    app = web.Application()
    app.router.add_post("/slack/events", slack)
    app.router.add_get("/health/live", live)
    web.run_app(app, host="127.0.0.1", port=int(os.environ["PORT"]), print=None, access_log=None)
