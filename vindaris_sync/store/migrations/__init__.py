"""The schema's steps (Alembic), taken at start: forward only, one transaction each, after a verified backup."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from vindaris_sync.store.backup import back_up, sweep
from vindaris_sync.store.engine import Database
from vindaris_sync.store.errors import StoreError, Trouble, store_error
from vindaris_sync.store.sql import Sql

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0001"
"""The newest step. Known without loading Alembic, so that a start that has nothing to do is fast."""

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Steps:
    """A line of steps: the newest one, and the folders in which they lie."""

    head: str
    folders: tuple[Path, ...]


OURS = Steps(HEAD, (_HERE / "versions",))


def migrate(database: Database, steps: Steps = OURS) -> None:
    """Bring the schema up to date, after a verified backup where there is something to lose.

    Each step and its number are one transaction. A process that is killed leaves what the last whole step made, and the
    next start goes on from there. A backup has the name of the first step that was still to be taken, so that going on
    keeps the one from before.

    Raises:
        StoreError: the database is newer than this program, the backup cannot be made, or a step failed.

    """
    with database.read() as sql:
        found = _version(sql)
    if found == steps.head:
        return
    line = _line(steps, found)
    if found is not None:
        sweep(database.path, datetime.now(UTC))
        back_up(database, database.path.with_name(f"{database.path.name}.before-{line[0]}"))
    for number, step in enumerate(line):
        with database.altering() as sql:
            if _version(sql) not in line[number:]:  # else another program was first
                _upgrade(sql, steps, step)


def known(schema: str, steps: Steps = OURS) -> None:
    """Return if this program knows ``schema``.

    Raises:
        StoreError: it does not: a newer program made it.

    """
    _line(steps, schema)


def _version(sql: Sql) -> str | None:
    if sql.row("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'") is None:
        return None
    return str(sql.value("SELECT version_num FROM alembic_version"))


def _config(steps: Steps) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.set_main_option("path_separator", "os")
    config.set_main_option("version_locations", os.pathsep.join(str(folder) for folder in steps.folders))
    return config


def _line(steps: Steps, found: str | None) -> list[str]:
    """Return the steps from ``found`` to the newest, in order."""
    from alembic.script import ScriptDirectory
    from alembic.script.revision import RevisionError
    from alembic.util import CommandError

    try:
        scripts = ScriptDirectory.from_config(_config(steps)).iterate_revisions(steps.head, found or "base")
        return [each.revision for each in scripts][::-1]
    except (CommandError, RevisionError) as error:
        raise StoreError(f"the database has schema {found}, this program knows {steps.head}", Trouble.NEWER) from error


def _upgrade(sql: Sql, steps: Steps, step: str) -> None:
    from alembic import command

    config = _config(steps)
    config.attributes["connection"] = sql.connection
    try:
        command.upgrade(config, step)
    except DBAPIError as error:
        raise store_error(error) from error
    sql.wrote = True
