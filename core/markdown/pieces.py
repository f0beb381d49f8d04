"""Sentences straight from the parser's events, piece by piece: links, pictures, HTML.

What comes of them is what `inline`, `markup` and `richtext` make by way of the document, to which
tests/core/markdown/test_straight.py holds it; what is out of the ordinary is left to these.
"""

import re
from collections.abc import Iterable
from itertools import chain, tee
from typing import Any

from core.markdown import markup
from core.markdown.addresses import spoken_address, web_address
from core.markdown.document import Picture, Style
from core.markdown.emoji import with_emoji
from core.markdown.inline import raise_or_lower
from core.markdown.repair import MARK
from core.markdown.richtext import WITHOUT_BLANKS
from core.markdown.unrepaired import Unrepaired, target_of

STYLES = {"Strong": Style.BOLD, "Emphasis": Style.ITALIC, "Strikethrough": Style.STRIKE}

# How text looks: its style, and the address it links to or "".
Look = tuple[int, str]
PLAIN: Look = (Style.PLAIN, "")
Piece = tuple[str, Look] | Picture
# What is open: its HTML tag, "" for a mark of Markdown's; the look around it; and of a link, at
# which piece it began, and its address.
Open = tuple[str, Look, int, str]
_SCRIPTS = ("sub", "sup")
# A character reference that may stand for MARK.
_MARK_REFERENCE = re.compile(r"&#(?:x0*fdd0|0*64976);", re.IGNORECASE)


class UnusualError(Exception):
    """What stands here has to be read by way of the document."""


