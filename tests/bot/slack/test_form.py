"""The form for a new page: what it asks, what it makes of the answers, and what without it."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from bot.slack.form import Origin, build_form, read_origin, without_prompt
from core.errors import Unavailable
from core.messages import Sender
from core.ports import Choice
from core.preferences import Preferred
from sandbox.slack.view_rules import check_view
from sandbox.traffic import Answer as Reaction
from tests.bot.slack.front import NOTES, Core, Front, fronted

HERE = Origin("T1", "E1", "C1", reply="r1")
CHOICES = Core().choices


@pytest.fixture
async def front() -> AsyncIterator[Front]:
    async with fronted() as made:
        yield made


def element(view: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        block["element"] for block in view["blocks"] if block.get("block_id") == name
    )
    return found


def labels(view: dict[str, Any]) -> list[str]:
    return [block["label"]["text"] for block in view["blocks"] if block["type"] == "input"]


@pytest.mark.parametrize(
    ("line", "flags"),
    [
        ("generate", {}),
        ("/notion generate", {}),
        ("GENERATE --save", {"save": True}),
        ('generate --to "Team notes" --private', {"to": "Team notes", "private": True}),
    ],
)
def test_a_line_that_lacks_the_prompt_alone_wants_a_form(line: str, flags: dict[str, Any]) -> None:
    call = without_prompt(line)
    assert call is not None
    assert (call.command, call.text, call.flags) == ("generate", "", flags)


@pytest.mark.parametrize("line", ["", "help", "generate a plan", "generate --sav", "search", "gen"])
def test_any_other_line_wants_none(line: str) -> None:
    assert without_prompt(line) is None


def test_the_form_asks_for_the_prompt_and_offers_the_rest() -> None:
    view = build_form(HERE, CHOICES)
    assert view is not None
    check_view(view, "modal")
    assert view["title"]["text"] == "New Notion page"
    assert labels(view) == [
        "What is the page about?",
        "Template",
        "AI provider",
        "Where it goes in Notion",
        "And then",
    ]
    required = [block for block in view["blocks"] if not block.get("optional")]
    assert [block["block_id"] for block in required] == ["prompt"]
    assert element(view, "prompt")["multiline"] is True
    assert element(view, "destination")["min_query_length"] == 0
    offered = [one["text"]["text"] for one in element(view, "provider")["options"]]
    assert offered == ["As usual", "openai (gpt)", "anthropic (opus)"]
    assert element(view, "provider")["initial_option"]["text"]["text"] == "As usual"
    boxes = [one["text"]["text"] for one in element(view, "also")["options"]]
    assert boxes == ["Save to Notion at once", "Show the answer to me alone"]
    assert "initial_options" not in element(view, "also")


def test_what_was_typed_is_filled_in() -> None:
    flags = {"template": "Retro", "provider": "gemini", "to": "Notes", "save": True, "model": "m1"}
    view = build_form(replace(HERE, flags=flags), CHOICES)
    assert view is not None
    check_view(view, "modal")
    assert element(view, "template")["initial_option"]["value"] == "retro"
    assert element(view, "provider")["initial_option"]["text"]["text"] == "gemini"
    assert element(view, "destination")["initial_option"]["text"]["text"] == "Notes"
    assert [one["value"] for one in element(view, "also")["initial_options"]] == ["save"]
    assert "m1" in view["blocks"][-1]["elements"][0]["text"]


USUAL = Preferred("openai", "retro", model="gpt-y", saves=True)


def test_what_somebody_chose_for_themselves_is_what_the_form_begins_with() -> None:
    view = build_form(HERE, CHOICES, USUAL)
    assert view is not None
    check_view(view, "modal")
    assert element(view, "provider")["initial_option"]["text"]["text"] == "As usual: openai, gpt-y"
    assert element(view, "template")["initial_option"]["text"]["text"] == "As usual: retro"
    assert element(view, "template")["options"][-1]["value"] == "none"
    assert [one["value"] for one in element(view, "also")["initial_options"]] == ["save"]
    private = build_form(replace(HERE, flags={"private": True}), CHOICES, USUAL)
    assert private is not None
    assert [one["value"] for one in element(private, "also")["initial_options"]] == ["private"]


async def test_the_box_that_is_ticked_for_who_saves_at_once_says_no_when_it_is_not(
    front: Front,
) -> None:
    front.core.usual = USUAL

    async def asked(**fields: Any) -> dict[str, Any]:
        await front.slack.slash_command(text="generate")
        form = front.slack.surfaces.forms[-1]
        await front.slack.surfaces.submit(form, prompt="a plan", **fields)
        return dict(front.core.requests[-1].call.flags)

    assert await asked() == {"save": True}
    assert await asked(also=[]) == {"no-save": True}
    assert await asked(also=[], destination=NOTES.id) == {"to": NOTES.id}


async def test_a_core_that_does_not_say_what_is_usual_opens_the_form_all_the_same(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_sender: Sender) -> Preferred:
        raise Unavailable("The database does not answer. Try again in a minute.")

    monkeypatch.setattr(front.core, "preferred", away)
    await front.slack.slash_command(text="generate")
    [form] = front.slack.surfaces.forms
    assert "initial_options" not in element(form, "also")


def test_the_form_stays_within_slacks_limits_whatever_there_is_to_choose() -> None:
    many = [Choice(f"id-{n}", "x" * 200) for n in range(150)]
    many += [Choice("id-1", "again"), Choice("v" * 300, "too long"), Choice("empty", "")]
    view = build_form(
        replace(HERE, flags={"to": "https://notion.so/" + "a" * 900}),
        {"template": many, "provider": []},
    )
    assert view is not None
    check_view(view, "modal")
    assert "AI provider" not in labels(view)


def test_what_a_form_cannot_carry_opens_none() -> None:
    assert build_form(replace(HERE, flags={"to": "x" * 5_000}), CHOICES) is None


def test_a_view_of_somebody_else_says_nothing_of_where_it_was_opened() -> None:
    for told in ("", "{", "[]", "7", '{"team": 5, "flags": []}'):
        assert read_origin({"private_metadata": told}) == Origin("", "", "", flags={})


async def test_a_command_without_a_prompt_opens_the_form_and_says_nothing(front: Front) -> None:
    delivery = await front.slack.slash_command(text="generate --save")
    assert (delivery.status, delivery.body) == (200, "")
    [form] = front.slack.surfaces.forms
    assert form["callback_id"] == "new_page"
    assert front.core.requests == []
    assert front.slack.space.ephemeral == []


async def test_the_form_holds_no_response_url(front: Front) -> None:
    delivery = await front.slack.slash_command(text="generate")
    [form] = front.slack.surfaces.forms
    assert isinstance(delivery.payload["response_url"], str)
    key = delivery.payload["response_url"].rsplit("/", 1)[-1]
    assert key not in json.dumps(form)
    assert "http" not in form["private_metadata"]


async def test_submitting_asks_what_the_typed_command_would(front: Front) -> None:
    typed = "generate a plan --template retro --provider anthropic --save --private"
    await front.slack.slash_command(text=typed)
    await front.slack.slash_command(text="generate")
    [form] = front.slack.surfaces.forms
    delivery = await front.slack.surfaces.submit(
        form,
        prompt="  a plan\0 ",
        template="retro",
        provider="anthropic",
        also=["save", "private"],
    )
    assert (delivery.status, delivery.body) == (200, "")
    by_hand, by_form = front.core.requests
    assert by_form.call == by_hand.call
    assert (by_form.sender, by_form.place) == (by_hand.sender, by_hand.place)
    told = ("channel_id", "user_id", "team_id", "enterprise_id", "private")
    assert [by_form.address[name] for name in told] == [by_hand.address[name] for name in told]
    # A form does not tell what the workspace is called.
    assert by_form.address.keys() == by_hand.address.keys() - {"workspace"}
    assert by_form.address["response_url"].startswith(front.slack.url)


async def test_what_is_left_as_it_is_asks_for_nothing(front: Front) -> None:
    await front.slack.slash_command(text="generate")
    [form] = front.slack.surfaces.forms
    await front.slack.surfaces.submit(form, prompt="write --save nothing <@U1> & *bold*")
    [request] = front.core.requests
    assert request.call.text == "write --save nothing <@U1> & *bold*"
    assert request.call.flags == {}


async def test_flags_that_were_typed_are_asked_for_too(front: Front) -> None:
    await front.slack.slash_command(text="generate --to 'Team notes' --model m1 --save")
    [form] = front.slack.surfaces.forms
    await front.slack.surfaces.submit(form, prompt="a plan")
    [request] = front.core.requests
    assert request.call.flags == {"to": "Team notes", "model": "m1", "save": True}


async def test_a_place_is_found_while_it_is_typed(front: Front) -> None:
    await front.slack.slash_command(text="generate")
    [form] = front.slack.surfaces.forms
    offered = await front.slack.surfaces.type_in(form, "destination", "note")
    assert [one["text"]["text"] for one in offered] == ["Notes"]
    # One that whoever types may see.
    [(sender, _)] = front.core.choosers
    assert sender == Sender("slack", front.slack.user.id, "", front.slack.space.team_id)
    first = await front.slack.surfaces.type_in(form, "destination", "")
    assert [one["text"]["text"] for one in first] == ["As usual", "Notes", "Plans"]
    assert await front.slack.surfaces.type_in(form, "destination", "nowhere") == []
    await front.slack.surfaces.submit(form, prompt="a plan", destination=offered[0]["value"])
    [request] = front.core.requests
    assert request.call.flags == {"to": NOTES.id}


@pytest.mark.parametrize("prompt", ["", "   \n", "x" * 3_001])
async def test_a_prompt_that_cannot_be_keeps_the_form_open(front: Front, prompt: str) -> None:
    await front.slack.slash_command(text="generate")
    [form] = front.slack.surfaces.forms
    delivery = await front.slack.surfaces.submit(form, prompt=prompt)
    told = delivery.json()
    assert told["response_action"] == "errors"
    assert list(told["errors"]) == ["prompt"]
    assert ("3,000" in told["errors"]["prompt"]) == (len(prompt) > 3_000)
    assert front.core.requests == []
    await front.slack.surfaces.submit(form, prompt="a plan")
    assert len(front.core.requests) == 1


async def test_a_form_that_cannot_be_recorded_stays_open_and_works_later(front: Front) -> None:
    await front.slack.slash_command(text="generate")
    [form] = front.slack.surfaces.forms
    front.core.away = True
    delivery = await front.slack.surfaces.submit(form, prompt="a plan")
    assert "database" in delivery.json()["errors"]["prompt"]
    front.core.away = False
    again = await front.slack.surfaces.submit(form, prompt="a plan")
    assert again.body == ""
    assert len(front.core.requests) == 1


async def test_a_form_submitted_twice_is_one_request(front: Front) -> None:
    await front.slack.slash_command(text="generate")
    [form] = front.slack.surfaces.forms
    for _ in range(2):
        await front.slack.surfaces.submit(form, prompt="a plan")
    await front.slack.slash_command(text="generate")
    await front.slack.surfaces.submit(front.slack.surfaces.forms[-1], prompt="a plan")
    first, again, other = (request.id for request in front.core.requests)
    assert first == again != other


@pytest.mark.parametrize(
    "refusal",
    [
        Reaction({"ok": False, "error": "unknown_method"}),
        Reaction({"ok": False, "error": "missing_scope"}),
        Reaction({"ok": False, "error": "expired_trigger_id"}),
        Reaction({"ok": True}),
        Reaction("<html>Not here</html>", 404),
        Reaction("<html>Welcome</html>"),
        Reaction(None, 501),
        Reaction(dropped=True),
    ],
)
async def test_where_no_form_opens_the_command_says_how_to_type_it(
    front: Front, refusal: Reaction
) -> None:
    front.refuse(refusal, "views.open")
    delivery = await front.slack.slash_command(text="generate")
    told = delivery.json()
    assert told["response_type"] == "ephemeral"
    assert "`/notion generate` needs a prompt" in told["blocks"][0]["text"]
    await front.slack.slash_command(text="generate a plan")
    assert [request.call.text for request in front.core.requests] == ["a plan"]


async def test_a_method_that_is_not_there_is_tried_once(front: Front) -> None:
    front.refuse(Reaction({"ok": False, "error": "unknown_method"}), "views.open")
    for _ in range(3):
        await front.slack.slash_command(text="generate")
    assert len(front.calls("views.open")) == 1


async def test_a_trigger_that_was_used_says_how_to_type_it(front: Front) -> None:
    trigger = front.slack.space.issue_trigger()
    opened = await front.slack.slash_command(text="generate", trigger_id=trigger)
    again = await front.slack.slash_command(text="generate", trigger_id=trigger)
    assert opened.body == ""
    assert "needs a prompt" in again.body
    fresh = await front.slack.slash_command(text="generate")
    assert fresh.body == ""


async def test_without_a_token_no_form_is_tried() -> None:
    async with fronted(slack_bot_token=None) as front:
        delivery = await front.slack.slash_command(text="generate")
        assert "needs a prompt" in delivery.body
        assert list(front.slack.requests) == []


async def test_the_shortcut_opens_the_form_and_answers_in_the_persons_messages(
    front: Front,
) -> None:
    space = front.slack.space
    await front.slack.interaction(
        {
            "type": "shortcut",
            "callback_id": "new_notion_page",
            "trigger_id": space.issue_trigger(),
            "action_ts": "1.2",
            "user": {"id": front.slack.user.id, "username": "ada", "team_id": space.team_id},
            "team": {"id": space.team_id, "domain": "sandbox"},
        }
    )
    [form] = front.slack.surfaces.forms
    await front.slack.surfaces.submit(form, prompt="a plan")
    [request] = front.core.requests
    assert (request.place, request.address["channel_id"]) == ("", "")
    assert request.address["user_id"] == front.slack.user.id


async def test_a_form_of_another_start_answers_without_the_response_url(front: Front) -> None:
    await front.slack.slash_command(text="generate")
    [form] = front.slack.surfaces.forms
    async with fronted() as later:
        await later.slack.surfaces.submit(form, prompt="a plan")
        [request] = later.core.requests
    assert request.address["response_url"] == ""
    assert request.address["channel_id"] == front.slack.general.id
