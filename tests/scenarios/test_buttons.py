"""The buttons under an answer, in Slack and in Discord: pressed by people, carried out once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import aiohttp
import pytest
from product import Product, World, eventually

from sandbox.ai.script import Fault

Launch = Callable[..., Awaitable[Product]]

# One message of Discord, and seconds in the writing.
PLAN = "# Plan\n\n" + " ".join(f"word{number}" for number in range(250))


class Chat(Protocol):
    """One chat platform as the people in it use and see it."""

    async def connected(self) -> None: ...
    async def ask(self, words: str, *, private: bool = False) -> None: ...
    def answers(self) -> list[Any]: ...
    def whispers(self) -> str: ...
    def text(self, message: Any) -> str: ...
    def buttons(self, message: Any) -> list[str]: ...
    async def press(self, message: Any, label: str, somebody: str | None = None) -> None: ...


class InSlack:
    def __init__(self, world: World) -> None:
        self.server = world.slack

    async def connected(self) -> None:
        """Slack needs no connection: it calls."""

    async def ask(self, words: str, *, private: bool = False) -> None:
        text = f"generate {words}" + (" --private" if private else "")
        assert (await self.server.slash_command(text=text)).status == 200

    def answers(self) -> list[Any]:
        return self.server.answers()

    def whispers(self) -> str:
        return str([message.blocks for message in self.server.space.ephemeral])

    def text(self, message: Any) -> str:
        return str(message.blocks)

    def _elements(self, message: Any) -> list[dict[str, Any]]:
        rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
        return [element for row in rows for element in row]

    def buttons(self, message: Any) -> list[str]:
        return [element["text"]["text"] for element in self._elements(message)]

    async def press(self, message: Any, label: str, somebody: str | None = None) -> None:
        [name] = [
            element["action_id"]
            for element in self._elements(message)
            if element["text"]["text"] == label
        ]
        user = self.server.space.add_user(somebody) if somebody else None
        delivery = await self.server.click(message, name, user)
        assert (delivery.status, delivery.body) == (200, "")


class InDiscord:
    def __init__(self, world: World) -> None:
        self.server = world.discord

    async def connected(self) -> None:
        await self.server.wait_until_connected(timeout=20)

    async def ask(self, words: str, *, private: bool = False) -> None:
        options = {"prompt": words} | ({"private": True} if private else {})
        await (await self.server.slash_command(sub="generate", options=options)).acknowledged()

    def answers(self) -> list[Any]:
        return [one for one in self.server.answers() if not one.ephemeral and not one.loading]

    def whispers(self) -> str:
        told = list(self.server.interactions.by_id.values())
        return str(
            [message.content for one in told for message in one.messages if message.ephemeral]
        )

    def text(self, message: Any) -> str:
        return str(message.content)

    def buttons(self, message: Any) -> list[str]:
        return [one["label"] for row in message.components for one in row["components"]]

    async def press(self, message: Any, label: str, somebody: str | None = None) -> None:
        [custom_id] = [
            one["custom_id"]
            for row in message.components
            for one in row["components"]
            if one["label"] == label
        ]
        user = self.server.add_person(somebody) if somebody else None
        pressed = await self.server.click(message, custom_id, user)
        await pressed.acknowledged()


@pytest.fixture(params=["slack", "discord"])
def chat(request: pytest.FixtureRequest, world: World) -> Chat:
    return InSlack(world) if request.param == "slack" else InDiscord(world)


async def until(what: Callable[[], object], otherwise: str) -> None:
    async def there() -> bool:
        return bool(what())

    await eventually(there, otherwise, 20)


async def started(chat: Chat, launch: Launch) -> Product:
    product = await launch("slack" if isinstance(chat, InSlack) else "discord")
    await chat.connected()
    return product


async def written(chat: Chat, count: int = 1) -> Any:
    """The last of so many answers, once it has ended."""

    def ended() -> bool:
        found = chat.answers()
        return len(found) == count and "Regenerate" in chat.buttons(found[-1])

    await until(ended, f"answer {count} never came")
    return chat.answers()[-1]


OWN = ["Save to Notion", "Regenerate", "Shorter", "Longer"]
ALL = [*OWN, "👍", "👎"]


async def test_saving_twice_makes_one_page_and_tells_its_address_to_the_presser(
    world: World, launch: Launch, chat: Chat
) -> None:
    product = await started(chat, launch)
    await chat.ask("a plan")
    answer = await written(chat)
    assert chat.buttons(answer) == ALL
    await chat.press(answer, "Save to Notion")
    await until(lambda: "Open in Notion" in chat.whispers(), "no address was told")
    await chat.press(answer, "Save to Notion")
    await until(lambda: chat.whispers().count("Open in Notion") == 2, "no second word was told")
    [page] = await world.pages()
    assert chat.whispers().count(page["id"].replace("-", "")) == 2
    assert len(chat.answers()) == 1
    assert await product.stop() == 0


async def test_stop_ends_the_answer_and_what_came_stays(
    world: World, launch: Launch, chat: Chat
) -> None:
    world.ai.answer, world.ai.token_delay = PLAN, 0.05
    product = await started(chat, launch)
    await chat.ask("a plan --save")
    await until(lambda: chat.answers() and "word9" in chat.text(chat.answers()[0]), "no words came")
    [draft] = chat.answers()
    assert chat.buttons(draft) == ["Stop"]
    await chat.press(draft, "Stop")
    answer = await written(chat)
    assert "Stopped after about" in chat.text(answer)
    assert "word249" not in chat.text(answer)
    assert chat.buttons(answer) == ALL
    await until(lambda: "What came so far stays" in chat.whispers(), "the presser heard nothing")
    assert await world.pages() == []
    assert await product.stop() == 0
    assert len(world.ai.calls) == 1
    assert world.paid == 0


async def test_buttons_work_after_a_restart_and_write_a_new_answer_below(
    world: World, launch: Launch, chat: Chat
) -> None:
    product = await started(chat, launch)
    await chat.ask("a plan")
    answer = await written(chat)
    before = chat.text(answer)
    assert await product.stop() == 0
    await product.start()
    await chat.connected()
    world.ai.answer = "A shorter text."
    await chat.press(answer, "Shorter")
    shorter = await written(chat, 2)
    assert "A shorter text." in chat.text(shorter)
    assert chat.text(answer) == before
    assert "about half as long" in world.ai.calls[-1].messages[-1]["content"]
    await chat.press(shorter, "Save to Notion")
    await until(lambda: "Open in Notion" in chat.whispers(), "no address was told")
    assert await product.stop() == 0
    assert len(await world.pages()) == 1


async def test_somebody_else_is_told_so_in_private_and_nothing_is_done(
    world: World, launch: Launch, chat: Chat
) -> None:
    world.ai.answer, world.ai.token_delay = PLAN, 0.02
    product = await started(chat, launch)
    await chat.ask("a plan")
    await until(lambda: chat.answers() and "word9" in chat.text(chat.answers()[0]), "no words came")
    told = "Only the person who asked"
    await chat.press(chat.answers()[0], "Stop", "bob")
    await until(lambda: chat.whispers().count(told) == 1, "nothing was said to the first")
    answer = await written(chat)
    for count, label in enumerate(OWN, 2):
        await chat.press(answer, label, f"bob{count}")
        await until(
            lambda count=count: chat.whispers().count(told) == count, f"nothing said on {label}"
        )
    assert await product.stop() == 0
    assert len(chat.answers()) == 1
    assert (world.paid, await world.pages()) == (1, [])


async def test_what_follows_a_private_answer_is_private_too(
    world: World, launch: Launch, chat: Chat
) -> None:
    product = await started(chat, launch)
    await chat.ask("a plan", private=True)

    def hidden() -> Any:
        if isinstance(chat, InSlack):
            return chat.server.space.ephemeral
        everything = chat.server.interactions.by_id.values()
        return [message for one in everything for message in one.messages]

    await until(lambda: hidden() and "Regenerate" in chat.buttons(hidden()[0]), "no answer came")
    world.ai.answer = "Another text."
    await chat.press(hidden()[0], "Regenerate")
    await until(lambda: "Another text." in chat.whispers(), "no second answer came")
    assert await product.stop() == 0
    assert chat.answers() == []


async def test_anybody_says_what_they_think_of_an_answer_and_is_thanked_alone(
    world: World, launch: Launch, chat: Chat
) -> None:
    product = await started(chat, launch)
    await chat.ask("a plan")
    answer = await written(chat)
    await chat.press(answer, "👍")
    await until(lambda: chat.whispers().count("Thanks, noted: 👍") == 1, "no thanks")
    await chat.press(answer, "👎", "bob")
    await until(lambda: chat.whispers().count("Thanks, noted: 👎") == 1, "no thanks for bob")
    async with aiohttp.ClientSession() as http, http.get(f"{product.url}/metrics") as response:
        counted = await response.text()
    for good in ("yes", "no"):
        assert f'notion_assistant_ratings_total{{good="{good}",provider="openai"}} 1.0' in counted
    assert chat.buttons(answer) == ALL
    assert len(chat.answers()) == 1
    assert await product.stop() == 0


async def test_a_failure_has_a_button_that_tries_again(
    world: World, launch: Launch, chat: Chat
) -> None:
    world.ai.fail(Fault(status=401, code="invalid_api_key"))
    product = await started(chat, launch)
    await chat.ask("a plan")
    await until(lambda: chat.answers() and "⚠️" in chat.text(chat.answers()[0]), "no word of it")
    [failure] = chat.answers()
    assert "OPENAI_API_KEY" in chat.text(failure)
    assert chat.buttons(failure) == ["Retry"]
    await chat.press(failure, "Retry")
    answer = await written(chat, 2)
    assert "⚠️" not in chat.text(answer)
    assert world.ai.calls[-1].messages[-1]["content"] == "a plan"
    assert await product.stop() == 0


async def test_an_answer_that_breaks_off_stays_with_the_reason_and_a_retry_below(
    world: World, launch: Launch, chat: Chat
) -> None:
    world.ai.answer, world.ai.token_delay = PLAN, 0.01
    world.ai.fail(Fault(cut_after=60))
    product = await started(chat, launch)
    await chat.ask("a plan")
    await until(lambda: chat.answers() and "⚠️" in chat.text(chat.answers()[0]), "no word of it")
    [answer] = chat.answers()
    assert "word9" in chat.text(answer)
    assert "⚠️ The answer ends early: The connection to OpenAI ended" in chat.text(answer)
    assert chat.buttons(answer) == ["Retry", "Save to Notion"]
    world.ai.token_delay = 0
    await chat.press(answer, "Retry")
    again = await written(chat, 2)
    assert "word249" in chat.text(again)
    assert world.ai.calls[-1].messages[-1]["content"] == "a plan"
    await chat.press(answer, "Save to Notion")
    await until(lambda: "Open in Notion" in chat.whispers(), "what came was not saved")
    assert "word9" in chat.text(answer)
    assert await product.stop() == 0


async def test_a_press_that_died_with_the_process_is_carried_out_by_the_next(
    world: World, launch: Launch, chat: Chat
) -> None:
    product = await started(chat, launch)
    await chat.ask("a plan")
    answer = await written(chat)
    world.ai.answer, world.ai.token_delay = PLAN, 0.05
    await chat.press(answer, "Longer")
    await until(lambda: len(world.ai.calls) == 2 and world.ai.calls[1].tokens > 3, "not asked")
    product.kill()
    await product.dead()
    world.ai.answer, world.ai.token_delay = "A longer text.", 0
    await product.start()
    longer = await written(chat, 2)
    assert "A longer text." in chat.text(longer)
    assert await product.stop() == 0
    assert len(chat.answers()) == 2
