"""`convert`: Markdown to Notion blocks, against other converters and against the floor.

The floor is what nothing in this process can do without: the parser's events, and building as many
dictionaries and strings as the blocks are made of (here by `json.loads`). What is measured is the
CPU of one conversion, on documents of each size: whatever else the machine does is left out. The
quality of what they make is counted on the same documents.
"""

from __future__ import annotations

from pathlib import Path
from statistics import median

from benchmarks.converters.programs import NPM_PACKAGES, PYTHON_PACKAGES, Program, programs
from benchmarks.converters.quality import judge, weight
from benchmarks.documents import KB, documents
from benchmarks.measure import Comparison, Fact, Facts, Printed, Series, Size
from core.markdown import notion_blocks

FULL = Size(rounds=5, repeats=3)
SIZES = {"2 KB": (2 * KB, 24), "10 KB": (10 * KB, 12), "100 KB": (100 * KB, 4)}
LARGEST = {"1 MB": (1000 * KB, 1)}
OURS = ("ours", "planned", "floor")

FLOOR = 4.0
PAYLOAD = 2.2
AGAINST = {"notionify": 1 / 5, "@tryfabric/martian": 1 / 15}
"""Ratios to be reached, up to 100 KB."""

NAMES = {"ours": "Notion Assistant", "planned": "the same, cut into requests"}
VERSIONS = PYTHON_PACKAGES | NPM_PACKAGES


async def measure(size: Size, directory: Path) -> list[Printed]:
    """Every converter in turns, round by round, on documents of each size."""
    found: list[Printed] = []
    sizes = {"2 KB": (2 * KB, 2)} if size.small else SIZES | LARGEST
    async with programs(OURS, directory, others=not size.small) as (converters, missing):
        for name, (length, count) in sizes.items():
            texts = documents(length, count)
            series = await _measure(size, converters, texts)
            wanted = {} if name in LARGEST else AGAINST
            found.append(_comparison(name, texts, series, wanted))
        judged = documents(*next(reversed(sizes.values() if size.small else SIZES.values())))
        others = [one for one in converters.values() if one.name not in ("planned", "floor")]
        found.append(await _quality(others, judged, missing))
    return found


async def _measure(
    size: Size, converters: dict[str, Program], texts: list[str]
) -> dict[str, Series]:
    """Seconds a document: of each one the best of its repeats, of these the mean."""
    series = {name: Series(_called(name)) for name in converters}
    for number in range(-1, size.rounds):
        for name, converter in converters.items():
            seconds = await converter.seconds(texts, size.repeats)
            # The first round warms all up.
            if number >= 0:
                series[name].add([sum(map(min, seconds)) / len(texts)])
    return series


def _called(name: str) -> str:
    return f"{name} {VERSIONS[name]}" if name in VERSIONS else NAMES.get(name, name)


def _comparison(
    name: str, texts: list[str], series: dict[str, Series], wanted: dict[str, float]
) -> Comparison:
    ours = series["ours"]
    baselines = [
        (one, FLOOR if other == "floor" else wanted.get(other))
        for other, one in series.items()
        if other != "ours"
    ]
    payload = median(weight(notion_blocks(text)) / len(text.encode()) for text in texts)
    fact = Fact(
        "payload", f"{payload:.2f}× the source, at most {PAYLOAD}×", good=payload <= PAYLOAD
    )
    return Comparison(
        f"convert: {name} of Markdown ({len(texts)} documents), CPU of one conversion",
        ours,
        baselines,
        [fact],
    )


async def _quality(converters: list[Program], texts: list[str], missing: list[str]) -> Facts:
    facts = []
    for converter in converters:
        outcomes = await converter.outcomes(texts)
        judged = judge(texts, outcomes, cut_into_requests=converter.name == "ours")
        facts.append(Fact(_called(converter.name), judged.told()))
    facts += [Fact(name, "could not be installed") for name in missing]
    return Facts(f"convert: what came of the last {len(texts)} documents up to 100 KB", facts)
