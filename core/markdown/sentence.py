"""Sentences straight from the parser's events to Notion's rich text, where they are as most are.

What comes of them is what `inline` and `richtext` make by way of the document, to which
tests/core/markdown/test_straight.py holds it; what is out of the ordinary is left to these.
"""

import re
from collections.abc import Iterable
from itertools import tee
from typing import Any

from core.markdown.addresses import spoken_address, web_address
from core.markdown.autolink import Spans
from core.markdown.document import Picture, Style
from core.markdown.emoji import with_emoji
from core.markdown.notion import NotionBlock, image, write_text
from core.markdown.repair import MARK
from core.markdown.richtext import (
    LOOKS,
    NEVER_TOO_LONG,
    WITHOUT_BLANKS,
    RichText,
    speak,
    write_run,
)
from core.markdown.unrepaired import Unrepaired, target_of

STYLES = {"Strong": Style.BOLD, "Emphasis": Style.ITALIC, "Strikethrough": Style.STRIKE}

# How text looks: its style, and the address it links to or "".
Look = tuple[int, str]
Piece = tuple[str, Look] | Picture
_PLAIN: Look = (Style.PLAIN, "")
# A character reference that may stand for MARK.
_MARK_REFERENCE = re.compile(r"&#(?:x0*fdd0|0*64976);", re.IGNORECASE)


class UnusualError(Exception):
    """What stands here has to be read by way of the document."""


class Sentences:
    """Reads the sentences of one document.

    `unrepaired` watches what is read of a source as it was written, None of a repaired one.
    """

    def __init__(self, found: Iterable[Any], source: str, unrepaired: Unrepaired | None) -> None:
        (self.events,) = tee(found, 1)
        self.notes = unrepaired.codes if unrepaired is not None and unrepaired.marks else None
        self._has_mark = MARK in source or (
            "&#" in source and _MARK_REFERENCE.search(source) is not None
        )
        self._bare = unrepaired if unrepaired is not None and unrepaired.has_addresses else None
        # Whether text without a colon has to be looked at too.
        self._is_careful = self._has_mark or (self._bare is not None and self._bare.has_www)

    # One function, for every event of a sentence passes here, and a call for each would cost more
    # than what is done with it.
    def sentence(self, blocks: list[NotionBlock] | None) -> tuple[list[RichText], Any]:  # noqa: C901
        """Rich text up to the first event that is none of a sentence's, and that event.

        Pictures go to `blocks`, as does the text before them; None where they are spoken of.
        """
        items: list[RichText] = []
        said, was, look = "", _PLAIN, _PLAIN  # what was said in one look, and the one that is open
        looks: list[Look] = []
        event: Any = None
        for event in self.events:
            pieces: list[Piece] | None = None
            if "Text" in event:
                text, new = event["Text"], look
                if ":" in text or self._is_careful:
                    spans = self._bare.addresses(text) if self._bare is not None else None
                    if spans:
                        pieces = self._with_links(text, spans, look)
                    else:
                        text = self._worded(text)
            elif "Start" in event:
                tag = event["Start"]
                if type(tag) is str:
                    if tag not in STYLES:
                        break
                    looks.append(look)
                    look = (look[0] | STYLES[tag], look[1])
                    continue
                if "Link" in tag:
                    pieces = self._link(tag["Link"]["dest_url"], look)
                elif "Image" in tag:
                    pieces = [self._picture(tag["Image"], "")]
                else:
                    break
            elif "End" in event:
                if not looks:
                    break
                look = looks.pop()
                continue
            elif "Code" in event:
                text, new = self._code(event["Code"]), (look[0] | Style.CODE, look[1])
            elif event == "SoftBreak" or event == "HardBreak":
                text, new = self._break(event, said), look
            else:
                break
            if pieces is not None:
                items, said, was = _say(pieces, blocks, items, said, was)
            elif new is was or new == was:
                said += text
            else:
                if said:
                    _put(items, said, was)
                said, was = text, new
        if said:
            if items or was is not _PLAIN or len(said) > NEVER_TOO_LONG:
                _finish(items, said, was)
            elif said := said.strip():
                items.append({"type": "text", "text": {"content": said}})
        return items, event

    def _worded(self, text: str) -> str:
        if self._has_mark:
            text = text.replace(MARK, "")
        return with_emoji(text) if ":" in text else text

    def _code(self, text: str) -> str:
        if self.notes is not None:
            self.notes.append(text)
        return text.replace(MARK, "") if self._has_mark else text

    def _break(self, event: str, said: str) -> str:
        if event == "HardBreak":
            return "\n"
        # No blank may stand for it; what follows is not known yet.
        if said and not said[-1].isascii() and WITHOUT_BLANKS.match(said[-1]):
            raise UnusualError
        return " "

    def _with_links(self, text: str, spans: Spans, look: Look) -> list[Piece]:
        """A piece of text as written, its bare addresses linked."""
        pieces: list[Piece] = []
        done = 0
        for start, end in spans:
            if start > done:
                pieces.append((self._worded(text[done:start]), look))
            address = text[start:end]
            link = web_address(target_of(address))
            if not link:
                raise UnusualError
            pieces.append((self._worded(address), (look[0], link)))
            done = end
        if done < len(text):
            pieces.append((self._worded(text[done:]), look))
        return pieces

    def _link(self, address: str, outer: Look) -> list[Piece]:
        """What stands in a link, and the address where it cannot be linked."""
        link = web_address(address)
        look = (outer[0], link)
        looks: list[Look] = []
        pieces: list[Piece] = []
        for event in self.events:
            if "Text" in event:
                pieces.append((self._worded(event["Text"]), look))
            elif "Code" in event:
                pieces.append((self._code(event["Code"]), (look[0] | Style.CODE, link)))
            elif "End" in event:
                if not looks:
                    break
                look = looks.pop()
            elif event == "SoftBreak" or event == "HardBreak":
                last = pieces[-1] if pieces else ""
                pieces.append((self._break(event, last[0] if type(last) is tuple else ""), look))
            elif "Start" in event:
                tag = event["Start"]
                if type(tag) is str and tag in STYLES:
                    looks.append(look)
                    look = (look[0] | STYLES[tag], link)
                elif "Image" in tag:
                    pieces.append(self._picture(tag["Image"], link))
                else:
                    raise UnusualError
            else:
                raise UnusualError
        if not link:
            return _with_address(pieces, address, outer)
        if not any(map(_is_seen, pieces)):
            raise UnusualError
        return pieces

    def _picture(self, tag: dict[str, str], link: str) -> Picture:
        """An image, whose end is looked for."""
        texts: list[str] = []
        depth = 1
        for event in self.events:
            if "Text" in event:
                texts.append(event["Text"])
            elif "End" in event:
                depth -= 1
                if not depth:
                    break
            elif "Code" in event:
                texts.append(self._code(event["Code"]))
            elif event == "SoftBreak" or event == "HardBreak":
                texts.append(" ")
            elif "Start" in event and event["Start"] in tuple(STYLES):
                depth += 1
            else:
                raise UnusualError
        alt = "".join(texts).strip() or tag["title"]
        alt = " ".join(with_emoji(alt.replace(MARK, "")).split())
        return Picture(tag["dest_url"].strip(), alt, link)


