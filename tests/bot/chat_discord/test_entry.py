import asyncio
import sys
from collections.abc import Sequence
from uuid import uuid4

import pytest

from bot.discord.adapter import DiscordPlatform
from bot.discord.entry import DiscordEntry
from core.actions import about_pages, when_unclear, when_unsaved, when_written
from core.commands.registry import COMMANDS
from core.config import Settings
from core.errors import Misconfigured, PlatformFailed
from core.messages import Action, Answer, Call, Request, Sender
from sandbox.discord.interactions import DEFERRED_UPDATE
from sandbox.discord.server import DiscordServer
from sandbox.discord.world import THREAD, Message
from sandbox.traffic import Answer as Reaction
from sandbox.traffic import Call as Traffic
from tests.bot.chat_discord.door import TOKEN, Recorder, Stage, make_settings

ITEM = uuid4()


async def test_every_command_is_offered_with_its_options(stage: Stage) -> None:
    [group, *menus] = stage.server.world.commands[None]
    assert [menu["name"] for menu in menus] == ["Save to Notion", "Append to Notion page"]
    for menu in menus:
        assert menu["type"] == 3
        assert (menu["integration_types"], menu["contexts"]) == ([0, 1], [0, 1, 2])
    assert group["name"] == "notion"
    assert group["integration_types"] == [0, 1]
    assert group["contexts"] == [0, 1, 2]
    offered = {command["name"]: command for command in group["options"]}
    assert list(offered) == [name for name, command in COMMANDS.items() if command.listed]
    options = {one["name"]: one for one in offered["generate"]["options"]}
    assert next(iter(options)) == "prompt"
    assert not options["prompt"]["required"], "a form asks for it"
    completed = {name for name, one in options.items() if one.get("autocomplete")}
    assert completed == {"provider", "model", "template", "to"}
    assert offered["to"]["options"][0]["autocomplete"]
    flags = {flag.name for flag in COMMANDS["generate"].flags if flag.undoes is None}
    assert flags == set(options) - {"prompt"}, "`save: False` is `--no-save`"
    assert (options["save"]["type"], options["model"]["type"]) == (5, 3)
    assert not options["save"]["required"]


async def test_a_command_is_recorded_and_a_placeholder_shown(stage: Stage) -> None:
    asked = await stage.server.slash_command(
        sub="generate", options={"prompt": "a launch checklist", "save": True, "to": "Team notes"}
    )
    assert await asked.acknowledged() == 5
    assert not asked.original.ephemeral
    [request] = stage.intake.requests
    assert (request.call.command, request.call.text) == ("generate", "a launch checklist")
    assert request.call.flags == {"save": True, "to": "Team notes"}
    assert (request.sender.platform, request.sender.id) == ("discord", stage.server.user.id)
    assert request.address["interaction_token"] == asked.token
    assert request.address["channel_id"] == stage.server.general.id
    assert request.address["bot_id"] == stage.server.world.bot.id
    assert request.place == stage.server.general.id


async def test_a_thread_is_the_same_place_as_its_channel(stage: Stage) -> None:
    world, general = stage.server.world, stage.server.general
    guild = world.guilds[general.guild_id]
    thread = world.add_channel(guild, "aside", kind=THREAD, parent=general)
    asked = await stage.server.slash_command(
        sub="generate", options={"prompt": "a"}, channel=thread
    )
    await asked.acknowledged()
    [request] = stage.intake.requests
    assert request.place == general.id
    assert request.address["channel_id"] == request.address["thread"] == thread.id


async def test_flags_may_stand_in_the_text_as_on_every_platform(stage: Stage) -> None:
    options = {"prompt": "a checklist --save"}
    asked = await stage.server.slash_command(sub="generate", options=options)
    await asked.acknowledged()
    [request] = stage.intake.requests
    assert (request.call.text, request.call.flags) == ("a checklist", {"save": True})


async def test_the_answer_of_another_process_takes_the_placeholders_place(stage: Stage) -> None:
    asked = await stage.server.slash_command(sub="generate", options={"prompt": "a"})
    await asked.acknowledged()
    platform = DiscordPlatform(stage.settings)
    [part] = platform.render(Answer("Hello."))
    address = stage.intake.requests[0].address
    await platform.post(address, part, "a:0", again=False)
    await platform.close()
    assert (await asked.answered()).content == "Hello."


async def test_a_private_command_has_an_ephemeral_placeholder(stage: Stage) -> None:
    options = {"prompt": "a", "private": True}
    asked = await stage.server.slash_command(sub="generate", options=options)
    assert await asked.acknowledged() == 5
    assert asked.original.ephemeral
    assert stage.intake.requests[0].address["private"] == "yes"


