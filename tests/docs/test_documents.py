"""The documents describe the program, and the check of that notices where they do not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts import docs

ROOT = docs.ROOT
PARTS = ("Makefile", ".env.example", "LICENSE", "compose.yaml")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The documents, to be tampered with."""
    root = tmp_path / "copy"
    shutil.copytree(ROOT / "docs", root / "docs")
    for path in [*ROOT.glob("*.md"), *(ROOT / part for part in PARTS)]:
        shutil.copy(path, root)
    return root


def change(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


def found_in(root: Path) -> list[str]:
    return [line for check in docs.CHECKS for line in check(root)]


def test_the_documents_describe_the_program_as_it_is() -> None:
    assert found_in(ROOT) == []


def test_a_copy_is_as_good_as_the_original(copy: Path) -> None:
    assert found_in(copy) == []


TAMPERED: dict[str, tuple[str, str, str, str]] = {
    "a setting out of .env.example": (
        ".env.example",
        "#REDIS_URL=\n",
        "",
        ".env.example is not what the settings say: python scripts/docs.py --write",
    ),
    "a default that is no more": (
        ".env.example",
        "#PORT=8080",
        "#PORT=80",
        ".env.example is not what the settings say: python scripts/docs.py --write",
    ),
    "a setting without a row": (
        "docs/operators.md",
        "| `REDIS_URL` |",
        "| Redis |",
        "docs/operators.md: the setting REDIS_URL has no row",
    ),
    "a row without a setting": (
        "docs/operators.md",
        "| `HOST` |",
        "| `HOST_NAME` | `x` | |\n| `HOST` |",
        "docs/operators.md: there is no setting HOST_NAME",
    ),
    "a wrong default": (
        "docs/operators.md",
        "| `PORT` | `8080` |",
        "| `PORT` | `80` |",
        "docs/operators.md: the row of PORT does not say `8080`",
    ),
    "a secret without its file": (
        "docs/operators.md",
        "`DISCORD_TOKEN_FILE`",
        "a file",
        "docs/operators.md: DISCORD_TOKEN_FILE is not mentioned",
    ),
    "a command out of the README": (
        "README.md",
        "/notion history",
        "/notion past",
        "README.md: /notion history is not mentioned",
    ),
    "a command without a heading": (
        "docs/users.md",
        "## `/notion history [words]`",
        "## History",
        "docs/users.md: no heading `/notion history [words]`",
    ),
    "a flag that is not described": (
        "docs/users.md",
        "| `--private` |",
        "| |",
        "docs/users.md: `--private` is missing under generate",
    ),
    "a template that is not listed": (
        "docs/users.md",
        "`retro`",
        "retro",
        "docs/users.md: the template retro is missing",
    ),
    "an option of the program": (
        "docs/operators.md",
        "--only",
        "--roles",
        "docs/operators.md: --only is not mentioned",
    ),
    "a route that is not described": (
        "docs/http.md",
        "`GET /content/export`",
        "an export",
        "docs: the route GET /content/export is not mentioned",
    ),
    "a route of Slack's": (
        "docs/http.md",
        "| `POST /slack/events` |",
        "| |",
        "docs: the route POST /slack/events is not mentioned",
    ),
    "a make target that is not there": (
        "CONTRIBUTING.md",
        "make dev ",
        "make develop ",
        "CONTRIBUTING.md: there is no `make develop`",
    ),
    "a dead link": (
        "README.md",
        "(docs/http.md)",
        "(docs/https.md)",
        "README.md: docs/https.md leads nowhere",
    ),
    "a link to a heading that is gone": (
        "docs/operators.md",
        "## Limits\n",
        "## Boundaries\n",
        "docs/operators.md: #limits names no heading",
    ),
    "a decision without alternatives": (
        "docs/decisions/0002-durable-work.md",
        "## Alternatives",
        "## Others",
        "docs/decisions/0002-durable-work.md: no heading “Alternatives”",
    ),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_a_document_that_does_not_fit_the_program_is_named(copy: Path, name: str) -> None:
    file, before, after, expected = TAMPERED[name]
    if name == "a route of Slack's":
        change(copy / "docs/operators.md", "`POST /slack/events`", "Slack's")
    change(copy / file, before, after)
    assert found_in(copy) == [expected]


def test_a_missing_number_among_the_decisions_is_named(copy: Path) -> None:
    decisions = sorted((copy / "docs/decisions").iterdir())
    decisions[2].unlink()
    assert found_in(copy)[0].endswith(f"{decisions[3].name}: 0003- was expected")


@pytest.mark.parametrize(
    ("tamper", "code"),
    [(lambda _: None, 0), (lambda root: (root / "compose.yaml").unlink(), 1)],
    ids=["as it is", "tampered with"],
)
def test_the_command_fails_where_something_is_missing(
    copy: Path, tamper: Callable[[Path], None], code: int
) -> None:
    tamper(copy)
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/docs.py", copy],
        capture_output=True,
        text=True,
        check=False,
        cwd=copy,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert ("compose.yaml leads nowhere" in done.stdout) is bool(code)
