"""Documents against code: what the program has is described, what is described is there.

`python scripts/docs.py [FOLDER]` names each gap; `--write` writes `.env.example` anew.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from pydantic_core import PydanticUndefined

ROOT = Path(__file__).parents[1]
HEADINGS = ("Context", "Decision", "Consequences", "Alternatives")

_FENCE = re.compile(r"^(`{3,}).*?^\1`*$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`[^`\n]+`")
_LINK = re.compile(r"\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
_MAKE = re.compile(r"(?:^|[`$ ])make ([a-z]+)\b", re.MULTILINE)
_ROW = re.compile(r"^\| `([A-Z][A-Z_]+)` \|(.*)$", re.MULTILINE)


# ── Settings ─────────────────────────────────────────────────────────────────────────────────────


def env_example() -> str:
    """`.env.example` as the settings want it: in their order, each one commented out."""
    from core.config import SECRETS, Settings

    lines = [
        "# Copy this file to .env and take the # away from what you set. What is not set has the",
        "# default shown. The environment goes before this file. A setting with a NAME_FILE can be",
        "# read from the file named there.",
    ]
    for heading, name in _in_order():
        field = Settings.model_fields[name]
        if heading:
            lines += ["", f"# ── {heading} ".ljust(100, "─")]
        lines += ["", *_wrapped(field.description or ""), f"#{name.upper()}={_default(name)}"]
        if name in SECRETS:
            lines.append(f"#{name.upper()}_FILE=")
    return "\n".join(lines) + "\n"


def _in_order() -> Iterator[tuple[str, str]]:
    """Each setting's name, with the comment that stands over the first of a group."""
    from core.config import Settings

    heading = ""
    for line in inspect.getsource(Settings).splitlines():
        if found := re.fullmatch(r"    # (.+)", line):
            heading = found[1]
        elif (found := re.match(r"    (\w+): ", line)) and found[1] in Settings.model_fields:
            yield heading, found[1]
            heading = ""


def _wrapped(text: str) -> list[str]:
    import textwrap

    return textwrap.wrap(text, 98, initial_indent="# ", subsequent_indent="# ")


def _default(name: str) -> str:
    """A default as one would type it; empty where there is none."""
    from core.config import Settings

    value = Settings.model_fields[name].default
    if value is None or value is PydanticUndefined:
        return ""
    return ",".join(value) if isinstance(value, tuple) else str(value)


def settings(root: Path) -> list[str]:
    """Every setting stands in `.env.example` and, with its default, in the operator's guide."""
    from core.config import SECRETS, Settings

    found = []
    if _read(root / ".env.example") != env_example():
        found.append(".env.example is not what the settings say: python scripts/docs.py --write")
    guide = _read(root / "docs/operators.md")
    rows = dict(_ROW.findall(guide))
    for name in Settings.model_fields:
        upper, default = name.upper(), _default(name)
        if upper not in rows:
            found.append(f"docs/operators.md: the setting {upper} has no row")
        elif default and f"`{default}`" not in rows[upper]:
            found.append(f"docs/operators.md: the row of {upper} does not say `{default}`")
        if name in SECRETS and f"`{upper}_FILE`" not in guide:
            found.append(f"docs/operators.md: {upper}_FILE is not mentioned")
    unknown = rows.keys() - {name.upper() for name in Settings.model_fields}
    found += [f"docs/operators.md: there is no setting {name}" for name in sorted(unknown)]
    return found


# ── Commands ─────────────────────────────────────────────────────────────────────────────────────


def commands(root: Path) -> list[str]:
    """Every command is in the README, and a heading with all its flags in the user's guide."""
    from core.commands.registry import COMMANDS
    from core.templates import TEMPLATES

    found = []
    readme, guide = _read(root / "README.md"), _read(root / "docs/users.md")
    sections = _sections(guide)
    for command in (each for each in COMMANDS.values() if each.listed):
        if f"/notion {command.name}" not in readme:
            found.append(f"README.md: /notion {command.name} is not mentioned")
        section = sections.get(f"`{command.usage}`")
        if section is None:
            found.append(f"docs/users.md: no heading `{command.usage}`")
            continue
        for flag in command.flags:
            typed = f"--{flag.name} {flag.value}" if flag.value else f"--{flag.name}"
            if f"`{typed}`" not in section:
                found.append(f"docs/users.md: `{typed}` is missing under {command.name}")
    found += [
        f"docs/users.md: the template {name} is missing"
        for name in TEMPLATES
        if f"`{name}`" not in guide
    ]
    return found


