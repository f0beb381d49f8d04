"""A process takes as many connections as its admin allows."""

from __future__ import annotations

import subprocess
import sys


def test_the_soft_limit_of_open_files_becomes_the_hard_one() -> None:
    # In a process of its own: what is lowered cannot be raised again.
    program = (
        "import resource as r\n"
        "from notion_assistant.sockets import as_many_as_allowed\n"
        "r.setrlimit(r.RLIMIT_NOFILE, (64, 200))\n"
        "as_many_as_allowed()\n"
        "print(*r.getrlimit(r.RLIMIT_NOFILE))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert ran.stdout.split() == ["200", "200"]
