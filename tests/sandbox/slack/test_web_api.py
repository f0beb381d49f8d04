"""The Web API as slack_sdk's own client sees it."""

import json

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.models.blocks import MarkdownBlock, SectionBlock
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack.server import SlackServer
from sandbox.traffic import Answer, Call


async def refusal(awaitable: object) -> str:
    with pytest.raises(SlackApiError) as caught:
        await awaitable
    return str(caught.value.response["error"])


async def test_a_message_is_posted_edited_and_deleted(slack, client):
    posted = await client.chat_postMessage(channel="#general", text="one")
    await client.chat_update(channel=posted["channel"], ts=posted["ts"], text="two")
    [message] = slack.answers()
    assert [revision.text for revision in message.revisions] == ["one", "two"]
    assert posted["message"]["bot_id"] == "B0SANDBOX"
    await client.chat_delete(channel=posted["channel"], ts=posted["ts"])
    assert slack.answers() == []


async def test_forms_and_json_mean_the_same(slack):
    blocks = [{"type": "divider"}]
    headers = {"Authorization": "Bearer xoxb-sandbox"}
    async with aiohttp.ClientSession(headers=headers) as session:
        url = slack.api_url + "chat.postMessage"
        form = {"channel": slack.general.id, "text": "t", "blocks": json.dumps(blocks)}
        async with session.post(url, data=form) as answer:
            assert (await answer.json())["ok"] is True
        async with session.post(url, json=form | {"blocks": blocks}) as answer:
            assert (await answer.json())["ok"] is True
    assert [message.blocks for message in slack.answers()] == [blocks, blocks]


async def test_no_token_and_a_wrong_token_are_told_apart(slack):
    assert await refusal(AsyncWebClient(base_url=slack.api_url).auth_test()) == "not_authed"
    wrong = AsyncWebClient(token="xoxb-wrong", base_url=slack.api_url)
    assert await refusal(wrong.auth_test()) == "invalid_auth"


async def test_channels_the_app_is_not_in_are_refused(slack, client):
    public = slack.space.add_channel("open", bot=False)
    private = slack.space.add_channel("secret", private=True, bot=False)
    post = client.chat_postMessage
    assert await refusal(post(channel="C404", text="t")) == "channel_not_found"
    assert await refusal(post(channel=public.id, text="t")) == "not_in_channel"
    assert await refusal(post(channel=private.id, text="t")) == "channel_not_found"
    info = await client.conversations_info(channel=public.id)
    assert info["channel"]["is_member"] is False


@pytest.mark.parametrize(
    ("blocks", "pointer"),
    [
        ([{"type": "poem"}], "unsupported type: poem [json-pointer:/blocks/0/type]"),
        (
            [SectionBlock(text="a").to_dict() | {"text": {"type": "mrkdwn", "text": "a" * 3001}}],
            "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
        ),
        ([{"type": "divider"}] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
        (
            [MarkdownBlock(text="a" * 6_001).to_dict()] * 2,
            "markdown text must be less than 12001 characters in total [json-pointer:/blocks]",
        ),
        (
            [{"type": "header", "text": {"type": "mrkdwn", "text": "a"}}],
            "must be a text object of type plain_text [json-pointer:/blocks/0/text]",
        ),
        (
            [{"type": "actions", "elements": []}],
            "must have 1 to 25 items [json-pointer:/blocks/0/elements]",
        ),
    ],
)
async def test_blocks_that_slack_does_not_show_are_refused(slack, client, blocks, pointer):
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel=slack.general.id, blocks=blocks, text="t")
    assert caught.value.response["error"] == "invalid_blocks"
    assert pointer in caught.value.response["errors"]


async def test_texts_that_are_too_long_or_missing_are_refused(slack, client):
    where = slack.general.id
    posted = await client.chat_postMessage(channel=where, text="t")
    update = client.chat_update(channel=where, ts=posted["ts"], text="a" * 4_001)
    assert await refusal(update) == "msg_too_long"
    markdown = client.chat_postMessage(channel=where, markdown_text="a" * 12_001)
    assert await refusal(markdown) == "msg_too_long"
    assert await refusal(client.api_call("chat.postMessage", json={"channel": where})) == "no_text"
    long = await client.chat_postMessage(channel=where, text="a" * 40_001)
    assert long["warning"] == "message_truncated"
    assert len(long["message"]["text"]) == 40_000


