"""What the stand-in refuses of views and panes, as Slack does."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack.errors import SlackRefusal
from sandbox.slack.server import SlackServer
from sandbox.slack.view_rules import check_options, check_view

TOKEN = "xoxb-views"


def words(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def option(value: str, text: str = "a") -> dict[str, Any]:
    return {"text": words(text), "value": value}


def form(element: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    asked = element or {"type": "plain_text_input", "action_id": "a"}
    view = {
        "type": "modal",
        "title": words("A form"),
        "submit": words("Send"),
        "blocks": [{"type": "input", "label": words("What?"), "element": asked}],
    }
    return view | changes


def test_a_form_within_the_limits_is_taken() -> None:
    check_view(form(), "modal")
    check_view(form({"type": "static_select", "options": [option("a")]}), "modal")
    check_view(form({"type": "external_select", "min_query_length": 0}), "modal")
    check_view(form({"type": "checkboxes", "options": [option("a")]}), "modal")


@pytest.mark.parametrize(
    ("view", "where"),
    [
        (form(title=words("x" * 25)), "/view/title"),
        (form(submit=None), "/view/submit"),
        (form(submit=words("x" * 25)), "/view/submit"),
        (form(callback_id="x" * 256), "/view/callback_id"),
        (form(private_metadata="x" * 3_001), "/view/private_metadata"),
        (form(blocks=[{"type": "divider"}] * 101), "/blocks"),
        (form({"type": "plain_text_input", "max_length": 3_001}), "max_length"),
        (form({"type": "plain_text_input", "placeholder": words("x" * 151)}), "placeholder"),
        (form({"type": "static_select", "options": []}), "options"),
        (form({"type": "static_select", "options": [option("a")] * 2}), "unique"),
        (form({"type": "static_select", "options": [option("a", "x" * 76)]}), "text"),
        (form({"type": "static_select", "options": [option("x" * 151)]}), "value"),
        (
            form(
                {"type": "static_select", "options": [option("a")], "initial_option": option("b")}
            ),
            "exactly match",
        ),
        (
            form({"type": "checkboxes", "options": [option("a")], "initial_options": []}),
            "initial_options",
        ),
        (form({"type": "checkboxes", "options": [option(str(n)) for n in range(11)]}), "options"),
        (form({"type": "made_up"}), "unsupported"),
    ],
)
def test_a_form_beyond_them_is_not(view: dict[str, Any], where: str) -> None:
    with pytest.raises(SlackRefusal) as caught:
        check_view(view, "modal")
    assert caught.value.code == "invalid_arguments"
    assert where in str(caught.value.details)


def test_what_a_list_offers_has_limits_too() -> None:
    check_options([])
    with pytest.raises(SlackRefusal):
        check_options([option(str(n)) for n in range(101)])


async def refusal(call: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    reason: str = caught.value.response["error"]
    return reason


async def test_triggers_views_and_panes_are_refused_in_slacks_words() -> None:
    async with SlackServer("secret", TOKEN) as slack:
        client = AsyncWebClient(token=TOKEN, base_url=slack.api_url)
        late = slack.space.issue_trigger()
        slack.space.triggers[late] -= 4
        assert await refusal(client.views_open(trigger_id=late, view=form())) == (
            "expired_trigger_id"
        )
        opened = await client.views_open(trigger_id=slack.space.issue_trigger(), view=form())
        stale = client.views_update(view_id=opened["view"]["id"], hash="old", view=form())
        assert await refusal(stale) == "hash_conflict"
        slack.space.home_tab = False
        home = {"type": "home", "blocks": []}
        hidden = client.views_publish(user_id=slack.user.id, view=home)
        assert await refusal(hidden) == "not_enabled"
        direct = slack.space.open_im(slack.user.id)
        nowhere = {"channel_id": direct.id, "thread_ts": "1.000001"}
        unknown = client.assistant_threads_setStatus(**nowhere, status="thinks")
        assert await refusal(unknown) == "invalid_thread_ts"


async def test_a_status_goes_with_the_next_message_of_the_app() -> None:
    async with SlackServer("secret", TOKEN) as slack:
        client = AsyncWebClient(token=TOKEN, base_url=slack.api_url)
        root = slack.write("hello", slack.space.open_im(slack.user.id))
        thread = {"channel_id": root.channel, "thread_ts": root.ts}
        await client.assistant_threads_setStatus(**thread, status="is writing")
        assert slack.space.statuses == {(root.channel, root.ts): "is writing"}
        await client.chat_postMessage(channel=root.channel, thread_ts=root.ts, text="There.")
        assert slack.space.statuses == {}


async def test_an_agents_prompts_for_a_thread_go_nowhere() -> None:
    async with SlackServer("secret", TOKEN) as slack:
        client = AsyncWebClient(token=TOKEN, base_url=slack.api_url)
        slack.space.is_agent = True
        root = slack.write("hello", slack.space.open_im(slack.user.id))
        prompts = [{"title": "a", "message": "b"}]
        await client.assistant_threads_setSuggestedPrompts(
            channel_id=root.channel, thread_ts=root.ts, prompts=prompts
        )
        assert slack.space.prompts == {}
        await client.assistant_threads_setSuggestedPrompts(channel_id=root.channel, prompts=prompts)
        assert slack.space.prompts == {(root.channel, ""): prompts}
