"""What Slack refuses in a message: too long, empty, or blocks it does not know.

Limits: docs.slack.dev/reference/block-kit/blocks and /reference/methods/chat.postMessage.
"""

from collections.abc import Callable, Iterator
from typing import Any

from sandbox.slack.errors import SlackRefusal

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
MARKDOWN_TOTAL = 12_000
SECTION_TEXT = 3_000
UPDATE_TEXT = 4_000
POST_TEXT = 40_000

Block = dict[str, Any]
Fault = tuple[str, str]


def check_blocks(blocks: Any, limit: int = MESSAGE_BLOCKS) -> list[Block]:
    """The blocks, if Slack would show them; raises SlackRefusal `invalid_blocks` otherwise."""
    if blocks is None:
        return []
    if not isinstance(blocks, list) or not all(isinstance(one, dict) for one in blocks):
        raise SlackRefusal("invalid_blocks_format")
    faults = [f"{text} [json-pointer:{where}]" for where, text in _faults(blocks, limit)]
    if faults:
        raise SlackRefusal("invalid_blocks", *faults)
    return blocks


def check_markdown(text: str) -> str:
    """A `markdown_text` of at most 12,000 characters. Raises SlackRefusal `msg_too_long`."""
    if len(text) > MARKDOWN_TOTAL:
        raise SlackRefusal("msg_too_long")
    return text


def check_metadata(metadata: Any) -> dict[str, Any] | None:
    """Message metadata, or None. Raises SlackRefusal `invalid_metadata_format`."""
    if metadata is None:
        return None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_type"), str):
        raise SlackRefusal("invalid_metadata_format")
    if not isinstance(metadata.get("event_payload"), dict):
        raise SlackRefusal("invalid_metadata_format")
    return metadata


def _faults(blocks: list[Block], limit: int) -> Iterator[Fault]:
    if len(blocks) > limit:
        yield "/blocks", f"no more than {limit} items allowed"
    markdown = sum(len(str(one.get("text", ""))) for one in blocks if one.get("type") == "markdown")
    if markdown > MARKDOWN_TOTAL:
        yield "/blocks", f"markdown text must be less than {MARKDOWN_TOTAL + 1} characters in total"
    if sum(one.get("type") == "table" for one in blocks) > 1:
        yield "/blocks", "only one table is allowed"
    named = [one["block_id"] for one in blocks if one.get("block_id")]
    if len(named) != len(set(named)):
        yield "/blocks", "block_id must be unique"
    for index, block in enumerate(blocks):
        where = f"/blocks/{index}"
        check = CHECKS.get(str(block.get("type")))
        if check is None:
            yield f"{where}/type", f"unsupported type: {block.get('type')}"
            continue
        if len(str(block.get("block_id", ""))) > 255:
            yield f"{where}/block_id", "must be less than 256 characters"
        yield from check(block, where)


def check_text(value: Any, where: str, limit: int, kinds: tuple[str, ...]) -> Iterator[Fault]:
    """What is wrong with a text object of at most `limit` characters."""
    if not isinstance(value, dict) or value.get("type") not in kinds:
        yield where, f"must be a text object of type {' or '.join(kinds)}"
        return
    text = value.get("text")
    if not isinstance(text, str) or not text:
        yield f"{where}/text", "must be more than 0 characters"
    elif len(text) > limit:
        yield f"{where}/text", f"must be less than {limit + 1} characters"


def _section(block: Block, where: str) -> Iterator[Fault]:
    both = ("mrkdwn", "plain_text")
    fields = block.get("fields")
    if block.get("text") is None and not fields:
        yield where, "missing required field: text"
    if block.get("text") is not None:
        yield from check_text(block["text"], f"{where}/text", SECTION_TEXT, both)
    if fields is not None:
        if not isinstance(fields, list) or not 1 <= len(fields) <= 10:
            yield f"{where}/fields", "must have 1 to 10 items"
            return
        for index, one in enumerate(fields):
            yield from check_text(one, f"{where}/fields/{index}", 2_000, both)
    if block.get("accessory") is not None:
        yield from _element(block["accessory"], f"{where}/accessory")


