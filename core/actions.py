"""The buttons under an answer: which there are, and what each asks for. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from core.messages import Action, Call

PICK = "pick"
"""The call of a button that says which place was meant: `core.ports.Intake.picked` knows more."""

AGAIN = "again"
"""The call of a button that asks once more for what failed: `core.ports.Intake.again`."""

_LONGEST_LABEL = 75
"""Characters: what Slack takes."""

REWRITES = ("regenerate", "shorter", "longer")

LABELS = {
    "save": "Save to Notion",
    "regenerate": "Regenerate",
    "shorter": "Shorter",
    "longer": "Longer",
    "stop": "Stop",
    "retry": "Retry",
    "check-notion": "Check Notion",
    "disconnect-notion": "Disconnect",
    "up": "👍",
    "down": "👎",
    "trash": "Move to trash",
    "stay": "Keep the page",
}
"""Every action, with what its button says."""


PATTERN = rf"(?:{'|'.join(LABELS)}|{AGAIN}|(?:append|ask|pick)-\d{{1,2}})"
"""What every button is called; those about one of several things end in its number."""

RATINGS = ("up", "down")
"""What anybody who sees an answer may say of it; all else is its asker's alone."""

_PLAIN = {AGAIN: AGAIN, "save": "save-item", "stop": "stop"}
_NOTION = {"check-notion": "check", "disconnect-notion": "disconnect"}

NOT_YOURS = (
    "Only the person who asked for this can use its buttons. "
    "With `/notion generate` you get an answer of your own."
)
"""What somebody else is told who presses one."""


def while_writing(item: UUID) -> tuple[Action, ...]:
    """What can be done about an answer that grows."""
    return _actions(item, "stop")


def when_written(item: UUID, *, text: bool = True, saved: bool = False) -> tuple[Action, ...]:
    """What can be done about an answer that has ended; `text` is False where nothing came."""
    if not text:
        return _actions(item, "regenerate")
    return _actions(item, *(() if saved else ("save",)), *REWRITES, *RATINGS)


def when_failed(item: UUID) -> tuple[Action, ...]:
    """What can be done where nobody could answer."""
    return _actions(item, "retry")


def when_broken_off(item: UUID) -> tuple[Action, ...]:
    """What can be done about the beginning of an answer whose provider failed."""
    return _actions(item, "retry", "save")


def when_unsaved(request: UUID) -> tuple[Action, ...]:
    """What can be done where something could not be saved."""
    return (Action(AGAIN, LABELS["retry"], str(request)),)


def about_pages(pages: Sequence[tuple[int, str]]) -> tuple[Action, ...]:
    """What can be done about pages that were found: each by its number in the list, and its id."""
    return tuple(
        action
        for number, page in pages
        for action in (
            Action(f"append-{number}", f"Append to {number}", page, number),
            Action(f"ask-{number}", f"Ask {number}", page, number),
        )
    )


def when_unclear(request: UUID, choices: Sequence[tuple[str, str]]) -> tuple[Action, ...]:
    """Which of several places is meant."""
    return tuple(
        Action(f"pick-{number}", label[:_LONGEST_LABEL], f"{request}:{place}", number)
        for number, (place, label) in enumerate(choices, 1)
    )


def _numbered(name: str, item: str, *, private: bool) -> Call | None:
    kind, _, number = name.partition("-")
    if kind not in ("append", "ask", "pick") or not number.isdecimal():
        return None
    first, _, second = item.partition(":")
    try:
        found, place = str(UUID(first)), str(UUID(second)) if kind == "pick" else ""
    except ValueError:
        return None
    if kind == "pick":
        return Call(PICK, found, {"place": place})
    if kind == "append":
        return Call("save", flags={"append": found})
    return Call("ask", flags={"page": found} | ({"private": True} if private else {}))


def wants_words(call: Call) -> bool:
    """Whether a button's call still lacks what is to be asked, or added."""
    about_page = (call.command == "ask" and call.has("page")) or (
        call.command == "save" and call.has("append")
    )
    return about_page and not call.text


def when_taken_back(item: UUID) -> tuple[Action, ...]:
    """What can be done about a page whose 📝 was taken away late."""
    return _actions(item, "trash", "stay")


def about_notion(item: UUID, *, connected: bool) -> tuple[Action, ...]:
    """What can be done about somebody's connection to Notion."""
    return _actions(item, "check-notion", *(("disconnect-notion",) if connected else ()))


def call_of(name: str, item: str, *, private: bool = False) -> Call | None:
    """What pressing a button asks for; None where there is no such button.

    `private`: the answer it stands under is for the asker's eyes alone, so the next one is too.
    """
    if (numbered := _numbered(name, item, private=private)) is not None:
        return numbered
    try:
        text = str(UUID(item))
    except ValueError:
        return None
    if name in _PLAIN:
        return Call(_PLAIN[name], text)
    if name in _NOTION:
        return Call("notion", text, {"how": _NOTION[name]})
    if name in ("trash", "stay"):
        return Call("take-back", text, {"how": name})
    if name in RATINGS:
        return Call("rate", text, {"how": name})
    if name == "retry":
        # Without an earlier answer this is the first try once more.
        name = "regenerate"
    if name in REWRITES:
        return Call("rewrite", text, {"how": name} | ({"private": True} if private else {}))
    return None


def _actions(item: UUID, *names: str) -> tuple[Action, ...]:
    return tuple(Action(name, LABELS[name], str(item)) for name in names)
