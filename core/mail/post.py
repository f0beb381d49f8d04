"""Sending letters behind the back of whoever asked, over SMTP.

Nobody waits for the mail server: an answer that did would tell, by its time, whether there was
somebody to write to. What waits is bounded, in number and in time, and is not kept beyond the
process: whoever got no letter asks for another.
https://aiosmtplib.readthedocs.io/en/stable/usage.html
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextvars import Context
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

import structlog

from core.config import Settings
from core.errors import AssistantError
from core.mail.letters import Letter

log = structlog.get_logger(__name__)

WAITING = 200
"""Letters that wait at most; one more is dropped, and the log says so."""

AT_ONCE = 2
SECONDS = 20.0
"""For one try, from the connection to the server's last word."""

PAUSES = (2.0, 15.0, 60.0)
"""Seconds before each further try."""

LAST_SECONDS = 5.0
"""What a stop gives those that still wait."""

SHOWN = "no mail server is set, so the letter is shown here"

_LINK = re.compile(r"https?://\S+#\S+")

_TOLD = {
    "mail": "A letter is on its way. Look in your mail.",
    "log": "The link is in this server's log, in the terminal where it runs: no mail server is "
    "set.",
    "nobody": "This server sends no mail, so no letter can come. Ask whoever runs it.",
}

Writing = Callable[[], Awaitable[Letter | None]]
"""Writes a letter, or finds that there is none to write."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in. `tls`: from the first byte; `starttls`: None is where offered."""

    host: str
    port: int
    username: str | None
    password: str | None = field(repr=False)
    tls: bool
    starttls: bool | None

    @classmethod
    def of(cls, settings: Settings) -> MailServer | None:
        """As the settings say; None where there is none."""
        if settings.smtp_url is not None:
            return _from_url(settings.smtp_url.get_secret_value())
        if settings.smtp_host is None:
            return None
        password = settings.smtp_password
        return cls(
            settings.smtp_host,
            settings.smtp_port,
            settings.smtp_username,
            password.get_secret_value() if password else None,
            settings.smtp_tls == "tls",
            {"starttls": True, "auto": None}.get(settings.smtp_tls, False),
        )


def _from_url(url: str) -> MailServer:
    parts = urlsplit(url)
    tls = parts.scheme == "smtps"
    return MailServer(
        parts.hostname or "localhost",
        parts.port or (465 if tls else 587),
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
        tls,
        True if parts.scheme == "smtp+starttls" else False if tls else None,
    )


class Post:
    """Letters on their way. It begins with the first one."""

    def __init__(self, settings: Settings, pauses: tuple[float, ...] = PAUSES) -> None:
        self._settings = settings
        self._server = MailServer.of(settings)
        self._pauses = pauses
        self._waiting: asyncio.Queue[Writing] = asyncio.Queue(WAITING)
        self._carriers: list[asyncio.Task[None]] = []

    @property
    def is_open(self) -> bool:
        """Whether letters reach anybody: a mail server is set."""
        return self._server is not None

    @property
    def reaches(self) -> Literal["mail", "log", "nobody"]:
        """Where a letter comes: to its address, into a local run's log, or nowhere."""
        if self.is_open:
            return "mail"
        return "log" if self._settings.local else "nobody"

    def told(self, *, somebody: bool = True) -> str:
        """What to say of a letter: that it comes, where it is instead, or why none comes.

        `somebody` False: whether there is anybody to write to is not to be told.
        """
        said = _TOLD[self.reaches]
        if somebody or self.reaches == "nobody":
            return said
        return f"Where there is an account with this address: {said[0].lower()}{said[1:]}"

    def later(self, write: Writing) -> None:
        """Has a letter written and sent, soon and in the background."""
        try:
            self._waiting.put_nowait(write)
        except asyncio.QueueFull:
            log.error("a letter was dropped: too many wait", waiting=WAITING)
            return
        if not self._carriers:
            # Not in the context of the request that happens to be the first.
            self._carriers = [
                asyncio.create_task(self._carry(), context=Context()) for _ in range(AT_ONCE)
            ]

    async def idle(self) -> None:
        """Waits until nothing waits."""
        await self._waiting.join()

    async def close(self) -> None:
        """Gives those that wait a few seconds, and stops. May be called twice."""
        try:
            async with asyncio.timeout(LAST_SECONDS):
                await self.idle()
        except TimeoutError:
            log.warning("letters were not sent: the server stops", waiting=self._waiting.qsize())
        for carrier in self._carriers:
            carrier.cancel()
        await asyncio.gather(*self._carriers, return_exceptions=True)

    async def _carry(self) -> None:
        while True:
            write = await self._waiting.get()
            try:
                letter = await write()
                if letter is not None:
                    await self._send(letter)
            except AssistantError as error:
                log.error("a letter was not written", reason=error.message)
            except Exception:
                # One letter's trouble is not the next one's.
                log.exception("a letter was not sent")
            finally:
                self._waiting.task_done()

    async def _send(self, letter: Letter) -> None:
        if self._server is None:
            self._show(letter)
            return
        message = self._message(letter)
        for pause in (*self._pauses, None):
            reason = await self._tried(self._server, message)
            if reason is None:
                return
            is_final = reason.startswith("refused")
            log.warning("a letter did not go out", reason=reason, again_in=pause)
            if is_final or pause is None:
                break
            await asyncio.sleep(pause)
        log.error("a letter was given up. Check SMTP_URL or SMTP_HOST", reason=reason)

    def _show(self, letter: Letter) -> None:
        if self._settings.local:
            # Somebody's own machine, and their own log.
            links = _LINK.findall(letter.text)
            log.warning(SHOWN, to=letter.to, subject=letter.subject, link=links[0] if links else "")
        else:
            log.error("a letter was not sent: set SMTP_URL or SMTP_HOST", subject=letter.subject)

    def _message(self, letter: Letter) -> EmailMessage:
        host = urlsplit(self._settings.public_url).hostname or "localhost"
        message = EmailMessage()
        message["From"] = self._settings.mail_from or f"Notion Assistant <no-reply@{host}>"
        message["To"] = letter.to
        message["Subject"] = letter.subject
        message["Date"] = formatdate()
        message["Message-ID"] = make_msgid(domain=host)
        # No answering machine answers this (RFC 3834).
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        return message

    async def _tried(self, server: MailServer, message: EmailMessage) -> str | None:
        """None where the server took it; else why not, which begins with "refused" where final."""
        import aiosmtplib  # at first use, for a quick start

        options: dict[str, Any] = {"use_tls": server.tls, "start_tls": server.starttls}
        try:
            async with asyncio.timeout(SECONDS):
                await aiosmtplib.send(
                    message,
                    hostname=server.host,
                    port=server.port,
                    username=server.username,
                    password=server.password,
                    timeout=SECONDS,
                    **options,
                )
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = [each.code for each in error.recipients]
            return _refused(max(codes, default=0))
        except aiosmtplib.SMTPResponseException as error:
            return _refused(error.code)
        except (aiosmtplib.SMTPException, OSError) as error:
            return f"the mail server cannot be reached: {type(error).__name__}"
        return None


def _refused(code: int) -> str:
    # RFC 5321, 4.2.1: 5yz is for good, 4yz for now. Only the number: the text names the recipient.
    return f"refused with {code}" if code >= 500 else f"put off with {code}"
