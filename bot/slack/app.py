"""Bolt's application, as the way in needs it. Imports Bolt: import this when Slack is used."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.form import DESTINATION, FORM
from bot.slack.home import TO
from bot.slack.manifest import APPEND, NEW_PAGE
from bot.slack.words import WORDS
from core.actions import PATTERN
from core.config import Settings

Listener = Callable[..., Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Listeners:
    """Who takes what: `/notion`, our buttons, ours in a message's menu, and events.

    `changed`: buttons and lists of the home tab. `choices`: the choices of lists that ask for them.
    `submitted`: a form. `opened`: “New Notion page” among the shortcuts.
    """

    command: Listener
    pressed: Listener
    shortcut: Listener
    event: Listener
    changed: Listener
    choices: Listener
    submitted: Listener
    opened: Listener


def build_app(settings: Settings, command: str, shortcut: str, listeners: Listeners) -> AsyncApp:
    """The application that hands over what it is sent: one command, one shortcut, every event.

    Signatures are checked before Bolt sees a request, and the listener is waited for, so what it
    acknowledges with is the response.
    """
    token = settings.slack_bot_token

    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        # One team, one token: asking Slack whose it is would cost a call before the
        # acknowledgement. Given explicitly, this also wins over the OAuth mode that Bolt turns on
        # by itself where it finds SLACK_CLIENT_ID in the environment.
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_token=token.get_secret_value() if token else None,
        )

    # Below this level Bolt logs whole deliveries, response URLs included.
    logger = logging.getLogger("slack_bolt")
    logger.setLevel(logging.ERROR)
    app = AsyncApp(
        name="notion-assistant",
        logger=logger,
        client=_client(settings),
        authorize=authorize,
        signing_secret="",
        request_verification_enabled=False,
        ssl_check_enabled=False,
        # It would refuse events of a pane that say less than Slack does.
        attaching_conversation_kwargs_enabled=False,
        process_before_response=True,
    )
    app.command(command)(listeners.command)
    app.action(re.compile(f"^{PATTERN}$"))(listeners.pressed)
    app.message_shortcut(re.compile(f"^({shortcut}|{APPEND})$"))(listeners.shortcut)
    app.action(re.compile("^home_"))(listeners.changed)
    app.options(re.compile(f"^({TO}|{DESTINATION})$"))(listeners.choices)
    app.view(re.compile(f"^({FORM}|{WORDS})$"))(listeners.submitted)
    app.global_shortcut(NEW_PAGE)(listeners.opened)
    # Those nobody wants are acknowledged too, or Slack would send them again.
    app.event(re.compile(""))(listeners.event)
    return app


def _client(settings: Settings) -> AsyncWebClient:
    """For calls that may be made twice; `SlackPlatform` has a client of its own."""
    # Below this level the SDK logs answers whole, Socket Mode's one-time addresses included.
    logger = logging.getLogger("slack_sdk")
    logger.setLevel(logging.INFO)
    return AsyncWebClient(
        base_url=settings.slack_api_url,
        logger=logger,
        retry_handlers=[
            AsyncConnectionErrorRetryHandler(max_retry_count=2),
            AsyncRateLimitErrorRetryHandler(max_retry_count=2),
            AsyncServerErrorRetryHandler(max_retry_count=2),
        ],
    )