async def test_a_wrong_command_is_answered_at_once_to_the_asker_alone(stage: Stage) -> None:
    asked = await stage.server.slash_command(sub="generate", options={"prompt": "a --sav"})
    assert await asked.acknowledged() == 4
    assert asked.original.ephemeral
    assert asked.original.content.startswith("⚠️")
    assert "--save" in asked.original.content
    assert stage.intake.requests == []


async def test_a_server_that_cannot_record_says_so(stage: Stage) -> None:
    stage.intake.away = True
    asked = await stage.server.slash_command(sub="generate", options={"prompt": "a"})
    assert await asked.acknowledged() == 4
    assert asked.original.ephemeral
    assert "The database does not answer" in asked.original.content


async def answered(
    stage: Stage, *, private: bool = False, actions: Sequence[Action] = when_written(ITEM)
) -> Message:
    """An answer with its buttons."""
    options = {"prompt": "a"} | ({"private": True} if private else {})
    asked = await stage.server.slash_command(sub="generate", options=options)
    await asked.acknowledged()
    platform = DiscordPlatform(stage.settings)
    [part] = platform.render(Answer("Hello.", actions=tuple(actions)))
    await platform.post(stage.intake.requests.pop().address, part, "a:0", again=False)
    await platform.close()
    return await asked.answered()


async def test_a_press_for_a_new_answer_is_recorded_and_leaves_no_placeholder(
    stage: Stage,
) -> None:
    message = await answered(stage)
    pressed = await stage.server.click(message, f"longer:{ITEM}")
    assert await pressed.acknowledged() == DEFERRED_UPDATE
    [request] = stage.intake.requests
    assert request.call == Call("rewrite", str(ITEM), {"how": "longer"})
    assert request.sender.id == stage.server.user.id
    assert request.place == stage.server.general.id
    assert "private" not in request.address
    platform = DiscordPlatform(stage.settings)
    reply = await platform.post(request.address, platform.waiting(), "b:0", again=False)
    [part] = platform.render(Answer("A longer text."))
    await platform.edit(request.address, reply, part)
    await platform.close()
    assert [one.content for one in stage.server.answers()] == ["Hello.", "A longer text."]


async def test_a_press_whose_placeholder_was_lost_finds_it_again(stage: Stage) -> None:
    await (await stage.server.click(await answered(stage), f"longer:{ITEM}")).acknowledged()
    [request] = stage.intake.requests
    platform = DiscordPlatform(stage.settings)
    sent = await platform.post(request.address, platform.waiting(), "b:0", again=False)
    assert await platform.post(request.address, platform.waiting(), "b:0", again=True) == sent
    await platform.close()
    assert len(stage.server.answers()) == 2


PAGE = "0f0d7a1e-6b0b-4d5e-9f6b-0c8a4a0d9d22"


@pytest.mark.parametrize(
    ("name", "field", "call"),
    [
        ("ask-1", "question", Call("ask", "When?", {"page": PAGE})),
        ("append-1", "link", Call("save", "When?", {"append": PAGE})),
    ],
)
async def test_a_button_about_a_page_asks_for_words_and_then_for_the_rest(
    stage: Stage, name: str, field: str, call: Call
) -> None:
    found = [(number, PAGE) for number in range(1, 11)]
    message = await answered(stage, actions=about_pages(found))
    # Two pages in a row, for Discord shows five rows.
    assert [len(row["components"]) for row in message.components] == [4] * 5
    pressed = await stage.server.click(message, f"{name}:{PAGE}")
    assert await pressed.acknowledged() == 9
    assert stage.intake.requests == []
    await (await stage.server.submit(pressed, {field: "When?"})).acknowledged()
    assert [request.call for request in stage.intake.requests] == [call]


async def test_saying_which_place_was_meant_asks_for_the_same_again(stage: Stage) -> None:
    stage.intake.pickable = {str(ITEM): Call("save", "link", {"to": "Twice"})}
    message = await answered(stage, actions=when_unclear(ITEM, [(PAGE, "Twice — in Plans")]))
    name = f"pick-1:{ITEM}:{PAGE}"
    await (await stage.server.click(message, name)).acknowledged()
    assert [one.call for one in stage.intake.requests] == [Call("save", "link", {"to": PAGE})]
    stage.intake.pickable = {}
    told = await stage.server.click(message, name)
    assert await told.acknowledged() == 4
    assert "Only the person who asked" in told.original.content


