import contextlib
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from bot.slack.adapter import SlackPlatform
from bot.slack.messages import EVENT_TYPE, is_aside
from core.actions import when_written
from core.config import Settings
from core.errors import PlatformFailed, RateLimited
from core.messages import Answer, stable_id
from core.ports import Part
from sandbox.slack.server import SlackServer
from sandbox.slack.workspace import Channel
from sandbox.traffic import Answer as Reaction
from sandbox.traffic import Call

TOKEN = "xoxb-adapter-token"
LONG = "\n\n".join(f"Paragraph {number}: " + "word " * 300 for number in range(25))


@dataclass
class Stage:
    server: SlackServer
    platform: SlackPlatform

    def restarted(self) -> SlackPlatform:
        """The platform of a new process, which remembers nothing."""
        return make_platform(self.server)

    def address(self, channel: Channel | None = None, **changes: str) -> dict[str, str]:
        where = channel or self.server.general
        url = self.server.response_urls.issue(where.id, self.server.user.id)
        return {
            "delivery": "d-1",
            "channel_id": where.id,
            "user_id": self.server.user.id,
            "team_id": self.server.space.team_id,
            "enterprise_id": "",
            "response_url": url,
            "accepted_at": f"{time.time():.6f}",
        } | changes

    def refuse(self, method: str, error: str) -> None:
        self.react(method, Reaction({"ok": False, "error": error}))

    def react(self, method: str, reaction: Reaction) -> None:
        """Answers every call of this method with `reaction`."""

        async def hook(call: Call) -> Reaction | None:
            return reaction if call.name == method else None

        self.server.hooks.before.append(hook)

    def count(self, method: str) -> int:
        return len(self.server.traffic.calls(method))


def make_platform(server: SlackServer, **changes: Any) -> SlackPlatform:
    values = {"slack_bot_token": TOKEN, "slack_api_url": server.api_url} | changes
    return SlackPlatform(Settings(_env_file=None, **values))


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with SlackServer("signing", TOKEN) as server:
        platform = make_platform(server)
        yield Stage(server, platform)
        await platform.close()


def parts_of(text: str, **more: Any) -> list[Part]:
    return SlackPlatform(Settings(_env_file=None)).render(Answer(text, **more))


def written(blocks: list[dict[str, Any]]) -> str:
    texts = [block["text"] for block in blocks if "text" in block]
    return "\n".join(text if isinstance(text, str) else text["text"] for text in texts)


async def test_an_answer_carries_its_marker_and_unfolds_no_links(stage: Stage) -> None:
    [part] = parts_of("See https://example.com")
    await stage.platform.post(stage.address(), part, "a:0", again=False)
    [message] = stage.server.answers()
    payload = {"marker": "a:0", "delivery": "d-1"}
    assert message.metadata == {"event_type": EVENT_TYPE, "event_payload": payload}
    [call] = stage.server.traffic.calls("chat.postMessage")
    assert (call.body["unfurl_links"], call.body["unfurl_media"]) == (False, False)


async def test_a_long_answer_continues_in_the_thread_of_its_first_message(stage: Stage) -> None:
    first, *rest = parts_of(LONG)
    address = stage.address()
    reply = await stage.platform.post(address, stage.platform.waiting(), "a:0", again=False)
    await stage.platform.edit(address, reply, first)
    for number, part in enumerate(rest, 1):
        await stage.platform.post(address, part, f"a:{number}", again=False)
    root, *replies = stage.server.answers()
    assert rest
    assert {message.thread_ts for message in replies} == {root.ts}


async def test_a_long_answer_continues_in_its_thread_after_a_restart(stage: Stage) -> None:
    first, second, *_ = parts_of(LONG)
    address = stage.address()
    await stage.platform.post(stage.address(delivery="other"), first, "b:0", again=False)
    await stage.platform.post(address, first, "a:0", again=False)
    again = stage.restarted()
    await again.post(address, second, "a:1", again=True)
    await again.post(address, second, "a:1", again=True)
    await again.close()
    _, root, *replies = stage.server.answers()
    assert [message.thread_ts for message in replies] == [root.ts]


