"""What a vendor is called, and what its errors mean here.

Vendors' words decide what happened; none of them reach a person or a log, since an error text can
repeat a part of the key or of the prompt.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from core.config import Settings
from core.errors import (
    AssistantError,
    Declined,
    InvalidInput,
    Misconfigured,
    ProviderFailed,
    RateLimited,
)

UNTOLD_WAIT = 30.0
"""Seconds to wait after a 429 that does not say how long."""


@dataclass(frozen=True, slots=True)
class Vendor:
    """A vendor: `name` begins its settings, `title` is how people know it."""

    name: str
    title: str

    def setting(self, what: str) -> str:
        """The name of a setting: `setting("api_key")` is OPENAI_API_KEY."""
        return f"{self.name}_{what}".upper()


@dataclass(frozen=True, slots=True)
class Access:
    """How a provider is reached. The key stays out of what is printed."""

    key: str = field(repr=False)
    base_url: str
    model: str


@dataclass(frozen=True, slots=True)
class Complaint:
    """A vendor's error: `status` 0 inside a stream; `said` is its code, type and text."""

    status: int = 0
    said: str = ""
    retry_after: float | None = None


def access(settings: Settings, vendor: Vendor) -> Access | None:
    """How the settings say a vendor is reached; None without a key."""
    key = getattr(settings, f"{vendor.name}_api_key")
    if key is None:
        return None
    return Access(
        key=key.get_secret_value(),
        base_url=getattr(settings, f"{vendor.name}_base_url"),
        model=getattr(settings, f"{vendor.name}_model"),
    )


_LENGTH = (
    "context_length",
    "context length",
    "context window",
    "context size",
    "prompt is too long",
    "request_too_large",
)
_MODEL = ("model_not_found", "model not exist", "not_found_error", "invalid model", "unknown model")
_QUOTA = (
    "insufficient_quota",
    "billing",
    "insufficient balance",
    "credit balance",
    "payment_required",
)
_KEY = ("invalid_api_key", "incorrect api key", "authentication_error")
_RATE = ("rate_limit",)
_REFUSED = ("content_filter", "content_policy", "policy_violation", "bio_policy", "invalid_prompt")
_BUSY = ("overloaded", "server_error", "api_error", "timeout_error", "insufficient_system_resource")


def said_any(complaint: Complaint, words: tuple[str, ...]) -> bool:
    """Whether the vendor said any of these."""
    return any(word in complaint.said for word in words)


def _wrong_key(vendor: Vendor, _: Complaint, __: str | None) -> AssistantError:
    key = vendor.setting("api_key")
    return Misconfigured(
        f"{vendor.title} does not accept this server's key. Choose another provider meanwhile; the "
        f"admin sets a valid {key}. Everything that needs no AI works without it."
    )


def _not_allowed(vendor: Vendor, _: Complaint, __: str | None) -> AssistantError:
    key, model = vendor.setting("api_key"), vendor.setting("model")
    return Misconfigured(
        f"{vendor.title} does not let this server's key do this. Choose another provider "
        f"meanwhile; the admin gives the key in {key} access to the model, or sets another one "
        f"in {model}."
    )


def _no_credit(vendor: Vendor, _: Complaint, __: str | None) -> AssistantError:
    return ProviderFailed(
        f"{vendor.title} says that this account has no credit or quota left. Add some in "
        f"{vendor.title}'s console, or choose another provider."
    )


def _too_long(vendor: Vendor, _: Complaint, __: str | None) -> AssistantError:
    return InvalidInput(
        f"That is more text than {vendor.title}'s model can read at once. Shorten it, or choose a "
        "model that reads more."
    )


def _refused(vendor: Vendor, _: Complaint, __: str | None) -> AssistantError:
    return refusal(vendor, "its content policy")


def _no_such_model(vendor: Vendor, _: Complaint, asked: str | None) -> AssistantError:
    if asked is not None:
        return InvalidInput(f"{vendor.title} has no model {asked!r}. Choose another one.")
    model, url = vendor.setting("model"), vendor.setting("base_url")
    return Misconfigured(
        f"{vendor.title} does not know the model asked for. Choose another provider meanwhile; the "
        f"admin sets {model} to one it has, and looks whether {url} is right."
    )


