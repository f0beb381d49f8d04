"""Codes that are used again, too late, or by two at once: tried, and to no end."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from core.errors import AssistantError, Conflict, InvalidInput
from core.messages import Sender
from tests.core.accounts.test_links import ADA, BOB, Stage
from tests.core.accounts.test_links import stage as stage

CAROL = Sender("slack", "U3", "Carol", "T1")
LATER = timedelta(seconds=601)


def won(ends: list[BaseException | None]) -> list[int]:
    """Who of those that tried at once got through; whoever did not was told why."""
    assert all(each is None or isinstance(each, AssistantError) for each in ends)
    return [number for number, each in enumerate(ends) if each is None]


async def test_of_many_accounts_that_hand_in_one_code_at_once_one_gets_the_identity(
    stage: Stage,
) -> None:
    accounts = [await stage.account(f"racer{number}") for number in range(6)]
    code = await stage.asked()

    async def hand_in(number: int) -> BaseException | None:
        try:
            await stage.links.preview(accounts[number], code)
            await stage.links.confirm(accounts[number], code)
        except AssistantError as error:
            return error
        return None

    [winner] = won(await asyncio.gather(*(hand_in(number) for number in range(6))))
    assert await stage.person(ADA) == accounts[winner]
    assert len(stage.begun) == 1, "the chat hears of one account"


async def test_an_account_that_confirms_twice_at_once_joins_once_and_the_chat_hears_once(
    stage: Stage,
) -> None:
    ada = await stage.account("ada")
    code = await stage.asked()
    ends = await asyncio.gather(
        *(stage.links.confirm(ada, code) for _ in range(4)), return_exceptions=True
    )
    refused = [each for each in ends if isinstance(each, BaseException)]
    assert len(refused) == 3
    assert all(isinstance(each, Conflict) for each in refused)
    assert len(stage.begun) == 1


async def test_of_two_chats_that_type_one_code_at_once_one_is_joined(stage: Stage) -> None:
    ada = await stage.account("ada")
    chats = (BOB, CAROL)
    for chat in chats:
        await stage.person(chat)
    code = await stage.links.web_code(ada)
    ends = await asyncio.gather(
        *(stage.links.redeem(chat, code) for chat in chats), return_exceptions=True
    )
    [winner] = won(list(ends))
    assert await stage.person(chats[winner]) == ada
    assert await stage.person(chats[1 - winner]) != ada


async def test_a_code_that_ended_is_of_no_use_even_to_who_opened_it_in_time(stage: Stage) -> None:
    ada = await stage.account("ada")
    code = await stage.asked()
    await stage.links.preview(ada, code)
    with time_machine.travel(datetime.now(UTC) + LATER):
        for step in (stage.links.preview, stage.links.confirm):
            with pytest.raises(InvalidInput, match="ten minutes"):
                await step(ada, code)
    assert await stage.person(ADA) != ada


async def test_a_typed_code_ends_after_ten_minutes_and_with_the_next_one(stage: Stage) -> None:
    ada = await stage.account("ada")
    await stage.person(BOB)
    first, second = [await stage.links.web_code(ada) for _ in range(2)]
    with pytest.raises(InvalidInput, match="not valid"):
        await stage.links.redeem(BOB, first)
    with (
        time_machine.travel(datetime.now(UTC) + LATER),
        pytest.raises(InvalidInput, match="not valid"),
    ):
        await stage.links.redeem(BOB, second)
    assert await stage.person(BOB) != ada


async def test_a_used_code_joins_nobody_again_after_the_identity_has_left(stage: Stage) -> None:
    ada, eve = await stage.account("ada"), await stage.account("eve")
    code, typed = await stage.asked(), await stage.links.web_code(eve)
    await stage.links.confirm(ada, code)
    assert await stage.links.leave(ADA, ada)
    for who in (ada, eve):
        with pytest.raises(Conflict, match="used already"):
            await stage.links.confirm(who, code)
    await stage.person(BOB)
    await stage.links.redeem(BOB, typed)
    assert await stage.links.leave(BOB, eve)
    with pytest.raises(InvalidInput, match="not valid"):
        await stage.links.redeem(BOB, typed)
    assert await stage.person(ADA) not in (ada, eve)
    assert await stage.person(BOB) not in (ada, eve)


async def test_a_code_of_one_chat_never_joins_another(stage: Stage) -> None:
    ada = await stage.account("ada")
    code = await stage.asked(CAROL)
    joined = await stage.links.confirm(ada, code)
    assert joined.identity.name == "Carol"
    assert await stage.person(CAROL) == ada
    assert await stage.person(ADA) != ada