def _sections(text: str) -> dict[str, str]:
    """The text under each heading, down to the next one."""
    parts = _HEADING.split(text)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def program(root: Path) -> list[str]:
    """Every command of the program, its options and the roles are in the operator's guide."""
    from notion_assistant.cli import main as program_
    from notion_assistant.services import ROLES

    guide = _read(root / "docs/operators.md")
    wanted = [f"notion-assistant {name}" for name in program_.commands]
    for command in program_.commands.values():
        wanted += [option for each in command.params for option in each.opts if option[0] == "-"]
    wanted += [f"`{role}`" for role in ROLES]
    return [f"docs/operators.md: {word} is not mentioned" for word in wanted if word not in guide]


def routes(root: Path) -> list[str]:
    """Every route that is served is in one of the guides, with its method."""
    from api.routes import PAGES, ROUTES
    from bot.slack.entry import SlackEntry
    from core.config import load_settings
    from core.errors import Misconfigured

    served = {(route.method, route.path) for route in ROUTES}
    served |= {(method, path) for method, path, _ in PAGES}
    try:
        entry = SlackEntry(load_settings(), intake=None)  # type: ignore[arg-type]
        served |= {(method, path) for method, path, _ in entry.routes}
    except Misconfigured as error:
        return [f"the settings of this machine cannot be read: {error.message}"]
    guides = "\n".join(_read(path) for path in sorted((root / "docs").glob("*.md")))
    return [
        f"docs: the route {method} {path} is not mentioned"
        for method, path in sorted(served)
        if f"`{method} {path}`" not in guides
    ]


# ── The documents themselves ─────────────────────────────────────────────────────────────────────


def targets(root: Path) -> list[str]:
    """Every `make …` that a document names is a target of the Makefile."""
    known = set(re.findall(r"^([a-z]+):", _read(root / "Makefile"), re.MULTILINE))
    return [
        f"{path.relative_to(root)}: there is no `make {name}`"
        for path in _documents(root)
        for name in sorted(set(_MAKE.findall(_code(_read(path)))))
        if name not in known
    ]


def _code(text: str) -> str:
    """What stands in fences and in backticks."""
    fences = [match[0] for match in _FENCE.finditer(text)]
    return "\n".join([*fences, *_SPAN.findall(_FENCE.sub("", text))])


def links(root: Path) -> list[str]:
    """Every relative link leads to a file, and to a heading of it where it names one."""
    found = []
    for path in _documents(root):
        text = _SPAN.sub("", _FENCE.sub("", _read(path)))
        for target in _LINK.findall(text):
            if "://" in target or target.startswith("mailto:"):
                continue
            file, _, anchor = target.partition("#")
            there = (path.parent / file).resolve() if file else path
            if not there.exists():
                found.append(f"{path.relative_to(root)}: {target} leads nowhere")
            elif anchor and anchor not in _anchors(_read(there)):
                found.append(f"{path.relative_to(root)}: {target} names no heading")
    return found


def _anchors(text: str) -> set[str]:
    """The headings as GitHub makes anchors of them."""
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in _HEADING.findall(text))
    return {heading.replace(" ", "-") for heading in plain}


def decisions(root: Path) -> list[str]:
    """Decisions are numbered without a gap, and each has its four parts."""
    found = []
    for number, path in enumerate(sorted((root / "docs/decisions").glob("*.md")), 1):
        if not path.name.startswith(f"{number:04}-"):
            found.append(f"docs/decisions/{path.name}: {number:04}- was expected")
        headings = _HEADING.findall(_read(path))
        found += [
            f"docs/decisions/{path.name}: no heading “{heading}”"
            for heading in HEADINGS
            if heading not in headings
        ]
    return found


def _documents(root: Path) -> list[Path]:
    return [*sorted(root.glob("*.md")), *sorted((root / "docs").rglob("*.md"))]


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


CHECKS: tuple[Callable[[Path], list[str]], ...] = (
    settings,
    commands,
    program,
    routes,
    targets,
    links,
    decisions,
)


def main(arguments: list[str]) -> int:
    """Prints what is missing."""
    if arguments == ["--write"]:
        (ROOT / ".env.example").write_text(env_example(), encoding="utf-8")
        return 0
    root = Path(arguments[0]).resolve() if arguments else ROOT
    found = [line for check in CHECKS for line in check(root)]
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
