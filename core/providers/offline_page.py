"""How a very small model is asked, so that a page comes out of it.

SmolLM2-135M loses itself in long instructions, copies examples and repeats lines. So it is given
one short instruction in place of the core's, a grammar that leaves it only Markdown to write
(a title, which is the person's own words, then headings with lists), and sampling that makes
repeating dear. https://github.com/ggml-org/llama.cpp/blob/master/grammars/README.md
"""

from __future__ import annotations

import json
from typing import Any

from core.asking.words import hits, passages, telling
from core.ports import Prompt, Turn

ANSWER_TOKENS = 500
"""About five seconds of one thread; fifteen on a busy machine."""

QUESTION_BYTES = 1500
"""Of the first and the last thing asked. A byte is at most a token, so it always fits the context;
reading goes at some 200 tokens a second, half of that on a busy machine."""

TITLE_CHARACTERS = 100

_SYSTEM = (
    "You are an expert who writes short, practical guides. "
    "Each section has a clear heading and a few short, concrete points."
)
_GRAMMAR = r"""
root ::= %s "\n\n" intro section section section
intro ::= ("This " | "The " | "To " | "Before ") word (sep word){6,28} "." "\n\n"
section ::= "## " [A-Z] [a-z]{1,14} (" " word){1,5} "\n\n" item item item item? item? "\n"
item ::= %s [A-Z] [a-z]{1,14} (sep word){2,22} "."? "\n"
sep ::= " " | ", "
word ::= [a-zA-Z0-9] [a-zA-Z0-9'-]{0,18}
"""
_SAMPLING = {
    "temperature": 0.2,
    "min_p": 0.1,
    "repeat_penalty": 1.12,
    "repeat_last_n": 192,
    "dry_multiplier": 0.8,
    "dry_allowed_length": 4,
}


def shaped(prompt: Prompt) -> Prompt:
    """The prompt as the small model can follow it: what the person asked first and last."""
    asked = [turn.text for turn in prompt.turns if turn.role == "user"] or [""]
    subject = ". ".join(text.strip(" .\n") for text in dict.fromkeys((asked[0], asked[-1])))
    subject = subject.encode()[:QUESTION_BYTES].decode(errors="ignore")
    text = f"Write a guide: {subject}. Use sections with short bullet points."
    tokens = min(prompt.max_tokens, ANSWER_TOKENS)
    return Prompt(system=_SYSTEM, turns=(Turn("user", text),), max_tokens=tokens)


QUOTED = 3
"""Passages quoted of the pages that a question is about."""

QUOTE_CHARACTERS = 500

NO_MODEL = (
    "Quoted, not written: no AI provider is set up. Set OPENAI_API_KEY, ANTHROPIC_API_KEY or "
    "DEEPSEEK_API_KEY for an answer in sentences."
)


def quoted(prompt: Prompt) -> str:
    """The passages of the pages that have most of the question's words, each with its page.

    A very small model would make things up from them; what is quoted is true at least.
    """
    words = telling(prompt.question)
    found = []
    for number, extract in enumerate(prompt.extracts, 1):
        text = passages(extract.text, words, QUOTE_CHARACTERS)
        about = 2 * hits(words, text) + hits(words, extract.title)
        found.append((about, number, text))
    best = sorted(found, key=lambda each: -each[0])[:QUOTED]
    lines = ["These passages fit best:"]
    for _, number, text in best:
        quote = "\n".join(f"> {line}".rstrip() for line in text.splitlines())
        title = " ".join(prompt.extracts[number - 1].title.split()) or "Untitled"
        lines += ["", f"{title} [{number}]", "", quote]
    return "\n".join(lines)


def options(prompt: Prompt) -> dict[str, Any]:
    """What the request carries beside the messages: grammar and sampling."""
    item = "- [ ] " if "checklist" in title(prompt).lower() else "- "
    grammar = _GRAMMAR % (_literal(f"# {title(prompt)}"), _literal(item))
    return {**_SAMPLING, "grammar": grammar}


def title(prompt: Prompt) -> str:
    """The page's title: the first line of what the person first asked."""
    asked = next((turn.text for turn in prompt.turns if turn.role == "user"), "")
    line = next((line.strip(" #\t") for line in asked.splitlines() if line.strip(" #\t")), "")
    if len(line) > TITLE_CHARACTERS:
        line = line[: TITLE_CHARACTERS - 1].rstrip() + "…"
    return line[:1].upper() + line[1:] or "Page"


def _literal(text: str) -> str:
    # The escapes that GBNF and JSON share are all that a line can need.
    clean = "".join(c if c.isprintable() else " " for c in text)
    return json.dumps(clean, ensure_ascii=False)
