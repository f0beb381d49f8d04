"""`make dev`: the services, started again whenever a source file changes."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

SOURCES = ("api", "bot", "core", "migrations", "notion_assistant", "sandbox")
ENDINGS = {".py", ".html", ".css", ".js", ".mako"}
LOOK_SECONDS = 0.5


def state() -> dict[Path, float]:
    """When each source file was last written."""
    return {
        path: path.stat().st_mtime
        for top in SOURCES
        for path in Path(top).rglob("*")
        if path.suffix in ENDINGS and path.exists()
    }


def main() -> None:
    """Runs until Ctrl-C."""
    command = [str(Path(sys.executable).with_name("notion-assistant")), "run"]
    try:
        while True:
            before = state()
            process = subprocess.Popen(command)
            while (now := state()) == before:
                time.sleep(LOOK_SECONDS)
            changed = sorted(
                str(path) for path in before | now if before.get(path) != now.get(path)
            )
            print(f"Changed: {', '.join(changed)}. Starting again …", flush=True)
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(30)
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main()