async def test_what_failed_is_asked_for_again_about_the_same_message(stage: Stage) -> None:
    about = {"channel_id": "9", "message": "12", "marked": "yes", "kept": "{}", "guild_id": "7"}
    sender, ways = Sender("discord", stage.server.user.id), {"interaction_token": "x"}
    earlier = Request(ITEM, sender, Call("save-marked"), about | ways, "9")
    stage.intake.earlier = {str(ITEM): earlier}
    message = await answered(stage, actions=when_unsaved(ITEM))
    pressed = await stage.server.click(message, f"again:{ITEM}")
    assert await pressed.acknowledged() == DEFERRED_UPDATE
    [request] = stage.intake.requests
    assert (request.call, request.place) == (Call("save-marked"), "9")
    assert {name: request.address.get(name) for name in about} == about
    assert request.address["interaction_token"] not in ("", "x")


async def test_somebody_who_is_turned_away_hears_so_alone(stage: Stage) -> None:
    pressed = await stage.server.click(await answered(stage), f"longer:{ITEM}")
    await pressed.acknowledged()
    [request] = stage.intake.requests
    platform = DiscordPlatform(stage.settings)
    [part] = platform.render(Answer("Not yours.", ok=False))
    await platform.post(dict(request.address) | {"private": "yes"}, part, "b:0", again=False)
    await platform.close()
    [told] = pressed.messages
    assert told.ephemeral
    assert told.content == "⚠️ Not yours."


@pytest.mark.parametrize(("name", "private"), [("save", False), ("stop", False), ("longer", True)])
async def test_a_press_that_is_answered_in_private_shows_a_private_placeholder(
    stage: Stage, name: str, private: bool
) -> None:
    message = await answered(stage, private=private)
    message.components[0]["components"][0]["custom_id"] = f"{name}:{ITEM}"
    pressed = await stage.server.click(message, f"{name}:{ITEM}")
    assert await pressed.acknowledged() == 5
    assert pressed.original
    assert pressed.original.ephemeral
    [request] = stage.intake.requests
    assert request.address["private"] == "yes"
    assert request.call.has("private") is private


async def test_a_press_that_cannot_be_recorded_is_answered_to_the_presser(stage: Stage) -> None:
    message = await answered(stage)
    stage.intake.away = True
    pressed = await stage.server.click(message, f"save:{ITEM}")
    assert await pressed.acknowledged() == 4
    assert pressed.original
    assert pressed.original.ephemeral
    assert "The database does not answer" in pressed.original.content


async def test_a_button_of_somebody_else_is_left_alone(stage: Stage) -> None:
    message = await answered(stage)
    message.components[0]["components"][0]["custom_id"] = "poll:yes"
    pressed = await stage.server.click(message, "poll:yes")
    await (await stage.server.click(message, f"longer:{ITEM}")).acknowledged()
    assert pressed.callback is None
    assert len(stage.intake.requests) == 1


async def test_the_command_is_recorded_before_the_placeholder_is_shown(stage: Stage) -> None:
    seen: list[int] = []

    async def hook(call: Traffic) -> Reaction | None:
        if call.name.endswith("/callback"):
            seen.append(len(stage.intake.requests))
        return None

    stage.server.hooks.before.append(hook)
    asked = await stage.server.slash_command(sub="generate", options={"prompt": "a"})
    await asked.acknowledged()
    assert seen == [1]


async def test_a_placeholder_that_discord_refuses_loses_no_command(stage: Stage) -> None:
    async def hook(call: Traffic) -> Reaction | None:
        refusal = {"message": "Unknown interaction", "code": 10062}
        return Reaction(refusal, 404) if call.name.endswith("/callback") else None

    stage.server.hooks.before.append(hook)
    await stage.server.slash_command(sub="generate", options={"prompt": "a"})
    await stage.server.wait_for(lambda: len(stage.intake.requests) == 1)
    stage.server.hooks.before.clear()
    asked = await stage.server.slash_command(sub="generate", options={"prompt": "b"})
    assert await asked.acknowledged() == 5


