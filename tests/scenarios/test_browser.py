"""The web app as people use it: Chromium, with scripts and without, and the product as it runs."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect
from product import Product, World, eventually

from tests.console import heard

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
    page.on("console", lambda message: heard(message, complaints))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await sign_up(page, here)
    await page.fill("#prompt", "a plan")
    await page.click(".go")
    await expect(page.locator("#text")).to_contain_text("word9")
    await page.click("#stop button")
    await expect(page.locator("#foot")).to_contain_text("Stopped after about")
    await expect(page.locator("#state")).to_have_text("Stopped")
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


async def test_somebody_in_slack_is_one_with_the_browser_until_they_part_and_leave(
    world: World, launch: Launch, browser: Browser
) -> None:
    product = await launch("slack", start=False)
    product.environment["PUBLIC_URL"] = product.url
    await product.start()
    complaints: list[str] = []
    page = await browser.new_page()
    page.on("console", lambda message: heard(message, complaints))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await sign_up(page, product)

    async def whispered(pattern: str) -> re.Match[str]:
        async def said() -> re.Match[str] | None:
            told = str([message.blocks for message in world.slack.space.ephemeral])
            return re.search(pattern, told)

        found = await eventually(said, f"{pattern} was not said in Slack")
        assert found is not None
        return found

    await world.slack.slash_command(text="link")
    await page.goto((await whispered(rf"{re.escape(product.url)}/link#code=[A-Z2-7]+"))[0])
    await page.click("#joining .button:not(.plain)")
    await page.wait_for_selector("text=Linked with Slack.")
    await whispered("linked to the account")
    world.ai.answer = "# Plan\n\nAll of it."
    await page.click(".places >> text=Write")
    await page.fill("#prompt", "a plan")
    await page.click(".go")
    await page.click("#foot >> text=Save to Notion")
    await expect(page.locator("#foot >> text=Open in Notion")).to_be_visible()
    assert len(await world.pages()) == 1
    await page.click(".places >> text=History")
    await expect(page.locator(".item")).to_have_count(1)
    await page.click(".places >> text=Connections")
    await expect(page.locator("#chats .rows li")).to_have_count(1)
    await page.click("text=Check the connection")
    await expect(page.locator(".findings")).to_contain_text("Pages go to the page")
    await page.click("#chats >> text=Unlink")
    await page.click("dialog[open] .bad")
    await page.wait_for_selector("text=No chat is linked yet")
    await page.click(".places >> text=Settings")
    await page.click("text=Delete the account …")
    await page.fill("#password", PASSWORD)
    await page.click("main .bad")
    await page.wait_for_selector("text=Your account is deleted.")
    assert len(await world.pages()) == 1, "its page stays"
    assert complaints == []
    await page.goto(f"{product.url}/login")
    await page.fill("#email", "ada")
    await page.fill("#password", PASSWORD)
    await page.click("main .button")
    await page.wait_for_selector("text=is wrong.")


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
    await page.click(".places >> text=Connections")
    await page.click("text=Check the connection")
    await expect(page.locator(".findings")).to_contain_text("Insert content")
    await page.fill("#place-name", "Nowhere at all")
    await page.click("text=Choose")
    await expect(page.locator("[role=alert]")).to_contain_text("Nowhere at all")
    await page.click(".places >> text=Settings")
    await page.select_option("#template", "retro")
    await page.click("text=Keep these")
    await expect(page.locator("#template")).to_have_value("retro")
    await page.click("text=Delete the account …")
    await page.fill("#password", PASSWORD)
    await page.click("main .bad")
    await expect(page.locator("h1")).to_have_text("Your account is deleted.")
    await context.close()


async def test_a_stream_cut_off_by_a_crash_is_shown_whole_once_the_server_is_back(
    world: World, here: Product, browser: Browser
) -> None:
    world.ai.answer = "# Plan\n\n" + " ".join(f"word{n}" for n in range(60))
    world.ai.hold_after = 30
    page = await browser.new_page()
    await sign_up(page, here)
    await page.fill("#prompt", "a plan")
    await page.click(".go")
    await expect(page.locator("#text")).to_contain_text("word9")
    here.kill()
    await here.dead()
    await expect(page.locator("#state")).to_contain_text("Coming back")
    world.ai.hold_after = None
    await here.start()
    await expect(page.locator("#text")).to_contain_text("word59", timeout=20_000)
    await expect(page.locator("#foot")).to_contain_text("Shorter", timeout=20_000)

    async def once() -> bool:
        return await page.locator("#text h2").count() == 1

    await eventually(once, "the answer is shown twice")
