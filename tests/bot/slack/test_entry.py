import asyncio
import io
import json
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import aiohttp
import pytest
from aiohttp import web

from bot.slack.adapter import SlackPlatform
from bot.slack.entry import LARGEST_BODY, SlackEntry
from core.actions import (
    about_pages,
    when_taken_back,
    when_unclear,
    when_unsaved,
    when_written,
)
from core.config import Settings
from core.errors import Misconfigured, PlatformFailed, Unavailable
from core.messages import Action, Answer, Call, Channel, Request, Sender
from core.messages import Message as Said
from sandbox.slack.delivery import FORM, JSON, sign
from sandbox.slack.server import SlackServer
from sandbox.slack.workspace import Message
from sandbox.traffic import Answer as Reaction
from sandbox.traffic import Call as ApiCall
from tests.bot.memory import Memory
from tests.bot.offers import Offers

ITEM = uuid4()
SECRET = "signing-secret"
BOT_TOKEN = "xoxb-entry-token"
APP_TOKEN = "xapp-entry-token"


@dataclass
class Recorder(Offers, Memory):
    """An intake that remembers what it was given; nothing is looked for after a silence."""

    requests: list[Request] = field(default_factory=list)
    away: bool = False

    def __post_init__(self) -> None:
        super().__init__()
        self.silent = True

    async def accept(self, request: Request) -> bool:
        if self.away:
            raise Unavailable("The database does not answer. Try again in a minute.")
        new = request.id not in {known.id for known in self.requests}
        self.requests.append(request)
        return new

    async def hear(
        self, channel: Channel, thread: str, message: Said, *, to_us: bool = False
    ) -> None:
        raise NotImplementedError

    async def takes_part(self, channel: Channel, thread: str) -> bool:
        raise NotImplementedError

    def given(self) -> list[Request]:
        return self.requests


