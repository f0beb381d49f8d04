"""`/notion settings notion`: connecting a Notion of one's own, and taking it away again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from core.actions import about_notion
from core.commands.command import Command
from core.errors import InvalidInput
from core.messages import Answer, Call
from core.notion.examining import Finding

if TYPE_CHECKING:
    from core.commands.context import Context

HOW = (
    "`/notion settings notion check` looks whether it works, `… disconnect` takes yours away.",
    "Whoever manages this workspace connects Notion for everybody: "
    "`/notion settings notion workspace`",
)
SIGNS = {True: "✅", False: "❌", None: "➖"}
_ONCE = "The link works once, within ten minutes. Show it to nobody."


async def settings(context: Context, words: str) -> Answer:
    """What `/notion settings notion …` asks for."""
    asked = words.lower().split()
    if not asked or asked == ["connect"]:
        return await _shown(context)
    if asked == ["workspace"] or asked == ["workspace", "connect"]:
        return await _link(context, shared=True)
    if asked == ["check"]:
        return await _checked(context)
    if asked in (["disconnect"], ["workspace", "disconnect"]):
        return await _leave(context, shared=len(asked) == 2)
    raise InvalidInput(
        f"There is no “notion {words.strip()[:64]}”. There is: `/notion settings notion`, "
        "`… notion check`, `… notion disconnect`, `… notion workspace`, "
        "`… notion workspace disconnect`"
    )


async def _shown(context: Context) -> Answer:
    """How the asker is connected, and the link that connects them."""
    standing = await context.connector.standing(context.user_id, context.request)
    lines = ["**Notion**", "", *(f"- {line}" for line in lines_of(standing))]
    if not context.connector.on:
        buttons = about_notion(context.request.id, connected=False)
        return Answer("\n".join(lines), private=True, actions=buttons)
    url = await _offered(context, shared=False)
    again = any(not each.shared for each in standing)
    words = "Connect it again, or choose its pages anew" if again else "Connect your own Notion"
    text = "\n".join([*lines, "", f"{words}: {url}"])
    buttons = about_notion(context.request.id, connected=again)
    return Answer(text, (_ONCE, *HOW), private=True, actions=buttons)


async def _link(context: Context, *, shared: bool) -> Answer:
    url = await _offered(context, shared=shared)
    return Answer(
        "Open this link to connect Notion for everybody in this workspace who has not connected "
        f"their own. They will see and save to the pages that you pick there.\n\n{url}",
        (_ONCE, "`/notion settings notion workspace disconnect` takes it away again."),
        private=True,
    )


async def _offered(context: Context, *, shared: bool) -> str:
    """The link. It is in no step's result, so the work engine keeps none."""
    urls: list[str] = []

    async def offer() -> None:
        urls.append(await context.connector.offer(context.request, shared=shared))

    await context.step("offer", offer)
    if not urls:
        # The step was run before a crash; making the same link again changes nothing.
        await offer()
    return urls[0]


async def _checked(context: Context) -> Answer:
    """What the connection sees and may do, a line each."""
    standing = await context.connector.standing(context.user_id, context.request)

    async def check() -> list[dict[str, Any]]:
        asked = context.request
        report = await context.connector.check(context.user_id, asked.channel, asked.workspace)
        return [asdict(each) for each in report.findings]

    found = await context.step("check", check)
    looked = [Finding(**each) for each in found]
    lines = [f"- {SIGNS[each.ok]} **{each.name}**: {each.text}" for each in looked]
    good = all(each.ok is not False for each in looked)
    said = "**Notion works.**" if good else "**Something is to be done.**"
    return Answer("\n".join([f"{said} {next(lines_of(standing))}", "", *lines]), private=True)


async def _leave(context: Context, *, shared: bool) -> Answer:
    leave = partial(context.connector.leave, context.user_id, context.request, shared=shared)
    return Answer(await context.step("disconnect", leave), private=True)


class Linked(Protocol):
    """A connection, as it is told of."""

    @property
    def shared(self) -> bool: ...
    @property
    def name(self) -> str: ...
    @property
    def owner(self) -> str: ...
    @property
    def lost(self) -> bool: ...


def lines_of(standing: Sequence[Linked]) -> Iterator[str]:
    """How somebody is connected, a line each. Pure."""
    for each in standing:
        whose = "This workspace's" if each.shared else "Your own"
        name = f" “{each.name}”" if each.name else ""
        by = f", agreed to by {each.owner}" if each.owner else ""
        lost = "; **not accepted by Notion any more, connect it again**" if each.lost else ""
        yield f"{whose} connection: Notion{name}{by}{lost}"
    if not standing:
        yield "No connection of your own or of this workspace; the server's is used, if it has one"


async def tell(context: Context, call: Call) -> Answer:  # noqa: ARG001 - all is in the call
    """Says in chat what was connected in the browser, and how to undo it."""
    name = f" “{call.value('name')}”" if call.value("name") else ""
    by = f", agreed to by {call.value('owner')}" if call.value("owner") else ""
    shared = call.has("shared")
    whose = "for everybody in this workspace" if shared else "for you"
    undo = "workspace disconnect" if shared else "disconnect"
    return Answer(
        f"Notion{name} is connected {whose}{by}. What you save, search and ask goes there first "
        "from now on.",
        (
            f"If this was not you: `/notion settings notion {undo}`, at once.",
            "`/notion to` says where pages go and chooses.",
        ),
        private=True,
    )


CONNECTED = Command(
    name="notion-connected",
    summary="Tell somebody that Notion was connected.",
    run=tell,
    private=True,
    listed=False,
)


async def press(context: Context, call: Call) -> Answer:
    """What a button under the settings asks for."""
    return await settings(context, call.value("how") or "")


BUTTON = Command(
    name="notion",
    summary="Check or take away a connection to Notion.",
    run=press,
    private=True,
    listed=False,
)
