"""Cursors: what a pull has behind it, and the name of the scope it is kept under."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import orjson

from vindaris_sync.sdk.shapes import SHAPE_ERRORS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_BEYOND = 10**13  # the year 2286: a stamp after it was never written by us


def scope_of(projects: Sequence[str], query: str) -> str:
    """Return the scope's name: a hash, so that another scope starts with a full pull. Order of projects is nothing."""
    said = orjson.dumps([sorted(projects), query])
    return "jql-" + sha256(said).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Cursor:
    """Either ``updated``: all changes before it are recorded; or a first load on its way.

    Then ``started`` is the server's clock when it began and ``created`` the youngest birth of what is recorded.
    """

    updated: datetime | None = None
    started: datetime | None = None
    created: datetime | None = None

    def write(self) -> str:
        """Return the cursor as the store keeps it."""
        stamps = {"updated": self.updated, "started": self.started, "created": self.created}
        return orjson.dumps({k: (v - _EPOCH) // _MILLISECOND for k, v in stamps.items() if v is not None}).decode()

    @classmethod
    def read(cls, text: str) -> Cursor:
        """Return the cursor that was written; an unreadable one is none: the scope is read in full."""
        try:
            stamps = {name: int(stamp) for name, stamp in orjson.loads(text).items()}
            known = all(0 < stamp < _BEYOND for stamp in stamps.values())
            return cls(**{name: _EPOCH + stamp * _MILLISECOND for name, stamp in stamps.items()} if known else {})
        except SHAPE_ERRORS:
            return cls()
