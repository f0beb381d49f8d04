"""Slack's manifest, made from the commands, scopes and events of the program.

`python scripts/manifest.py [ADDRESS]` prints it for a server's address, such as
`https://notion.example.com`; `--write` writes `docs/slack-manifest.yaml` anew.
"""

from __future__ import annotations

import sys
from pathlib import Path

FILE = Path(__file__).parents[1] / "docs/slack-manifest.yaml"
EXAMPLE = "https://notion-assistant.example.com"

_HEAD = """\
# Made by `make manifest`; edit bot/slack/manifest.py instead.
# For "Create an app from a manifest". Put your server's address in place of the example's;
# for Socket Mode take the lines with an address away and set socket_mode_enabled to true.
"""


def manifest_yaml(public_url: str = EXAMPLE) -> str:
    """The manifest as Slack's page takes it."""
    import yaml  # type: ignore[import-untyped] # no types, and one file to write

    from bot.slack.manifest import manifest

    text: str = yaml.safe_dump(
        manifest(public_url), sort_keys=False, allow_unicode=True, width=1000
    )
    return _HEAD + text


def main(arguments: list[str]) -> int:
    """Prints or writes it."""
    if arguments == ["--write"]:
        FILE.write_text(manifest_yaml(), encoding="utf-8")
    else:
        sys.stdout.write(manifest_yaml(arguments[0].rstrip("/") if arguments else EXAMPLE))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
