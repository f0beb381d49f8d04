"""What a platform that people sign in with is, and talking to it through Authlib.

https://docs.authlib.org/en/stable/client/httpx.html
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from json import JSONDecodeError
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import structlog

from api.oauth_state import Flow
from core.accounts.proven import Proven
from core.config import Settings
from core.errors import AssistantError, Forbidden, InvalidInput, Misconfigured, Unavailable

if TYPE_CHECKING:
    from authlib.integrations.httpx_client import AsyncOAuth2Client

log = structlog.get_logger(__name__)

PATIENCE = 10.0
"""Seconds a platform has for each of its answers; somebody sits and waits."""

COME_BACK_SECONDS = 30

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Client:
    """This app, as the platform knows it."""

    id: str
    secret: str


@dataclass(frozen=True, slots=True)
class Provider:
    """A platform to sign in with.

    `client` is None where the settings name none. `prove` says who somebody is, given what the code
    was traded for: it raises Forbidden where that proves nothing.
    """

    name: str
    label: str
    client: Client | None
    authorize_url: str
    token_url: str
    scope: str
    issuer: str
    prove: Callable[[AsyncOAuth2Client, Answer, Flow], Awaitable[Proven]]


def client_of(settings: Settings, name: str) -> Client | None:
    """The app's id and secret, where both are set."""
    id_, secret = getattr(settings, f"{name}_client_id"), getattr(settings, f"{name}_client_secret")
    plain = secret.get_secret_value() if secret is not None else ""
    return Client(id_, plain) if id_ and plain else None


def site(api_url: str) -> str:
    """Where a platform's own pages are, beside its API: `https://slack.com`."""
    parts = urlsplit(api_url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def redirect_uri(settings: Settings, provider: Provider) -> str:
    """Where the platform sends people back to; it has to know this address."""
    return f"{settings.public_url}/auth/{provider.name}/callback"


async def consent_url(settings: Settings, provider: Provider, flow: Flow) -> str:
    """The platform's page where somebody agrees."""
    async with _client(settings, provider) as client:
        url, _ = client.create_authorization_url(
            provider.authorize_url,
            state=flow.state,
            code_verifier=flow.verifier,
            nonce=flow.nonce,
        )
    return str(url)


async def who(settings: Settings, provider: Provider, flow: Flow, code: str) -> Proven:
    """Who came back with this code.

    Raises InvalidInput where the platform does not know the code (any more), Unavailable where it
    does not answer, Misconfigured where it does not know this app, Forbidden for all else.
    """
    async with _client(settings, provider) as client, _translated(provider):
        token = await client.fetch_token(
            provider.token_url,
            grant_type="authorization_code",
            code=code,
            code_verifier=flow.verifier,
            redirect_uri=redirect_uri(settings, provider),
        )
        if not isinstance(token.get("access_token"), str):
            raise _unproven(provider, "no token")
        return await provider.prove(client, token, flow)


async def asked(client: AsyncOAuth2Client, url: str, *, public: bool = False) -> Answer:
    """What a GET answers, which has to be a JSON object; with the token unless it is `public`."""
    response = await client.request("GET", url, withhold_token=public)
    response.raise_for_status()
    answer = response.json()
    if not isinstance(answer, dict):
        raise Forbidden("The answer is no JSON object.")
    return answer


@asynccontextmanager
async def _client(settings: Settings, provider: Provider) -> AsyncIterator[AsyncOAuth2Client]:
    from authlib.integrations.httpx_client import AsyncOAuth2Client  # 0.2 s; few runs need it

    if provider.client is None:
        raise Misconfigured(f"Signing in with {provider.label} is not set up.")
    async with AsyncOAuth2Client(
        client_id=provider.client.id,
        client_secret=provider.client.secret,
        # Both know it, and a secret in a form needs no escaping, which few servers undo.
        token_endpoint_auth_method="client_secret_post",  # noqa: S106 - no password
        scope=provider.scope,
        redirect_uri=redirect_uri(settings, provider),
        code_challenge_method="S256",
        timeout=PATIENCE,
    ) as client:
        yield client


@asynccontextmanager
async def _translated(provider: Provider) -> AsyncIterator[None]:
    """Authlib's, joserfc's and the HTTP client's errors as ours."""
    from authlib.common.errors import AuthlibBaseError
    from httpx2 import HTTPError, HTTPStatusError
    from joserfc.errors import JoseError

    try:
        yield
    except AssistantError:
        raise
    except AuthlibBaseError as error:
        raise refused(provider, str(error.error)) from error
    except JoseError as error:
        raise _unproven(provider, str(error.error)) from error
    except HTTPStatusError as error:
        status = error.response.status_code
        if status == 429 or status >= 500:
            raise _silent(provider, f"HTTP {status}") from error
        raise _unproven(provider, f"HTTP {status}") from error
    except HTTPError as error:
        raise _silent(provider, type(error).__name__) from error
    except (JSONDecodeError, ValueError, KeyError, TypeError) as error:
        raise _unproven(provider, type(error).__name__) from error


# https://docs.slack.dev/reference/methods/openid.connect.token#errors, RFC 6749 5.2
_USED = ("invalid_code", "code_already_used", "code_expired", "invalid_grant")
_PASSING = (
    *("ratelimited", "internal_error", "fatal_error", "service_unavailable"),
    *("server_error", "temporarily_unavailable"),
)
_OURS = (
    *("invalid_client", "invalid_client_id", "bad_client_secret", "unauthorized_client"),
    *("bad_redirect_uri", "invalid_scope"),
)


def refused(provider: Provider, reason: str) -> AssistantError:
    """A platform's own word for what is wrong, as an error that says what to do."""
    if reason in _USED:
        return InvalidInput("This was used before, or took too long. Start again.")
    if reason in _PASSING:
        return _silent(provider, reason)
    log.warning("sign-in refused", provider=provider.name, reason=reason[:64])
    if reason in _OURS:
        name = provider.name.upper()
        return Misconfigured(
            f"{provider.label} does not take this server for the app it is set up as. Its admin "
            f"checks {name}_CLIENT_ID, {name}_CLIENT_SECRET and that "
            f"PUBLIC_URL/auth/{provider.name}/callback is among the app's redirect URLs."
        )
    return Forbidden(
        f"{provider.label} did not sign you in. Start again; if it stays so, ask the admin."
    )


def _silent(provider: Provider, reason: str) -> Unavailable:
    log.warning("sign-in unanswered", provider=provider.name, reason=reason[:64])
    return Unavailable(
        f"{provider.label} did not answer. Nothing was changed. Start again in a moment.",
        retry_after=COME_BACK_SECONDS,
    )


def _unproven(provider: Provider, reason: str) -> Forbidden:
    """What came proves nobody; it may be an attack, so nobody is let in."""
    log.warning("sign-in unproven", provider=provider.name, reason=reason[:64])
    return Forbidden(
        f"What {provider.label} answered does not prove who you are, so you were not logged in. "
        "Start again; if it stays so, ask the admin."
    )
