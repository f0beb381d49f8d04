"""Waiting for an answer that the core is working on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, TypeVar
from uuid import UUID

from aiohttp import web

from api.endpoint import Asked
from api.idempotency import is_passing
from api.keys import CLOSING, CORE
from api.models import Model
from api.pacing import note
from core.errors import AssistantError, NotFound, RateLimited, Unavailable, error_from_json
from core.live import Feed
from core.messages import WEB, Answer, Call, Request, Sender

M = TypeVar("M", bound=Model)

LONGEST_WAIT = 600.0
"""Seconds. The work goes on after that; its answer is in the history."""


async def awaited_answer(
    request: web.Request, request_id: UUID, feed: Feed, others: Iterable[asyncio.Future[Any]] = ()
) -> Answer:
    """The answer, once it is done.

    `others` go on meanwhile; where one of them fails, that is raised. Raises Unavailable after ten
    minutes, and when the server stops.
    """
    core, closing = request.app[CORE], request.app[CLOSING]
    answer = asyncio.ensure_future(core.result(request_id, feed, LONGEST_WAIT))
    stopping = asyncio.ensure_future(closing.wait())
    running: set[asyncio.Future[Any]] = {answer, stopping, *others}
    try:
        while True:
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            if answer in done:
                return answer.result()
            if stopping in done:
                # It may have come in this very moment.
                if feed.answer is not None:
                    return feed.answer
                raise Unavailable(
                    f"The server is restarting. The answer will be in your history: {request_id}.",
                    retry_after=10,
                )
            for other in done:
                other.result()
    finally:
        await cancelled(answer, stopping)


async def cancelled(*tasks: asyncio.Future[Any]) -> None:
    """Ends tasks, and waits until they have ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def accepted(asked: Asked[M], call: Call, rule: str | None = None) -> Feed:
    """Hands what is asked for to the core, and returns the answer while it grows.

    With `rule`, what is new counts against that limit. Raises RateLimited where it is one too many,
    and what `core.ports.Intake.accept` raises.
    """
    core, user = asked.core, asked.person
    feed = core.feed(asked.request_id)
    sender = Sender(WEB, str(user.id), user.username or "")
    request = Request(asked.request_id, sender, call, {"from": asked.address})
    if rule is None or not asked.is_first:
        await core.accept(request)
        return feed
    try:
        async with core.limits.turn(rule, str(user.id)):
            if await core.accept(request):
                with suppress(RateLimited):  # another process was quicker; it is accepted now
                    await core.limits.hit(rule, str(user.id))
    except RateLimited:
        await asked.begin_anew()
        raise
    finally:
        await note(asked.request, rule, str(user.id))
    return feed


async def failure(asked: Asked[M], content_id: UUID, answer: Answer) -> AssistantError:
    """Why it failed. Where a text was written all the same, it says under which id it is kept.

    After a failure that may pass, a repeat with the same Idempotency-Key is tried anew; not where
    that would write, and pay for, the same text again.
    """
    error = error_from_json(answer.error) if answer.error else AssistantError(answer.text)
    is_kept = is_beginning = False
    with suppress(NotFound):
        item = await asked.core.history.get(asked.person.id, content_id)
        is_kept, is_beginning = item.text is not None, item.error is not None
    is_whole = is_kept and not is_beginning
    if is_passing(error) and not (is_whole and content_id == asked.request_id):
        await asked.begin_anew()
    if not is_kept:
        return error
    what = "What came of it" if is_beginning else "The text"
    return type(error)(
        f"{error.message} {what} is kept: GET /content/{content_id}. "
        f"POST /content/{content_id}/notion saves it.",
        retryable=error.retryable,
        retry_after=error.retry_after,
    )
