r"""Which dollars are mathematics.

The parser takes `$5-$10` for a formula. Pandoc's rule is used instead: nothing blank inside the
dollars, except around a command, and no digit after the closing one; what reads like money, prose
or a shell variable is none. `\(…\)` and `\[…\]`, which models write, become `$…$` and `$$…$$`,
unless they read like the brackets of a sentence that somebody escaped.
"""

import re
from collections.abc import Set as AbstractSet

from core.markdown.autolink import Edit
from core.markdown.scan import Layout

_TOKEN = re.compile(r"\$+|\\[\\$()\[\]]")
_BLANK_LINE = re.compile(r"\n[ \t>]*(?=\n)")
_OPENINGS = ("$", "\\(", "\\[")
_OPENING = re.compile(r"\$|\\[(\[]")
_OPERATOR = re.compile(r"[\\^_={}<>+*/|≤≥≠≈∈±×÷√∑∫∞]|\d\s*-\s*\w|\w\s*-\s*\d")
_WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{3,}")
_MONEY = re.compile(r"\d[\d.,]*\s*(?:[kKmMbB]\b)?")
_COMMAND = re.compile(r"\\[A-Za-z]|[\^_]\{")
_LETTER = r"(?<![A-Za-z\\])[A-Za-zα-ωΑ-Ω](?![A-Za-z])"
_RELATION = "[-+*/=<>|≤≥≠≈∈±×÷·→]"
# A variable beside an operator, raised, lowered or applied; or a sum of two numbers.
_ALGEBRA = re.compile(
    rf"{_LETTER}\s*(?:{_RELATION}|[!(]|'(?!\w))|{_RELATION}\s*{_LETTER}"
    rf"|\)\s*[=<>]\s*[\w-]|[\w)]\^|(?<![A-Za-z])[A-Za-z]_\w|\d\s*[=+*×÷]\s*\d|[√∑∫∞]"
)
_LETTERS = re.compile(rf"{_LETTER}(?:\s*,\s*(?:{_LETTER}|\d+))*")
_FUNCTION = re.compile(r"(?:arc)?(?:sin|cos|tan)h?|log|lim|max|min|exp|det|gcd|mod|var|cov")
_SHORT = re.compile(r"n/a|y/n|w/o|c/o|i/o|b/c|a/c", re.IGNORECASE)
# What escaped square brackets hold in a manual: a footnote, a setting, an option, a name.
_MANUAL = re.compile(
    r"\^\d+|[A-Za-z]\w\w+=\S+|--?[A-Za-z][\w-]*(?:[= ]\S+)?|[A-Za-z]+(?:_[A-Za-z]+)+"
)
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]+(?:[/:.\-\s].*)?", re.DOTALL)
_IN_BACKTICKS = re.compile("`[^`]+`")  # $`…`$, which GitHub takes whatever is inside

PIPE = re.compile(r"(?<!\\)\|")

Token = tuple[int, str]


def mark_formulas(source: str, layout: Layout, bars: AbstractSet[int]) -> list[Edit]:
    """The edits after which every dollar left unescaped in `source` delimits a formula.

    No formula reaches from one block, or one table cell, into the next. `bars` are the offsets of
    the pipes in tables that end no cell.
    """
    if not begins_any(source, layout):
        return []
    tokens = [
        (match.start(), match.group())
        for match in _TOKEN.finditer(source)
        if match.group() not in ("\\\\", "\\$") and match.start() not in layout.code
    ]
    edits: list[Edit] = []
    index = 0
    while index < len(tokens):
        opening = tokens[index]
        closing = tokens[index + 1] if index + 1 < len(tokens) else (len(source), "")
        pair = _pair(source, opening, closing)
        if pair is None or _are_apart(source, layout, bars, (opening[0], closing[0])):
            edits.extend(_escape(opening))
            index += 1
        else:
            edits.extend(pair)
            index += 2
    return edits


def _are_apart(
    source: str, layout: Layout, bars: AbstractSet[int], between: tuple[int, int]
) -> bool:
    """Whether a block or a cell ends between two tokens."""
    start, end = between
    if layout.edges.begins_between(start, end):
        return True
    blank = (match.start() for match in _BLANK_LINE.finditer(source, start, end))
    if any(place not in layout.code for place in blank):
        return True
    for first, last in layout.tables:
        pipes = PIPE.finditer(source, max(first, start + 1), min(last, end))
        if any(pipe.start() not in bars for pipe in pipes):
            return True
    return False


