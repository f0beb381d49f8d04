"""A Slack stand-in, a client for it, and a Bolt app that it delivers to."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack.server import SlackServer

SECRET = "signing-secret"
BOT = "xoxb-sandbox"
APP = "xapp-sandbox"

Serve = Callable[[Callable[[web.Request], Awaitable[web.StreamResponse]]], Awaitable[str]]


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer(SECRET, BOT, APP) as server:
        server.timing.retries = (0.0, 0.0, 0.0)
        yield server


@pytest.fixture
def client(slack: SlackServer) -> AsyncWebClient:
    return AsyncWebClient(token=BOT, base_url=slack.api_url)


@pytest.fixture
def bolt(client: AsyncWebClient) -> AsyncApp:
    return AsyncApp(client=client, signing_secret=SECRET)


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Puts a handler on loopback and gives back its address."""
    runners: list[web.AppRunner] = []

    async def start(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> str:
        app = web.Application()
        app.router.add_post("/slack/events", handler)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        runners.append(runner)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        return f"http://{host}:{port}/slack/events"

    yield start
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
async def app(slack: SlackServer, bolt: AsyncApp, serve: Serve) -> AsyncApp:
    """The Bolt app, already listening where the stand-in delivers."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return await to_aiohttp_response(await bolt.async_dispatch(await to_bolt_request(request)))

    slack.deliver_to = await serve(handle)
    return bolt
