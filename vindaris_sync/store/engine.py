"""The database itself: one writer under a lock, snapshot readers, and all that is SQLite's own.

Everything else in this package speaks portable SQL through ``Sql``. WAL lets readers go on while the one writer
commits; one writing connection also keeps clear of SQLite's WAL-reset defect (3.7.0-3.51.2).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import RLock, get_ident
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

from vindaris_sync.store.errors import StoreError, Trouble, store_error
from vindaris_sync.store.generation import generation_file
from vindaris_sync.store.place import claim, made, place
from vindaris_sync.store.sql import Sql

_METER_STEP = 10  # VM instructions between two ticks of the meter
_BUSY_S = 60.0
_COPIED_PAGES = 1_000  # 4 MiB in a step of a copy
_WRITER_CACHE_KIB = 8_192
_READER_CACHE_KIB = 2_048
_READERS = 40  # as many as the web server has threads
_IDLE = 2  # readers kept open


@dataclass
class Meter:
    """Counts SQLite's VM instructions, to within ten per statement; what a pass costs independent of the machine."""

    steps: int = 0

    def tick(self) -> int:
        """Count; SQLite goes on with the statement at 0."""
        self.steps += _METER_STEP
        return 0


class Database:
    """One SQLite file. ``busy`` is how many seconds to wait for another program's lock."""

    def __init__(self, url: str, *, busy: float = _BUSY_S) -> None:
        self.path = made(place(url))
        self._engine = self._create(busy)
        self._busy = busy
        self._readers: list[sqlite3.Connection] = []
        self._permits: SimpleQueue[None] = SimpleQueue()  # one for each reader; a semaphore takes ten times as long
        for _ in range(_READERS):
            self._permits.put(None)
        self._meter: Meter | None = None
        self._lock = RLock()
        self._owner = 0
        self._sql: Sql | None = None
        self._writer: Connection | None = None
        self._file: tuple[int, int] | None = None
        self._claim: int | None = None
        self._drivers: set[sqlite3.Connection] = set()
        self._generation_file = generation_file(self.path)

    def _create(self, busy: float) -> Engine:
        # AUTOCOMMIT: the driver begins nothing by itself, so BEGIN IMMEDIATE and COMMIT are ours alone
        engine = create_engine(
            f"sqlite:///{self.path}",
            isolation_level="AUTOCOMMIT",
            pool_size=1,
            connect_args={"check_same_thread": False, "timeout": busy},
        )
        event.listen(engine, "connect", self._prepare)
        event.listen(engine, "close", lambda driver, _: self._drivers.discard(driver))
        return engine

    def _prepare(self, driver: Any, _: object) -> None:  # noqa: ANN401 - a sqlite3 connection behind SQLAlchemy's type
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            f"cache_size=-{_READER_CACHE_KIB}",
            "temp_store=MEMORY",
        ):
            driver.execute(f"PRAGMA {pragma}").close()
        self._drivers.add(driver)
        if self._meter is not None:
            _meter(driver, self._meter)

    # --- transactions -------------------------------------------------------------------------------------------

    @contextmanager
    def write(self) -> Iterator[Sql]:
        """Hold the writer lock and one transaction; nested calls of the same thread join it.

        All of it is committed at the end of the outermost block, or nothing: after any exception it is rolled back.
        A transaction that wrote something advances the generation.

        Raises:
            StoreError: the database refused; nothing was kept.

        """
        with self._lock:
            if self._sql is not None:
                try:
                    yield self._sql
                except BaseException:
                    self._sql.broken = True  # whoever swallows this outside would commit half of it
                    raise
                return
            try:
                yield from self._transaction(self._writing())
            except (DBAPIError, sqlite3.Error) as error:
                raise store_error(error) from error

    def _transaction(self, connection: Connection) -> Iterator[Sql]:
        driver = _driver(connection)
        self._sql = sql = Sql(driver, connection)
        self._owner = get_ident()
        try:
            driver.execute("BEGIN IMMEDIATE").close()
            yield sql
            generation = self._advance(sql) if sql.wrote else None
            driver.commit()
        except BaseException:
            with suppress(sqlite3.Error):  # the connection may be lost; a full disk has rolled back already
                driver.rollback()
            raise
        finally:
            self._sql, self._owner = None, 0
        if generation is not None:
            with suppress(OSError):  # the commit stands; without the note, only a restored backup may go unnoticed
                self._generation_file.put(generation)

    def _advance(self, sql: Sql) -> int | None:
        if sql.broken:
            raise StoreError("a part of this transaction has failed", Trouble.REFUSED)
        advanced = sql.row("UPDATE counter SET value = value + 1 WHERE name = 'generation' RETURNING value")
        return None if advanced is None else int(advanced[0])

    @contextmanager
    def altering(self) -> Iterator[Sql]:
        """Hold a transaction in which tables may be made anew: references are verified at its end, and not before.

        SQLite enforces foreign keys at once where a table is dropped, also if it comes back under the same name
        (sqlite.org/lang_altertable.html, section 7).

        Raises:
            StoreError: a reference leads nowhere, or the database refused; nothing was kept.

        """
        with self._lock:
            connection = self._writing()
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")  # heeded outside of a transaction only
            try:
                with self.write() as sql:
                    yield sql
                    if astray := _astray(sql):
                        raise StoreError(f"references lead nowhere: {astray[0]}", Trouble.REFUSED)
            finally:
                if not connection.invalidated:
                    connection.exec_driver_sql("PRAGMA foreign_keys=ON")

    def _writing(self) -> Connection:
        if self._writer is None or self._writer.closed or self._writer.invalidated:
            self._writer = self._engine.connect()
            self._writer.exec_driver_sql(f"PRAGMA cache_size=-{_WRITER_CACHE_KIB}")
            self._file = _identity(self.path)
        elif _identity(self.path) != self._file:
            raise StoreError(f"{self.path} was deleted or replaced while it was in use", Trouble.REPLACED)
        return self._writer

    def snapshot(self) -> Snapshot:
        """Return a reader on the state as committed now; inside this thread's transaction, on what it has written."""
        snapshot = self.read()
        try:
            snapshot.sql.row("SELECT 1 FROM sqlite_master")  # the first read takes it, not BEGIN
        except BaseException:
            snapshot.close()
            raise
        return snapshot

    def read(self) -> Snapshot:
        """Return a reader on the state as committed when it is asked first, which must be at once."""
        if self._sql is not None and self._owner == get_ident():
            return Snapshot(self._sql)
        self._permits.get()
        try:
            return Snapshot(self._begun(), self._end)
        except BaseException:
            self._permits.put(None)
            raise

    def _begun(self) -> Sql:
        """Return a transaction that reads. Pooling by SQLAlchemy would take longer than what most of them do."""
        try:
            driver = self._idle()
            driver.execute("BEGIN").close()
        except sqlite3.Error as error:
            raise store_error(error) from error
        return Sql(driver)

    def _idle(self) -> sqlite3.Connection:
        """Return a connection that nobody reads on."""
        with suppress(IndexError):
            return self._readers.pop()
        driver = sqlite3.connect(self.path, self._busy, isolation_level=None, check_same_thread=False)
        self._prepare(driver, None)
        return driver

    def _end(self, driver: sqlite3.Connection) -> None:
        """End a transaction that read, and keep its connection for the next one."""
        sound = True
        try:
            driver.rollback()
        except sqlite3.Error:  # a damaged file refuses even this; the connection is not used again
            sound = False
        if sound and len(self._readers) < _IDLE:
            self._readers.append(driver)
        else:
            self._drivers.discard(driver)
            driver.close()
        self._permits.put(None)

    # --- one daemon, one generation ------------------------------------------------------------------------------

    def claim(self) -> None:
        """Make this process the store's one daemon until ``close``; the kernel gives the claim up if it dies.

        Raises:
            StoreError: another process has it.

        """
        if self._claim is None:
            self._claim = claim(self.path)

    @property
    def kept_generation(self) -> int:
        """The generation as noted beside the database: what its last commit here reached."""
        return self._generation_file.get()

    # --- care ----------------------------------------------------------------------------------------------------

    def copy(self, target: Path, beat: Callable[[], object] = lambda: None) -> None:
        """Copy the database as committed now into the empty file ``target``, in steps, while everything goes on.

        Neither readers nor the writer wait. ``beat`` is called between steps; what it raises ends the copying.
        """
        try:
            with self.snapshot() as sql, closing(sqlite3.connect(target)) as copy:
                copy.execute("PRAGMA synchronous=OFF").close()  # who wants it to last has it synced once, at the end
                copy.execute("PRAGMA journal_mode=OFF").close()
                sql.driver.backup(copy, pages=_COPIED_PAGES, progress=lambda *_: beat())
        except sqlite3.Error as error:
            raise store_error(error) from error

    def damage(self) -> str:
        """Return the first damage found by a quick look at every page, indexes not compared; empty: none.

        Takes as long as reading the file.
        """
        try:
            with self.read() as sql:
                found = str(sql.value("PRAGMA quick_check(1)"))
        except StoreError as error:
            if error.trouble is not Trouble.CORRUPT:
                raise
            return str(error)
        return "" if found == "ok" else " ".join(found.split())

    def integrity(self) -> list[str]:
        """Return what SQLite finds wrong with the file and its foreign keys; nothing: it is sound."""
        try:
            with self.read() as sql:
                found = [row[0] for row in sql.rows("PRAGMA integrity_check") if row[0] != "ok"]
                astray = [] if found else _astray(sql)
        except StoreError as error:
            if error.trouble is not Trouble.CORRUPT:
                raise
            return [str(error)]  # the damage is such that the check itself stops at it
        return found + astray

    @contextmanager
    def metered(self) -> Iterator[Meter]:
        """Count the VM instructions of all connections."""
        meter = Meter()
        self._meter = meter
        for driver in tuple(self._drivers):
            _meter(driver, meter)
        try:
            yield meter
        finally:
            self._meter = None
            for driver in tuple(self._drivers):
                driver.set_progress_handler(None, 0)

    @property
    def facts(self) -> dict[str, str]:
        """What ``doctor`` shows: the library's version and the file's size in bytes."""
        return {"sqlite": sqlite3.sqlite_version, "path": str(self.path), "bytes": str(self.path.stat().st_size)}

    def close(self) -> None:
        """Close every connection and give up the claim; idempotent."""
        with self._lock:
            if self._writer is not None:
                self._writer.close()
                self._writer = None
            self._engine.dispose()
            while self._readers:
                self._readers.pop().close()
            self._generation_file.close()
            if self._claim is not None:
                os.close(self._claim)
                self._claim = None


class Snapshot:
    """One state of the store; a context manager that gives the statements on it."""

    def __init__(self, sql: Sql, end: Callable[[sqlite3.Connection], None] | None = None) -> None:
        self.sql = sql
        self._end = end

    def __enter__(self) -> Sql:
        return self.sql

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the state go; idempotent."""
        end, self._end = self._end, None
        if end is not None:
            end(self.sql.driver)


def _astray(sql: Sql) -> list[str]:
    text = 'SELECT "table", parent, count(*), min(rowid) FROM pragma_foreign_key_check GROUP BY 1, 2 ORDER BY 1, 2'
    return [
        f"{count} rows of {table} refer to a missing {parent}, row {first} for instance"
        for table, parent, count, first in sql.rows(text)
    ]


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what tells the file at ``path`` from every other one; None where there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - asked at every commit, and twice as fast
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _driver(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        raise StoreError("the connection was lost", Trouble.OTHER)
    return driver


def _meter(driver: Any, meter: Meter) -> None:  # noqa: ANN401 - a sqlite3 connection behind SQLAlchemy's type
    driver.set_progress_handler(meter.tick, _METER_STEP)
