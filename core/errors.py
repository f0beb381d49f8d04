"""Every error the core raises on purpose, and what to do about each.

    AssistantError
    ├── InvalidInput          the person asked for something that cannot be
    │   └── Ambiguous         more than one thing is meant; carries which
    ├── Unauthorized          who is asking is not known
    ├── Forbidden             known, but not allowed
    ├── NotFound              no such thing, or not theirs to see
    ├── Conflict              it is there already, or being changed
    ├── Changed               it is not any more as whoever asks has read it
    ├── RateLimited           too many requests; carries retry_after
    ├── ProviderFailed        the AI provider refused, failed or fell silent
    │   └── Declined          it will not write this, so what it began is not to be kept
    ├── NotionFailed          Notion refused, failed or fell silent
    ├── PlatformFailed        Slack or Discord refused, failed or fell silent
    └── Unavailable           a part of this server is not there now
        └── Misconfigured     a setting is missing or wrong; the message names it

The message is a sentence for the person who asked: it says what happened and what to do, and holds
no secret. Vendors' exceptions become one of these at the edge, where the vendor's library is
called, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar


class AssistantError(Exception):
    """An error with its decision.

    `retryable`: the same call may succeed later. `retry_after`: in how many seconds, where known.
    `code`: the stable name the outside sees.
    """

    code: ClassVar[str] = "INTERNAL"
    retryable: bool = False

    def __init__(
        self, message: str, *, retryable: bool | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after
        if retryable is not None:
            self.retryable = retryable

    def to_json(self) -> dict[str, Any]:
        """What a recorded step keeps of the error."""
        return {
            "code": self.code,
            "message": self.message,
            "retryable": self.retryable,
            "retry_after": self.retry_after,
        }


class InvalidInput(AssistantError):
    """The person asked for something that cannot be."""

    code = "INVALID_INPUT"


class Ambiguous(InvalidInput):
    """More than one thing is meant. `choices` are their ids and what people call them."""

    def __init__(
        self,
        message: str,
        *,
        choices: Sequence[tuple[str, str]] = (),
        retryable: bool | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, retryable=retryable, retry_after=retry_after)
        self.choices = tuple(choices)

    def to_json(self) -> dict[str, Any]:
        """What a recorded step keeps of the error."""
        return super().to_json() | {"choices": [list(each) for each in self.choices]}


class Unauthorized(AssistantError):
    """Who is asking is not known."""

    code = "UNAUTHORIZED"


class Forbidden(AssistantError):
    """Who is asking is known, but not allowed."""

    code = "FORBIDDEN"


class NotFound(AssistantError):
    """There is no such thing, or it is not theirs to see."""

    code = "NOT_FOUND"


class Conflict(AssistantError):
    """It is there already, or somebody else is changing it."""

    code = "CONFLICT"


class Changed(AssistantError):
    """It is not any more as whoever asks has read it, and they asked to be told."""

    code = "PRECONDITION_FAILED"


class RateLimited(AssistantError):
    """Too many requests. `retry_after` says in how many seconds to come back."""

    code = "RATE_LIMITED"
    retryable = True


class ProviderFailed(AssistantError):
    """The AI provider refused, failed or fell silent."""

    code = "PROVIDER_FAILED"


class Declined(ProviderFailed):
    """The model, or a filter before it, will not write this; what it began is not to be kept."""


class NotionFailed(AssistantError):
    """Notion refused, failed or fell silent.

    `unsure`: the write may have been carried out all the same, so look before repeating it.
    """

    code = "NOTION_FAILED"

    def __init__(
        self,
        message: str,
        *,
        retryable: bool | None = None,
        retry_after: float | None = None,
        unsure: bool = False,
    ) -> None:
        super().__init__(message, retryable=retryable, retry_after=retry_after)
        self.unsure = unsure


class PlatformFailed(AssistantError):
    """Slack or Discord refused, failed or fell silent."""

    code = "UNAVAILABLE"


class Unavailable(AssistantError):
    """A part of this server is not there now."""

    code = "UNAVAILABLE"
    retryable = True


class Misconfigured(Unavailable):
    """A setting is missing or wrong. The message names it and what works without it."""

    retryable = False


DISABLED = "This account is switched off. Ask an admin of this server to switch it on again."
"""What its owner is told, wherever they come from."""

_BY_CODE: dict[str, type[AssistantError]] = {
    kind.code: kind
    for kind in (
        AssistantError,
        InvalidInput,
        Unauthorized,
        Forbidden,
        NotFound,
        Conflict,
        Changed,
        RateLimited,
        ProviderFailed,
        NotionFailed,
        Unavailable,
    )
}


def error_from_json(data: dict[str, Any]) -> AssistantError:
    """The error that `AssistantError.to_json` described."""
    message, later = data["message"], data["retry_after"]
    if "choices" in data:
        choices = [(each[0], each[1]) for each in data["choices"]]
        retryable = data["retryable"]
        return Ambiguous(message, choices=choices, retryable=retryable, retry_after=later)
    kind = _BY_CODE.get(data["code"], AssistantError)
    return kind(message, retryable=data["retryable"], retry_after=later)
