"""How the parts of this process did when they were last needed, for admins to look at.

Kept in memory and for this process alone, as `core.metrics` is; `heartbeats` tell of the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(slots=True)
class Pulse:
    """One part: a chat platform, or a provider.

    `started`: since when this process listens to it. `lasting`: it is a connection that stands, and
    `since` is since when it does. `heard` is when it last delivered or answered something, and
    `trouble` what went wrong last, at `failed`.
    """

    started: datetime | None = None
    lasting: bool = False
    since: datetime | None = None
    heard: datetime | None = None
    trouble: str = ""
    failed: datetime | None = None

    @property
    def is_here(self) -> bool:
        """Whether this process has to do with it."""
        return self.started is not None or self.failed is not None or self.lasting

    @property
    def is_failing(self) -> bool:
        """Whether the last that is known of it is that it failed."""
        if self.failed is None:
            return False
        return all(each is None or each < self.failed for each in (self.heard, self.since))

    def begin(self) -> None:
        """This process listens to it from now on."""
        self.started, self.trouble, self.failed = datetime.now(UTC), "", None

    def connect(self) -> None:
        """Its connection stands from now on."""
        self.since, self.trouble, self.failed = datetime.now(UTC), "", None

    def lose(self) -> None:
        """Its connection is gone."""
        self.since = None

    def hear(self) -> None:
        """It delivered or answered something."""
        self.heard = datetime.now(UTC)

    def fail(self, trouble: str) -> None:
        """It did not do what it should; `trouble` is a sentence for people."""
        self.trouble, self.failed = trouble, datetime.now(UTC)


_PULSES: dict[str, Pulse] = {}


def pulse(name: str) -> Pulse:
    """The one of this name."""
    return _PULSES.setdefault(name, Pulse())


def provider_pulse(name: str) -> Pulse:
    """The one of an AI provider, which may be called as a platform is."""
    return pulse(f"ai {name}")
