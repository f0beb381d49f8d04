"""A mail server on loopback that keeps what it gets, and refuses what it is told to.

https://aiosmtpd.aio-libs.org
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Self

from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SMTPSession


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter that arrived."""

    to: str
    sender: str
    subject: str
    text: str
    headers: dict[str, str]


class MailServer:
    """Runs until the block ends. `replies` are given before it takes one."""

    def __init__(self, *replies: str) -> None:
        self.letters: list[Letter] = []
        self.tries = 0
        self._replies = list(replies)
        self._server: asyncio.Server | None = None

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: SMTPSession, envelope: Envelope
    ) -> str:
        self.tries += 1
        if self._replies:
            return self._replies.pop(0)
        content: Any = envelope.content
        message = message_from_bytes(content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        body = message.get_body()
        assert body is not None
        self.letters.append(
            Letter(
                to=envelope.rcpt_tos[0],
                sender=str(envelope.mail_from),
                subject=str(message["Subject"]),
                text=body.get_content().replace("\r\n", "\n"),
                headers={name: str(value) for name, value in message.items()},
            )
        )
        return "250 OK"

    @property
    def url(self) -> str:
        """What SMTP_URL is to be."""
        assert self._server is not None
        return f"smtp://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: SMTP(self, loop=loop), "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()
