"""Each benchmark runs and prints its rows; what it measures is not judged here."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from benchmarks.measure import Goal, Row, Series

ROOT = Path(__file__).parents[2]
ROWS = {
    "acknowledge": 3,
    "first-text": 3,
    "start": 4,
}


async def run(*arguments: str) -> str:
    """What the benchmarks print."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "benchmarks", "--quick", *arguments),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode == 0, err.decode()
    return out.decode()


@pytest.mark.parametrize("name", ROWS)
async def test_a_benchmark_prints_its_rows(name: str) -> None:
    printed = await run(name)

    assert printed.count("×   noise") == ROWS[name], printed
    assert printed.count(" median ") >= 2 * ROWS[name]


async def test_the_replies_are_told_in_tables() -> None:
    printed = await run("replies")
    for told in ("first words p50", "one at a time", "by edits, 50 a minute", "loop lag p50"):
        assert told in printed


async def test_converters_are_compared_without_installing_any() -> None:
    printed = await run("convert")

    assert "raised on 0, refused by Notion's limits 0 of 2 documents" in printed
    assert printed.count("×   noise") == 2
    assert "MISSED" not in printed.partition("payload")[2]


async def test_a_page_and_saves_under_faults_are_counted() -> None:
    printed = await run("--repeats", "120", "page")
    assert "blocks                       121 with the footer: reached" in printed
    assert "writes                       2, the bound 2: reached" in printed

    printed = await run("--repeats", "12", "saves")
    assert "items with a page            12 of 12: reached" in printed
    assert "items with two               0: reached" in printed
    assert "pages that are whole         12: reached" in printed


def test_a_name_that_is_no_benchmark_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    from benchmarks.__main__ import main

    with pytest.raises(SystemExit):
        main(["nonsense"])

    known = "acknowledge, first-text, replies, start, convert, page, saves"
    assert f"there are {known}" in capsys.readouterr().err


def test_a_ratio_is_the_median_of_the_rounds_ratios(capsys: pytest.CaptureFixture[str]) -> None:
    ours = Series("ours", [[0.002, 0.002], [0.006], [0.004]])
    bare = Series("bare", [[0.001], [0.002], [0.004, 0.004, 9.0]])

    Row("something", ours, bare, Goal(ratio=1.5, median=0.004, p99=0.005)).print()

    printed = capsys.readouterr().out
    assert "2.00×   noise 1.00–3.00×" in printed
    assert "ratio at most 1.5×: MISSED" in printed
    assert "median at most 4 ms: reached" in printed
    assert "p99 at most 5 ms: MISSED" in printed
    assert "noise 2.0–6.0 ms" in printed
