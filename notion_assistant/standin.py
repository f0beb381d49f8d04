"""Notion's stand-in for a run on somebody's own machine, where no token is set."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from pydantic import SecretStr

from core.config import Settings

MOUNTED_AT = "/sandbox/notion"


def stands_in(settings: Settings) -> bool:
    """Whether this is a local run that has no Notion: no token, and no app to connect one with."""
    has_app = settings.notion_client_id and settings.notion_client_secret
    return settings.local and settings.notion_token is None and not has_app


@asynccontextmanager
async def notion(settings: Settings) -> AsyncIterator[tuple[Settings, web.Application | None]]:
    """Settings that lead to a Notion, and the browser side of the stand-in where it is that.

    Its API listens on a free port of loopback, its pages are kept beside the data.
    """
    if not stands_in(settings):
        yield settings, None
        return
    from core.notion.oauth import CALLBACK
    from sandbox.notion.app import api_app
    from sandbox.notion.grants import Grants
    from sandbox.notion.ids import ROOT_PAGE_ID
    from sandbox.notion.store import PageStore
    from sandbox.notion.viewer import viewer_app

    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    store = PageStore(settings.data_dir / "sandbox-notion.db")
    token = secrets.token_urlsafe(24)
    client = "notion-assistant-sandbox", secrets.token_urlsafe(24)
    grants = Grants(*client, clock=store.now, path=settings.data_dir / "sandbox-notion-oauth.json")
    grants.redirect_uris = (settings.public_url + CALLBACK,)
    page_url = f"{settings.public_url}{MOUNTED_AT}"
    app = api_app(store, token=token, page_url=page_url, grants=grants)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    try:
        yield (
            settings.model_copy(
                update={
                    "notion_token": SecretStr(token),
                    # People can try what it is to connect a Notion of their own.
                    "notion_client_id": client[0],
                    "notion_client_secret": SecretStr(client[1]),
                    "notion_parent": ROOT_PAGE_ID,
                    "notion_base_url": f"http://127.0.0.1:{port}",
                }
            ),
            viewer_app(store),
        )
    finally:
        await runner.cleanup()
        store.close()
