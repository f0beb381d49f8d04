"""The sign of what went wrong, beside what it is about, on every platform alike. Pure."""

from __future__ import annotations

import re
from dataclasses import replace

from core.messages import Answer

SIGN = "⚠️"


def marked(answer: Answer) -> Answer:
    """The answer with a sign beside its failure: the note that tells it, or else the text."""
    if answer.ok:
        return answer
    reason = (answer.error or {}).get("message")
    if reason and any(note.endswith(reason) for note in answer.notes):
        # The text stands; what failed is what was to be done with it.
        notes = (f"{SIGN} {note}" if note.endswith(reason) else note for note in answer.notes)
        return replace(answer, notes=tuple(notes))
    # Before a list, a table or a fence the sign would be part of it.
    apart = not re.match(r"[^\W_]|[“\"'(]|`[^`]", answer.text)
    return replace(answer, text=f"{SIGN}\n\n{answer.text}" if apart else f"{SIGN} {answer.text}")
