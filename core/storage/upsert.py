"""INSERT … ON CONFLICT, which SQLAlchemy has for each database apart."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, cast

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

if TYPE_CHECKING:
    from sqlalchemy.dialects.postgresql import Insert


def upsert(connection: AsyncConnection) -> Callable[[Table], Insert]:
    """This database's `insert`. Only its own dialect is loaded; PostgreSQL's takes 25 ms."""
    dialect = import_module(f"sqlalchemy.dialects.{connection.dialect.name}")
    return cast("Callable[[Table], Insert]", dialect.insert)
