"""Sentences straight from the parser's events to Notion's rich text."""

from collections.abc import Sequence
from typing import Any

from core.markdown import markup
from core.markdown.addresses import web_address
from core.markdown.document import Picture, Style
from core.markdown.notion import DEEPEST_HEADING, NotionBlock, image, write_text
from core.markdown.pieces import PLAIN, STYLES, Look, Open, Piece, Pieces, UnusualError, is_shown
from core.markdown.richtext import LOOKS, NEVER_TOO_LONG, RichText, speak, write_run

HEADINGS = {f"H{level}": f"heading_{min(level, DEEPEST_HEADING)}" for level in range(1, 7)}
_HTML_HEADINGS = {name.lower(): kind for name, kind in HEADINGS.items()}
BEGINS_HTML = {"Start": "HtmlBlock"}


class Sentences(Pieces):
    """Reads the sentences of one document."""

    # One function, for every event of a sentence passes here, and a call for each would cost more
    # than what is done with it.
    def sentence(  # noqa: C901, PLR0915
        self, blocks: list[NotionBlock] | None
    ) -> tuple[list[RichText], Any]:
        """Rich text up to the first event that is none of a sentence's, and that event.

        Pictures go to `blocks`, as does the text before them; None where they are spoken of.
        """
        items: list[RichText] = []
        said, was, look = "", PLAIN, PLAIN  # what was said in one look, and the one that is open
        looks: list[Look] = []
        for event in self.events:
            pieces: Sequence[Piece] | None = None
            if "Text" in event:
                text, new = event["Text"], look
                if self._is_careful or (":" in text and (text.count(":") > 1 or "://" in text)):
                    pieces = self.text(text, look)
            elif "End" in event:
                if not looks:
                    break
                look = looks.pop()
                continue
            elif "Code" in event:
                text, new = self.code(event["Code"]), (look[0] | Style.CODE, look[1])
            elif "Start" in event:
                tag = event["Start"]
                if type(tag) is str:
                    if tag not in STYLES:
                        break
                    looks.append(look)
                    look = (look[0] | STYLES[tag], look[1])
                    continue
                if "Link" not in tag and "Image" not in tag:
                    break
                pieces = self.link_or_picture(tag, look)
            elif event == "SoftBreak" or event == "HardBreak":
                text, new = self.line_break(event, said), look
            elif "InlineHtml" in event or "FootnoteReference" in event:
                rest: list[Piece] = [(said, was)] if said else []
                event = self.pieces(event, rest, look, [("", outer, 0, "") for outer in looks])
                items, said, was = say(rest, blocks, items, "", PLAIN)
                break
            else:
                break
            if pieces is not None:
                items, said, was = say(pieces, blocks, items, said, was)
            elif new is was or new == was:
                said += text
            else:
                if said:
                    _put(items, said, was)
                said, was = text, new
        if said:
            finish(items, said, was)
        return items, event

    def html_block(self, blocks: list[NotionBlock], *, is_inside: bool) -> None:
        """An HTML block, which is read to its end; `is_inside` a list or a quote."""
        html = ""
        for event in self.events:
            if "Html" in event:
                html += event["Html"]
                if self.notes is not None:
                    self.notes.append(event["Html"])
            elif "Text" not in event:
                break
            elif not event["Text"].isspace():  # blanks before the first line
                raise UnusualError
        pieces: list[Piece] = []
        stack: list[Open] = []
        look, kind = PLAIN, ""
        for token in markup.tokens(html):
            name = token[0]
            if name in markup.BLOCKS or name in _HTML_HEADINGS:
                # In an item, a heading may be its text.
                if stack or (is_inside and name in _HTML_HEADINGS):
                    raise UnusualError
                _write_pieces(pieces, kind, blocks)
                pieces, kind = [], "" if token[1] else _HTML_HEADINGS.get(name, "")
            else:
                look = self.tag(token, pieces, look, stack)
        # What follows may go on with what is open, or with the text.
        if (stack or kind or any(map(is_shown, pieces))) and self._may_go_on(
            is_open=bool(stack or kind), is_inside=is_inside
        ):
            raise UnusualError
        _write_pieces(pieces, kind, blocks)

    def _may_go_on(self, *, is_open: bool, is_inside: bool) -> bool:
        """Whether the text of an HTML block, or what is open there, may not have ended with it."""
        event = next(self.events.__copy__(), "")
        if is_inside:
            return is_open or "End" not in event
        return event != "" and (is_open or event == BEGINS_HTML)


def say(
    pieces: Sequence[Piece],
    blocks: list[NotionBlock] | None,
    items: list[RichText],
    said: str,
    was: Look,
) -> tuple[list[RichText], str, Look]:
    """Several pieces, after what was said; what is said now, in the same order."""
    for piece in pieces:
        if type(piece) is Picture:
            url = web_address(piece.address) if blocks is not None else ""
            if blocks is not None and url:
                if said:
                    finish(items, said, was)
                if items:
                    write_text(blocks, "paragraph", items)
                blocks.append(image(piece, url))
                items, said, was = [], "", PLAIN
                continue
            text, new = _words(piece)
        else:
            text, new = piece  # type: ignore[misc]  # what is no picture is a tuple
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


def finish(items: list[RichText], text: str, look: Look) -> None:
    """Adds what was said last; no blanks end a sentence."""
    if not items and look is PLAIN and len(text) <= NEVER_TOO_LONG:
        if text := text.strip():
            items.append({"type": "text", "text": {"content": text}})
    elif text.isspace():
        if items and items[-1]["text"]["content"][-1].isspace():
            raise UnusualError
    else:
        _put(items, text if look[0] & Style.CODE else text.rstrip(), look)


def _write_pieces(pieces: list[Piece], kind: str, blocks: list[NotionBlock]) -> None:
    """A paragraph, or a heading of this kind."""
    shown: list[NotionBlock] = []
    items, said, was = say(pieces, shown, [], "", PLAIN)
    if said:
        finish(items, said, was)
    if kind and shown and (items or any(block["type"] != "image" for block in shown)):
        raise UnusualError
    blocks += shown
    if items:
        write_text(blocks, kind or "paragraph", items)
