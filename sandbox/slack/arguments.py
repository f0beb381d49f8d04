"""The arguments of a Web API call, whichever way they were sent."""

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from sandbox.slack.errors import SlackRefusal, missing

# Sent as JSON text inside a form, and as themselves inside a JSON body.
NESTED = ("blocks", "attachments", "metadata", "view", "chunks", "prompts", "loading_messages")


async def read_arguments(request: web.Request) -> dict[str, Any]:
    """Query, form and JSON body as one dict. Raises SlackRefusal `invalid_json`."""
    found: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            raise SlackRefusal("invalid_json") from None
        if not isinstance(body, dict):
            raise SlackRefusal("json_not_object")
        found |= {name: value for name, value in body.items() if value is not None}
    else:
        found |= dict(await request.post())
    for name in NESTED:
        if isinstance(found.get(name), str):
            found[name] = _decoded(name, found[name])
    return found


def _decoded(name: str, text: str) -> Any:
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        if name in ("blocks", "metadata"):
            raise SlackRefusal(f"invalid_{name}_format") from None
        raise SlackRefusal("invalid_arguments", f"{name} is not JSON") from None


class Arguments:
    """One call's arguments, read with the conversions Slack makes."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values

    def get(self, name: str) -> Any:
        """The value as sent, or None."""
        return self.values.get(name)

    def text(self, name: str) -> str:
        """A string, empty when it is not there."""
        return str(self.values.get(name) or "")

    def need(self, name: str) -> str:
        """A string that must be there. Raises SlackRefusal `invalid_arguments`."""
        value = self.text(name)
        if not value:
            raise missing(name)
        return value

    def flag(self, name: str) -> bool:
        """A truth value; Slack takes `1`, `true` and JSON's own."""
        return self.values.get(name) in (True, 1, "1", "true", "True")

    def number(self, name: str, default: int) -> int:
        """A whole number. Raises SlackRefusal `invalid_arguments`."""
        value = self.values.get(name)
        if value in (None, ""):
            return default
        try:
            return int(str(value))
        except ValueError:
            raise SlackRefusal("invalid_arguments", f"{name} must be an integer") from None
