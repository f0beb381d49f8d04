"""Statements that are built once: that takes longer than SQLite takes to carry one out.

https://docs.sqlalchemy.org/en/21/core/connections.html#sql-compilation-caching
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Column, Select, Update, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection


@cache
def found(key: Column[Any], *columns: Column[Any]) -> Select[Any]:
    """The row that `key` finds, or these columns of it; to be asked with `key`."""
    return select(*(columns or key.table.c)).where(key == bindparam("key"))


@cache
def _change(key: Column[Any], names: tuple[str, ...]) -> Update:
    table = key.table
    new = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in names}
    return update(table).where(key == bindparam("key")).values(new)


async def change(
    connection: AsyncConnection, key: Column[Any], value: Any, /, **values: Any
) -> None:
    """Gives these columns of the row that `key` finds these values, which are no expressions."""
    new = {f"new_{name}": each for name, each in values.items()}
    await connection.execute(_change(key, tuple(values)), {"key": value, **new})
