"""What a form of one of our pages sends."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from aiohttp import web
from pydantic import BaseModel, ValidationError

from api.problems import problems
from api.session import check_origin
from core.errors import AssistantError, InvalidInput

LARGEST_FORM = 256 * 1024
"""Bytes: 20,000 characters of prompt, each percent-encoded, and the rest."""

_MOST_FIELDS = 50

M = TypeVar("M", bound=BaseModel)


async def form(request: web.Request) -> dict[str, str]:
    """The fields, with line breaks as everywhere else. An empty one is left out.

    Raises Forbidden where it comes from no page of ours, InvalidInput where it cannot be read.
    """
    check_origin(request)
    too_large = web.HTTPRequestEntityTooLarge(LARGEST_FORM, request.content_length or 0)
    if (request.content_length or 0) > LARGEST_FORM:
        raise too_large
    body = await request.read()
    if len(body) > LARGEST_FORM:
        raise too_large
    if body and request.content_type != "application/x-www-form-urlencoded":
        raise web.HTTPUnsupportedMediaType
    try:
        pairs = parse_qsl(body.decode("ascii"), errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:  # of decoding too
        raise InvalidInput("This form could not be read. Load the page again.") from None
    return {name: value.replace("\r\n", "\n") for name, value in pairs}


def sentence(error: AssistantError) -> str:
    """What is wrong with one field of a form, without a name of it that nobody sees."""
    said = re.sub(r"^[a-z_]+: ", "", error.message)
    return said[:1].upper() + said[1:]


def checked(takes: type[M], given: Mapping[str, Any]) -> M:
    """The fields as a model. Raises InvalidInput, naming each field and its problem."""
    try:
        return takes.model_validate(given)
    except ValidationError as error:
        raise InvalidInput(problems(error)) from None
