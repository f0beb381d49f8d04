import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest

from core.errors import PlatformFailed
from sandbox.traffic import Answer as Reaction
from sandbox.traffic import Call
from tests.bot.chat_discord.wayout import DEAD, Stage, a_stage, make_platform, parts_of

LONG = "\n\n".join(f"Paragraph {number}: " + "word " * 60 for number in range(25))


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with a_stage() as found:
        yield found


async def test_whatever_refuses_the_placeholder_the_channel_takes_the_answer(
    stage: Stage,
) -> None:
    async def hook(call: Call) -> Reaction | None:
        refusal = {"message": "405: Method Not Allowed", "code": 0}
        return Reaction(refusal, 405) if "/webhooks" in call.name else None

    asked = await stage.ask()
    await stage.defer(asked)
    stage.server.hooks.before.append(hook)
    [part] = parts_of("Hello.")
    reply = await stage.platform.post(stage.address(asked), part, "a:0", again=False)
    assert stage.shown() == ["Hello."]
    assert reply["via"] == "channel"


@pytest.mark.parametrize("said", [Reaction(None, 204), Reaction({}), Reaction([])])
async def test_an_answer_that_names_no_message_counts_as_sent(stage: Stage, said: Reaction) -> None:
    async def hook(call: Call) -> Reaction | None:
        return said if call.name.startswith("PATCH") else None

    stage.server.hooks.after.append(hook)
    asked = await stage.ask()
    await stage.defer(asked)
    address, [part] = stage.address(asked), parts_of("Hello.")
    reply = await stage.platform.post(address, stage.platform.waiting(), "a:0", again=False)
    await stage.platform.edit(address, reply, part)
    assert stage.shown() == ["Hello."]


async def test_the_answer_takes_the_placeholders_place(stage: Stage) -> None:
    asked = await stage.ask()
    await stage.defer(asked)
    [part] = parts_of("Hello.")
    await stage.platform.post(stage.address(asked), part, "a:0", again=False)
    [message] = stage.server.answers()
    assert (message.content, message.loading, message.flags & 4) == ("Hello.", False, 4)
    assert message.allowed_mentions == {"parse": []}


async def test_an_answer_that_is_faster_than_the_placeholder_waits_for_it(stage: Stage) -> None:
    asked = await stage.ask()
    [part] = parts_of("Hello.")
    posting = asyncio.create_task(
        stage.platform.post(stage.address(asked), part, "a:0", again=False)
    )
    await stage.server.wait_for(lambda: len(stage.server.requests) > 1)
    await stage.defer(asked)
    await posting
    assert stage.shown() == ["Hello."]


async def test_a_command_whose_placeholder_never_came_is_answered_in_the_channel(
    stage: Stage,
) -> None:
    asked = await stage.ask()
    address, [part] = stage.address(asked, age=60), parts_of("The end.")
    reply = await stage.platform.post(address, stage.platform.waiting(), "a:0", again=False)
    await stage.platform.edit(address, reply, part)
    assert stage.shown() == ["The end."]


async def test_an_answer_in_the_channel_whose_response_was_lost_is_not_sent_twice(
    stage: Stage,
) -> None:
    asked = await stage.ask()
    address, [part] = stage.address(asked, age=60), parts_of("Once.")
    stage.lose_next_response("POST /channels/{channel_id}/messages")
    with pytest.raises(PlatformFailed):
        await stage.platform.post(address, part, "a:0", again=False)
    # Discord forgets a nonce after some minutes; what it shows is still there.
    stage.later(600)
    await stage.platform.post(address, part, "a:0", again=True)
    assert stage.shown() == ["Once."]


async def test_the_same_words_to_another_question_are_another_answer(stage: Stage) -> None:
    first, second = await stage.ask(), await stage.ask()
    one, two, *_ = parts_of(LONG)
    for asked in (first, second):
        await stage.defer(asked)
        await stage.platform.post(stage.address(asked), one, "a:0", again=False)
        await stage.platform.post(stage.address(asked), two, "a:1", again=True)
    assert len(stage.shown()) == 4


async def test_after_the_token_has_died_the_bot_edits_its_message_itself(stage: Stage) -> None:
    asked = await stage.ask()
    await stage.defer(asked)
    reply = await stage.platform.post(
        stage.address(asked), stage.platform.waiting(), "a:0", again=False
    )
    stage.later(DEAD)
    [part] = parts_of("The end.")
    await stage.platform.edit(stage.address(asked, age=DEAD), reply, part)
    assert stage.shown() == ["The end."]


