"""The pages in Chromium: what is pressed, typed and read. A complaint of its console fails a test.

Among those complaints is each breach of a page's Content-Security-Policy.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiohttp.test_utils import TestClient
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, async_playwright, expect

from core.errors import ProviderFailed
from core.live import Feed
from core.messages import Answer, Call, Request, Sender
from core.ports import Destination
from core.storage.content import Written
from core.storage.spending import Day, day_of
from tests.api.small_core import PASSWORD, SmallCore
from tests.console import heard

pytestmark = pytest.mark.browser

Open = Callable[..., Awaitable[Page]]
PATIENCE = 30_000


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture
async def open_page(browser: Browser, client: TestClient) -> AsyncIterator[Open]:
    """A page on a desk, unless told otherwise."""
    complaints: list[str] = []
    async with AsyncExitStack() as stack:

        async def opened(path: str = "/", **how: Any) -> Page:
            how.setdefault("viewport", {"width": 1280, "height": 800})
            context = await browser.new_context(**how)
            stack.push_async_callback(context.close)
            page = await context.new_page()
            page.set_default_timeout(PATIENCE)
            page.on("console", lambda message: heard(message, complaints))
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("request", lambda asked: elsewhere(asked.url))
            await page.goto(str(client.make_url(path)))
            return page

        def elsewhere(url: str) -> None:
            if not url.startswith(str(client.make_url("/"))):
                complaints.append(f"asked elsewhere: {url}")

        yield opened
    assert complaints == []


async def sign_up(page: Page) -> None:
    await page.click("text=Sign up")
    await page.fill("#email", "ada@example.com")
    await page.fill("#username", "ada")
    await page.fill("#password", PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#prompt")


async def keep(core: SmallCore, count: int, text: str = "Some *words* to find again.") -> None:
    async with core.database.begin() as unit:
        user = await unit.users.by_login("ada")
        assert user is not None
        for number in range(count):
            item = uuid4()
            await unit.content.begin(item, user.id, f"plan {number}", None)
            await unit.content.finish(item, Written(text, "offline", "tiny", None, 1, 1))


PARTS = ["# Launch plan\n\n", "Some **bold", "** words.\n\n", "- [x] a\n", "- [ ] b\n"]


async def test_somebody_signs_up_writes_stops_saves_and_deletes(open_page: Open, core: SmallCore):
    stopped = asyncio.Event()

    async def slowly(core: SmallCore, request: Request, feed: Feed) -> Answer:
        if request.call.command == "stop":
            stopped.set()
            return Answer("Stopped.")
        if request.call.command == "save-item":
            return await core.keep(request, feed, "")
        for part in PARTS:
            feed.add(part)
            await asyncio.sleep(0.02)
        if request.call.text == "long":
            await stopped.wait()
        return await core.keep(request, feed, feed.text)

    core.script = slowly
    page = await open_page()
    await sign_up(page)
    cut = "each => { const shown = each.offsetWidth; each.style.maxWidth = 'none';"
    cut += " const whole = each.offsetWidth; each.style.maxWidth = ''; return whole - shown; }"
    chips = page.locator(".options select")
    assert await chips.first.evaluate(cut) == 0, "where there is room, a choice is read whole"
    await page.fill("#prompt", "long")
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector("#text .task.done")
    assert await page.inner_text("#text h2") == "Launch plan"
    await page.click("#stop button")
    await page.wait_for_selector("#foot .does")
    assert await page.is_hidden("#stop")
    await page.reload()
    await page.wait_for_selector("#foot .does")
    assert await page.input_value("#prompt") == "long", "a draft survives"
    await page.click("#foot [data-save] button")
    await page.wait_for_selector("#foot >> text=Open in Notion")
    await page.wait_for_selector("#foot [data-page] svg")
    assert await page.inner_text("#state") == "Written and saved"
    await page.click(".places >> text=History")
    await page.click(".item")
    await page.click("[data-dialog=remove]")
    assert await page.is_visible("dialog[open] >> text=Delete this?")
    await page.keyboard.press("Escape")
    assert await page.is_hidden("dialog")
    await page.click("[data-dialog=remove]")
    await page.click("dialog .bad")
    await page.wait_for_selector("text=Nothing here yet")
    await page.click("summary >> text=ada")
    await page.click("text=Log out")
    await page.wait_for_selector("text=Start writing")


async def test_a_failure_says_what_to_do_and_keeps_the_prompt(open_page: Open, core: SmallCore):
    async def fails(_core: SmallCore, _request: Request, _feed: Feed) -> Answer:
        raise ProviderFailed("OpenAI is overloaded. Try again in a minute.")

    core.script = fails
    page = await open_page()
    await sign_up(page)
    await page.fill("#prompt", "a plan")
    await page.click(".go")
    await page.wait_for_selector("#problem >> text=OpenAI is overloaded.")
    assert await page.input_value("#prompt") == "a plan"
    assert await page.is_hidden("#answer")


async def test_places_are_found_by_keyboard_alone(open_page: Open, core: SmallCore):
    page = await open_page()
    await sign_up(page)
    await page.fill("#prompt", "a plan")
    await page.focus("#destination")
    await page.keyboard.type("meet")
    await page.wait_for_selector(".found [data-id]")
    await page.keyboard.press("ArrowDown")
    assert await page.get_attribute("#destination", "aria-activedescendant") == "places-1-0"
    await page.keyboard.press("Enter")
    assert await page.input_value("#destination") == "Meeting notes"
    assert await page.is_checked("[name=save]")
    await page.click(".go")
    await page.wait_for_selector("#foot >> text=Open in Notion")
    assert core.accepted[0].call.flags == {"save": True, "to": "p1"}


async def test_on_a_phone_the_places_that_are_found_leave_the_button_to_be_pressed(
    open_page: Open, core: SmallCore
):
    core.places = [
        Destination(f"p{number}", "page", f"Page {number}", "https://notion.so/p")
        for number in range(25)
    ]
    page = await open_page(viewport={"width": 390, "height": 844})
    await sign_up(page)
    await page.fill("#prompt", "a plan")
    await page.focus("#destination")
    await page.wait_for_selector(".found [data-id]")
    found = await page.locator(".found").bounding_box()
    button = await page.locator(".go").bounding_box()
    assert found is not None
    assert button is not None
    assert found["y"] + found["height"] <= button["y"]
    assert found["y"] >= 0
    assert found["x"] + found["width"] <= 390
    await page.click(".go")
    await page.wait_for_selector("#foot .does")
    assert core.accepted[0].call.text == "a plan"


async def test_a_long_name_of_a_model_leaves_the_page_as_wide_as_the_phone(open_page: Open):
    page = await open_page(viewport={"width": 390, "height": 844})
    await sign_up(page)
    home = page.url
    await page.goto(home.rstrip("/") + "/settings")
    await page.fill("#model", "a-model-with-a-name-" + "x" * 100)
    await page.check("#preferences [name=save]")
    await page.click("text=Keep these")
    await page.wait_for_selector(".toast")
    await page.goto(home)
    assert "a-model-with-a-name-" in (await page.text_content(".options") or "")
    assert await page.is_checked("[name=save]")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    box = await page.locator(".composer").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 390


async def test_admins_see_anew_how_each_part_does(open_page: Open, core: SmallCore):
    page = await open_page()
    await sign_up(page)
    await page.goto(page.url.rstrip("/") + "/admin")
    await expect(page.locator("#components")).to_contain_text("Takes requests")
    core.components = {"database": "ok", "work": "The work engine does not start."}
    # As when somebody comes back to the tab; otherwise every 15 seconds.
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(page.locator("#components")).to_contain_text("does not start", timeout=PATIENCE)


async def test_a_page_goes_to_another_place_and_a_draft_is_nobody_elses(
    open_page: Open, core: SmallCore
):
    page = await open_page()
    await sign_up(page)
    await page.fill("#prompt", "a secret plan")
    await page.click(".go")
    await page.click(".split summary")
    await page.click("#elsewhere")
    await page.click("#foot .found [data-id]")
    await page.click("text=Save there")
    await page.wait_for_selector("#foot >> text=Open in Notion")
    assert await page.is_hidden(".split")
    assert core.accepted[-1].call.flags == {"to": "p1"}
    await page.click("summary >> text=ada")
    await page.click("text=Log out")
    await page.click("text=Sign up")
    await page.fill("#email", "eve@example.com")
    await page.fill("#username", "eve")
    await page.fill("#password", PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_selector("text=Three steps to begin with")
    assert await page.input_value("#prompt") == ""
    assert await page.is_hidden("#answer")


async def test_history_grows_as_one_reads_and_is_searched_as_one_types(
    open_page: Open, core: SmallCore
):
    page = await open_page()
    await sign_up(page)
    await keep(core, 45)
    await page.click(".places >> text=History")
    await page.wait_for_selector(".item")
    for seen in (20, 40, 45):
        await expect(page.locator(".item")).to_have_count(seen)
        await page.mouse.wheel(0, 9000)
    await page.fill("[name=q]", "plan 44")
    await expect(page.locator(".item")).to_have_count(1)
    assert page.url.endswith("/history?q=plan+44")


@pytest.mark.parametrize("width", [390, 1280])
async def test_a_link_from_chat_leads_through_signing_up_and_is_in_no_address(
    open_page: Open, core: SmallCore, width: int
):
    sender = Sender("slack", "U1", "Ada", "T1")
    request = Request(uuid4(), sender, Call("link"), {"workspace": "acme"})
    async with core.database.begin() as unit:
        await unit.users.of(sender)
    await core.links.offer(request)
    secret, sent = core.links.code(request.id), []
    page = await open_page(viewport={"width": width, "height": 900})
    page.on("request", lambda asked: sent.append(f"{asked.url} {asked.headers}"))
    await page.goto(f"{page.url}link#code={secret}")
    await expect(page).to_have_url(re.compile("/link$"))
    await page.click("text=Make an account")
    await page.fill("#email", "ada@example.com")
    await page.fill("#username", "ada")
    await page.fill("#password", PASSWORD)
    await page.click("main .button")
    await page.wait_for_selector("#joining")
    shown = await page.inner_text("#joining")
    assert all(each in shown for each in ("Slack", "Ada", "acme", "ada@example.com"))
    assert core.begun == [], "nothing is joined before they say so"
    await page.click("#joining .button:not(.plain)")
    await page.wait_for_selector("text=Linked with Slack.")
    # The body of a POST has it, and no address or header.
    assert not [each for each in sent if secret in each]
    async with core.database.read() as unit:
        user = await unit.users.find(sender)
    assert user is not None
    assert user.username == "ada"


async def make_token(page: Page) -> None:
    await page.click("summary >> text=Make a token")
    await page.fill("#name", "nightly export")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#secret")


async def test_settings_change_without_leaving_the_page(open_page: Open, core: SmallCore):
    page = await open_page()
    await sign_up(page)
    await page.click(".places >> text=Settings")
    await page.wait_for_selector("#template")
    await page.evaluate("globalThis.stayed = true")
    await page.select_option("#template", "retro")
    await page.click("text=Keep these")
    await page.wait_for_selector("text=Kept. It holds in chat, too.")
    await page.fill("#new_password", "password1")
    await expect(page.locator("#new_password-hint")).to_contain_text("Very easy to guess.")
    await page.fill("#new_password", "two-otters-write-poems")
    await expect(page.locator("#new_password-hint")).to_contain_text("Very good")
    await make_token(page)
    await page.click("#tokens >> text=Remove")
    await page.wait_for_selector("dialog[open] >> text=Remove “nightly export”?")
    await page.keyboard.press("Escape")
    await page.wait_for_function("document.activeElement.hasAttribute('data-ask')")
    assert await page.evaluate("globalThis.stayed")
    async with core.database.read() as unit:
        user = await unit.users.by_login("ada")
    assert user is not None
    assert user.preferences == {"template": "retro"}
    await page.keyboard.press("Enter")
    await page.click("dialog[open] .bad")
    await page.wait_for_selector("text=No token yet")
    await page.click(".places >> text=Connections")
    await page.click("#place-name")
    await page.click("#destination-of-mine .found [data-id]")
    await page.click("text=Choose")
    await page.wait_for_selector(".toast")
    assert core.accepted[-1].call == Call("to", '"p1"')


async def spend(core: SmallCore) -> UUID:
    """Notes what Ada spent on two days, of two providers; her id."""
    now = datetime.now(UTC)
    async with core.database.begin() as unit:
        ada = await unit.users.by_login("ada")
        assert ada is not None
        for back, provider in ((0, "offline"), (3, "offline"), (3, "openai")):
            day = day_of(now - timedelta(days=back))
            await unit.spending.add(ada.id, Day(day, provider, "tiny", 1, 100, 400))
    return ada.id


async def test_an_admin_reads_a_chart_and_switches_somebody_off(open_page: Open, core: SmallCore):
    page = await open_page()
    await sign_up(page)
    await spend(core)
    await core.accounts.register("eve@example.com", "eve", PASSWORD)
    await page.click(".places >> text=Usage")
    await page.wait_for_url("**/usage")  # its scripts run
    readout = page.locator(".readout").first
    await expect(readout).to_contain_text("Most on")
    await page.focus(".plot > svg")
    await page.keyboard.press("End")
    await expect(readout).to_contain_text(": 500 tokens (offline 500)")
    for _ in range(3):
        await page.keyboard.press("ArrowLeft")
    await expect(readout).to_contain_text(": 1,000 tokens (openai 500, offline 500)")
    await page.hover(".plot > svg", position={"x": 2, "y": 20})
    await expect(readout).to_contain_text("nothing")
    await page.mouse.move(2, 2)
    await expect(readout).to_contain_text("Most on")
    await page.click("text=Every day as a table")
    await expect(page.locator("tfoot")).to_contain_text("1,200")
    await page.click(".places >> text=Admin")
    await page.click(".tabs >> text=People")
    await page.wait_for_url("**/admin/users")
    await page.fill("[name=q]", "eve")
    await expect(page.locator(".person")).to_have_count(1)
    assert page.url.endswith("/admin/users?q=eve")
    await page.click(".person")
    await page.wait_for_url("**/account")
    await page.click("[data-dialog=disabling]")
    await page.click("dialog .plain")
    assert await page.is_hidden("dialog")
    await page.click("[data-dialog=disabling]")
    await page.click("dialog .bad")
    await page.wait_for_selector("text=eve is switched off")
    await page.click(".tabs >> text=Audit log")
    await page.wait_for_url("**/admin/audit")
    await page.select_option("[name=action]", "user")
    await expect(page.locator(".act")).to_have_count(1)
    await expect(page.locator(".act")).to_contain_text("ada switched off the account of eve")


ADMINS = (
    *("/usage?days=90", "/admin", "/admin/users", "/admin/users/{ada}/account", "/admin/usage"),
    *("/admin/users/{ada}/disable", "/admin/connections", "/admin/budgets", "/admin/audit"),
)
STRANGERS = ("/", "/login", "/signup", "/forgot", "/reset", "/link", "/docs", "/goodbye")
MEMBERS = (
    "/",
    "/history",
    "/history?q=nothing",
    "/link",
    "/about",
    "{item}",
    "{item}/delete",
    "/connections",
    "/settings",
    "/settings/delete",
)
RICH = "# A\n\n- [x] b\n\n| c | d |\n|---|--:|\n| 1 | 2 |\n\n```py\nx\n```\n\n> [!TIP]\n> e `f`"


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
async def test_everybody_can_read_and_use_the_pages(
    open_page: Open, core: SmallCore, scheme: str, width: int
):
    """axe's rules, no page wider than the screen, no part without a label."""
    page = await open_page(
        color_scheme=scheme, reduced_motion="reduce", viewport={"width": width, "height": 844}
    )
    home = page.url
    for path in STRANGERS:
        await check(page, f"{home}{path[1:]}", width)
    await page.goto(home)
    await sign_up(page) if width > 500 else await sign_up_small(page, home)
    await keep(core, 2, RICH)
    await page.goto(f"{home}history")
    item = await page.get_attribute(".item", "href")
    for path in MEMBERS:
        await check(page, f"{home}{path.format(item=item)[1:]}", width)
    ada = await spend(core)
    for path in ADMINS:
        await check(page, f"{home}{path.format(ada=ada)[1:]}", width)
    await page.goto(f"{home}history")
    await page.click("summary")
    await check(page, None, width)
    await page.goto(f"{home}connections")
    await page.click("text=Link a chat")
    await page.wait_for_selector("#made")
    await check(page, None, width)
    await page.goto(f"{home}settings")
    await make_token(page)
    await page.click("summary >> text=Make a token")
    await check(page, None, width)
    await page.click("#tokens >> text=Remove")
    await check(page, None, width)


async def sign_up_small(page: Page, home: str) -> None:
    await page.goto(f"{home}signup")
    for field, value in (("email", "ada@example.com"), ("username", "ada"), ("password", PASSWORD)):
        await page.fill(f"#{field}", value)
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#prompt")


async def check(page: Page, address: str | None, width: int) -> None:
    """Raises AssertionError for what somebody could not read or reach."""
    if address is not None:
        await page.goto(address)
    assert await page.evaluate("document.documentElement.scrollWidth") <= width, page.url
    found = await Axe().run(page)
    serious = [
        f"{each['id']}: {[node['target'] for node in each['nodes']][:3]}"
        for each in found.response["violations"]
        if each["impact"] in ("serious", "critical")
    ]
    assert serious == [], page.url
