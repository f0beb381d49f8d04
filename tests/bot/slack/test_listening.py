"""What happens in Slack, by the signed door and by Socket Mode, and what the core is given."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from bot.slack.entry import LARGEST_BODY, SlackEntry
from core.config import Settings
from core.errors import Unavailable
from core.messages import Call, Channel, Message, Request
from sandbox.slack.delivery import JSON, Delivery
from sandbox.slack.payloads import event_callback, message_event
from sandbox.slack.server import SlackServer
from sandbox.slack.workspace import Message as Posted
from sandbox.traffic import Answer as Reaction
from sandbox.traffic import Call as ApiCall
from tests.bot.memory import Memory
from tests.bot.offers import Offers

SECRET = "signing-secret"
BOT_TOKEN = "xoxb-listening-token"
APP_TOKEN = "xapp-listening-token"


@dataclass
class Recorder(Offers, Memory):
    """An intake that remembers what it was given, and the threads that the app is in."""

    requests: dict[Any, Request] = field(default_factory=dict)
    heard: list[tuple[Channel, str, Message, bool]] = field(default_factory=list)
    threads: set[tuple[Channel, str]] = field(default_factory=set)
    away: bool = False

    def __post_init__(self) -> None:
        super().__init__()
        self.silent = True

    def given(self) -> list[Request]:
        return list(self.requests.values())

    async def accept(self, request: Request) -> bool:
        self._check()
        new = request.id not in self.requests
        self.requests[request.id] = request
        return new

    async def hear(
        self, channel: Channel, thread: str, message: Message, *, to_us: bool = False
    ) -> None:
        self._check()
        self.heard.append((channel, thread, message, to_us))
        if to_us:
            self.threads.add((channel, thread))

    async def takes_part(self, channel: Channel, thread: str) -> bool:
        self._check()
        return (channel, thread) in self.threads

    def _check(self) -> None:
        if self.away:
            raise Unavailable("The database does not answer. Try again in a minute.")

    @property
    def calls(self) -> list[str | Call]:
        return [request.call for request in self.requests.values()]


@dataclass
class Stage:
    server: SlackServer
    intake: Recorder
    entry: SlackEntry

    @property
    def place(self) -> str:
        return f"{self.server.space.team_id}:{self.server.general.id}"

    def us(self) -> str:
        return f"<@{self.server.space.bot_user}>"


async def serve(entry: SlackEntry) -> tuple[web.AppRunner, str]:
    """The way in behind a server, and its address."""
    app = web.Application(client_max_size=8 * LARGEST_BODY)
    for method, path, handler in entry.routes:
        app.router.add_route(method, path, handler)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    return runner, f"http://{host}:{port}/slack/events"


@asynccontextmanager
async def staged(**changes: Any) -> AsyncIterator[Stage]:
    async with SlackServer(SECRET, BOT_TOKEN, APP_TOKEN) as server:
        server.timing.retries = (0.0, 0.0, 0.0)
        values = {
            "slack_bot_token": BOT_TOKEN,
            "slack_signing_secret": SECRET,
            "slack_api_url": server.api_url,
        }
        intake = Recorder()
        entry = SlackEntry(Settings(_env_file=None, **(values | changes)), intake)
        await entry.start()
        runner, server.deliver_to = await serve(entry)
        yield Stage(server, intake, entry)
        await runner.cleanup()
        await entry.stop()


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as made:
        yield made


async def test_a_mention_is_kept_and_handed_over_once_however_often_it_comes(
    stage: Stage,
) -> None:
    message, delivery = await stage.server.mention("what now?")
    await stage.server.tell(message)
    await stage.server.again(delivery)
    assert (delivery.status, delivery.body) == (200, "")
    [request] = stage.intake.requests.values()
    assert request.call == Call("talk", "what now?")
    assert (request.sender.id, request.sender.name) == (stage.server.user.id, "ada")
    assert request.place == stage.place
    assert (request.address["thread"], request.address["message"]) == (message.ts, message.ts)
    channel, thread, heard, to_us = stage.intake.heard[0]
    assert (channel, thread, to_us) == (Channel("slack", stage.place), message.ts, True)
    assert (heard.id, heard.author) == (message.ts, "ada")
    assert heard.text == "@Notion Assistant what now?"


async def test_people_who_are_mentioned_have_their_names(stage: Stage) -> None:
    bob = stage.server.space.add_user("bob")
    await stage.server.mention(f"what would <@{bob.id}> and <@U0NOBODY> say?")
    assert stage.intake.calls == [Call("talk", "what would @bob and @somebody say?")]


async def test_a_reply_where_the_app_takes_part_needs_no_mention(stage: Stage) -> None:
    first, _ = await stage.server.mention("what now?")
    reply, _ = await stage.server.say("and then?", thread_ts=first.ts)
    assert stage.intake.calls == [Call("talk", "what now?"), Call("talk", "and then?")]
    request = list(stage.intake.requests.values())[-1]
    assert (request.address["thread"], request.address["message"]) == (first.ts, reply.ts)
    assert [(thread, to_us) for _, thread, _, to_us in stage.intake.heard] == [
        (first.ts, True),
        (first.ts, False),
    ]


async def test_a_reply_below_the_apps_own_message_needs_no_mention(stage: Stage) -> None:
    space = stage.server.space
    ours = space.store(
        Posted(space.next_ts(), stage.server.general.id, space.bot_user, text="Plan", from_app=True)
    )
    await stage.server.say("shorter", thread_ts=ours.ts)
    assert stage.intake.calls == [Call("talk", "shorter")]


async def test_what_people_say_among_themselves_is_neither_kept_nor_answered(
    stage: Stage,
) -> None:
    first, _ = await stage.server.say("lunch?")
    await stage.server.say("yes", thread_ts=first.ts)
    assert stage.intake.heard == []
    assert stage.intake.requests == {}
    assert list(stage.server.requests) == []


async def test_a_direct_message_is_answered_in_its_thread(stage: Stage) -> None:
    im = stage.server.space.open_im(stage.server.user.id)
    message, _ = await stage.server.say("hello", im)
    [request] = stage.intake.requests.values()
    assert request.call == Call("talk", "hello")
    assert request.address["thread"] == message.ts
    assert request.place == f"{stage.server.space.team_id}:{im.id}"


async def test_help_and_commands_may_be_mentioned(stage: Stage) -> None:
    await stage.server.mention("")
    await stage.server.mention("/notion generate a plan --private")
    help_, generate = stage.intake.requests.values()
    assert help_.call == Call("help")
    assert help_.address["private"] == "yes"
    assert generate.call == Call("generate", "a plan", {"private": True})


async def test_a_wrong_command_in_a_mention_is_told_to_the_person_alone_and_once(
    stage: Stage,
) -> None:
    message, _ = await stage.server.mention("/notion generat a plan")
    await stage.server.tell(message)
    await stage.server.wait_for(lambda: stage.server.space.ephemeral)
    await stage.entry.stop()
    [told] = stage.server.space.ephemeral
    assert told.only_for == stage.server.user.id
    assert "Did you mean" in str(told.blocks)
    assert stage.server.answers() == []


@pytest.mark.parametrize(
    "more",
    [{"bot_id": "B1"}, {"subtype": "bot_message"}, {"subtype": "message_changed"}],
)
async def test_other_bots_and_edits_are_not_answered(stage: Stage, more: dict[str, str]) -> None:
    event = {"channel": stage.server.general.id, "user": stage.server.user.id, "ts": "1.1"}
    for kind in ("message", "app_mention"):
        text = f"{stage.us()} hello"
        delivery = await stage.server.event({"type": kind, "text": text, **event, **more})
        assert delivery.status == 200
    assert stage.intake.requests == {}


async def test_the_app_does_not_answer_itself(stage: Stage) -> None:
    first, _ = await stage.server.mention("what now?")
    space = stage.server.space
    posted = Posted(
        space.next_ts(),
        stage.server.general.id,
        space.bot_user,
        text=f"{stage.us()} hello",
        thread_ts=first.ts,
        from_app=True,
    )
    await stage.server.tell(space.store(posted))
    assert stage.intake.calls == [Call("talk", "what now?")]


async def test_an_app_whose_user_is_not_told_finds_it_out(stage: Stage) -> None:
    body = {
        "type": "event_callback",
        "team_id": stage.server.space.team_id,
        "event": {
            "type": "app_mention",
            "user": stage.server.user.id,
            "channel": stage.server.general.id,
            "ts": stage.server.space.next_ts(),
            "text": f"{stage.us()} hello",
        },
    }
    status, _, _ = await stage.server.sender.post(json.dumps(body).encode(), JSON)
    assert status == 200
    assert stage.intake.calls == [Call("talk", "hello")]


async def test_a_memo_saves_and_taking_it_away_undoes(stage: Stage) -> None:
    message = stage.server.write("Keep this.")
    delivery = await stage.server.react(message, "memo")
    await stage.server.again(delivery)
    await stage.server.react(message, "memo", added=False)
    await stage.server.react(message, "memo")
    await stage.server.react(message, "eyes")
    names = [call.command for call in stage.intake.calls if isinstance(call, Call)]
    assert names == ["save-marked", "undo-save", "save-marked"]
    request = next(iter(stage.intake.requests.values()))
    assert request.sender.name == "ada"
    assert request.place == stage.place
    assert "private" not in request.address


async def test_only_an_emoji_that_was_chosen_there_asks_for_anything(stage: Stage) -> None:
    bug = Call("save-marked", flags={"emoji": "🐛", "to": "d1"})
    stage.intake.routed = {":bug:": bug}
    message = stage.server.write("It crashes.")
    for name in ("bug", "tada", "party-cat"):
        await stage.server.react(message, name)
    await stage.server.react(message, "bug", added=False)
    assert stage.intake.calls == [bug, Call("undo-save", flags=bug.flags)]


async def test_a_memo_from_a_bot_is_only_decoration(stage: Stage) -> None:
    robot = stage.server.space.add_user("robot")
    robot.is_bot = True
    message = stage.server.write("Keep this.")
    for user in (robot, stage.server.space.users[stage.server.space.bot_user]):
        await stage.server.react(message, "memo", user)
    assert stage.intake.requests == {}


async def test_the_menu_of_a_message_saves_it_privately(stage: Stage) -> None:
    message = stage.server.write("Keep this.")
    delivery = await stage.server.message_shortcut(message, "save_to_notion")
    assert (delivery.status, delivery.body) == (200, "")
    [request] = stage.intake.requests.values()
    assert request.call == Call("save")
    assert request.address["message"] == message.ts
    assert request.address["private"] == "yes"
    other = await stage.server.message_shortcut(message, "somebody_elses")
    assert other.status == 404


async def test_what_cannot_be_recorded_is_told_to_the_person_alone(stage: Stage) -> None:
    stage.intake.away = True
    message, _ = await stage.server.mention("what now?")
    await stage.server.react(message, "memo")
    await stage.server.message_shortcut(message, "save_to_notion")
    space = stage.server.space
    await stage.server.wait_for(lambda: len(space.ephemeral) == 3)
    assert {told.only_for for told in space.ephemeral} == {stage.server.user.id}
    assert all("The database does not answer" in str(told.blocks) for told in space.ephemeral)


async def test_a_reply_that_may_be_for_the_app_comes_again_where_nobody_can_tell(
    stage: Stage,
) -> None:
    stage.intake.away = True
    first = stage.server.write("lunch?")
    _, delivery = await stage.server.say("yes", thread_ts=first.ts)
    assert delivery.status == 500
    assert len(delivery.attempts) == 4


async def test_a_slack_that_is_slow_to_tell_names_delays_no_acknowledgement(
    stage: Stage,
) -> None:
    async def slow(call: ApiCall) -> Reaction | None:
        if call.name == "users.info":
            await stage.server.wait_for(lambda: False, timeout=5)
        return None

    stage.server.hooks.before.append(slow)
    started = time.monotonic()
    await stage.server.mention("what now?")
    assert time.monotonic() - started < 2.5
    assert stage.intake.calls == [Call("talk", "what now?")]


async def test_events_and_menus_come_over_socket_mode_too() -> None:
    async with staged(slack_app_token=APP_TOKEN, slack_signing_secret=None) as stage:
        await stage.server.wait_for(lambda: stage.server.sockets.connections)
        message, mention = await stage.server.mention("what now?")
        news = await stage.server.event({"type": "channel_created", "channel": {}})
        reaction = await stage.server.react(message, "memo")
        menu = await stage.server.message_shortcut(message, "save_to_notion")
    assert mention.acknowledged
    assert news.acknowledged
    assert reaction.acknowledged
    assert menu.acknowledged
    names = [call.command for call in stage.intake.calls if isinstance(call, Call)]
    assert names == ["talk", "save-marked", "save"]


# ── What becomes of messages ─────────────────────────────────────────────────────────────────────


async def test_of_messages_that_pages_follow_edits_replies_and_deletions_are_told(
    stage: Stage,
) -> None:
    server, intake = stage.server, stage.intake
    first, other = server.write("We ship."), server.write("Not saved.")
    intake.followed = {first.ts}
    await server.edit(first, "We ship <@" + server.user.id + ">.")
    await server.edit(other, "Nor now.")
    reply = server.write("Fine.", thread_ts=first.ts)
    await server.tell(reply)
    told = [(one.id, one.author, one.text, thread) for one, thread in intake.retellings]
    assert told == [
        (first.ts, "ada", "We ship @ada.", ""),
        (reply.ts, "ada", "Fine.", first.ts),
    ]
    await server.delete(other)
    assert intake.deletions == []
    # With replies it leaves a tombstone, which is no edit.
    await server.delete(first)
    assert intake.deletions == [first.ts]
    assert len(intake.retellings) == 2


async def test_what_the_app_itself_says_in_a_thread_is_not_told(stage: Stage) -> None:
    first = stage.server.write("We ship.")
    stage.intake.followed = {first.ts}
    ours = stage.server.write("On it.", thread_ts=first.ts)
    ours.user, ours.from_app = stage.server.space.bot_user, True
    await stage.server.tell(ours)
    await stage.server.edit(ours, "Done.")
    assert stage.intake.retellings == []


async def test_its_own_words_are_known_where_the_delivery_does_not_name_the_app(
    stage: Stage,
) -> None:
    server = stage.server
    first = server.write("We ship.")
    stage.intake.followed = {first.ts}
    ours = server.write("Saved to Notion.", thread_ts=first.ts)
    ours.user, ours.from_app = server.space.bot_user, True
    fields = event_callback(server.space, message_event(server.space, ours))
    await server.again(Delivery("events_api", fields | {"authorizations": []}))
    assert stage.intake.retellings == []
