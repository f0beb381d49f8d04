r"""Which dollars are mathematics.

The parser takes `$5-$10` for a formula. Pandoc's rule is used instead: nothing blank inside the
dollars, no digit after the closing one; and what reads like money, prose or a shell variable is
none. `\(…\)` and `\[…\]`, which models write, become `$…$` and `$$…$$`.
"""

import re

from core.markdown.autolink import Edit
from core.markdown.scan import Layout

_TOKEN = re.compile(r"\\\\|\\\$|\\[()\[\]]|\$+|\n[ \t>]*(?=\n)")
_OPERATOR = re.compile(r"[\\^_={}<>+*/|≤≥≠≈∈±×÷√∑∫∞]|\d\s*-\s*\w|\w\s*-\s*\d")
_WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{3,}")
_MONEY = re.compile(r"\d[\d.,]*\s*(?:[kKmMbB]\b)?")
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]+(?:[/:.\-\s].*)?", re.DOTALL)
_IN_BACKTICKS = re.compile("`[^`]+`")  # $`…`$, which GitHub takes whatever is inside

Token = tuple[int, str]


def mark_formulas(source: str, layout: Layout) -> list[Edit]:
    """The edits after which every dollar left unescaped in `source` delimits a formula."""
    tokens = [
        (match.start(), match.group()[0] if match.group()[0] == "\n" else match.group())
        for match in _TOKEN.finditer(source)
        if match.group() not in ("\\\\", "\\$") and match.start() not in layout.code
    ]
    edits: list[Edit] = []
    index = 0
    while index < len(tokens):
        opening = tokens[index]
        closing = tokens[index + 1] if index + 1 < len(tokens) else (len(source), "")
        pair = _pair(source, opening, closing)
        if pair is None:
            edits.extend(_escape(opening))
            index += 1
        else:
            edits.extend(pair)
            index += 2
    return edits


def _escape(token: Token) -> list[Edit]:
    start, text = token
    if text[0] != "$":
        return []
    return [(start, start + len(text), "\\$" * len(text))]


def _pair(source: str, opening: Token, closing: Token) -> list[Edit] | None:
    """The edits for a formula between two neighbouring tokens, or None when it is none."""
    start, end = opening[0] + len(opening[1]), closing[0]
    content = source[start:end]
    match opening[1], closing[1]:
        case ("$$", "$$"):
            return [] if content.strip() else None
        case ("$", "$"):
            before = source[opening[0] - 1 : opening[0]]
            after = source[closing[0] + 1 : closing[0] + 2]
            return [] if _is_inline(content, before, after) else None
        case ("\\(", "\\)") if _is_formula(content.strip()):
            return _replace(source, (opening[0], start), (end, end + 2), "$")
        case ("\\[", "\\]") if _is_display(source, opening[0], content, end + 2):
            return [(opening[0], start, "$$"), (end, end + 2, "$$")]
    return None


def _replace(
    source: str, opening: tuple[int, int], closing: tuple[int, int], mark: str
) -> list[Edit]:
    """The delimiters replaced, together with the blanks beside them inside."""
    inside = source[opening[1] : closing[0]]
    left = len(inside) - len(inside.lstrip())
    right = len(inside) - len(inside.rstrip())
    return [(opening[0], opening[1] + left, mark), (closing[0] - right, closing[1], mark)]


def _is_inline(content: str, before: str, after: str) -> bool:
    if not content or content[0].isspace() or content[-1].isspace():
        return False
    if _IN_BACKTICKS.fullmatch(content):
        return True
    if before.isalnum() or after.isdigit():
        return False
    if _VARIABLE.fullmatch(content) and after.isalpha():
        return False
    return _is_formula(content)


def _is_formula(content: str) -> bool:
    """Whether `content` reads like mathematics rather than money or a sentence."""
    if not content or "$" in content:
        return False
    money = _MONEY.match(content)
    if money and re.fullmatch(r"\s*[-–—/~,.;:)(]*\s*", content[money.end() :]):
        # `$5$` is a number in a formula, `$5-$` half of a price range.
        return money.end() == len(content)
    if _OPERATOR.search(content) and not (money and len(_WORD.findall(content)) > 2):
        return True
    if money and re.search(r"\s[A-Za-z]{2,}", content):
        return False
    return len(_WORD.findall(content)) < 2 and len(content) < 60


def _is_display(source: str, start: int, content: str, end: int) -> bool:
    """`\\[…\\]` may be escaped brackets: a display stands apart and looks like a formula."""
    if source[end : end + 1] == "(":  # an escaped link
        return False
    line = source.rfind("\n", 0, start) + 1
    alone = not source[line:start].strip(" \t>-*") or content[:1].isspace()
    sure = bool(re.search(r"\\[A-Za-z]|[=^]|_\{", content))
    return (sure or (alone and bool(_OPERATOR.search(content)))) and _is_formula(content.strip())
