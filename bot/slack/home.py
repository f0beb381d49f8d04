"""The home tab: how somebody stands, and what they can change there. Pure.

https://docs.slack.dev/surfaces/app-home, https://docs.slack.dev/reference/views/home-tab-views
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.slack import pieces
from bot.slack.form import Origin, read_origin
from bot.slack.parse import Command, object_in, place_of, word_in
from bot.slack.pieces import Block, link, plain, rich, rich_list, said
from core.commands.command import PREFIX
from core.facts import title_of
from core.messages import Call, Sender, stable_id
from core.ports import Choice, Chosen, Destination, Linked, Overview

WRITE, TO, CLEAR, PROVIDER, TEMPLATE, RESET = (
    "home_write",
    "home_to",
    "home_clear",
    "home_provider",
    "home_template",
    "home_reset",
)
"""The ids of its buttons and lists."""

SAVE_ON, SAVE_OFF = "home_save_on", "home_save_off"
"""The button that has each text saved at once, or takes that back."""

CONNECT, CHECK = "home_notion", "home_notion_check"
"""Those about Notion, and what each amounts to: its answer is for the asker alone."""

_NOTION = {CONNECT: "notion", CHECK: "notion check"}

ANSWERED = "The answer comes under Messages, to you alone."

_SETTINGS = "settings"


@dataclass(frozen=True, slots=True)
class Change:
    """Something that was changed on the home tab: the call for it, and how it shows when done."""

    command: Command
    action: str
    value: str

    @property
    def notice(self) -> str:
        """What is told at once, where nothing on the tab changes by it."""
        return ANSWERED if self.action in _NOTION else ""

    def shows(self, overview: Overview) -> bool:
        """Whether it is in force."""
        if self.action == PROVIDER:
            return overview.provider == self.value
        if self.action == TEMPLATE:
            return overview.template == self.value
        if self.action == RESET:
            return overview.template is None and not overview.saves
        if self.action in (SAVE_ON, SAVE_OFF):
            return overview.saves is (self.action == SAVE_ON)
        own = overview.own
        if self.action == CLEAR:
            return own is None
        return own is not None and _bare(own.id) == _bare(self.value)


def build_home(
    overview: Overview,
    choices: Mapping[Chosen, Sequence[Choice]],
    origin: Origin,
    commands: Collection[str],
    notice: str = "",
) -> dict[str, Any]:
    """The whole tab. `commands` are those that there are; `notice` is about what was just done."""
    blocks = [
        *_top(notice),
        *_places(overview),
        *_notion(overview, commands),
        *_answers(overview, choices, commands),
        *_pages(overview),
        *_account(overview, commands),
    ]
    return _view(blocks, origin)


def build_bare_home(origin: Origin, notice: str) -> dict[str, Any]:
    """The tab where there is nothing to show but why, and what can be done all the same."""
    help_ = plain(f"{PREFIX} help lists what you can type in any channel.")
    return _view([*_top(notice), {"type": "section", "text": help_}], origin)


def read_change(fields: Mapping[str, Any], accepted_at: float) -> Change | None:
    """What was chosen on the tab; None where it is nothing that changes anything.

    https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
    """
    actions = fields.get("actions")
    pressed = actions[0] if isinstance(actions, list) and actions else None
    origin, person = read_origin(object_in(fields, "view")), object_in(fields, "user")
    user = word_in(person, "id")
    if not isinstance(pressed, dict) or not user:
        return None
    action = word_in(pressed, "action_id")
    value = word_in(object_in(pressed, "selected_option"), "value")
    call = _call(action, value)
    if call is None:
        return None
    team = origin.team or word_in(object_in(fields, "team"), "id") or word_in(person, "team_id")
    moment = word_in(fields, "trigger_id") or word_in(pressed, "action_ts")
    delivery = stable_id("slack", team, user, moment, action, value)
    command = Command(
        delivery=delivery,
        sender=Sender("slack", user, word_in(person, "username") or word_in(person, "name"), team),
        text=call,
        address={
            "delivery": str(delivery),
            "channel_id": origin.channel,
            "user_id": user,
            "team_id": team,
            "enterprise_id": origin.enterprise,
            "response_url": "",
            "accepted_at": f"{accepted_at:.6f}",
        },
        place=place_of(team, origin.channel),
    )
    return Change(command, action, value)


def _call(action: str, value: str) -> Call | None:
    if action == CLEAR:
        return Call("to", flags={"clear": True})
    if action == RESET:
        return Call(_SETTINGS, "reset")
    if action in (SAVE_ON, SAVE_OFF):
        return Call(_SETTINGS, "save on" if action == SAVE_ON else "save off")
    if action in _NOTION:
        return Call(_SETTINGS, _NOTION[action])
    if not value:
        return None
    if action == TO:
        return Call("to", value)
    if action in (PROVIDER, TEMPLATE):
        return Call(_SETTINGS, f"{action.removeprefix('home_')} {value}")
    return None


def _top(notice: str) -> list[Block]:
    told = [{"type": "context", "elements": [plain(notice)]}] if notice else []
    intro = "Prompts, messages and threads become Notion pages."
    return [
        _heading("Notion Assistant"),
        *told,
        {"type": "section", "text": plain(intro)},
        _actions(pieces.button(WRITE, "Write a page", primary=True)),
    ]


def _places(overview: Overview) -> list[Block]:
    own, channel, default = overview.own, overview.channel, overview.default
    if own is not None:
        where = rich(said("Your pages go to "), _place(own), said(": your own choice."))
    elif channel is not None:
        where = rich(
            said("Pages from these messages go to "), _place(channel), said(": chosen for them.")
        )
    elif overview.workspace is not None:
        shared = _place(overview.workspace)
        where = rich(said("Your pages go to "), shared, said(": this workspace's choice."))
    elif default is not None:
        where = rich(said("Your pages go to "), _place(default), said(": this server's default."))
    else:
        where = rich(said("Nothing is chosen, or Notion does not say. Choose a place below."))
    elements = [pieces.search(TO, "Choose another place")]
    if own is not None:
        elements.append(pieces.button(CLEAR, "Take my choice back"))
    return [_heading("Where your pages go"), where, _actions(*elements)]


def _notion(overview: Overview, commands: Collection[str]) -> list[Block]:
    parts = [part for each in overview.notion for part in _linked(each)]
    if not parts and overview.connects:
        parts = [said("You have not connected a Notion of your own. ")]
    if not parts or not any(not each.lost for each in overview.notion):
        parts.append(said("What you may reach is what this server's own connection sees, if any."))
    shown = [_heading("Notion"), rich(*parts)]
    if _SETTINGS not in commands:
        return shown
    elements = []
    if overview.connects:
        own = any(not each.shared for each in overview.notion)
        lost = any(each.lost for each in overview.notion)
        label = "Reconnect Notion" if own else "Connect your Notion"
        elements.append(pieces.button(CONNECT, label, primary=lost))
    return [*shown, _actions(*elements, pieces.button(CHECK, "Check Notion"))]


def _linked(each: Linked) -> Iterator[Block]:
    yield said("This workspace's connection: " if each.shared else "Your own connection: ")
    yield said(each.name or "Notion", bold=True)
    yield said(f", agreed to by {each.owner}. " if each.owner else ". ")
    if each.lost:
        yield said("Notion does not accept it any more: connect it again. ", bold=True)


def _answers(
    overview: Overview, choices: Mapping[Chosen, Sequence[Choice]], commands: Collection[str]
) -> list[Block]:
    shape = overview.template or "none"
    state = rich(
        said("AI provider: "),
        said(overview.provider or "none", bold=True),
        *((said(f", {overview.model}"),) if overview.model else ()),
        said(". Template: "),
        said(shape, bold=True),
        said(". Saved to Notion: "),
        said("at once" if overview.saves else "when you say so", bold=True),
        said("."),
    )
    if _SETTINGS not in commands:
        return [_heading("How answers are written"), state]
    elements = [
        element
        for element in (
            _list(PROVIDER, "AI provider", choices.get("provider", ()), overview.provider),
            _list(TEMPLATE, "Template", choices.get("template", ()), overview.template),
        )
        if element
    ]
    if overview.saves:
        elements.append(pieces.button(SAVE_OFF, "Do not save at once"))
    else:
        elements.append(pieces.button(SAVE_ON, "Save at once"))
    elements.append(pieces.button(RESET, "As the server does it"))
    return [_heading("How answers are written"), state, _actions(*elements)]


def _list(action: str, hint: str, choices: Sequence[Choice], chosen: str | None) -> Block | None:
    listed = pieces.options(choices)
    if not listed:
        return None
    return pieces.select(
        action, hint, listed, next((one for one in listed if one["value"] == chosen), None)
    )


def _pages(overview: Overview) -> list[Block]:
    shown = rich(said("None yet. What you save shows here."))
    if overview.pages:
        shown = rich_list([link(url, asked)] for asked, url in overview.pages)
    requests, tokens = overview.requests, overview.tokens
    spent = f"In the last 30 days: {_count(requests, 'request')}, {_count(tokens, 'token')}."
    return [_heading("Your last pages"), shown, rich(said(spent))]


def _account(overview: Overview, commands: Collection[str]) -> list[Block]:
    if overview.account is None:
        how = f" Type {PREFIX} link to join it with yours elsewhere." if "link" in commands else ""
        told = "Not linked to an account. Your history is that of Slack alone."
        return [_heading("Your account"), rich(said(told + how))]
    names = ", ".join(
        f"{title_of(platform)} {name}".strip() for platform, name in overview.identities
    )
    known = f". It knows you as {names}." if names else "."
    linked = rich(said("Linked to "), said(overview.account, bold=True), said(known))
    return [_heading("Your account"), linked]


def _place(place: Destination) -> Block:
    return link(place.url, place.title or "Untitled")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _heading(text: str) -> Block:
    return {"type": "header", "text": plain(text, 150)}


def _actions(*elements: Block) -> Block:
    return {"type": "actions", "elements": list(elements)}


def _bare(place: str) -> str:
    return place.replace("-", "").lower()


def _view(blocks: list[Block], origin: Origin) -> dict[str, Any]:
    # The blocks have no ids: with the same ones Slack would go on showing what was chosen there,
    # even where that was refused.
    return {"type": "home", "private_metadata": origin.written(), "blocks": blocks}