class Pieces:
    """Reads pieces of sentences of one document.

    `unrepaired` watches what is read of a source as it was written, None of a repaired one.
    """

    def __init__(self, found: Iterable[Any], source: str, unrepaired: Unrepaired | None) -> None:
        self.events: Any = tee(found, 1)[0]  # a copy of it reads the same again
        self.notes = unrepaired.codes if unrepaired is not None and unrepaired.marks else None
        self.cited: dict[str, int] = {}  # the numbers of footnotes
        self._has_mark = MARK in source or (
            "&#" in source and _MARK_REFERENCE.search(source) is not None
        )
        self._bare = unrepaired if unrepaired is not None and unrepaired.has_addresses else None
        # Whether text without a colon has to be looked at too.
        self._is_careful = self._has_mark or (self._bare is not None and self._bare.has_www)

    def pieces(  # noqa: C901 - one branch for each kind of event
        self, first: Any, pieces: list[Piece], look: Look, stack: list[Open]
    ) -> Any:
        """Reads from an event on, with what is open, to the end of the sentence; returns the event
        that ends it."""
        event: Any = None
        for event in chain((first,), self.events):
            if "Text" in event:
                pieces += self.text(_raised(event["Text"], stack), look)
            elif "InlineHtml" in event:
                html = event["InlineHtml"]
                if self.notes is not None:
                    self.notes.append(html)
                for token in markup.tokens(html):
                    if token[0] == markup.UNSEEN:  # blanks on both sides of it may be one
                        raise UnusualError
                    look = self.tag(token, pieces, look, stack)
            elif "End" in event:
                if not stack:
                    break
                look = _close("", pieces, look, stack)
            elif "Start" in event:
                tag = event["Start"]
                if type(tag) is str:
                    if tag not in STYLES:
                        break
                    stack.append(("", look, 0, ""))
                    look = (look[0] | STYLES[tag], look[1])
                elif "Link" in tag or "Image" in tag:
                    if _script(stack):
                        raise UnusualError
                    pieces += self.link_or_picture(tag, look)
                else:
                    break
            elif (piece := self._piece(event, pieces, look)) is not None:
                pieces.append(piece)
            else:
                break
        if stack:
            raise UnusualError
        return event

    def _piece(self, event: Any, pieces: list[Piece], look: Look) -> Piece | None:
        """One that stands for itself."""
        if "Code" in event:
            return self.code(event["Code"]), (look[0] | Style.CODE, look[1])
        if event == "SoftBreak" or event == "HardBreak":
            if look[0] & Style.CODE:
                raise UnusualError
            last = pieces[-1] if pieces else None
            return self.line_break(event, last[0] if isinstance(last, tuple) else ""), look
        if "FootnoteReference" in event:
            name = event["FootnoteReference"]
            return f"[{self.cited.setdefault(name, len(self.cited) + 1)}]", look
        return None

    def worded(self, text: str) -> str:
        """Text as it is shown."""
        if self._has_mark:
            text = text.replace(MARK, "")
        return with_emoji(text) if ":" in text else text

    def code(self, text: str) -> str:
        """Code as it is shown; it is noted."""
        if self.notes is not None:
            self.notes.append(text)
        return text.replace(MARK, "") if self._has_mark else text

    def line_break(self, event: str, said: str) -> str:
        """What stands for a line end behind what was said."""
        if event == "HardBreak":
            return "\n"
        # No blank may stand for it; what follows is not known yet.
        if said and not said[-1].isascii() and WITHOUT_BLANKS.match(said[-1]):
            raise UnusualError
        return " "

    def text(self, text: str, look: Look) -> list[tuple[str, Look]]:
        """Text as it is shown, its bare addresses linked."""
        spans = self._bare.addresses(text) if self._bare is not None else []
        if not spans:
            return [(self._styled(text, look), look)]
        pieces: list[tuple[str, Look]] = []
        done = 0
        for start, end in spans:
            if start > done:
                pieces.append((self._styled(text[done:start], look), look))
            address = text[start:end]
            link = web_address(target_of(address))
            if not link or look[1]:
                raise UnusualError
            pieces.append((self._styled(address, look), (look[0], link)))
            done = end
        if done < len(text):
            pieces.append((self._styled(text[done:], look), look))
        return pieces

    def _styled(self, text: str, look: Look) -> str:
        if look[0] & Style.CODE:
            return text.replace(MARK, "")
        return self.worded(text)

    def link_or_picture(self, tag: dict[str, Any], look: Look) -> list[Piece]:
        """What such a tag stands for, which is read to its end."""
        if "Link" in tag:
            return self.link(tag["Link"]["dest_url"], look)
        return [self.picture(tag["Image"], look[1])]

    def link(self, address: str, outer: Look) -> list[Piece]:
        """What stands in a link, and the address where it cannot be linked."""
        if outer[1] or outer[0] & Style.CODE:
            raise UnusualError
        link = web_address(address)
        look = (outer[0], link)
        looks: list[Look] = []
        pieces: list[Piece] = []
        for event in self.events:
            if "Text" in event:
                pieces.append((self.worded(event["Text"]), look))
            elif "End" in event:
                if not looks:
                    break
                look = looks.pop()
            elif "Start" in event:
                tag = event["Start"]
                if type(tag) is str and tag in STYLES:
                    looks.append(look)
                    look = (look[0] | STYLES[tag], link)
                elif "Image" in tag:
                    pieces.append(self.picture(tag["Image"], link))
                else:
                    raise UnusualError
            elif (piece := self._piece(event, pieces, look)) is not None:
                pieces.append(piece)
            else:
                raise UnusualError
        return _reachable(pieces, link, address, outer)

    def picture(self, tag: dict[str, str], link: str) -> Picture:
        """An image, which is read to its end."""
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
                texts.append(self.code(event["Code"]))
            elif event == "SoftBreak" or event == "HardBreak":
                texts.append(" ")
            elif "Start" in event and event["Start"] in tuple(STYLES):
                depth += 1
            else:
                raise UnusualError
        alt = "".join(texts).strip() or tag["title"]
        return Picture(tag["dest_url"].strip(), _caption(alt), link)

    def tag(  # noqa: C901 - one branch for each kind of tag
        self, token: markup.Token, pieces: list[Piece], look: Look, stack: list[Open]
    ) -> Look:
        """Adds what an HTML tag stands for, or the text between two; returns the look behind it."""
        name, closing, attributes, source = token
        if not name:
            pieces.append((self._styled(_raised(markup.shown(source), stack), look), look))
        elif name in markup.STYLES or name in _SCRIPTS:
            if closing:
                return _close(name, pieces, look, stack)
            if name == "spoiler":
                raise UnusualError
            stack.append((name, look, 0, ""))
            return look[0] | markup.STYLES.get(name, Style.PLAIN), look[1]
        elif name == "a":
            if closing:
                return _close(name, pieces, look, stack)
            return _open_link(markup.attributes_of(attributes), pieces, look, stack)
        elif name == "img":
            found = {} if closing else markup.attributes_of(attributes)
            address, alt = found.get("src", ""), found.get("alt")
            if address or alt:
                alt = _caption(alt or found.get("title", ""))
                pieces.append(Picture(address.strip(), alt, look[1]))
        elif name == "br":
            if look[0] & Style.CODE:
                raise UnusualError
            if not closing:
                pieces.append(("\n", look))
        elif name == markup.UNSEEN:
            if any(map(is_shown, pieces)):
                raise UnusualError
        elif name in markup.BLOCKS or name in markup.HANDLERS or name == "pre":
            raise UnusualError
        elif name not in markup.INVISIBLE and name not in markup.RAW:
            pieces.append((self._styled(source, look), look))
        return look