@pytest.mark.parametrize("early", [True, False], ids=["not taken", "taken unheard"])
@pytest.mark.parametrize(
    "trouble",
    [Reaction(dropped=True), Reaction("no", 503), Reaction({"retry_after": 0.2}, 429)],
    ids=["dropped", "failed", "limited"],
)
async def test_an_acknowledgement_that_fails_is_tried_again(
    stage: Stage, trouble: Reaction, early: bool
) -> None:
    hooks = stage.server.hooks.before if early else stage.server.hooks.after

    async def hook(call: Traffic) -> Reaction | None:
        if not call.path.endswith("/callback"):
            return None
        hooks.remove(hook)
        return trouble

    hooks.append(hook)
    asked = await stage.server.slash_command(sub="help")
    assert await asked.acknowledged(3.0) == 5
    assert len(stage.intake.requests) == 1

    def tries() -> int:
        return len([one for one in stage.server.requests if one.path.endswith("/callback")])

    await stage.server.wait_for(lambda: tries() == 2)
    await asyncio.sleep(0.2)
    assert tries() == 2


async def test_an_acknowledgement_that_is_answered_with_nothing_counts(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    async def hook(call: Traffic) -> Reaction | None:
        return Reaction(None, 204) if call.name.endswith("/callback") else None

    stage.server.hooks.before.append(hook)
    await stage.server.slash_command(sub="generate", options={"prompt": "a"})
    await stage.server.wait_for(lambda: len(stage.intake.requests) == 1)
    await asyncio.sleep(0.1)
    assert "Ignoring exception" not in caplog.text


async def test_one_interaction_has_one_id_and_another_has_another(stage: Stage) -> None:
    first = await stage.server.slash_command(sub="generate", options={"prompt": "a"})
    await first.acknowledged()
    second = await stage.server.slash_command(sub="generate", options={"prompt": "a"})
    await second.acknowledged()
    one, two = stage.intake.requests
    assert one.id != two.id


async def test_a_connection_that_discord_drops_comes_back(stage: Stage) -> None:
    await stage.server.gateway.drop(4000)
    await stage.server.wait_until_connected(timeout=20)
    asked = await stage.server.slash_command(sub="generate", options={"prompt": "a"})
    assert await asked.acknowledged() == 5


async def test_a_connection_that_the_library_gives_up_is_made_anew(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["bot.discord.entry"], "RECONNECT", 0.01)
    await stage.server.gateway.drop(1000)
    await stage.server.wait_until_connected(timeout=20)
    asked = await stage.server.slash_command(sub="generate", options={"prompt": "a"})
    assert await asked.acknowledged() == 5


async def test_a_discord_that_refuses_the_commands_is_connected_all_the_same() -> None:
    async def hook(call: Traffic) -> Reaction | None:
        refusal = {"message": "404: Not Found", "code": 0}
        return Reaction(refusal, 404) if call.name.startswith("PUT") else None

    async with DiscordServer(TOKEN) as server:
        server.hooks.before.append(hook)
        entry = DiscordEntry(make_settings(server), Recorder())
        await entry.start()
        assert server.gateway.connected
        await entry.stop()


async def test_an_interaction_that_cannot_be_read_costs_no_connection(stage: Stage) -> None:
    client = stage.entry._client
    assert client is not None
    read = client._connection.parsers["INTERACTION_CREATE"]
    read({"id": "1", "nonsense": True})
    asked = await stage.server.slash_command(sub="generate", options={"prompt": "a"})
    assert await asked.acknowledged() == 5


async def test_a_token_that_discord_refuses_is_named() -> None:
    async with DiscordServer(TOKEN) as server:
        entry = DiscordEntry(make_settings(server, discord_token="wrong.token"), Recorder())
        with pytest.raises(Misconfigured, match="DISCORD_TOKEN") as error:
            await entry.start()
        assert "wrong.token" not in error.value.message
        await entry.stop()


async def test_without_a_token_discord_cannot_be_started() -> None:
    with pytest.raises(Misconfigured, match="DISCORD_TOKEN"):
        await DiscordEntry(Settings(_env_file=None, discord_token=None), Recorder()).start()


async def test_a_discord_that_is_not_there_is_worth_another_try() -> None:
    async with DiscordServer(TOKEN) as server:
        settings = make_settings(server, discord_api_url="http://127.0.0.1:9/api/v10")
        entry = DiscordEntry(settings, Recorder())
        with pytest.raises(PlatformFailed) as failure:
            async with asyncio.timeout(40):
                await entry.start()
        assert failure.value.retryable


async def test_stopping_twice_is_stopping_once(stage: Stage) -> None:
    await stage.entry.stop()
    await stage.entry.stop()
    await stage.server.wait_for(lambda: not stage.server.gateway.connected)


async def test_no_log_at_any_level_tells_a_token(
    stage: Stage, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    asked = await stage.server.slash_command(sub="generate", options={"prompt": "a"})
    await asked.acknowledged()
    told = caplog.text + "".join(capsys.readouterr())
    assert asked.token not in told
    assert TOKEN not in told
