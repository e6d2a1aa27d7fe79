"""The schema's steps (Alembic), taken at start: in one transaction, after a backup beside the database."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.exc import DBAPIError

from vindaris_sync.store.engine import Database, Sql
from vindaris_sync.store.errors import StoreError, Trouble, store_error

HEAD = "0001"
"""The newest step. Known without loading Alembic, so that a start that has nothing to do is fast."""


def migrate(database: Database) -> None:
    """Bring the schema up to date. A process killed on the way leaves the old schema (SQLite's DDL is transactional).

    Raises:
        StoreError: the database is newer than this program, or cannot be written.

    """
    with database.read() as sql:
        found = _version(sql)
    if found == HEAD:
        return
    if found is not None:
        database.backup(database.path.with_name(f"{database.path.name}.before-{HEAD}"))
    with database.write() as sql:
        if (found := _version(sql)) != HEAD:  # another program may have been first
            _upgrade(sql, found)


def _version(sql: Sql) -> str | None:
    if sql.row("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'") is None:
        return None
    return str(sql.value("SELECT version_num FROM alembic_version"))


def _upgrade(sql: Sql, found: str | None) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = sql.connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise StoreError(f"the database has schema {found}, this program knows {HEAD}", Trouble.NEWER) from error
    except DBAPIError as error:
        raise store_error(error) from error
    sql.wrote = True
