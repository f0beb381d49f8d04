"""Signing in with Discord: OAuth2, and who the token belongs to.

https://docs.discord.com/developers/topics/oauth2#authorization-code-grant
https://docs.discord.com/developers/resources/user#get-current-user
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from api.oauth_state import Flow
from api.sign_in.provider import Answer, Provider, asked, client_of, site
from core.accounts.proven import Proven
from core.config import Settings
from core.errors import Forbidden
from core.messages import Sender

if TYPE_CHECKING:
    from authlib.integrations.httpx_client import AsyncOAuth2Client

NAME, LABEL = "discord", "Discord"
SCOPE = "identify email"
ISSUER = "https://discord.com"
"""As https://discord.com/.well-known/oauth-authorization-server has it."""


def provider(settings: Settings) -> Provider:
    """Discord, or the stand-in that DISCORD_API_URL names: its pages are beside its API."""
    api = settings.discord_api_url.rstrip("/")
    return Provider(
        name=NAME,
        label=LABEL,
        client=client_of(settings, NAME),
        authorize_url=f"{site(api)}/oauth2/authorize",
        token_url=f"{api}/oauth2/token",
        scope=SCOPE,
        issuer=ISSUER,
        prove=partial(_prove, f"{api}/users/@me"),
    )


async def _prove(url: str, client: AsyncOAuth2Client, _token: Answer, _flow: Flow) -> Proven:
    """Whose token this is. A user's id is the same in every server, so there is no workspace."""
    me = await asked(client, url)
    user, email = me.get("id"), me.get("email")
    if not isinstance(user, str) or not user or me.get("bot"):
        raise Forbidden("Discord did not say who signed in.")
    shown = me.get("global_name") or me.get("username") or user
    is_theirs = me.get("verified") is True and isinstance(email, str)
    return Proven(Sender(NAME, user, str(shown)[:128]), LABEL, email if is_theirs else None)
