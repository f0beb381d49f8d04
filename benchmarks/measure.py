"""Rounds of measurements, and how they are told.

Two systems are measured in turns (A B A B …), so that whatever else the machine does meets both.
A ratio is taken round by round; the lowest and the highest one show how much the machine swayed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import Protocol, Self


class Printed(Protocol):
    """What a benchmark found."""

    def print(self) -> None:
        """Prints it."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: rounds, and measurements in each; rounds before, to warm up.

    `small`: only what takes a second or two, and nothing that is to be installed first.
    """

    rounds: int
    repeats: int
    warming: int = 1
    small: bool = False


@dataclass(slots=True)
class Series:
    """One system's measurements in seconds, round by round."""

    name: str
    rounds: list[list[float]] = field(default_factory=list)

    def add(self, measured: list[float]) -> Self:
        """One more round."""
        self.rounds.append(measured)
        return self

    @property
    def median(self) -> float:
        """The median of the rounds' medians."""
        return median(median(one) for one in self.rounds)

    @property
    def p99(self) -> float:
        """The value that 99 of 100 measurements of all rounds stay below."""
        everything = sorted(value for one in self.rounds for value in one)
        return everything[min(len(everything) - 1, int(len(everything) * 0.99))]

    def told(self) -> str:
        """Median and p99 in milliseconds, and the noise: the lowest and highest round's median."""
        medians = [1000 * median(one) for one in self.rounds]
        return (
            f"  {self.name:<24} median {1000 * self.median:8.1f} ms   "
            f"p99 {1000 * self.p99:8.1f} ms   "
            f"noise {min(medians):.1f}–{max(medians):.1f} ms"
        )


@dataclass(frozen=True, slots=True)
class Goal:
    """What is to be reached: a ratio to the baseline, a median or a p99 in seconds; None: any."""

    ratio: float | None = None
    median: float | None = None
    p99: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison."""

    name: str
    ours: Series
    bare: Series
    goal: Goal = Goal()

    def print(self) -> None:
        """Both series, their ratio, and whether the goal is reached."""
        ratios = [
            median(a) / median(b) for a, b in zip(self.ours.rounds, self.bare.rounds, strict=True)
        ]
        print(self.name)
        print(self.ours.told())
        print(self.bare.told())
        print(f"  {'ratio':<24} {median(ratios):.2f}×   noise {min(ratios):.2f}–{max(ratios):.2f}×")
        for what, reached, wanted in self._goals(median(ratios)):
            verdict = "reached" if reached else "MISSED"
            print(f"  {'goal':<24} {what} at most {wanted}: {verdict}")
        print(flush=True)

    def _goals(self, ratio: float) -> list[tuple[str, bool, str]]:
        goal, found = self.goal, []
        if goal.ratio is not None:
            found.append(("ratio", ratio <= goal.ratio, f"{goal.ratio}×"))
        if goal.median is not None:
            found.append(("median", self.ours.median <= goal.median, f"{goal.median * 1000:g} ms"))
        if goal.p99 is not None:
            found.append(("p99", self.ours.p99 <= goal.p99, f"{goal.p99 * 1000:g} ms"))
        return found


@dataclass(frozen=True, slots=True)
class Comparison:
    """One system against several baselines, each with the ratio that is to be reached; None: any.

    `facts` are what else was found: a sentence each, and whether it is as it should be.
    """

    name: str
    ours: Series
    baselines: list[tuple[Series, float | None]]
    facts: list[Fact] = field(default_factory=list)

    def print(self) -> None:
        """A line for each."""
        print(self.name)
        print(f"  {self.ours.name:<28} median {1000 * self.ours.median:10.2f} ms")
        for baseline, wanted in self.baselines:
            ratios = [
                median(a) / median(b)
                for a, b in zip(self.ours.rounds, baseline.rounds, strict=True)
            ]
            found = median(ratios)
            verdict = "" if wanted is None else f"   {_at_most(found, wanted)}"
            print(
                f"  {baseline.name:<28} median {1000 * baseline.median:10.2f} ms   "
                f"ratio {found:6.3f}×   noise {min(ratios):.3f}–{max(ratios):.3f}×{verdict}"
            )
        for fact in self.facts:
            fact.print()
        print(flush=True)


def _at_most(found: float, wanted: float) -> str:
    return f"at most {wanted:.3g}×: {'reached' if found <= wanted else 'MISSED'}"


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that was counted; `good` None: nothing was asked of it."""

    name: str
    told: str
    good: bool | None = None

    def print(self) -> None:
        """One line."""
        verdict = {None: "", True: ": reached", False: ": MISSED"}[self.good]
        print(f"  {self.name:<28} {self.told}{verdict}")


@dataclass(frozen=True, slots=True)
class Facts:
    """What was counted, under a headline."""

    name: str
    facts: list[Fact]

    def print(self) -> None:
        """The headline, and a line for each."""
        print(self.name)
        for fact in self.facts:
            fact.print()
        print(flush=True)