@dataclass
class Stage:
    server: SlackServer
    entry: SlackEntry
    intake: Recorder
    url: str

    async def post(
        self, body: bytes, *, kind: str = FORM, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """A signed POST whose headers may be changed; an empty one is left out."""
        now = str(int(time.time()))
        signed = {
            "Content-Type": kind,
            "X-Slack-Request-Timestamp": now,
            "X-Slack-Signature": sign(SECRET, now, body),
        } | (headers or {})
        sent = {name: value for name, value in signed.items() if value}
        async with (
            aiohttp.ClientSession() as http,
            http.post(self.url, data=body, headers=sent) as answer,
        ):
            text = await answer.text()
            return answer.status, json.loads(text) if text.startswith("{") else {}


def make_settings(server: SlackServer, **changes: Any) -> Settings:
    values = {
        "slack_bot_token": BOT_TOKEN,
        "slack_signing_secret": SECRET,
        "slack_api_url": server.api_url,
    } | changes
    return Settings(_env_file=None, **values)


async def serve(entry: SlackEntry) -> tuple[web.AppRunner, str]:
    app = web.Application(client_max_size=8 * LARGEST_BODY)
    for method, path, handler in entry.routes:
        app.router.add_route(method, path, handler)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    return runner, f"http://{host}:{port}/slack/events"


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    intake = Recorder()
    async with SlackServer(SECRET, BOT_TOKEN) as server:
        entry = SlackEntry(make_settings(server), intake)
        await entry.start()
        runner, url = await serve(entry)
        server.deliver_to = url
        yield Stage(server, entry, intake, url)
        await runner.cleanup()
        await entry.stop()


async def test_a_command_is_recorded_and_acknowledged_with_nothing(stage: Stage) -> None:
    delivery = await stage.server.slash_command(text="generate a launch checklist --save")
    assert (delivery.status, delivery.body) == (200, "")
    [request] = stage.intake.requests
    assert (request.call.command, request.call.text) == ("generate", "a launch checklist")
    assert request.call.flags == {"save": True}
    assert request.sender.id == stage.server.user.id
    assert request.address["channel_id"] == stage.server.general.id
    assert "private" not in request.address
    space = stage.server.space
    assert request.place == f"{space.team_id}:{stage.server.general.id}"


async def test_acknowledging_asks_nothing_of_slack(stage: Stage) -> None:
    await stage.server.slash_command(text="generate a")
    await stage.server.slash_command(text="generate b")
    assert list(stage.server.requests) == []


async def test_a_command_that_speaks_of_a_payload_arrives(stage: Stage) -> None:
    delivery = await stage.server.slash_command(text="generate a payload=schema")
    assert delivery.status == 200
    assert [request.call.text for request in stage.intake.requests] == ["a payload=schema"]


async def test_the_same_delivery_twice_is_the_same_request(stage: Stage) -> None:
    await stage.server.slash_command(text="generate a", trigger_id="1.1.a")
    await stage.server.slash_command(text="generate a", trigger_id="1.1.a")
    await stage.server.slash_command(text="generate a", trigger_id="1.1.b")
    first, again, other = (request.id for request in stage.intake.requests)
    assert first == again != other


async def test_a_private_command_says_so_in_its_address(stage: Stage) -> None:
    await stage.server.slash_command(text="generate a --private")
    assert stage.intake.requests[0].address["private"] == "yes"


@pytest.mark.parametrize("text", ["generate --sav", "generat x", "generate x --sav"])
async def test_a_wrong_command_is_answered_at_once_to_the_asker_alone(
    stage: Stage, text: str
) -> None:
    delivery = await stage.server.slash_command(text=text)
    body = delivery.json()
    assert body["response_type"] == "ephemeral"
    assert body["blocks"][0]["type"] == "markdown"
    assert body["blocks"][0]["text"].startswith("⚠️")
    assert stage.server.answers() == []
    assert len(stage.server.space.ephemeral) == 1
    assert stage.intake.requests == []


async def test_a_server_that_cannot_record_says_so(stage: Stage) -> None:
    stage.intake.away = True
    delivery = await stage.server.slash_command(text="generate a")
    assert "The database does not answer" in delivery.json()["blocks"][0]["text"]


async def answered(stage: Stage, actions: Sequence[Action] = when_written(ITEM)) -> Message:
    """An answer in the channel, with its buttons."""
    platform = SlackPlatform(make_settings(stage.server))
    [part] = platform.render(Answer("Hello.", actions=tuple(actions)))
    await stage.server.slash_command(text="generate a")
    await platform.post(stage.intake.requests.pop().address, part, "a:0", again=False)
    await platform.close()
    [message] = stage.server.answers()
    return message


async def test_a_press_is_recorded_and_acknowledged_with_nothing(stage: Stage) -> None:
    message = await answered(stage)
    delivery = await stage.server.click(message, "longer")
    assert (delivery.status, delivery.body) == (200, "")
    [request] = stage.intake.requests
    assert request.call == Call("rewrite", str(ITEM), {"how": "longer"})
    assert request.sender.id == stage.server.user.id
    assert request.address["channel_id"] == stage.server.general.id
    assert "/response/" in request.address["response_url"]
    assert "private" not in request.address
    assert request.place == f"{stage.server.space.team_id}:{stage.server.general.id}"


async def test_saving_is_between_the_app_and_the_presser(stage: Stage) -> None:
    await stage.server.click(await answered(stage), "save")
    [request] = stage.intake.requests
    assert request.call == Call("save-item", str(ITEM))
    assert request.address["private"] == "yes"


async def test_the_same_press_twice_is_the_same_request(stage: Stage) -> None:
    delivery = await stage.server.click(await answered(stage), "save")
    await stage.server.interaction(delivery.payload)
    first, again = (request.id for request in stage.intake.requests)
    assert first == again


async def test_a_press_that_cannot_be_recorded_is_answered_to_the_presser(stage: Stage) -> None:
    message = await answered(stage)
    stage.intake.away = True
    delivery = await stage.server.click(message, "save")
    assert delivery.acknowledged
    space = stage.server.space
    await stage.server.wait_for(lambda: space.ephemeral)
    assert "The database does not answer" in str(space.ephemeral[0].blocks)
    assert "Hello." in str(stage.server.answers()[0].blocks), "the answer stands"


PAGE = str(UUID("0f0d7a1e-6b0b-4d5e-9f6b-0c8a4a0d9d22"))


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("ask-3", Call("ask", "When?", {"page": PAGE})),
        ("append-3", Call("save", "When?", {"append": PAGE})),
    ],
)
async def test_a_button_about_a_page_asks_for_words_and_then_for_the_rest(
    stage: Stage, name: str, call: Call
) -> None:
    message = await answered(stage, about_pages([(3, PAGE)]))
    await stage.server.click(message, name)
    assert stage.intake.requests == []
    [view] = stage.server.space.views
    words = {"words": {"words": {"type": "plain_text_input", "value": "When?"}}}
    done = await stage.server.submit_view(view, words)
    assert (done.status, done.body) == (200, "")
    [request] = stage.intake.requests
    assert request.call == call
    assert request.place == f"{stage.server.space.team_id}:{stage.server.general.id}"
    assert "/response/" in request.address["response_url"]
    empty = {"words": {"words": {"type": "plain_text_input", "value": None}}}
    assert "errors" in (await stage.server.submit_view(view, empty)).body


