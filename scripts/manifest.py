"""Slack's manifest, made from the commands, scopes and events of the program.

`python scripts/manifest.py [ADDRESS]` prints it for a server's address, such as
`https://notion.example.com`, `--socket` for Socket Mode, which needs none; `--write` writes
`docs/slack-manifest.yaml` anew.
"""

from __future__ import annotations

import sys
from pathlib import Path

FILE = Path(__file__).parents[1] / "docs/slack-manifest.yaml"
EXAMPLE = "https://notion-assistant.example.com"

_HEAD = """\
# Made by `make manifest`; edit bot/slack/manifest.py instead.
# For "Create an app from a manifest". With your server's address in place of the example's:
# python scripts/manifest.py https://your.server, and for Socket Mode: scripts/manifest.py --socket
"""


def manifest_yaml(public_url: str | None = EXAMPLE) -> str:
    """The manifest as Slack's page takes it; without an address, for Socket Mode."""
    import yaml  # type: ignore[import-untyped] # no types, and one file to write

    from bot.slack.manifest import manifest, socket_manifest

    app = socket_manifest() if public_url is None else manifest(public_url)
    text: str = yaml.safe_dump(app, sort_keys=False, allow_unicode=True, width=1000)
    return _HEAD + text


def main(arguments: list[str]) -> int:
    """Prints or writes it."""
    if arguments == ["--write"]:
        FILE.write_text(manifest_yaml(), encoding="utf-8")
        return 0
    if arguments == ["--socket"]:
        sys.stdout.write(manifest_yaml(None))
        return 0
    address = arguments[0].rstrip("/") if arguments else EXAMPLE
    if not address.startswith("https://"):
        # Slack takes no other, and says so at the end of its form alone.
        sys.stderr.write(f"{address} is no https address. For Socket Mode: --socket\n")
        return 1
    sys.stdout.write(manifest_yaml(address))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
