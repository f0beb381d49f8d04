"""Whether mail can be handed in: the line of `notion-assistant check`."""

from __future__ import annotations

import aiohttp

from core.config import Settings
from core.errors import Misconfigured, Unavailable
from core.mail.post import MailServer

PATIENCE_SECONDS = 4.0


async def mail(settings: Settings, _http: aiohttp.ClientSession) -> str | None:
    """Connects and logs in, and sends nothing."""
    server = MailServer.of(settings)
    if server is None:
        if settings.smtp_username or settings.smtp_password:
            raise Misconfigured(
                "SMTP_USERNAME or SMTP_PASSWORD is set, but no mail server, so no mail is sent. "
                "Set SMTP_HOST, or SMTP_URL for all in one."
            )
        return None
    if bool(server.username) != bool(server.password):
        raise Misconfigured(
            "The mail server has a user name or a password, but not both, so it may take no mail. "
            "Check SMTP_URL, or SMTP_USERNAME and SMTP_PASSWORD."
        )
    import aiosmtplib

    client = aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        username=server.username,
        password=server.password,
        use_tls=server.tls,
        start_tls=server.starttls,
        timeout=PATIENCE_SECONDS,
    )
    try:
        async with client:
            await client.noop()
    except aiosmtplib.SMTPAuthenticationError:
        raise Misconfigured(
            "The mail server does not accept the user name or the password. Check SMTP_URL, or "
            "SMTP_USERNAME and SMTP_PASSWORD."
        ) from None
    except (aiosmtplib.SMTPException, OSError):
        raise Unavailable(
            "The mail server cannot be reached, or not the way SMTP_TLS says. Check SMTP_URL, or "
            "SMTP_HOST, SMTP_PORT and SMTP_TLS."
        ) from None
    return "The mail server is there."
