"""The store as the engine sees it: one object, made of its parts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from vindaris_sync.store.answers import Answered
from vindaris_sync.store.apply import Decisions
from vindaris_sync.store.asking import Asking
from vindaris_sync.store.attention import Attentions
from vindaris_sync.store.backup import BackupFacts, Beat, back_up, backups, rotate, stamped
from vindaris_sync.store.called import Called
from vindaris_sync.store.census import Censuses
from vindaris_sync.store.changes import Changes
from vindaris_sync.store.confirmations import Confirmations
from vindaris_sync.store.contests import Contests
from vindaris_sync.store.due import Due
from vindaris_sync.store.engine import Database, Meter
from vindaris_sync.store.errors import StoreError, Trouble, told_as_store_error
from vindaris_sync.store.export import Exports
from vindaris_sync.store.figures import Figures
from vindaris_sync.store.fill import Imports
from vindaris_sync.store.goal_work import GoalWork
from vindaris_sync.store.goals import Goals
from vindaris_sync.store.homes import Homes
from vindaris_sync.store.lists import Lists
from vindaris_sync.store.lookup import Lookups
from vindaris_sync.store.migrations import migrate
from vindaris_sync.store.mutes import Mutes
from vindaris_sync.store.neighbours import Neighbours
from vindaris_sync.store.outbox import Outbox
from vindaris_sync.store.pages import Pages
from vindaris_sync.store.passes import Passes
from vindaris_sync.store.publishing import Publications
from vindaris_sync.store.pulse import Pulses
from vindaris_sync.store.readings import Readings
from vindaris_sync.store.repair import Repairs
from vindaris_sync.store.restored import Restored, generations, go_on
from vindaris_sync.store.rules import Rules
from vindaris_sync.store.showing import Showing
from vindaris_sync.store.tokens import Tokens
from vindaris_sync.store.told import DecisionsTold
from vindaris_sync.store.tracing import Traces
from vindaris_sync.store.trackers import Trackers
from vindaris_sync.store.view import StoreView
from vindaris_sync.store.work import Works
from vindaris_sync.store.work_items import WorkItems
from vindaris_sync.store.writebacks import WriteBacks

log = structlog.get_logger("vindaris_sync.store")


class Store(
    WriteBacks,
    Decisions,
    Answered,
    Asking,
    Goals,
    Readings,
    Rules,
    Contests,
    Trackers,
    Attentions,
    Called,
    Censuses,
    Changes,
    Publications,
    Homes,
    Passes,
    Mutes,
    Outbox,
    Due,
    Lists,
    Confirmations,
    Showing,
    Figures,
    GoalWork,
    Traces,
    Pages,
    Lookups,
    Neighbours,
    DecisionsTold,
    Restored,
    Repairs,
    Works,
    WorkItems,
    Tokens,
    Pulses,
    Exports,
    Imports,
):
    """All that is kept. Safe to use from several threads; every method that writes is one transaction, or part of one.

    Every method may raise ``StoreError``, with nothing of its transaction kept.
    """

    @classmethod
    def open(cls, url: str, *, busy: float = 60.0, now: datetime | None = None) -> Store:
        """Open or make the store at ``sqlite:///PATH`` and bring its schema up to date, after a backup beside it.

        ``busy`` is how many seconds to wait for another program's lock. A database that was restored from a backup is
        noticed before anything else is committed to it; the history says so as of ``now`` (fault 57).
        """
        database = Database(url, busy=busy)
        try:
            reached, own = generations(database)
            migrate(database)
            if own < reached and go_on(database, reached, own, now or datetime.now(UTC)):
                log.warning("restored from a backup", path=str(database.path), generation=own, reached=reached)
        except BaseException:
            database.close()
            raise
        return cls(database)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection and give up the claim; idempotent."""
        self._db.close()

    def claim(self) -> None:
        """Make this process the store's one daemon until it closes the store or ends.

        Raises:
            StoreError: another process is, or the database is damaged: who decides must be able to believe it.

        """
        self._db.claim()
        if damage := self._db.damage():
            raise StoreError(f"the database {self.facts['path']} is damaged: {damage}", Trouble.CORRUPT)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the writer and one transaction: what is called inside is kept wholly at the end, or not at all.

        Never hold it while a request to a tracker is in flight: everybody else waits.
        """
        with self._db.write():
            yield

    def view(self) -> StoreView:
        """Return a view on the state committed now, or, in a transaction, on what it has written. Close it."""
        return StoreView(self._db.snapshot())

    # --- care ----------------------------------------------------------------------------------------------------

    @property
    def generation(self) -> int:
        """How many commits have changed the store."""
        with self._db.read() as sql:
            return int(sql.value("SELECT value FROM counter WHERE name = 'generation'"))

    def backup(self, target: Path, beat: Beat = lambda: None) -> BackupFacts:
        """Copy the store as it is now to ``target`` and verify the copy, while everything goes on.

        ``target`` is replaced whole or left as it was; only its owner may read it. What ``beat`` raises ends the work.
        """
        return back_up(self._db, target, beat)

    def backups(self, folder: Path) -> dict[datetime, Path]:
        """Return the backups in ``folder`` by when they were made, oldest first; each was verified."""
        with told_as_store_error():
            return backups(folder, self._db.path)

    def back_up_into(self, folder: Path, now: datetime, beat: Beat = lambda: None) -> BackupFacts:
        """Make a verified backup named after ``now`` in ``folder``, which is made for its owner alone if need be."""
        with told_as_store_error():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self.backup(stamped(folder, self._db.path, now), beat)

    def rotate(self, folder: Path, keep: int, weeks: int, now: datetime) -> tuple[Path, ...]:
        """Delete all but the ``keep`` newest backups and the newest of each of the last ``weeks``; return them."""
        with told_as_store_error():
            return rotate(folder, self._db.path, keep=keep, weeks=weeks, now=now)

    def copy(self, target: Path) -> None:
        """Copy the store as it is now into the new file ``target``, unverified: for as long as a process needs it."""
        self._db.copy(target)

    @property
    def facts(self) -> dict[str, str]:
        """What ``doctor`` shows: the library's version, the file and its size in bytes."""
        return self._db.facts

    def metered(self) -> AbstractContextManager[Meter]:
        """Count SQLite's VM instructions while the block runs."""
        return self._db.metered()
