"""The doctor of a connection: what it sees, what it may do, and what to click where it cannot.

It asks by calls that change nothing: to add no block, and to change no field. A refusal for lack of
a capability is 403 (https://developers.notion.com/reference/capabilities); whatever else Notion
says of such a call is no word against it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

from core.errors import AssistantError, Misconfigured, NotionFailed
from core.notion.connection import PAGE_SIZE, Connection, Json
from core.notion.refusals import NotionRefused
from core.notion.shapes import destination
from core.ports import Destination

NAMED = 3
"""Shared pages that are named."""

MOST_PEOPLE = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `ok` is None where Notion does not say, or need not be."""

    name: str
    ok: bool | None
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """What was found of a connection.

    `integration` is what people find it by under ••• → Connections. `shared` are some of the pages
    and data sources it sees, `count` how many, `more` whether there are more than that.
    """

    integration: str
    findings: tuple[Finding, ...]
    shared: tuple[Destination, ...] = ()
    count: int = 0
    more: bool = False

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return all(each.ok is not False for each in self.findings)


class Examining:
    """Looks at one connection. It takes up to eight requests."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def report(self) -> Report:
        """Everything but the destination; raises what `Pages` raises where nothing answers."""
        me, found = await asyncio.gather(
            self._connection.get("users/me"),
            self._connection.ask("search", {"page_size": PAGE_SIZE}),
            return_exceptions=True,
        )
        for answer in (me, found):
            # What holds for every call is said once, by whoever asked.
            if isinstance(answer, BaseException) and not isinstance(answer, NotionRefused):
                raise answer
        name = str(me.get("name") or "") if isinstance(me, dict) else ""
        told = [_who(me)]
        places, more = _places(found)
        told.append(_shared(found, places, name, more=more))
        page = next((place.id for place in places if place.kind == "page"), None)
        told += await asyncio.gather(*self._abilities(page))
        return Report(name, tuple(told), tuple(places[:NAMED]), len(places), more)

    def _abilities(self, page: str | None) -> list[Awaitable[Finding]]:
        people = self._may("user information", "users", "Read user information", emails=True)
        if page is None:
            return [people]
        return [
            self._may("read", f"blocks/{page}/children", "Read content"),
            self._may("insert", f"blocks/{page}/children", "Insert content", {"children": []}),
            self._may("update", f"pages/{page}", "Update content", {}),
            self._may("comments", f"comments?block_id={page}", "Read comments"),
            people,
        ]

    async def _may(
        self, name: str, path: str, capability: str, body: Json | None = None, emails: bool = False
    ) -> Finding:
        where, _, block = path.partition("?block_id=")
        query: dict[str, Any] = {"page_size": MOST_PEOPLE if emails else 1}
        query |= {"block_id": block} if block else {}
        try:
            if body is None:
                answer = await self._connection.get(where, query)
            else:
                answer = await self._connection.write("PATCH", where, body)
        except NotionRefused as error:
            if error.status == 403:
                # Some things work without.
                needed = name in ("read", "insert")
                return Finding(name, False if needed else None, _lacks(name, capability))
            return Finding(name, None, f"Notion did not say ({error.status}).")
        except AssistantError as error:
            return Finding(name, None, error.message)
        if emails and not _have_emails(answer):
            return Finding(
                name,
                None,
                "Allowed, without email addresses: people in data sources "
                "are filled in only with “Read user information including email "
                "addresses”.",
            )
        return Finding(name, True, "Allowed.")


def reachable(place: Destination) -> Finding:
    """That pages can go where they are to go. Pure."""
    kind = "page" if place.kind == "page" else "data source"
    return Finding("destination", True, f"Pages go to the {kind} “{place.title or 'Untitled'}”.")


def unreachable(error: AssistantError, wanted: Destination | None, integration: str) -> Finding:
    """That they cannot, and what to click. Pure."""
    if (
        wanted is None
        or isinstance(error, Misconfigured)
        or (isinstance(error, NotionFailed) and error.retryable)
    ):
        return Finding("destination", False, error.message)
    title = wanted.title or "Untitled"
    page = f"[{title}]({wanted.url})" if wanted.url else f"“{title}”"
    return Finding(
        "destination",
        False,
        f"Notion does not find the page {page}. {how_to_share(page, integration)}",
    )


def how_to_share(page: str, integration: str) -> str:
    """What to click so that the integration sees a page. Pure."""
    name = f"“{integration}”" if integration else "the integration"
    return f"Open {page} in Notion, choose ••• (top right) → Connections, and add {name}."


def _who(me: Json | BaseException) -> Finding:
    if isinstance(me, BaseException):
        return Finding("token", None, "Accepted; Notion did not say whose it is.")
    bot = me.get("bot")
    about = bot if isinstance(bot, dict) else {}
    workspace, name = about.get("workspace_name"), me.get("name")
    owner = about.get("owner")
    user = owner.get("user") if isinstance(owner, dict) else None
    by = user.get("name") if isinstance(user, dict) else None
    said = f"Accepted, as “{name or 'an integration'}”"
    said += f" in “{workspace}”" if workspace else ""
    return Finding("token", True, f"{said}, agreed to by {by}." if by else f"{said}.")


def _places(found: Json | BaseException) -> tuple[list[Destination], bool]:
    if isinstance(found, BaseException):
        return [], False
    results = [one for one in found.get("results") or [] if isinstance(one, dict)]
    places = [destination(one) for one in results if one.get("id") and not one.get("in_trash")]
    return places, found.get("has_more") is True


def _shared(
    found: Json | BaseException, places: list[Destination], name: str, *, more: bool
) -> Finding:
    if isinstance(found, BaseException):
        return Finding("shared", None, "Notion did not say what is shared.")
    if not places:
        return Finding("shared", False, f"No page is shared. {how_to_share('a page', name)}")
    named = ", ".join(f"“{place.title or 'Untitled'}”" for place in places[:NAMED])
    count = f"{len(places)}{' or more' if more else ''}"
    rest = ", …" if len(places) > NAMED or more else ""
    things = "page or data source" if len(places) == 1 and not more else "pages and data sources"
    return Finding("shared", True, f"{count} {things}: {named}{rest}")


def _lacks(name: str, capability: str) -> str:
    why = {
        "read": "Without it nothing is found, and no page is looked for before it is made.",
        "insert": "Without it nothing can be saved.",
        "update": "Without it pages do not follow edits, and an undo leaves them there.",
        "comments": "Without it comments are not told in chat.",
        "user information": "Without it authors are not filled in as people.",
    }[name]
    return f"Not allowed. {why} Turn on “{capability}” in the integration's settings in Notion."


def _have_emails(answer: Json) -> bool:
    people = [one.get("person") for one in answer.get("results") or [] if isinstance(one, dict)]
    known = [one for one in people if isinstance(one, dict)]
    return not known or any(one.get("email") for one in known)
