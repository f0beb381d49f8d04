"""What an operator's Prometheus sees of the work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from product import Product, World, eventually, said

from sandbox.ai.script import Fault

Launch = Callable[..., Awaitable[Product]]


async def numbers(product: Product) -> dict[str, float]:
    """Each sample by its name and labels."""
    async with aiohttp.ClientSession() as http, http.get(f"{product.url}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    samples = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in samples}


async def test_the_numbers_tell_of_answers_tokens_and_failures(
    world: World, launch: Launch
) -> None:
    product = await launch("slack")
    await world.slack.slash_command(text="generate a plan")
    world.ai.fail(Fault(status=401, code="invalid_api_key"))
    await world.slack.slash_command(text="generate another plan")
    answers = "notion_assistant_answers_total"

    async def counted() -> dict[str, float]:
        found = await numbers(product)
        done = [name for name in found if name.startswith(answers)]
        return found if len(done) == 2 else {}

    found = await eventually(counted, "the answers were not counted")
    labels = 'command="generate",outcome="{}",platform="slack"'
    assert found[f"{answers}{{{labels.format('ok')}}}"] == 1
    assert found[f"{answers}{{{labels.format('PROVIDER_FAILED')}}}"] == 1
    assert found['notion_assistant_provider_failures_total{provider="openai"}'] == 1
    assert found['notion_assistant_tokens_total{direction="out",provider="openai"}'] > 0
    assert found['notion_assistant_first_words_seconds_count{provider="openai"}'] == 1
    assert found['notion_assistant_acceptance_seconds_count{platform="slack"}'] == 2
    admin = await an_admin(product)
    world.ai.fail(Fault(status=401, code="invalid_api_key"))
    await world.slack.slash_command(text="generate a third plan")

    async def failing() -> dict[str, Any]:
        await asyncio.sleep(0.3)  # seldom enough for the limits
        parts = await told_to(admin, product)
        return parts if parts["openai"]["state"] == "bad" else {}

    parts = await eventually(failing, "the provider's failure was not told of")
    assert "does not accept this server's key" in parts["openai"]["detail"]
    assert (parts["Slack"]["state"], parts["Discord"]["state"]) == ("on", "off")
    assert "/slack/events" in parts["Slack"]["detail"]
    assert parts["Slack"]["last_at"] >= parts["Slack"]["since"]
    assert (parts["Database"]["state"], parts["Work"]["state"]) == ("on", "on")
    assert await product.stop() == 0


async def an_admin(product: Product) -> dict[str, str]:
    """The headers of somebody whom the operator made an admin."""
    ada = {"email": "ada@example.com", "username": "ada", "password": "a-wombat-reads-maps"}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{product.url}/auth/register", json=ada) as answer,
    ):
        token = (await answer.json())["access_token"]
    assert (await said(await product.command("admin", "ada")))[0] == 0
    return {"Authorization": f"Bearer {token}"}


async def told_to(admin: dict[str, str], product: Product) -> dict[str, Any]:
    """How each part does, as an admin is told."""
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{product.url}/admin/status", headers=admin) as answer,
    ):
        assert answer.status == 200, await answer.text()
        return {each["name"]: each for each in (await answer.json())["parts"]}
