"""A server that says less than Discord does, and people who are answered all the same."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import discord.gateway
import discord.http
import pytest

from bot.discord.adapter import DiscordPlatform
from bot.discord.entry import DiscordEntry
from core.actions import when_written
from core.config import Settings
from core.messages import Answer, Request
from core.ports import Choice
from sandbox.discord.interactions import DEFERRED_UPDATE, Interaction
from sandbox.discord.server import DiscordServer
from sandbox.discord.world import Message
from sandbox.traffic import Answer as Reaction
from sandbox.traffic import Call as Traffic
from tests.bot.offers import Offers

Json = dict[str, Any]
TOKEN = "lenient.bot.token"
ITEM = "6f0d7a1e-0000-4000-8000-000000000001"


@dataclass
class Recorder(Offers):
    """An intake that remembers what it was given."""

    requests: list[Request] = field(default_factory=list)

    async def accept(self, request: Request) -> bool:
        self.requests.append(request)
        return True


@dataclass
class Terse:
    """A stand-in that leaves things out: `event` makes of an interaction what is told of it."""

    server: DiscordServer
    intake: Recorder
    settings: Settings

    async def tell(
        self, event: Callable[[Json], Json], prompt: str = "a", **options: object
    ) -> Interaction:
        self._told(event)
        values = {"prompt": prompt} | options
        return await self.server.slash_command(sub="generate", options=values)

    async def press(self, message: Message, event: Callable[[Json], Json]) -> Interaction:
        self._told(event)
        return await self.server.click(message, f"longer:{ITEM}")

    def _told(self, event: Callable[[Json], Json]) -> None:
        whole = type(self.server.gateway).dispatch

        async def dispatch(name: str, data: Json) -> int:
            told = event(data) if name == "INTERACTION_CREATE" else data
            return await whole(self.server.gateway, name, told)

        self.server.gateway.dispatch = dispatch  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def discord_py_addresses() -> Iterator[None]:
    """Puts back what discord.py keeps in class attributes."""
    base, gateway = discord.http.Route.BASE, discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY
    yield
    discord.http.Route.BASE = base
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = gateway


@asynccontextmanager
async def connected(
    ready: Callable[[Json], Json] = dict,
    answers: dict[str, Reaction] | None = None,
    *,
    id_alone: bool = False,
) -> AsyncIterator[Terse]:
    async with DiscordServer(TOKEN) as server:
        told = dict(answers or {})
        if id_alone:
            told["oauth2/applications"] = Reaction({"id": server.world.application_id})

        async def hook(call: Traffic) -> Reaction | None:
            return next((one for name, one in told.items() if name in call.name), None)

        whole = server.gateway._ready
        server.gateway._ready = lambda session: ready(whole(session))  # type: ignore[method-assign]
        server.hooks.before.append(hook)
        settings = Settings(
            _env_file=None,
            discord_token=TOKEN,
            discord_api_url=server.api_url,
            discord_gateway_url=server.gateway_url,
        )
        intake = Recorder()
        entry = DiscordEntry(settings, intake)
        try:
            async with asyncio.timeout(30):
                await entry.start()
            server.hooks.before.remove(hook)
            yield Terse(server, intake, settings)
        finally:
            await entry.stop()


@pytest.fixture
async def terse() -> AsyncIterator[Terse]:
    async with connected() as stage:
        yield stage


def only(*names: str) -> Callable[[Json], Json]:
    return lambda data: {name: data[name] for name in names if name in data}


def least(data: Json) -> Json:
    """An id, a token, a person's id and what was chosen."""
    user = (data.get("member") or data)["user"]
    return only("id", "token", "data")(data) | {"user": {"id": user["id"]}}


async def deferred(terse: Terse, event: Callable[[Json], Json], **options: object) -> Request:
    asked = await terse.tell(event, **options)
    assert await asked.acknowledged() == 5
    request = terse.intake.requests.pop()
    assert request.sender.id == terse.server.user.id
    return request


# ── READY, and what is asked before it ───────────────────────────────────────────────────────────


