"""What Slack refuses in a view: a form or a home tab.

docs.slack.dev/reference/views/modal-views, /reference/views/home-tab-views and
/reference/block-kit/block-elements.
"""

from collections.abc import Iterator
from typing import Any

from sandbox.slack.errors import SlackRefusal
from sandbox.slack.rules import VIEW_BLOCKS, Block, Fault, check_blocks, check_text

PLAIN = ("plain_text",)
OPTION_TEXT = 75
OPTION_VALUE = 150
OPTIONS = 100
CHECKBOXES = 10
INPUT_LENGTH = 3_000
PLACEHOLDER = 150
VIEW_BYTES = 250_000


def check_view(view: Block, kind: str) -> None:
    """Raises SlackRefusal `invalid_arguments` with what is wrong, or `view_too_large`."""
    if view.get("type") != kind:
        raise SlackRefusal("invalid_arguments", f"view type must be {kind} [json-pointer:/view]")
    if len(str(view).encode()) > VIEW_BYTES:
        raise SlackRefusal("view_too_large")
    try:
        blocks = check_blocks(view.get("blocks"), VIEW_BLOCKS)
    except SlackRefusal as refusal:
        raise SlackRefusal("invalid_arguments", *refusal.details) from None
    faults = [*_outside(view, kind), *_inside(blocks)]
    if faults:
        told = (f"{text} [json-pointer:/view{where}]" for where, text in faults)
        raise SlackRefusal("invalid_arguments", *told)


def check_options(options: Any) -> None:
    """The answer to `block_suggestion`. Raises SlackRefusal `invalid_arguments`."""
    faults = [f"{text} [{where}]" for where, text in _options(options, "/options", least=0)]
    if faults:
        raise SlackRefusal("invalid_arguments", *faults)


def _outside(view: Block, kind: str) -> Iterator[Fault]:
    for name, limit in (("callback_id", 255), ("external_id", 255), ("private_metadata", 3_000)):
        if len(str(view.get(name) or "")) > limit:
            yield f"/{name}", f"must be less than {limit + 1} characters"
    if kind == "home":
        return
    inputs = any(block.get("type") == "input" for block in view.get("blocks", []))
    for name, needed in (("title", True), ("submit", inputs), ("close", False)):
        if needed or view.get(name) is not None:
            yield from check_text(view.get(name), f"/{name}", 24, PLAIN)


def _inside(blocks: list[Block]) -> Iterator[Fault]:
    for index, block in enumerate(blocks):
        where = f"/blocks/{index}"
        if block["type"] == "input":
            yield from check_text(block["label"], f"{where}/label", 2_000, PLAIN)
            if block.get("hint") is not None:
                yield from check_text(block["hint"], f"{where}/hint", 2_000, PLAIN)
        elements = block.get("elements", []) if block["type"] == "actions" else []
        single = [block.get("element"), block.get("accessory")]
        for element in [*elements, *filter(None, single)]:
            yield from _element(element, where)


def _element(element: Block, where: str) -> Iterator[Fault]:
    if element.get("placeholder") is not None:
        yield from check_text(element["placeholder"], f"{where}/placeholder", PLACEHOLDER, PLAIN)
    kind = element["type"]
    if kind == "plain_text_input":
        for name in ("min_length", "max_length"):
            if not 0 <= element.get(name, 1) <= INPUT_LENGTH:
                yield f"{where}/{name}", f"must be at most {INPUT_LENGTH}"
    elif kind == "external_select":
        initial = element.get("initial_option")
        yield from _options([initial] if initial else [], f"{where}/initial_option", least=0)
    elif kind in ("static_select", "checkboxes"):
        yield from _list(element, where, CHECKBOXES if kind == "checkboxes" else OPTIONS)
    elif kind != "button":
        yield f"{where}/type", f"unsupported type: {kind}"


def _list(element: Block, where: str, most: int) -> Iterator[Fault]:
    options = element.get("options")
    yield from _options(options, f"{where}/options", most=most)
    initial = element.get("initial_options", [element.get("initial_option")])
    if not initial:
        yield f"{where}/initial_options", "must have at least 1 item"
    if any(one not in (options or []) for one in initial if one):
        yield f"{where}/initial_option", "must exactly match one of the options"


def _options(options: Any, where: str, least: int = 1, most: int = OPTIONS) -> Iterator[Fault]:
    if not isinstance(options, list) or not least <= len(options) <= most:
        yield where, f"must have {least} to {most} items"
        return
    for index, one in enumerate(options):
        inside = f"{where}/{index}"
        yield from check_text(one.get("text"), f"{inside}/text", OPTION_TEXT, PLAIN)
        if not 1 <= len(str(one.get("value", ""))) <= OPTION_VALUE:
            yield f"{inside}/value", f"must have 1 to {OPTION_VALUE} characters"
    if len({one.get("value") for one in options}) != len(options):
        yield where, "values must be unique"
