"""What an item is called: its first line, or what a model makes of it within its time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from prometheus_client import REGISTRY

from core import titles as module
from core.config import Settings
from core.messages import File, Message
from core.ports import Provider
from core.providers.registry import providers
from core.titles import READ, Titles, first_line
from sandbox.ai.server import AiServer
from tests.core.commands.room import message

LONG = "So, about the thing with the dates that we talked about:\n\nwe ship on Friday."


@pytest.fixture
async def ai() -> AsyncIterator[AiServer]:
    async with AiServer() as server:
        yield server


@pytest.fixture
async def asked(ai: AiServer) -> AsyncIterator[dict[str, Provider]]:
    found = providers(Settings(_env_file=None, **ai.settings("openai")))
    yield found
    for each in found.values():
        await each.close()


def said(text: str) -> list[Message]:
    return [message(1, text)]


async def test_a_model_names_what_is_longer_than_a_title(
    ai: AiServer, asked: dict[str, Provider]
) -> None:
    ai.answer = '\n"**Shipping on Friday.**"\nIs that all right?'
    assert await Titles(asked).of(said(LONG + "x" * 5000)) == "Shipping on Friday"
    [call] = ai.calls
    assert len(str(call.body)) < READ + 2000


@pytest.mark.parametrize(
    "text",
    ["We ship on Friday.", "# Dates\n\n" + LONG, "", "`x`"],
    ids=["short", "heading", "no", "code"],
)
async def test_what_has_a_title_is_not_asked_about(
    ai: AiServer, asked: dict[str, Provider], text: str
) -> None:
    [one] = said(text)
    assert await Titles(asked).of([one]) == first_line(one)
    assert not ai.calls


async def test_without_a_model_that_answers_in_time_the_first_line_is_the_title(
    ai: AiServer, asked: dict[str, Provider], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = first_line(said(LONG)[0])
    assert first.startswith("So, about the thing")
    assert await Titles().of(said(LONG)) == first
    ai.answer = "word " * 40
    assert await Titles(asked).of(said(LONG)) == first
    monkeypatch.setattr(module, "SECONDS", 0.3)
    ai.token_delay = 1.0
    ai.answer = "Too late"
    assert await Titles(asked).of(said(LONG)) == first
    away = providers(Settings(_env_file=None, **ai.settings("openai") | {"openai_api_key": "no"}))
    monkeypatch.setattr(module, "SECONDS", 5.0)
    assert await Titles(away).of(said(LONG)) == first
    for each in away.values():
        await each.close()


async def test_what_a_title_takes_is_counted_once(ai: AiServer, asked: dict[str, Provider]) -> None:
    def counted() -> float:
        told = {"provider": "openai", "direction": "out"}
        return REGISTRY.get_sample_value("notion_assistant_tokens_total", told) or 0.0

    ai.answer = "Friday"
    before = counted()
    assert await Titles(asked).of(said(LONG)) == "Friday"
    assert counted() - before == 1


async def test_the_offline_model_names_nothing() -> None:
    assert await Titles(providers(Settings(_env_file=None))).of(said(LONG)) == first_line(
        said(LONG)[0]
    )


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("The end: <spoiler>he **dies**</spoiler>!", "The end: …!"),
        ("<spoiler>he dies</spoiler>", "Message from ada"),
        ("# <spoiler>he dies</spoiler>", "Message from ada"),
        ("**<spoiler>he dies</spoiler>**", "Message from ada"),
    ],
)
async def test_a_title_gives_no_spoiler_away(text: str, title: str) -> None:
    [one] = said(text)
    assert first_line(replace(one, author="ada")) == title


def test_a_message_of_files_alone_is_called_by_the_first() -> None:
    files = (File("plan\n2.pdf", "https://chat/1"), File("b.png", "https://chat/2"))
    [one] = said("")
    assert first_line(replace(one, files=files)) == "plan 2.pdf"
    assert first_line(replace(one, text="Look", files=files)) == "Look"