@pytest.mark.parametrize("left_out", ["shard", "guilds", "resume_gateway_url", "application"])
async def test_a_greeting_without_a_field_connects(left_out: str) -> None:
    def ready(data: Json) -> Json:
        del data[left_out]
        return data

    async with connected(ready) as terse:
        await deferred(terse, dict)


async def test_a_greeting_with_hardly_anything_connects_and_comes_back() -> None:
    def ready(data: Json) -> Json:
        return {
            "session_id": data["session_id"],
            "user": {"id": data["user"]["id"]},
            "application": {"id": data["application"]["id"]},
        }

    async with connected(ready) as terse:
        await terse.server.gateway.drop(4000)
        await terse.server.wait_until_connected(timeout=20)
        assert terse.server.gateway.resumed == 1
        await deferred(terse, least)


@pytest.mark.parametrize(
    "answer", [None, [], {}, [{}], [{"name": "notion"}], "ok", [None], {"message": "no"}, 7]
)
async def test_any_answer_to_the_commands_will_do(answer: Any) -> None:
    async with connected(answers={"PUT": Reaction(answer)}) as terse:
        assert terse.server.gateway.connected
        await terse.server.gateway.drop(1001)


@pytest.mark.parametrize(
    "answers",
    [
        {"oauth2/applications": Reaction({"message": "404: Not Found", "code": 0}, 404)},
        {"oauth2/applications": Reaction({})},
        {"users/@me": Reaction({"id": "5000", "username": "bot"})},
        {"users/@me": Reaction({"id": "5000"})},
        {"users/@me": Reaction({"message": "404: Not Found", "code": 0}, 404)},
    ],
)
async def test_a_server_that_tells_little_of_the_bot_is_connected_to(
    answers: dict[str, Reaction],
) -> None:
    async with connected(answers=answers) as terse:
        await terse.server.wait_for(lambda: terse.server.world.commands.get(None))
        request = await deferred(terse, least)
        assert request.address["application_id"] == terse.server.world.application_id
        assert request.address["bot_id"] == terse.server.world.bot.id


async def test_an_application_of_an_id_alone_is_enough() -> None:
    async with connected(id_alone=True) as terse:
        await deferred(terse, least)


async def test_answers_may_name_their_charset(terse: Terse) -> None:
    class Response:
        headers = {"Content-Type": "application/json; charset=utf-8"}  # noqa: RUF012

        async def text(self, encoding: str) -> str:
            return '{"id": "1"}' if encoding == "utf-8" else ""

    read: Any = discord.http.json_or_text
    assert await read(Response()) == {"id": "1"}


# ── Interactions ─────────────────────────────────────────────────────────────────────────────────


async def test_an_id_a_token_a_person_and_a_choice_are_enough(terse: Terse) -> None:
    request = await deferred(terse, least)
    assert request.call.text == "a"
    assert request.address["application_id"] == terse.server.world.application_id


OPTIONAL = (
    *("version", "attachment_size_limit", "locale", "entitlements", "app_permissions", "context"),
    *("authorizing_integration_owners", "application_id", "channel", "guild", "type"),
)


@pytest.mark.parametrize("null", [False, True])
async def test_an_interaction_without_a_field_is_answered(terse: Terse, *, null: bool) -> None:
    for left_out in OPTIONAL:

        def event(data: Json, left_out: str = left_out) -> Json:
            data = {name: value for name, value in data.items() if name != left_out}
            return data | ({left_out: None} if null else {})

        request = await deferred(terse, event)
        assert request.place == terse.server.general.id


@pytest.mark.parametrize("with_guild", [True, False])
async def test_a_member_of_a_user_id_alone_is_answered(terse: Terse, *, with_guild: bool) -> None:
    def event(data: Json) -> Json:
        names = ("id", "token", "type", "data", "channel_id") + (("guild_id",) * with_guild)
        return only(*names)(data) | {"member": {"user": {"id": data["member"]["user"]["id"]}}}

    request = await deferred(terse, event)
    assert request.place == terse.server.general.id
    assert bool(request.address["guild_id"]) is with_guild


async def test_a_user_in_a_guild_is_its_member(terse: Terse) -> None:
    await deferred(terse, lambda data: least(data) | only("guild_id", "channel_id")(data))