def _is_seen(piece: Piece) -> bool:
    """Whether a link can be followed here."""
    if type(piece) is tuple:
        return piece[0] != "" and not piece[0].isspace()
    return bool(piece.alt or web_address(piece.address) or spoken_address(piece.address))


def _with_address(pieces: list[Piece], address: str, look: Look) -> list[Piece]:
    """What stands in a link that can be none, its address in parentheses unless it was shown."""
    spoken = spoken_address(address)
    if not spoken:
        return pieces
    if len(pieces) == 1 and isinstance(only := pieces[0], Picture):
        return [Picture(only.address, f"{only.alt} ({spoken})" if only.alt else spoken)]
    shown = "".join(
        piece[0] if isinstance(piece, tuple) else piece.alt or piece.address for piece in pieces
    ).replace("\n", " ")
    if spoken not in shown:
        pieces.append((f" ({spoken})" if shown.strip() else spoken, look))
    return pieces


def _say(
    pieces: list[Piece],
    blocks: list[NotionBlock] | None,
    items: list[RichText],
    said: str,
    was: Look,
) -> tuple[list[RichText], str, Look]:
    """Several pieces, after what was said; what is said now, in the same order."""
    for piece in pieces:
        if type(piece) is tuple:
            text, new = piece
        else:
            if blocks is not None and web_address(piece.address):
                if said:
                    _finish(items, said, was)
                if items:
                    write_text(blocks, "paragraph", items)
                blocks.append(image(piece))
                items, said, was = [], "", _PLAIN
                continue
            text, new = _words(piece)
        if new == was:
            said += text
        elif text:
            if said:
                _put(items, said, was)
            said, was = text, new
    return items, said, was


def _words(picture: Picture) -> tuple[str, Look]:
    """What is said of a picture that cannot be shown."""
    run = speak(picture)
    if not run.text or run.text != run.text.strip():
        raise UnusualError
    return run.text, (run.style, run.link)


def _put(items: list[RichText], text: str, look: Look) -> None:
    """Adds what was said in one look; no blanks begin a sentence."""
    style, link = look
    if not items:
        if text.isspace():
            return
        if not style & Style.CODE:
            text = text.lstrip()
    if len(text) > NEVER_TOO_LONG:
        write_run(items, text, style, link)
    else:
        body: RichText = {"content": text, "link": {"url": link}} if link else {"content": text}
        if style:
            items.append({"type": "text", "text": body, "annotations": LOOKS[style].copy()})
        else:
            items.append({"type": "text", "text": body})


def _finish(items: list[RichText], text: str, look: Look) -> None:
    """Adds what was said last; no blanks end a sentence."""
    if text.isspace():
        if items and items[-1]["text"]["content"][-1].isspace():
            raise UnusualError
    else:
        _put(items, text if look[0] & Style.CODE else text.rstrip(), look)
