"""Pages as a person reads them."""

import shutil
from collections.abc import AsyncIterator
from html.parser import HTMLParser

import aiohttp
import pytest
from notion_client import AsyncClient
from playwright.async_api import Browser, async_playwright

from sandbox.notion.server import NotionServer
from tests.sandbox.notion.samples import (
    bare,
    block,
    every_block,
    external,
    in_notes,
    on_root,
    table,
    text,
)

EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&"


class Tags(HTMLParser):
    """Every element of a page with its attributes, and the text between them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text += data


async def fetch(url: str) -> tuple[int, str, dict[str, str]]:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status, await response.text(), dict(response.headers)


async def read(url: str) -> Tags:
    status, html, _ = await fetch(url)
    assert status == 200
    return Tags(html)


async def test_text_from_a_page_is_never_markup(notion: AsyncClient):
    words = [text(EVIL, link=f"https://example.com/{EVIL.replace(' ', '')}"), text(EVIL, bold=True)]
    blocks = [
        *(block(kind, words) for kind in ("paragraph", "heading_1", "to_do", "quote", "toggle")),
        block("code", words, language="html", caption=words),
        bare("equation", expression=EVIL),
        bare("bookmark", url='https://example.com/"><script>', caption=words),
        external("image", 'https://example.com/"onerror="alert(1)'),
        external("file", "https://example.com/<script>"),
        table((EVIL, EVIL)),
    ]
    page = await notion.pages.create(
        **on_root(EVIL, children=blocks, cover={"external": {"url": 'https://e.x/"onload="x'}})
    )
    row = await notion.pages.create(
        **in_notes(
            EVIL, Tags={"multi_select": [{"name": "<b>"}]}, URL={"url": "javascript:alert(1)"}
        )
    )
    for url in (page["url"], row["url"], page["url"].rpartition("/")[0] + "/"):
        tags = await read(url)
        assert EVIL in tags.text
        names = {tag for tag, _ in tags.found}
        assert not names & {"script", "iframe", "object", "embed", "form", "base", "b"}
        for _, attributes in tags.found:
            assert not any(name.startswith("on") for name in attributes)
            assert not attributes.get("href", "").lower().startswith(("javascript:", "data:text"))


async def test_only_web_and_mail_addresses_become_links(notion: AsyncClient):
    urls = ["https://example.com/a", "mailto:a@example.com", "ftp://example.com/a", "tel:+431"]
    words = [text(url, link=url) for url in urls]
    page = await notion.pages.create(**on_root(children=[block("paragraph", words)]))
    links = [a["href"] for tag, a in (await read(page["url"])).found if tag == "a"]
    assert [href for href in links if ":" in href] == urls[:2]


async def test_a_page_shows_each_block_by_its_own_element(notion: AsyncClient):
    page = await notion.pages.create(**on_root("Every block", children=every_block()))
    tags = await read(page["url"])
    names = [tag for tag, _ in tags.found]
    expected = "h1 h2 h3 h4 h5 ul ol li details summary blockquote aside pre code table th td hr"
    assert set(expected.split()) <= set(names)
    classes = " ".join(attributes.get("class", "") for _, attributes in tags.found)
    for name in ("to-do done", "language", "bookmark", "math", "columns", "subpage", "mention"):
        assert name in classes
    assert "unsupported" not in classes
    assert names.count("h1") == 1


async def test_neighbouring_items_are_one_list(notion: AsyncClient):
    items = [block("numbered_list_item"), block("numbered_list_item"), block("paragraph")]
    page = await notion.pages.create(**on_root(children=[*items, block("numbered_list_item")]))
    names = [tag for tag, _ in (await read(page["url"])).found]
    assert (names.count("ol"), names.count("li")) == (2, 3)


async def test_the_way_back_leads_over_the_parents(notion: AsyncClient, server: NotionServer):
    above = await notion.pages.create(**on_root("Above"))
    below = await notion.pages.create(**on_root("Below") | {"parent": {"page_id": above["id"]}})
    links = [a["href"] for tag, a in (await read(below["url"])).found if tag == "a"]
    assert links == ["./", above["url"].rpartition("/")[2]]
    row = await notion.pages.create(**in_notes("Row", Tags={"multi_select": [{"name": "slack"}]}))
    tags = await read(row["url"])
    assert "slack" in tags.text
    notes = next(a["href"] for tag, a in tags.found if tag == "a" and "Notes" in a.get("href", ""))
    assert "Row" in (await read(f"{server.viewer_url}/{notes}")).text


async def test_the_list_is_empty_at_first_and_then_newest_first(
    notion: AsyncClient, server: NotionServer
):
    assert "No pages yet." in (await read(f"{server.viewer_url}/")).text
    for name in ("First", "Second"):
        await notion.pages.create(**on_root(name))
    gone = await notion.pages.create(**on_root("Gone"))
    await notion.pages.update(gone["id"], in_trash=True)
    words = (await read(server.viewer_url)).text
    assert words.index("Second") < words.index("First")
    assert "Gone" not in words
    assert "This page is in the trash." in (await read(gone["url"])).text


@pytest.mark.parametrize("slug", ["nothing", "Launch-" + "0" * 32, "..%2f..%2fetc", "%3Cscript%3E"])
async def test_an_address_of_no_page_is_a_404(server: NotionServer, slug: str):
    status, html, _ = await fetch(f"{server.viewer_url}/{slug}")
    assert status == 404
    assert "No such page" in html
    assert "<script" not in html


async def test_a_page_may_load_nothing_but_its_style_and_images(server: NotionServer):
    _, _, headers = await fetch(f"{server.viewer_url}/")
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; img-src 'self' https: ")
    status, css, headers = await fetch(f"{server.viewer_url}/viewer.css")
    assert (status, headers["Content-Type"]) == (200, "text/css")
    assert "http" not in css.replace("http://www.w3.org/2000/svg", "")


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("no Chromium on this machine")
    switches = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=path, args=switches)
        yield running
        await running.close()


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
async def test_a_page_fits_phones_and_desks_in_light_and_dark(
    notion: AsyncClient, server: NotionServer, browser: Browser
):
    wide = table(tuple("A rather long heading " * 2 for _ in range(8)), has_column_header=True)
    blocks = [
        *(b for b in every_block() if b["type"] not in ("image", "video", "pdf", "audio")),
        wide,
        block("code", "x" * 400, language="python"),
        block("paragraph", "y" * 400),
        block("paragraph", EVIL),
    ]
    page = await notion.pages.create(**on_root("Launch " + "z" * 80, children=blocks))
    grounds = set()
    for url in (page["url"], f"{server.viewer_url}/"):
        for width in (390, 1280):
            for scheme in ("light", "dark"):
                size = {"width": width, "height": 900}
                tab = await browser.new_page(viewport=size, color_scheme=scheme)
                problems: list[str] = []
                tab.on("console", lambda message: problems.append(message.text))  # noqa: B023
                tab.on("dialog", lambda dialog: problems.append(dialog.message))  # noqa: B023
                asked: list[str] = []
                tab.on("request", lambda request: asked.append(request.url))  # noqa: B023
                await tab.goto(url)
                overflow = "document.documentElement.scrollWidth - window.innerWidth"
                assert await tab.evaluate(overflow) <= 0
                ground = "getComputedStyle(document.body).backgroundColor"
                grounds.add((scheme, await tab.evaluate(ground)))
                assert problems == []
                assert all(a.startswith((server.viewer_url, "data:")) for a in asked)
                await tab.close()
    assert grounds == {("light", "rgb(255, 255, 255)"), ("dark", "rgb(25, 25, 25)")}


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
async def test_a_toggle_opens_and_a_sub_page_is_a_click_away(
    notion: AsyncClient, server: NotionServer, browser: Browser
):
    hidden = block("toggle", "Roll back", children=[block("paragraph", "Press the button.")])
    page = await notion.pages.create(**on_root("Launch", children=[hidden]))
    await notion.pages.create(**on_root("Review") | {"parent": {"page_id": page["id"]}})
    tab = await browser.new_page()
    await tab.goto(f"{server.viewer_url}/")
    await tab.get_by_role("link", name="Launch").click()
    button = tab.get_by_text("Press the button.")
    assert not await button.is_visible()
    await tab.get_by_text("Roll back").click()
    assert await button.is_visible()
    await tab.get_by_role("link", name="Review").click()
    await tab.get_by_role("heading", name="Review").wait_for()
    await tab.get_by_role("navigation").get_by_role("link", name="Notion Assistant").click()
    await tab.get_by_role("heading", name="Pages").wait_for()
    await tab.close()
