"""One provider's writing of an answer: what has come of it, and what it took where it ended early.

Whoever hangs up, or is cut off, hears no count from a provider, and is billed all the same for the
prompt and for what was written. Then the count is an estimate: about four characters of English a
token (https://platform.openai.com/tokenizer), reckoned by bytes, since other scripts take more.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from core.ports import Prompt, Provider, Usage

BYTES = 4
"""UTF-8 bytes that are taken for a token."""

PIECES = 64
"""Of an answer that are kept apart: a word takes ten times its own memory."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A provider, and the model it is asked for; None is the one of its settings.

    `is_choice`: the model is the person's usual one, so that another may stand in for it.
    """

    provider: Provider
    model: str | None = None
    is_choice: bool = False

    @property
    def name(self) -> str:
        """The provider's."""
        return self.provider.name


@dataclass(slots=True)
class Attempt:
    """What one candidate has written so far, and what it said of the cost."""

    candidate: Candidate
    prompt: Prompt
    usage: Usage
    text: list[str] = field(default_factory=list)
    _covered: bool = True

    @classmethod
    def of(cls, candidate: Candidate, prompt: Prompt) -> Attempt:
        """Of a prompt that is yet to be put to it."""
        model = candidate.model or candidate.provider.model
        return cls(candidate, replace(prompt, model=candidate.model), Usage(model))

    def hear(self, part: str | Usage) -> None:
        """Takes a part of the provider's stream."""
        if isinstance(part, Usage):
            self.usage, self._covered = part, True
        else:
            self._covered = False
            self.text.append(part)
            if len(self.text) > PIECES:
                self.text[:] = ["".join(self.text)]

    def spent(self, *, sent: bool = False) -> Usage:
        """What it took though it was broken off: as the provider says, else about.

        Nothing where nothing came: who refuses bills nothing. `sent`: the prompt was being
        answered when it was stopped, and is billed.
        """
        known, said = self.usage, "".join(self.text)
        counted = known.input_tokens or known.output_tokens
        if not (said or counted or sent):
            return known
        if counted and self._covered and (known.output_tokens or not said):
            return known
        return replace(
            known,
            input_tokens=known.input_tokens or _asked(self.prompt),
            output_tokens=max(known.output_tokens, estimate(said)),
            estimated=True,
        )


def estimate(text: str) -> int:
    """About how many tokens a text is. Pure."""
    return -(-len(text.encode("utf-8", "replace")) // BYTES)


def _asked(prompt: Prompt) -> int:
    return estimate(prompt.system) + sum(estimate(turn.text) for turn in prompt.turns)
