import asyncio
from collections.abc import AsyncIterator
from dataclasses import fields
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from core import attempt as attempts
from core.accounts.allowance import Allowance, Allowances
from core.asking.material import Source
from core.commands.context import Context, Person
from core.config import load_settings
from core.errors import Forbidden, InvalidInput, ProviderFailed, RateLimited
from core.generation import Generation
from core.live import Feed
from core.messages import Call, Request, Sender
from core.providers.registry import providers
from core.pulse import provider_pulse
from core.storage.content import Content
from core.storage.database import Database
from core.storage.spending import Day
from sandbox.ai.script import Fault
from sandbox.ai.server import AiServer

ASK: dict[str, Any] = {"provider": None, "model": None, "template": None}


@pytest.fixture
async def ai() -> AsyncIterator[AiServer]:
    async with AiServer() as server:
        yield server


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    opened = Database(sqlite_url)
    yield opened
    await opened.close()


@pytest.fixture
async def generation(ai: AiServer, database: Database) -> AsyncIterator[Generation]:
    asked = providers(load_settings(**ai.settings("openai", "deepseek")))
    yield Generation(database, asked)
    for provider in asked.values():
        await provider.close()


@pytest.fixture
async def context(database: Database) -> Context:
    async with database.begin() as unit:
        user = await unit.users.of(Sender("slack", "U1"))
    return await asked(database, user.id)


async def asked(database: Database, user_id: UUID) -> Context:
    """Another request of this person, written down as the inbox does."""
    request = Request(uuid4(), Sender("slack", "U1"), Call("generate", "a plan"))
    async with database.begin() as unit:
        await unit.inbox.add([request])
        await unit.inbox.belongs_to(request.id, user_id)
    given = {"request": request, "person": Person(user_id), "feed": Feed(), "commands": {}}
    unused = {each.name: None for each in fields(Context)}
    return Context(**cast("Any", unused | given))


async def item(database: Database, item_id: UUID) -> Content:
    async with database.begin() as unit:
        found = await unit.content.get(item_id)
    assert found is not None
    return found


async def spent(database: Database, user_id: UUID | None) -> list[Day]:
    async with database.read() as unit:
        return await unit.spending.days("", "9", user_id)


async def test_a_text_is_streamed_and_kept_with_what_it_cost(
    generation: Generation, context: Context, database: Database, ai: AiServer
) -> None:
    assert await generation.write(context, "a plan", **ASK) == []
    kept = await item(database, context.request.id)
    assert kept.text == ai.answer.strip()  # type: ignore[union-attr]
    assert kept.text == context.feed.text.strip()
    assert (kept.prompt, kept.provider) == ("a plan", "openai")
    assert kept.input_tokens > 0
    assert kept.output_tokens > 0


async def test_a_whole_answer_is_not_paid_for_twice(
    generation: Generation, context: Context, ai: AiServer
) -> None:
    await generation.write(context, "a plan", **ASK)
    await generation.write(context, "a plan", **ASK)
    assert len(ai.calls) == 1


async def test_where_one_provider_fails_the_next_answers_and_says_so(
    generation: Generation, context: Context, database: Database, ai: AiServer
) -> None:
    ai.fail(Fault(times=3, endpoint="/v1/responses", cut_after=2))
    (note,) = await generation.write(context, "a plan", **ASK)
    assert "openai could not answer" in note
    whole, begun = await spent(database, context.user_id)
    assert (whole.provider, whole.requests, whole.estimated) == ("deepseek", 1, 0)
    assert (begun.provider, begun.requests, begun.estimated) == ("openai", 1, 1)
    assert 0 < begun.output_tokens < whole.output_tokens
    kept = await item(database, context.request.id)
    assert kept.provider == "deepseek"
    assert context.feed.text.strip() == kept.text


async def test_a_provider_asked_for_by_name_has_no_substitute(
    generation: Generation, context: Context, ai: AiServer
) -> None:
    ai.fail(Fault(times=9, endpoint="/v1/responses", cut_after=2))
    with pytest.raises(ProviderFailed):
        await generation.write(context, "a plan", **ASK | {"provider": "OpenAI"})