async def test_a_continuation_whose_beginning_was_deleted_goes_to_the_channel(
    stage: Stage,
) -> None:
    first, second, *_ = parts_of(LONG)
    address = stage.address()
    await stage.platform.post(address, first, "a:0", again=False)
    stage.server.answers()[0].deleted = True
    await stage.platform.post(address, second, "a:1", again=False)
    [message] = stage.server.answers()
    assert message.thread_ts is None


async def test_a_placeholder_that_could_not_be_edited_is_found_and_becomes_the_answer(
    stage: Stage,
) -> None:
    address, [part] = stage.address(), parts_of("The end.")
    await stage.platform.post(address, stage.platform.waiting(), "a:0", again=False)
    await stage.platform.post(address, part, "a:0", again=True)
    [message] = stage.server.answers()
    assert written(message.blocks) == "The end."


async def test_an_edit_keeps_the_marker(stage: Stage) -> None:
    address, [part] = stage.address(), parts_of("The end.")
    reply = await stage.platform.post(address, stage.platform.waiting(), "a:0", again=False)
    stage.server.answers()[0].metadata = None
    await stage.platform.edit(address, reply, part)
    metadata = stage.server.answers()[0].metadata
    assert metadata is not None
    assert metadata["event_payload"]["marker"] == "a:0"


async def test_a_message_far_back_in_a_busy_channel_is_found(stage: Stage) -> None:
    address, [part] = stage.address(), parts_of("Once.")
    await stage.platform.post(address, part, "a:0", again=False)
    for number in range(450):
        stage.server.write(f"chatter {number}")
    await stage.platform.post(address, part, "a:0", again=True)
    assert len(stage.server.answers()) == 1


async def test_a_channel_that_may_not_be_read_is_written_to_again(stage: Stage) -> None:
    stage.refuse("conversations.history", "missing_scope")
    [part] = parts_of("Twice rather than never.")
    await stage.platform.post(stage.address(), part, "a:0", again=True)
    assert len(stage.server.answers()) == 1


@pytest.mark.parametrize(
    "page",
    [
        Reaction("<html>", 200),
        Reaction("<html>", 404),
        Reaction("<html>", 501),
        Reaction({"ok": False, "error": "not_implemented"}, 501),
    ],
    ids=["200", "404", "501", "501 with a reason"],
)
async def test_a_server_without_history_is_written_to_again(stage: Stage, page: Reaction) -> None:
    stage.react("conversations.history", page)
    [part] = parts_of("Twice rather than never.")
    await stage.platform.post(stage.address(), part, "a:0", again=True)
    assert len(stage.server.answers()) == 1
    assert stage.count("conversations.history") == 1


async def test_a_limit_on_reading_is_waited_for_rather_than_posting_twice(stage: Stage) -> None:
    stage.server.space.clock = lambda: 0.0
    stage.server.limits["conversations.history"] = (1, 60)
    address, [part] = stage.address(), parts_of("Once.")
    await stage.platform.post(address, part, "a:0", again=True)
    with pytest.raises(RateLimited) as limited:
        await stage.platform.post(address, part, "b:0", again=True)
    assert limited.value.retry_after == 60


