"""Somebody at Notion's consent page, in a browser that follows no redirect."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import aiohttp

from sandbox.notion.ids import ROOT_PAGE_ID


async def agree(
    authorize_url: str, *pages: str, answer: str = "allow"
) -> tuple[str, dict[str, str]]:
    """Picks pages, all of them where none is named; where Notion leads to, and its query."""
    async with aiohttp.ClientSession() as browser:
        async with browser.get(authorize_url) as shown:
            assert shown.status == 200, await shown.text()
        form = {name: values[0] for name, values in parse_qs(urlsplit(authorize_url).query).items()}
        fields = [*form.items(), *(("page", page) for page in pages or (ROOT_PAGE_ID,))]
        url = authorize_url.partition("?")[0]
        async with browser.post(
            url, data=[*fields, ("answer", answer)], allow_redirects=False
        ) as done:
            assert done.status == 302, await done.text()
            back = done.headers["Location"]
    query = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
    return back.partition("?")[0], query
