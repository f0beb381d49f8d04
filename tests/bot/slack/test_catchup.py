"""What people did in Slack while nobody listened, looked for at a start."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY

from bot.lookout import Pace
from bot.slack.entry import SlackEntry
from core.config import Settings
from core.messages import Call
from core.ports import Watched
from sandbox.slack.payloads import event_callback, message_event
from sandbox.slack.server import SlackServer
from sandbox.slack.workspace import Message
from sandbox.traffic import Answer
from sandbox.traffic import Call as ApiCall
from tests.bot.slack.test_listening import APP_TOKEN, BOT_TOKEN, SECRET, Recorder, serve

AT_ONCE = Pace(settle=0, beat=0.02, again=0.02, longest=0.02)


@dataclass
class Away:
    """A workspace, and an app that is not there; `back` has it come, as often as you like."""

    server: SlackServer
    intake: Recorder

    def __post_init__(self) -> None:
        self.intake.silent = False
        self.ago(minutes=5)

    def ago(self, **since: float) -> None:
        """Sets when the app was last there."""
        self.left = datetime.now(UTC) - timedelta(**since)
        self.intake.noted["slack"] = self.left

    @asynccontextmanager
    async def back(self) -> AsyncIterator[SlackEntry]:
        """The app, once it has looked for what it missed."""
        settings = Settings(
            _env_file=None,
            slack_bot_token=BOT_TOKEN,
            slack_signing_secret=SECRET,
            slack_api_url=self.server.api_url,
        )
        entry = SlackEntry(settings, self.intake, pace=AT_ONCE)
        came = datetime.now(UTC)
        await entry.start()
        runner, self.server.deliver_to = await serve(entry)
        try:
            await until(lambda: self.intake.noted["slack"] > came)
            yield entry
        finally:
            await runner.cleanup()
            await entry.stop()

    def react(self, message: Message, user: str = "") -> None:
        message.reactions.setdefault("memo", []).append(user or self.server.user.id)

    @property
    def asked(self) -> list[tuple[str, str]]:
        return [
            (one.sender.id, one.call.command)
            for one in self.intake.requests.values()
            if isinstance(one.call, Call)
        ]

    def reaction(self, message: Message, user: str, *, added: bool = True) -> dict[str, Any]:
        """The event Slack would have sent, as it comes late: it happened a minute ago."""
        return event_callback(
            self.server.space,
            {
                "type": "reaction_added" if added else "reaction_removed",
                "user": user,
                "reaction": "memo",
                "item": {"type": "message", "channel": message.channel, "ts": message.ts},
                "event_ts": f"{(datetime.now(UTC) - timedelta(minutes=1)).timestamp():.6f}",
            },
        )


async def until(what: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not what():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)


@pytest.fixture
async def away() -> AsyncIterator[Away]:
    async with SlackServer(SECRET, BOT_TOKEN, APP_TOKEN) as server:
        server.timing.retries = ()
        yield Away(server, Recorder())


async def test_a_memo_put_meanwhile_is_saved_once_and_its_late_event_changes_nothing(
    away: Away,
) -> None:
    ada, message = away.server.user.id, away.server.write("Keep this.")
    away.react(message)
    counted = "notion_assistant_recovered_reactions_total"
    before = REGISTRY.get_sample_value(counted, {"platform": "slack"}) or 0
    async with away.back():
        [request] = away.intake.requests.values()
        assert away.asked == [(ada, "save-marked")]
        assert request.sender.name == "ada"
        assert request.address["message"] == message.ts
        assert request.address["marked"] == "yes"
        assert request.place == f"{away.server.space.team_id}:{away.server.general.id}"
        late = await away.server._deliver("events_api", away.reaction(message, ada))
        assert (await away.server.again(late)).acknowledged
        assert len(away.intake.requests) == 1
        assert REGISTRY.get_sample_value(counted, {"platform": "slack"}) == before + 1
        # What happens from now on is news again.
        await away.server.react(message, "memo", added=False)
        assert away.asked == [(ada, "save-marked"), (ada, "undo-save")]
        await away.server.react(message, "memo")
        assert len(away.asked) == 3
    async with away.back():
        assert len(away.asked) == 3


async def test_two_processes_that_find_the_same_ask_for_the_same(away: Away) -> None:
    away.react(away.server.write("Keep this."))
    other = Away(away.server, Recorder())
    async with away.back(), other.back():
        assert list(away.intake.requests) == list(other.intake.requests) != []


async def test_what_was_heard_in_time_is_not_found_again(away: Away) -> None:
    message = away.server.write("Keep this.")
    async with away.back():
        await away.server.react(message, "memo")
        assert len(away.intake.requests) == 1
    away.ago(minutes=5)
    async with away.back():
        assert len(away.intake.requests) == 1


async def test_a_memo_taken_away_meanwhile_is_undone_while_that_is_possible(away: Away) -> None:
    ada = away.server.user.id
    old, new = away.server.write("An old one."), away.server.write("A new one.")
    for message in (old, new):
        away.react(message)
        message.reactions["white_check_mark"] = [away.server.space.bot_user]
    async with away.back():
        # Its marks are there, and nothing is known of them any more.
        assert away.asked == []
        for message in (old, new):
            del message.reactions["memo"]
            await away.server.react(message, "memo")
    saves = {one.address["message"]: one for one in away.intake.requests.values()}
    away.intake.accepted_at[saves[old.ts].id] = datetime.now(UTC) - timedelta(minutes=11)
    for message in (old, new):
        del message.reactions["memo"]
    async with away.back():
        [*_, undone] = away.intake.requests.values()
        assert away.asked == [(ada, "save-marked")] * 2 + [(ada, "undo-save")]
        assert undone.address["message"] == new.ts
        await away.server._deliver("events_api", away.reaction(new, ada, added=False))
        assert len(away.asked) == 3


async def test_a_reply_in_a_thread_the_app_knows_is_looked_at_too(away: Away) -> None:
    first = away.server.write("When?")
    reply = away.server.write("On Friday.", thread_ts=first.ts)
    away.react(reply)
    place = f"{away.server.space.team_id}:{away.server.general.id}"
    async with away.back():
        assert away.asked == []
    away.intake.places = [(place, first.ts)]
    async with away.back():
        [request] = away.intake.requests.values()
        assert request.address["message"] == reply.ts


async def test_the_memo_of_a_bot_or_of_the_app_asks_for_nothing(away: Away) -> None:
    message, robot = away.server.write("Keep this."), away.server.space.add_user("robot")
    robot.is_bot = True
    away.react(message, robot.id)
    away.react(message, away.server.space.bot_user)
    async with away.back():
        assert away.asked == []


async def test_what_was_asked_meanwhile_is_answered_by_its_own_id(away: Away) -> None:
    server = away.server
    mention = server.write(f"<@{server.space.bot_user}> when do we ship?")
    letter = server.write("And where?", server.space.open_im(server.user.id))
    server.write("Nobody is asked here.")
    settled = server.write(f"<@{server.space.bot_user}> and how?")
    answer = server.write("Like this.", thread_ts=settled.ts)
    answer.user, answer.from_app = server.space.bot_user, True
    async with away.back():
        found = {one.address["message"]: one for one in away.intake.requests.values()}
        assert set(found) == {mention.ts, letter.ts}
        assert found[mention.ts].call.text == "when do we ship?"
        # A thread that the app is in by now was none of its own when this was said.
        before = server.write("Nobody is asked here either.", thread_ts=mention.ts)
        away.intake.places = [(found[mention.ts].place, mention.ts)]
        away.ago(minutes=5)
        async with away.back():
            assert before.ts not in {
                one.address["message"] for one in away.intake.requests.values()
            }
        await server.event(message_event(server.space, mention) | {"type": "app_mention"})
        await server.event(message_event(server.space, letter))
        assert len(away.intake.requests) == 2


async def test_what_was_asked_before_the_gap_is_left_alone(away: Away) -> None:
    away.server.space.clock = lambda: time.time() - 600
    away.server.write(f"<@{away.server.space.bot_user}> when do we ship?")
    away.react(away.server.write("Keep this."))
    async with away.back():
        # The message is older than the gap, and its reaction need not be.
        assert away.asked == [(away.server.user.id, "save-marked")]


async def test_a_workspace_that_grants_less_is_looked_through_as_far_as_it_may_be(
    away: Away,
) -> None:
    away.server.scopes = frozenset({"channels:read", "channels:history", "users:read"})
    away.react(away.server.write("Keep this."))
    away.server.write("Hello?", away.server.space.open_im(away.server.user.id))
    async with away.back():
        assert away.asked == [(away.server.user.id, "save-marked")]


@pytest.mark.parametrize("refused", ["users.conversations", "auth.test", "conversations.history"])
async def test_a_server_that_lacks_a_method_is_made_do_without(away: Away, refused: str) -> None:
    async def unknown(call: ApiCall) -> Answer | None:
        lacking = {"ok": False, "error": "unknown_method"}
        return Answer(lacking) if call.name == refused else None

    away.server.hooks.before.append(unknown)
    away.react(away.server.write("Keep this."))
    away.intake.places = [(f"{away.server.space.team_id}:{away.server.general.id}", "")]
    async with away.back():
        expected = 1 if refused == "users.conversations" else 0
        assert len(away.asked) == expected


async def test_where_slack_asks_to_slow_down_it_is_waited_for(away: Away) -> None:
    away.server.limits["conversations.history"] = (1, 1.0)
    for name in ("one", "two"):
        channel = away.server.space.add_channel(name)
        away.react(away.server.write("Keep this.", channel))
    async with away.back():
        assert len(away.asked) == 2


async def test_until_it_was_looked_for_nothing_says_that_all_is_well(away: Away) -> None:
    fails = 0

    async def fail(call: ApiCall) -> Answer | None:
        nonlocal fails
        if call.name != "auth.test" or fails >= 3:
            return None
        fails += 1
        assert away.intake.noted["slack"] == away.left
        return Answer({"ok": False, "error": "invalid_auth"}, 503)

    away.server.hooks.before.append(fail)
    away.react(away.server.write("Keep this."))
    async with away.back():
        assert fails == 3
        assert len(away.asked) == 1


async def test_a_stop_does_not_wait_for_the_look(away: Away) -> None:
    async def hang(call: ApiCall) -> Answer | None:
        if call.name == "conversations.history":
            await asyncio.sleep(60)
        return None

    away.server.hooks.before.append(hang)
    settings = Settings(
        _env_file=None, slack_bot_token=BOT_TOKEN, slack_api_url=away.server.api_url
    )
    entry = SlackEntry(settings, away.intake, pace=AT_ONCE)
    await entry.start()
    await until(lambda: away.server.traffic.calls("conversations.history"))
    async with asyncio.timeout(30):
        await entry.stop()
    assert away.intake.noted["slack"] == away.left


async def test_a_look_that_never_works_is_given_up(away: Away) -> None:
    async def fail(call: ApiCall) -> Answer | None:
        return Answer("<html>", 500) if call.name == "users.conversations" else None

    away.server.hooks.before.append(fail)
    async with away.back():
        assert len(away.server.traffic.calls("users.conversations")) == AT_ONCE.tries


async def test_what_slack_left_out_while_the_app_was_there_is_looked_for_as_well(
    away: Away,
) -> None:
    async with away.back():
        away.react(away.server.write("Keep this."))
        told = {"type": "app_rate_limited", "minute_rate_limited": int(time.time())}
        await away.server._deliver("events_api", told)
        await until(lambda: away.asked)
    assert away.asked == [(away.server.user.id, "save-marked")]


async def test_what_became_of_followed_messages_meanwhile_is_told(away: Away) -> None:
    server, intake = away.server, away.intake
    first, other = server.write("We ship."), server.write("Not saved.")
    reply = server.write("Fine.", thread_ts=first.ts)
    intake.followed = {first.ts}
    intake.places = [(f"{server.space.team_id}:{server.general.id}", first.ts)]
    for message in (first, other):
        message.text = "We ship now."
        message.edited_ts = server.space.next_ts()
    async with away.back():
        await until(lambda: len(intake.retellings) == 2)
    told = {(one.id, one.text, thread) for one, thread in intake.retellings}
    assert told == {(first.ts, "We ship now.", ""), (reply.ts, "Fine.", first.ts)}


async def test_of_followed_messages_those_that_were_deleted_meanwhile_are_told_of(
    away: Away,
) -> None:
    server, intake = away.server, away.intake
    place = f"{server.space.team_id}:{server.general.id}"
    alone, first, stays = (server.write(words) for words in ("Alone.", "We ship.", "Stays."))
    reply, other = (server.write(words, thread_ts=first.ts) for words in ("Fine.", "Me too."))
    elsewhere = server.space.add_channel("secret", private=True, bot=False)
    hidden = server.space.store(Message(server.space.next_ts(), elsewhere.id, server.user.id))
    followed = [(alone, alone.ts), (first, first.ts), (stays, stays.ts)]
    followed += [(reply, first.ts), (other, first.ts)]
    intake.watching = [Watched(place, thread, one.ts) for one, thread in followed]
    intake.watching.append(Watched(f"{server.space.team_id}:{elsewhere.id}", "", hidden.ts))
    intake.followed = {one.message for one in intake.watching}
    alone.deleted = reply.deleted = True
    async with away.back():
        await until(lambda: len(intake.deletions) == 2)
    assert sorted(intake.deletions) == [alone.ts, reply.ts]


async def test_where_slack_shows_nothing_nothing_counts_as_deleted(away: Away) -> None:
    server, intake = away.server, away.intake
    message = server.write("We ship.")
    intake.watching = [
        Watched(f"{server.space.team_id}:{server.general.id}", message.ts, message.ts)
    ]
    intake.followed = {message.ts}
    looked: list[str] = []

    async def empty(call: ApiCall) -> Answer | None:
        if call.name not in ("conversations.history", "conversations.replies"):
            return None
        looked.append(call.name)
        return Answer({"ok": True, "messages": []})

    server.hooks.before.append(empty)
    async with away.back():
        await until(lambda: "conversations.replies" in looked)
    assert intake.deletions == []
