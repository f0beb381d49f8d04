"""From where somebody asks: an address and a program, or a chat platform.

Carried beside the call, as the log's request id is, so that what notes it need not be handed it by
everybody in between. https://docs.python.org/3/library/contextvars.html
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from ipaddress import ip_address

LONGEST_AGENT = 128
"""Characters of what a program says of itself."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from; both empty where that is not known."""

    address: str = ""
    agent: str = ""

    @property
    def shortened(self) -> str:
        """The address, its last part left out: a network and no household. A chat's as it is."""
        try:
            known = ip_address(self.address)
        except ValueError:
            return self.address[:64]
        if known.version == 4:
            return f"{self.address.rpartition('.')[0]}.0"
        groups = known.exploded.split(":")[:3]
        return ":".join(group.lstrip("0") or "0" for group in groups) + "::"

    @property
    def summary(self) -> str:
        """What a person knows the program by, such as "Firefox on Windows"."""
        agent = "".join(char for char in self.agent if char.isprintable())
        program = next((name for sign, name in _PROGRAMS if sign in agent), None)
        system = next((name for sign, name in _SYSTEMS if sign in agent), None)
        if program is None or system is None:
            return (program or agent.partition(" ")[0])[:LONGEST_AGENT]
        return f"{program} on {system}"


# The first that fits: Edge says that it is Chrome too, and Chrome that it is Safari.
_PROGRAMS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)

_HERE: ContextVar[Origin] = ContextVar("origin", default=Origin())  # noqa: B039 - it is frozen


def origin() -> Origin:
    """Where what is being done was asked for."""
    return _HERE.get()


@contextmanager
def asked_from(where: Origin) -> Iterator[None]:
    """Until the block ends, what is done was asked for there."""
    before = _HERE.set(where)
    try:
        yield
    finally:
        _HERE.reset(before)
