"""The code of docs/extending.md, as it stands there, put in place and run."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

import bot
import core.commands
import core.markdown
import core.providers
from bot.dispatch import dispatch
from bot.platforms import PLATFORMS, Registration
from core.assistant import Assistant
from core.bootstrap import assembled, claim
from core.commands.registry import COMMANDS
from core.config import Settings
from core.messages import Answer, Sender
from core.ports import Address, Part, Platform, Reply
from core.providers import registry
from sandbox.ai.server import AiServer
from sandbox.notion.server import NotionServer

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/extending.md").read_text(encoding="utf-8")
FENCES = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
FILES = dict(re.findall(r"^`([\w/]+\.py)`:\n\n```python\n(.*?)^```", PAGE, re.M | re.S))
# Outside the repository ruff does not see which packages are ours.
KNOWN = 'lint.isort.known-first-party = ["bot", "core"]'


def fence(beginning: str) -> str:
    """The one piece of code that begins like this."""
    [found] = [code for code in FENCES if code.startswith(beginning)]
    return found


def entries(beginning: str, **scope: Any) -> dict[str, Any]:
    """The dictionary that a registry's line makes, with these names known."""
    found: dict[str, Any] = eval("{" + fence(beginning) + "}", scope)  # noqa: S307 - the page's own
    return found


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The recipes' files, where Python finds them under their own names."""
    root = tmp_path / "source"
    for name, code in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code, encoding="utf-8")
    before = set(sys.modules)
    for package in (bot, core.commands, core.markdown, core.providers):
        beside = root / package.__name__.replace(".", "/")
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(beside)])
    yield root
    for name in set(sys.modules) - before:
        if name.rpartition(".")[2] in ("acme", "last", "outline") or name.startswith("bot.letters"):
            del sys.modules[name]


class Notebook:
    """A platform that remembers what it was given."""

    name = "notebook"

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}

    def render(self, answer: Answer) -> list[Part]:
        return [answer.to_json()]

    async def post(self, address: Address, part: Part, marker: str, *, again: bool) -> Reply:  # noqa: ARG002 - kept by line
        self.answers[address["line"]] = Answer.from_json(part)
        return {}

    async def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
async def notion() -> AsyncIterator[NotionServer]:
    async with NotionServer(rate_limit=None) as server:
        yield server


@pytest.fixture
def environment(tmp_path: Path, notion: NotionServer) -> dict[str, str]:
    """Settings that lead here."""
    return {
        "database_url": f"sqlite+aiosqlite:///{tmp_path}/data/test.db",
        "notion_token": notion.token,
        "notion_parent": notion.root_page_id,
        "notion_base_url": notion.base_url,
    }


@asynccontextmanager
async def running(settings: Settings, *platforms: Platform) -> AsyncIterator[Assistant]:
    """The core with these platforms, as a process assembles it."""
    owner = await claim(settings)
    by_name = {platform.name: platform for platform in platforms}
    async with assembled(settings, by_name, owner) as assistant:
        yield assistant


async def eventually(true: Callable[[], bool]) -> None:
    """Returns once this is true; half a minute is given."""
    async with asyncio.timeout(30):
        while True:
            if true():
                return
            await asyncio.sleep(0.02)


async def ask(assistant: Assistant, notebook: Notebook, line: str) -> Answer:
    """What this line is answered."""
    sender = Sender("notebook", "ada", "Ada")
    refused = await dispatch(assistant, uuid4(), sender, line, {"line": line})
    if refused is not None:
        return refused
    await eventually(lambda: line in notebook.answers)
    return notebook.answers[line]


def test_the_page_has_every_piece_that_is_run() -> None:
    assert FILES.keys() == {
        "core/providers/acme.py",
        "core/commands/last.py",
        "bot/letters/__init__.py",
        "bot/letters/adapter.py",
        "bot/letters/entry.py",
        "core/markdown/outline.py",
    }
    # Beside the files: settings, an import, and a line for each registry.
    assert len(FENCES) == len(FILES) + 5


