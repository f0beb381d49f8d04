"""`kill -9` at any moment, then a start: one answer, one page, nothing paid for twice.

Each test's request dies in one place after another, and the product is started again each time.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from product import Product, World, eventually

from sandbox.notion.hooks import Hooks as NotionHooks
from sandbox.notion.hooks import api_path
from sandbox.traffic import Call

pytestmark = pytest.mark.crash

Launch = Callable[..., Awaitable[Product]]

# Long enough for two messages in Slack, and for a page made by two requests.
ITEMS = 230
ANSWER = "# Launch checklist\n\n" + "\n".join(
    f"{n}. Item number {n} of the checklist, with some more words beside it to make it long"
    for n in range(1, ITEMS + 1)
)
STEPS = (
    "recognise",
    "post 0",
    "generate",
    "save: place",
    "save: page",
    "save: blocks 1",
    "save: done",
    "answered",
    "edit 0",
    "post 1",
    "finished",
)


async def ask(world: World) -> None:
    delivery = await world.slack.slash_command(text="generate a launch checklist --save")
    assert delivery.status == 200, delivery.body


def shown(world: World) -> str:
    """All that the channel shows."""
    return "\n".join(
        "\n".join(block.get("text", "") for block in m.blocks if block["type"] == "markdown")
        for m in world.slack.answers()
    )


async def expect_one_of_everything(world: World, product: Product) -> None:
    """The whole answer once, in two messages, and one whole page."""

    async def whole() -> bool:
        return f"Item number {ITEMS} " in shown(world) and "Item number 1 " in shown(world)

    await eventually(whole, "the answer is not whole")
    # It ends when running work is done, so whatever would come twice has come.
    assert await product.stop() == 0
    assert len(world.slack.answers()) == 2
    numbers = [int(n) for n in re.findall(r"Item number (\d+) ", shown(world))]
    assert numbers == list(range(1, ITEMS + 1))
    (page,) = await world.pages()
    blocks = await world.children(page["id"])
    assert [b["type"] for b in blocks] == ["numbered_list_item"] * ITEMS + ["paragraph"]
    texts = [b["numbered_list_item"]["rich_text"][0]["plain_text"] for b in blocks[:-1]]
    assert [int(re.findall(r"\d+", t)[0]) for t in texts] == list(range(1, ITEMS + 1))
    assert world.paid == 1


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_dying_at_every_boundary_between_steps_loses_and_doubles_nothing(
    world: World, launch: Launch, database_url: str, moment: str
) -> None:
    world.ai.answer = ANSWER
    product = await launch("slack", database_url=database_url, start=False)
    await product.start(die_at=f"{moment}:{STEPS[0]}")
    await product.ready()
    await ask(world)
    assert await product.dead() == -9
    for step in STEPS[1:]:
        await product.start(die_at=f"{moment}:{step}")
        assert await product.dead() == -9, f"{step} was never reached"
    await product.start()
    await expect_one_of_everything(world, product)


Arrange = Callable[[World, Product], None]


def once(kill: Callable[[], None]) -> Callable[[], None]:
    """Kills the first time only."""
    done: list[bool] = []

    def act() -> None:
        if not done:
            done.append(True)
            kill()

    return act


def in_model(moment: str) -> Arrange:
    def arrange(world: World, product: Product) -> None:
        kill = once(product.kill)

        async def asked(_call: Any) -> None:
            kill()

        async def token(index: int) -> None:
            if index == 20:
                kill()

        # Slow enough that the model has not finished before it sees that nobody listens.
        world.ai.token_delay = 0.002
        if moment == "asked":
            world.ai.hooks.on_request = asked
        else:
            world.ai.hooks.on_token = token

    return arrange


class NotionKiller(NotionHooks):
    """Kills before a call is carried out, or after it was and before it is answered."""

    def __init__(self, kill: Callable[[], None], method: str, path: str, *, after: bool) -> None:
        self._kill, self._method, self._path, self._after = kill, method, path, after

    def _matches(self, request: web.Request) -> bool:
        return request.method == self._method and bool(re.search(self._path, api_path(request)))

    async def before(self, request: web.Request) -> None:
        if not self._after and self._matches(request):
            self._kill()

    async def after(self, request: web.Request, response: web.StreamResponse) -> None:
        if self._after and response.status == 200 and self._matches(request):
            self._kill()


def in_notion(method: str, path: str, *, after: bool) -> Arrange:
    def arrange(world: World, product: Product) -> None:
        world.notion.hooks = NotionKiller(once(product.kill), method, path, after=after)

    return arrange


def in_slack(method: str, *, after: bool, number: int = 1, holding: str = "") -> Arrange:
    """Kills at the call of this number among those whose body holds these words."""

    def arrange(world: World, product: Product) -> None:
        kill = once(product.kill)
        seen: list[str] = []

        async def hook(call: Call) -> None:
            if call.name == method and all(word in str(call.body) for word in holding.split(";")):
                seen.append(call.name)
                if len(seen) == number:
                    kill()

        hooks = world.slack.hooks.after if after else world.slack.hooks.before
        hooks.append(hook)

    return arrange


def in_draft(method: str = "chat.update", *, after: bool) -> Arrange:
    """Kills at the first edit, or the first message, while the model has not finished."""
    arrange_kill = in_slack(method, after=after)

    def arrange(world: World, product: Product) -> None:
        world.ai.token_delay = 0.002
        arrange_kill(world, product)

    return arrange


# What the first message holds when it is final: a draft shows the end of what came so far.
FINAL = "Item number 1 ;Item number 130 "

MOMENTS: dict[str, Arrange] = {
    "while the model is asked": in_model("asked"),
    "while the model answers": in_model("answering"),
    "before the page is made": in_notion("POST", r"/pages$", after=False),
    "after the page was made": in_notion("POST", r"/pages$", after=True),
    "before blocks are added": in_notion("PATCH", r"/children$", after=False),
    "after blocks were added": in_notion("PATCH", r"/children$", after=True),
    "before the first words are posted": in_draft("chat.postMessage", after=False),
    "after the first words were posted": in_draft("chat.postMessage", after=True),
    "before the rest is posted": in_slack("chat.postMessage", after=False, number=2),
    "after the rest was posted": in_slack("chat.postMessage", after=True, number=2),
    "before a draft is shown": in_draft(after=False),
    "after a draft was shown": in_draft(after=True),
    "before the final text is shown": in_slack("chat.update", after=False, holding=FINAL),
    "after the final text was shown": in_slack("chat.update", after=True, holding=FINAL),
}


@pytest.mark.parametrize("moment", MOMENTS)
async def test_dying_inside_a_step_loses_and_doubles_nothing(
    world: World, launch: Launch, database_url: str, moment: str
) -> None:
    world.ai.answer = ANSWER
    product = await launch("slack", database_url=database_url)
    MOMENTS[moment](world, product)
    await ask(world)
    assert await product.dead() == -9
    world.ai.token_delay = 0
    await product.start()
    await expect_one_of_everything(world, product)


@pytest.mark.parametrize("after", [False, True])
async def test_dying_where_a_stream_begins_without_a_button_doubles_nothing(
    world: World, launch: Launch, database_url: str, after: bool
) -> None:
    world.slack.space.is_agent = True
    world.ai.answer = "Yes, it is."
    product = await launch("slack", database_url=database_url)

    async def whole(count: int) -> bool:
        answers = world.slack.answers()
        return len(answers) == count and all("Regenerate" in str(one.blocks) for one in answers)

    await world.slack.mention("is it so?")
    await eventually(lambda: whole(1), "the first answer is not whole")
    in_slack("chat.startStream", after=after)(world, product)
    world.ai.token_delay = 0.1
    message, _ = await world.slack.mention("and is it now?")
    assert await product.dead() == -9
    await product.start()
    await eventually(lambda: whole(2), "the second answer is not whole")
    assert await product.stop() == 0
    assert len(world.slack.answers()) == 2
    assert world.slack.answers()[1].thread_ts == message.ts
