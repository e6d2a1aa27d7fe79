"""``db repair``: what can be computed again or read again is; what people decided is never taken away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from vindaris_sync.store.check import Checks
from vindaris_sync.store.codec import to_micros
from vindaris_sync.store.laws import LAWS, breaking
from vindaris_sync.store.sql import Sql
from vindaris_sync.store.tables import APPEND_ONLY, schema

_ROUNDS = 3  # what one repair makes due or visible, the next one mends


@dataclass(frozen=True, slots=True)
class Repaired:
    """What was mended of which law, and how many rows."""

    law: str
    message: str
    count: int


class Repairs(Checks):
    """Repair of a store whose file is sound."""

    def repair(self, now: datetime, *, dry_run: bool = False) -> tuple[Repaired, ...]:
        """Mend what can be mended, in one transaction that the history tells of; ``dry_run``: keep nothing of it.

        Links, exemptions, answers and history are left as they are. Issues whose state is wrong are decided anew by
        the next pass. What a person must decide, or a backup must bring back, stays in ``check``.
        """
        done: list[Repaired] = []
        with suppress(_DryRun), self._db.altering() as sql:
            done += _schema(sql)
            for _ in range(_ROUNDS):
                done += _laws(sql, to_micros(now))
            if done:
                _tell(sql, done, to_micros(now))
            _end(dry_run=dry_run)
        return tuple(done)


class _DryRun(Exception):
    """Nothing of the transaction is to be kept."""


def _end(*, dry_run: bool) -> None:
    if dry_run:
        raise _DryRun


def _schema(sql: Sql) -> Iterator[Repaired]:
    there = {row[0] for row in sql.rows("SELECT name FROM sqlite_master")}
    lost: dict[str, Callable[[], object]] = {}
    for table in schema.sorted_tables:
        for index in table.indexes:
            if index.name not in there:
                lost[str(index.name)] = lambda index=index: index.create(sql.connection)  # type: ignore[misc]
    for name, text in APPEND_ONLY.items():
        if name not in there:
            lost[name] = lambda text=text: sql.run(text)  # type: ignore[misc]
    for make in lost.values():
        make()
        sql.wrote = True
    if lost:
        yield Repaired("schema", f"made again: {', '.join(sorted(lost))}", len(lost))


def _laws(sql: Sql, now: int) -> Iterator[Repaired]:
    for name, law in LAWS.items():
        if law.repair is not None and (found := breaking(sql, law)):
            law.repair(sql, found, now)
            yield Repaired(name, law.message, len(found))


def _tell(sql: Sql, done: list[Repaired], now: int) -> None:
    sql.run(
        "INSERT INTO history (at, event, who, how, why) VALUES (?, 'repaired', 'vindaris-sync', 'repair', ?)",
        (now, "; ".join(f"{each.count} {each.message}" for each in done)),
    )