async def test_a_message_of_somebody_else_cannot_be_edited(slack, client):
    theirs = slack.write("mine")
    update = client.chat_update(channel=theirs.channel, ts=theirs.ts, text="t")
    assert await refusal(update) == "cant_update_message"
    gone = client.chat_update(channel=theirs.channel, ts="1.000001", text="t")
    assert await refusal(gone) == "message_not_found"


async def test_metadata_is_kept_and_shown_only_when_asked_for(slack, client):
    metadata = {"event_type": "saved", "event_payload": {"page": "p1"}}
    posted = await client.chat_postMessage(channel=slack.general.id, text="t", metadata=metadata)
    where = {"channel": slack.general.id, "oldest": posted["ts"], "inclusive": True, "limit": 1}
    bare = await client.conversations_history(**where)
    assert "metadata" not in bare["messages"][0]
    full = await client.conversations_history(**where, include_all_metadata=True)
    assert full["messages"][0]["metadata"] == metadata
    wrong = client.chat_postMessage(channel=slack.general.id, text="t", metadata={"event_type": 1})
    assert await refusal(wrong) == "invalid_metadata_format"


async def test_history_and_replies_come_in_pages(slack, client):
    root = slack.write("root")
    for number in range(3):
        slack.write(f"reply {number}", thread_ts=root.ts)
    for number in range(4):
        slack.write(f"later {number}")
    first = await client.conversations_history(channel=root.channel, limit=3)
    assert [one["text"] for one in first["messages"]] == ["later 3", "later 2", "later 1"]
    cursor = first["response_metadata"]["next_cursor"]
    rest = await client.conversations_history(channel=root.channel, limit=3, cursor=cursor)
    assert [one["text"] for one in rest["messages"]] == ["later 0", "root"]
    assert rest["has_more"] is False
    thread = await client.conversations_replies(channel=root.channel, ts=root.ts)
    assert [one["text"] for one in thread["messages"]] == [
        "root",
        "reply 0",
        "reply 1",
        "reply 2",
    ]
    assert thread["messages"][0]["reply_count"] == 3
    missing = client.conversations_replies(channel=root.channel, ts="1.000001")
    assert await refusal(missing) == "thread_not_found"


async def test_reactions_are_added_once_and_removed_once(slack, client):
    message = slack.write("hello")
    where = {"channel": message.channel, "timestamp": message.ts, "name": "eyes"}
    await client.reactions_add(**where)
    assert await refusal(client.reactions_add(**where)) == "already_reacted"
    shown = await client.reactions_get(channel=message.channel, timestamp=message.ts)
    assert shown["message"]["reactions"] == [{"name": "eyes", "users": ["U0BOT"], "count": 1}]
    await client.reactions_remove(**where)
    assert await refusal(client.reactions_remove(**where)) == "no_reaction"


async def test_a_stream_is_a_thread_reply_with_a_recipient(slack, client):
    root = slack.write("question")
    start = client.chat_startStream
    where = {"channel": root.channel, "thread_ts": root.ts}
    assert await refusal(start(**where)) == "missing_recipient_team_id"
    assert await refusal(start(**where, recipient_team_id="T1")) == "missing_recipient_user_id"
    stream = await client.chat_stream(
        **where, recipient_team_id="T0SANDBOX", recipient_user_id=slack.user.id, buffer_size=4
    )
    await stream.append(markdown_text="Hello ")
    await stream.append(markdown_text="world")
    update = client.chat_update(channel=root.channel, ts=stream.ts, text="t")
    assert await refusal(update) == "streaming_state_conflict"
    # The SDK's helper began it with chunks, and so it goes on.
    plain = client.chat_appendStream(channel=root.channel, ts=stream.ts, markdown_text="!")
    assert await refusal(plain) == "streaming_mode_mismatch"
    await stream.stop(blocks=[{"type": "divider"}])
    [answer] = slack.answers()
    assert (answer.text, answer.blocks) == ("Hello world", [{"type": "divider"}])
    late = client.chat_appendStream(channel=root.channel, ts=stream.ts, markdown_text="!")
    assert await refusal(late) == "message_not_in_streaming_state"


async def test_slack_closes_a_stream_after_some_minutes_and_then_takes_an_edit(slack, client):
    root = slack.write("question", slack.space.open_im(slack.user.id))
    started = await client.chat_startStream(channel=root.channel, thread_ts=root.ts)
    slack.space.stream_seconds = 0
    late = client.chat_appendStream(channel=root.channel, ts=started["ts"], markdown_text="a")
    assert await refusal(late) == "message_not_in_streaming_state"
    await client.chat_update(channel=root.channel, ts=started["ts"], text="whole")
    assert slack.answers(slack.space.channels[root.channel])[0].text == "whole"