class TestWhereTheAppIsNotInTheChannel:
    @pytest.fixture
    def elsewhere(self, stage: Stage) -> Channel:
        return stage.server.space.add_channel("elsewhere", private=True, bot=False)

    async def test_the_answer_comes_through_the_response_url(
        self, stage: Stage, elsewhere: Channel
    ) -> None:
        [part] = parts_of("Hello.")
        await stage.platform.post(stage.address(elsewhere), part, "a:0", again=False)
        [message] = stage.server.answers(elsewhere)
        assert written(message.blocks) == "Hello."
        assert message.only_for is None

    async def test_drafts_use_none_of_its_five_times(
        self, stage: Stage, elsewhere: Channel
    ) -> None:
        address = stage.address(elsewhere)
        reply = await stage.platform.post(address, stage.platform.waiting(), "a:0", again=False)
        for number in range(20):
            await stage.platform.edit(address, reply, stage.platform.draft(f"so far {number}"))
        [part] = parts_of("The end.")
        await stage.platform.edit(address, reply, part)
        [message] = stage.server.answers(elsewhere)
        assert written(message.blocks) == "The end."
        assert stage.count("response_url") == 2

    async def test_the_answer_to_a_press_leaves_the_message_with_the_button_alone(
        self, stage: Stage, elsewhere: Channel
    ) -> None:
        [part] = parts_of("The earlier answer.")
        await stage.platform.post(stage.address(elsewhere), part, "a:0", again=False)
        [message] = stage.server.answers(elsewhere)
        url = stage.server.response_urls.issue(elsewhere.id, stage.server.user.id, message)
        address = stage.address(elsewhere, response_url=url, pressed="yes")
        reply = await stage.platform.post(address, stage.platform.waiting(), "b:0", again=False)
        [part] = parts_of("The next one.")
        await stage.platform.edit(address, reply, part)
        shown = [written(one.blocks) for one in stage.server.answers(elsewhere)]
        assert shown == ["The earlier answer.", "The next one."]

    async def test_what_a_response_url_takes_no_more_goes_to_the_persons_own_messages(
        self, stage: Stage, elsewhere: Channel
    ) -> None:
        address, [part] = stage.address(elsewhere), parts_of("One of many.")
        for number in range(7):
            await stage.platform.post(address, part, f"a:{number}", again=False)
        assert len(stage.server.answers(elsewhere)) == 5
        sent = [call.body["channel"] for call in stage.server.traffic.calls("chat.postMessage")]
        assert sent.count(stage.server.user.id) == 2

    async def test_where_those_are_closed_too_trying_again_does_not_mend_it(
        self, stage: Stage, elsewhere: Channel
    ) -> None:
        stage.refuse("chat.postMessage", "channel_not_found")
        address, [part] = stage.address(elsewhere), parts_of("Hello.")
        for number in range(5):
            await stage.platform.post(address, part, f"a:{number}", again=False)
        with pytest.raises(PlatformFailed, match="used_url") as failure:
            await stage.platform.post(address, part, "a:5", again=False)
        assert not failure.value.retryable
        assert address["response_url"] not in failure.value.message

    async def test_without_a_response_url_or_direct_messages_the_refusal_is_told(
        self, stage: Stage, elsewhere: Channel
    ) -> None:
        stage.refuse("chat.postMessage", "channel_not_found")
        [part] = parts_of("Hello.")
        with pytest.raises(PlatformFailed, match="channel_not_found"):
            await stage.platform.post(
                stage.address(elsewhere, response_url=""), part, "a:0", again=False
            )


async def test_a_private_answer_is_seen_by_the_asker_alone(stage: Stage) -> None:
    address, [part] = stage.address(private="yes"), parts_of("Between us.")
    assert not stage.platform.editable(address)
    await stage.platform.post(address, part, "a:0", again=False)
    assert stage.server.answers() == []
    [message] = stage.server.space.ephemeral
    assert (written(message.blocks), message.only_for) == ("Between us.", stage.server.user.id)


async def test_a_private_answer_still_comes_when_its_response_url_has_expired(
    stage: Stage,
) -> None:
    address, [part] = stage.address(private="yes"), parts_of("Between us.")
    stage.server.space.clock = lambda: time.time() + 3_600
    await stage.platform.post(address, part, "a:0", again=False)
    [message] = stage.server.space.ephemeral
    assert message.only_for == stage.server.user.id
    assert stage.count("chat.postEphemeral") == 1


async def test_without_a_bot_token_answers_go_through_the_response_url(stage: Stage) -> None:
    platform = make_platform(stage.server, slack_bot_token=None)
    address, [part] = stage.address(), parts_of("Hello.")
    assert not platform.editable(address)
    await platform.post(address, part, "a:0", again=False)
    await platform.close()
    assert [written(one.blocks) for one in stage.server.answers()] == ["Hello."]


async def test_a_server_without_markdown_blocks_is_sent_its_older_markup(stage: Stage) -> None:
    async def hook(call: Call) -> Reaction | None:
        kinds = {block["type"] for block in call.body.get("blocks") or []}
        body = {"ok": False, "error": "invalid_blocks"}
        return Reaction(body) if "markdown" in kinds else None

    stage.server.hooks.before.append(hook)
    address = stage.address()
    reply = await stage.platform.post(address, stage.platform.waiting(), "a:0", again=False)
    [part] = parts_of("**Bold** " + "word " * 1_500)
    await stage.platform.edit(address, reply, part)
    [message] = stage.server.answers()
    assert written(message.blocks).split() == ["*Bold*", *["word"] * 1_500]