def test_the_recipes_are_in_the_house_format(files: Path) -> None:
    ruff = Path(sys.executable).with_name("ruff")
    config = ["--config", str(ROOT / "pyproject.toml"), "--config", KNOWN]
    options = ["--quiet", "--no-cache", *config, str(files)]
    for command in (["check", *options], ["format", "--check", *options]):
        done = subprocess.run([ruff, *command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


async def test_the_provider_of_the_recipe_answers(
    files: Path,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scope = dict(vars(import_module("core.config")))
    body = textwrap.indent(fence("acme_api_key"), "    ")
    exec(f"class WithAcme(Settings):\n{body}", scope)  # noqa: S102 - the page's own code
    line = entries('"acme"', acme=import_module("core.providers.acme"))
    monkeypatch.setitem(registry.LOADERS, "acme", line["acme"])
    async with AiServer() as ai:
        ai.answer = "# From Acme"
        ai.models.add("acme-large")
        acme = {"acme_api_key": ai.key, "acme_base_url": f"{ai.url}/v1"}
        notebook = Notebook()
        async with running(scope["WithAcme"](**environment, **acme), notebook) as assistant:
            answer = await ask(assistant, notebook, "generate a page --provider acme")
            assert list(assistant.providers) == ["acme"]
    assert (answer.text, answer.notes, answer.ok) == ("# From Acme", (), True)


async def test_the_command_of_the_recipe_runs_and_is_listed_in_help(
    files: Path,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scope: dict[str, Any] = {}
    exec(fence("from core.commands.last") + "found = " + fence("LAST"), scope)  # noqa: S102
    (command,) = scope["found"]
    monkeypatch.setitem(COMMANDS, command.name, command)
    notebook = Notebook()
    async with AiServer() as ai:
        ai.answer = "# The newest"
        settings = Settings(**environment, **ai.settings("openai"))
        async with running(settings, notebook) as assistant:
            empty = await ask(assistant, notebook, "last")
            await ask(assistant, notebook, "generate a page")
            shown = await ask(assistant, notebook, "/notion last")
            saved = await ask(assistant, notebook, "/notion last --save")
            listed = await ask(assistant, notebook, "help")
    assert (empty.ok, empty.text.split(".")[0]) == (False, "Your history is empty")
    assert shown == Answer("# The newest", private=True)
    assert saved.page is not None
    assert "`/notion last` — Show the newest item" in listed.text


async def test_the_platform_of_the_recipe_takes_a_letter_and_answers_it(
    files: Path,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    line = entries('"letters"', Registration=Registration)
    monkeypatch.setitem(PLATFORMS, "letters", line["letters"])
    letters = tmp_path / "data/letters"
    async with AiServer() as ai:
        ai.answer = "# From a letter"
        settings = Settings(**environment, **ai.settings("openai"))
        assert not PLATFORMS["letters"].on(settings)
        letters.mkdir(parents=True)
        assert PLATFORMS["letters"].on(settings)
        package = PLATFORMS["letters"].load()
        platform = package.platform(settings)
        assert isinstance(platform, Platform)
        (letters / "ada-1.txt").write_text("generate a launch checklist --save")
        (letters / "ada-2.txt").write_text("generat a launch checklist")
        async with running(settings, platform) as assistant:
            entry = package.entry(settings, assistant)
            await entry.start()
            await eventually(lambda: len(list(letters.glob("*.md"))) == 2)
            await entry.stop()
    answer = (letters / "ada-1.md").read_text()
    assert answer.startswith("# From a letter\n\nNotion page: http://127.0.0.1:")
    assert "Did you mean `/notion generate`?" in (letters / "ada-2.md").read_text()
    assert not list(letters.glob("*.txt"))


def test_the_format_of_the_recipe_is_written(files: Path) -> None:
    written = import_module("core.markdown.outline").outline
    text = (
        "# Plan *A*\n\nWords.\n\n> ## Next\n> - [x] Done\n>   - [ ] To [do](https://a.test)\n> - No"
    )
    assert written(text) == "Plan A\n  Next\n☑ Done\n☐ To do"
    assert written("") == ""