async def test_too_many_calls_are_answered_with_429_and_a_retry_after(slack):
    slack.limits["auth.test"] = (1, 1.0)
    impatient = AsyncWebClient(token="xoxb-sandbox", base_url=slack.api_url)
    await impatient.auth_test()
    with pytest.raises(SlackApiError) as caught:
        await impatient.auth_test()
    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "1"
    patient = AsyncWebClient(
        token="xoxb-sandbox",
        base_url=slack.api_url,
        retry_handlers=[AsyncRateLimitErrorRetryHandler(max_retry_count=2)],
    )
    assert (await patient.auth_test())["ok"] is True


async def test_a_hook_may_lose_the_answer_after_the_work_was_done(slack: SlackServer, client):
    async def lose(call: Call) -> Answer | None:
        if call.name != "chat.postMessage":
            return None
        slack.hooks.after.clear()
        return Answer(dropped=True)

    slack.hooks.after.append(lose)
    client.retry_handlers.clear()
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel=slack.general.id, text="once")
    assert [message.text for message in slack.answers()] == ["once"]
    assert "authorization" not in slack.requests[-1].headers


async def test_the_rest_of_the_methods_answer_what_the_sdk_reads(slack, client):
    assert (await client.users_info(user=slack.user.id))["user"]["real_name"] == "Ada"
    assert (await client.team_info())["team"]["id"] == "T0SANDBOX"
    opened = await client.conversations_open(users=slack.user.id)
    assert opened["channel"]["id"].startswith("D")
    members = await client.conversations_members(channel=slack.general.id)
    assert slack.user.id in members["members"]
    only = await client.chat_postEphemeral(
        channel=slack.general.id, user=slack.user.id, text="psst"
    )
    assert slack.space.ephemeral[0].ts == only["message_ts"]
    message = slack.write("a")
    link = await client.chat_getPermalink(channel=message.channel, message_ts=message.ts)
    assert link["permalink"].endswith(message.ts.replace(".", ""))
    thread = {"channel_id": message.channel, "thread_ts": message.ts}
    await client.assistant_threads_setStatus(**thread, status="thinks")
    await client.assistant_threads_setTitle(**thread, title="Plan")
    await client.assistant_threads_setSuggestedPrompts(
        **thread, prompts=[{"title": "a", "message": "b"}]
    )
    assert slack.space.statuses == {(message.channel, message.ts): "thinks"}


async def test_a_view_opens_once_for_a_fresh_trigger(slack, client):
    view = {"type": "modal", "title": {"type": "plain_text", "text": "Save"}, "blocks": []}
    trigger = slack.space.issue_trigger()
    opened = await client.views_open(trigger_id=trigger, view=view)
    updated = await client.views_update(view_id=opened["view"]["id"], view=view)
    assert updated["view"]["id"] == opened["view"]["id"]
    again = client.views_open(trigger_id=trigger, view=view)
    assert await refusal(again) == "exchanged_trigger_id"
    made_up = client.views_open(trigger_id="1.2.three", view=view)
    assert await refusal(made_up) == "invalid_trigger_id"
    home = {"type": "home", "blocks": [{"type": "divider"}]}
    assert (await client.views_publish(user_id=slack.user.id, view=home))["ok"] is True


async def test_a_code_from_the_consent_page_is_good_for_one_token(slack, client):
    slack.consent.client = ("id", "secret")
    code = slack.consent.issue_code(slack.user.id)
    args = {"client_id": "id", "client_secret": "secret", "code": code}
    assert (await client.oauth_v2_access(**args))["access_token"] == "xoxb-sandbox"
    assert await refusal(client.oauth_v2_access(**args)) == "invalid_code"
    wrong = client.oauth_v2_access(client_id="id", client_secret="no", code="x")
    assert await refusal(wrong) == "bad_client_secret"
    code = slack.consent.issue_code(slack.user.id)
    token = await client.openid_connect_token(client_id="id", client_secret="secret", code=code)
    who = AsyncWebClient(token=token["access_token"], base_url=slack.api_url)
    assert (await who.openid_connect_userInfo())["sub"] == slack.user.id