def _script(stack: list[Open]) -> str:
    """Whether text is raised or lowered: the tag, or ""."""
    return next((tag for tag, *_ in reversed(stack) if tag in _SCRIPTS), "") if stack else ""


def _raised(text: str, stack: list[Open]) -> str:
    script = _script(stack)
    return raise_or_lower(text.replace(MARK, ""), script) if script else text


def _caption(alt: str) -> str:
    return " ".join(with_emoji(alt.replace(MARK, "")).split())


def _open_link(
    attributes: dict[str, str], pieces: list[Piece], look: Look, stack: list[Open]
) -> Look:
    if "href" not in attributes:
        return look
    if look[1]:
        raise UnusualError
    address = attributes["href"]
    stack.append(("a", look, len(pieces), address))
    return look[0], web_address(address)


def _close(name: str, pieces: list[Piece], look: Look, stack: list[Open]) -> Look:
    """Closes what is open by this name, if anything is; returns the look behind it."""
    if not stack or stack[-1][0] != name:
        if any(name == tag for tag, *_ in stack):
            raise UnusualError
        return look
    _, outer, start, address = stack.pop()
    if address:
        pieces[start:] = _reachable(pieces[start:], look[1], address, outer)
    return outer


def _reachable(pieces: list[Piece], link: str, address: str, outer: Look) -> list[Piece]:
    """What stands in a link; where there can be none, its address in parentheses unless it was
    shown."""
    if link:
        for piece in pieces:
            if is_shown(piece):
                return pieces
        raise UnusualError
    spoken = spoken_address(address)
    if not spoken:
        return pieces
    if len(pieces) == 1 and isinstance(only := pieces[0], Picture):
        return [Picture(only.address, f"{only.alt} ({spoken})" if only.alt else spoken)]
    shown = "".join(
        piece[0] if isinstance(piece, tuple) else piece.alt or piece.address for piece in pieces
    ).replace("\n", " ")
    if spoken not in shown:
        pieces.append((f" ({spoken})" if shown.strip() else spoken, outer))
    return pieces


def is_shown(piece: Piece) -> bool:
    """Whether there is something to be seen, and a link can be followed here."""
    if isinstance(piece, tuple):
        return piece[0] != "" and not piece[0].isspace()
    return bool(piece.alt or web_address(piece.address) or spoken_address(piece.address))