async def test_the_beginning_of_an_answer_that_breaks_off_is_kept_with_the_reason(
    generation: Generation, context: Context, database: Database, ai: AiServer
) -> None:
    ai.answer = "# Plan\n\n" + "**One** word after the other, and then `some code` " * 9
    ai.fail(Fault(times=3, endpoint="/v1/responses", cut_after=30))
    # The second one has not even a word.
    ai.fail(Fault(times=9, endpoint="/chat/completions", status=402, code="payment_required"))
    with pytest.raises(ProviderFailed) as raised:
        await generation.write(context, "a plan", **ASK)
    kept = await item(database, context.request.id)
    assert kept.text is not None
    assert kept.text.startswith("# Plan\n\n**One** word")
    assert kept.text.count("`") % 2 == 0
    assert context.feed.text == kept.text
    assert (kept.provider, kept.stopped, kept.error) == ("openai", False, raised.value.to_json())
    assert "OpenAI ended in the middle" in raised.value.message
    assert "DeepSeek" in raised.value.message
    assert kept.note == f"The answer ends early: {raised.value.message}"
    [day] = await spent(database, context.user_id)
    assert (day.provider, day.model, day.requests, day.estimated) == ("openai", kept.model, 1, 1)
    assert (day.input_tokens, day.output_tokens) == (kept.input_tokens, kept.output_tokens)
    assert kept.estimated
    assert abs(day.output_tokens - len(kept.text) / 4) <= 2
    # Carried out again after a crash, it says the same and asks nobody.
    asked_so_far = len(ai.calls)
    with pytest.raises(ProviderFailed, match="in the middle"):
        await generation.write(context, "a plan", **ASK)
    assert len(ai.calls) == asked_so_far
    assert await spent(database, context.user_id) == [day], "and counts nothing again"


async def test_a_beginning_is_kept_where_the_next_provider_finds_the_prompt_wrong(
    generation: Generation, context: Context, database: Database, ai: AiServer
) -> None:
    ai.fail(Fault(times=3, endpoint="/v1/responses", cut_after=2))
    ai.fail(
        Fault(times=9, endpoint="/chat/completions", status=400, code="context_length_exceeded")
    )
    provider_pulse("deepseek").hear()
    with pytest.raises(ProviderFailed, match="in the middle"):
        await generation.write(context, "a plan", **ASK)
    assert (await item(database, context.request.id)).text
    assert not provider_pulse("deepseek").is_failing


async def test_what_was_broken_off_is_asked_for_once_more_without_its_beginning(
    generation: Generation, context: Context, database: Database, ai: AiServer
) -> None:
    ai.fail(Fault(times=3, endpoint="/v1/responses", cut_after=2))
    with pytest.raises(ProviderFailed):
        await generation.write(context, "a plan", **ASK | {"provider": "openai"})
    earlier = await item(database, context.request.id)
    assert earlier.text
    await generation.rewrite(await asked(database, context.user_id), earlier, "regenerate")
    said = [message["content"] for message in ai.calls[-1].messages if message["role"] != "system"]
    assert said == ["a plan"]


async def test_nothing_is_kept_of_what_a_provider_declines_to_write(
    generation: Generation, context: Context, database: Database, ai: AiServer
) -> None:
    provider_pulse("openai").hear()
    ai.fail(Fault(times=1, endpoint="/v1/responses", error_after=3, code="content_filter"))
    with pytest.raises(ProviderFailed, match="declined"):
        await generation.write(context, "a plan", **ASK | {"provider": "openai"})
    assert (await item(database, context.request.id)).text is None
    [day] = await spent(database, context.user_id)
    assert (day.estimated, day.output_tokens > 0) == (1, True), "it is billed all the same"
    # It answered: admins are not told that the provider needs care.
    assert not provider_pulse("openai").is_failing
    ai.fail(Fault(times=9, endpoint="/v1/responses", status=401))
    with pytest.raises(ProviderFailed):
        await generation.write(
            await asked(database, context.user_id), "a plan", **ASK | {"provider": "openai"}
        )
    assert provider_pulse("openai").is_failing


async def chooses(database: Database, context: Context, **chosen: Any) -> None:
    """Has the person of this request have chosen."""
    async with database.begin() as unit:
        await unit.users.prefer(context.user_id, chosen)


