"""`/notion settings`: how somebody stands, and what they choose for themselves."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from core.commands.announce import settings as announce_settings
from core.commands.command import Argument, Command, Way
from core.commands.context import Context
from core.commands.notion import lines_of
from core.commands.notion import settings as notion_settings
from core.commands.words import place
from core.errors import InvalidInput
from core.messages import Answer, Call
from core.ports import Overview
from core.preferences import NAMES, checked
from core.templates import TEMPLATES

DEFAULT = "default"
"""Takes one choice back."""

_ALL = (*NAMES, "notion", "announce", "reset")
_HOW = (
    "Change them: `/notion settings provider NAME`, `/notion settings template NAME`, "
    "`/notion to DESTINATION`; `/notion settings reset` takes provider and template back.",
)


async def run(context: Context, call: Call) -> Answer:
    """Shows everything, keeps one choice, or takes choices back."""
    what, _, value = call.text.strip().partition(" ")
    value = value.strip().strip("\"'“”‘’`").strip()
    if not what:
        return await _shown(context)
    what = what.lower()
    if what == "reset" and not value:
        return await _reset(context)
    if what == "notion":
        return await notion_settings(context, value)
    if what == "announce":
        return await announce_settings(context, value)
    if what not in NAMES:
        raise InvalidInput(_unknown(what))
    known = context.preferences.providers if what == "provider" else tuple(TEMPLATES)
    if not value:
        raise InvalidInput(
            f"Which {what}? There is: {', '.join(known)}. For example: "
            f"`/notion settings {what} {known[0]}`"
        )
    if value.lower() in (DEFAULT, "none"):
        return await _back(context, what)
    chosen = checked(what, value, context.preferences.providers)
    await _choose(context, {what: chosen})
    return Answer(
        _said(what, chosen), (f"`/notion settings {what} {DEFAULT}` undoes it.",), private=True
    )


def _said(what: str, chosen: str) -> str:
    if what == "provider":
        return (
            f"From now on you are answered by {chosen} first; where it fails, the next one answers."
        )
    return (
        f"From now on what you generate has the shape {chosen}, where `--template` says nothing "
        "else; `--template none` leaves it out."
    )


async def _reset(context: Context) -> Answer:
    await _choose(context, dict.fromkeys(NAMES))
    return Answer(
        "Your provider and template are the server's again. Where your pages go stays as it is: "
        "`/notion to --clear` takes that back.",
        private=True,
    )


async def _back(context: Context, what: str) -> Answer:
    await _choose(context, {what: None})
    said = "the server's order" if what == "provider" else "none"
    return Answer(f"Your {what} is {said} again.", private=True)


async def _choose(context: Context, chosen: dict[str, str | None]) -> None:
    await context.step("choose", lambda: context.preferences.choose(context.user_id, chosen))


def _unknown(what: str) -> str:
    near = get_close_matches(what, _ALL, n=1)
    there = f"There are: {', '.join(_ALL)}. `/notion help settings` says what each does."
    hint = f"Did you mean `/notion settings {near[0]}`?" if near else there
    return f"There is no setting “{what[:64]}”. {hint}"


async def _shown(context: Context) -> Answer:
    request = context.request
    found = await context.preferences.overview(request.sender, request.channel, request.workspace)
    chosen = await context.preferences.chosen(context.user_id)
    account = await context.links.account(context.user_id)
    lines = ["**Your settings**", "", *_lines(found, account, own_provider=chosen.provider)]
    if context.connector.on:
        standing = await context.connector.standing(context.user_id, request)
        lines += [f"- {line}. `/notion settings notion` changes it." for line in lines_of(standing)]
    notes = (chosen.note, *_HOW) if chosen.note else _HOW
    return Answer("\n".join(lines), notes, private=True)


def _lines(found: Overview, account: str | None, *, own_provider: str | None) -> Iterator[str]:
    names = ", ".join(f"{name or 'you'} ({platform})" for platform, name in found.identities)
    if account is None:
        yield "- Account: none. `/notion link` makes one history of all your chats."
    else:
        yield f"- Account: {account}"
    yield f"- Known as: {names}"
    yield f"- Your pages go to: {_destination(found)}"
    whose = "your own choice" if own_provider else "this server's choice"
    yield f"- Provider: {found.provider} ({whose})"
    yield f"- Template: {found.template or 'none'}"
    yield (
        f"- Last 30 days: {found.requests:,} request{'' if found.requests == 1 else 's'}, "
        f"{found.tokens:,} tokens. `/notion usage` says more."
    )


def _destination(found: Overview) -> str:
    if found.own is not None:
        return f"{place(found.own)}: your own choice"
    if found.channel is not None:
        return f"{place(found.channel)}: this channel's choice"
    if found.workspace is not None:
        return f"{place(found.workspace)}: this workspace's choice"
    if found.default is not None:
        return f"{place(found.default)}: this server's default"
    return "nowhere yet; `/notion to` says why"


COMMAND = Command(
    name="settings",
    summary="Show how you stand; choose your provider or template.",
    run=run,
    argument=Argument("choice", required=False, example="template retro"),
    private=True,
    ways=(
        Way("", "How you stand: account, where your pages go, provider, template, usage."),
        Way("provider NAME", "Who answers you first.", "provider"),
        Way(
            "template NAME",
            f"The shape of what you generate: {', '.join(TEMPLATES)}; none for no shape.",
        ),
        Way("reset", "Provider and template are the server's again."),
        Way(
            "notion",
            "How you are connected to Notion, and the link that connects your own. Behind it may "
            "stand check, disconnect, workspace, or workspace disconnect.",
        ),
        Way(
            "announce on",
            "Edits of and comments on pages from this channel are told here; off ends that.",
        ),
    ),
)
