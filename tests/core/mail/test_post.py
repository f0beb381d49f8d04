"""Letters on their way to a real mail server: taken, put off, refused, or with none there."""

from __future__ import annotations

import asyncio

import pytest
import structlog

from core.config import Settings
from core.mail.letters import Letter
from core.mail.post import WAITING, MailServer, Post
from tests.mail_server import MailServer as Server

LETTER = Letter("ada@example.com", "Grüße", "Ein Link: https://notes.example/reset#token=secret\n")


def settings(**changes: object) -> Settings:
    return Settings(_env_file=None, **({"database_url": "postgresql://x/y"} | changes))  # type: ignore[arg-type]


async def write() -> Letter:
    return LETTER


async def sent(post: Post, letters: int = 1) -> None:
    for _ in range(letters):
        post.later(write)
    await post.idle()
    await post.close()


async def test_a_letter_arrives_as_it_was_written() -> None:
    async with Server() as server:
        await sent(Post(settings(smtp_url=server.url, mail_from="Notes <notes@example.com>")))
        [letter] = server.letters
    assert (letter.to, letter.sender) == ("ada@example.com", "notes@example.com")
    assert (letter.subject, letter.text) == (LETTER.subject, LETTER.text)
    assert letter.headers["Auto-Submitted"] == "auto-generated"
    assert letter.headers["Message-ID"]


async def test_what_is_put_off_is_tried_again_and_what_is_refused_is_not() -> None:
    async with Server("451 later", "451 later") as server:
        await sent(Post(settings(smtp_url=server.url), pauses=(0, 0, 0)))
        assert (server.tries, len(server.letters)) == (3, 1)
    async with Server("550 no such mailbox") as server:
        await sent(Post(settings(smtp_url=server.url), pauses=(0, 0, 0)))
        assert (server.tries, len(server.letters)) == (1, 0)


async def test_a_server_that_is_not_there_is_given_up_and_the_log_tells_no_secret() -> None:
    async with Server() as server:
        url = server.url
    with structlog.testing.capture_logs() as logs:
        await sent(Post(settings(smtp_url=url), pauses=(0, 0)))
    assert [each["log_level"] for each in logs] == ["warning"] * 3 + ["error"]
    assert "token" not in str(logs)
    assert "ada@" not in str(logs)


async def test_a_local_run_shows_the_letter_and_a_server_only_that_there_was_one() -> None:
    with structlog.testing.capture_logs() as logs:
        await sent(Post(settings(database_url="sqlite:///x.db")))
        await sent(Post(settings(public_url="https://notes.example")))
    assert logs[0]["link"] == "https://notes.example/reset#token=secret"
    assert "token" not in str(logs[1])
    assert "SMTP_URL" in logs[1]["event"]


async def test_more_than_may_wait_is_dropped_and_nobody_waits() -> None:
    post = Post(settings())
    gate = asyncio.Event()
    begun = 0

    async def slow() -> None:
        nonlocal begun
        begun += 1
        await gate.wait()

    with structlog.testing.capture_logs() as logs:
        for _ in range(WAITING + 10):
            post.later(slow)
    assert len([each for each in logs if "dropped" in each["event"]]) == 10
    gate.set()
    await post.idle()
    assert begun == WAITING
    await post.close()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"smtp_url": "smtp://mail.example"}, ("mail.example", 587, None, None, False, None)),
        ({"smtp_url": "smtps://a%40b:p%3Aw@m"}, ("m", 465, "a@b", "p:w", True, False)),
        ({"smtp_url": "smtp+starttls://m:25"}, ("m", 25, None, None, False, True)),
        ({"smtp_host": "m"}, ("m", 587, None, None, False, None)),
        ({"smtp_host": "m", "smtp_tls": "tls"}, ("m", 587, None, None, True, False)),
        ({"smtp_host": "m", "smtp_tls": "starttls"}, ("m", 587, None, None, False, True)),
        ({"smtp_host": "m", "smtp_tls": "none"}, ("m", 587, None, None, False, False)),
    ],
)
def test_the_settings_say_where_mail_is_handed_in(
    given: dict[str, str], told: tuple[object, ...]
) -> None:
    assert MailServer.of(settings(**given)) == MailServer(*told)  # type: ignore[arg-type]
    assert "p:w" not in repr(MailServer.of(settings(**given)))


@pytest.mark.parametrize("url", ["http://m", "smtp://", "smtp://m:port", "m"])
def test_what_is_no_mail_server_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ValueError, match="must be like smtp") as failed:
        settings(smtp_url=url)
    assert f"{url}'" not in str(failed.value.errors(include_input=False))  # type: ignore[attr-defined]
