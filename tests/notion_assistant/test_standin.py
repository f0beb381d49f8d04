"""When the stand-in plays Notion, and when the settings lead to the real one."""

from pathlib import Path
from typing import Any

import pytest

from core.config import Settings
from notion_assistant import standin


@pytest.mark.parametrize(
    ("given", "plays"),
    [
        ({}, True),
        ({"notion_client_id": "1"}, True),
        ({"notion_token": "t"}, False),
        ({"notion_client_id": "1", "notion_client_secret": "x"}, False),
        ({"public_url": "https://notes.example.com"}, False),
    ],
)
async def test_it_plays_where_no_notion_is_set_on_ones_own_machine(
    tmp_path: Path, given: dict[str, Any], plays: bool
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/data/test.db"
    settings = Settings(_env_file=None, database_url=url, **given)
    assert standin.stands_in(settings) is plays
    async with standin.notion(settings) as (found, pages):
        assert (pages is not None) is plays
        assert found.notion_base_url.startswith("http://127.0.0.1") is plays
        assert found.notion_client_id == (
            "notion-assistant-sandbox" if plays else settings.notion_client_id
        )
