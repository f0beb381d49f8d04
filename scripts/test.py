"""`make test`: puts the browser in place where it can, then runs the whole suite in parallel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def install_browser() -> None:
    """Debian's Chromium, where this is a Debian machine's root without one."""
    if any(shutil.which(name) for name in BROWSERS) or not shutil.which("apt-get"):
        return
    if os.geteuid() != 0:
        return
    print("Installing Chromium for the browser tests ...", flush=True)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(["apt-get", "update", "-q"], check=False, **quiet)
    subprocess.run(
        ["apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium"],
        check=False,
        **quiet,
    )


def main() -> int:
    """Runs the suite; returns pytest's exit code."""
    install_browser()
    # A third of a run is waiting: for processes that start and end, and for what comes in its time.
    workers = str(max(2, (os.cpu_count() or 1) * 3 // 2))
    # Servers, browsers and clocks share the machine with others: what fails is tried once more,
    # and named as RERUN at the end, so that nobody overlooks it.
    again = ["--reruns", "1", "-raR"]
    command = [sys.executable, "-m", "pytest", "-q", "-n", workers, *again, *sys.argv[1:]]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