async def test_the_model_somebody_chose_is_asked_and_what_a_prompt_says_goes_before_it(
    generation: Generation, context: Context, database: Database, ai: AiServer
) -> None:
    await chooses(database, context, provider="deepseek", model="deep-1")
    ai.models |= {"deep-1", "deep-2", "gpt-y"}
    for said, wanted in (
        ({}, ("deepseek", "deep-1")),
        ({"provider": "deepseek"}, ("deepseek", "deep-1")),
        ({"model": "deep-2"}, ("deepseek", "deep-2")),
        ({"provider": "openai"}, ("openai", "gpt-6.2-sol")),
        ({"provider": "openai", "model": "gpt-y"}, ("openai", "gpt-y")),
    ):
        one = await asked(database, context.user_id)
        assert await generation.write(one, "a plan", **ASK | said) == []
        kept = await item(database, one.request.id)
        assert (kept.provider, kept.model) == wanted, said
        assert ai.calls[-1].model == wanted[1], said


async def test_a_chosen_model_that_is_not_there_is_told_of_and_costs_nobody_the_answer(
    generation: Generation, context: Context, database: Database, ai: AiServer
) -> None:
    await chooses(database, context, provider="openai", model="gone-1")
    (note,) = await generation.write(context, "a plan", **ASK)
    assert "gone-1, your choice in `/notion settings`, could not answer" in note
    kept = await item(database, context.request.id)
    assert (kept.provider, kept.model) == ("openai", "gpt-6.2-sol")
    # Whoever names it in the prompt is told so instead.
    with pytest.raises(InvalidInput, match="gone-1"):
        await generation.write(
            await asked(database, context.user_id), "a plan", **ASK | {"model": "gone-1"}
        )


async def test_where_the_chosen_models_provider_fails_the_others_use_their_own(
    generation: Generation, context: Context, database: Database, ai: AiServer
) -> None:
    await chooses(database, context, provider="openai", model="gpt-y")
    ai.fail(Fault(times=9, endpoint="/v1/responses", status=503))
    (note,) = await generation.write(context, "a plan", **ASK)
    assert note.startswith("gpt-y, your choice")
    kept = await item(database, context.request.id)
    assert (kept.provider, kept.model) == ("deepseek", "deepseek-v4-flash")


async def test_when_all_fail_the_reason_of_each_is_told(
    generation: Generation, context: Context, ai: AiServer
) -> None:
    ai.fail(Fault(times=99, status=429, code="rate_limit_exceeded", headers={"retry-after": "0"}))
    with pytest.raises(ProviderFailed) as raised:
        await generation.write(context, "a plan", **ASK)
    assert raised.value.message.startswith("No AI provider could answer.\n- OpenAI")
    assert "\n- DeepSeek" in raised.value.message
    assert (raised.value.retryable, raised.value.retry_after) == (True, 0)


async def test_a_refused_key_is_the_providers_failure(
    generation: Generation, context: Context, ai: AiServer
) -> None:
    ai.fail(Fault(times=9, status=401, code="invalid_api_key"))
    with pytest.raises(ProviderFailed, match="OPENAI_API_KEY") as raised:
        await generation.write(context, "a plan", **ASK | {"provider": "openai"})
    assert not raised.value.retryable


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"provider": "nobody"}, "There is: openai, deepseek"),
        ({"template": "sonnet"}, "There are: brief, checklist"),
    ],
)
async def test_a_name_that_is_not_known_is_answered_with_those_that_are(
    generation: Generation, context: Context, wrong: dict[str, str], sentence: str
) -> None:
    with pytest.raises(InvalidInput) as raised:
        await generation.write(context, "a plan", **ASK | wrong)
    assert sentence in raised.value.message


async def test_a_template_and_a_model_reach_the_provider(
    generation: Generation, context: Context, ai: AiServer
) -> None:
    await generation.write(context, "x", provider=None, model="gpt-6-luna", template="Checklist")
    (call,) = ai.calls
    assert call.model == "gpt-6-luna"
    assert "Write a checklist" in str(call.body)


