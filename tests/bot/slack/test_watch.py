"""Socket Mode, from a server that goes deaf, dies, refuses, or takes connections away."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from bot.slack.app import Listeners, build_app
from bot.slack.socket import open_line
from bot.slack.watch import Limits, Watch
from core.config import Settings
from core.errors import Misconfigured, PlatformFailed, RateLimited
from sandbox.slack.server import SlackServer
from sandbox.traffic import Answer, Call

APP_TOKEN = "xapp-watch-token"
BRISK = Limits(
    ping=0.2, silent=0.3, quiet=0.5, opening=2, first_pause=0.02, longest_pause=0.1, handover=0.5
)


@dataclass
class Stage:
    server: SlackServer
    watch: Watch
    taken: list[str] = field(default_factory=list)
    gaps: list[datetime] = field(default_factory=list)

    @property
    def opened(self) -> int:
        return self.server.sockets.opened

    async def again(self, times: int = 2) -> None:
        """Returns once there have been so many connections, and one stands."""
        await self.server.wait_for(
            lambda: self.opened >= times and self.server.sockets.connections, timeout=30
        )

    async def noticed(self) -> None:
        """Returns once the gap was told of."""
        async with asyncio.timeout(30):
            while not self.gaps:  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.01)

    async def works(self) -> bool:
        """Whether a command comes through."""
        return (await self.server.slash_command(text="generate a")).acknowledged


@asynccontextmanager
async def staged(limits: Limits = BRISK, pinging: float | None = None) -> AsyncIterator[Stage]:
    async with SlackServer("secret", "xoxb-watch", APP_TOKEN) as server:
        server.sockets.pinging = pinging
        settings = Settings(
            _env_file=None, slack_bot_token="xoxb-watch", slack_api_url=server.api_url
        )

        async def take(ack: Callable[[], Awaitable[None]], body: dict[str, str]) -> None:
            stage.taken.append(body["text"])
            await ack()

        async def event() -> None:
            return

        app = build_app(
            settings, "/notion", "save", Listeners(take, take, take, event, *[take] * 4)
        )
        opened = partial(open_line, app, APP_TOKEN, limits.ping, limits.opening)
        stage = Stage(server, Watch(opened, lambda since: stage.gaps.append(since), limits))
        try:
            await stage.watch.start()
            await stage.again(1)
            yield stage
        finally:
            await stage.watch.stop()


def number(name: str) -> float:
    return REGISTRY.get_sample_value(f"notion_assistant_{name}", {"platform": "slack"}) or 0.0


async def test_a_connection_that_stands_is_left_alone() -> None:
    async with staged(pinging=0.05) as stage:
        await asyncio.sleep(1)
        assert stage.opened == 1
        assert stage.gaps == []
        assert number("connected") == 1
        assert number("connection_age_seconds") > 0.9
        began = datetime.now(UTC)
        await stage.server.wait_for(lambda: (stage.watch.heard() or began) > began)
    assert number("connected") == 0
    assert number("connection_age_seconds") == 0


async def test_a_server_that_stops_pinging_is_noticed_though_it_still_pongs() -> None:
    async with staged(pinging=0.05) as stage:
        before = datetime.now(UTC)
        reconnects = number("reconnects_total")
        await asyncio.sleep(0.2)
        stage.server.sockets.deaf = True
        await stage.server.wait_for(lambda: stage.opened >= 2, timeout=30)
        stage.server.sockets.deaf = False
        await stage.server.wait_for(lambda: len(stage.server.sockets.connections) == 1)
        assert await stage.works()
        assert stage.taken == ["generate a"]
        await stage.noticed()
        assert before < stage.gaps[0] < datetime.now(UTC)
        assert number("reconnects_total") >= reconnects + 1


async def test_a_server_that_never_pings_is_asked_anew_after_a_long_silence() -> None:
    async with staged() as stage:
        await stage.noticed()
        # Each is left again after half a second in which nothing comes.
        await stage.server.wait_for(lambda: stage.opened >= 3, timeout=30)


async def test_a_peer_that_is_gone_without_a_word_is_noticed() -> None:
    """Half-open TCP: the other machine answers nothing at all, and never says good-bye."""
    patient = Limits(ping=0.2, silent=60, quiet=60, first_pause=0.02)
    async with staged(patient) as stage:
        stage.server.sockets.pongs = False
        await stage.server.wait_for(lambda: stage.opened >= 2, timeout=30)
        stage.server.sockets.pongs = True
        await stage.noticed()


async def test_a_connection_that_is_cut_off_is_made_anew() -> None:
    patient = Limits(ping=60, silent=60, quiet=60, first_pause=0.02)
    async with staged(patient) as stage:
        stage.server.sockets.abort()
        await stage.again()
        assert await stage.works()
        await stage.noticed()
        assert len(stage.gaps) == 1


async def test_a_connection_taken_away_is_followed_by_another_without_a_gap() -> None:
    patient = Limits(ping=60, silent=60, quiet=60, first_pause=0.02)
    async with staged(patient) as stage:
        await stage.server.disconnect("warning")
        await stage.server.wait_for(lambda: stage.opened == 2)
        await stage.server.wait_for(lambda: len(stage.server.sockets.connections) == 1)
        assert await stage.works()
        assert stage.gaps == []


async def test_a_socket_that_is_refused_is_asked_for_at_a_new_address() -> None:
    patient = Limits(ping=60, silent=60, quiet=60, first_pause=0.02, longest_pause=0.05)
    async with staged(patient) as stage:
        asked = stage.server.traffic.calls("apps.connections.open")
        stage.server.sockets.refusing = 408
        with capture_logs() as logs:
            stage.server.sockets.abort()
            await stage.server.wait_for(
                lambda: len(stage.server.traffic.calls("apps.connections.open")) >= len(asked) + 3
            )
        stage.server.sockets.refusing = None
        await stage.again()
        assert await stage.works()
        reasons = {each["reason"] for each in logs if "reason" in each}
        assert reasons == {"Slack's socket could not be reached."}
        assert "ticket" not in str(logs)


async def test_slack_that_refuses_for_long_is_asked_ever_less_often_and_for_ever() -> None:
    patient = Limits(ping=60, silent=60, quiet=60, first_pause=0.05, longest_pause=0.2)
    async with staged(patient) as stage:

        async def refuse(call: Call) -> Answer | None:
            bad = call.name == "apps.connections.open"
            return Answer({"ok": False, "error": "internal_error"}) if bad else None

        stage.server.hooks.before.append(refuse)
        with capture_logs() as logs:
            stage.server.sockets.abort()
            await stage.server.wait_for(
                lambda: len(stage.server.traffic.calls("apps.connections.open")) >= 6
            )
        waits = [each["seconds"] for each in logs if "seconds" in each]
        assert waits[:4] == [0.05, 0.1, 0.2, 0.2]
        assert "Slack failed (internal_error)." in {each.get("reason") for each in logs}
        assert number("connected") == 0
        assert stage.watch.heard() is None
        stage.server.hooks.before.clear()
        await stage.again()
        await stage.noticed()
        assert len(stage.gaps) == 1


async def test_socket_mode_that_is_turned_off_is_told_in_the_log() -> None:
    patient = Limits(ping=60, silent=60, quiet=60, first_pause=0.02)
    async with staged(patient) as stage:
        with capture_logs() as logs:
            await stage.server.disconnect("link_disabled")
            await stage.again()
        assert "Turn it on at api.slack.com" in str(logs)


async def test_stopping_waits_for_nothing() -> None:
    patient = Limits(ping=60, silent=60, quiet=60, first_pause=60, longest_pause=60)
    async with staged(patient) as stage:
        stage.server.sockets.refusing = 408
        stage.server.sockets.abort()
        await stage.server.wait_for(
            lambda: len(stage.server.traffic.calls("apps.connections.open")) >= 2
        )
        async with asyncio.timeout(30):
            await stage.watch.stop()
            await stage.watch.stop()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer({"ok": False, "error": "invalid_auth"}), Misconfigured),
        (Answer({"ok": False, "error": "internal_error"}), PlatformFailed),
        (Answer({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": "7"}), RateLimited),
        (Answer({"ok": True}), PlatformFailed),
        (Answer("<html>Bad gateway</html>", 502), PlatformFailed),
        (Answer("<html>Hello</html>"), PlatformFailed),
        (Answer({}, 501), PlatformFailed),
    ],
)
async def test_each_refusal_is_told_as_what_it_is(answer: Answer, kind: type[Exception]) -> None:
    async with staged() as stage:

        async def refuse(call: Call) -> Answer | None:
            return answer if call.name == "apps.connections.open" else None

        stage.server.hooks.before.append(refuse)
        with pytest.raises(kind) as told:
            await stage.watch._open_line()
        assert APP_TOKEN not in str(told.value)
        if isinstance(told.value, RateLimited):
            assert told.value.retry_after == 7
