"""What people ask in chat counts, too."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID, uuid4

import pytest

from core.config import Settings
from core.errors import RateLimited
from core.limits.chat import pace
from core.limits.limits import Limits, Rule, Rules
from core.messages import WEB, Call, Request, Sender

ADA = Sender("slack", "U1", "Ada", "T1")
BOB = Sender("slack", "U2", "Bob", "T1")
ELSEWHERE = Sender("slack", "U1", "Eve", "T2")


@pytest.fixture
def limits(tmp_path: Path) -> Limits:
    settings = Settings(_env_file=None, database_url=f"sqlite:///{tmp_path}/x.db")
    return Limits(settings, Rules(person=Rule(3), generate=Rule(1)))


async def new(_id: UUID) -> bool:
    return False


async def known(_id: UUID) -> bool:
    return True


def asked(sender: Sender, command: str = "help") -> Request:
    return Request(uuid4(), sender, Call(command), {})


async def test_one_too_many_is_told_kindly_and_when_to_go_on(limits: Limits):
    for _ in range(3):
        await pace(limits, asked(ADA), new)
    with pytest.raises(RateLimited) as refused:
        await pace(limits, asked(ADA), new)
    assert "You are quicker than I am" in refused.value.message
    assert f"{refused.value.retry_after} seconds" in refused.value.message
    for other in (BOB, ELSEWHERE):
        await pace(limits, asked(other), new)


@pytest.mark.parametrize("command", ["generate", "ask", "talk"])
async def test_what_writes_has_a_limit_of_its_own(limits: Limits, command: str):
    await pace(limits, asked(ADA, command), new)
    with pytest.raises(RateLimited):
        await pace(limits, asked(ADA, command), new)
    await pace(limits, asked(ADA, "history"), new)


async def test_what_was_accepted_before_may_be_delivered_again(limits: Limits):
    await pace(limits, asked(ADA, "generate"), new)
    await pace(limits, asked(ADA, "generate"), known)


async def test_what_comes_over_http_was_counted_at_the_door(limits: Limits):
    for _ in range(5):
        await pace(limits, asked(Sender(WEB, str(uuid4())), "generate"), new)
        await pace(limits, asked(Sender(WEB, "one"), "generate"), new)
