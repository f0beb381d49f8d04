"""An answer, as the terminal gets it. Pure."""

from __future__ import annotations

from core.commands.parse import parse
from core.errors import AssistantError
from core.messages import Answer
from core.ports import Part

PAGE_MARK = "Notion page:"
SHORT = 3
"""An answer from before with more lines than these is named, not shown."""

SHOWN_PROMPT = 60
SEARCH_WORDS = 4


def render(answer: Answer) -> Part:
    """One message: the terminal knows no limit."""
    reason = answer.error is None or answer.text == answer.error["message"]
    return {
        "text": answer.text,
        "notes": list(answer.notes),
        "page": answer.page,
        "ok": answer.ok,
        # A text that was written but not saved is an answer, and its note says what failed.
        "reason": not answer.ok and reason,
        "final": True,
    }


def draft(text: str) -> Part:
    """What is there so far; nothing yet is a draft too."""
    return {"text": text, "final": False}


def footer(part: Part) -> list[str]:
    """The lines under the text: a blank one, fine print, then the page's address."""
    lines = [f"({note})" for note in part.get("notes", [])]
    if part.get("page"):
        lines.append(f"{PAGE_MARK} {part['page']}")
    return ["", *lines] if lines else []


def earlier(part: Part) -> str:
    """An answer that comes when nobody waits for it: whole where it is short, else where it is."""
    asked = part.get("asked", "")
    about = f" to “{_cut(asked)}”" if asked else ""
    lines = str(part["text"]).strip().splitlines()
    if len(lines) <= SHORT:
        return "\n".join([f"An answer from before{about}:", *lines, *footer(part)])
    found = _whereabouts(asked)
    page = f" {part['page']}" if part.get("page") else ""
    return f"An answer from before{about}:{page or ' it is done.'} {found}".rstrip()


def _cut(line: str) -> str:
    words = " ".join(line.split())
    return words if len(words) <= SHOWN_PROMPT else words[: SHOWN_PROMPT - 1].rstrip() + "…"


def _whereabouts(asked: str) -> str:
    try:
        call = parse(asked)
    except AssistantError:
        return ""
    if call.command != "generate":
        return "Ask again to see it."
    words = " ".join(call.text.split()[:SEARCH_WORDS])
    return f"`/notion history {words}` shows it."
