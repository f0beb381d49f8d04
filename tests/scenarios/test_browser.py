"""The web app as people use it: Chromium, with scripts and without, and the product as it runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect
from product import Product, World, eventually

pytestmark = pytest.mark.browser

Launch = Callable[..., Awaitable[Product]]
PASSWORD = "correct horse 9 battery"


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture
async def here(launch: Launch) -> Product:
    """The product, as one reaches it on one's own machine."""
    product = await launch(start=False)
    product.environment["PUBLIC_URL"] = product.url
    await product.start()
    return product


async def sign_up(page: Page, product: Product) -> None:
    await page.goto(f"{product.url}/signup")
    for field, value in (("email", "ada@example.org"), ("username", "ada"), ("password", PASSWORD)):
        await page.fill(f"#{field}", value)
    await page.click("main .button")
    await page.wait_for_selector("#prompt")


async def test_somebody_writes_stops_asks_for_less_and_saves_it(
    world: World, here: Product, browser: Browser
) -> None:
    complaints: list[str] = []
    world.ai.answer = "# Plan\n\n" + " ".join(f"word{n}" for n in range(400))
    world.ai.token_delay = 0.02
    page = await browser.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await sign_up(page, here)
    await page.fill("#prompt", "a plan")
    await page.click(".go")
    await expect(page.locator("#text")).to_contain_text("word9")
    await page.click("#stop button")
    await expect(page.locator("#foot")).to_contain_text("Stopped after about")
    assert "word399" not in await page.inner_text("#text")
    world.ai.answer, world.ai.token_delay = "# Plan\n\nLess.", 0
    await page.click("#foot >> text=Shorter")
    await expect(page.locator("#text")).to_contain_text("Less.")
    await expect(page.locator("#foot")).to_contain_text("Version 2 of 2")
    await page.click("#foot >> text=Save to Notion")
    link = page.locator("#foot >> text=Open in Notion")
    await expect(link).to_be_visible()
    (made,) = await world.pages()
    assert made["id"].replace("-", "") in (await link.get_attribute("href") or "")
    assert complaints == []


async def test_without_scripts_all_of_it_works_too(
    world: World, here: Product, browser: Browser
) -> None:
    world.ai.answer = "# Plan\n\nAll of it."
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await sign_up(page, here)
    await page.fill("#prompt", "a plan")
    await page.check("[name=save]")
    await page.click(".go")
    await expect(page.locator("#text")).to_contain_text("All of it.")
    await expect(page.locator("#foot >> text=Open in Notion")).to_be_visible()
    assert len(await world.pages()) == 1
    await page.click("#foot >> text=Longer")
    await expect(page.locator("#versions .version")).to_have_count(2)
    await page.click("[aria-label=Delete]")
    await page.click("text=Delete this?")
    await page.click("main .bad")
    await expect(page.locator(".item")).to_have_count(1)
    await page.click("summary")
    await page.click("text=Log out")
    await page.goto(f"{here.url}/history")
    assert page.url.endswith("/login?next=%2Fhistory")
    await page.fill("#email", "ada")
    await page.fill("#password", PASSWORD)
    await page.click("main .button")
    await expect(page.locator(".item")).to_have_count(1)
    await context.close()


async def test_a_stream_cut_off_by_a_crash_is_shown_whole_once_the_server_is_back(
    world: World, here: Product, browser: Browser
) -> None:
    world.ai.answer = "# Plan\n\n" + " ".join(f"word{n}" for n in range(60))
    world.ai.token_delay = 0.05
    page = await browser.new_page()
    await sign_up(page, here)
    await page.fill("#prompt", "a plan")
    await page.click(".go")
    await expect(page.locator("#text")).to_contain_text("word9")
    here.kill()
    await here.dead()
    await expect(page.locator("#state")).to_contain_text("Coming back")
    world.ai.token_delay = 0
    await here.start()
    await expect(page.locator("#text")).to_contain_text("word59", timeout=20_000)
    await expect(page.locator("#foot")).to_contain_text("Shorter", timeout=20_000)

    async def once() -> bool:
        return await page.locator("#text h2").count() == 1

    await eventually(once, "the answer is shown twice")
