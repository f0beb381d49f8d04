"""Access tokens (JWT, RFC 7519) and refresh tokens (opaque)."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from core.accounts.keys import derived_key
from core.errors import Unauthorized

ACCESS_SECONDS = 15 * 60
REFRESH_DAYS = 30
AUDIENCE = "notion-assistant"
REMEMBERED = 10_000
"""Tokens that were verified and need not be verified anew, by their hash."""

LEEWAY_SECONDS = 10
"""How far the clocks of two servers may be apart."""

_ALGORITHM = "HS256"
_CLAIMS = ["exp", "iat", "iss", "aud", "sub", "jti"]


class AccessTokens:
    """Signs and reads access tokens. The newest secret signs, every one verifies."""

    def __init__(self, secret_keys: Sequence[str], issuer: str) -> None:
        keys = [derived_key(secret, "access-token") for secret in secret_keys]
        self._keys = {_key_id(key): key for key in keys}
        self._newest = _key_id(keys[0])
        self._issuer = issuer
        self._verified: OrderedDict[bytes, tuple[float, UUID, UUID | None]] = OrderedDict()

    def issue(self, user_id: UUID, session_id: UUID | None = None) -> str:
        """A token for this person and session, good for `ACCESS_SECONDS`."""
        import jwt  # at first use, for a quick start

        now = datetime.now(UTC)
        claims = {
            "iss": self._issuer,
            "aud": AUDIENCE,
            "sub": str(user_id),
            "jti": str(uuid4()),
            "iat": now,
            "exp": now + timedelta(seconds=ACCESS_SECONDS),
        }
        if session_id is not None:
            # The name that OpenID Connect gives it (Front-Channel Logout 1.0, section 3).
            claims["sid"] = str(session_id)
        key = self._keys[self._newest]
        return jwt.encode(claims, key, _ALGORITHM, headers={"kid": self._newest})

    def verify(self, token: str) -> tuple[UUID, UUID | None]:
        """Whose token it is, and of which session; an earlier release's names none.

        One that was verified here before is only asked whether it has ended. Raises Unauthorized
        where it is no token of ours, or has ended.
        """
        digest = hashlib.sha256(token.encode(errors="replace")).digest()
        known = self._verified.get(digest)
        if known is not None and known[0] > time.time() - LEEWAY_SECONDS:
            return known[1:]
        read = self._verified[digest] = self._read(token)
        if len(self._verified) > REMEMBERED:
            self._verified.popitem(last=False)
        return read[1:]

    def _read(self, token: str) -> tuple[float, UUID, UUID | None]:
        import jwt  # at first use, for a quick start

        try:
            key = self._keys.get(str(jwt.get_unverified_header(token).get("kid")))
            if key is None:
                raise Unauthorized("This access token is not known here. Log in again.")
            claims = jwt.decode(
                token,
                key,
                algorithms=[_ALGORITHM],
                audience=AUDIENCE,
                issuer=self._issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": _CLAIMS},
            )
            session = claims.get("sid")
            whose = UUID(claims["sub"]), None if session is None else UUID(session)
            return float(claims["exp"]), *whose
        except jwt.ExpiredSignatureError as error:
            raise Unauthorized("This access token has ended. Refresh it.") from error
        except (jwt.InvalidTokenError, ValueError, AttributeError) as error:
            raise Unauthorized("This is not a valid access token. Log in again.") from error


def new_refresh_token() -> str:
    """256 random bits, as text."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What is kept of a refresh token: a random one needs no salt."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def _key_id(key: bytes) -> str:
    return hashlib.sha256(b"kid" + key).hexdigest()[:16]
