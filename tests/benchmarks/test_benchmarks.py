"""Each benchmark runs and prints its rows; what it measures is not judged here."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from benchmarks import convert, pages, saves
from benchmarks.__main__ import Measure
from benchmarks.converters.quality import judge
from benchmarks.measure import Goal, Row, Series, Size

Capture = pytest.CaptureFixture[str]

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


async def test_streams_of_the_whole_product_are_told_with_its_own_loop() -> None:
    printed = await run("streams")
    for told in ("through the whole product", "loop lag p50", "memory each", "processor"):
        assert told in printed
    assert "not shown" not in printed


async def test_requests_a_second_are_told_and_what_logins_cost_the_others() -> None:
    printed = await run("http")
    assert printed.count(" a second ") == 15, printed
    assert printed.count("ratio at least 1.5×") == 5
    assert "while 4 logins hash their passwords" in printed
    assert "at most 2×" in printed


async def printed_by(measure: Measure, repeats: int, folder: Path, capsys: Capture) -> str:
    """What one benchmark prints of a small run."""
    for found in await measure(Size(rounds=1, repeats=repeats, small=True), folder):
        found.print()
    return capsys.readouterr().out


async def test_converters_are_compared_without_installing_any(
    tmp_path: Path, capsys: Capture
) -> None:
    printed = await printed_by(convert.measure, 1, tmp_path, capsys)

    assert printed.count("×   noise") == 2
    assert (
        "raised on 0, refused by Notion's limits 0 of 2 documents, 100.0% of the words" in printed
    )


async def test_a_long_page_is_written_in_as_few_requests_as_can_be(
    tmp_path: Path, capsys: Capture
) -> None:
    printed = await printed_by(pages.measure, 320, tmp_path, capsys)

    assert "blocks                       321 with the footer: reached" in printed
    assert "writes                       4, the bound 4: reached" in printed


async def test_pages_saved_under_faults_are_counted(tmp_path: Path, capsys: Capture) -> None:
    printed = await printed_by(saves.measure, 6, tmp_path, capsys)

    assert "items with a page            6 of 6: reached" in printed
    assert "items with two               0: reached" in printed
    assert "pages that are whole         6: reached" in printed


async def test_what_a_converter_breaks_or_loses_is_counted() -> None:
    long = {"type": "paragraph", "paragraph": {"rich_text": [{"text": {"content": "x" * 2001}}]}}

    found = judge(
        ["one *two*", "three", "four"], [[], "TypeError", [long]], cut_into_requests=False
    )

    assert (found.raised, found.refused, found.kept) == (1, 1, 0)


def test_a_name_that_is_no_benchmark_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    from benchmarks.__main__ import main

    with pytest.raises(SystemExit):
        main(["nonsense"])

    known = "acknowledge, first-text, replies, streams, http, start, convert, page, saves, paint"
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
