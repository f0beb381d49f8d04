"""Who agreed to what: a public integration's codes and tokens.

https://developers.notion.com/guides/get-started/authorization
"""

import json
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from sandbox.notion.errors import RefusedError
from sandbox.notion.ids import PERSON_USER_ID, WORKSPACE_ID, new_id
from sandbox.notion.store import Clock

CODE_SECONDS = 600


@dataclass(slots=True)
class Grant:
    """One person's consent: which pages it opens, and the tokens as they are now."""

    bot_id: str
    pages: list[str]
    access: str
    refresh: str
    issued: float
    ended: bool = False

    @property
    def owner(self) -> dict[str, object]:
        return {
            "type": "user",
            "user": {
                "object": "user",
                "id": PERSON_USER_ID,
                "name": "Robin Example",
                "avatar_url": None,
                "type": "person",
                "person": {"email": "robin@example.com"},
            },
        }


@dataclass
class Grants:
    """A public integration: its client, its redirect URIs, and every consent.

    With a `path` they outlive the process. `redirect_uris` empty takes any.
    """

    client_id: str
    client_secret: str
    clock: Clock
    redirect_uris: tuple[str, ...] = ()
    path: Path | None = None
    workspace_name: str = "Sandbox"
    refreshed: int = 0
    all: list[Grant] = field(default_factory=list)
    _codes: dict[str, tuple[Grant, str, float]] = field(default_factory=dict)
    _traded: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        if self.path is not None and self.path.exists():
            kept = json.loads(self.path.read_text(encoding="utf-8"))
            self.all = [Grant(**one) for one in kept]

    def agree(self, pages: list[str], redirect_uri: str) -> str:
        """Somebody agreed; the code that goes back with the browser."""
        grant = Grant(new_id(), pages, "", "", self.clock())
        code = f"code_{secrets.token_urlsafe(16)}"
        self._codes[code] = grant, redirect_uri, self.clock() + CODE_SECONDS
        return code

    def exchange(self, code: str, redirect_uri: str | None) -> Grant:
        found = self._codes.pop(code, None)
        if found is None or found[2] < self.clock():
            raise refused("invalid_grant", "Invalid code: it was used, has expired, or is unknown.")
        grant, wanted, _ = found
        if redirect_uri != wanted:
            raise refused("invalid_grant", "Mismatched redirect URI.")
        self.all.append(grant)
        return self._issue(grant)

    def refresh(self, token: str) -> Grant:
        """The next tokens; those before stop working. One that was traded is refused for good."""
        grant = next((one for one in self.all if one.refresh == token and not one.ended), None)
        if grant is None:
            raise refused("invalid_grant", "Invalid refresh token.")
        self.refreshed += 1
        self._traded.add(token)
        return self._issue(grant)

    def revoke(self, token: str) -> None:
        grant = self._of(token)
        if grant is None:
            raise refused("invalid_request", "The token is not valid.")
        grant.ended = True
        self._keep()

    def introspect(self, token: str) -> dict[str, object]:
        grant = self._of(token)
        if grant is None:
            return {"active": False}
        scope = "read_content insert_content update_content"
        return {"active": True, "scope": scope, "iat": int(grant.issued)}

    def by_access(self, token: str) -> Grant | None:
        """The consent that an access token is for."""
        return next((one for one in self.all if one.access == token and not one.ended), None)

    def expire(self) -> None:
        """Ends every access token, as time does; the refresh tokens go on working."""
        for grant in self.all:
            grant.access = f"ended_{secrets.token_urlsafe(8)}"
        self._keep()

    def remove(self) -> None:
        """Ends every consent, as somebody does under Settings → Connections."""
        for grant in self.all:
            grant.ended = True
        self._keep()

    def _of(self, token: str) -> Grant | None:
        live = (one for one in self.all if not one.ended)
        return next((one for one in live if token in (one.access, one.refresh)), None)

    def _issue(self, grant: Grant) -> Grant:
        grant.access = f"ntn_{secrets.token_urlsafe(24)}"
        grant.refresh = f"nrt_{secrets.token_urlsafe(24)}"
        grant.issued = self.clock()
        self._keep()
        return grant

    def _keep(self) -> None:
        if self.path is not None:
            self.path.write_text(json.dumps([asdict(one) for one in self.all]), encoding="utf-8")

    def answer(self, grant: Grant) -> dict[str, object]:
        """What the token endpoint says of a consent."""
        return {
            "access_token": grant.access,
            "token_type": "bearer",
            "refresh_token": grant.refresh,
            "bot_id": grant.bot_id,
            "workspace_icon": None,
            "workspace_name": self.workspace_name,
            "workspace_id": WORKSPACE_ID,
            "owner": grant.owner,
            "duplicated_template_id": None,
            "request_id": new_id(),
        }


def refused(code: str, message: str, status: int = 400) -> RefusedError:
    """A refusal of the OAuth endpoints."""
    return RefusedError(code, message, status=status)
