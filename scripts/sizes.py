"""A file holds at most 300 lines of code, a function at most 50, docstrings and comments aside."""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from pathlib import Path

FILE_LINES = 300
FUNCTION_LINES = 50
# Not the migrations: each is one declaration of tables, written once and never edited again.
PRODUCT = ("api", "bot", "core", "notion_assistant", "sandbox")
_SILENT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


def code_lines(source: str) -> set[int]:
    """The numbers of the lines that hold code."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in _SILENT:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                lines.difference_update(range(first.lineno, (first.end_lineno or 0) + 1))
    return lines


def too_long(path: Path) -> list[str]:
    """What in this file is too long."""
    source = path.read_text(encoding="utf-8")
    lines = code_lines(source)
    found = []
    if len(lines) > FILE_LINES:
        found.append(f"{path}: {len(lines)} lines of code, {FILE_LINES} allowed")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            size = len(lines & set(range(node.lineno, (node.end_lineno or 0) + 1)))
            if size > FUNCTION_LINES:
                where = f"{path}:{node.lineno} {node.name}"
                found.append(f"{where}: {size} lines of code, {FUNCTION_LINES} allowed")
    return found


def main() -> int:
    """Prints what is too long."""
    paths = [path for top in PRODUCT for path in sorted(Path(top).rglob("*.py"))]
    found = [line for path in paths for line in too_long(path)]
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
