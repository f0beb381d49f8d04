"""“Append to Notion page” in a message's menu: a form asks which page, and its answer adds to it.

A menu's command has no options, so the page is asked for in a modal, whose id can carry no message.
https://docs.discord.com/developers/interactions/application-commands#message-commands
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from bot.discord.callbacks import FORM, Callbacks
from bot.dispatch import WITHOUT_FORM
from core.messages import Answer, Call

if TYPE_CHECKING:
    import discord

    from bot.discord.client import Client

Json = dict[str, Any]

APPEND = "Append to Notion page"
"""Its name. An application has five commands in the menus of messages at most."""

PREFIX = "append-to:"
"""How the id of its form begins; the message's id follows."""

PAGE = "page"
LONGEST = 500
"""Characters of a page's title or address."""

KEPT, MOST = 30 * 60.0, 500
"""Seconds for which messages are kept while somebody fills the form in, and how many."""

_LABEL, _TEXT_INPUT, _SHORT = 18, 4, 1


class Menus:
    """Opens the form, and takes it filled in."""

    def __init__(self, callbacks: Callbacks) -> None:
        self._callbacks = callbacks
        self._kept: OrderedDict[tuple[str, str], tuple[float, Mapping[str, str]]] = OrderedDict()

    async def ask(self, asked: discord.Interaction[Client], where: Mapping[str, str]) -> None:
        """Asks for the page; `where` is the message, as the request's address is to have it."""
        message = where["message"]
        self._kept[str(asked.user.id), message] = time.monotonic(), where
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)
        if not await self._callbacks.respond(asked, FORM, render_page_form(message)):
            told = Answer(WITHOUT_FORM["save"], ok=False, private=True)
            await self._callbacks.tell(asked, told)

    def filled(self, user: str, data: Mapping[str, Any]) -> tuple[Call, Mapping[str, str]] | None:
        """What a form asks for, and about which message; None where it is another form.

        A message that is kept no longer, or by another process, is read from Discord by its id.
        """
        custom_id = str(data.get("custom_id", ""))
        if not custom_id.startswith(PREFIX):
            return None
        message = custom_id.removeprefix(PREFIX)
        at, where = self._kept.get((user, message), (0.0, {}))
        if not where or time.monotonic() - at > KEPT:
            where = {"message": message}
        page = next((value for key, value in _values(data.get("components")) if key == PAGE), "")
        return Call("save", flags={"append": page.strip()}), where


def render_page_form(message: str) -> Json:
    """The form. Pure."""
    field = {
        "type": _TEXT_INPUT,
        "custom_id": PAGE,
        "style": _SHORT,
        "required": True,
        "max_length": LONGEST,
        "placeholder": "Meeting notes",
    }
    return {
        "custom_id": f"{PREFIX}{message}",
        "title": "Append to a page",
        "components": [
            {
                "type": _LABEL,
                "label": "The page in Notion",
                "description": "Its title, its address or its id",
                "component": field,
            }
        ],
    }


def _values(told: object) -> Iterator[tuple[str, str]]:
    """Fields stand in labels, from older servers in rows."""
    for one in told if isinstance(told, list) else []:
        if not isinstance(one, dict):
            continue
        yield from _values(one.get("components"))
        yield from _values([one.get("component")])
        if isinstance(one.get("custom_id"), str) and isinstance(one.get("value"), str):
            yield one["custom_id"], one["value"]