@pytest.mark.parametrize("with_guild", [True, False])
async def test_a_channel_of_an_id_and_any_kind_is_the_place(
    terse: Terse, *, with_guild: bool
) -> None:
    for kind in (None, 0, 1, 2, 3, 4, 10, 11, 12, 13, 15, 99):

        def event(data: Json, kind: int | None = kind) -> Json:
            channel = {"id": data["channel"]["id"]} | ({} if kind is None else {"type": kind})
            where = only("guild_id")(data) if with_guild else {}
            return least(data) | {"channel": channel} | where

        request = await deferred(terse, event)
        assert request.place == terse.server.general.id


async def test_what_nobody_can_read_is_passed_over(terse: Terse) -> None:
    def event(data: Json) -> Json:
        strange = {"entitlements": [7], "authorizing_integration_owners": [], "guild": {"roles": 1}}
        return data | strange | {"member": data["member"] | {"roles": ["a role"]}}

    request = await deferred(terse, event)
    assert request.place == terse.server.general.id


async def test_the_channels_id_alone_takes_an_answer_whose_placeholder_is_gone(
    terse: Terse,
) -> None:
    request = await deferred(terse, lambda data: least(data) | only("channel_id", "guild_id")(data))

    async def hook(call: Traffic) -> Reaction | None:
        gone = {"message": "Unknown Message", "code": 10008}
        return Reaction(gone, 404) if call.name.startswith("PATCH") else None

    terse.server.hooks.before.append(hook)
    platform = DiscordPlatform(terse.settings)
    [part] = platform.render(Answer("Hello."))
    address = dict(request.address) | {
        "accepted_at": str(float(request.address["accepted_at"]) - 9)
    }
    reply = await platform.post(address, part, "a:0", again=False)
    await platform.close()
    assert (reply["via"], reply["channel"]) == ("channel", terse.server.general.id)


@pytest.mark.parametrize(
    "shown",
    [None, {}, {"id": "1"}, {"id": "1", "flags": 0}, {"id": "1", "embeds": 7, "components": [7]}],
)
async def test_a_press_on_a_message_of_which_little_is_told_is_taken(
    terse: Terse, shown: Json | None
) -> None:
    asked = await terse.tell(dict)
    await asked.acknowledged()
    platform = DiscordPlatform(terse.settings)
    [part] = platform.render(Answer("Hello.", actions=when_written(ITEM)))  # type: ignore[arg-type]
    await platform.post(terse.intake.requests.pop().address, part, "a:0", again=False)
    await platform.close()

    def event(data: Json) -> Json:
        chosen = {"custom_id": data["data"]["custom_id"]}
        return least(data) | {"data": chosen} | ({} if shown is None else {"message": shown})

    pressed = await terse.press(await asked.answered(), event)
    assert await pressed.acknowledged() == DEFERRED_UPDATE
    [request] = terse.intake.requests
    assert request.call.command == "rewrite"


# ── Commands that the tree does not take ─────────────────────────────────────────────────────────


def chosen(*options: Json, name: str = "notion") -> Callable[[Json], Json]:
    return lambda data: least(data) | {"data": {"name": name, "options": list(options)}}


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (chosen({"name": "search", "type": 1}), "needs words"),
        (chosen({"name": "bogus", "type": 1}), "no command “bogus”"),
        (chosen({"name": "genrate"}), "`/notion generate`"),
        (chosen({"name": "text", "type": 3, "value": "flat"}), "no command “flat”"),
        (chosen(name="other"), "no command “other”"),
    ],
)
async def test_a_command_that_is_not_offered_gets_the_sentence_of_every_platform(
    terse: Terse, event: Callable[[Json], Json], sentence: str
) -> None:
    asked = await terse.tell(event)
    assert await asked.acknowledged() == 4
    assert asked.original.ephemeral
    assert sentence in asked.original.content
    assert terse.intake.requests == []


UNSAID = [
    chosen({"name": "generate", "type": 1}),
    chosen({"name": "generate", "type": 1, "options": None}),
    chosen({"name": "generate", "options": [{"name": "prompt", "type": 3}]}),
    chosen({"name": "text", "type": 3, "value": "generate"}),
    chosen(name="generate"),
]


