"""Writes inline content: text, and the styles and links that are open around it."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, replace

from core.markdown.addresses import spoken_address, web_address
from core.markdown.document import (
    Break,
    Content,
    Formula,
    Inline,
    Picture,
    Run,
    Style,
    merge,
    plain_text,
    trim,
)
from core.markdown.emoji import with_emoji
from core.markdown.repair import MARK

# How many open elements are looked through for a link: keeps wild input linear.
_REACH = 8


@dataclass(slots=True)
class _Look:
    """An open inline element and how text looks inside it. Never changed once it is made."""

    tag: str
    style: int = Style.PLAIN
    link: str = ""
    script: str = ""  # "sub" or "sup"
    address: str = ""  # of the link, as written
    start: int = 0  # where in the inline content the element began
    depth: int = 0  # of the container it stands in
    carries: bool = False  # it began before this paragraph
    shown: bool = False  # in a paragraph before this one


def _carries_link(piece: Inline) -> bool:
    """Whether a link on this piece will be seen."""
    if type(piece) is Run:
        return piece.link != "" and piece.text != "" and not piece.text.isspace()
    if isinstance(piece, Picture):
        usable = piece.alt or web_address(piece.address) or spoken_address(piece.address)
        return bool(piece.link and usable)
    return False


_PLAIN = _Look("")
_SOFT_BREAK = Break(hard=False)


class InlineWriter:
    """Receives text and marks in order; `take` returns what was written."""

    def __init__(self) -> None:
        self.depth = 0
        self._content: Content = []
        self._has_formula = False  # anywhere in the document
        self._left_out = False  # a comment, and nothing was written since
        self._looks: list[_Look] = []
        self._open_looks: defaultdict[str, int] = defaultdict(int)
        self._alt: list[str] = []
        self._alt_depth = 0
        self._picture = ("", "")  # address and title

    def take(self) -> Content:
        """The inline content written so far, and a clean slate."""
        if not self._looks:
            content, self._content = self._content, []
            return trim(merge(content)) if len(content) > 1 else trim(content)
        kept = self._wrapping_link()
        content, self._content = trim(merge(self._content)), []
        self._looks = kept
        self._open_looks = defaultdict(int, Counter(look.tag for look in kept))
        return content

    def _wrapping_link(self) -> list[_Look]:
        """The innermost `<a>` around the blocks to come: nothing was written since."""
        for look in self._looks[:-_REACH:-1]:
            if look.tag == "a":
                shown = look.shown or self._shows_link(look)
                if look.carries or not plain_text(self._content[look.start :]).strip():
                    return [replace(look, start=0, carries=True, shown=shown)]
                return []
        return []

    def _shows_link(self, look: _Look) -> bool:
        for place in range(look.start, len(self._content)):
            if _carries_link(self._content[place]):
                return True
        return False

    def leave(self, depth: int) -> None:
        """Ends the links that wrap blocks of a container deeper than `depth`."""
        self.depth = depth
        while self._looks and self._looks[-1].depth > depth:
            self._open_looks[self._looks.pop().tag] -= 1

    def text(self, text: str) -> None:
        if self._alt_depth:
            self._alt.append(text)
            return
        if MARK in text:
            text = text.replace(MARK, "")
        if self._left_out:
            text = text.lstrip(" ") if self._blank_end() else text
            self._left_out = not text
        if not self._looks:
            self._content.append(Run(with_emoji(text) if ":" in text else text))
            return
        look = self._looks[-1]
        if look.script:
            text = raise_or_lower(text, look.script)
        if not look.style & Style.CODE:
            text = with_emoji(text)
        self._content.append(Run(text, look.style, look.link))

    def leave_out(self) -> None:
        """Something unseen stands here, a comment: blanks on both sides of it are one."""
        self._left_out = True

    def _blank_end(self) -> Run | None:
        """The last run, when it ends in a blank."""
        last = self._content[-1] if self._content else None
        if isinstance(last, Run) and last.text.endswith(" ") and not last.style & Style.CODE:
            return last
        return None

    def code(self, text: str) -> None:
        if self._alt_depth:
            self._alt.append(text)
            return
        look = self._looks[-1] if self._looks else _PLAIN
        self._content.append(Run(text.replace(MARK, ""), look.style | Style.CODE, look.link))

    def formula(self, expression: str, *, display: bool) -> None:
        expression = _without_backticks(expression.replace(MARK, "").strip())
        if self._alt_depth or not expression:
            self.text(expression)
            return
        style = self._looks[-1].style if self._looks else Style.PLAIN
        self._has_formula = True
        self._content.append(Formula(expression, style & ~Style.CODE, display))

    def line_break(self, *, hard: bool) -> None:
        if self._alt_depth:
            self._alt.append(" ")
        else:
            if self._left_out and (last := self._blank_end()):
                self._content[-1] = replace(last, text=last.text.rstrip(" "))
            self._left_out = False
            if self._looks:
                look = self._looks[-1]
                self._content.append(Break(hard, look.style, look.link))
            else:
                self._content.append(Break(hard) if hard else _SOFT_BREAK)

    def open_look(
        self, tag: str, style: int = Style.PLAIN, *, address: str | None = None, script: str = ""
    ) -> None:
        """Text looks like this too until the look is closed."""
        outer = self._looks[-1] if self._looks else _PLAIN
        link = outer.link if address is None else web_address(address)
        style |= outer.style
        script = script or outer.script
        start = len(self._content)
        self._looks.append(_Look(tag, style, link, script, address or "", start, self.depth))
        self._open_looks[tag] += 1

    def close_look(self, tag: str) -> bool:
        """Ends the innermost look of this tag and those within; False when none is open."""
        if self._open_looks[tag] <= 0:
            return False
        while self._looks:
            look = self._looks.pop()
            self._open_looks[look.tag] -= 1
            if look.tag == tag:
                if look.address and not self._alt_depth:
                    self._speak_address(look)
                return True
        return False

    def _speak_address(self, look: _Look) -> None:
        """After a link that cannot be one, its address in parentheses, unless it was shown."""
        if look.link:
            if not look.shown and not self._shows_link(look):
                self._show_link(look)
            return
        spoken = spoken_address(look.address)
        inside = self._content[look.start :]
        if spoken and len(inside) == 1 and isinstance(picture := inside[0], Picture):
            caption = f"{picture.alt} ({spoken})" if picture.alt else spoken
            self._content[-1] = replace(picture, alt=caption)
            return
        shown = plain_text(inside)
        if spoken and spoken not in shown:
            style = self._looks[-1].style if self._looks else Style.PLAIN
            self._content.append(Run(f" ({spoken})" if shown.strip() else spoken, style))

    def _show_link(self, look: _Look) -> None:
        """The address as words where no text or picture carries the link."""
        inside = self._content[look.start :]
        address = Run(look.link, look.style, look.link)
        if any(isinstance(piece, Formula) for piece in inside):
            self._content += [Run(" (", look.style), address, Run(")", look.style)]
        else:
            self._content[look.start :] = [address]

    def open_picture(self, address: str, title: str = "") -> None:
        if not self._alt_depth:
            self._alt.clear()
            self._picture = (address, title)
        self._alt_depth += 1

    def close_picture(self) -> None:
        if not self._alt_depth:
            return
        self._alt_depth -= 1
        if not self._alt_depth:
            address, title = self._picture
            self.picture(address, "".join(self._alt).strip() or title)

    def picture(self, address: str, alt: str) -> None:
        if self._alt_depth:
            self._alt.append(alt)
            return
        look = self._looks[-1] if self._looks else _PLAIN
        alt = " ".join(with_emoji(alt.replace(MARK, "")).split())
        self._content.append(Picture(address.strip(), alt, look.link))


def _without_backticks(expression: str) -> str:
    """GitHub also takes a formula between `$`` and ``$`, where nothing else is read as Markdown."""
    match = re.fullmatch(r"`([^`]*)`", expression)
    return match.group(1).strip() if match else expression


_SUPERSCRIPT = dict(zip("0123456789+-=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ", strict=True))
_SUBSCRIPT = dict(zip("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎", strict=True))


def raise_or_lower(text: str, script: str) -> str:
    """`text` in Unicode's raised or lowered characters when all of it has them."""
    table = _SUPERSCRIPT if script == "sup" else _SUBSCRIPT
    if all(character in table for character in text):
        return "".join(table[character] for character in text)
    return text
