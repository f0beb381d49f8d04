"""`notion-assistant admin`: whoever runs a server says who its admins are."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from click.testing import CliRunner

from core.storage.database import Database
from notion_assistant.cli import main


def role_of_ada(url: str, *, add: bool = False) -> str:
    async def look() -> str:
        database = Database(url)
        async with database.begin() as unit:
            if add:
                await unit.users.add("ada@example.com", "ada", "hash")
            user = await unit.users.by_login("ada")
        await database.close()
        assert user is not None
        return user.role

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, look()).result()


def test_an_account_is_made_an_admin_and_a_member_again(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    assert role_of_ada(sqlite_url, add=True) == "member"
    done = CliRunner().invoke(main, ["admin", "ADA@example.com"])
    assert (done.exit_code, done.output) == (0, "ada is an admin of this server.\n")
    assert role_of_ada(sqlite_url) == "admin"
    refused = CliRunner().invoke(main, ["admin", "--remove", "ada"])
    assert refused.exit_code == 1
    assert "ada is the only admin of this server. Make somebody else one first" in refused.output
    assert role_of_ada(sqlite_url) == "admin"
    alone = CliRunner().invoke(main, ["admin", "--force", "ada"])
    assert (alone.exit_code, "goes with --remove" in alone.output) == (2, True)
    done = CliRunner().invoke(main, ["admin", "--remove", "--force", "ada"])
    assert (done.exit_code, done.output) == (0, "ada is a member of this server.\n")
    assert role_of_ada(sqlite_url) == "member"
    again = CliRunner().invoke(main, ["admin", "--remove", "ada"])
    assert again.exit_code == 0, "who is a member stays one"
    nobody = CliRunner().invoke(main, ["admin", "nobody@example.com"])
    assert nobody.exit_code == 1
    assert "no such account" in nobody.output
