"""Converts documents as it is told, in a process of its own: `python worker.py NAME`.

It runs on the environment of the converter, so it imports nothing else than that and the standard
library. A request is a line of JSON, `{"texts": […], "repeats": 3}`, and so is an answer: the
seconds of CPU of each conversion, in the order of the texts. With `"show": true` the answer is what
came of each text, the blocks or the name of the exception.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

Convert = Callable[[str], Any]


def _notionify() -> Convert:
    from notionify.config import NotionifyConfig
    from notionify.converter import MarkdownToNotionConverter

    converter = MarkdownToNotionConverter(NotionifyConfig(token="none"))
    return lambda text: converter.convert(text).blocks


def _notion_markdown() -> Convert:
    from notion_markdown import to_notion

    return to_notion  # type: ignore[no-any-return]


def _md2notionpage() -> Convert:
    from md2notionpage.core import parse_md

    return parse_md  # type: ignore[no-any-return]


def _pymartian() -> Convert:
    from martian import markdown_to_blocks

    return markdown_to_blocks  # type: ignore[no-any-return]


def _ours() -> Convert:
    from core.markdown import notion_blocks

    return notion_blocks


def _planned() -> Convert:
    from core.markdown import notion_blocks, plan

    return lambda text: plan(notion_blocks(text))


def _floor() -> Convert:
    """The parser's events, and the same blocks built from what is already known of them."""
    from pyromark import events

    from core.markdown import notion_blocks
    from core.markdown.scan import OPTIONS

    known: dict[str, str] = {}

    def convert(text: str) -> Any:
        if text not in known:
            known[text] = json.dumps(notion_blocks(text))
        for _ in events(text, options=OPTIONS):
            pass
        return json.loads(known[text])

    return convert


CONVERTERS: dict[str, Callable[[], Convert]] = {
    "notionify": _notionify,
    "notion-markdown": _notion_markdown,
    "md2notionpage": _md2notionpage,
    "pymartian": _pymartian,
    "ours": _ours,
    "planned": _planned,
    "floor": _floor,
}


def _seconds(convert: Convert, text: str) -> float:
    began = time.process_time()
    convert(text)
    return time.process_time() - began


def _outcome(convert: Convert, text: str) -> Any:
    try:
        return convert(text)
    except Exception as error:  # noqa: BLE001 - which exceptions there are is what is asked
        return type(error).__name__


def main(name: str) -> None:
    """Answers line by line until its standard input ends."""
    convert = CONVERTERS[name]()
    answers, sys.stdout = sys.stdout, sys.stderr  # what a converter prints is no answer
    for line in sys.stdin:
        asked = json.loads(line)
        texts = asked["texts"]
        if asked.get("show"):
            found = [_outcome(convert, text) for text in texts]
        else:
            found = [[_seconds(convert, text) for _ in range(asked["repeats"])] for text in texts]
        print(json.dumps(found), file=answers, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
