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


@pytest.mark.parametrize("name", ROWS)
async def test_a_benchmark_prints_its_rows(name: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "benchmarks", "--quick", name),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 120)

    assert process.returncode == 0, err.decode()
    printed = out.decode()
    assert printed.count("×   noise") == ROWS[name], printed
    assert printed.count(" median ") >= 2 * ROWS[name]


async def test_the_replies_are_told_in_tables() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "benchmarks", "--quick", "replies"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 120)

    assert process.returncode == 0, err.decode()
    printed = out.decode()
    for told in ("first words p50", "one at a time", "by edits, 50 a minute", "loop lag p50"):
        assert told in printed


def test_a_name_that_is_no_benchmark_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    from benchmarks.__main__ import main

    with pytest.raises(SystemExit):
        main(["nonsense"])

    assert "there are acknowledge, first-text, replies, start" in capsys.readouterr().err


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
