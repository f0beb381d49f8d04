"""An answer that is asked for again, when its words are kept in the history alone."""

from __future__ import annotations

from uuid import uuid4

import pytest

from core.assistant import Assistant
from core.bootstrap import assembled, claim
from core.config import Settings
from core.errors import InvalidInput
from core.live import Feed
from core.messages import Answer, Call, Request, Sender
from core.storage.content import Written


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings(_env_file=None, database_url=f"sqlite+aiosqlite:///{tmp_path}/data/n.db")


async def answered(assistant: Assistant, answer: Answer, text: str | None = None) -> Answer:
    """What somebody is told who asks again after it was delivered."""
    request = Request(uuid4(), Sender("console", "ada", "ada"), Call("generate", "a plan"))
    async with assistant.database.begin() as unit:
        user = (await unit.users.of(request.sender)).id
        await unit.inbox.add([request])
        await unit.inbox.belongs_to(request.id, user, started=True)
        if text is not None:
            await unit.content.begin(request.id, user, "a plan", None)
            await unit.content.finish(request.id, Written(text, "openai", "m", "A note.", 1, 1))
        await unit.inbox.answered(request.id, answer)
        await unit.inbox.finish(request.id)
    return await assistant.result(request.id, Feed(), 5)


async def test_a_delivered_answer_is_told_again_with_its_words(settings: Settings) -> None:
    async with assembled(settings, {}, await claim(settings)) as assistant:
        page = "https://notion.example/p"
        written = await answered(assistant, Answer("# A plan", ("A note.",), page), "# A plan")
        assert (written.text, written.notes, written.page) == ("# A plan", ("A note.",), page)
        reason = InvalidInput("There is no provider.")
        failed = await answered(assistant, Answer("x", ok=False, error=reason.to_json()))
        assert failed.text == "There is no provider."
        other = await answered(assistant, Answer("a list"))
        assert "Ask once more" in other.text
