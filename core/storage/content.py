"""What was asked for and what came of it: `content_history`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    delete,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from core.storage.kept import change, found
from core.storage.sought import words_of
from core.storage.spending import Day, SpendingTable, day_of
from core.storage.tables import content_history as table
from core.storage.tables import ratings, requests, users
from core.storage.upsert import upsert
from core.storage.users import UserTable


@dataclass(frozen=True, slots=True)
class Content:
    """One prompt and its answer.

    `text` is None until the answer has ended. `stopped`: its owner ended it before its end; `text`
    is then what had come, None where that was nothing. `facts` is the JSON of `core.facts.Facts`,
    None where nothing was kept of it. `error` is what `AssistantError.to_json` says of why a
    provider broke off; `text` is then what had come. `estimated`: its tokens are an estimate.
    """

    id: UUID
    user_id: UUID
    prompt: str
    text: str | None
    provider: str | None
    notion_url: str | None
    model: str | None
    template: str | None
    note: str | None
    input_tokens: int
    output_tokens: int
    page_id: str | None
    parent: dict[str, str] | None
    saving_since: datetime | None
    saving_by: UUID | None
    stopped: bool
    created_at: datetime
    facts: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """An answer that has ended, as it is kept. `model` is None where people wrote it.

    `error` is why its provider broke off, and `estimated` says of its tokens, as `Content` has it.
    """

    text: str
    provider: str
    model: str | None
    note: str | None
    input_tokens: int
    output_tokens: int
    stopped: bool = False
    error: dict[str, Any] | None = None
    estimated: bool = False


class ContentTable:
    """`content_history`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def begin(
        self, content_id: UUID, user_id: UUID, prompt: str, template: str | None
    ) -> None:
        """Keeps a prompt. A second time changes nothing.

        What was deleted stays deleted, and of somebody who was erased nothing is kept. Where the
        person has become part of an account since their request was looked at, it is the account's.
        """
        asked = (await self._connection.execute(_ASKED, {"key": content_id})).one_or_none()
        if asked is not None and asked.answered:
            return
        people = UserTable(self._connection)
        if not await people.hold(user_id):
            user_id = (asked and asked.user_id) or user_id
            if not await people.hold(user_id):
                return
        row = {
            "id": content_id,
            "user_id": user_id,
            "prompt": prompt,
            "template": template,
            "created_at": datetime.now(UTC),
        }
        await self._connection.execute(_begun(upsert(self._connection)), row)

    async def _exists(self, *conditions: ColumnElement[bool]) -> bool:
        return (
            await self._connection.execute(select(literal(1)).where(*conditions))
        ).first() is not None

    async def finish(self, content_id: UUID, written: Written, user_id: UUID | None = None) -> None:
        """Keeps the whole answer, and counts what it took; a second time nothing is counted.

        What was broken off is counted by `charge`. `user_id` is who asked for it, for an item that
        was deleted while it was written: what that took is counted all the same.
        """
        query = found(table.c.id, table.c.generated_content)
        before = (await self._connection.execute(query, {"key": content_id})).one_or_none()
        is_new = user_id is not None if before is None else before.generated_content is None
        if is_new and written.error is None:
            await self.charge(content_id, written, user_id)
        await self._set(
            content_id,
            generated_content=written.text,
            provider=written.provider,
            model=written.model,
            note=written.note,
            input_tokens=written.input_tokens,
            output_tokens=written.output_tokens,
            stopped=written.stopped,
            error=written.error,
            estimated=written.estimated,
        )

    async def charge(self, content_id: UUID, written: Written, user_id: UUID | None = None) -> None:
        """Counts what an answer took, or one that was broken off, for whoever's it is by now.

        `user_id` is who asked for it; of somebody who was erased it is counted without a name.
        """
        if written.model is None:
            return
        whose = await self._owner(content_id, user_id)
        spent = Day(
            day_of(datetime.now(UTC)),
            written.provider,
            written.model,
            1,
            written.input_tokens,
            written.output_tokens,
            int(written.estimated),
        )
        await SpendingTable(self._connection).add(whose, spent)

    async def _owner(self, content_id: UUID, asked_by: UUID | None) -> UUID | None:
        for query, key in (
            (found(table.c.id, table.c.user_id), content_id),
            (found(requests.c.id, requests.c.user_id), content_id),
            (found(users.c.id, users.c.id), asked_by),
        ):
            done = await self._connection.execute(query, {"key": key})
            owner: UUID | None = done.scalar_one_or_none()
            if owner is not None:
                return owner
        return None

    async def stopped_empty(self, content_id: UUID) -> None:
        """Notes that the writing was ended before anything came."""
        await self._set(content_id, stopped=True)

    async def begin_saving(
        self, content_id: UUID, request_id: UUID, parent: dict[str, str], before: UUID | None
    ) -> bool:
        """Notes who makes the page, where and since when, before it is asked for.

        `before` is who was known to be making it. False where somebody else was quicker.
        """
        since = datetime.now(UTC)
        done = await self._connection.execute(
            update(table)
            .where(table.c.id == content_id, table.c.saving_by.is_not_distinct_from(before))
            .values(
                notion_parent=parent,
                saving_by=request_id,
                saving_since=func.coalesce(table.c.saving_since, since),
            )
        )
        return done.rowcount == 1

    async def hold(self, content_id: UUID, page_id: str) -> bool:
        """Notes the page before it holds anything. False where it is another item's."""
        if await self._exists(table.c.notion_page_id == page_id, table.c.id != content_id):
            return False
        await self._set(content_id, notion_page_id=page_id)
        return True

    async def saved(self, content_id: UUID, page_id: str, url: str) -> None:
        """Keeps the page's address, once it holds the whole answer."""
        await self._set(content_id, notion_page_id=page_id, notion_url=url)

    async def unsaved(self, content_id: UUID, page_id: str) -> None:
        """Forgets an item's page, where it is this one: the item may be saved anew."""
        await self._connection.execute(
            update(table)
            .where(table.c.id == content_id, table.c.notion_page_id == page_id)
            .values(
                notion_url=None,
                notion_page_id=None,
                notion_parent=None,
                saving_by=None,
                saving_since=None,
            )
        )

    async def describe(self, content_id: UUID, facts: dict[str, Any]) -> None:
        """Keeps what is known of an item, as JSON."""
        await self._set(content_id, facts=facts)

    async def name(self, content_id: UUID, people: Mapping[str, str]) -> None:
        """Keeps whom an item's page mentions, beside what else is known of it.

        Ids in Notion, by the names its text has for them.
        """
        query = select(table.c.facts).where(table.c.id == content_id)
        facts = (await self._connection.execute(query)).scalar_one_or_none()
        if facts is not None and (people or facts.get("people")):
            await self._set(content_id, facts=facts | {"people": dict(people)})

    async def retell(self, content_id: UUID, prompt: str, text: str) -> None:
        """Keeps what an item says by now, once its page says it."""
        await self._set(content_id, prompt=prompt, generated_content=text)

    async def _set(self, content_id: UUID, **values: Any) -> None:
        await change(self._connection, table.c.id, content_id, **values)

    async def of_page(self, user_id: UUID, url: str) -> Content | None:
        """A person's item that has the page at this address."""
        query = select(table).where(table.c.user_id == user_id, table.c.notion_url == url)
        found = await self._connection.execute(query.order_by(table.c.created_at).limit(1))
        return _content(found.one_or_none())

    async def get(self, content_id: UUID, user_id: UUID | None = None) -> Content | None:
        """One item; with `user_id`, only where it is theirs."""
        done = await self._connection.execute(found(table.c.id), {"key": content_id})
        content = _content(done.one_or_none())
        return content if content and user_id in (None, content.user_id) else None

    async def page(
        self,
        user_id: UUID,
        *,
        words: str = "",
        provider: str | None = None,
        before: tuple[datetime, UUID] | None = None,
        limit: int = 20,
        finished: bool = True,
    ) -> list[Content]:
        """Items, newest first, by default finished ones; `before` is where the last page ended."""
        asked = _asked(user_id, words, provider, before, limit)
        query = _page(len(words_of(words)), provider is not None, before is not None, finished)
        return [Content(*row) for row in await self._connection.execute(query, asked)]

    async def rated(
        self,
        user_id: UUID,
        *,
        words: str = "",
        provider: str | None = None,
        before: tuple[datetime, UUID] | None = None,
        limit: int = 20,
    ) -> list[tuple[Content, tuple[int, int]]]:
        """Finished items as in `page`, and how many thought well and badly of each; one query."""
        asked = _asked(user_id, words, provider, before, limit)
        query = _rated(len(words_of(words)), provider is not None, before is not None)
        rows = await self._connection.execute(query, asked)
        return [(Content(*row[:-2]), (row[-2], row[-1])) for row in rows]

    async def answers(self, user_id: UUID, prompt: str, limit: int) -> list[Content]:
        """This person's finished items of one prompt, newest first."""
        query = (
            select(table)
            .where(
                table.c.user_id == user_id,
                table.c.prompt == prompt,
                table.c.generated_content.is_not(None),
            )
            .order_by(table.c.created_at.desc(), table.c.id.desc())
            .limit(limit)
        )
        return [Content(*row) for row in await self._connection.execute(query)]

    async def delete(self, content_id: UUID, user_id: UUID) -> Content | None:
        """Forgets one item of this person, and says what it was. None where there is none."""
        done = await self._connection.execute(
            delete(table)
            .where(table.c.id == content_id, table.c.user_id == user_id)
            .returning(*table.c)
        )
        return _content(done.one_or_none())