async def test_an_answer_that_was_cut_says_so(
    generation: Generation, context: Context, ai: AiServer
) -> None:
    ai.fail(Fault(times=1, length_after=3))
    notes = await generation.write(context, "a plan", **ASK)
    assert notes[0] == (
        "The answer ends early: the model reached its limit. Ask for the rest of it."
    )


def slowly(ai: AiServer, words: int = 200) -> None:
    ai.answer = "# Plan\n\n" + " ".join(f"word{number}" for number in range(words))
    ai.token_delay = 0.02


async def some_words(context: Context) -> None:
    async with asyncio.timeout(30):
        async for _ in context.feed.changes():
            if "word5" in context.feed.text:
                return


@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "in another process"])
async def test_what_came_before_a_stop_is_the_answer(
    generation: Generation, context: Context, database: Database, ai: AiServer, elsewhere: bool
) -> None:
    slowly(ai)
    writing = asyncio.create_task(generation.write(context, "a plan", **ASK))
    await some_words(context)
    other = Generation(database, {}) if elsewhere else generation
    assert await other.stop(context.user_id, context.request.id) is True
    async with asyncio.timeout(3 if elsewhere else 0.5):
        (note,) = await writing
    kept = await item(database, context.request.id)
    assert kept.stopped
    assert kept.text == context.feed.text.strip()
    assert "word199" not in kept.text
    assert note.startswith("Stopped after about ")
    assert kept.note == note
    assert await other.stop(context.user_id, context.request.id) is False
    assert await generation.write(context, "a plan", **ASK) == [note]
    assert len(ai.calls) == 1, "what was stopped is not asked for again"
    await asyncio.sleep(0.1)
    assert ai.calls[0].gone, "the provider writes no further"
    [day] = await spent(database, context.user_id)
    assert (day.requests, day.estimated, kept.estimated) == (1, 1, True)
    assert day.output_tokens == kept.output_tokens == attempts.estimate(kept.text)
    assert day.input_tokens == kept.input_tokens > 0


async def test_a_stop_before_the_first_word_leaves_no_text(
    generation: Generation, context: Context, database: Database, ai: AiServer
) -> None:
    ai.first_token_delay = 100
    writing = asyncio.create_task(generation.write(context, "a plan", **ASK))
    async with asyncio.timeout(30):
        while not ai.calls:  # noqa: ASYNC110 - the server has no event for it
            await asyncio.sleep(0.01)
    assert await generation.stop(context.user_id, context.request.id) is True
    async with asyncio.timeout(30):
        assert await writing == []
    kept = await item(database, context.request.id)
    assert (kept.text, kept.stopped) == (None, True)
    assert await generation.write(context, "a plan", **ASK) == []
    assert len(ai.calls) == 1
    [day] = await spent(database, context.user_id)
    assert day.input_tokens > 0, "the prompt was read"
    assert (day.requests, day.output_tokens, day.estimated) == (1, 0, 1)


async def test_a_stop_outlives_the_process_that_wrote(
    generation: Generation, context: Context, database: Database, ai: AiServer
) -> None:
    assert await Generation(database, {}).stop(context.user_id, context.request.id) is True
    assert await generation.write(context, "a plan", **ASK) == []
    assert not ai.calls
    assert (await item(database, context.request.id)).stopped
    assert await spent(database, context.user_id) == []


async def test_nobody_else_can_stop_an_answer(
    generation: Generation, context: Context, ai: AiServer
) -> None:
    with pytest.raises(Forbidden, match="Only the person who asked"):
        await generation.stop(uuid4(), context.request.id)
    assert await generation.stop(context.user_id, uuid4()) is False
    await generation.write(context, "a plan", **ASK)
    assert len(ai.calls) == 1


