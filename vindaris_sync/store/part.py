"""What the parts of the store share: the database."""

from __future__ import annotations

from vindaris_sync.store.engine import Database


class Part:
    """A part of the store; all parts of one store work on one database and take part in its transactions."""

    def __init__(self, database: Database) -> None:
        self._db = database
