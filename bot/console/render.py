"""An answer, as the terminal gets it. Pure."""

from __future__ import annotations

from core.messages import Answer
from core.ports import Part

PAGE_MARK = "Notion page:"


def render(answer: Answer) -> Part:
    """One message: the terminal knows no limit."""
    return {
        "text": answer.text,
        "notes": list(answer.notes),
        "page": answer.page,
        "ok": answer.ok,
        "final": True,
    }


def draft(text: str) -> Part:
    """What is there so far; nothing yet is a draft too."""
    return {"text": text, "final": False}


def footer(part: Part) -> list[str]:
    """The lines under the text: fine print, then the page's address."""
    lines = [f"({note})" for note in part.get("notes", [])]
    if part.get("page"):
        lines.append(f"{PAGE_MARK} {part['page']}")
    return lines