@pytest.mark.parametrize(
    ("how", "wish"), [("regenerate", "again"), ("shorter", "half"), ("longer", "twice")]
)
async def test_a_rewrite_shows_the_earlier_answer_and_is_an_item_of_its_own(
    generation: Generation,
    context: Context,
    database: Database,
    ai: AiServer,
    how: str,
    wish: str,
) -> None:
    await generation.write(context, "a plan", **ASK | {"provider": "deepseek"})
    earlier = await item(database, context.request.id)
    again = await asked(database, context.user_id)
    ai.answer = "Another text."
    assert await generation.rewrite(again, earlier, how) == []
    said = [message["content"] for message in ai.calls[-1].messages][-3:]
    assert said[:2] == ["a plan", earlier.text]
    assert wish in said[2]
    kept = await item(database, again.request.id)
    assert (kept.text, kept.prompt) == ("Another text.", "a plan")
    assert kept.provider == "deepseek", "who wrote it before is asked first"
    assert (await item(database, context.request.id)).text == earlier.text


async def test_there_is_no_other_way_to_rewrite(
    generation: Generation, context: Context, database: Database
) -> None:
    await generation.write(context, "a plan", **ASK)
    earlier = await item(database, context.request.id)
    with pytest.raises(InvalidInput, match="regenerate, shorter, longer"):
        await generation.rewrite(await asked(database, context.user_id), earlier, "funnier")


PAGES = [Source("Plan", "https://notion.example/plan", "We launch in May.")]


async def test_an_answer_from_pages_shows_in_growing_what_is_kept(
    generation: Generation, context: Context, database: Database, ai: AiServer
) -> None:
    ai.answer = "In May [1], see [it](https://evil.example). " + "And more. " * 20
    gathered: list[int] = []

    async def gather() -> list[Source]:
        gathered.append(1)
        return PAGES

    for _ in range(2):
        assert await generation.answer(context, "When?", gather, provider=None, model=None) == []
    assert (len(gathered), len(ai.calls)) == (1, 1), "what is kept is neither read nor paid again"
    kept = await item(database, context.request.id)
    assert kept.text == context.feed.text
    assert kept.text.startswith("In May [1], see it. And more.")
    assert kept.text.endswith("**Sources**\n\n1. [Plan](https://notion.example/plan)")
    assert "We launch in May." not in kept.text


async def test_where_a_provider_fails_in_an_answer_from_pages_the_next_begins_anew(
    generation: Generation, context: Context, database: Database, ai: AiServer
) -> None:
    async def gather() -> list[Source]:
        return PAGES

    ai.answer = "word " * 200 + "[1]."
    ai.fail(Fault(times=3, endpoint="/v1/responses", cut_after=150))
    (note,) = await generation.answer(context, "When?", gather, provider=None, model=None)
    assert "openai could not answer" in note
    kept = await item(database, context.request.id)
    assert kept.provider == "deepseek"
    assert kept.text == context.feed.text


async def test_an_answer_from_pages_that_was_stopped_names_its_sources(
    generation: Generation, context: Context, database: Database, ai: AiServer
) -> None:
    async def gather() -> list[Source]:
        return PAGES

    slowly(ai)
    asking = generation.answer(context, "When?", gather, provider=None, model=None)
    writing = asyncio.create_task(asking)
    await some_words(context)
    await generation.stop(context.user_id, context.request.id)
    (note,) = await writing
    kept = await item(database, context.request.id)
    assert kept.stopped
    assert kept.text is not None
    assert kept.text.endswith("[Plan](https://notion.example/plan)")
    assert note.startswith("Stopped after about ")


async def prefers(database: Database, context: Context, **chosen: str) -> None:
    async with database.begin() as unit:
        await unit.users.prefer(context.user_id, dict(chosen))


async def test_the_persons_own_provider_is_asked_first_and_the_others_stand_in(
    generation: Generation, context: Context, database: Database, ai: AiServer
) -> None:
    await prefers(database, context, provider="deepseek", template="retro")
    assert await generation.write(context, "a plan", **ASK) == []
    kept = await item(database, context.request.id)
    assert (kept.provider, kept.template) == ("deepseek", "retro")
    assert "retrospective" in str(ai.calls[-1].messages)
    ai.fail(Fault(status=401, code="invalid_api_key"))
    context = await asked(database, context.user_id)
    [note] = await generation.write(context, "a plan", **ASK)
    assert note.startswith("deepseek could not answer")
    assert (await item(database, context.request.id)).provider == "openai"


