"""What a browser keeps while its owner is away at Slack, Discord or Notion to agree to something.

One sealed cookie a provider, for ten minutes: the state and the nonce that the provider gives
back, the verifier that proves who asked (PKCE, RFC 7636), where to go on afterwards, and who was
logged in when it began. What is guarded against, and how (RFC 9700, 2.1 and 4.7):

- A callback that somebody else began, sent to a victim so that they log in as, or are joined to,
  the attacker: the state has to be the one inside this browser's own cookie.
- The same callback twice: a state works once, in whatever process: the database knows.
- Reading or changing the cookie: it is sealed with a key made from SECRET_KEY; HttpOnly, and
  SameSite=Lax, which the provider's redirect back passes.
- An open redirect: `next` is a path of this server or nothing.
- Logging out, or in as somebody else, meanwhile: whoever finishes compares `user`.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from base64 import urlsafe_b64encode
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import UUID

from aiohttp import web

from api.keys import CORE
from api.session import is_secure
from core.accounts.keys import fernet_key
from core.config import Settings
from core.errors import InvalidInput

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

LIFE_SECONDS = 600
"""For how long somebody may be away."""

LONGEST_NEXT = 512

_PURPOSE = "oauth state"
# Printable ASCII. Browsers take a backslash for a slash: `/\evil.example` would leave the server.
_PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*")

STALE = (
    "This was begun in another browser, was used before, or is older than ten minutes. "
    "Nothing was changed."
)


@dataclass(frozen=True, slots=True)
class Flow:
    """One person on their way to a provider and back.

    `next` is a path of this server. `user` is who was logged in when it began; None for nobody.
    `about` is what else whoever finishes has to know.
    """

    provider: str
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    next: str = "/"
    user: UUID | None = None
    about: str = ""

    @property
    def challenge(self) -> str:
        """What goes to the provider's page in place of the verifier, as `S256`."""
        return urlsafe_b64encode(sha256(self.verifier.encode()).digest()).decode().rstrip("=")


def begun(
    provider: str, after: str | None = None, user: UUID | None = None, about: str = ""
) -> Flow:
    """A new one. `after` is where to go on; what is no path of this server counts as `/`."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    return Flow(provider, state, nonce, verifier, local_path(after), user, about)


def keep(response: web.StreamResponse, settings: Settings, flow: Flow) -> None:
    """Has the browser keep it, in place of an earlier one for the same provider."""
    about = json.dumps(asdict(flow) | {"user": flow.user and str(flow.user)})
    response.set_cookie(
        _cookie(flow.provider),
        _sealer(settings).encrypt(about.encode()).decode(),
        max_age=LIFE_SECONDS,
        path=f"/auth/{flow.provider}",
        httponly=True,
        samesite="Lax",
        secure=is_secure(settings),
    )


async def taken(request: web.Request, provider: str) -> Flow:
    """The one that this callback ends; it works once. To be called before anything else is done.

    Raises InvalidInput where this browser has begun none, another one, or long ago, and where the
    state was used before; Unavailable where the database is out of reach.
    """
    core = request.app[CORE]
    flow = _opened(core.settings, request.cookies.get(_cookie(provider), ""))
    given = request.query.get("state", "")
    if flow is None or flow.provider != provider:
        raise InvalidInput(STALE)
    if not hmac.compare_digest(flow.state.encode(), given.encode(errors="replace")):
        raise InvalidInput(STALE)
    # Kept for a day with the idempotency keys, which is longer than a state lives.
    name = sha256(f"{_PURPOSE}\0{flow.state}".encode()).hexdigest()
    async with core.database.begin() as unit:
        if await unit.idempotency.claim(name, _PURPOSE) is not None:
            raise InvalidInput(STALE)
    return flow


def forget(response: web.StreamResponse, provider: str) -> None:
    """Has the browser keep it no longer."""
    response.del_cookie(_cookie(provider), path=f"/auth/{provider}")


def local_path(address: str | None) -> str:
    """A path of this server, as it was asked for, or `/`."""
    if not address or len(address) > LONGEST_NEXT or not _PATH.fullmatch(address):
        return "/"
    return address


def _cookie(provider: str) -> str:
    return f"oauth_{provider}"


def _sealer(settings: Settings) -> MultiFernet:
    from cryptography.fernet import Fernet, MultiFernet  # at first use, for a quick start

    return MultiFernet([Fernet(fernet_key(key, _PURPOSE)) for key in settings.secret_keys])


def _opened(settings: Settings, sealed: str) -> Flow | None:
    from cryptography.fernet import InvalidToken

    try:
        about: dict[str, Any] = json.loads(
            _sealer(settings).decrypt(sealed.encode(errors="replace"), ttl=LIFE_SECONDS)
        )
    except InvalidToken:
        return None
    return Flow(**(about | {"user": about["user"] and UUID(about["user"])}))
