"""``db check``: what the schema cannot refuse, verified (L1), each finding with its fix."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vindaris_sync.store.laws import LAWS, RUN_REPAIR, Law
from vindaris_sync.store.part import Part
from vindaris_sync.store.sql import Sql
from vindaris_sync.store.tables import APPEND_ONLY, schema

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Breach:
    """Something that must not be: which law, in words, how many, the first few keys, and what to do."""

    law: str
    message: str
    count: int
    examples: tuple[str, ...] = ()
    fix: str = RUN_REPAIR


class Checks(Part):
    """Verification of the whole store."""

    def check(self) -> tuple[Breach, ...]:
        """Verify the file, its references and what the schema cannot refuse; nothing found: all is well."""
        broken = [Breach("integrity", line, 1) for line in self._db.integrity()]
        if broken:
            return tuple(broken)  # what a damaged file says of links means nothing
        with self._db.read() as sql:
            missing = tuple(_missing(sql))
            if any(breach.law == "table_missing" for breach in missing):
                return missing
            breaches = (_breach(sql, name, law) for name, law in LAWS.items())
            found = tuple(breach for breach in breaches if breach is not None)
        return missing + found + tuple(self._generation())

    def _generation(self) -> Iterator[Breach]:
        """Yield what is wrong with the generation beside the database.

        One that is not there is made by the next commit, and the note of the last commit may be under way.
        """
        with self._db.read() as sql:
            own = int(sql.value("SELECT value FROM counter WHERE name = 'generation'"))
        if 0 < (kept := self._db.kept_generation) < own - 1:
            message = f"the generation beside the database is {kept}, its own {own}: a restored backup is not noticed"
            yield Breach("generation", message, 1)


def _missing(sql: Sql) -> Iterator[Breach]:
    """Yield what the schema should have and has not."""
    there = {row[0] for row in sql.rows("SELECT name FROM sqlite_master")}
    indexes = {str(index.name) for table in schema.sorted_tables for index in table.indexes}
    for law, wanted in (
        ("table_missing", set(schema.tables)),
        ("index_missing", indexes),
        ("guard_missing", APPEND_ONLY),
    ):
        if lost := sorted(set(wanted) - there):
            yield Breach(law, f"{len(lost)} {law.replace('_', 's are ')}", len(lost), tuple(lost[:_SHOWN]))


def _breach(sql: Sql, name: str, law: Law) -> Breach | None:
    count = int(sql.value(f"SELECT count(*) FROM ({law.query}) AS found"))  # noqa: S608 - fixed texts
    if not count:
        return None
    keys = sql.rows(f"{law.query} LIMIT {_SHOWN}")
    return Breach(name, f"{count} {law.message}", count, tuple(str(row[1]) for row in keys), law.fix)
