"""`/usage` in a browser: numbers, charts, ranges, and what is left of the month."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from aiohttp.test_utils import TestClient

from api.pages.charts import chart, days_between
from api.pages.figures import compact, money, short_money
from core.accounts.allowance import Allowance
from core.config import Settings
from core.storage.spending import Day, day_of
from tests.api.browsing import HTML, sign_up
from tests.api.small_core import SmallCore
from tests.api.test_pages import LARGEST

NOW = datetime.now(UTC)


@pytest.fixture
def settings(sqlite_url: str) -> Settings:
    return Settings(
        _env_file=None, database_url=sqlite_url, secret_key="k" * 40, ai_prices="openai=2/10"
    )


async def spend(
    core: SmallCore, *back: int, providers: tuple[str, ...] = ("openai",), tokens: int = 1000
) -> UUID:
    """Notes an answer of Ada's by each of these, so many days ago."""
    async with core.database.begin() as unit:
        ada = await unit.users.by_login("ada")
        assert ada is not None
        for each in back:
            day = day_of(NOW - timedelta(days=each))
            for name in providers:
                spent = Day(day, name, f"{name}-1", 1, tokens // 4, tokens)
                await unit.spending.add(ada.id, spent)
    return ada.id


async def page(client: TestClient, path: str) -> str:
    async with client.get(path, headers=HTML) as response:
        assert response.status == 200, path
        return await response.text()


def words(html: str) -> str:
    """What is read, without marks."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


async def test_a_browser_gets_the_page_and_a_program_the_numbers(client: TestClient):
    stranger = await client.get("/usage?days=7", headers=HTML, allow_redirects=False)
    assert stranger.headers["Location"] == "/login?next=%2Fusage%3Fdays%3D7"
    await sign_up(client)
    assert '<a href="/usage" aria-current="page">' in await page(client, "/usage")
    async with client.get("/usage") as response:
        assert (await response.json())["total"]["requests"] == 0


async def test_who_wrote_nothing_is_told_what_will_be_here(client: TestClient):
    await sign_up(client)
    html = await page(client, "/usage")
    assert "Nothing in these 30 days" in html
    assert 'href="/usage?days=90">Show 90 days' in html
    assert "<figure" not in html
    assert "No limit" in html


async def test_what_was_spent_is_shown_by_day_and_provider(client: TestClient, core: SmallCore):
    await sign_up(client)
    await spend(core, 0, tokens=4000)
    await spend(core, 2)
    await spend(core, 2, providers=("deepseek",), tokens=2000)
    await spend(core, 20, tokens=40_000)
    read = words(await page(client, "/usage?days=7"))
    assert "Tokens 8.8k 1.8k in, 7k out" in read
    assert "Answers 3" in read
    assert "Cost $0.05 without deepseek-1" in read
    assert "deepseek 2.5k tokens cost unknown deepseek-1 1 answer, 2.5k tokens" in read
    day = (NOW - timedelta(days=2)).strftime("%d %b").lstrip("0")
    assert f"{day}: 3,750 tokens (deepseek 2,500, openai 1,250)" in read
    assert f"{day} 2 750 3,000 –" in read, "a cost that is not whole is none"
    assert "AI_PRICES" in read
    assert "58.8k" in words(await page(client, "/usage"))


async def test_what_this_machine_wrote_costs_nothing(client: TestClient, core: SmallCore):
    await sign_up(client)
    await spend(core, 0, providers=("offline",))
    read = words(await page(client, "/usage?days=7"))
    assert "Cost $0.00 US dollars" in read
    assert "AI_PRICES" not in read


async def test_a_range_that_is_none_is_the_usual_one(client: TestClient):
    await sign_up(client)
    for path in ("/usage", "/usage?days=12", "/usage?days=x", "/usage?days=30&days=7"):
        assert 'href="/usage?days=30" aria-current="true"' in await page(client, path)


@pytest.mark.parametrize(
    ("own", "everybodys", "said"),
    [
        (None, 10_000, "Left this month 8.8k of 10k tokens"),
        (1000, 10_000, "You have used your tokens of this month."),
        (0, None, "No tokens are given to you on this server."),
        (1500, None, "250 of your 1,500 tokens are left."),
        (None, None, "Left this month No limit 1.2k tokens used"),
    ],
)
async def test_what_is_left_of_the_month_is_told(
    client: TestClient, core: SmallCore, own: int | None, everybodys: int | None, said: str
):
    await sign_up(client)
    ada = await spend(core, 0)
    await core.accounts.allowances.set(ada, Allowance(everybodys, None))
    await core.accounts.admin.change(ada, ada, {"allowance": own})
    assert said in words(await page(client, "/usage"))


@pytest.mark.parametrize(
    ("own", "everybodys", "said"),
    [
        (2.0, 1.0, "Left to spend $0.75 of $2.00 this month"),
        (1.25, None, "You have used your $1.25 of this month."),
        (1.5, 100.0, "$0.25 of your $1.50 is left. It begins anew on 1 "),
        (None, 1.0, "You have used your $1.00 of this month."),
    ],
)
async def test_dollars_of_ones_own_go_before_everybodys(
    client: TestClient, core: SmallCore, own: float | None, everybodys: float | None, said: str
):
    await sign_up(client)
    ada = await spend(core, 0, tokens=119_048)  # $1.25
    await core.accounts.allowances.set(ada, Allowance(person_dollars=everybodys))
    await core.accounts.admin.change(ada, ada, {"allowance_dollars": own})
    assert said in words(await page(client, "/usage"))


async def test_what_was_broken_off_is_said_to_be_an_estimate(client: TestClient, core: SmallCore):
    await sign_up(client)
    ada = await spend(core, 0)
    told = "stopped or broken off before that: there it is an estimate."
    assert told not in words(await page(client, "/usage"))
    async with core.database.begin() as unit:
        await unit.spending.add(ada, Day(day_of(NOW), "openai", "openai-1", 1, 10, 20, 1))
    for path in ("/usage", "/admin/usage"):
        assert f"1 answer was {told}" in words(await page(client, path))
    report = await (await client.get("/usage", headers={"Accept": "application/json"})).json()
    assert report["total"]["estimated_requests"] == 1


async def test_a_quarter_of_six_providers_is_no_large_page(client: TestClient, core: SmallCore):
    await sign_up(client)
    providers = ("anthropic", "deepseek", "fifth", "offline", "openai", "sixth", "seventh")
    await spend(core, *range(90), providers=providers, tokens=12_345)
    html = await page(client, "/usage?days=90")
    assert not re.search(r"<script(?! src)|<style|style=|\son\w+=", html)
    size = len(html.encode())
    for address in set(re.findall(r'(?:src|href)="(/static/[^"]+)"', html)):
        size += len(await (await client.get(address)).read())
    assert size < LARGEST


# ── Charts and figures ───────────────────────────────────────────────────────────────────────────


def test_a_column_is_as_high_as_its_share_of_the_scale():
    days = days_between("2026-11-04", "2026-11-05")
    drawn = chart(
        days,
        {"b": {"2026-11-05": 30}, "a": {"2026-11-05": 10, "2026-11-04": 20}},
        {"a": 0, "b": 1},
        str,
        str,
    )
    assert drawn is not None
    assert drawn.scale == ("40.0", "20.0", "0")
    first, second = drawn.series
    assert (first.name, second.name) == ("a", "b")
    assert first.path == "M3 100V50h4V100zM13 100V75h4V100z"
    assert second.path == "M13 74.3V0h4V74.3z", "it stands on the other"
    assert [each.told for each in drawn.columns] == ["4 Nov: 20 (a 20)", "5 Nov: 40 (b 30, a 10)"]
    assert drawn.peak == "Most on 5 Nov: 40"


def test_nothing_is_no_chart_and_a_little_is_seen():
    days = days_between("2026-02-28", "2026-03-01")
    assert days == ["2026-02-28", "2026-03-01"]
    assert chart(days, {"a": {}}, {}, str, str) is None
    drawn = chart(days, {"a": {"2026-02-28": 1, "2026-03-01": 100_000}}, {}, str, str)
    assert drawn is not None
    assert drawn.series[0].path.startswith("M3 100V99.1h4V100z")


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "0"), (999, "999"), (1000, "1k"), (48_211, "48.2k"), (999_960, "1M"), (2.5e9, "2.5B")],
)
def test_large_numbers_are_short(number: float, said: str):
    assert compact(number) == said


def test_money_is_told_as_money():
    told = [money(each) for each in (None, 0, 0.004, 1.005, 1234.5)]
    assert told == ["–", "$0.00", "under $0.01", "$1.00", "$1,234.50"]
    assert [short_money(each) for each in (0, 0.1, 0.005, 2, 400)] == [
        *("$0", "$0.10", "$0.005", "$2", "$400"),
    ]
