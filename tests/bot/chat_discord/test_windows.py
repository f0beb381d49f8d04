"""Choices, the form and the settings panel, through the gateway."""

import asyncio
from typing import Any

import pytest

from bot.discord import windows
from bot.discord.adapter import DiscordPlatform
from bot.discord.entry import DiscordEntry
from bot.discord.parse import options_of
from core.commands.registry import COMMANDS
from core.errors import Unavailable
from core.messages import Answer, Call, Workspace
from core.ports import Choice, Destination, Overview
from sandbox.discord.interactions import DEFERRED_UPDATE, Interaction
from sandbox.discord.server import DiscordServer
from sandbox.discord.world import Message
from sandbox.traffic import Answer as Reaction
from sandbox.traffic import Call as Traffic
from tests.bot.chat_discord.door import TOKEN, Recorder, Stage, make_settings

Json = dict[str, Any]

NOTES, PLANS = "1" * 32, "2" * 32
CHOICES: Any = {
    "provider": [Choice("openai", "openai (gpt)"), Choice("offline", "offline (small)")],
    "template": [Choice("retro", "retro")],
    "destination": [Choice(NOTES, "Team notes"), Choice(PLANS, "Plans " * 40)],
}


@pytest.fixture(autouse=True)
def something_to_choose(stage: Stage) -> None:
    stage.intake.choices = CHOICES


# ── While somebody types ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("sub", "option"), [("generate", "to"), ("to", "destination")])
async def test_what_fits_the_words_is_listed(stage: Stage, sub: str, option: str) -> None:
    asked = await stage.server.autocomplete("notion", sub, option, {option: "team"})
    await asked.acknowledged()
    assert asked.choices == [{"name": "Team notes", "value": NOTES}]
    # Those that whoever types may see.
    [(sender, server)] = stage.intake.choosers
    assert sender is not None
    assert (sender.id, server) == (
        stage.server.user.id,
        Workspace("discord", stage.server.guild.id),
    )


async def test_a_long_label_is_cut_and_a_value_stays_whole(stage: Stage) -> None:
    asked = await stage.server.autocomplete("notion", "generate", "to", {"to": "plans"})
    await asked.acknowledged()
    [choice] = asked.choices or []
    assert len(choice["name"]) <= 100
    assert choice["value"] == PLANS


async def test_what_is_chosen_is_taken_and_so_is_what_is_not_listed(stage: Stage) -> None:
    for to in (NOTES, "Something else"):
        options = {"prompt": "a", "to": to, "provider": "openai"}
        await (await stage.server.slash_command(sub="generate", options=options)).acknowledged()
        assert stage.intake.requests.pop().call.flags == {"to": to, "provider": "openai"}


class Slow(Recorder):
    async def suggest(self, *_: object, **_more: object) -> list[Choice]:
        await asyncio.sleep(60)
        return []


class Broken(Recorder):
    async def suggest(self, *_: object, **_more: object) -> list[Choice]:
        raise Unavailable("The database does not answer. Try again in a minute.")

    async def overview(self, *_: object, **_more: object) -> Overview:
        raise Unavailable("The database does not answer. Try again in a minute.")


@pytest.mark.parametrize("intake", [Slow(), Broken()])
async def test_choices_that_do_not_come_are_an_empty_list_and_a_field_to_type_in(
    intake: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows, "LISTING", 0.05)
    monkeypatch.setattr(windows, "OPENING", 0.05)
    async with DiscordServer(TOKEN) as server:
        entry = DiscordEntry(make_settings(server), intake)
        await entry.start()
        try:
            asked = await server.autocomplete("notion", "generate", "to", {"to": "team"})
            await asked.acknowledged()
            assert asked.choices == []
            opened = await server.slash_command(sub="generate")
            await opened.acknowledged()
            sent = await server.submit(opened, {"prompt": "a plan", "to": "Team notes"})
            await sent.acknowledged()
            [request] = intake.requests
            assert request.call == Call("generate", "a plan", {"to": "Team notes"})
        finally:
            await entry.stop()


# ── The form ─────────────────────────────────────────────────────────────────────────────────────


async def opened(stage: Stage, **options: object) -> Interaction:
    asked = await stage.server.slash_command(sub="generate", options=options)
    assert await asked.acknowledged() == 9
    assert stage.intake.requests == []
    return asked


async def test_without_a_prompt_a_form_opens_and_starts_the_same_call(stage: Stage) -> None:
    form = await opened(stage)
    values: Json = {"prompt": "a plan", "provider": ["offline"], "switches": ["save"]}
    sent = await stage.server.submit(form, values)
    assert await sent.acknowledged() == 5
    assert not sent.original.ephemeral
    [request] = stage.intake.requests
    assert request.call == Call("generate", "a plan", {"provider": "offline", "save": True})
    assert request.sender.id == stage.server.user.id
    assert request.place == stage.server.general.id
    platform = DiscordPlatform(stage.settings)
    [part] = platform.render(Answer("Hello."))
    await platform.post(request.address, part, "a:0", again=False)
    await platform.close()
    assert (await sent.answered()).content == "Hello."


