"""One server, two Slack workspaces: installed by OAuth, answered apart, taken away apart."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
from product import Product, World, eventually

from sandbox.slack.server import SlackServer

Launch = Callable[..., Awaitable[Product]]

PUBLIC = "https://notion-assistant.test"
OTHER_TOKEN = "xoxb-of-the-other-workspace"


async def install(product: Product, slack: SlackServer, team: str) -> str:
    """An admin's browser, on the way to Slack and back; the last page."""
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{product.url}/slack/install", allow_redirects=False) as answer:
            assert answer.status == 302
            consent, cookies = answer.headers["Location"], answer.cookies
        async with http.get(f"{consent}&team={team}", allow_redirects=False) as answer:
            back = answer.headers["Location"]
        assert back.startswith(f"{PUBLIC}/slack/oauth_redirect?")
        # The address is the public one, for which nobody listens here; nor is there https.
        kept = "; ".join(f"{name}={cookie.value}" for name, cookie in cookies.items())
        here = back.replace(PUBLIC, product.url)
        async with http.get(here, headers={"Cookie": kept}) as answer:
            assert answer.status == 200
            return await answer.text()


async def answered(slack: SlackServer, words: str) -> None:
    async def there() -> bool:
        return any(words in str(message.blocks) for message in slack.answers())

    await eventually(there, f"“{words}” was never shown: {slack.answers()}")


async def test_two_workspaces_are_served_by_tokens_of_their_own(
    world: World, launch: Launch, tmp_path: Path
) -> None:
    first, client = world.slack, ("1.2", "secret-of-the-client")
    first.consent.client = client
    second = first.neighbour("T0OTHER", OTHER_TOKEN)
    product = await launch(
        "slack", SLACK_BOT_TOKEN="", SLACK_CLIENT_ID=client[0], SLACK_CLIENT_SECRET=client[1]
    )
    for server in (first, second):
        page = await install(product, first, server.space.team_id)
        assert f"Installed in {server.space.team_name}" in page
    for server, words in ((first, "For the first"), (second, "For the second")):
        world.ai.answer = words
        delivery = await server.slash_command(text=f"generate {words}")
        assert delivery.status == 200
        await answered(server, words)
        assert server.traffic.calls("chat.postMessage")
    assert not any("For the second" in str(one.blocks) for one in first.answers())

    posted = len(first.traffic.calls("chat.postMessage"))
    await first.uninstall()
    world.ai.answer = "After the end"
    for server in (first, second):
        await server.slash_command(text="generate once more")
        await answered(server, "After the end")
    # Where it was taken away, only the command's own response URL is left to answer by.
    assert len(first.traffic.calls("chat.postMessage")) == posted
    assert first.traffic.calls("response_url")
    assert not second.traffic.calls("response_url")

    assert await product.stop() == 0
    files = b"".join(path.read_bytes() for path in (tmp_path / "data").iterdir() if path.is_file())
    for token in (world.BOT_TOKEN, OTHER_TOKEN):
        assert token.encode() not in files
        assert token not in product.output()
    assert client[1] not in product.output()