async def test_what_is_named_goes_before_what_is_preferred(
    generation: Generation, context: Context, database: Database
) -> None:
    await prefers(database, context, provider="deepseek", template="retro")
    await generation.write(context, "a plan", provider="openai", model=None, template="none")
    kept = await item(database, context.request.id)
    assert (kept.provider, kept.template) == ("openai", None)


async def test_a_preferred_provider_that_is_gone_is_passed_over_with_a_note(
    generation: Generation, context: Context, database: Database
) -> None:
    await prefers(database, context, provider="anthropic")
    [note] = await generation.write(context, "a plan", **ASK)
    assert note.startswith("anthropic, your choice in `/notion settings`, is not set up here")
    assert (await item(database, context.request.id)).provider == "openai"


async def test_a_conversation_begins_with_the_persons_own_provider_too(
    generation: Generation, context: Context, database: Database
) -> None:
    await prefers(database, context, provider="deepseek", template="retro")
    await generation.converse(context, "what now?", [])
    kept = await item(database, context.request.id)
    assert (kept.provider, kept.template) == ("deepseek", "talk")


async def test_who_has_used_their_tokens_of_the_month_is_told_so_and_nobody_is_asked(
    generation: Generation, context: Context, database: Database, ai: AiServer
) -> None:
    user = context.user_id
    allowances = Allowances(database)
    await allowances.set(user, Allowance(person=5))
    await generation.write(context, "a plan", **ASK)
    later = await asked(database, user)
    before = len(ai.calls)
    with pytest.raises(RateLimited, match=r"used your 5 tokens.*begins anew on 1 ") as refused:
        await generation.write(later, "a plan", **ASK)
    assert len(ai.calls) == before
    assert not refused.value.retryable, "no button to try again, and no waiting in a step"
    assert 0 < (refused.value.retry_after or 0) <= 31 * 24 * 3600
    async with database.begin() as unit:
        await unit.people.change(user, allowance=1_000_000)
    await generation.write(await asked(database, user), "a plan", **ASK)


async def test_a_budget_in_dollars_counts_what_has_a_price_and_lets_the_rest_be(
    ai: AiServer, context: Context, database: Database
) -> None:
    names = providers(load_settings(**ai.settings("openai", "deepseek")))
    generation = Generation(database, names, {"openai": (1_000.0, 1_000.0)})
    user, said = context.user_id, {"provider": "deepseek"}
    await Allowances(database).set(user, Allowance(person_dollars=0.01))
    # A model without a price costs nobody knows what, and is not held against anybody.
    await generation.write(context, "a plan", **ASK | said)
    await generation.write(await asked(database, user), "a plan", **ASK)
    before = len(ai.calls)
    with pytest.raises(RateLimited, match=r"used your \$0\.01 of this month.*begins anew"):
        await generation.write(await asked(database, user), "a plan", **ASK | said)
    assert len(ai.calls) == before
    later = Generation(database, names, {"openai": (1_000.0, 1_000.0)})
    await Allowances(database).set(user, Allowance(server_dollars=0.01))
    async with database.begin() as unit:
        other = await unit.users.of(Sender("slack", "U2"))
    with pytest.raises(RateLimited, match=r"server has used its \$0\.01"):
        await later.write(await asked(database, other.id), "a plan", **ASK)
    unpriced = Generation(database, names)
    await unpriced.write(await asked(database, other.id), "a plan", **ASK)
    async with database.begin() as unit:
        await unit.people.change(user, allowance_dollars=1_000.0)
    await Allowances(database).set(user, Allowance(person_dollars=0.01))
    own = Generation(database, names, {"openai": (1_000.0, 1_000.0)})
    await own.write(await asked(database, user), "a plan", **ASK)
    async with database.begin() as unit:
        await unit.people.change(user, allowance_dollars=0.02)
    with pytest.raises(RateLimited, match=r"used your \$0\.02 of this month"):
        await own.write(await asked(database, user), "a plan", **ASK)
    for provider in names.values():
        await provider.close()


async def test_the_servers_tokens_are_everybodys(
    generation: Generation, context: Context, database: Database
) -> None:
    await Allowances(database).set(context.user_id, Allowance(server=1))
    await generation.write(context, "a plan", **ASK)
    async with database.begin() as unit:
        other = await unit.users.of(Sender("slack", "U2"))
    with pytest.raises(RateLimited, match="This server has used"):
        await generation.write(await asked(database, other.id), "a plan", **ASK)