def _header(block: Block, where: str) -> Iterator[Fault]:
    yield from check_text(block.get("text"), f"{where}/text", 150, ("plain_text",))


def _markdown(block: Block, where: str) -> Iterator[Fault]:
    if not isinstance(block.get("text"), str) or not block["text"]:
        yield f"{where}/text", "must be more than 0 characters"


def _context(block: Block, where: str) -> Iterator[Fault]:
    elements = block.get("elements")
    if not isinstance(elements, list) or not 1 <= len(elements) <= 10:
        yield f"{where}/elements", "must have 1 to 10 items"
        return
    for index, one in enumerate(elements):
        if one.get("type") != "image":
            inside = f"{where}/elements/{index}"
            yield from check_text(one, inside, SECTION_TEXT, ("mrkdwn", "plain_text"))


def _actions(limit: int) -> Callable[[Block, str], Iterator[Fault]]:
    def check(block: Block, where: str) -> Iterator[Fault]:
        elements = block.get("elements")
        if not isinstance(elements, list) or not 1 <= len(elements) <= limit:
            yield f"{where}/elements", f"must have 1 to {limit} items"
            return
        ids = [one["action_id"] for one in elements if one.get("action_id")]
        if len(ids) != len(set(ids)):
            yield f"{where}/elements", "`action_id` must be unique"
        for index, one in enumerate(elements):
            yield from _element(one, f"{where}/elements/{index}")

    return check


def _element(element: Block, where: str) -> Iterator[Fault]:
    if not isinstance(element, dict) or not element.get("type"):
        yield where, "missing required field: type"
        return
    for name, limit in (("action_id", 255), ("value", 2_000), ("url", 3_000)):
        if isinstance(element.get(name), str) and len(element[name]) > limit:
            yield f"{where}/{name}", f"must be less than {limit + 1} characters"
    if element["type"] == "button":
        yield from check_text(element.get("text"), f"{where}/text", 75, ("plain_text",))
        if element.get("style") not in (None, "primary", "danger"):
            yield f"{where}/style", "must be primary or danger"


def _image(block: Block, where: str) -> Iterator[Fault]:
    if not block.get("image_url") and not block.get("slack_file"):
        yield where, "missing required field: image_url"
    if not isinstance(block.get("alt_text"), str):
        yield where, "missing required field: alt_text"


def _table(block: Block, where: str) -> Iterator[Fault]:
    rows = block.get("rows")
    if not isinstance(rows, list) or not 1 <= len(rows) <= 100:
        yield f"{where}/rows", "must have 1 to 100 items"
        return
    for index, row in enumerate(rows):
        if not isinstance(row, list) or not 1 <= len(row) <= 20:
            yield f"{where}/rows/{index}", "must have 1 to 20 items"


def _needs(*names: str) -> Callable[[Block, str], Iterator[Fault]]:
    def check(block: Block, where: str) -> Iterator[Fault]:
        for name in names:
            if not block.get(name):
                yield where, f"missing required field: {name}"

    return check


CHECKS: dict[str, Callable[[Block, str], Iterator[Fault]]] = {
    "section": _section,
    "divider": _needs(),
    "header": _header,
    "markdown": _markdown,
    "context": _context,
    "actions": _actions(25),
    "context_actions": _actions(5),
    "image": _image,
    "table": _table,
    "input": _needs("label", "element"),
    "rich_text": _needs("elements"),
    "file": _needs("external_id"),
    "video": _needs("alt_text", "title", "video_url", "thumbnail_url"),
    "task_card": _needs("task_id", "title"),
    "plan": _needs("title"),
    "alert": _needs("text"),
    "card": _needs(),
    "carousel": _needs("elements"),
    "container": _needs(),
}