async def test_an_edit_of_a_deleted_message_is_not_worth_another_try(stage: Stage) -> None:
    address, [part] = stage.address(), parts_of("The end.")
    reply = await stage.platform.post(address, stage.platform.waiting(), "a:0", again=False)
    stage.server.answers()[0].deleted = True
    with pytest.raises(PlatformFailed) as failure:
        await stage.platform.edit(address, reply, part)
    assert not failure.value.retryable


async def test_a_proxys_page_instead_of_an_answer_is_worth_another_try(stage: Stage) -> None:
    async def hook(call: Call) -> Reaction | None:
        return Reaction("<html>", 200) if call.name == "chat.postMessage" else None

    stage.server.hooks.before.append(hook)
    [part] = parts_of("Hello.")
    with pytest.raises(PlatformFailed) as failure:
        await stage.platform.post(stage.address(), part, "a:0", again=False)
    assert failure.value.retryable


async def test_a_slack_that_is_not_there_is_worth_another_try(stage: Stage) -> None:
    platform = make_platform(stage.server, slack_api_url="http://127.0.0.1:9/api/")
    [part] = parts_of("Hello.")
    with pytest.raises(PlatformFailed) as failure:
        await platform.post(stage.address(), part, "a:0", again=False)
    with pytest.raises(PlatformFailed) as other:
        await platform.post(
            stage.address(private="yes", response_url="http://127.0.0.1:9/x"),
            part,
            "a",
            again=False,
        )
    await platform.close()
    assert failure.value.retryable
    assert other.value.retryable


@pytest.mark.parametrize("error", ["not_in_channel", "unknown_method", "a_new_reason"])
async def test_whatever_refuses_the_token_the_response_url_takes_the_answer(
    stage: Stage, error: str
) -> None:
    stage.refuse("chat.postMessage", error)
    [part] = parts_of("Hello.")
    await stage.platform.post(stage.address(), part, "a:0", again=False)
    assert [written(one.blocks) for one in stage.server.answers()] == ["Hello."]


async def test_a_placeholder_that_may_not_be_edited_is_followed_by_the_answer(
    stage: Stage,
) -> None:
    address, [part] = stage.address(), parts_of("The end.")
    reply = await stage.platform.post(address, stage.platform.waiting(), "a:0", again=False)
    stage.refuse("chat.update", "edit_window_closed")
    with pytest.raises(PlatformFailed):
        await stage.platform.edit(address, reply, part)
    await stage.platform.post(address, part, "a:0", again=True)
    assert written(stage.server.answers()[-1].blocks) == "The end."


NEVER_EDITED = [
    Reaction({"ok": False, "error": "cant_update_message"}),
    Reaction({"ok": False, "error": "unknown_method"}),
    Reaction("<html>", 404),
]


@pytest.mark.parametrize("refusal", NEVER_EDITED, ids=["cant_update", "unknown", "404"])
@pytest.mark.parametrize("readable", [True, False])
async def test_a_placeholder_that_may_not_be_edited_goes_when_the_answer_stands(
    stage: Stage, refusal: Reaction, readable: bool
) -> None:
    first, second, *_ = parts_of(LONG)
    address = stage.address()
    reply = await stage.platform.post(address, stage.platform.waiting(), "a:0", again=False)
    stage.react("chat.update", refusal)
    if not readable:
        stage.refuse("conversations.history", "unknown_method")
    with pytest.raises(PlatformFailed):
        await stage.platform.edit(address, reply, first)
    await stage.platform.post(address, first, "a:0", again=True)
    await stage.platform.post(address, second, "a:1", again=False)
    root, continued = stage.server.answers()
    assert "Writing" not in root.text
    assert continued.thread_ts == root.ts != reply["ts"]


