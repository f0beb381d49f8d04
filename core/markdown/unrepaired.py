"""A source that seems to need no repair: where its bare addresses stand, and whether it seemed
right.

The parser tells pieces of text without saying where they stood, so they are sought in the source.
"""

from core.markdown.autolink import Spans, find_addresses, may_begin_with_www, may_have_addresses
from core.markdown.formulas import count_openings

# What a piece of text begins behind and what it ends before, the ends of the source among them.
_BEFORE_TEXT = ("", *" \t\n*_~`>])|\\")
_BEHIND_TEXT = ("", *" \t\n*_~`<[]!|\\")

_MOST_LOOKED_AT = 20_000_000
"""Characters that are looked at for where addresses stand, each as dear as one that is searched
through: some hundredths of a second."""

_DEARER = 200
"""How much dearer it is to read a character than to search through it."""


class NeedsRepairError(Exception):
    """The source means something else than the parser says, or it takes long to be sure."""


class Unrepaired:
    """Watches what the parser says of a source.

    `codes` is where its reader puts every piece of code and HTML, where `marks` is not 0.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self.marks = count_openings(source)
        self.codes: list[str] = []
        self.has_www = may_begin_with_www(source)
        self.has_addresses = self.has_www or "://" in source
        self._known: dict[str, Spans] = {}
        self._looked_at = 0

    def addresses(self, text: str) -> Spans:
        """Where bare addresses stand in a piece of text, by what surrounds it in the source.

        Raises NeedsRepairError where that cannot be told.
        """
        begins = (":" in text and "://" in text) or (self.has_www and may_have_addresses(text))
        if not begins:
            return []
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = self._find_addresses(text)
        return known

    def _look_at(self, characters: int) -> None:
        """Counts what is looked at: every piece of text is sought in the whole source."""
        self._looked_at += characters
        if self._looked_at > _MOST_LOOKED_AT:
            raise NeedsRepairError

    def _find_addresses(self, text: str) -> Spans:
        self._look_at(len(self._source))
        found: Spans | None = None
        place = self._source.find(text)
        while place >= 0:
            self._look_at(_DEARER * len(text))
            if self._may_be_text(place, place + len(text)):
                here = find_addresses(self._source, place, place + len(text))
                if here is None or found not in (None, here):
                    raise NeedsRepairError
                found = here
            place = self._source.find(text, place + 1)
        if found is None:  # it is not written like this
            raise NeedsRepairError
        return found

    def _may_be_text(self, start: int, end: int) -> bool:
        """Whether a piece of text may begin and end here, rather than in the middle of one."""
        before, after = self._source[start - 1 : start], self._source[end : end + 1]
        return before in _BEFORE_TEXT and after in _BEHIND_TEXT

    def check(self) -> None:
        """Raises NeedsRepairError where something outside code may begin a formula."""
        if self.marks and self.marks != count_openings("\n".join(self.codes)):
            raise NeedsRepairError


def target_of(address: str) -> str:
    """What a bare address links to."""
    return f"http://{address}" if address[:4].lower() == "www." else address
