"""The running server is as its specification says: every operation, every check of schemathesis.

What the schemas allow and what they do not is sent to each operation, then operations are called
one after the other with what the ones before answered. Always the same requests: seeds are fixed.
A longer run: `SCHEMATHESIS_HOOKS=accounts PYTHONPATH=. schemathesis run URL/openapi.json -n 200`
in `tests/scenarios/schema`.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest
from conftest import Launch

HERE = Path(__file__).parent / "schema"
SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
EXAMPLES = 4
"""Of each kind for each operation."""


@pytest.mark.timeout(600)  # forty seconds, many times that where others share the machine
async def test_the_server_is_as_its_specification_says(launch: Launch, tmp_path: Path):
    configured = {
        f"{name}_CLIENT_{what}": what.lower()
        for name in ("NOTION", "SLACK", "DISCORD")
        for what in ("ID", "SECRET")
    }
    # On somebody's own machine limits are wide enough for all of it.
    product = await launch(PUBLIC_URL="http://localhost:8080", BCRYPT_COST="10", **configured)
    code, printed = await run(product.url, tmp_path)
    assert code == 0, printed
    for phase in ("Examples", "Coverage", "Fuzzing", "Stateful"):
        assert f"✅  {phase}" in printed, printed
    operations = re.search(r"Operations: +(\d+) selected / (\d+) total", printed)
    assert operations is not None, printed
    assert operations[1] == operations[2]
    assert "[error" not in product.output()


async def run(url: str, folder: Path) -> tuple[int, str]:
    """Runs all of it against a server; the exit code, and what it printed."""
    process = await asyncio.create_subprocess_exec(
        SCHEMATHESIS,
        *("--config-file", HERE / "schemathesis.toml", "run", f"{url}/openapi.json", "--url", url),
        *("--checks", "all", "--mode", "all", "--phases", "examples,coverage,fuzzing,stateful"),
        *("--max-examples", str(EXAMPLES), "--seed", "1", "--generation-deterministic"),
        *("--continue-on-failure", "--no-color"),
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "SCHEMATHESIS_HOOKS": "accounts",
            "PYTHONPATH": str(HERE),
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await asyncio.wait_for(process.communicate(), 540)
    assert process.returncode is not None
    return process.returncode, out.decode()
