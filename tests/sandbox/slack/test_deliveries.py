"""What the stand-in sends: signed, complete, retried; over HTTP and over Socket Mode."""

import asyncio

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_sdk.signature import SignatureVerifier
from slack_sdk.webhook.async_client import AsyncWebhookClient

SECRET = "signing-secret"


async def test_deliveries_carry_a_signature_that_slack_sdk_accepts(slack, serve):
    verified: list[bool] = []

    async def handle(request: web.Request) -> web.Response:
        body = await request.read()
        verified.append(SignatureVerifier(SECRET).is_valid_request(body, dict(request.headers)))
        return web.Response()

    slack.deliver_to = await serve(handle)
    await slack.slash_command(text="help")
    await slack.event({"type": "app_home_opened", "user": slack.user.id})
    await slack.message_shortcut(slack.write("a"), "save")
    assert verified == [True, True, True]


async def test_a_command_reaches_bolt_and_its_response_url_answers(slack, app):
    @app.command("/notion")
    async def run(ack, respond, command):
        await ack("On it")
        await respond(f"{command['text']} by {command['user_name']}", response_type="in_channel")

    delivery = await slack.slash_command(text="generate a list")
    assert delivery.status == 200
    await slack.wait_for(slack.answers)
    assert slack.answers()[0].text == "generate a list by ada"
    assert [message.text for message in slack.space.ephemeral] == ["On it"]


async def test_the_address_is_verified_by_a_challenge(slack, app):
    assert await slack.verify_url()


async def test_events_are_retried_with_number_and_reason_and_commands_are_not(slack, serve):
    seen: list[tuple[str | None, str | None]] = []

    async def handle(request: web.Request) -> web.Response:
        header = request.headers.get
        seen.append((header("X-Slack-Retry-Num"), header("X-Slack-Retry-Reason")))
        return web.Response(status=500 if len(seen) < 3 else 200)

    slack.deliver_to = await serve(handle)
    delivery = await slack.event({"type": "app_home_opened", "user": slack.user.id})
    assert delivery.acknowledged
    assert seen == [(None, None), ("1", "http_error"), ("2", "http_error")]
    seen.clear()
    assert not (await slack.slash_command(text="x")).acknowledged
    assert len(seen) == 1


async def test_an_event_not_taken_in_time_is_sent_four_times(slack, serve):
    slack.timing.acknowledge = 0.05

    async def handle(_request: web.Request) -> web.Response:
        await asyncio.sleep(1)
        return web.Response()

    slack.deliver_to = await serve(handle)
    delivery = await slack.event({"type": "app_home_opened", "user": slack.user.id})
    assert [attempt.reason for attempt in delivery.attempts] == ["http_timeout"] * 4


async def test_no_retry_asked_for_is_no_retry(slack, serve):
    async def handle(_request: web.Request) -> web.Response:
        return web.Response(status=500, headers={"X-Slack-No-Retry": "1"})

    slack.deliver_to = await serve(handle)
    delivery = await slack.event({"type": "app_home_opened", "user": slack.user.id})
    assert len(delivery.attempts) == 1


async def test_bolt_hears_messages_mentions_reactions_clicks_and_shortcuts(slack, app):
    heard: list[str] = []

    @app.event("message")
    async def message(event):
        heard.append(f"message {event['text']}")

    @app.event("app_mention")
    async def mention(event, say):
        heard.append("mention")
        await say(
            text="pick",
            thread_ts=event["ts"],
            blocks=[
                {
                    "type": "actions",
                    "elements": [
                        {
                            "type": "button",
                            "action_id": "save",
                            "value": "v1",
                            "text": {"type": "plain_text", "text": "Save"},
                        }
                    ],
                }
            ],
        )

    @app.event("reaction_added")
    async def reaction(event):
        heard.append(f"reaction {event['reaction']} {event['item']['ts']}")

    @app.action("save")
    async def click(ack, action, respond):
        await ack()
        heard.append(f"click {action['value']}")
        await respond("saved", replace_original=True)

    @app.shortcut("keep")
    async def shortcut(ack, shortcut):
        await ack()
        heard.append(f"shortcut {shortcut['message']['text']}")

    said, _ = await slack.say("hi")
    await slack.mention("do it")
    await slack.react(said, "memo")
    await slack.message_shortcut(said, "keep")
    button = await slack.wait_for(lambda: slack.answers() and slack.answers()[0])
    await slack.click(button, "save")
    await slack.wait_for(lambda: button.text == "saved")
    assert sorted(heard) == sorted(
        ["message hi", "mention", f"reaction memo {said.ts}", "shortcut hi", "click v1"]
    )
    with pytest.raises(LookupError):
        await slack.click(said, "save")


