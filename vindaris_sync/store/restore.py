"""A backup put in the database's place: verified before, the replaced one kept beside it, noticed at the next start."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from shutil import copyfile
from urllib.parse import quote

from vindaris_sync.store.backup import BackupFacts, Beat, new_beside, settle, sweep, sync_folder, verified
from vindaris_sync.store.errors import StoreError, Trouble, store_error, told_as_store_error
from vindaris_sync.store.generation import generation_file
from vindaris_sync.store.migrations import known
from vindaris_sync.store.place import claim, place

_PATIENCE_S = 5.0
_DAMAGED = (Trouble.CORRUPT, Trouble.FOREIGN)
_LOGS = ("-wal", "-shm", "-journal")
"""What SQLite takes for a part of whatever database lies beside it."""


@dataclass(frozen=True, slots=True)
class RestoreFacts:
    """What was put in place, where the replaced database lies (None: there was none), and how far back it goes.

    Logs of a database that was gone lie where it would: they are of use only to who still has it.
    """

    path: Path
    schema: str
    generation: int
    reached: int
    """The generation that was reached here; above ``generation``, the next start treats the database as restored."""
    replaced: Path | None


def restore(url: str, source: Path, now: datetime, beat: Beat = lambda: None) -> RestoreFacts:
    """Put a copy of the backup ``source`` in the place of the database at ``url``; a kill leaves the old or the new.

    The replaced database stays beside it under a name with ``now``. What trackers were told since the backup is not in
    it: the next start sees so by the generation and takes the trackers' word once (fault 57).

    Raises:
        StoreError: a daemon or another program uses the database, or ``source`` is damaged, foreign or too new.

    """
    path = place(url)
    if not source.is_file():
        raise StoreError(f"{source} is no file", Trouble.FOREIGN)
    with told_as_store_error():
        if path.exists() and path.samefile(source):
            raise StoreError(f"{source} is the database itself", Trouble.FOREIGN)
        handle = claim(path)
        try:
            sweep(path, now)
            with new_beside(path) as partial:
                facts = _copied(source, partial, beat)
                return put_in_place(path, partial, facts, now)
        finally:
            os.close(handle)


def _copied(source: Path, partial: Path, beat: Beat) -> BackupFacts:
    """Copy a backup with what its log still holds, and verify the copy: that is what will be believed."""
    log = source.with_name(source.name + "-wal")
    how = "mode=ro" if log.exists() and log.stat().st_size else "immutable=1"
    try:
        with (
            closing(sqlite3.connect(f"file:{quote(str(source.absolute()))}?{how}", uri=True)) as backup,
            closing(sqlite3.connect(partial)) as copy,
        ):
            backup.backup(copy, pages=1_000, progress=lambda *_: beat())
        facts = verified(partial, beat)
    except sqlite3.Error as error:
        raise StoreError(f"{source} cannot be restored: {error}", Trouble.FOREIGN) from error
    except StoreError as error:
        told = str(error).replace(str(partial), str(source))
        raise StoreError(told, Trouble.FOREIGN if error.trouble in _DAMAGED else error.trouble) from error
    known(facts.schema)
    return facts


def put_in_place(path: Path, partial: Path, facts: BackupFacts, now: datetime, *, whole: bool = True) -> RestoreFacts:
    """Let ``partial`` be the database at ``path``, which only this process may change; keep what was there.

    Not ``whole``: it has less than what its generation stands for, and is treated as older.

    Raises:
        StoreError: another program has the database open.

    """
    owner = (path if path.exists() else path.parent).stat()
    os.chown(partial, owner.st_uid, owner.st_gid)  # root may restore what the daemon's user must write
    replaced = path.with_name(f"{path.name}.replaced-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}")
    if not path.exists():
        reached = _reached(path, facts.generation, None)
        _part_from_logs(path, replaced)
        settle(partial, path)
        return RestoreFacts(path, facts.schema, facts.generation, reached, None)
    with _alone(path, replaced) as own:
        reached = _reached(path, facts.generation, own, whole=whole)
        settle(partial, path)
    return RestoreFacts(path, facts.schema, facts.generation, reached, replaced)


@contextmanager
def _alone(path: Path, replaced: Path) -> Iterator[int | None]:
    """Give the database's generation while nobody else can use it; it is one file now, also under ``replaced``.

    A damaged one has no generation, and is copied together with its log.
    """
    with closing(sqlite3.connect(path, timeout=_PATIENCE_S, isolation_level=None)) as sql:
        try:
            # leaving WAL takes all of its log into the file, and is refused while another program has the file open
            sql.execute("PRAGMA journal_mode=DELETE").fetchall()
            sql.execute("BEGIN EXCLUSIVE")
            own = _generation(sql)
        except sqlite3.Error as error:
            if store_error(error).trouble is not Trouble.CORRUPT:
                raise store_error(error) from error
            own = None
        if own is not None:
            os.link(path, replaced)
            sync_folder(path.parent)
            yield own
            return
    _set_aside(path, replaced)
    yield None


def _generation(sql: sqlite3.Connection) -> int:
    if sql.execute("SELECT 1 FROM sqlite_master WHERE name = 'counter'").fetchone() is None:
        return 0
    found = sql.execute("SELECT value FROM counter WHERE name = 'generation'").fetchone()
    return int(found[0]) if found else 0


def _part_from_logs(path: Path, replaced: Path) -> None:
    """Keep the logs of a database that is gone under another name: they must not be replayed into another one."""
    for suffix in _LOGS:
        if (log := path.with_name(path.name + suffix)).exists():
            log.replace(replaced.with_name(replaced.name + suffix))
    sync_folder(path.parent)


def _set_aside(path: Path, replaced: Path) -> None:
    """Keep a damaged database and its log, and take the log away: it must not be replayed into another database."""
    for suffix in ("-journal", "-wal", ""):
        if (part := path.with_name(path.name + suffix)).exists():
            kept = Path(copyfile(part, replaced.with_name(replaced.name + suffix)))
            kept.chmod(0o600)
            with kept.open("rb") as written:
                os.fsync(written.fileno())
    sync_folder(path.parent)
    for suffix in _LOGS:
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    sync_folder(path.parent)


def _reached(path: Path, generation: int, own: int | None, *, whole: bool = True) -> int:
    """Note and return the generation reached here, above the backup's unless it is what the database is already."""
    noted = generation_file(path)
    try:
        reached = max(noted.get(), own or 0)
        if generation != own or not whole:
            reached = max(reached, generation + 1)
        noted.put(reached)
        return reached
    finally:
        noted.close()
