"""Passwords: which are accepted, how they are kept, how they are compared.

bcrypt reads 72 bytes and refuses more (https://github.com/pyca/bcrypt); what is shorter than 8
characters or easily guessed is refused (NIST SP 800-63B, 5.1.1.2). Both bcrypt and zxcvbn take
long enough to hold up everybody else, so they run in threads.
"""

from __future__ import annotations

import asyncio
from threading import Lock
from typing import Any

from core.errors import InvalidInput

COST = 12
"""bcrypt's cost: about 0.25 seconds."""

SHORTEST = 8
LONGEST = 72
WEAKEST = 2
"""zxcvbn's score, 0 to 4: 2 is safe behind a limit of some tries a minute."""

AT_ONCE = 4
"""Threads that hash at the same time: a flood of logins waits in line, and nobody else does."""

# zxcvbn keeps the words of the person it is asked about in a global.
_zxcvbn_lock = Lock()


class Passwords:
    """Hashes and compares. `cost` is bcrypt's, 4 to 31; tests take 4."""

    def __init__(self, cost: int = COST) -> None:
        self._cost = cost
        self._turns = asyncio.Semaphore(AT_ONCE)
        # Matches no password, and takes as long as a real hash to find that out.
        self._nobody = f"$2b${cost:02d}$" + "." * 53

    async def check(self, password: str, *about: str) -> None:
        """Raises InvalidInput where the password is too short, too long, or too easily guessed.

        `about` are words known of the person, which are easily guessed.
        """
        _check_length(password)
        async with self._turns:
            score, hint = await asyncio.to_thread(_strength, password, list(about))
        if score < WEAKEST:
            raise InvalidInput(f"password: this one is easy to guess. {hint}".rstrip())

    async def hash(self, password: str) -> str:
        """The hash to keep of a password that was checked."""
        async with self._turns:
            return await asyncio.to_thread(self._hash, password)

    async def matches(self, password: str, hash_: str | None) -> bool:
        """Whether this is the password behind the hash; None takes as long, and matches never."""
        data = _bytes(password)
        async with self._turns:
            same = await asyncio.to_thread(_check, data or b"-", hash_ or self._nobody)
        return same and data is not None and hash_ is not None

    def _hash(self, password: str) -> str:
        import bcrypt  # at first use, for a quick start

        return bcrypt.hashpw(password.encode(), bcrypt.gensalt(self._cost)).decode()


def _check(password: bytes, hash_: str) -> bool:
    import bcrypt  # at first use, for a quick start

    return bcrypt.checkpw(password, hash_.encode())


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

    with _zxcvbn_lock:
        found: dict[str, Any] = zxcvbn(password, user_inputs=about)
    feedback = found["feedback"]
    words = [feedback["warning"], *feedback["suggestions"]]
    return found["score"], " ".join(str(sentence) for sentence in words if sentence)
