"""`Idempotency-Key`: a POST that comes again is answered as it was the first time.

Keys are a person's own, or an address's where nobody need log in, and live for a day. Neither the
key, nor the body, nor the answer is kept in clear: the body of a registration holds a password, and
its answer holds tokens.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from aiohttp import web

from api.models import Model
from core.accounts.keys import derived_key, fernet_key
from core.config import Settings
from core.errors import AssistantError, Conflict, InvalidInput, error_from_json
from core.storage.database import Database
from core.storage.tokens import FirstAnswer

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

ABANDONED = timedelta(minutes=1)
"""After this long without an answer the process that worked on it has died."""
KEPT = timedelta(days=1)

_KEY = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?")
# Worth another try, so the first failure must not be the answer for ever.
_PASSING = ("RATE_LIMITED", "UNAVAILABLE", "INTERNAL", "CONFLICT")


def is_passing(error: AssistantError) -> bool:
    """Whether a repeat may well succeed, and so is to be tried and not told the same."""
    return error.retryable or error.code in _PASSING


def key_of(request: web.Request) -> str | None:
    """The request's key, or None. Raises InvalidInput where it is none."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not _KEY.fullmatch(key):
        raise InvalidInput("Idempotency-Key: use 1 to 255 printable ASCII characters.")
    return key


@dataclass(frozen=True, slots=True)
class Claim:
    """One use of a key. `fingerprints` tell the body, newest secret first."""

    name: str
    fingerprints: tuple[str, ...]
    fernet_keys: tuple[bytes, ...]

    @classmethod
    def of(
        cls, settings: Settings, request: web.Request, key: str, scope: str, given: Model
    ) -> Claim:
        """The claim that this request makes."""
        told = f"{request.method} {request.path}\0{given.model_dump_json()}".encode()
        secrets = settings.secret_keys
        return cls(
            name=hashlib.sha256(f"{scope}\0{key}".encode()).hexdigest(),
            # Keyed, or whoever reads the table could try passwords against it.
            fingerprints=tuple(
                hmac.new(derived_key(s, "idempotency"), told, "sha256").hexdigest() for s in secrets
            ),
            fernet_keys=tuple(fernet_key(s, "idempotency answers") for s in secrets),
        )

    async def request_id(self, database: Database) -> tuple[UUID, bool]:
        """The id of the request that the key stands for, and whether this is its first use.

        Raises Conflict where the key was used with another body.
        """
        new = uuid4()
        first = await self._first(database, KEPT, str(new))
        if first is None or first.body is None:
            return new, True
        return UUID(first.body), False

    async def release(self, database: Database, request_id: UUID) -> None:
        """Has a repeat of the key be a new request, where it still stands for this one."""
        async with database.begin() as uow:
            await uow.idempotency.release(self.name, str(request_id))

    async def first_answer(self, database: Database, run: Callable[[], Awaitable[str]]) -> str:
        """What `run` answers, or raises; on a repeat, what it did the first time.

        Raises Conflict where the first is still being worked on, or had another body.
        """
        first = await self._first(database, ABANDONED)
        if first is not None:
            return self._opened(first)
        try:
            answer = await run()
        except AssistantError as error:
            if is_passing(error):
                await self._release(database)
            else:
                await self._keep(database, {"error": error.to_json()})
            raise
        except BaseException:
            await self._release(database)
            raise
        await self._keep(database, {"answer": answer})
        return answer

    async def _first(
        self, database: Database, patience: timedelta, body: str | None = None
    ) -> FirstAnswer | None:
        """What is known of the first use; None where this is it.

        One that is older than a day, or has had no answer for `patience`, does not count.
        """
        async with database.begin() as uow:
            first = await uow.idempotency.claim(self.name, self.fingerprints[0], body)
            if first is not None and _is_over(first, patience):
                await uow.idempotency.release(self.name)
                first = await uow.idempotency.claim(self.name, self.fingerprints[0], body)
        if first is not None and first.fingerprint not in self.fingerprints:
            raise Conflict(
                "This Idempotency-Key came with another request before. Use a new one for each."
            )
        return first

    async def _keep(self, database: Database, what: dict[str, object]) -> None:
        sealed = self._sealer().encrypt(json.dumps(what).encode()).decode()
        async with database.begin() as uow:
            await uow.idempotency.answer(self.name, 200, sealed)

    async def _release(self, database: Database) -> None:
        async with database.begin() as uow:
            await uow.idempotency.release(self.name)

    def _opened(self, first: FirstAnswer) -> str:
        from cryptography.fernet import InvalidToken

        if first.body is None:
            raise Conflict("The first request with this key is still under way.", retry_after=1)
        try:
            what = json.loads(self._sealer().decrypt(first.body.encode()))
        except InvalidToken:
            raise Conflict(
                "The first answer to this Idempotency-Key cannot be read any more. Use a new one."
            ) from None
        if "error" in what:
            raise error_from_json(what["error"])
        return str(what["answer"])

    def _sealer(self) -> MultiFernet:
        from cryptography.fernet import Fernet, MultiFernet

        return MultiFernet([Fernet(key) for key in self.fernet_keys])


def _is_over(first: FirstAnswer, patience: timedelta) -> bool:
    age = datetime.now(UTC) - first.created_at
    return age > KEPT or (first.status is None and age > patience)
