"""A Notion of one's own: from the link in chat to the page, until it is taken back."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import aiohttp
from product import Product, World

from core.notion.oauth import CALLBACK
from sandbox.notion.ids import ROOT_PAGE_ID
from sandbox.notion.records import Parent
from tests.core.notion.consent import agree

Launch = Callable[..., Awaitable[Product]]


def page(world: World, title: str) -> str:
    """A page that is there."""
    text = [{"type": "text", "text": {"content": title}, "plain_text": title}]
    body = {"properties": {"title": {"id": "title", "type": "title", "title": text}}}
    return world.notion.store.add_page(Parent("page_id", ROOT_PAGE_ID), body, []).id


def code_in(answer: str) -> str:
    found = re.search(r"/connect#code=([A-Z2-7]{26})", answer)
    assert found is not None, answer
    return found[1]


async def test_somebody_connects_their_own_notion_and_it_is_taken_back(
    world: World, launch: Launch
) -> None:
    product = await launch(
        start=False,
        NOTION_CLIENT_ID=world.notion.grants.client_id,
        NOTION_CLIENT_SECRET=world.notion.grants.client_secret,
    )
    product.environment["PUBLIC_URL"] = product.url
    await product.start()
    mine = page(world, "Mine")
    _, out, _ = await product.chat("/notion settings notion")
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(product.url, cookie_jar=jar) as browser:
        code = {"code": code_in(out)}
        async with browser.post("/notion/connect/preview", json=code) as answer:
            assert (await answer.json())["name"] == "ada"
        async with browser.post("/notion/connect", json=code) as answer:
            url = (await answer.json())["url"]
        back, query = await agree(url, mine)
        assert back == product.url + CALLBACK
        async with browser.get(CALLBACK, params=query, headers={"Accept": "text/html"}) as answer:
            assert answer.status == 200
            assert "Sandbox is connected" in await answer.text()
    code_out, out, err = await product.chat("/notion generate a plan --save")
    assert code_out == 0, (out, err)
    # It lies on the page that was picked, and Ada's token has ended meanwhile without a word.
    assert len(world.notion.store.pages_under(mine)) == 1
    world.notion.grants.expire()
    assert (await product.chat("/notion generate another plan --save"))[0] == 0
    assert len(world.notion.store.pages_under(mine)) == 2
    world.notion.grants.remove()
    status, out, _ = await product.chat("/notion search Mine")
    assert status != 0
    assert "not accepted by Notion any more" in out
    assert code_in(out)
    # Somebody else is none the wiser.
    assert (await product.chat("/notion search Mine", user="grace"))[0] == 0
    for secret in (world.notion.grants.client_secret, *(g.access for g in world.notion.grants.all)):
        assert secret not in product.output()
