"""`/notion to`: where the pages of a person, or of a channel, go."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from core.commands.command import Argument, Command, Flag
from core.commands.context import Context
from core.commands.words import place
from core.errors import AssistantError, InvalidInput
from core.messages import Answer, Call
from core.ports import Destination
from core.storage.destinations import Choices, Holder

_PAIRS = ('""', "''", "“”", "‘’")
_HOW = (
    "`/notion to Team notes` chooses for you, `--channel` for everybody here; "
    "`--clear` takes a choice back.",
)


async def run(context: Context, call: Call) -> Answer:
    """Shows what is in force and why, keeps a choice, or takes one back."""
    wanted = _unquoted(call.text)
    if wanted and call.has("clear"):
        raise InvalidInput("`--clear` takes no destination: name one, or clear the one there is.")
    holder = _holder(context, call)
    if wanted:
        return Answer(await _choose(context, holder, wanted), private=True)
    if call.has("clear"):
        return Answer(await _clear(context, holder), private=True)
    return Answer(await _in_force(context), _HOW, private=True)


def _unquoted(text: str) -> str:
    """The text without the quotes around it, which `--to` wants and this does not."""
    quoted = len(text) > 1 and text[0] + text[-1] in _PAIRS
    return (text[1:-1] if quoted else text).strip()


def _holder(context: Context, call: Call) -> Holder:
    if not call.has("channel"):
        return context.user_id
    if context.request.channel is None:
        raise InvalidInput("There is no channel here. Without `--channel` you choose for yourself.")
    return context.request.channel


async def _choose(context: Context, holder: Holder, wanted: str) -> str:
    async def choose() -> dict[str, Any]:
        return asdict(await context.places.choose(holder, wanted))

    chosen = place(Destination(**await context.step("choose", choose)))
    if holder == context.user_id:
        return f"From now on your pages go to {chosen}."
    said = f"From now on pages from this channel go to {chosen}."
    own = (await _choices(context)).person
    return said if own is None else f"{said} Yours still go to {place(own)}, your own choice."


async def _clear(context: Context, holder: Holder) -> str:
    async def clear() -> dict[str, Any] | None:
        cleared = await context.places.clear(holder)
        return None if cleared is None else asdict(cleared)

    cleared = await context.step("clear", clear)
    whose = "you" if holder == context.user_id else "this channel"
    if cleared is None:
        said = f"Nothing was chosen for {whose}."
    else:
        said = f"{place(Destination(**cleared))} is no longer chosen for {whose}."
    try:
        return f"{said} {await _in_force(context)}"
    except AssistantError as error:
        # The choice is gone all the same, so this is no failure.
        return f"{said} Now nothing is chosen. {error.message}"


async def _in_force(context: Context) -> str:
    choices = await _choices(context)
    if choices.person is None:
        return await _in_force_for_all(context, choices.channel)
    said = f"Your pages go to {place(choices.person)}: your own choice."
    if choices.channel is None:
        return said
    return (
        f"{said} Those of people here who chose nothing go to {place(choices.channel)}: "
        "this channel's choice."
    )


async def _in_force_for_all(context: Context, channel: Destination | None) -> str:
    if channel is not None:
        return f"Your pages from here go to {place(channel)}: this channel's choice."

    async def default() -> dict[str, Any]:
        return asdict(await context.places.default())

    found = Destination(**await context.step("default", default))
    return f"Your pages go to {place(found)}: this server's default."


async def _choices(context: Context) -> Choices:
    return await context.places.chosen(context.user_id, context.request.channel)


COMMAND = Command(
    name="to",
    summary="Show or choose where your pages go.",
    run=run,
    argument=Argument("destination", required=False, example="Team notes", choose="destination"),
    flags=(
        Flag("channel", "Choose for everybody in this channel who chose nothing."),
        Flag("clear", "Take the choice back."),
    ),
    private=True,
)
