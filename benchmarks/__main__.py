"""`python -m benchmarks [--quick] [--repeats N] [NAME …]`: all of them by default."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import platform
import tempfile
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from pathlib import Path

import structlog

from benchmarks import (
    acknowledge,
    convert,
    first_text,
    http,
    pages,
    paint,
    replies,
    saves,
    start,
    streams,
)
from benchmarks.measure import Printed, Size

QUICK = Size(rounds=1, repeats=1, warming=0, small=True)
"""Shows that a benchmark works; its figures mean nothing."""

Measure = Callable[[Size, Path], Coroutine[None, None, Sequence[Printed]]]

BENCHMARKS: dict[str, tuple[Measure, Size]] = {
    "acknowledge": (acknowledge.measure, acknowledge.FULL),
    "first-text": (first_text.measure, first_text.FULL),
    "replies": (replies.measure, replies.FULL),
    "streams": (streams.measure, streams.FULL),
    "http": (http.measure, http.FULL),
    "start": (start.measure, start.FULL),
    "convert": (convert.measure, convert.FULL),
    "page": (pages.measure, pages.FULL),
    "saves": (saves.measure, saves.FULL),
    "paint": (paint.measure, paint.FULL),
}


def main(arguments: list[str] | None = None) -> None:
    """Runs what was asked for and prints it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--quick", action="store_true", help="only show that they work")
    parser.add_argument("--repeats", type=int, metavar="N", help="so many each round; saves: pages")
    asked = parser.parse_args(arguments)
    if unknown := set(asked.names) - set(BENCHMARKS):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    # Each fault that is meant to happen would be a line of log.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"Python {platform.python_version()}, {os.cpu_count()} CPUs, load before: {load}\n")
    for name in asked.names or BENCHMARKS:
        measure, size = BENCHMARKS[name]
        size = QUICK if asked.quick else size
        size = replace(size, repeats=asked.repeats or size.repeats)
        with tempfile.TemporaryDirectory(prefix="benchmark-") as directory:
            for row in asyncio.run(measure(size, Path(directory))):
                row.print()


if __name__ == "__main__":
    main()