async def test_after_the_token_has_died_a_long_answer_still_comes_whole(stage: Stage) -> None:
    asked = await stage.ask()
    await stage.defer(asked)
    first, *rest = parts_of(LONG)
    await stage.platform.post(stage.address(asked), first, "a:0", again=False)
    stage.later(DEAD)
    for number, part in enumerate(rest, 1):
        address = stage.address(asked, age=DEAD)
        await stage.platform.post(address, part, f"a:{number}", again=False)
        await stage.platform.post(address, part, f"a:{number}", again=True)
    assert " ".join(" ".join(stage.shown()).split()) == " ".join(LONG.split())


async def test_a_placeholder_somebody_deleted_is_no_end_of_the_answer(stage: Stage) -> None:
    asked = await stage.ask()
    await stage.defer(asked)
    address = stage.address(asked, age=60)
    reply = await stage.platform.post(address, stage.platform.waiting(), "a:0", again=False)
    stage.server.answers()[0].deleted = True
    await stage.platform.edit(address, reply, stage.platform.draft("so far"))
    assert stage.shown() == []
    [part] = parts_of("The end.")
    await stage.platform.edit(address, reply, part)
    await stage.platform.edit(address, reply, part)
    assert stage.shown() == ["The end."]


async def test_a_private_answer_is_seen_by_the_asker_alone(stage: Stage) -> None:
    asked = await stage.ask()
    await stage.defer(asked, private=True)
    address = stage.address(asked, private="yes")
    for number, part in enumerate(parts_of(LONG)):
        await stage.platform.post(address, part, f"a:{number}", again=False)
    assert stage.shown() == []
    assert len(asked.messages) > 1
    assert all(message.ephemeral for message in asked.messages)


async def test_a_private_answer_that_comes_late_is_a_direct_message(stage: Stage) -> None:
    asked = await stage.ask()
    await stage.defer(asked, private=True)
    address = stage.address(asked, private="yes")
    reply = await stage.platform.post(address, stage.platform.waiting(), "a:0", again=False)
    stage.later(DEAD)
    late = stage.address(asked, age=DEAD, private="yes")
    [part] = parts_of("Between us.")
    await stage.platform.edit(late, reply, part)
    assert stage.shown() == []
    assert stage.shown(stage.server.world.open_dm(stage.server.user.id)) == ["Between us."]


async def test_a_channel_the_bot_may_not_read_is_answered_through_the_interaction(
    stage: Stage,
) -> None:
    hidden = stage.server.world.add_channel(stage.server.guild, "hidden", readable=False)
    asked = await stage.ask(hidden)
    await stage.defer(asked)
    first, second, *_ = parts_of(LONG)
    address = stage.address(asked)
    await stage.platform.post(address, first, "a:0", again=True)
    await stage.platform.post(address, second, "a:1", again=True)
    assert len(stage.shown(hidden)) == 2


async def test_a_message_far_back_in_a_busy_channel_is_found(stage: Stage) -> None:
    asked = await stage.ask()
    address, [part] = stage.address(asked, age=30), parts_of("Once.")
    for number in range(150):
        await stage.server.write(f"chatter {number}")
    await stage.platform.post(address, part, "a:0", again=False)
    stage.later(600)
    await stage.platform.post(address, part, "a:0", again=True)
    assert stage.shown() == ["Once."]


async def test_without_a_token_a_late_answer_names_the_setting(stage: Stage) -> None:
    asked = await stage.ask()
    platform = make_platform(stage.server, discord_token=None)
    with pytest.raises(PlatformFailed, match="DISCORD_TOKEN"):
        await platform.post(stage.address(asked, age=60), parts_of("x")[0], "a:0", again=False)
    await platform.close()


async def test_a_discord_that_is_not_there_is_worth_another_try(stage: Stage) -> None:
    asked = await stage.ask()
    platform = make_platform(stage.server, discord_api_url="http://127.0.0.1:9/api/v10")
    with pytest.raises(PlatformFailed) as failure:
        await platform.post(stage.address(asked), parts_of("x")[0], "a:0", again=False)
    await platform.close()
    assert failure.value.retryable
    assert asked.token not in failure.value.message


def test_making_the_platform_imports_no_client() -> None:
    program = (
        "import sys; from bot.discord import platform; from core.config import Settings;"
        "platform(Settings(_env_file=None)); print('discord' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "False"
