"""Everything that is kept of a person, piece by piece, for them to take along.

What is left out: hashes of passwords and tokens, which are of no use to anybody else and would be
to a thief; encrypted tokens of Notion; and requests under way, which are gone within days.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from core.errors import Unauthorized
from core.storage.connections import Holder
from core.storage.content import Content
from core.storage.database import Database

AT_ONCE = 100
"""Rows of one query: no transaction is open while they are sent."""

Piece = dict[str, Any]


async def everything(database: Database, user_id: UUID) -> AsyncIterator[Piece]:
    """Each piece says its `kind`. Raises Unauthorized where the person is gone."""
    for piece in await _person(database, user_id):
        yield piece
    async for piece in _items(database, user_id):
        yield piece
    async for piece in _ratings(database, user_id):
        yield piece
    async for piece in _acts(database, user_id):
        yield piece


async def _person(database: Database, user_id: UUID) -> list[Piece]:
    async with database.read() as uow:
        user = await uow.users.get(user_id)
        if user is None:
            raise Unauthorized("This account does not exist any more.")
        pieces: list[Piece] = [
            {
                "kind": "person",
                "id": user.id,
                "email": user.email,
                "email_verified_at": user.email_verified_at,
                "username": user.username,
                "role": user.role,
                "allowance": user.allowance,
                "allowance_dollars": user.allowance_dollars,
                "preferences": user.preferences,
                "created_at": user.created_at,
            }
        ]
        known: list[tuple[str, Sequence[Any]]] = [
            ("identity", await uow.users.identities(user_id)),
            ("session", await uow.sessions.of(user_id)),
            ("token", await uow.personal.of(user_id)),
            ("spending", await uow.spending.days("", "9", user_id)),
        ]
        pieces += [{"kind": kind, **asdict(row)} for kind, rows in known for row in rows]
        place = (await uow.destinations.of(user_id, None)).person
        if place is not None:
            what = {"id": place.id, "type": place.kind, "title": place.title, "url": place.url}
            pieces.append({"kind": "destination", **what})
        notion = await uow.connections.of(Holder(user_id))
        if notion is not None:
            connected = {"name": notion.name, "owner": notion.owner}
            pieces.append({"kind": "connection", **connected, "created_at": notion.created_at})
    return pieces


async def _items(database: Database, user_id: UUID) -> AsyncIterator[Piece]:
    before = None
    while True:
        async with database.read() as uow:
            items = await uow.content.page(user_id, before=before, limit=AT_ONCE, finished=False)
        for item in items:
            yield _item(item)
        if len(items) < AT_ONCE:
            return
        before = (items[-1].created_at, items[-1].id)


async def _ratings(database: Database, user_id: UUID) -> AsyncIterator[Piece]:
    after = None
    while True:
        async with database.read() as uow:
            rated = await uow.ratings.by(user_id, after, AT_ONCE)
        for content_id, good, when in rated:
            yield {"kind": "rating", "content_id": content_id, "good": good, "created_at": when}
        if len(rated) < AT_ONCE:
            return
        after = rated[-1][0]


def _item(item: Content) -> Piece:
    return {
        "kind": "item",
        "id": item.id,
        "prompt": item.prompt,
        "content": item.text,
        "provider": item.provider,
        "model": item.model,
        "template": item.template,
        "note": item.note,
        "input_tokens": item.input_tokens,
        "output_tokens": item.output_tokens,
        "estimated": item.estimated,
        "notion_url": item.notion_url,
        "facts": item.facts,
        "stopped": item.stopped,
        "error": item.error,
        "created_at": item.created_at,
    }


async def _acts(database: Database, user_id: UUID) -> AsyncIterator[Piece]:
    before = None
    while True:
        async with database.read() as uow:
            entries = await uow.audit.page(before=before, limit=AT_ONCE, about=user_id)
        for entry in entries:
            # What others are called, and where from they act, is theirs.
            mine = entry.actor_id == user_id
            yield {
                "kind": "act",
                "action": entry.action,
                "by_me": mine,
                "target": entry.target if entry.subject_id == user_id or mine else "",
                "address": entry.address if mine else "",
                "created_at": entry.created_at,
            }
        if len(entries) < AT_ONCE:
            return
        before = (entries[-1].created_at, entries[-1].id)
