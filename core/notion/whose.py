"""On whose behalf Notion is asked, in the task that asks.

It is said once, where a request begins, and holds for all that is done for it: what saves, searches
and reads need not hand it on. Tasks and threads that are begun meanwhile have it too.
https://docs.python.org/3/library/contextvars.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID


class HasId(Protocol):
    """Somebody, who may become part of an account while their request is carried out."""

    @property
    def id(self) -> UUID: ...


@dataclass(frozen=True, slots=True)
class Whose:
    """A person, and the chat workspace they write in; each None or empty where there is none."""

    person: HasId | None = None
    platform: str = ""
    workspace: str = ""

    @property
    def user_id(self) -> UUID | None:
        """Who it is now."""
        return None if self.person is None else self.person.id


NOBODY = Whose()

_WHOSE: ContextVar[Whose] = ContextVar("notion-whose", default=NOBODY)
_USING: ContextVar[str | None] = ContextVar("notion-using", default=None)


def whose() -> Whose:
    """On whose behalf this task asks."""
    return _WHOSE.get()


def made_by(parent: Mapping[str, str] | None) -> str:
    """The connection by which a page was made, as its item keeps it. Pure.

    What was made before there were several was made by the server's own token.
    """
    return (parent or {}).get("connection", "")


def using() -> str | None:
    """The connection that was decided for what is under way; None where none was."""
    return _USING.get()


@contextmanager
def asking_for(who: Whose) -> Iterator[None]:
    """What is asked inside is asked on somebody's behalf."""
    token = _WHOSE.set(who)
    try:
        yield
    finally:
        _WHOSE.reset(token)


@contextmanager
def asking_for_all() -> Iterator[None]:
    """What is asked inside is for everybody in the workspace, and so by no person's connection."""
    with asking_for(replace(_WHOSE.get(), person=None)):
        yield


@contextmanager
def asking_by(connection: str) -> Iterator[None]:
    """What is asked inside goes by this connection, whoever asks."""
    token = _USING.set(connection)
    try:
        yield
    finally:
        _USING.reset(token)
