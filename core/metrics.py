"""Numbers about the work, for Prometheus; `/metrics` shows them beside those about HTTP.

https://prometheus.io/docs/practices/naming/ — seconds and counts, never a person's or a channel's
name: each label is one of a few.
"""

from __future__ import annotations

import time

from prometheus_client import Counter, Gauge, Histogram

from core.pulse import pulse

ACCEPTED = Histogram(
    "notion_assistant_acceptance_seconds",
    "From the platform's delivery to its being written down, in seconds.",
    ["platform"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2),
)
ANSWERED = Counter(
    "notion_assistant_answers_total",
    "Requests that were answered, by how it ended: ok, or an error's code.",
    ["platform", "command", "outcome"],
)
FIRST_WORDS = Histogram(
    "notion_assistant_first_words_seconds",
    "From asking a provider to its first words, in seconds.",
    ["provider"],
    buckets=(0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 60),
)
TOKENS = Counter(
    "notion_assistant_tokens_total",
    "Tokens as the provider counts them, in or out.",
    ["provider", "direction"],
)
PROVIDER_FAILURES = Counter(
    "notion_assistant_provider_failures_total", "Times a provider could not answer.", ["provider"]
)
RATINGS = Counter(
    "notion_assistant_ratings_total",
    "Votes on answers, new or changed, by who wrote them; good: yes or no.",
    ["provider", "good"],
)
DROPPED_EDITS = Counter(
    "notion_assistant_dropped_edits_total",
    "Interim edits of a growing answer that the platform did not take.",
    ["platform"],
)
UNDELIVERED = Counter(
    "notion_assistant_undelivered_messages_total",
    "Messages that could not be sent however patiently; the answer stays in the history.",
    ["platform"],
)
EVENTS = Counter(
    "notion_assistant_events_total",
    "What platforms delivered: command, interaction, message, reaction, or other.",
    ["platform", "kind"],
)
ACKNOWLEDGED = Histogram(
    "notion_assistant_acknowledgement_seconds",
    "From a delivery's coming in to its acknowledgement, in seconds.",
    ["platform"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 3),
)
DUPLICATES = Counter(
    "notion_assistant_duplicates_total",
    "Deliveries that had come before, by whatever way, and so were not carried out again.",
    ["platform"],
)
RECOVERED = Counter(
    "notion_assistant_recovered_reactions_total",
    "Reactions that came or went while nobody listened, found afterwards and carried out.",
    ["platform"],
)
RECONNECTS = Counter(
    "notion_assistant_reconnects_total",
    "Times a connection was made anew after the first.",
    ["platform"],
)
CONNECTED = Gauge(
    "notion_assistant_connected",
    "1 while the connection stands, 0 while it does not.",
    ["platform"],
)
CONNECTION_AGE = Gauge(
    "notion_assistant_connection_age_seconds",
    "How long the connection has stood; 0 while it does not.",
    ["platform"],
)


def delivered(platform: str, kind: str) -> None:
    """Counts something that a platform delivered."""
    EVENTS.labels(platform, kind).inc()
    pulse(platform).hear()


class Standing:
    """A platform's long connection as the numbers show it. Reckons in this process's own time."""

    def __init__(self, platform: str) -> None:
        self._platform = platform
        self._since: float | None = None
        self._before = False
        CONNECTED.labels(platform).set(0)
        RECONNECTS.labels(platform)
        CONNECTION_AGE.labels(platform).set_function(self.age)
        self._pulse = pulse(platform)
        self._pulse.lasting = True

    def age(self) -> float:
        """Seconds since it was made; 0 where it does not stand."""
        return 0.0 if self._since is None else time.monotonic() - self._since

    def made(self) -> None:
        """It was made, or made anew."""
        if self._before:
            RECONNECTS.labels(self._platform).inc()
        self._before, self._since = True, time.monotonic()
        CONNECTED.labels(self._platform).set(1)
        self._pulse.connect()

    def lost(self) -> None:
        """It is gone."""
        self._since = None
        CONNECTED.labels(self._platform).set(0)
        self._pulse.lose()

    def failed(self, trouble: str) -> None:
        """It could not be made anew; `trouble` says why."""
        self._pulse.fail(trouble)
