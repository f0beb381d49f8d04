"""The baseline of `first-text`: the openai and slack_sdk packages, and nothing in between.

`POST /ask` with a prompt posts a placeholder, has the answer streamed, and updates the placeholder
on the first piece of text.
"""

import os

from aiohttp import web
from openai import AsyncOpenAI
from slack_sdk.web.async_client import AsyncWebClient

MODEL = web.AppKey("model", AsyncOpenAI)
SLACK = web.AppKey("slack", AsyncWebClient)


async def ask(request: web.Request) -> web.Response:
    """One answer."""
    slack = request.app[SLACK]
    posted = await slack.chat_postMessage(channel=os.environ["CHANNEL"], text="…")
    stream = await request.app[MODEL].responses.create(
        model="gpt-6.2-sol", input=await request.text(), stream=True, store=False
    )
    shown = False
    async for event in stream:
        if event.type == "response.output_text.delta" and not shown:
            shown = True
            await slack.chat_update(channel=posted["channel"], ts=posted["ts"], text=event.delta)
    return web.Response()


async def live(request: web.Request) -> web.Response:
    """Says that it listens."""
    return web.Response(text=f"hello {request.remote}")


if __name__ == "__main__":
    app = web.Application()
    app[MODEL] = AsyncOpenAI()
    app[SLACK] = AsyncWebClient(
        token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"]
    )
    app.router.add_post("/ask", ask)
    app.router.add_get("/health/live", live)
    web.run_app(app, host="127.0.0.1", port=int(os.environ["PORT"]), print=None, access_log=None)
