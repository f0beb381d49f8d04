"""How somebody stands, and what they may change about it, as one message. Pure.

https://docs.discord.com/developers/components/reference
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.discord.complete import fitting
from bot.discord.form import Choices, options
from bot.discord.render import LONGEST, render_answer
from core.commands.notion import lines_of
from core.commands.words import link, place
from core.facts import title_of
from core.messages import Answer
from core.ports import Choice, Chosen, Destination, Overview, Part

Json = dict[str, Any]

COMMAND = "settings"
"""The command that this panel is an answer to."""

PREFIX = "panel:"
"""How the ids of its buttons and lists begin."""

NONE = Choice("default", "No template")
"""What takes the choice of a template back."""

WRITE, PLACE, RESET, REFRESH = "write", "place", "reset", "refresh"
"""Its buttons."""

NOTION, CHECK = "notion", "notion-check"
"""Those about Notion; their answers leave the panel as it is."""

SAVING = {"save-on": f"{COMMAND} save on", "save-off": f"{COMMAND} save off"}
"""The button that has each text saved at once, or takes that back, and what it amounts to."""

ASIDE = {NOTION: f"{COMMAND} notion", CHECK: f"{COMMAND} notion check"}
"""What each of them amounts to."""

TITLE = "**Your settings**"
"""How its message begins."""

_USED = "- Last 30 days: "

LINES: dict[Chosen, str] = {
    "provider": f"{COMMAND} provider",
    "template": f"{COMMAND} template",
    "destination": "to",
}
"""What choosing from each of its lists amounts to, when the value is added."""

_SHOWN_IDENTITIES = 10
_ROW, _BUTTON, _SELECT = 1, 2, 3
_BLUE, _GREY = 1, 2


def render_panel(overview: Overview, choices: Choices, *, linking: bool) -> Part:
    """The panel. `linking`: whether there is a command that links accounts."""
    lines = [TITLE, "", _account(overview, linking=linking), *_places(overview), *_notion(overview)]
    lines.append(f"- New texts are written by **{overview.provider}**{_how(overview)}.")
    lines.append(f"{_USED}{_counted(overview)}.")
    if overview.pages:
        lines += ["", "**Your last pages**", ""]
        lines += [f"- {link(asked, address)}" for asked, address in overview.pages]
    first, *rest = render_answer(Answer("\n".join(lines), private=True))
    if rest:
        # Addresses may be of any length; then what is shown ends with them.
        first["content"] = str(first["content"])[:LONGEST]
    return first | {"components": _controls(overview, choices)}


def chosen(name: str, values: Sequence[str]) -> str | None:
    """The line that choosing from a list amounts to; None where it is no list of these."""
    found = next((line for kind, line in LINES.items() if kind == name), None)
    return None if found is None or not values else f"{found} {values[0]}"


def stand(shown: str) -> str:
    """What of a panel's text somebody may change: all but what was used, and what stands below."""
    return shown.partition(_USED)[0].strip()


def _account(overview: Overview, *, linking: bool) -> str:
    known = [
        f"{name or 'somebody'} on {title_of(platform)}" for platform, name in overview.identities
    ]
    who = ", ".join(known[:_SHOWN_IDENTITIES])
    if overview.account is not None:
        return f"- Linked to the account **{overview.account}**" + (f": {who}." if who else ".")
    how = " `/notion link` brings your history from everywhere together." if linking else ""
    return f"- Not linked to an account.{how}"


def _places(overview: Overview) -> list[str]:
    if overview.own is not None:
        found = [f"- Your pages go to {place(overview.own)}: your own choice."]
        if overview.channel is not None:
            found.append(
                f"- Those of people here who chose nothing go to {place(overview.channel)}."
            )
        return found
    if overview.channel is not None:
        return [f"- Your pages from here go to {place(overview.channel)}: this channel's choice."]
    if overview.workspace is not None:
        return [f"- Your pages go to {place(overview.workspace)}: this server's choice."]
    if overview.default is not None:
        return [f"- Your pages go to {place(overview.default)}: this server's default."]
    return ["- Where your pages go, Notion does not say just now."]


def _notion(overview: Overview) -> list[str]:
    found = [f"- {line}." for line in lines_of(overview.notion)] if overview.notion else []
    return found or (
        ["- You have not connected a Notion of your own."] if overview.connects else []
    )


def _how(overview: Overview) -> str:
    model = f" ({overview.model})" if overview.model else ""
    shape = f", in the shape **{overview.template}**" if overview.template else ""
    saved = ", and saved to Notion at once" if overview.saves else ""
    return f"{model}{shape}{saved}"


def _counted(overview: Overview) -> str:
    requests = "request" if overview.requests == 1 else "requests"
    return f"{overview.requests:,} {requests}, {overview.tokens:,} tokens"


def _controls(overview: Overview, choices: Choices) -> list[Json]:
    own = overview.own
    rows = [
        _list("provider", "AI provider", choices.get("provider", ()), overview.provider),
        _list("template", "Template", [*choices.get("template", ()), NONE], overview.template),
        _list(
            "destination", "Where your pages go", _own_first(own, choices), own.id if own else None
        ),
    ]
    buttons = (
        (WRITE, "Write a page", _BLUE),
        (PLACE, "Another destination", _GREY),
        ("save-off", "Do not save at once", _GREY)
        if overview.saves
        else ("save-on", "Save at once", _GREY),
        (RESET, "Reset", _GREY),
        (REFRESH, "Refresh", _GREY),
    )
    own_notion = any(not each.shared for each in overview.notion)
    about_notion = [(CHECK, "Check Notion", _GREY)]
    if overview.connects:
        label = "Reconnect Notion" if own_notion else "Connect your Notion"
        about_notion.insert(0, (NOTION, label, _GREY))
    return [each for each in rows if each] + [_buttons(buttons), _buttons(about_notion)]


def _buttons(buttons: Sequence[tuple[str, str, int]]) -> Json:
    row = [
        {"type": _BUTTON, "style": style, "label": label, "custom_id": PREFIX + name}
        for name, label, style in buttons
    ]
    return {"type": _ROW, "components": row}


def _own_first(own: Destination | None, choices: Choices) -> list[Choice]:
    found = list(choices.get("destination", ()))
    if own is None:
        return found
    return [Choice(own.id, own.title or "Untitled"), *(one for one in found if one.value != own.id)]


def _list(name: Chosen, about: str, known: Sequence[Choice], now: str | None) -> Json:
    offered = fitting(known)
    if not offered:
        return {}
    field = {
        "type": _SELECT,
        "custom_id": PREFIX + name,
        "placeholder": about,
        "options": options(offered, now),
    }
    return {"type": _ROW, "components": [field]}
