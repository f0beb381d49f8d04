"""`make check`: every rule that a tool can hold, all of them told."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

BIN = Path(sys.executable).parent
SOURCES = "api bot core migrations notion_assistant sandbox tests benchmarks scripts".split()
CHECKS = {
    "format": [BIN / "ruff", "format", "--check", "--quiet", *SOURCES],
    "lint": [BIN / "ruff", "check", "--quiet", *SOURCES],
    "types": [BIN / "mypy", "--no-error-summary"],
    "import contracts": [BIN / "lint-imports", "--no-cache"],
    "sizes": [sys.executable, "scripts/sizes.py"],
    "docs against code": [sys.executable, "scripts/docs.py"],
    "dependency audit": [sys.executable, "scripts/audit.py"],
}

SLOW = ("types", "dependency audit")


def run(command: list[object]) -> tuple[int, str, float]:
    """Exit code, output and seconds of a check."""
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, (done.stdout + done.stderr).strip(), time.monotonic() - began


def main() -> int:
    """Runs the checks, a few at a time; returns how many failed."""
    failed = []
    with ThreadPoolExecutor(max(2, os.cpu_count() or 2)) as pool:
        # The longest begin first; they are told in the order in which they stand above.
        runs = {name: pool.submit(run, CHECKS[name]) for name in dict.fromkeys([*SLOW, *CHECKS])}
        for name in CHECKS:
            code, output, took = runs[name].result()
            if code:
                failed.append(name)
                print(f"✗ {name} ({took:.1f} s)\n{output}\n", flush=True)
            else:
                skipped = [line for line in output.splitlines() if line.startswith("skipped")]
                print(f"✓ {name} ({took:.1f} s)" + "".join(f"\n  {line}" for line in skipped))
    if failed:
        print(f"\n{len(failed)} of {len(CHECKS)} checks failed: {', '.join(failed)}")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
