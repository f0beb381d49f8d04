"""Bringing a database to the newest schema. https://alembic.sqlalchemy.org"""

from __future__ import annotations

import asyncio
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from core.errors import Unavailable
from core.storage.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

log = structlog.get_logger(__name__)

NEWEST = "0017"
"""The newest revision under `migrations/versions`; a test holds the two together. Known here so
that a database that is up to date starts without loading Alembic."""


async def current(database: Database) -> str | None:
    """The database's revision; None where it is empty. Raises Unavailable."""
    await database.ping()
    try:
        async with database.engine.connect() as connection:
            found = await connection.execute(text("SELECT version_num FROM alembic_version"))
            revision: str | None = found.scalar()
            return revision
    except DBAPIError:
        return None


async def migrate(database: Database) -> bool:
    """Brings the database to the newest schema; True where there was something to do.

    Processes that start together take turns. Raises Unavailable where the database cannot be
    reached, or was made by a newer version of the program.
    """
    revision = await current(database)
    if revision == NEWEST:
        return False
    if revision is not None and revision > NEWEST:
        raise Unavailable(
            f"The database has schema {revision}, this program knows {NEWEST}. "
            "Run the newer version of the program, or restore a backup from before it."
        )
    from alembic import command

    try:
        await asyncio.to_thread(command.upgrade, alembic_config(database.url), "head")
    except OperationalError as error:
        raise Unavailable(
            f"The database cannot be brought to the newest schema: {error.orig}. Check that it may "
            "be written, and is a database of this program."
        ) from None
    log.info("database migrated", before=revision or "empty", now=NEWEST)
    return True


def alembic_config(url: str) -> Config:
    """Alembic, told where the migrations and the database are."""
    from alembic.config import Config

    spec = find_spec("migrations")
    assert spec is not None  # noqa: S101 - the package is part of this program
    assert spec.origin is not None  # noqa: S101
    config = Config()
    config.set_main_option("script_location", str(Path(spec.origin).parent))
    config.attributes["url"] = url
    return config
