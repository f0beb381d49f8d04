"""What to tell where providers could not answer, or not to the end. Pure."""

from __future__ import annotations

from core.errors import AssistantError, ProviderFailed
from core.ports import Usage

# How APIs say that the limit on an answer's length was reached.
_FULL = frozenset({"length", "max_tokens", "max_output_tokens"})


def could_not(name: str, error: AssistantError) -> str:
    """For who has an answer from another one: what happened, and not what to do about it."""
    what = error.message.partition(". ")[0].removesuffix(".")
    return f"{name} could not answer: {what}."


def all_failed(troubles: list[tuple[str, AssistantError]], *, broken_off: bool) -> ProviderFailed:
    """What to tell where nobody could answer: the one reason, or everybody's.

    `broken_off`: it is told in one line, under the beginning of an answer.
    """
    errors = [error for _, error in troubles]
    apart, what = (" ", "finish it") if broken_off else ("\n- ", "answer")
    messages = [f"No AI provider could {what}.", *(f"{apart}{one.message}" for one in errors)]
    waits = [error.retry_after for error in errors if error.retry_after is not None]
    return ProviderFailed(
        errors[0].message if len(errors) == 1 else "".join(messages),
        retryable=any(error.retryable for error in errors),
        retry_after=min(waits, default=None),
    )


def cut(usage: Usage) -> str | None:
    """What to say of an answer that its model ended early; None where it is whole."""
    if usage.complete:
        return None
    if usage.reason in (None, "", *_FULL):
        return "The answer ends early: the model reached its limit. Ask for the rest of it."
    return f"The answer ends early: {usage.reason}."


def ended_early(text: str) -> str:
    """What to say of an answer that its owner stopped. Pure."""
    words = len(text.split())
    about = words if words < 20 else round(words, -1)
    return f"Stopped after about {about} word{'' if about == 1 else 's'}."