# ── What was broken off is counted ───────────────────────────────────────────────────────────────


async def test_who_refuses_at_once_has_nothing_counted(
    generation: Generation, context: Context, database: Database, ai: AiServer
) -> None:
    ai.fail(Fault(times=9, status=503))
    with pytest.raises(ProviderFailed):
        await generation.write(context, "a plan", **ASK)
    assert await spent(database, context.user_id) == []


async def test_what_a_provider_said_of_the_prompt_is_believed_and_the_rest_estimated(
    ai: AiServer, context: Context, database: Database
) -> None:
    claude = providers(load_settings(**ai.settings("anthropic")))
    ai.answer = "one two three four five " * 20
    ai.fail(Fault(times=1, endpoint="/v1/messages", cut_after=10))
    prompt = "seven words are asked of it here"
    with pytest.raises(ProviderFailed):
        await Generation(database, claude).write(context, prompt, **ASK)
    told = sum(len(each["content"].split()) for each in ai.calls[-1].messages)
    kept = await item(database, context.request.id)
    [day] = await spent(database, context.user_id)
    assert (day.input_tokens, day.estimated) == (told, 1), "as `message_start` told"
    assert day.output_tokens == kept.output_tokens == attempts.estimate(kept.text or "")
    await claude["anthropic"].close()


async def test_what_a_provider_counted_before_it_declined_is_no_estimate(
    ai: AiServer, context: Context, database: Database
) -> None:
    claude = providers(load_settings(**ai.settings("anthropic")))
    ai.fail(Fault(times=1, endpoint="/v1/messages", refuse=True))
    with pytest.raises(ProviderFailed, match="declined"):
        await Generation(database, claude).write(context, "a plan", **ASK)
    [day] = await spent(database, context.user_id)
    assert (day.requests, day.estimated) == (1, 0)
    assert day.input_tokens > 0
    await claude["anthropic"].close()


async def test_what_was_broken_off_uses_up_a_budget(
    generation: Generation, context: Context, database: Database, ai: AiServer
) -> None:
    await Allowances(database).set(context.user_id, Allowance(person=5))
    ai.fail(Fault(times=9, endpoint="/v1/responses", cut_after=8))
    with pytest.raises(ProviderFailed):
        await generation.write(context, "a plan", **ASK | {"provider": "openai"})
    before = len(ai.calls)
    with pytest.raises(RateLimited, match="used your 5 tokens"):
        await generation.write(await asked(database, context.user_id), "a plan", **ASK)
    assert len(ai.calls) == before


async def test_what_was_deleted_while_it_was_written_is_counted(
    generation: Generation, context: Context, database: Database, ai: AiServer
) -> None:
    slowly(ai)
    writing = asyncio.create_task(generation.write(context, "a plan", **ASK))
    await some_words(context)
    async with database.begin() as unit:
        await unit.content.delete(context.request.id, context.user_id)
        await unit.inbox.stop(context.request.id)
    async with asyncio.timeout(30):
        await writing
    [day] = await spent(database, context.user_id)
    assert (day.requests, day.estimated, day.output_tokens > 0) == (1, 1, True)


async def test_what_somebody_spent_who_was_erased_meanwhile_is_counted_without_a_name(
    generation: Generation, context: Context, database: Database, ai: AiServer
) -> None:
    slowly(ai)
    writing = asyncio.create_task(generation.write(context, "a plan", **ASK))
    await some_words(context)
    assert await generation.stop(context.user_id, context.request.id) is True
    async with database.begin() as unit:
        await unit.users.delete(context.user_id)
    async with asyncio.timeout(30):
        await writing
    [day] = await spent(database, None)
    assert (day.requests, day.output_tokens > 0) == (1, True)
    assert await spent(database, context.user_id) == []


def test_scripts_that_take_more_tokens_are_reckoned_with_more():
    assert attempts.estimate("") == 0
    assert attempts.estimate("Hello, world!") == 4
    assert attempts.estimate("こんにちは") == 4
    assert attempts.estimate("Здравствуйте") == 6
