"""Passwords: which are accepted, how they are kept, how they are compared.

bcrypt reads 72 bytes and refuses more (https://github.com/pyca/bcrypt); what is shorter than 8
characters or easily guessed is refused (NIST SP 800-63B, 5.1.1.2). Both bcrypt and zxcvbn take
long enough to hold up everybody else, so they run in threads.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import Lock
from typing import Any, TypeVar

from core.errors import InvalidInput

SHORTEST = 8
LONGEST = 72
WEAKEST = 2
"""zxcvbn's score, 0 to 4: 2 is safe behind a limit of some tries a minute."""

NICENESS = 10
"""Of the threads that hash, 0 to 19: other requests go first, by about nine to one."""

AT_ONCE = min(4, max(1, (os.cpu_count() or 1) - 1))
"""Threads that hash at the same time: a flood of logins waits in line, and leaves a processor to
everybody else."""

LOOKED_AT = 32
"""Characters of which the strength is estimated. zxcvbn's time grows out of bounds with length and
with what may stand for letters: 7 seconds for 72 characters made for it, half a one for these. What
is hard to guess this far is so as a whole."""

_LOWEST = 4
"""bcrypt's own."""

T = TypeVar("T")

# zxcvbn keeps the words of the person it is asked about in a global.
_zxcvbn_lock = Lock()


class Passwords:
    """Hashes and compares. `cost` is bcrypt's, 4 to 31: 12 takes about 0.25 seconds, tests 4."""

    def __init__(self, cost: int) -> None:
        self._cost = cost
        self._turns = asyncio.Semaphore(AT_ONCE)
        # Apart, or logins would wait for those who choose a password.
        self._estimates = asyncio.Semaphore(1)
        self._nobody = _nobody(cost)

    async def check(self, password: str, *about: str) -> None:
        """Raises InvalidInput where the password is too short, too long, or too easily guessed.

        `about` are words known of the person, which are easily guessed.
        """
        score, hint = await self.strength(password, *about)
        if score < WEAKEST:
            raise InvalidInput(f"password: this one is easy to guess. {hint}".rstrip())

    async def strength(self, password: str, *about: str) -> tuple[int, str]:
        """How hard a password is to guess: zxcvbn's score, 0 to 4, and what would make it harder.

        Raises InvalidInput where it is too short or too long.
        """
        _check_length(password)
        async with self._estimates:
            return await _apart(_strength, password, list(about))

    async def hash(self, password: str) -> str:
        """The hash to keep of a password that was checked."""
        async with self._turns:
            return await _apart(self._hash, password)

    async def matches(self, password: str, hash_: str | None) -> bool:
        """Whether this is the password behind the hash; None takes as long, and matches never."""
        data = _bytes(password)
        async with self._turns:
            same = await _apart(_check, data or b"-", hash_ or self._nobody, self._cost)
        return same and data is not None and hash_ is not None

    def is_outdated(self, hash_: str) -> bool:
        """Whether the hash was made at another cost than the one that is set now."""
        return _cost(hash_) != self._cost

    def _hash(self, password: str) -> str:
        import bcrypt  # at first use, for a quick start

        return bcrypt.hashpw(password.encode(), bcrypt.gensalt(self._cost)).decode()


async def _apart(work: Callable[..., T], *arguments: Any) -> T:
    """What this gives, done in a thread that gives way."""
    return await asyncio.get_running_loop().run_in_executor(_threads(), work, *arguments)


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(AT_ONCE + 1, "passwords", initializer=_give_way)


def _give_way() -> None:
    """Has this thread take a small share of a processor that others want, too.

    On Linux a thread has a niceness of its own, and one that only the process has elsewhere.
    https://man7.org/linux/man-pages/man2/setpriority.2.html
    """
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def _check(password: bytes, hash_: str, cost: int) -> bool:
    import bcrypt  # at first use, for a quick start

    same = bcrypt.checkpw(password, hash_.encode())
    # A hash made at a lower cost is compared sooner, which would tell that there is an account:
    # 2**n + (2**n + … + 2**(cost - 1)) is 2**cost.
    for lower in range(max(_cost(hash_), _LOWEST), cost):
        bcrypt.checkpw(password, _nobody(lower).encode())
    return same


def _nobody(cost: int) -> str:
    """A hash that matches no password, and takes as long as a real one to find that out."""
    return f"$2b${cost:02d}$" + "." * 53


def _cost(hash_: str) -> int:
    try:
        return int(hash_.split("$")[2])
    except (IndexError, ValueError):
        return 0


def _bytes(password: str) -> bytes | None:
    """What bcrypt is given, or None where no password can be like this."""
    try:
        data = password.encode()
    except UnicodeEncodeError:
        return None
    return data if 0 < len(data) <= LONGEST and b"\0" not in data else None


def _check_length(password: str) -> None:
    if len(password) < SHORTEST:
        raise InvalidInput(f"password: use at least {SHORTEST} characters.")
    if len(password.encode(errors="replace")) > LONGEST:
        raise InvalidInput(
            f"password: use at most {LONGEST} bytes (letters outside A-Z count 2 to 4 each)."
        )
    if _bytes(password) is None:
        raise InvalidInput("password: it holds a character that cannot be typed.")


def _strength(password: str, about: list[str]) -> tuple[int, str]:
    """zxcvbn's score and what it suggests."""
    from zxcvbn import zxcvbn  # at first use, for a quick start
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    if password.lower() in FREQUENCY_LISTS["passwords"]:
        # The list is of those that leaked most often; what guesses does not matter then.
        return 0, "It is among the passwords that are used most."
    with _zxcvbn_lock:
        found: dict[str, Any] = zxcvbn(password[:LOOKED_AT], user_inputs=about)
    feedback = found["feedback"]
    words = [feedback["warning"], *feedback["suggestions"]]
    return found["score"], " ".join(str(sentence) for sentence in words if sentence)