def _too_many(vendor: Vendor, complaint: Complaint, _: str | None) -> AssistantError:
    wait = UNTOLD_WAIT if complaint.retry_after is None else complaint.retry_after
    seconds = max(1, math.ceil(wait))
    told = "a second" if seconds == 1 else f"{seconds} seconds"
    return RateLimited(
        f"{vendor.title} has had too many requests. Try again in {told}, or choose another "
        "provider.",
        retry_after=wait,
    )


def _busy(vendor: Vendor, complaint: Complaint, _: str | None) -> AssistantError:
    status = f" ({complaint.status})" if complaint.status else ""
    return ProviderFailed(
        f"{vendor.title} failed or is overloaded{status}. Try again in a moment, or choose "
        "another provider.",
        retryable=True,
        retry_after=complaint.retry_after,
    )


Meaning = Callable[[Vendor, Complaint, "str | None"], AssistantError]

# In order: a 429 may be about money, a 400 about length or policy.
_MEANINGS: tuple[tuple[frozenset[int], tuple[str, ...], Meaning], ...] = (
    (frozenset({401}), _KEY, _wrong_key),
    (frozenset({402}), _QUOTA, _no_credit),
    (frozenset({413}), _LENGTH, _too_long),
    (frozenset(), _REFUSED, _refused),
    (frozenset({403}), (), _not_allowed),
    (frozenset({404}), _MODEL, _no_such_model),
    (frozenset({429}), _RATE, _too_many),
    (frozenset({408, 409, *range(500, 600)}), _BUSY, _busy),
)


def translated(vendor: Vendor, complaint: Complaint, asked: str | None) -> AssistantError:
    """The error to raise for a vendor's complaint.

    `asked` is the model the person named, None where the setting's was used.
    """
    for statuses, words, meaning in _MEANINGS:
        if complaint.status in statuses or said_any(complaint, words):
            return meaning(vendor, complaint, asked)
    status = f" ({complaint.status})" if complaint.status else ""
    return ProviderFailed(
        f"{vendor.title} did not accept the request{status}. Ask in other words, or choose "
        "another model or provider."
    )


def refusal(vendor: Vendor, reason: str) -> Declined:
    """The model, or a filter before it, declined."""
    return Declined(
        f"{vendor.title} declined to answer because of {reason}. Ask in other words, or choose "
        "another provider."
    )


def silent(vendor: Vendor, seconds: float) -> ProviderFailed:
    """Nothing was heard for too long."""
    return ProviderFailed(
        f"{vendor.title} said nothing for {seconds:g} seconds. Try again, or choose another "
        "provider.",
        retryable=True,
    )


def cut(vendor: Vendor) -> ProviderFailed:
    """The stream ended before the answer did."""
    return ProviderFailed(
        f"The connection to {vendor.title} ended in the middle of the answer. Try again.",
        retryable=True,
    )


def empty(vendor: Vendor) -> ProviderFailed:
    """The answer held no text."""
    return ProviderFailed(
        f"{vendor.title} answered with nothing. Try again, or ask for a longer answer.",
        retryable=True,
    )


def unreachable(vendor: Vendor) -> ProviderFailed:
    """No connection, or one that broke."""
    return ProviderFailed(
        f"{vendor.title} cannot be reached. Try again in a moment, or choose another provider; if "
        f"it lasts, the admin checks {vendor.setting('base_url')} and the network.",
        retryable=True,
    )


def wait_told(headers: Mapping[str, str]) -> float | None:
    """The seconds that Retry-After (a number or a date) or retry-after-ms asks for, if any."""
    for name, unit in (("retry-after-ms", 1000), ("retry-after", 1)):
        try:
            seconds = float(headers.get(name, "")) / unit
        except ValueError:
            continue
        return max(0.0, seconds) if math.isfinite(seconds) else None
    try:
        when = parsedate_to_datetime(headers.get("retry-after", ""))
    except (TypeError, ValueError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())
