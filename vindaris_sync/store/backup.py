"""Backups: copies of the database made while it is in use, each whole, verified and for its owner alone, or absent."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from glob import escape
from pathlib import Path
from tempfile import mkstemp
from urllib.parse import quote

from vindaris_sync.store.engine import Database
from vindaris_sync.store.errors import StoreError, Trouble, store_error, told_as_store_error

Beat = Callable[[], object]
"""Called between two steps of long work; what it raises ends the work."""

PARTIAL = ".partial"
_STAMP = "%Y%m%dT%H%M%SZ"
_STAMPED = r"-(\d{8}T\d{6}Z)\.db"
_LEFT_BEHIND = timedelta(hours=6)  # no copy takes as long; a process that was killed has left it
_STEPS_BETWEEN_BEATS = 1_000_000


@dataclass(frozen=True, slots=True)
class BackupFacts:
    """A verified copy: where, how large, of which schema and of which generation."""

    path: Path
    bytes: int
    schema: str
    generation: int


def back_up(database: Database, target: Path, beat: Beat = lambda: None) -> BackupFacts:
    """Copy the database as committed now to ``target`` and verify the copy, while everything goes on.

    ``target`` is replaced by a whole, sound copy that is on the disk, or left as it was.

    Raises:
        StoreError: it cannot be written, or what was copied is damaged.

    """
    with told_as_store_error(), new_beside(target) as partial:
        database.copy(partial, beat)
        facts = verified(partial, beat)
        settle(partial, target)
    return BackupFacts(target, facts.bytes, facts.schema, facts.generation)


@contextmanager
def new_beside(target: Path) -> Iterator[Path]:
    """Give an empty file beside ``target`` that only its owner may read; it is gone afterwards."""
    handle, name = mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=PARTIAL)  # made with mode 0600
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def left_behind(folder: Path, names: str, now: datetime) -> Iterator[Path]:
    """Yield the files in ``folder`` that killed processes have left when they made what ``names`` matches."""
    for path in folder.glob(f".{names}*{PARTIAL}*"):
        with suppress(FileNotFoundError):
            if now - datetime.fromtimestamp(path.stat().st_mtime, UTC) > _LEFT_BEHIND:
                yield path


def sweep(database: Path, now: datetime) -> None:
    """Delete what killed processes have left beside ``database``: copies of it, as large as it is."""
    for path in left_behind(database.parent, f"{escape(database.name)}.", now):
        path.unlink(missing_ok=True)


def settle(partial: Path, target: Path) -> None:
    """Put a written file in the place of ``target``, so that a power cut leaves the one or the other."""
    with partial.open("rb") as written:
        os.fsync(written.fileno())
    partial.replace(target)
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Let the names in ``folder`` be on the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def verified(path: Path, beat: Beat = lambda: None) -> BackupFacts:
    """Read every page, index and constraint of a file that nobody writes, and return what it is.

    Raises:
        StoreError: it is no database of ours, or is damaged.

    """
    ended: list[BaseException] = []

    def tick() -> int:
        try:
            beat()
        except BaseException as error:  # noqa: BLE001 - SQLite swallows what is raised here; raised again below
            ended.append(error)
        return len(ended)

    try:
        # immutable: nothing is made beside the file
        with closing(sqlite3.connect(f"file:{quote(str(path.absolute()))}?immutable=1", uri=True)) as copy:
            copy.set_progress_handler(tick, _STEPS_BETWEEN_BEATS)
            return _verified(copy, path)
    except sqlite3.Error as error:
        if ended:
            raise ended[0] from None
        raise store_error(error) from error


def _verified(copy: sqlite3.Connection, path: Path) -> BackupFacts:
    names = {row[0] for row in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not {"alembic_version", "counter"} <= names:
        raise StoreError(f"{path} is no database of this program", Trouble.FOREIGN)
    found = [row[0] for row in copy.execute("PRAGMA integrity_check(1)")]
    if found != ["ok"]:
        raise StoreError(f"{path} is damaged: {' '.join(str(found[0]).split())}", Trouble.CORRUPT)
    schema = copy.execute("SELECT version_num FROM alembic_version").fetchone()
    generation = copy.execute("SELECT value FROM counter WHERE name = 'generation'").fetchone()
    if schema is None or generation is None:
        raise StoreError(f"{path} is no database of this program", Trouble.FOREIGN)
    return BackupFacts(path, path.stat().st_size, str(schema[0]), int(generation[0]))


# --- a folder of backups ----------------------------------------------------------------------------------------------


def stamped(folder: Path, database: Path, now: datetime) -> Path:
    """Return the name of the backup of ``database`` that is made at ``now``."""
    return folder / f"{database.stem}-{now.astimezone(UTC):{_STAMP}}.db"


def backups(folder: Path, database: Path) -> dict[datetime, Path]:
    """Return the backups of ``database`` in ``folder`` by when they were made, oldest first; each was verified."""
    pattern = re.compile(re.escape(database.stem) + _STAMPED)
    found = {}
    with suppress(FileNotFoundError):
        for path in folder.iterdir():
            if match := pattern.fullmatch(path.name):
                with suppress(ValueError):
                    found[datetime.strptime(match[1], _STAMP).replace(tzinfo=UTC)] = path
    return dict(sorted(found.items()))


def rotate(folder: Path, database: Path, *, keep: int, weeks: int, now: datetime) -> tuple[Path, ...]:
    """Delete the backups that ``kept`` does not name, and what killed processes have left; return what was deleted.

    The one that was made at ``now`` stays, however many a wrong clock has stamped with later times.
    """
    found = backups(folder, database)
    stay = kept(found, keep, weeks) | {now.replace(microsecond=0)}
    old = [path for at, path in found.items() if at not in stay]
    old += left_behind(folder, f"{escape(database.stem)}-", now)
    for path in old:
        path.unlink(missing_ok=True)
    return tuple(old)


def kept(made: Collection[datetime], keep: int, weeks: int) -> frozenset[datetime]:
    """Return which backups stay: the ``keep`` newest, and the newest of each of the ``weeks`` latest calendar weeks."""
    newest = sorted(made, reverse=True)
    by_week: dict[tuple[int, int], datetime] = {}
    for at in newest:
        by_week.setdefault(at.isocalendar()[:2], at)
    return frozenset([*newest[:keep], *list(by_week.values())[:weeks]])
