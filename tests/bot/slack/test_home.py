"""The home tab: what it says of somebody, what they change there, and how often it is shown."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from bot.slack.extras import Extras
from bot.slack.form import Origin
from bot.slack.home import build_bare_home, build_home
from bot.slack.homes import Homes
from bot.slack.parse import Command
from bot.slack.teams import Teams
from core.commands.registry import COMMANDS
from core.config import Settings
from core.errors import Unavailable
from core.messages import Answer, Call
from core.ports import Destination, Linked, Overview
from sandbox.slack.server import SlackServer
from sandbox.slack.view_rules import check_view
from sandbox.traffic import Answer as Reaction
from tests.bot.slack.front import BOT_TOKEN, NOTES, PLANS, SECRET, Core, Front, fronted

HERE = Origin("T1", "", "D1")
CHOICES = Core().choices
EVERYTHING = {*COMMANDS, "settings", "link"}
BUSY = Overview(
    account="ada",
    identities=(("slack", "ada"), ("discord", "ada#1")),
    own=PLANS,
    default=NOTES,
    provider="anthropic",
    template="retro",
    pages=tuple((f"page {n}", f"https://notion.so/{n}") for n in range(5)),
    requests=1,
    tokens=12_345,
)


@pytest.fixture
async def front() -> AsyncIterator[Front]:
    async with fronted() as made:
        yield made


def read(view: dict[str, Any]) -> str:
    """What the person reads, a line for each block."""
    return "\n".join(_words(block) for block in view["blocks"])


def _words(piece: Any) -> str:
    if isinstance(piece, list):
        return " ".join(filter(None, map(_words, piece)))
    if not isinstance(piece, dict):
        return ""
    if isinstance(piece.get("text"), str):
        return f"{piece['text']} ({piece['url']})" if "url" in piece else piece["text"]
    shown = (piece.get("initial_option") or piece.get("placeholder"), piece.get("text"))
    return _words([*shown, piece.get("elements")])


def controls(view: dict[str, Any]) -> list[str]:
    rows = [block["elements"] for block in view["blocks"] if block["type"] == "actions"]
    return [element["action_id"] for row in rows for element in row]


def test_the_tab_says_how_somebody_stands() -> None:
    view = build_home(BUSY, CHOICES, HERE, EVERYTHING)
    check_view(view, "home")
    told = read(view)
    for words in (
        "Your pages go to  Plans (https://notion.so/p) : your own choice.",
        "AI provider:  anthropic . Template:  retro .",
        "page 0 (https://notion.so/0) page 1 (https://notion.so/1)",
        "In the last 30 days: 1 request, 12,345 tokens.",
        "Linked to  ada . It knows you as Slack ada, Discord ada#1.",
    ):
        assert words in told
    assert controls(view) == [
        "home_write",
        "home_to",
        "home_clear",
        "home_notion_check",
        "home_provider",
        "home_template",
        "home_save_on",
        "home_reset",
    ]


def test_somebody_new_reads_what_there_is_to_do() -> None:
    view = build_home(Overview(provider="openai", default=NOTES), CHOICES, HERE, EVERYTHING)
    check_view(view, "home")
    told = read(view)
    for words in (
        "Write a page",
        "Your pages go to  Notes (https://notion.so/n) : this server's default.",
        "None yet. What you save shows here.",
        "0 requests, 0 tokens",
        "Type /notion link to join it",
    ):
        assert words in told
    assert "home_clear" not in controls(view)


def test_how_notion_is_connected_and_what_can_be_done_about_it() -> None:
    own, shared = Linked(False, "Acme", "Robin"), Linked(True, "Team", "")
    for standing, words, label in (
        (Overview(connects=True), "You have not connected a Notion of your own.", "Connect your"),
        (
            Overview(connects=True, notion=(own, shared)),
            "Your own connection:  Acme , agreed to by Robin.  This workspace's connection:  Team",
            "Reconnect Notion",
        ),
        (
            Overview(connects=True, notion=(replace(own, lost=True),)),
            "Notion does not accept it any more: connect it again.",
            "Reconnect Notion",
        ),
        (Overview(), "this server's own connection sees", ""),
    ):
        view = build_home(standing, CHOICES, HERE, EVERYTHING)
        check_view(view, "home")
        assert words in read(view)
        assert label in read(view)
        assert ("home_notion" in controls(view)) == standing.connects
        assert "home_notion_check" in controls(view)


@pytest.mark.parametrize(
    ("action", "call"),
    [
        ("home_notion", Call("settings", "notion")),
        ("home_notion_check", Call("settings", "notion check")),
    ],
)
async def test_connecting_notion_answers_the_person_alone_and_the_tab_says_where(
    front: Front, action: str, call: Call
) -> None:
    front.core.standing = Overview(connects=True)
    await front.slack.surfaces.open_app()
    [view] = await front.slack.wait_for(front.slack.surfaces.homes)
    await front.slack.surfaces.use(view, action)
    [request] = front.core.requests
    assert request.call == call
    assert request.address["private"] == "yes"
    direct = front.slack.space.open_im(front.slack.user.id)
    assert request.address["channel_id"] == direct.id
    homes = front.slack.surfaces.homes
    await front.slack.wait_for(lambda: "comes under Messages" in read(homes()[-1]))


def test_a_channels_choice_and_no_choice_are_told_apart() -> None:
    for standing, words in (
        (Overview(channel=PLANS, default=NOTES), "Plans (https://notion.so/p) : chosen for them."),
        (Overview(), "Nothing is chosen, or Notion does not say."),
    ):
        assert words in read(build_home(standing, {}, HERE, EVERYTHING))


def test_what_this_server_cannot_do_is_not_offered() -> None:
    view = build_home(BUSY, CHOICES, HERE, {"to", "generate"})
    assert controls(view) == ["home_write", "home_to", "home_clear"]
    bare = read(build_home(Overview(provider="openai"), CHOICES, HERE, {"to", "generate"}))
    assert "/notion link" not in bare
    assert "openai" in bare


def test_nothing_that_people_wrote_is_read_as_markup() -> None:
    nasty = "<!channel> <@U1> *bold* <https://evil.example|click>\n`x`" + "y" * 5_000
    place = Destination("1", "page", nasty, "javascript:alert(1)")
    standing = replace(
        BUSY,
        account=nasty,
        identities=(("slack", nasty),),
        own=place,
        provider=nasty,
        template=nasty,
        pages=((nasty, "https://notion.so/" + "z" * 4_000), ("", "https://notion.so/ok")),
    )
    view = build_home(standing, CHOICES, HERE, EVERYTHING, notice=nasty)
    check_view(view, "home")
    assert '"mrkdwn"' not in json.dumps(view)
    assert "javascript:" not in json.dumps(view)
    assert '"url": "https://notion.so/zzz' not in json.dumps(view)


def test_the_bare_tab_says_why_and_lets_people_write() -> None:
    view = build_bare_home(HERE, "That cannot be read just now.")
    check_view(view, "home")
    assert "That cannot be read just now." in read(view)
    assert controls(view) == ["home_write"]


async def test_opening_the_tab_shows_it(front: Front) -> None:
    front.core.standing = BUSY
    delivery = await front.slack.surfaces.open_app()
    assert delivery.status == 200
    [view] = await front.slack.wait_for(front.slack.surfaces.homes)
    assert "Plans (https://notion.so/p)" in read(view)
    [(sender, channel)] = front.core.asked
    assert (sender.id, sender.workspace) == (front.slack.user.id, front.slack.space.team_id)
    direct = front.slack.space.open_im(front.slack.user.id)
    assert channel is not None
    assert channel.place == f"{front.slack.space.team_id}:{direct.id}"


async def test_writing_a_page_from_the_tab_answers_in_the_messages(front: Front) -> None:
    await front.slack.surfaces.open_app()
    [view] = await front.slack.wait_for(front.slack.surfaces.homes)
    await front.slack.surfaces.use(view, "home_write")
    [form] = front.slack.surfaces.forms
    await front.slack.surfaces.submit(form, prompt="a plan")
    [request] = front.core.requests
    direct = front.slack.space.open_im(front.slack.user.id)
    assert request.address["channel_id"] == direct.id
    assert request.call == Call("generate", "a plan", {})


async def test_a_core_that_does_not_say_leaves_a_tab_that_can_be_read(front: Front) -> None:
    front.core.broken = Unavailable("The database does not answer.")
    await front.slack.surfaces.open_app()
    [view] = await front.slack.wait_for(front.slack.surfaces.homes)
    assert "Open this tab again in a minute." in read(view)
    assert controls(view) == ["home_write"]


async def test_a_server_that_knows_fewer_blocks_shows_the_bare_tab(front: Front) -> None:
    async def fussy(call: Any) -> Reaction | None:
        if call.name != "views.publish" or "rich_text" not in json.dumps(call.body):
            return None
        return Reaction({"ok": False, "error": "invalid_arguments"})

    front.slack.hooks.before.append(fussy)
    await front.slack.surfaces.open_app()
    [view] = await front.slack.wait_for(front.slack.surfaces.homes)
    assert controls(view) == ["home_write"]


async def test_a_server_without_home_tabs_is_asked_once(front: Front) -> None:
    front.refuse(Reaction({"ok": False, "error": "unknown_method"}), "views.publish")
    await front.slack.surfaces.open_app()
    await front.slack.wait_for(lambda: front.calls("views.publish"))
    bob = front.slack.space.add_user("bob")
    await front.slack.surfaces.open_app(user=bob)
    await front.slack.slash_command(text="generate a plan")
    assert len(front.calls("views.publish")) == 1
    assert len(front.core.requests) == 1


class Tabs:
    """Tabs before a stand-in for Slack, and a core that does what it is handed at once."""

    def __init__(self, slack: SlackServer, core: Core, homes: Homes) -> None:
        self.slack = slack
        self.core = core
        self.homes = homes
        self.handed: list[Command] = []
        self.then: Callable[[Command], Answer | None] = lambda _: None

    async def hand(self, command: Command) -> Answer | None:
        self.handed.append(command)
        return self.then(command)

    async def open(self) -> dict[str, Any]:
        user = self.slack.user.id
        event = {"type": "app_home_opened", "user": user, "tab": "home", "channel": "D1"}
        known = len(self.shown)
        assert self.homes.opened({"team_id": self.slack.space.team_id, "event": event})
        await self.slack.wait_for(lambda: len(self.shown) > known)
        return self.shown[-1]

    async def choose(self, action: str, value: str = "") -> dict[str, Any]:
        """What the tab shows after this was done on it."""
        known = len(self.shown)
        pressed = {"action_id": action, "action_ts": f"{known}.5"}
        if value:
            pressed["selected_option"] = {"value": value}  # type: ignore[assignment] # JSON
        await self.homes.changed(
            {
                "user": {"id": self.slack.user.id, "username": "ada"},
                "view": self.shown[-1],
                "actions": [pressed],
            }
        )
        await self.slack.wait_for(lambda: len(self.shown) > known)
        return self.shown[-1]

    @property
    def shown(self) -> list[dict[str, Any]]:
        return self.slack.surfaces.homes()


@asynccontextmanager
async def opened(gap: float = 0.01) -> AsyncIterator[Tabs]:
    async with SlackServer(SECRET, BOT_TOKEN) as slack:
        teams = Teams(
            Settings(_env_file=None, slack_bot_token=BOT_TOKEN, slack_api_url=slack.api_url)
        )
        extras, core = Extras(teams), Core()
        tabs = Tabs(slack, core, Homes(core, extras, lambda asked: tabs.hand(asked), gap))
        try:
            yield tabs
        finally:
            await extras.close()
            await teams.close()


async def test_a_place_that_is_chosen_is_the_typed_command_and_shows_at_once() -> None:
    async with opened() as tabs:
        await tabs.open()

        def chosen(_: Command) -> None:
            tabs.core.standing = replace(tabs.core.standing, own=PLANS)

        tabs.then = chosen
        view = await tabs.choose("home_to", PLANS.id.replace("-", ""))
        [asked] = tabs.handed
        assert asked.text == Call("to", PLANS.id.replace("-", ""))
        assert (asked.address["channel_id"], asked.address["response_url"]) == ("D1", "")
        assert asked.sender.name == "ada"
        assert read(view).split("\n")[1] == "Done."
        assert "Plans (https://notion.so/p) : your own choice." in read(view)


async def test_a_choice_is_taken_back_from_the_tab() -> None:
    async with opened() as tabs:
        tabs.core.standing = BUSY
        await tabs.open()

        def taken(_: Command) -> None:
            tabs.core.standing = replace(BUSY, own=None)

        tabs.then = taken
        view = await tabs.choose("home_clear")
        assert [asked.text for asked in tabs.handed] == [Call("to", flags={"clear": True})]
        assert "this server's default" in read(view)


async def test_a_change_that_is_made_later_is_waited_for() -> None:
    async with opened() as tabs:
        await tabs.open()

        async def soon() -> None:
            await asyncio.sleep(0.2)
            tabs.core.standing = replace(tabs.core.standing, own=PLANS)

        async with asyncio.TaskGroup() as group:
            tabs.then = lambda _: group.create_task(soon()) and None
            view = await tabs.choose("home_to", PLANS.id)
        assert "your own choice" in read(view)


async def test_a_change_that_cannot_be_recorded_says_why() -> None:
    async with opened() as tabs:
        await tabs.open()
        tabs.then = lambda _: Answer("The database does not answer.", ok=False)
        view = await tabs.choose("home_to", PLANS.id)
        assert read(view).split("\n")[1] == "The database does not answer."
        assert "this server's default" in read(view)


async def test_a_change_that_is_not_made_is_owned_up_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.slack.homes.UNTIL_DONE", (0.01, 0.01))
    async with opened() as tabs:
        await tabs.open()
        view = await tabs.choose("home_to", PLANS.id)
        assert "the reason is under Messages" in read(view)


async def test_provider_and_template_are_the_command_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(COMMANDS, "settings", COMMANDS["usage"])
    async with opened() as tabs:
        await tabs.open()

        def kept(asked: Command) -> None:
            assert isinstance(asked.text, Call)
            changes = {
                "provider anthropic": {"provider": "anthropic"},
                "template retro": {"template": "retro"},
                "reset": {"provider": "openai", "template": None},
                "save on": {"saves": True},
                "save off": {"saves": False},
            }[asked.text.text]
            tabs.core.standing = replace(tabs.core.standing, **changes)  # type: ignore[arg-type]

        tabs.then = kept
        assert "anthropic (opus)" in read(await tabs.choose("home_provider", "anthropic"))
        assert "Template:  retro" in read(await tabs.choose("home_template", "retro"))
        assert "Template:  none" in read(await tabs.choose("home_reset"))
        assert "Saved to Notion:  at once" in read(await tabs.choose("home_save_on"))
        assert "when you say so" in read(await tabs.choose("home_save_off"))
        assert [asked.text for asked in tabs.handed] == [
            Call("settings", "provider anthropic"),
            Call("settings", "template retro"),
            Call("settings", "reset"),
            Call("settings", "save on"),
            Call("settings", "save off"),
        ]


async def test_the_tab_is_not_shown_more_often_than_allowed() -> None:
    async with opened(gap=60) as tabs:
        await tabs.open()
        user = tabs.slack.user.id
        event = {"type": "app_home_opened", "user": user, "tab": "home", "channel": "D1"}
        for _ in range(20):
            tabs.homes.opened({"team_id": tabs.slack.space.team_id, "event": event})
        await asyncio.sleep(0.1)
        assert len(tabs.shown) == 1
