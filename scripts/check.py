"""`make check`: every rule that a tool can hold, one after the other, all of them told."""

from __future__ import annotations

import subprocess
import sys
import time
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


def main() -> int:
    """Runs the checks; returns how many failed."""
    failed = []
    for name, command in CHECKS.items():
        began = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        took = time.monotonic() - began
        output = (done.stdout + done.stderr).strip()
        if done.returncode:
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