async def test_where_no_form_opens_the_presser_is_told_what_to_type(stage: Stage) -> None:
    async def unknown(call: ApiCall) -> Reaction | None:
        refused = {"ok": False, "error": "unknown_method"}
        return Reaction(refused) if call.name == "views.open" else None

    message = await answered(stage, about_pages([(1, PAGE)]))
    stage.server.hooks.before.append(unknown)
    await stage.server.click(message, "ask-1")
    space = stage.server.space
    await stage.server.wait_for(lambda: space.ephemeral)
    assert "--page TITLE" in str(space.ephemeral[-1].blocks)


async def test_a_message_is_added_to_a_page_that_is_chosen_from_its_menu(stage: Stage) -> None:
    message = stage.server.write("Keep this.")
    await stage.server.message_shortcut(message, "append_to_page")
    [view] = stage.server.space.views
    chosen = {"type": "external_select", "selected_option": {"value": PAGE}}
    await stage.server.submit_view(view, {"destination": {"destination": chosen}})
    [request] = stage.intake.requests
    assert request.call == Call("save", "", {"append": PAGE})
    assert request.address["message"] == message.ts
    assert "thread" not in request.address


async def test_saying_which_place_was_meant_asks_for_the_same_again(stage: Stage) -> None:
    stage.intake.pickable = {str(ITEM): Call("generate", "a plan", {"to": "Twice"})}
    message = await answered(stage, when_unclear(ITEM, [(PAGE, "Twice — in Plans")]))
    await stage.server.click(message, "pick-1")
    [request] = stage.intake.requests
    assert request.call == Call("generate", "a plan", {"to": PAGE})
    stage.intake.pickable = {}
    await stage.server.click(message, "pick-1")
    assert len(stage.intake.requests) == 1
    await stage.server.wait_for(lambda: stage.server.space.ephemeral)
    assert "Only the person who asked" in str(stage.server.space.ephemeral[-1].blocks)


async def asked_alone(stage: Stage, actions: Sequence[Action]) -> Message:
    """A question for one person, with its buttons."""
    platform = SlackPlatform(make_settings(stage.server))
    [part] = platform.render(Answer("Well?", actions=tuple(actions)))
    await stage.server.slash_command(text="generate a")
    address = {**stage.intake.requests.pop().address, "private": "yes"}
    await platform.post(address, part, "a:0", again=False)
    await platform.close()
    return stage.server.space.ephemeral[-1]


async def test_what_failed_is_asked_for_again_about_the_same_message(stage: Stage) -> None:
    about = {"channel_id": "C9", "message": "1.2", "thread": "1.2", "marked": "yes", "user_id": "x"}
    sender = Sender("slack", stage.server.user.id)
    earlier = Request(ITEM, sender, Call("save-marked"), about | {"response_url": "x"}, "T1:C9")
    stage.intake.earlier = {str(ITEM): earlier}
    message = await asked_alone(stage, when_unsaved(ITEM))
    await stage.server.click(message, "again")
    [request] = stage.intake.requests
    assert (request.call, request.place) == (Call("save-marked"), "T1:C9")
    told = {name: request.address.get(name) for name in about}
    assert told == about | {"user_id": stage.server.user.id}
    assert "/response/" in request.address["response_url"]
    assert request.id != earlier.id
    await stage.server.wait_for(lambda: message.deleted)
    # Others are turned away, and the question stays for whom it is meant.
    stage.intake.earlier = {}
    message = await asked_alone(stage, when_unsaved(ITEM))
    await stage.server.click(message, "again")
    await stage.server.wait_for(lambda: "Only the" in str(stage.server.space.ephemeral[-1].blocks))
    assert len(stage.intake.requests) == 1
    assert not message.deleted