@pytest.mark.parametrize(
    "refusal", [Reaction({"ok": False, "error": "message_not_found"}), Reaction("<html>", 500)]
)
async def test_a_placeholder_that_may_not_be_deleted_either_is_let_be(
    stage: Stage, refusal: Reaction
) -> None:
    address, [part] = stage.address(), parts_of("The end.")
    reply = await stage.platform.post(address, stage.platform.waiting(), "a:0", again=False)
    stage.refuse("chat.update", "cant_update_message")
    stage.react("chat.delete", refusal)
    with pytest.raises(PlatformFailed):
        await stage.platform.edit(address, reply, part)
    await stage.platform.post(address, part, "a:0", again=True)
    assert written(stage.server.answers()[-1].blocks) == "The end."
    assert stage.count("chat.delete") == 1


async def test_a_placeholder_whose_edit_succeeds_in_the_end_is_not_deleted(stage: Stage) -> None:
    address, [part] = stage.address(), parts_of("The end.")
    reply = await stage.platform.post(address, stage.platform.waiting(), "a:0", again=False)
    stage.refuse("chat.update", "cant_update_message")
    with pytest.raises(PlatformFailed):
        await stage.platform.edit(address, reply, part)
    stage.server.hooks.before.clear()
    await stage.platform.post(address, part, "a:0", again=True)
    assert [written(one.blocks) for one in stage.server.answers()] == ["The end."]


async def test_an_answer_that_names_no_message_counts_as_sent_and_is_not_edited(
    stage: Stage,
) -> None:
    async def hook(call: Call) -> Reaction | None:
        return Reaction({"ok": True}) if call.name == "chat.postMessage" else None

    stage.server.hooks.before.append(hook)
    address, [part] = stage.address(), parts_of("The end.")
    reply = await stage.platform.post(address, stage.platform.waiting(), "a:0", again=False)
    with pytest.raises(PlatformFailed) as failure:
        await stage.platform.edit(address, reply, part)
    assert not failure.value.retryable
    assert stage.count("chat.update") == 0


async def test_without_a_channel_the_answer_goes_to_the_response_url_at_once(stage: Stage) -> None:
    address, [part] = stage.address() | {"channel_id": ""}, parts_of("Hello.")
    await stage.platform.post(address, part, "a:0", again=False)
    assert [written(one.blocks) for one in stage.server.answers()] == ["Hello."]
    assert stage.count("chat.postMessage") == 0


@pytest.mark.parametrize("channel", ["elsewhere", ""])
async def test_where_nothing_else_is_left_the_answer_is_a_direct_message(
    stage: Stage, channel: str
) -> None:
    async def hook(call: Call) -> Reaction | None:
        if call.name != "chat.postMessage":
            return None
        if call.body["channel"] == stage.server.user.id:
            return Reaction({"ok": True, "channel": "D1", "ts": "1.2"})
        return Reaction({"ok": False, "error": "not_in_channel"})

    stage.server.hooks.before.append(hook)
    address = stage.address(channel_id=channel, response_url="", asker="ada")
    [part] = parts_of("Hello.")
    reply = await stage.platform.post(address, part, "a:0", again=False)
    assert (reply["via"], reply["channel"], reply["ts"]) == ("chat", "D1", "1.2")
    with contextlib.suppress(PlatformFailed):  # the stand-in has no such message
        await stage.platform.edit(address, reply, part)
    # Who asked is told to nobody else here.
    sent = [*stage.server.traffic.calls("chat.postMessage")[-1:]]
    sent += stage.server.traffic.calls("chat.update")
    assert [written(call.body["blocks"]) for call in sent] == ["Hello.", "Hello."]
    assert "Asked by" not in str([call.body for call in sent])


async def test_a_private_answer_comes_as_a_direct_message_where_nothing_else_is_left(
    stage: Stage,
) -> None:
    stage.refuse("chat.postEphemeral", "user_not_in_channel")
    [part] = parts_of("Between us.")
    address = stage.address(private="yes", response_url="")
    with contextlib.suppress(PlatformFailed):  # the stand-in knows channels by their id alone
        await stage.platform.post(address, part, "a:0", again=False)
    [call] = stage.server.traffic.calls("chat.postMessage")
    assert call.body["channel"] == stage.server.user.id


