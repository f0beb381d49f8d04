"""One person in chat and on the web: linked, told, and parted again."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from product import Product, World, eventually

Launch = Callable[..., Awaitable[Product]]
ADA = {"email": "ada@example.com", "username": "ada", "password": "a-wombat-reads-maps"}


class InSlack:
    def __init__(self, world: World) -> None:
        self.server = world.slack

    async def connected(self) -> None:
        """Slack needs no connection: it calls."""

    async def type(self, text: str) -> None:
        assert (await self.server.slash_command(text=text)).status == 200

    def whispers(self) -> str:
        return str([message.blocks for message in self.server.space.ephemeral])

    def answers(self) -> str:
        return str([message.blocks for message in self.server.answers()])


class InDiscord:
    def __init__(self, world: World) -> None:
        self.server = world.discord

    async def connected(self) -> None:
        await self.server.wait_until_connected(timeout=20)

    async def type(self, text: str) -> None:
        name, _, words = text.partition(" ")
        named = {"generate": "prompt", "link": "code", "settings": "choice"}
        options = {named[name]: words} if words else {}
        await (await self.server.slash_command(sub=name, options=options)).acknowledged()

    def whispers(self) -> str:
        told = self.server.interactions.by_id.values()
        return str(
            [message.content for one in told for message in one.messages if message.ephemeral]
        )

    def answers(self) -> str:
        return str([one.content for one in self.server.answers() if not one.ephemeral])


@pytest.fixture(params=["slack", "discord"])
def chat(request: pytest.FixtureRequest, world: World) -> Any:
    return InSlack(world) if request.param == "slack" else InDiscord(world)


async def until(what: Callable[[], object], otherwise: str) -> None:
    async def there() -> bool:
        return bool(what())

    await eventually(there, otherwise, 20)


async def test_chat_and_web_become_one_even_while_an_answer_is_written_and_part_again(
    world: World, launch: Launch, chat: Any
) -> None:
    platform = "slack" if isinstance(chat, InSlack) else "discord"
    product = await launch(platform)
    await chat.connected()
    await chat.type("generate a first plan")
    await until(lambda: "stand-in" in chat.answers(), "no first answer")
    world.ai.answer = " ".join(f"word{number}" for number in range(150))
    world.ai.hold_after = 100
    await chat.type("generate a second plan")
    await until(lambda: "word5" in chat.answers(), "no second answer")
    await chat.type("link")
    await until(lambda: "/link#code=" in chat.whispers(), "no link came")
    found = re.search(r"notion-assistant\.test/link#code=([A-Z2-7]{26})", chat.whispers())
    assert found, chat.whispers()
    assert "#code=" not in chat.answers()
    async with aiohttp.ClientSession(product.url) as http:
        async with http.post("/auth/register", json=ADA) as response:
            token = (await response.json())["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        assert "word149" not in chat.answers(), "the answer was to be in the writing"
        async with http.post("/auth/link", json={"code": found[1]}) as response:
            assert response.status == 200, await response.text()
            identity = await response.json()
        await until(lambda: "linked to the account" in chat.whispers(), "the chat heard nothing")
        world.ai.hold_after = None
        assert "If this was not you" in chat.whispers()
        await until(lambda: "word149" in chat.answers(), "the answer was lost")
        async with http.get("/auth/me") as response:
            assert (await response.json())["identities"] == [identity]

        async def both() -> bool:
            async with http.get("/content/history") as response:
                items = (await response.json())["items"]
            return [each["prompt"] for each in items] == ["a second plan", "a first plan"]

        await eventually(both, "the history did not come along")
        assert "⚠️" not in chat.answers() + chat.whispers()
        await chat.type("unlink")
        await until(lambda: "no longer linked" in chat.whispers(), "not unlinked")
        async with http.get("/auth/me") as response:
            assert (await response.json())["identities"] == []
        assert await both()
    assert await product.stop() == 0
    assert found[1] not in product.output()