def count_openings(text: str) -> int:
    """How many marks there are that may begin one, in code too."""
    dollars = text.count("$")
    if "\\" not in text:
        return dollars
    place = text.find("\\")
    while place >= 0:  # faster than to count two marks: there are few backslashes
        dollars += text.startswith(("(", "["), place + 1)
        place = text.find("\\", place + 1)
    return dollars


def seems_to_have_formulas(source: str) -> bool:
    """Whether something may begin one that does not look like code."""
    return _is_outside_code(source, "$") or _is_outside_code(source, "\\", before="([")


def _is_outside_code(source: str, mark: str, before: str = "") -> bool:
    """Whether the mark, before one of some characters, has an even number of fences and backticks
    before it."""
    fences = ticks = line = position = 0
    place = source.find(mark)
    while place >= 0:
        if not before or source[place + 1 : place + 2] in tuple(before):
            fences += source.count("```", position, place) + source.count("~~~", position, place)
            begun = source.rfind("\n", position, place) + 1
            line, ticks = (begun, 0) if begun else (line, ticks)
            ticks += source.count("`", max(line, position), place)
            position = place
            is_code = fences % 2 or ticks % 2
            if not is_code and not source.startswith("    ", line):
                return True
        place = source.find(mark, place + 1)
    return False


def begins_any(source: str, layout: Layout) -> bool:
    """Whether something outside code may begin a formula."""
    return count_openings(source) > 0 and any(
        match.start() not in layout.code for match in _OPENING.finditer(source)
    )


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
            before = _before(source, opening[0])
            after = source[closing[0] + 1 : closing[0] + 2]
            if _is_spaced(content, before, after):
                return _replace(source, (opening[0], start), (end, end + 1), "$")
            return [] if _is_inline(content, before, after) else None
        case ("\\(", "\\)") if _is_bracketed(content.strip(), _before(source, opening[0])):
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


def _before(source: str, position: int) -> str:
    return source[max(0, position - 1) : position]


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


def _is_spaced(content: str, before: str, after: str) -> bool:
    r"""Whether `$ \frac{a}{b} $`, with a blank on either side, is one: a command and no word."""
    if len(content) < 3 or "\n" in content or content[0] + content[-1] != "  ":
        return False
    words = [word for word in _WORD.findall(content) if not _FUNCTION.fullmatch(word)]
    return bool(_COMMAND.search(content)) and not (words or before.isalnum() or after.isalnum())


def _is_formula(content: str) -> bool:
    """Whether `content` reads like mathematics rather than money or a sentence."""
    if not content or "$" in content.replace("\\$", ""):
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


def _is_bracketed(content: str, before: str) -> bool:
    r"""Whether `\(…\)` is mathematics, for a call, a year or an aside may have escaped brackets."""
    if (before.isascii() and before.isalpha()) or not _is_formula(content):
        return False
    if _COMMAND.search(content) or _LETTERS.fullmatch(content):
        return True
    words = [word for word in _WORD.findall(content) if not _FUNCTION.fullmatch(word)]
    most = 1 if re.search("[=<>^_]", content) else 0
    return len(words) <= most and bool(_ALGEBRA.search(content)) and not _SHORT.fullmatch(content)


def _is_display(source: str, start: int, content: str, end: int) -> bool:
    r"""Whether `\[…\]` is a display: escaped brackets stand in a sentence, or hold an option."""
    formula = content.strip()
    if source[end : end + 1] == "(" or not _is_formula(formula):  # the former: an escaped link
        return False
    if _COMMAND.search(formula):
        return True
    if _stands_alone(source, start, end):
        on_own_lines = content.lstrip(" \t>")[:1] == "\n"
        return on_own_lines or bool(_OPERATOR.search(formula) and not _MANUAL.fullmatch(formula))
    raised = re.search(r"[A-Za-z)]\^\w", formula)
    return bool(raised or re.search(r"\s=\s", formula)) and not _WORD.search(formula)


def _stands_alone(source: str, start: int, end: int) -> bool:
    line = source.rfind("\n", 0, start) + 1
    stop = source.find("\n", end)
    after = source[end : stop if stop >= 0 else len(source)]
    return not source[line:start].strip(" \t>-*+.)0123456789") and not after.strip(" \t.,;:")