@pytest.mark.parametrize("said", [Reaction("accepted", 202), Reaction("", 204), Reaction("sent")])
async def test_any_good_status_of_a_response_url_means_it_was_taken(
    stage: Stage, said: Reaction
) -> None:
    async def hook(call: Call) -> Reaction | None:
        return said if call.name == "response_url" else None

    stage.server.hooks.before.append(hook)
    [part] = parts_of("Between us.")
    await stage.platform.post(stage.address(private="yes"), part, "a:0", again=False)
    assert stage.count("chat.postEphemeral") == 0


def test_making_the_platform_imports_no_client() -> None:
    program = (
        "import sys; from bot.slack import platform; from core.config import Settings;"
        "platform(Settings(_env_file=None));"
        "print(sorted({'slack_bolt', 'slack_sdk'} & set(sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"


async def test_what_became_of_a_page_is_said_in_the_thread_of_its_message(stage: Stage) -> None:
    [part] = parts_of("✏️ Robin edited [Plan](https://notion.so/x).")
    root = stage.server.write("We ship on Thursday")
    saved = stage.address(marked="yes", message=root.ts, thread=root.ts, private="yes")
    aside = stage.platform.aside(saved, None)
    assert aside is not None
    later = {**aside, "delivery": "d-9", "accepted_at": f"{time.time():.6f}"}
    await stage.platform.post(later, part, "n:0", again=False)
    [message] = stage.server.answers()
    assert message.thread_ts == root.ts
    # Saved again, the thread is what people said.
    assert message.metadata is not None
    assert message.metadata["event_payload"]["marked"] == "yes"


async def test_who_manages_a_workspace_is_slacks_to_say(stage: Stage) -> None:
    address = stage.address()
    assert not await stage.platform.manages(address)
    stage.server.user.is_admin = True
    assert await stage.platform.manages(address)
    stage.refuse("users.info", "missing_scope")
    assert not await stage.platform.manages(address)


async def test_a_message_in_a_channel_says_who_asked_for_it_and_mentions_nobody(
    stage: Stage,
) -> None:
    address = stage.address(asker="<!here> *ada*" + "x" * 200)
    first, *rest = parts_of(LONG, actions=when_written(stable_id("item")))
    reply = await stage.platform.post(address, stage.platform.waiting(), "a:0", again=False)
    await stage.platform.edit(address, reply, first)
    for number, part in enumerate(rest, 1):
        await stage.platform.post(address, part, f"a:{number}", again=False)
    root, *replies = stage.server.answers()
    note = {"type": "plain_text", "text": "Asked by <!here> *ada*" + "x" * 67, "emoji": False}
    for revision in root.revisions:
        assert revision.blocks[-1] == {"type": "context", "elements": [note]}
    assert all("Asked by" not in str(message.blocks) for message in replies)
    assert replies[-1].blocks[-1]["type"] == "actions"


async def test_who_asked_stands_above_the_buttons_and_not_where_everybody_knows(
    stage: Stage,
) -> None:
    [part] = parts_of("Hello.", actions=when_written(stable_id("item")))
    question = stage.server.write("When?")
    direct = stage.server.space.open_im(stage.server.user.id)
    for number, more in enumerate(({}, {"thread": question.ts}, {"channel_id": direct.id})):
        address = stage.address(asker="ada", **more)
        await stage.platform.post(address, part, f"a:{number}", again=False)
    shown = [[block["type"] for block in one.blocks] for one in stage.server.answers()]
    [aloud] = [each for each in shown if "context" in each]
    assert aloud == ["markdown", "context", "actions"]


async def test_what_is_private_stays_in_direct_messages_with_the_app(stage: Stage) -> None:
    direct = stage.server.space.open_im(stage.server.user.id)
    question = stage.server.write("/notion history", direct)
    about = {"private": "yes", "response_url": "", "thread": question.ts, "message": question.ts}
    [part] = parts_of("Between us.")
    await stage.platform.post(stage.address(direct, **about), part, "a:0", again=False)
    [told] = stage.server.answers(direct)
    assert (told.only_for, told.thread_ts) == (None, question.ts)
    assert is_aside({"metadata": told.metadata})
