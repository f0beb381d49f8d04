"""A public integration's side of OAuth: codes, tokens, and the end of them.

https://developers.notion.com/guides/get-started/authorization
https://developers.notion.com/reference/create-a-token
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.config import Settings
from core.errors import Misconfigured, NotionFailed
from core.notion.connection import VERSION
from core.notion.refusals import Refusal

Json = dict[str, Any]

CALLBACK = "/auth/notion/callback"
"""Where Notion sends people back; the integration's redirect URI is PUBLIC_URL and this."""

PATIENCE = 20.0
"""Seconds Notion has to answer."""

_NO_CLIENT = (
    "Notion does not know this server's integration. The admin checks NOTION_CLIENT_ID and "
    "NOTION_CLIENT_SECRET."
)


class GrantEnded(NotionFailed):
    """Notion does not take this code or refresh token any more: `invalid_grant`."""


@dataclass(frozen=True, slots=True)
class Granted:
    """What Notion gave for a code or a refresh token.

    `bot_id` is the connection's own id, `workspace_name` what people call the Notion workspace,
    `owner` the name or address of who agreed and `owner_id` their id at Notion; each empty where
    Notion does not say.
    `refresh_token` is None where there is none: then the access token does not end by itself.
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False, default=None)
    bot_id: str = ""
    workspace_id: str = ""
    workspace_name: str = ""
    owner: str = ""
    owner_id: str = ""


class Grants:
    """Asks Notion for tokens, and takes them back."""

    def __init__(self, settings: Settings, patience: float = PATIENCE) -> None:
        self._base_url = settings.notion_base_url.rstrip("/")
        self._redirect_uri = settings.public_url + CALLBACK
        self._id = settings.notion_client_id or ""
        secret = settings.notion_client_secret
        self._secret = secret.get_secret_value() if secret else ""
        self._patience = patience

    @property
    def on(self) -> bool:
        """Whether people can connect a Notion of their own here."""
        return bool(self._id and self._secret)

    def authorize_url(self, state: str) -> str:
        """Notion's page where somebody agrees and picks pages.

        https://developers.notion.com/guides/get-started/authorization#public-connection-auth-flow-set-up
        """
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # at first use

        uri: str = prepare_grant_uri(
            f"{self._base_url}/v1/oauth/authorize",
            self._id,
            "code",
            redirect_uri=self._redirect_uri,
            state=state,
            owner="user",
        )
        return uri

    async def exchange(self, code: str) -> Granted:
        """Tokens for the code that Notion sent along.

        Raises GrantEnded for one that was used or is too old, Misconfigured where Notion does not
        know this integration, NotionFailed otherwise.
        """
        return await self._granted(
            {"grant_type": "authorization_code", "code": code, "redirect_uri": self._redirect_uri}
        )

    async def refresh(self, refresh_token: str) -> Granted:
        """The next tokens. Those before are of no use afterwards.

        Raises GrantEnded where the token was taken back or traded before; Misconfigured;
        NotionFailed, `unsure` where it may have been traded and the answer was lost.
        https://developers.notion.com/reference/refresh-a-token
        """
        body = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return await self._granted(body)

    async def active(self, token: str) -> bool | None:
        """Whether Notion still takes a token; None where it does not say.

        https://developers.notion.com/reference/introspect-token
        """
        try:
            told = await self._ask("oauth/introspect", {"token": token})
        except NotionFailed:
            return None
        active = told.get("active")
        return active if isinstance(active, bool) else None

    async def known(self) -> None:
        """Raises Misconfigured where Notion does not know this integration, NotionFailed where it
        does not answer. By a call that changes nothing.
        """
        try:
            await self._ask("oauth/introspect", {"token": "none"})
        except NotionFailed as error:
            # That there is no such token is an answer too.
            if error.retryable:
                raise

    async def revoke(self, token: str) -> bool:
        """Takes a token back; False where Notion did not answer.

        One that is not valid any more counts as taken back.
        https://developers.notion.com/reference/revoke-token
        """
        try:
            await self._ask("oauth/revoke", {"token": token})
        except GrantEnded:
            return True
        except (NotionFailed, Misconfigured):
            return False
        return True

    async def _granted(self, body: Json) -> Granted:
        told = await self._ask("oauth/token", body)
        token = told.get("access_token")
        if not isinstance(token, str) or not token:
            raise NotionFailed("Notion gave no token. Try again in a moment.", unsure=True)
        refresh = told.get("refresh_token")
        return Granted(
            access_token=token,
            refresh_token=refresh if isinstance(refresh, str) and refresh else None,
            bot_id=_word(told, "bot_id"),
            workspace_id=_word(told, "workspace_id"),
            workspace_name=_word(told, "workspace_name"),
            owner=_owner(told.get("owner")),
            owner_id=_owner_id(told.get("owner")),
        )

    async def _ask(self, path: str, body: Json) -> Json:
        import httpx
        from notion_client import AsyncClient
        from notion_client.errors import HTTPResponseError, RequestTimeoutError

        # Seldom, so each has a connection of its own. A token is no request of any connection, so
        # it is in no budget of requests either.
        sdk = AsyncClient(
            base_url=self._base_url,
            notion_version=VERSION,
            timeout_ms=int(self._patience * 1000),
            retry=False,
            logger=logging.getLogger("core.notion.sdk"),
            log_level=logging.ERROR,
        )
        client = {"client_id": self._id, "client_secret": self._secret}
        try:
            async with asyncio.timeout(self._patience):
                answer = await sdk.request(path=path, method="POST", body=body, auth=client)
        except HTTPResponseError as error:
            raise _refused(error.status, error.headers, error.body) from error
        except httpx.ConnectError as error:
            raise NotionFailed(
                "Notion cannot be reached. Try again in a moment.", retryable=True
            ) from error
        except (httpx.HTTPError, RequestTimeoutError, TimeoutError, json.JSONDecodeError) as error:
            raise NotionFailed(
                "Notion did not answer. Try again in a moment.", retryable=True, unsure=True
            ) from error
        finally:
            await sdk.aclose()
        if not isinstance(answer, dict):
            raise NotionFailed("Notion's answer makes no sense.", retryable=True, unsure=True)
        return answer


def _refused(status: int, headers: Mapping[str, str], body: str) -> NotionFailed | Misconfigured:
    code = Refusal.read(status, headers, body).code or _standard(body)
    if code == "invalid_grant":
        return GrantEnded("Notion does not take this any more. Connect Notion again.")
    if code in ("invalid_client", "unauthorized_client") or status == 401:
        return Misconfigured(_NO_CLIENT)
    if status >= 500 or status == 429:
        # The answer of a proxy says nothing about what was done behind it.
        unsure = status not in (429, 529, 501)
        message = f"Notion has a problem of its own ({status}). Try again in a moment."
        return NotionFailed(message, retryable=True, unsure=unsure)
    return NotionFailed(f"Notion refused: {code or status}. Connect Notion again.")


def _standard(body: str) -> str:
    """The code where RFC 6749, 5.2 has it."""
    try:
        told = json.loads(body)
    except ValueError:
        return ""
    return _word(told, "error") if isinstance(told, dict) else ""


def _owner(owner: object) -> str:
    """The name of who agreed, else their address; a whole workspace has none."""
    user = owner.get("user") if isinstance(owner, dict) else None
    if not isinstance(user, dict):
        return ""
    person = user.get("person")
    email = _word(person, "email") if isinstance(person, dict) else ""
    return _word(user, "name") or email


def _owner_id(owner: object) -> str:
    user = owner.get("user") if isinstance(owner, dict) else None
    return _word(user, "id") if isinstance(user, dict) else ""


def _word(fields: Json, name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""