async def test_a_response_url_is_used_up_after_five_answers_and_half_an_hour(slack):
    client = AsyncWebhookClient(slack.response_urls.issue(slack.general.id, slack.user.id))
    for _ in range(5):
        assert (await client.send(text="a")).body == "ok"
    spent = await client.send(text="a")
    assert (spent.status_code, spent.body) == (404, "used_url")
    old = AsyncWebhookClient(slack.response_urls.issue(slack.general.id, slack.user.id))
    now = slack.space.clock()
    slack.space.clock = lambda: now + 1801
    assert (await old.send(text="a")).body == "expired_url"


async def test_a_response_url_replaces_and_deletes_what_it_posted(slack):
    client = AsyncWebhookClient(slack.response_urls.issue(slack.general.id, slack.user.id))
    await client.send(text="wait", response_type="in_channel")
    await client.send(text="done", replace_original=True)
    [message] = slack.answers()
    assert [revision.text for revision in message.revisions] == ["wait", "done"]
    await client.send(delete_original=True)
    assert slack.answers() == []
    refused = await client.send(text="")
    assert (refused.status_code, refused.body) == (400, "no_text")


async def test_socket_mode_delivers_the_same_and_awaits_the_acknowledgement(slack, bolt):
    @bolt.command("/notion")
    async def run(ack, command):
        await ack(f"heard {command['text']}")

    @bolt.event("app_mention")
    async def mention(say):
        await say("hello")

    handler = AsyncSocketModeHandler(bolt, "xapp-sandbox")
    handler.client.ping_interval = 0.2
    await handler.connect_async()
    try:
        await slack.wait_for(lambda: slack.sockets.connections)
        delivery = await slack.slash_command(text="help")
        assert delivery.json() == {"text": "heard help"}
        assert slack.space.ephemeral[0].text == "heard help"
        _, event = await slack.mention("there")
        assert event.acknowledged
        await slack.wait_for(slack.answers)
        await slack.disconnect()
        await slack.wait_for(lambda: slack.sockets.connections)
        assert (await slack.slash_command(text="again")).acknowledged
    finally:
        await handler.close_async()


async def test_a_socket_that_says_nothing_gets_the_event_again(slack):
    slack.timing.acknowledge = 0.05
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(slack.sockets.issue_url()) as socket,
    ):
        assert (await socket.receive_json())["type"] == "hello"
        event = {"type": "app_home_opened", "user": slack.user.id}
        delivery = await slack.event(event)
        got = [await socket.receive_json() for _ in range(4)]
    assert not delivery.acknowledged
    assert [one["retry_attempt"] for one in got] == [0, 1, 2, 3]
    assert len({one["payload"]["event_id"] for one in got}) == 1


async def test_the_app_hears_of_its_own_messages_too(slack, serve, client):
    heard: list[dict[str, str]] = []

    async def handle(request: web.Request) -> web.Response:
        heard.append((await request.json())["event"])
        return web.Response()

    slack.deliver_to = await serve(handle)
    await client.chat_postMessage(channel=slack.general.id, text="mine")
    await slack.tell(slack.answers()[0])
    assert (heard[0]["type"], heard[0]["text"]) == ("message", "mine")
    assert heard[0]["bot_id"] == slack.space.bot_id


async def test_an_event_that_slack_sends_again_is_the_same_event(slack, serve):
    seen: list[tuple[str, str]] = []

    async def handle(request: web.Request) -> web.Response:
        body = await request.json()
        seen.append((body["event_id"], body["event"]["event_ts"]))
        return web.Response()

    slack.deliver_to = await serve(handle)
    delivery = await slack.react(slack.write("a"), "memo")
    await slack.again(delivery)
    assert seen[0] == seen[1]
