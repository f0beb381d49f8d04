"""What the pages have the core do: the same commands as chat and the JSON API, by the same door."""

from __future__ import annotations

from uuid import UUID, uuid4

from aiohttp import web

from api.endpoint import Asked
from api.keys import CORE
from api.models import Nothing
from api.pages.forms import form
from api.pages.visitor import member
from api.waiting import accepted, awaited_answer
from core.errors import AssistantError, NotFound, error_from_json
from core.messages import Answer, Call, stable_id


async def sent(request: web.Request) -> dict[str, str]:
    """The fields of a form that somebody logged in sends.

    Raises Forbidden, Unauthorized, RateLimited and InvalidInput.
    """
    given = await form(request)
    user = await member(request)
    await request.app[CORE].limits.hit("person", str(user.id))
    return given


async def asked_by(request: web.Request, key: str = "") -> Asked[Nothing]:
    """One request of whoever is logged in; with `key`, the same one each time it is sent."""
    user = await member(request)
    request_id = stable_id("page", str(user.id), key) if key else uuid4()
    return Asked(request, request.app[CORE], Nothing(), user, known_id=request_id)


async def begin(asked: Asked[Nothing], call: Call, rule: str | None = None) -> UUID:
    """Has the core begin, and returns the request's id. Raises what `api.waiting.accepted` does."""
    await accepted(asked, call, rule)
    return asked.request_id


async def answer_to(asked: Asked[Nothing], call: Call, rule: str | None = None) -> Answer:
    """The answer, once it is there. Raises the reason where it failed."""
    feed = await accepted(asked, call, rule)
    answer = await awaited_answer(asked.request, asked.request_id, feed)
    if not answer.ok:
        raise reason(answer)
    return answer


def reason(answer: Answer) -> AssistantError:
    """Why it failed."""
    return error_from_json(answer.error) if answer.error else AssistantError(answer.text)


def named(request: web.Request) -> UUID:
    """The id in the path. Raises NotFound where it is none."""
    try:
        return UUID(request.match_info["id"])
    except ValueError:
        raise NotFound("There is no such item in your history.") from None
