"""Waiting for an answer that the core is working on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Any
from uuid import UUID

from aiohttp import web

from api.keys import CLOSING, CORE, Core
from core.errors import AssistantError, NotFound, Unavailable, error_from_json
from core.live import Feed
from core.messages import Answer

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


async def failure(core: Core, user_id: UUID, content_id: UUID, answer: Answer) -> AssistantError:
    """Why it failed. Where a text was written all the same, it says under which id it is kept."""
    error = error_from_json(answer.error) if answer.error else AssistantError(answer.text)
    with suppress(NotFound):
        item = await core.history.get(user_id, content_id)
        if item.text is not None:
            return type(error)(
                f"{error.message} The text is kept: GET /content/{content_id}. "
                f"POST /content/{content_id}/notion saves it.",
                retryable=error.retryable,
                retry_after=error.retry_after,
            )
    return error
