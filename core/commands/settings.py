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
from core.facts import title_of
from core.messages import Answer, Call
from core.ports import Overview
from core.preferences import NAMES, Preferred, checked
from core.templates import TEMPLATES

DEFAULT = "default"
"""Takes one choice back."""

_ALL = (*NAMES, "notion", "announce", "reset")
_HOW = (
    "Change them: `/notion settings provider NAME`, `… model NAME`, `… template NAME`, "
    "`… save on`, `/notion to DESTINATION`; `/notion settings reset` takes all but the last back.",
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
    providers = context.preferences.providers
    if not value:
        raise InvalidInput(_which(context, what))
    if value.lower() in (DEFAULT, "none") or checked(what, value, providers) is None:
        return await _back(context, what)
    await _choose(context, {what: value})
    said = _said(what, await context.preferences.chosen(context.user_id))
    back = "off" if what == "save" else DEFAULT
    return Answer(said, (f"`/notion settings {what} {back}` undoes it.",), private=True)


def _which(context: Context, what: str) -> str:
    """What to type where no value was."""
    if what == "save":
        return "Save at once, or not? `/notion settings save on`, or `/notion settings save off`."
    if what == "model":
        return (
            "Which model? Its name as the provider writes it: `/notion settings model gpt-6.2-sol`"
        )
    known = context.preferences.providers if what == "provider" else tuple(TEMPLATES)
    return (
        f"Which {what}? There is: {', '.join(known)}. For example: "
        f"`/notion settings {what} {known[0]}`"
    )


def _said(what: str, chosen: Preferred) -> str:
    if what == "provider":
        return (
            f"From now on you are answered by {chosen.provider} first; where it fails, the next "
            "one answers."
        )
    if what == "model":
        return (
            f"From now on you are answered by {chosen.model} of {chosen.provider} first; where it "
            "fails, the next one answers. `--model` and `--provider` go before it, and choosing "
            "another provider takes it back."
        )
    if what == "save":
        return (
            "From now on each text you generate is saved to your place in Notion at once. "
            "`--no-save` leaves one out, and `--private` too, unless you add `--save`."
        )
    return (
        f"From now on what you generate has the shape {chosen.template}, where `--template` says "
        "nothing else; `--template none` leaves it out."
    )


async def _reset(context: Context) -> Answer:
    await _choose(context, dict.fromkeys(NAMES))
    return Answer(
        "Your provider, model and template are the server's again, and you save when you say so. "
        "Where your pages go stays as it is: `/notion to --clear` takes that back.",
        private=True,
    )


async def _back(context: Context, what: str) -> Answer:
    await _choose(context, {what: None})
    if what == "save":
        return Answer(
            "From now on a text is saved when you say so, by `--save` or the button.", private=True
        )
    said = {"provider": "the server's order", "model": "the provider's own"}.get(what, "none")
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
    lines = ["**Your settings**", "", *_lines(found, account, chosen)]
    if context.connector.on:
        standing = await context.connector.standing(context.user_id, request)
        lines += [f"- {line}. `/notion settings notion` changes it." for line in lines_of(standing)]
    notes = (chosen.note, *_HOW) if chosen.note else _HOW
    return Answer("\n".join(lines), notes, private=True)


def _lines(found: Overview, account: str | None, chosen: Preferred) -> Iterator[str]:
    names = ", ".join(
        f"{name or 'you'} ({title_of(platform)})" for platform, name in found.identities
    )
    if account is None:
        yield "- Account: none. `/notion link` makes one history of all your chats."
    else:
        yield f"- Account: {account}"
    yield f"- Known as: {names}"
    yield f"- Your pages go to: {_destination(found)}"
    whose = "your own choice" if chosen.provider else "this server's choice"
    yield f"- Provider: {found.provider} ({whose})"
    whose = "your own choice" if chosen.model else "the provider's own"
    yield f"- Model: {found.model} ({whose})"
    yield f"- Template: {found.template or 'none'}"
    yield f"- Texts are saved to Notion: {'at once' if found.saves else 'when you say so'}"
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
    summary="Show how you stand; choose provider, model, template, and saving at once.",
    run=run,
    argument=Argument("choice", required=False, example="template retro"),
    private=True,
    reads=True,
    ways=(
        Way("", "How you stand: account, where your pages go, provider, template, usage."),
        Way("provider NAME", "Who answers you first.", "provider"),
        Way(
            "template NAME",
            f"The shape of what you generate: {', '.join(TEMPLATES)}; none for no shape.",
        ),
        Way("model NAME", "Which model of that provider, by the name it goes by there."),
        Way("save on", "What you generate is saved to Notion at once; off ends that."),
        Way("reset", "Takes these four back."),
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
