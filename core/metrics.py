"""Numbers about the work, for Prometheus; `/metrics` shows them beside those about HTTP.

https://prometheus.io/docs/practices/naming/ — seconds and counts, never a person's or a channel's
name: each label is one of a few.
"""

from __future__ import annotations

from prometheus_client import Counter, Histogram

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