@pytest.mark.parametrize("event", UNSAID)
async def test_a_prompt_that_is_not_there_is_asked_for_in_a_form(
    terse: Terse, event: Callable[[Json], Json]
) -> None:
    asked = await terse.tell(event)
    assert await asked.acknowledged() == 9
    assert asked.modal
    terse._told(least)
    sent = await terse.server.submit(asked, {"prompt": "a list", "switches": ["save"]})
    assert await sent.acknowledged() == 5
    [request] = terse.intake.requests
    assert (request.call.text, request.call.flags) == ("a list", {"save": True})


@pytest.mark.parametrize("event", UNSAID[:2])
@pytest.mark.parametrize("status", [400, 404, 501])
async def test_a_server_without_forms_gets_the_sentence_of_every_platform(
    terse: Terse, event: Callable[[Json], Json], status: int
) -> None:
    async def hook(call: Traffic) -> Reaction | None:
        form = call.name.endswith("/callback") and call.body.get("type") == 9
        return Reaction({"message": "no", "code": 0}, status) if form else None

    terse.server.hooks.before.append(hook)
    asked = await terse.tell(event)
    assert await asked.acknowledged() == 4
    assert asked.original.ephemeral
    assert "needs a prompt" in asked.original.content


@pytest.mark.parametrize(
    "options",
    [
        [{"name": "generate", "type": 1, "options": [{"name": "to", "type": 3, "focused": True}]}],
        [{"name": "generate", "options": [{"name": "to", "value": "te", "focused": True}]}],
        [{"name": "bogus", "type": 1, "options": [{"name": "x", "value": "", "focused": True}]}],
        [{"name": "generate", "type": 1, "options": [{"name": "prompt", "type": 3, "value": "a"}]}],
        [],
    ],
)
async def test_whoever_asks_for_choices_gets_a_list(terse: Terse, options: list[Json]) -> None:
    terse.intake.choices = {"destination": [Choice("1", "Team notes")]}

    def event(data: Json) -> Json:
        return least(data) | {"type": 4, "data": {"name": "notion", "options": options}}

    terse._told(event)
    asked = await terse.server.autocomplete("notion", "generate", "to", {"to": "te"})
    assert await asked.acknowledged() == 8
    listed = [{"name": "Team notes", "value": "1"}] if "to" in str(options) else []
    assert asked.choices == listed


PROMPT: Json = {"name": "prompt", "value": "a list"}


@pytest.mark.parametrize(
    "event",
    [
        chosen({"name": "generate", "options": [PROMPT, {"name": "save", "value": True}]}),
        chosen(
            {"name": "generate", "options": [PROMPT, {"name": "save", "type": 5, "value": "true"}]}
        ),
        chosen({"name": "text", "type": 3, "value": "generate a list --save"}),
        chosen(
            {"name": "text", "value": "/notion generate a list"}, {"name": "save", "value": True}
        ),
        chosen({"name": "generate", "type": 3, "value": "a list --save"}),
        chosen(PROMPT, {"name": "save", "value": True}, name="generate"),
    ],
)
async def test_a_command_that_can_be_understood_is_carried_out(
    terse: Terse, event: Callable[[Json], Json]
) -> None:
    request = await deferred(terse, event)
    assert (request.call.command, request.call.text) == ("generate", "a list")
    assert request.call.flags == {"save": True}


async def test_a_command_of_nothing_is_answered_with_help(terse: Terse) -> None:
    request = await deferred(terse, chosen())
    assert request.call.command == "help"


@pytest.mark.parametrize(
    ("name", "data"),
    [("GUILD_CREATE", {}), ("CHANNEL_CREATE", {"id": "1"}), ("INTERACTION_CREATE", {"id": "1"})],
)
async def test_an_event_that_cannot_be_read_costs_no_connection(
    terse: Terse, name: str, data: Json
) -> None:
    for session in terse.server.gateway.connected:
        await terse.server.gateway._dispatch(session, name, data)
    await deferred(terse, least)
    assert terse.server.gateway.identified == 1
