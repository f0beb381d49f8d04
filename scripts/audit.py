"""Known vulnerabilities in the locked dependencies, by pip-audit.

Where the advisory database is out of reach the audit is skipped, and says so.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

LOCKS = ("requirements/run.txt", "requirements/offline.txt", "requirements/dev.txt")
OUT_OF_REACH = ("ConnectionError", "ServiceError", "Max retries", "timed out", "HTTPError", "403")


def main() -> int:
    """Audits each lock."""
    return max(audit(lock) for lock in LOCKS)


def audit(lock: str) -> int:
    """1 where a dependency has a known vulnerability; what could not be looked up is named."""
    command = [
        str(Path(sys.executable).with_name("pip-audit")),
        *("--requirement", lock, "--disable-pip", "--require-hashes", "--format", "json"),
        *("--progress-spinner", "off", "--timeout", "10"),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=90)
    except subprocess.TimeoutExpired:
        print(f"skipped: audit of {lock}: the advisory database does not answer")
        return 0
    try:
        found = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        if any(sign in done.stderr for sign in OUT_OF_REACH):
            print(f"skipped: audit of {lock}: the advisory database is out of reach from here")
            return 0
        print(done.stdout + done.stderr)
        return 1
    unknown = [each["name"] for each in found if "skip_reason" in each]
    if unknown:
        print(
            f"skipped: audit of {len(unknown)} of {len(found)} dependencies in {lock}: "
            "the advisory database is out of reach from here, or does not know them"
        )
    for each in found:
        for vulnerability in each.get("vulns", ()):
            fixed = ", ".join(vulnerability["fix_versions"]) or "no version yet"
            print(f"{each['name']} {each['version']}: {vulnerability['id']}, fixed in {fixed}")
    return 1 if any(each.get("vulns") for each in found) else 0


if __name__ == "__main__":
    sys.exit(main())
