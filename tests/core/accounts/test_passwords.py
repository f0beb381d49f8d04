"""Estimating how hard a password is to guess must hold nobody up: not those who log in."""

from __future__ import annotations

import asyncio

import pytest

from core.accounts.passwords import AT_ONCE, LOOKED_AT, Passwords
from core.errors import InvalidInput

MADE_FOR_IT = "4@8({[<369&1!|7+$5%2" * 3
"""Each character may stand for a letter, in every combination: what takes an estimate longest."""


async def test_no_more_of_a_password_is_looked_at_than_can_be_quickly() -> None:
    passwords = Passwords(4)
    hard = "mQ2-vB7-xK9-tW4-zP6"
    assert (await passwords.strength(hard))[0] == 4
    with pytest.raises(InvalidInput, match="easy to guess"):
        await passwords.check("a" * LOOKED_AT + hard)
    await passwords.check(hard + "a" * LOOKED_AT)


async def test_logins_do_not_wait_for_those_who_choose_a_password() -> None:
    passwords = Passwords(4)
    kept = await passwords.hash("a-wombat-reads-maps")
    estimates = [asyncio.ensure_future(passwords.strength(MADE_FOR_IT)) for _ in range(AT_ONCE)]
    await asyncio.sleep(0)
    assert await passwords.matches("a-wombat-reads-maps", kept)
    assert not any(each.done() for each in estimates)
    for each in estimates:
        each.cancel()
