"""Messages and threads read again, and marks: the adapter against the stand-in."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from bot.slack.adapter import SlackPlatform
from bot.slack.messages import Us, read_message
from bot.slack.parse import locate
from core.actions import while_writing
from core.config import Settings
from core.errors import Forbidden, InvalidInput, NotFound, PlatformFailed, RateLimited
from core.messages import Answer, Mention
from core.ports import CanIntroduce, CanMark, CanRead
from sandbox.slack.chat import permalink
from sandbox.slack.files import Shared
from sandbox.slack.server import SlackServer
from sandbox.slack.shapes import message_json
from sandbox.slack.workspace import Channel, Message
from sandbox.traffic import Answer as Reaction
from sandbox.traffic import Call

TOKEN = "xoxb-reading-token"


@dataclass
class Stage:
    server: SlackServer
    platform: SlackPlatform

    def address(self, message: Message, /, **changes: str) -> dict[str, str]:
        """Of a request about a message."""
        return {
            "delivery": "d-1",
            "channel_id": message.channel,
            "user_id": self.server.user.id,
            "team_id": self.server.space.team_id,
            "enterprise_id": "",
            "response_url": "",
            "accepted_at": f"{time.time():.6f}",
            "message": message.ts,
        } | changes

    def reacted(self, message: Message, /, **changes: str) -> dict[str, str]:
        """Of a request by a reaction."""
        return self.address(message, thread=message.ts, marked="yes", **changes)

    def linked(self, message: Message, /, **changes: str) -> dict[str, str]:
        """Of a request by a link, typed in `general`."""
        where = locate(permalink(self.server.space, message))
        assert where is not None
        return self.address(message, channel_id=self.server.general.id) | where | changes

    def refuse(self, method: str, error: str) -> None:
        async def hook(call: Call) -> Reaction | None:
            return Reaction({"ok": False, "error": error}) if call.name == method else None

        self.server.hooks.before.append(hook)

    def count(self, method: str) -> int:
        return len(self.server.traffic.calls(method))


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with SlackServer("signing", TOKEN) as server:
        platform = SlackPlatform(
            Settings(_env_file=None, slack_bot_token=TOKEN, slack_api_url=server.api_url)
        )
        yield Stage(server, platform)
        await platform.close()


def test_the_adapter_reads_and_marks() -> None:
    platform = SlackPlatform(Settings(_env_file=None))
    assert isinstance(platform, CanRead)
    assert isinstance(platform, CanIntroduce)
    assert isinstance(platform, CanMark)
    assert platform.locate("https://a.slack.com/archives/C1/p1700000000000100") is not None


async def test_a_message_is_read_with_its_author_its_files_and_its_address(stage: Stage) -> None:
    bob = stage.server.space.add_user("bob")
    file = Shared("notes.txt", "text/plain", b"hello")
    message = stage.server.write(f"*Ask* <@{bob.id}>", files=[file])
    stage.server.write("something later")
    [read] = await stage.platform.read(stage.address(message))
    assert (read.id, read.author, read.text) == (message.ts, "ada", "**Ask** @bob")
    assert read.link == permalink(stage.server.space, message)
    [attached] = read.files
    assert (attached.name, attached.type, attached.size) == ("notes.txt", "text/plain", 5)
    pieces = [piece async for piece in stage.platform.fetch(stage.address(message), attached)]
    assert b"".join(pieces) == b"hello"
    assert not read.ours


async def test_a_message_tells_its_author_and_its_channel(stage: Stage) -> None:
    message = stage.server.write("Ship it. #launch")
    [read] = await stage.platform.read(stage.address(message))
    assert (read.author_id, read.channel) == (stage.server.user.id, stage.server.general.name)
    assert read.tags == ("launch",)


async def test_a_channel_slack_does_not_tell_of_has_no_name(stage: Stage) -> None:
    message = stage.server.write("Ship it.")
    stage.refuse("conversations.info", "missing_scope")
    [read] = await stage.platform.read(stage.address(message))
    assert (read.text, read.channel) == ("Ship it.", "")


async def test_a_message_that_begins_a_thread_is_read_with_it(stage: Stage) -> None:
    bob = stage.server.space.add_user("bob")
    first = stage.server.write("What now?")
    stage.server.write("Ship it.", user=bob, thread_ts=first.ts)
    stage.server.write("Agreed.", thread_ts=first.ts)
    read = await stage.platform.read(stage.address(first))
    assert [(one.author, one.text) for one in read] == [
        ("ada", "What now?"),
        ("bob", "Ship it."),
        ("ada", "Agreed."),
    ]
    assert [bool(one.link) for one in read] == [True, False, False]
    assert {one.thread for one in read} == {first.ts}


async def test_a_reply_is_read_alone(stage: Stage) -> None:
    first = stage.server.write("What now?")
    reply = stage.server.write("Ship it.", thread_ts=first.ts)
    stage.server.write("Agreed.", thread_ts=first.ts)
    for address in (
        stage.address(reply),
        stage.address(reply, in_thread=first.ts),
        stage.linked(reply),
    ):
        [read] = await stage.platform.read(address)
        assert (read.text, read.thread) == ("Ship it.", "")


async def test_what_is_answered_to_a_message_without_a_thread_will_be_in_its_own(
    stage: Stage,
) -> None:
    message = stage.server.write("What now?")
    for address in (stage.address(message), stage.linked(message)):
        [read] = await stage.platform.read(address)
        assert read.thread == message.ts


async def test_what_the_app_sent_is_read_again_unless_it_was_for_one_person(stage: Stage) -> None:
    first = stage.server.write("Plan?")
    address = stage.address(first, thread=first.ts)
    [part] = stage.platform.render(Answer("**Ship** it."))
    reply = await stage.platform.post(address, part, "a:0", again=False)
    where = stage.platform.recall(address, reply)
    assert where is not None
    [read] = await stage.platform.read(where)
    assert (read.id, read.text, read.ours, read.thread) == (reply["ts"], "**Ship** it.", True, "")
    assert stage.platform.recall(address | {"private": "yes"}, reply) is None
    assert stage.platform.recall(address, {"via": "response_url"}) is None


async def test_without_a_message_the_thread_is_read(stage: Stage) -> None:
    first = stage.server.write("What now?")
    reply = stage.server.write("Ship it.", thread_ts=first.ts)
    read = await stage.platform.read(stage.address(reply, thread=first.ts, message=""))
    assert [one.text for one in read] == ["What now?", "Ship it."]


async def test_a_long_thread_is_read_up_to_five_hundred_messages(stage: Stage) -> None:
    first = stage.server.write("begin")
    for number in range(550):
        stage.server.write(f"reply {number}", thread_ts=first.ts)
    read = await stage.platform.read(stage.address(first))
    assert len(read) == 500
    assert [read[0].text, read[1].text, read[-1].text] == ["begin", "reply 0", "reply 498"]
    assert stage.count("users.info") == 1


async def test_the_apps_own_answer_is_read_as_it_was_written(stage: Stage) -> None:
    first = stage.server.write("Plan?")
    [part] = stage.platform.render(Answer("# Plan\n\n- *one*"))
    address = stage.address(first, thread=first.ts)
    await stage.platform.post(address, part, "a:0", again=False)
    _, answer = await stage.platform.read(address | {"message": ""})
    assert answer.ours
    assert answer.text == "# Plan\n\n- *one*"


async def test_what_the_app_still_writes_is_no_part_of_a_thread(stage: Stage) -> None:
    first = stage.server.write("Plan?")
    address = stage.address(first, thread=first.ts)
    stop = while_writing(uuid4())
    reply = await stage.platform.post(address, stage.platform.waiting(stop), "a:0", again=False)
    await stage.platform.edit(address, reply, stage.platform.draft("Half of", stop))
    assert [one.text for one in await stage.platform.read(address)] == ["Plan?"]
    [part] = stage.platform.render(Answer("Half of it and the rest."))
    await stage.platform.edit(address, reply, part)
    read = await stage.platform.read(address)
    assert [one.text for one in read] == ["Plan?", "Half of it and the rest."]


async def test_what_the_app_says_of_a_mark_is_no_part_of_a_thread(stage: Stage) -> None:
    message = stage.server.write("Keep this.")
    address = stage.reacted(message)
    [part] = stage.platform.render(Answer("Saved to Notion."))
    await stage.platform.post(address, part, "a:0", again=False)
    [told] = stage.server.answers()
    assert told.thread_ts == message.ts
    read = await stage.platform.read(address)
    assert [one.text for one in read] == ["Keep this."]


async def test_the_answer_to_a_reaction_on_a_reply_goes_to_the_thread_around_it(
    stage: Stage,
) -> None:
    first = stage.server.write("What now?")
    reply = stage.server.write("Ship it.", thread_ts=first.ts)
    [part] = stage.platform.render(Answer("Saved to Notion."))
    await stage.platform.post(stage.reacted(reply), part, "a:0", again=False)
    [call] = stage.server.traffic.calls("chat.postMessage")
    assert call.body["thread_ts"] == first.ts


async def test_an_answer_in_a_thread_is_found_there_after_a_crash(stage: Stage) -> None:
    first = stage.server.write("Plan?")
    address = stage.address(first, thread=first.ts)
    long = "\n\n".join(f"Paragraph {number}: " + "word " * 300 for number in range(25))
    parts = stage.platform.render(Answer(long))
    assert len(parts) > 1
    for again in (False, True):
        for number, part in enumerate(parts):
            await stage.platform.post(address, part, f"a:{number}", again=again)
    answers = stage.server.answers()
    assert len(answers) == len(parts)
    assert {answer.thread_ts for answer in answers} == {first.ts}
    assert stage.count("conversations.history") == 0


async def test_a_thread_that_was_deleted_is_not_answered_in_the_channel(stage: Stage) -> None:
    first = stage.server.write("Plan?")
    first.deleted = True
    [part] = stage.platform.render(Answer("Hello."))
    address = stage.address(first, thread=first.ts)
    await stage.platform.post(address, part, "a:0", again=False)
    assert stage.server.answers() == []
    assert [one.only_for for one in stage.server.space.ephemeral] == [stage.server.user.id]


@pytest.mark.parametrize("inside", [True, False])
async def test_a_private_answer_is_shown_in_a_thread_that_has_begun(
    stage: Stage, inside: bool
) -> None:
    first = stage.server.write("Plan?")
    asked = stage.server.write("help", thread_ts=first.ts) if inside else first
    [part] = stage.platform.render(Answer("Between us."))
    address = stage.address(asked, thread=first.ts, private="yes")
    await stage.platform.post(address, part, "a:0", again=False)
    [told] = stage.server.space.ephemeral
    assert (told.only_for, told.thread_ts) == (stage.server.user.id, first.ts if inside else None)


class TestWhatMayNotBeRead:
    async def test_a_channel_without_the_app_says_how_to_invite_it(self, stage: Stage) -> None:
        for private in (True, False):
            elsewhere = stage.server.space.add_channel(f"e-{private}", private=private, bot=False)
            message = stage.server.write("hidden", elsewhere)
            for address in (stage.address(message), stage.linked(message)):
                with pytest.raises(Forbidden, match="/invite @Notion Assistant"):
                    await stage.platform.read(address)

    async def test_a_missing_scope_is_named_as_such(self, stage: Stage) -> None:
        message = stage.server.write("hello")
        stage.server.scopes = frozenset({"chat:write"})
        with pytest.raises(Forbidden, match="permission"):
            await stage.platform.read(stage.address(message))
        with pytest.raises(Forbidden, match="permission"):
            await stage.platform.read(stage.linked(message))

    async def test_a_message_that_is_gone_is_not_found(self, stage: Stage) -> None:
        message = stage.server.write("hello")
        message.deleted = True
        with pytest.raises(NotFound):
            await stage.platform.read(stage.address(message))
        with pytest.raises(NotFound):
            await stage.platform.read(stage.address(message, message="", thread=message.ts))

    async def test_a_limit_is_told_with_its_time(self, stage: Stage) -> None:
        message = stage.server.write("hello")
        stage.server.limits["conversations.history"] = (1, 30)
        await stage.platform.read(stage.address(message))
        with pytest.raises(RateLimited) as limited:
            await stage.platform.read(stage.address(message))
        assert limited.value.retry_after is not None

    async def test_another_refusal_stays_what_it_is(self, stage: Stage) -> None:
        stage.refuse("conversations.history", "account_inactive")
        with pytest.raises(PlatformFailed, match="account_inactive"):
            await stage.platform.read(stage.address(stage.server.write("hello")))


class TestWhoMayPasteALink:
    @pytest.fixture
    def secret(self, stage: Stage) -> Channel:
        bob = stage.server.space.add_user("bob")
        return stage.server.space.add_channel("secret", private=True, members=[bob])

    async def test_a_public_channel_is_open_to_everybody(self, stage: Stage) -> None:
        elsewhere = stage.server.space.add_channel("elsewhere", members=[])
        message = stage.server.write("open", elsewhere)
        [read] = await stage.platform.read(stage.linked(message))
        assert read.text == "open"

    async def test_a_private_one_is_its_members_alone(self, stage: Stage, secret: Channel) -> None:
        message = stage.server.write("hidden", secret)
        with pytest.raises(Forbidden, match="You are not in that channel"):
            await stage.platform.read(stage.linked(message))
        member = secret.members[0]
        [read] = await stage.platform.read(stage.linked(message, user_id=member))
        assert read.text == "hidden"

    async def test_somebody_elses_direct_messages_are_theirs(self, stage: Stage) -> None:
        bob = stage.server.space.add_user("bob")
        message = stage.server.write("to the app", stage.server.space.open_im(bob.id), bob)
        with pytest.raises(Forbidden):
            await stage.platform.read(stage.linked(message))

    async def test_a_guest_sees_the_channels_they_are_in(self, stage: Stage) -> None:
        guest = stage.server.space.add_user("guest")
        guest.is_guest = True
        closed = stage.server.space.add_channel("closed", members=[stage.server.user])
        shared = stage.server.space.add_channel("shared", members=[guest])
        address = stage.linked(stage.server.write("a", closed), user_id=guest.id)
        with pytest.raises(Forbidden):
            await stage.platform.read(address)
        address = stage.linked(stage.server.write("b", shared), user_id=guest.id)
        assert len(await stage.platform.read(address)) == 1


class TestWhatSlackDoesNotTell:
    async def test_without_names_somebody_wrote_it(self, stage: Stage) -> None:
        stage.refuse("users.info", "missing_scope")
        [read] = await stage.platform.read(stage.address(stage.server.write("hello")))
        assert read.author == "Somebody"

    async def test_without_an_address_it_is_read_all_the_same(self, stage: Stage) -> None:
        stage.refuse("chat.getPermalink", "internal_error")
        [read] = await stage.platform.read(stage.address(stage.server.write("hello")))
        assert read.link == ""

    async def test_a_reply_that_slack_gives_without_its_thread_is_read(self, stage: Stage) -> None:
        first = stage.server.write("What now?")
        reply = stage.server.write("Ship it.", thread_ts=first.ts)

        async def alone(call: Call) -> Reaction | None:
            if call.name != "conversations.replies":
                return None
            raw = {"ts": reply.ts, "thread_ts": first.ts, "text": "Ship it.", "user": reply.user}
            return Reaction({"ok": True, "messages": [raw]})

        stage.server.hooks.before.append(alone)
        [read] = await stage.platform.read(stage.address(reply))
        assert read.text == "Ship it."

    async def test_a_thread_that_is_not_told_is_the_message_itself(self, stage: Stage) -> None:
        stage.refuse("conversations.history", "missing_scope")
        message = stage.server.write("hello")
        [part] = stage.platform.render(Answer("Saved."))
        await stage.platform.post(stage.reacted(message), part, "a:0", again=False)
        assert stage.server.answers()[0].thread_ts == message.ts


class TestMarks:
    def marks(self, stage: Stage, message: Message) -> list[str]:
        bot = stage.server.space.bot_user
        return [name for name, users in message.reactions.items() if bot in users]

    @pytest.mark.parametrize(
        ("last", "shown"),
        [("done", ["white_check_mark"]), ("failed", ["warning"]), ("none", []), ("working", None)],
    )
    async def test_one_mark_takes_the_place_of_the_other(
        self, stage: Stage, last: Any, shown: list[str] | None
    ) -> None:
        message = stage.server.write("hello")
        await stage.platform.mark(stage.reacted(message), "working")
        assert self.marks(stage, message) == ["eyes"]
        for _ in range(2):
            await stage.platform.mark(stage.reacted(message), last)
        assert self.marks(stage, message) == (["eyes"] if shown is None else shown)

    async def test_what_people_put_there_stays(self, stage: Stage) -> None:
        message = stage.server.write("hello")
        message.reactions = {"eyes": [stage.server.user.id], "memo": [stage.server.user.id]}
        await stage.platform.mark(stage.reacted(message), "working")
        await stage.platform.mark(stage.reacted(message), "none")
        assert list(message.reactions) == ["eyes", "memo"]

    async def test_only_what_is_there_is_taken_away(self, stage: Stage) -> None:
        message = stage.server.write("hello")
        await stage.platform.mark(stage.reacted(message), "working")
        await stage.platform.mark(stage.reacted(message), "done")
        assert stage.count("reactions.remove") == 1

    async def test_where_marks_cannot_be_read_they_are_put_all_the_same(self, stage: Stage) -> None:
        stage.server.scopes = frozenset({"reactions:write"})
        message = stage.server.write("hello")
        for mark in ("working", "done", "done"):
            await stage.platform.mark(stage.reacted(message), mark)  # type: ignore[arg-type]
        assert self.marks(stage, message) == ["white_check_mark"]

    async def test_an_app_that_may_not_react_is_quiet_about_it(self, stage: Stage) -> None:
        stage.server.scopes = frozenset({"chat:write"})
        message = stage.server.write("hello")
        await stage.platform.mark(stage.reacted(message), "working")
        assert message.reactions == {}

    async def test_a_message_that_is_gone_shows_nothing(self, stage: Stage) -> None:
        message = stage.server.write("hello")
        message.deleted = True
        await stage.platform.mark(stage.reacted(message), "done")

    async def test_a_limit_is_waited_for(self, stage: Stage) -> None:
        message = stage.server.write("hello")
        stage.server.limits["reactions.add"] = (1, 60)
        await stage.platform.mark(stage.reacted(message), "working")
        with pytest.raises(RateLimited):
            await stage.platform.mark(stage.reacted(message), "done")

    async def test_another_refusal_is_raised(self, stage: Stage) -> None:
        stage.refuse("reactions.add", "is_archived")
        with pytest.raises(PlatformFailed, match="is_archived"):
            await stage.platform.mark(stage.reacted(stage.server.write("hello")), "done")


# ── From one message to another ──────────────────────────────────────────────────────────────────


async def test_all_from_one_message_to_another_is_read_in_order(stage: Stage) -> None:
    bob = stage.server.space.add_user("bob")
    said = [stage.server.write(f"word {n}", user=bob if n % 2 else None) for n in range(5)]
    inside = stage.server.write("aside", thread_ts=said[2].ts)
    first, last = stage.linked(said[3]), stage.linked(said[1])
    read = await stage.platform.between(first, last, 10)
    assert [(one.author, one.text) for one in read] == [
        ("bob", "word 1"),
        ("ada", "word 2"),
        ("bob", "word 3"),
    ]
    assert read[0].link == permalink(stage.server.space, said[1])
    assert [one.text for one in await stage.platform.between(last, first, 2)] == [
        "word 1",
        "word 2",
    ]
    more = stage.server.write("and more", thread_ts=said[2].ts)
    read = await stage.platform.between(stage.linked(more), stage.linked(inside), 10)
    assert [one.text for one in read] == ["aside", "and more"]
    with pytest.raises(InvalidInput, match="one conversation"):
        await stage.platform.between(stage.linked(inside), stage.linked(said[4]), 10)


async def test_nobody_reads_from_one_message_to_another_where_they_are_not(stage: Stage) -> None:
    bob = stage.server.space.add_user("bob")
    secret = stage.server.space.add_channel("secret", private=True, members=[bob])
    ends = [stage.linked(stage.server.write(text, secret, bob)) for text in ("a", "b")]
    with pytest.raises(Forbidden, match="not in that channel"):
        await stage.platform.between(ends[0], ends[1], 10)


async def test_a_forwarded_message_tells_who_wrote_it_and_where(stage: Stage) -> None:
    message = stage.server.write("See this:")
    message.attachments = [
        {
            "is_share": True,
            "author_name": "Grace [H]",
            "channel_id": stage.server.general.id,
            "ts": "1764000000.000100",
            "from_url": "https://acme.slack.com/archives/C1/p1764000000000100",
            "text": "We ship on *Friday*.\nOr Monday.",
        },
        {"from_url": "https://x.example", "title": "unfolded", "text": "not said"},
    ]
    [read] = await stage.platform.read(stage.address(message))
    assert read.text == (
        "See this:\n\nForwarded from **Grace \\[H\\]** in #general (2025-11-24 16:00 UTC) · "
        "[Original message](<https://acme.slack.com/archives/C1/p1764000000000100>)\n\n"
        "> We ship on **Friday**.  \n> Or Monday."
    )


async def test_an_apps_card_is_part_of_what_it_said(stage: Stage) -> None:
    message = stage.server.write("New issue")
    message.from_app = True
    message.user = "U0OTHER"
    message.attachments = [
        {
            "author_name": "octo",
            "title": "Crash",
            "title_link": "https://git.example/1",
            "text": "It *crashes*.",
            "fields": [{"title": "Label", "value": "bug"}],
        }
    ]
    raw = message_json(stage.server.space, message) | {"bot_id": "B0OTHER", "username": "Git"}
    read = read_message(raw, {}, Us("U1", "B1"))
    assert read.author == "Git"
    assert read.text == (
        "New issue\n\n*octo*\n\n**[Crash](<https://git.example/1>)**\n\nIt **crashes**.\n\n"
        "**Label**: bug"
    )


async def test_a_note_in_a_thread_is_changed_and_taken_away(stage: Stage) -> None:
    message = stage.server.write("Keep this.")
    address = stage.reacted(message)
    [part], [next_one] = (stage.platform.render(Answer(text)) for text in ("0 of 2", "1 of 2"))
    note = await stage.platform.post(address, part, "n", again=True)
    assert await stage.platform.post(address, part, "n", again=True) == note
    await stage.platform.edit(address, note, next_one)
    [shown] = stage.server.answers()
    assert "1 of 2" in str(shown.blocks)
    assert await stage.platform.erase(address, note)
    assert stage.server.answers() == []
    assert not await stage.platform.erase(address, {"via": "response_url"})


async def test_people_are_known_by_their_addresses_where_the_app_may_see_them(
    stage: Stage,
) -> None:
    user, bot = stage.server.user, stage.server.space.bot_user
    message = stage.server.write("hello")
    asked = [user.id, bot, "U0NOBODY"]
    assert await stage.platform.emails(stage.address(message), asked) == {user.id: user.email}
    blind = SlackPlatform(
        Settings(_env_file=None, slack_bot_token=TOKEN, slack_api_url=stage.server.api_url)
    )
    stage.server.scopes = frozenset({"users:read"})
    assert await blind.emails(stage.address(message), asked) == {}
    await blind.close()


async def test_nobody_vouches_for_the_addresses_of_another_organisation(stage: Stage) -> None:
    message, eve = stage.server.write("hello"), stage.server.space.add_user("eve")
    eve.team = "T0ELSEWHERE"  # in a channel that both share, so no stranger
    assert await stage.platform.emails(stage.address(message), [eve.id]) == {}


def test_a_message_says_whom_it_mentions() -> None:
    typed = {"type": "rich_text_section", "elements": [{"type": "user", "user_id": "U2"}]}
    raw = {
        "ts": "1.0",
        "user": "U1",
        "text": "<@U3|cy> <@U9>",
        "blocks": [{"type": "rich_text", "elements": [typed]}],
    }
    found = read_message(raw, {"U2": "bob"}, Us()).mentions
    assert found == (Mention("U3", "cy"), Mention("U2", "bob"))
