"""Durable work, step by step."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Again(Generic[T]):
    """What a step runs that may run again after a crash, so that its result need not be kept.

    That is so where what it does is kept in the application's own database and done once however
    often it runs, or where it does nothing that stays. To keep a result takes several times as long
    as most of these steps do.
    """

    run: Callable[[], Awaitable[T]]

    def __call__(self) -> Awaitable[T]:
        """Runs it."""
        return self.run()


class Step(Protocol):
    """Runs something at least once and keeps its result, so that after a crash it is not run again.

    The result must be JSON: None, a string, a number, a list, a dictionary. An AssistantError is
    kept too, and raised again. What stands between steps runs anew after a crash and must come to
    the same for the same results; so must what is `Again`.
    """

    async def __call__(self, name: str, run: Callable[[], Awaitable[T]]) -> T:
        """The result of `run`, or of the time it was run before."""
        ...