_ASKED = found(requests.c.id, requests.c.user_id).add_columns(
    requests.c.answer.is_not(None).label("answered")
)


@cache
def _begun(insert: Callable[[Table], Any]) -> Any:
    return insert(table).on_conflict_do_nothing()


# Building a statement takes longer than asking SQLite, so it is kept by its shape.
@lru_cache(maxsize=64)
def _page(words: int, provider: bool, before: bool, finished: bool) -> Select[Any]:
    """A page of a person's items, newest first, to be asked with `_asked`."""
    query = select(table).where(table.c.user_id == bindparam("user"))
    if finished:
        query = query.where(table.c.generated_content.is_not(None))
    for number in range(words):
        pattern = bindparam(f"word_{number}", type_=Text)
        query = query.where(
            or_(
                func.lower(table.c.prompt).like(pattern, escape="\\"),
                func.lower(table.c.generated_content).like(pattern, escape="\\"),
            )
        )
    if provider:
        query = query.where(table.c.provider == bindparam("provider"))
    if before:
        created = bindparam("created", type_=table.c.created_at.type)
        query = query.where(
            or_(
                table.c.created_at < created,
                and_(table.c.created_at == created, table.c.id < bindparam("last")),
            )
        )
    newest = query.order_by(table.c.created_at.desc(), table.c.id.desc())
    return newest.limit(bindparam("most", type_=Integer))


@lru_cache(maxsize=64)
def _rated(words: int, provider: bool, before: bool) -> Select[Any]:
    """The same with how many thought well and badly of each."""
    votes = (
        select(func.count())
        .where(ratings.c.content_id == table.c.id, opinion)
        .correlate(table)
        .scalar_subquery()
        for opinion in (ratings.c.good, ~ratings.c.good)
    )
    return _page(words, provider, before, finished=True).add_columns(*votes)


def _asked(
    user_id: UUID,
    words: str,
    provider: str | None,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> dict[str, Any]:
    """What such a statement is asked with."""
    asked = {f"word_{number}": f"%{_escaped(word)}%" for number, word in enumerate(words_of(words))}
    named = {"user": user_id, "most": limit, "provider": provider}
    return asked | named | (dict(zip(("created", "last"), before, strict=True)) if before else {})


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _content(row: Row[Any] | None) -> Content | None:
    return None if row is None else Content(*tuple(row))
