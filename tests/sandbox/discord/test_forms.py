from typing import Any

import pytest

from sandbox.discord.errors import DiscordRefusal
from sandbox.discord.forms import check_modal, filled_in

Json = dict[str, Any]

TEXT: Json = {"type": 4, "custom_id": "text", "style": 2, "value": "before"}
ONE: Json = {"label": "One", "value": "1"}
LIST: Json = {"type": 3, "custom_id": "list", "required": False, "options": [ONE]}
TICKS: Json = {
    "type": 22,
    "custom_id": "ticks",
    "required": False,
    "min_values": 0,
    "max_values": 2,
    "options": [ONE | {"default": True}, {"label": "Two", "value": "2"}],
}


def modal(*fields: Json, **more: Any) -> Json:
    labelled = [{"type": 18, "label": "A label", "component": one} for one in fields]
    return {"custom_id": "m", "title": "Title", "components": labelled} | more


def test_a_modal_within_its_limits_is_taken() -> None:
    asked = modal(TEXT, LIST, TICKS)
    assert check_modal(asked) is asked


@pytest.mark.parametrize(
    "wrong",
    [
        modal(),
        modal(TEXT, title="x" * 46),
        modal(TEXT, custom_id="x" * 101),
        modal(*[TEXT | {"custom_id": str(n)} for n in range(6)]),
        modal(TEXT, TEXT),
        modal(TEXT | {"style": 3}),
        modal(TEXT | {"value": "x" * 4_001}),
        modal(TEXT | {"max_length": 4_001}),
        modal(TEXT | {"placeholder": "x" * 101}),
        modal(LIST | {"options": []}),
        modal(LIST | {"options": [ONE, ONE]}),
        modal(LIST | {"options": [ONE | {"label": "x" * 101}]}),
        modal(LIST | {"options": [{"label": str(n), "value": str(n)} for n in range(26)]}),
        modal(LIST | {"min_values": 0, "required": True}),
        modal(TICKS | {"max_values": 3}),
        modal({"type": 2, "custom_id": "button"}),
        modal(TEXT, components=[TEXT]),
        modal(TEXT, components=[{"type": 18, "label": "x" * 46, "component": TEXT}]),
        modal(TEXT, components=[{"type": 1, "components": [TEXT]}]),
    ],
)
def test_what_discord_refuses_in_a_modal_is_refused(wrong: Json) -> None:
    with pytest.raises(DiscordRefusal) as refusal:
        check_modal(wrong)
    assert refusal.value.code == 50035


def held(data: Json) -> Json:
    fields = [one["component"] for one in data["components"]]
    return {one["custom_id"]: one.get("value", one.get("values")) for one in fields}


def test_what_is_left_as_it_was_is_sent_as_it_was() -> None:
    asked = modal(TEXT, LIST, TICKS)
    assert held(filled_in(asked, {})) == {"text": "before", "list": [], "ticks": ["1"]}
    given: Json = {"text": "a", "list": ["1"], "ticks": []}
    assert held(filled_in(asked, given)) == given


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"other": "a"}, LookupError),
        ({"list": ["3"]}, LookupError),
        ({"text": ""}, ValueError),
        ({"text": "x" * 4_001}, ValueError),
        ({"list": ["1", "1"]}, ValueError),
    ],
)
def test_what_discords_client_would_not_send_is_not_sent(
    values: Json, error: type[Exception]
) -> None:
    with pytest.raises(error):
        filled_in(modal(TEXT, LIST, TICKS), values)