async def test_what_was_typed_with_the_command_is_in_the_form(stage: Stage) -> None:
    form = await opened(stage, model="gpt-5", to=NOTES, private=True)
    sent = await stage.server.submit(form, {"prompt": "a plan"})
    await sent.acknowledged()
    assert sent.original.ephemeral
    [request] = stage.intake.requests
    assert request.call.flags == {"model": "gpt-5", "to": NOTES, "private": True}


async def test_a_form_that_was_opened_before_a_restart_is_read_after_it(stage: Stage) -> None:
    form = await opened(stage, model="gpt-5")
    await stage.entry.stop()
    again = DiscordEntry(stage.settings, stage.intake)
    await again.start()
    try:
        sent = await stage.server.submit(form, {"prompt": "a plan"})
        assert await sent.acknowledged() == 5
        [request] = stage.intake.requests
        assert request.call == Call("generate", "a plan", {"model": "gpt-5"})
    finally:
        await again.stop()


async def test_a_form_that_cannot_be_recorded_is_answered_to_the_asker_alone(stage: Stage) -> None:
    form = await opened(stage)
    stage.intake.away = True
    sent = await stage.server.submit(form, {"prompt": "a plan"})
    assert await sent.acknowledged() == 4
    assert sent.original.ephemeral
    assert "The database does not answer" in sent.original.content


async def test_a_form_of_nothing_but_space_is_answered_with_what_it_needs(stage: Stage) -> None:
    sent = await stage.server.submit(await opened(stage), {"prompt": "  "})
    assert await sent.acknowledged() == 4
    assert "needs a prompt" in sent.original.content
    assert stage.intake.requests == []


# ── The panel ────────────────────────────────────────────────────────────────────────────────────


async def panel(stage: Stage) -> tuple[Interaction, Message]:
    asked = await stage.server.slash_command(sub="settings")
    message = await asked.answered()
    assert message.ephemeral
    assert stage.intake.requests == []
    return asked, message


async def test_settings_show_how_somebody_stands(stage: Stage) -> None:
    pages = (("a plan", "https://www.notion.so/plan"),)
    own = Destination(NOTES, "page", "Team notes", "https://www.notion.so/notes")
    stage.intake.standing = Overview("ada", own=own, provider="openai", pages=pages, requests=7)
    _, message = await panel(stage)
    for words in ("**ada**", "Team notes", "https://www.notion.so/plan", "7 requests"):
        assert words in message.content


@pytest.mark.parametrize(
    ("name", "value", "call"),
    [
        ("provider", "offline", Call("settings", "provider offline")),
        ("template", "retro", Call("settings", "template retro")),
        ("destination", NOTES, Call("to", NOTES)),
        ("reset", None, Call("settings", "reset")),
        ("notion-check", None, Call("settings", "notion check")),
    ],
)
async def test_what_is_chosen_there_is_asked_as_any_request(
    stage: Stage, name: str, value: str | None, call: Call
) -> None:
    _, message = await panel(stage)
    values = None if value is None else [value]
    pressed = await stage.server.click(message, f"panel:{name}", values=values)
    assert await pressed.acknowledged() == DEFERRED_UPDATE
    [request] = stage.intake.requests
    platform = DiscordPlatform(stage.settings)
    [part] = platform.render(Answer("From now on."))
    await platform.post(request.address, part, "a:0", again=False)
    await platform.close()
    [told] = pressed.messages
    assert (told.content, told.ephemeral) == ("From now on.", True)
    assert "Your settings" in message.content
    assert request.call == call
    assert request.address["private"] == "yes"


async def test_the_panel_opens_the_forms(stage: Stage) -> None:
    _, message = await panel(stage)
    write = await stage.server.click(message, "panel:write")
    assert await write.acknowledged() == 9
    assert await (await stage.server.submit(write, {"prompt": "a plan"})).acknowledged() == 5
    place = await stage.server.click(message, "panel:place")
    assert await place.acknowledged() == 9
    sent = await stage.server.submit(place, {"destination": "Team notes"})
    assert await sent.acknowledged() == DEFERRED_UPDATE
    written, chosen = stage.intake.requests
    assert (written.call.command, written.call.text) == ("generate", "a plan")
    assert chosen.call == Call("to", "Team notes")


@pytest.mark.parametrize("through_the_form", [False, True], ids=["list", "form"])
async def test_the_panel_shows_what_was_chosen_once_it_is_done(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, through_the_form: bool
) -> None:
    monkeypatch.setattr(windows, "UNTIL_DONE", (0.05,) * 60)
    _, message = await panel(stage)
    if through_the_form:
        pressed = await stage.server.click(message, "panel:place")
        await pressed.acknowledged()
        await (await stage.server.submit(pressed, {"destination": NOTES})).acknowledged()
    else:
        pressed = await stage.server.click(message, "panel:destination", values=[NOTES])
        await pressed.acknowledged()
    own = Destination(NOTES, "page", "Team notes", "https://www.notion.so/notes")
    stage.intake.standing = Overview(own=own)
    await stage.server.wait_for(lambda: "your own choice" in message.content)
    [shown] = [
        one
        for row in message.components
        for part in row["components"]
        for one in part.get("options", ())
        if one["value"] == NOTES
    ]
    assert shown["default"]