@pytest.mark.parametrize("name", ["trash", "stay", "pick-1"])
async def test_a_question_for_one_person_goes_once_it_is_answered(stage: Stage, name: str) -> None:
    stage.intake.pickable = {str(ITEM): Call("generate", "a plan", {"to": "Twice"})}
    actions = when_unclear(ITEM, [(PAGE, "Twice")]) if "-" in name else when_taken_back(ITEM)
    message = await asked_alone(stage, actions)
    # While it cannot be written down, it can be pressed again.
    stage.intake.away = True
    await stage.server.click(message, name)
    await stage.server.wait_for(lambda: "database" in str(stage.server.space.ephemeral[-1].blocks))
    assert not message.deleted
    stage.intake.away = False
    await stage.server.click(message, name)
    await stage.server.wait_for(lambda: message.deleted)
    # Its answer still comes the same way.
    [request] = stage.intake.requests
    platform = SlackPlatform(make_settings(stage.server))
    [part] = platform.render(Answer("Done."))
    await platform.post({**request.address, "private": "yes"}, part, "b:0", again=False)
    await platform.close()
    assert "Done." in str(stage.server.space.ephemeral[-1].blocks)


async def test_an_answer_stays_when_a_button_under_it_is_pressed(stage: Stage) -> None:
    message = await asked_alone(stage, when_written(ITEM))
    await stage.server.click(message, "longer")
    assert len(stage.intake.requests) == 1
    await stage.entry.stop()
    assert not message.deleted


async def test_a_button_of_somebody_else_is_not_found(stage: Stage) -> None:
    delivery = await stage.server.click(await answered(stage), "save")
    action = delivery.payload["actions"][0] | {"action_id": "save_as"}
    stage.intake.requests.clear()
    other = await stage.server.interaction(delivery.payload | {"actions": [action]})
    assert other.status == 404
    assert stage.intake.requests == []


async def test_a_delivery_that_names_nothing_is_one_however_the_clock_stands(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = urlencode({"command": "/notion", "text": "generate a", "user_id": "U1"}).encode()
    for moment in (1_700_000_009.5, 1_700_000_010.5, 1_700_000_075.0):
        clock = SimpleNamespace(time=lambda at=moment: at)
        monkeypatch.setattr(sys.modules["bot.slack.entry"], "time", clock)
        await stage.post(body, headers={"X-Slack-Retry-Num": "1"})
    first, again, later = (request.id for request in stage.intake.requests)
    assert first == again != later


async def test_an_unsigned_press_is_turned_away(stage: Stage) -> None:
    delivery = await stage.server.click(await answered(stage), "save")
    stage.intake.requests.clear()
    body = urlencode({"payload": json.dumps(delivery.payload)}).encode()
    status, _ = await stage.post(body, headers={"X-Slack-Signature": "v0=" + "0" * 64})
    assert status == 401
    assert stage.intake.requests == []


async def test_another_command_is_not_found(stage: Stage) -> None:
    delivery = await stage.server.slash_command(command="/other", text="generate a")
    assert delivery.status == 404
    assert delivery.json()["code"] == "NOT_FOUND"


async def test_the_address_is_verified_when_slack_asks(stage: Stage) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "c-1"}).encode()
    status, answer = await stage.post(body, kind=JSON)
    assert (status, answer) == (200, {"challenge": "c-1"})


@pytest.mark.parametrize(
    "news",
    [
        {"type": "event_callback", "event": {"type": "channel_created", "channel": {}}},
        {"type": "event_callback", "event": {"type": "message", "subtype": "channel_join"}},
        {"type": "event_callback", "event": {}},
        {"type": "event_callback"},
        {"type": "app_rate_limited", "minute_rate_limited": 1},
    ],
)
async def test_an_event_that_asks_for_nothing_is_acknowledged(
    stage: Stage, news: dict[str, Any]
) -> None:
    status, _ = await stage.post(json.dumps(news).encode(), kind=JSON)
    assert status == 200
    assert stage.intake.requests == []


