"""`/notion to`: where the pages of a person, a channel or a workspace go, and what emoji do."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Any

from core.commands.command import Argument, Command, Flag, Way
from core.commands.context import Context
from core.commands.saving import SET, TEMPLATE, given
from core.commands.words import place
from core.emoji import MARKS, MEMO, emoji_of
from core.errors import AssistantError, Forbidden, InvalidInput
from core.messages import Answer, Call, Channel, Workspace
from core.notion.templates import chosen
from core.ports import Destination, Route
from core.storage.destinations import Choices, Holder

DEFAULT = "default"
"""Takes a choice back, as `--clear` does."""

_PAIRS = ('""', "''", "“”", "‘’")
_HOW = (
    "`/notion to Team notes` chooses for you, `--channel` for everybody here, `--workspace` for "
    "the whole workspace; `--clear` takes a choice back.",
    "`/notion to :bug: Bugs` has an emoji on a message here save it there.",
)
_OWN = "Without `--{}` you choose for yourself."


async def run(context: Context, call: Call) -> Answer:
    """Shows what is in force and why, keeps a choice, or takes one back."""
    first, _, rest = call.text.partition(" ")
    emoji = emoji_of(first)
    if emoji is not None:
        return Answer(await _emoji(context, call, emoji, _unquoted(rest)), private=True)
    if call.has(SET.name) or call.has(TEMPLATE.name):
        raise InvalidInput(
            "`--set` and `--template` go with an emoji: `/notion to :bug: Bugs --set Team=Core`."
        )
    wanted, clear = _unquoted(call.text), call.has("clear")
    if call.text.casefold() == DEFAULT:
        wanted, clear = "", True
    if wanted and clear:
        raise InvalidInput("`--clear` takes no destination: name one, or clear the one there is.")
    holder = _holder(context, call)
    if isinstance(holder, Workspace) and (wanted or clear):
        await context.step("admin", partial(_may, context))
    if wanted:
        return Answer(await _choose(context, holder, wanted), private=True)
    if clear:
        return Answer(await _clear(context, holder), private=True)
    how = _HOW if context.conversation.takes_emoji else _HOW[:1]
    return Answer(await _shown(context), how, private=True)


def _unquoted(text: str) -> str:
    """The text without the quotes around it, which `--to` wants and this does not."""
    text = text.strip()
    quoted = len(text) > 1 and text[0] + text[-1] in _PAIRS
    return (text[1:-1] if quoted else text).strip()


def _holder(context: Context, call: Call) -> Holder:
    named = [name for name in ("me", "channel", "workspace") if call.has(name)]
    if len(named) > 1:
        raise InvalidInput(f"Choose for one of them: {' or '.join(f'`--{one}`' for one in named)}.")
    if named == ["workspace"]:
        if context.request.workspace is None:
            raise InvalidInput(f"There is no workspace here. {_OWN.format('workspace')}")
        return context.request.workspace
    if named != ["channel"]:
        return context.user_id
    return _channel(context)


def _channel(context: Context) -> Channel:
    if context.request.channel is None:
        raise InvalidInput(f"There is no channel here. {_OWN.format('channel')}")
    return context.request.channel


async def _may(context: Context) -> None:
    if not await context.conversation.governs():
        raise Forbidden(
            "Only an admin of the workspace chooses for all of it. Ask one, or choose for this "
            "channel with `--channel`."
        )


async def _choose(context: Context, holder: Holder, wanted: str) -> str:
    async def choose() -> dict[str, Any]:
        return asdict(await context.places.choose(holder, wanted))

    chosen = place(Destination(**await context.step("choose", choose)))
    if holder == context.user_id:
        return f"From now on your pages go to {chosen}."
    what = "workspace" if isinstance(holder, Workspace) else "channel"
    said = f"From now on pages from this {what} go to {chosen}."
    choices = await _choices(context)
    if choices.person is not None:
        return f"{said} Yours still go to {place(choices.person)}, your own choice."
    if what == "workspace" and choices.channel is not None:
        return f"{said} Those from here still go to {place(choices.channel)}, the channel's choice."
    return said


async def _clear(context: Context, holder: Holder) -> str:
    async def clear() -> dict[str, Any] | None:
        cleared = await context.places.clear(holder)
        return None if cleared is None else asdict(cleared)

    cleared = await context.step("clear", clear)
    whose = "you"
    if isinstance(holder, Channel | Workspace):
        whose = "this channel" if isinstance(holder, Channel) else "this workspace"
    if cleared is None:
        said = f"Nothing was chosen for {whose}."
    else:
        said = f"{place(Destination(**cleared))} is no longer chosen for {whose}."
    try:
        return f"{said} {await _in_force(context)}"
    except AssistantError as error:
        # The choice is gone all the same, so this is no failure.
        return f"{said} Now nothing is chosen. {error.message}"


# ── What is in force ─────────────────────────────────────────────────────────────────────────────


async def _shown(context: Context) -> str:
    channel = context.request.channel
    routes = await context.places.routes(channel) if channel is not None else []
    try:
        said = await _in_force(context)
    except AssistantError as error:
        if not routes:
            raise
        said = error.message
    if not routes:
        return said
    lines = [f"- {route.shown} saves to {_route(route)}" for route in routes]
    return "\n".join([said, "", "**Emoji in this channel**", "", *lines])


async def _in_force(context: Context) -> str:
    choices = await _choices(context)
    if choices.person is None:
        return await _in_force_for_all(context, choices)
    said = f"Your pages go to {place(choices.person)}: your own choice."
    if choices.channel is not None:
        return (
            f"{said} Those of people here who chose nothing go to {place(choices.channel)}: "
            "this channel's choice."
        )
    if choices.workspace is not None:
        return (
            f"{said} Those of people here who chose nothing go to {place(choices.workspace)}: "
            "this workspace's choice."
        )
    return said


async def _in_force_for_all(context: Context, choices: Choices) -> str:
    if choices.channel is not None:
        return f"Your pages from here go to {place(choices.channel)}: this channel's choice."
    if choices.workspace is not None:
        return f"Your pages go to {place(choices.workspace)}: this workspace's choice."

    async def default() -> dict[str, Any]:
        return asdict(await context.places.default())

    found = Destination(**await context.step("default", default))
    return f"Your pages go to {place(found)}: this server's default."


async def _choices(context: Context) -> Choices:
    request = context.request
    return await context.places.chosen(context.user_id, request.channel, request.workspace)


# ── Emoji ────────────────────────────────────────────────────────────────────────────────────────


async def _emoji(context: Context, call: Call, emoji: tuple[str, str], wanted: str) -> str:
    """Keeps what an emoji does in this channel, takes it back, or says it."""
    key, shown = emoji
    if not context.conversation.takes_emoji:
        raise InvalidInput(
            f"Nobody can put {shown} on a message here. Type this in the channel in Slack or "
            "Discord where it is to save messages; for your own pages, `/notion to DESTINATION`."
        )
    channel = _channel(context)
    if key == MEMO:
        raise InvalidInput(
            f"{MEMO} saves everywhere, to where `/notion to` says. Choose another emoji."
        )
    if key in MARKS:
        raise InvalidInput(f"{shown} shows how far a save has come. Choose another emoji.")
    if call.has("me") or call.has("workspace"):
        raise InvalidInput("An emoji is chosen for a channel: leave `--me` and `--workspace` out.")
    if call.has("clear") or wanted.casefold() == DEFAULT:
        gone = await context.step("clear", lambda: context.places.unroute(channel, key))
        return f"{shown} saves nothing here any more." if gone else f"{shown} saved nothing here."
    if not wanted:
        known = [each for each in await context.places.routes(channel) if each.emoji == key]
        if not known:
            return f"{shown} saves nothing here. `/notion to {shown} Bugs` has it save to Bugs."
        return f"{shown} saves to {_route(known[0])}."
    pairs, template = given(call.value(SET.name)), call.value(TEMPLATE.name) or ""

    async def keep() -> list[Any]:
        found = await context.places.shared(wanted)
        told = await _checked(context, found, pairs, template)
        await context.places.route(channel, Route(key, shown, found, template, pairs))
        return [asdict(found), told]

    kept, told = await context.step("choose", keep)
    route = Route(key, shown, Destination(**kept), template, pairs)
    notes = "".join(f" {each}" for each in told)
    return f"From now on {shown} on a message here saves it to {_route(route)}.{notes}"


async def _checked(
    context: Context, found: Destination, pairs: tuple[tuple[str, str], ...], template: str
) -> list[str]:
    """What to say of properties that are not there. Raises InvalidInput for a template."""
    if found.kind != "data_source":
        if template or pairs:
            raise InvalidInput(
                f"{place(found)} has neither properties nor templates: only a data source has."
            )
        return []
    if template:
        chosen(await context.places.templates(found), template)
    return list(await context.places.unfit(found, pairs))


def _route(route: Route) -> str:
    said = [place(route.place)]
    if route.template:
        said.append(f"with the template “{route.template}”")
    if route.given:
        said.append("with " + ", ".join(f"{name} = {value}" for name, value in route.given))
    return ", ".join(said)


COMMAND = Command(
    name="to",
    summary="Show or choose where your pages go.",
    run=run,
    argument=Argument("destination", required=False, example="Team notes", choose="destination"),
    flags=(
        Flag("me", "Choose for yourself, as without any of these."),
        Flag("channel", "Choose for everybody in this channel who chose nothing."),
        Flag("workspace", "Choose for the whole workspace, where nobody else chose. For admins."),
        Flag("clear", "Take the choice back."),
        TEMPLATE,
        SET,
    ),
    private=True,
    reads=True,
    ways=(
        Way("", "Where your pages go now, and why; what each emoji does in this channel."),
        Way("DESTINATION", "Choose a page or data source: its title, address or id."),
        Way("default", "Take the choice back, as `--clear` does."),
        Way(":emoji: DESTINATION", "This emoji on a message in this channel saves it there."),
        Way(":emoji: default", "It saves nothing here any more."),
    ),
)