async def test_a_choice_that_is_not_made_is_taken_off_the_panel(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows, "UNTIL_DONE", (0.01, 0.01))
    _, message = await panel(stage)
    seen = len(message.revisions)
    await (await stage.server.click(message, "panel:provider", values=["offline"])).acknowledged()
    await stage.server.wait_for(lambda: len(message.revisions) > seen)


async def test_a_choice_that_cannot_be_recorded_is_answered_and_the_answer_stays(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows, "UNTIL_DONE", (0.01,))
    _, message = await panel(stage)
    stage.intake.away = True
    pressed = await stage.server.click(message, "panel:provider", values=["offline"])
    assert await pressed.acknowledged() == 4
    await asyncio.sleep(0.1)
    assert "The database does not answer" in pressed.original.content


async def test_models_are_those_of_the_provider_that_was_chosen(stage: Stage) -> None:
    models = [Choice("gpt", "gpt (openai)"), Choice("small", "small (offline)")]
    stage.intake.choices = {"model": models}
    typed = {"prompt": "a", "provider": "offline", "model": ""}
    asked = await stage.server.autocomplete("notion", "generate", "model", typed)
    await asked.acknowledged()
    assert asked.choices == [{"name": "small (offline)", "value": "small"}]


async def test_the_panel_is_shown_anew(stage: Stage) -> None:
    asked, message = await panel(stage)
    stage.intake.standing = Overview(provider="offline", requests=8)
    await (await stage.server.click(message, "panel:refresh")).acknowledged()
    await stage.server.wait_for(lambda: "8 requests" in message.content)
    assert asked.messages == [message]


async def test_a_server_that_takes_no_lists_shows_how_somebody_stands(stage: Stage) -> None:
    async def hook(call: Traffic) -> Reaction | None:
        listed = call.name.startswith("PATCH") and call.body.get("components")
        return Reaction({"message": "Invalid Form Body", "code": 50035}, 400) if listed else None

    stage.server.hooks.before.append(hook)
    _, message = await panel(stage)
    assert "Your settings" in message.content
    assert message.components == []


async def test_a_standing_that_nobody_can_tell_is_said_so() -> None:
    async with DiscordServer(TOKEN) as server:
        entry = DiscordEntry(make_settings(server), Broken())
        await entry.start()
        asked = await server.slash_command(sub="settings")
        assert "The database does not answer" in (await asked.answered()).content
        await entry.stop()


async def test_settings_with_words_are_a_request(stage: Stage) -> None:
    words = options_of(COMMANDS["settings"])[0].name
    asked = await stage.server.slash_command(sub="settings", options={words: "reset"})
    assert await asked.acknowledged() == 5
    assert stage.intake.requests[0].call == Call("settings", "reset")


# ── Where the bot is not ─────────────────────────────────────────────────────────────────────────


async def test_somebody_who_installed_it_for_themselves_is_answered_anywhere(stage: Stage) -> None:
    world, ada = stage.server.world, stage.server.user
    elsewhere = world.add_channel(world.add_guild("Elsewhere", [ada], installed=False), "chat")
    asked = await stage.server.slash_command(
        sub="generate", options={"prompt": "a"}, channel=elsewhere
    )
    assert await asked.acknowledged() == 5
    [request] = stage.intake.requests
    assert request.place == elsewhere.id
    platform = DiscordPlatform(stage.settings)
    text = "\n\n".join(f"Paragraph {n} " + "of words " * 150 for n in range(9))
    parts = platform.render(Answer(text))
    assert len(parts) > 7
    for number, part in enumerate(parts):
        await platform.post(request.address, part, f"a:{number}", again=False)
    late = dict(request.address) | {"accepted_at": "0"}
    await platform.post(
        late, {"place": "first", "content": "Late.", "components": []}, "b", again=False
    )
    await platform.close()
    here, alone = stage.server.answers(elsewhere), stage.server.answers(world.open_dm(ada.id))
    # The placeholder and five follow-ups; what Discord takes no more of there comes in private.
    assert len(here) == 6
    assert [one.content for one in [*here, *alone]] == [each["content"] for each in parts] + [
        "Late."
    ]


async def test_the_form_and_the_panel_open_where_the_bot_is_not(stage: Stage) -> None:
    world = stage.server.world
    guild = world.add_guild("Elsewhere", [stage.server.user], installed=False)
    elsewhere = world.add_channel(guild, "chat")
    form = await stage.server.slash_command(sub="generate", channel=elsewhere)
    assert await form.acknowledged() == 9
    assert await (await stage.server.submit(form, {"prompt": "a"})).acknowledged() == 5
    asked = await stage.server.slash_command(sub="settings", channel=elsewhere)
    assert "Your settings" in (await asked.answered()).content