COMMAND = urlencode({"command": "/notion", "text": "generate a", "trigger_id": "1"}).encode()


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Slack-Signature": ""},
        {"X-Slack-Request-Timestamp": ""},
        {"X-Slack-Signature": "v0=" + "0" * 64},
        {"X-Slack-Signature": "v0=é"},
        {"X-Slack-Request-Timestamp": "soon"},
        {"X-Slack-Request-Timestamp": "9" * 5_000},
        {"X-Slack-Request-Timestamp": "-1"},
        {"X-Slack-Request-Timestamp": "1.5"},
    ],
    ids=["unsigned", "undated", "forged", "not ASCII", "no number", "huge", "negative", "fraction"],
)
async def test_a_request_without_a_valid_signature_is_refused(
    stage: Stage, headers: dict[str, str]
) -> None:
    status, answer = await stage.post(COMMAND, headers=headers)
    assert (status, answer["status"], answer["code"]) == (401, 401, "UNAUTHORIZED")
    assert stage.intake.requests == []


@pytest.mark.parametrize("age", [-301, 302])
async def test_a_signature_from_another_time_is_refused(stage: Stage, age: int) -> None:
    then = str(int(time.time()) - age)
    headers = {
        "X-Slack-Request-Timestamp": then,
        "X-Slack-Signature": sign(SECRET, then, COMMAND),
    }
    status, _ = await stage.post(COMMAND, headers=headers)
    assert status == 401


@pytest.mark.parametrize("body", [b"ssl_check=1&token=x", b'{"type":"url_verification"}', b"\xff{"])
async def test_nothing_unsigned_is_answered(stage: Stage, body: bytes) -> None:
    status, _ = await stage.post(body, headers={"X-Slack-Signature": "v0=" + "0" * 64})
    assert status == 401


@pytest.mark.parametrize(
    "body",
    [
        b'{"type":"event_callback","team_id":"T1","event":"x"}',
        b'{"type":"event_callback","team_id":"T1","event":[1],"authorizations":5}',
        b'{"type":"block_actions","user":{"id":"U1"},"actions":"x"}',
        b'{"type":"block_actions","user":"x","actions":[5]}',
        b'{"type":"view_submission","view":7}',
        b'{"type":7}',
    ],
)
async def test_a_signed_body_of_another_shape_crashes_nothing(stage: Stage, body: bytes) -> None:
    status, _ = await stage.post(body, kind=JSON)
    assert status in (200, 400, 404)
    assert stage.intake.requests == []


async def test_slack_may_look_at_the_certificate(stage: Stage) -> None:
    assert (await stage.post(b"ssl_check=1&token=x"))[0] == 200
    assert (await stage.post(COMMAND + b"&ssl_check=1"))[0] == 200
    assert len(stage.intake.requests) == 1, "a command is one, whatever it carries"


@pytest.mark.parametrize("body", [b"{", b"[1]", b"null"])
async def test_a_signed_body_that_says_nothing_is_bad_input(stage: Stage, body: bytes) -> None:
    status, answer = await stage.post(body, kind=JSON)
    assert (status, answer["code"]) == (400, "INVALID_INPUT")


async def test_a_body_that_is_too_large_is_refused(stage: Stage) -> None:
    body = io.BytesIO(b"text=" + b"a" * LARGEST_BODY)
    async with aiohttp.ClientSession() as http, http.post(stage.url, data=body) as answer:
        refusal = await answer.json()
    assert (answer.status, refusal["code"]) == (413, "PAYLOAD_TOO_LARGE")


async def test_a_large_body_of_unknown_length_is_refused(stage: Stage) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(17):
            yield b"a" * (LARGEST_BODY // 16)

    async with aiohttp.ClientSession() as http, http.post(stage.url, data=chunks()) as answer:
        assert answer.status == 413


@pytest.mark.parametrize("secret", [None, "  "])
async def test_without_a_signing_secret_nothing_is_trusted(
    stage: Stage, secret: str | None
) -> None:
    entry = SlackEntry(make_settings(stage.server, slack_signing_secret=secret), stage.intake)
    runner, stage.url = await serve(entry)
    status, _ = await stage.post(COMMAND)
    empty = await stage.post(COMMAND, headers={"X-Slack-Signature": ""})
    await runner.cleanup()
    assert (status, empty[0]) == (401, 401)


async def test_oauth_settings_in_the_environment_change_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_CLIENT_ID", "1.2")
    monkeypatch.setenv("SLACK_CLIENT_SECRET", "s")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-another")
    entry = SlackEntry(make_settings(stage.server), stage.intake)
    runner, stage.server.deliver_to = await serve(entry)
    delivery = await stage.server.slash_command(text="generate a")
    await runner.cleanup()
    assert (delivery.status, delivery.body) == (200, "")
    assert len(stage.intake.requests) == 1
    assert list(stage.server.requests) == []


async def test_commands_come_over_socket_mode_without_a_public_address() -> None:
    intake = Recorder()
    async with SlackServer(SECRET, BOT_TOKEN, APP_TOKEN) as server:
        settings = make_settings(server, slack_app_token=APP_TOKEN, slack_signing_secret=None)
        entry = SlackEntry(settings, intake)
        await entry.start()
        await server.wait_for(lambda: server.sockets.connections)
        taken = await server.slash_command(text="generate a")
        wrong = await server.slash_command(text="nonsense")
        await entry.stop()
        await entry.stop()
    assert (taken.acknowledged, taken.body) == (True, "")
    assert [request.call.text for request in intake.requests] == ["a"]
    assert wrong.json()["response_type"] == "ephemeral"


async def test_presses_come_over_socket_mode_too() -> None:
    intake = Recorder()
    async with SlackServer(SECRET, BOT_TOKEN, APP_TOKEN) as server:
        settings = make_settings(server, slack_app_token=APP_TOKEN, slack_signing_secret=None)
        entry = SlackEntry(settings, intake)
        await entry.start()
        await server.wait_for(lambda: server.sockets.connections)
        pressed = await server.click(await answered(Stage(server, entry, intake, "")), "save")
        await entry.stop()
    assert pressed.acknowledged
    assert [request.call for request in intake.requests] == [Call("save-item", str(ITEM))]


async def test_a_socket_that_slack_refreshes_is_opened_again() -> None:
    intake = Recorder()
    async with SlackServer(SECRET, BOT_TOKEN, APP_TOKEN) as server:
        entry = SlackEntry(make_settings(server, slack_app_token=APP_TOKEN), intake)
        await entry.start()
        await server.wait_for(lambda: server.sockets.connections)
        await server.disconnect()
        await server.wait_for(lambda: server.sockets.connections, timeout=20)
        taken = await server.slash_command(text="generate a")
        await entry.stop()
    assert taken.acknowledged
    assert len(intake.requests) == 1


async def test_an_app_token_that_slack_refuses_is_named() -> None:
    async with SlackServer(SECRET, BOT_TOKEN, APP_TOKEN) as server:
        entry = SlackEntry(make_settings(server, slack_app_token="xapp-wrong"), Recorder())
        with pytest.raises(Misconfigured, match="SLACK_APP_TOKEN") as error:
            await entry.start()
        assert "xapp-wrong" not in error.value.message
        await entry.stop()


async def test_a_slack_that_is_not_there_is_worth_another_try() -> None:
    async with SlackServer(SECRET, BOT_TOKEN, APP_TOKEN) as server:
        settings = make_settings(
            server, slack_app_token=APP_TOKEN, slack_api_url="http://127.0.0.1:9/api/"
        )
        entry = SlackEntry(settings, Recorder())
        with pytest.raises(PlatformFailed) as failure:
            async with asyncio.timeout(30):
                await entry.start()
        assert failure.value.retryable


async def test_no_log_at_any_level_tells_a_secret(
    stage: Stage, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    await stage.server.slash_command(text="generate a")
    await stage.server.slash_command(command="/other", text="generate a")
    await stage.post(COMMAND, headers={"X-Slack-Signature": "v0=" + "0" * 64})
    told = caplog.text + "".join(capsys.readouterr())
    [request] = stage.intake.requests
    for secret in (request.address["response_url"], SECRET, BOT_TOKEN, "v0="):
        assert secret not in told
