"""What can go wrong with a database, sorted by what a person does next."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from sqlalchemy.exc import DBAPIError

from vindaris_sync.sdk.errors import VindarisError


class Trouble(StrEnum):
    """What is the matter with the database. Only ``LOCKED`` and ``FULL`` may pass by themselves."""

    LOCKED = "locked"
    READ_ONLY = "read_only"
    FULL = "full"
    CORRUPT = "corrupt"
    UNREACHABLE = "unreachable"
    CLAIMED = "claimed"
    NEWER = "newer"
    FOREIGN = "foreign"
    REPLACED = "replaced"
    REFUSED = "refused"
    OTHER = "other"


ADVICE = {
    Trouble.LOCKED: "another program holds the database; stop it, or wait: the next pass tries again",
    Trouble.READ_ONLY: "let the daemon's user write the database file and its folder (-wal and -shm beside it)",
    Trouble.FULL: "free space on the disk; the next pass goes on where this one stopped",
    Trouble.CORRUPT: "stop the daemon, then `vindaris-sync db repair`, or restore the newest backup with `db restore`",
    Trouble.UNREACHABLE: (
        "the folder must exist, and the daemon's user must be able to enter it and write in it: check [store]"
    ),
    Trouble.CLAIMED: "one daemon per database: stop the other one, or give this one its own [store] url",
    Trouble.NEWER: "install the version that wrote this database, or restore a backup from before the upgrade",
    Trouble.FOREIGN: "name a file that `db backup` or the daemon has made",
    Trouble.REPLACED: "the next start goes on with what is there then; to put a backup back, use `db restore`",
    Trouble.REFUSED: "this is a defect: report it together with the log line",
    Trouble.OTHER: "look at the disk and the log, then run `db check`",
}


class StoreError(VindarisError):
    """The database did not do it and kept nothing of the transaction: ``trouble`` says why, ``advice`` the fix."""

    def __init__(self, message: str, trouble: Trouble, advice: str = "") -> None:
        super().__init__(message, advice=advice or ADVICE[trouble])
        self.trouble = trouble


_BY_CODE = {
    sqlite3.SQLITE_BUSY: Trouble.LOCKED,
    sqlite3.SQLITE_LOCKED: Trouble.LOCKED,
    sqlite3.SQLITE_READONLY: Trouble.READ_ONLY,
    sqlite3.SQLITE_PERM: Trouble.READ_ONLY,
    sqlite3.SQLITE_AUTH: Trouble.READ_ONLY,
    sqlite3.SQLITE_FULL: Trouble.FULL,
    sqlite3.SQLITE_IOERR_WRITE: Trouble.FULL,  # what a quota that is used up looks like
    sqlite3.SQLITE_CORRUPT: Trouble.CORRUPT,
    sqlite3.SQLITE_NOTADB: Trouble.CORRUPT,
    sqlite3.SQLITE_CANTOPEN: Trouble.UNREACHABLE,
    sqlite3.SQLITE_CONSTRAINT: Trouble.REFUSED,
}
_PRIMARY = 0xFF  # an extended result code holds the primary one in its lowest byte (sqlite.org/rescode.html)


def store_error(error: DBAPIError | sqlite3.Error) -> StoreError:
    """Return the ``StoreError`` for what a driver raised; the text is the driver's, without SQL and its values."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlite_errorcode", None) or 0
    trouble = _BY_CODE.get(code) or _BY_CODE.get(code & _PRIMARY, Trouble.OTHER)
    return StoreError(f"the database says: {cause}", trouble)


_BY_NUMBER = {
    errno.ENOSPC: Trouble.FULL,
    errno.EDQUOT: Trouble.FULL,
    errno.EFBIG: Trouble.FULL,
    errno.EROFS: Trouble.READ_ONLY,
    errno.ENOENT: Trouble.UNREACHABLE,
    errno.ENOTDIR: Trouble.UNREACHABLE,
    errno.EACCES: Trouble.UNREACHABLE,
    errno.EPERM: Trouble.UNREACHABLE,
}


def os_error(error: OSError) -> StoreError:
    """Return the ``StoreError`` for what the operating system refused, with the file's name."""
    place = f"{error.filename}: " if error.filename else ""
    return StoreError(f"{place}{error.strerror or error}", _BY_NUMBER.get(error.errno or 0, Trouble.OTHER))


@contextmanager
def told_as_store_error() -> Iterator[None]:
    """Let what the operating system refuses inside be a ``StoreError``."""
    try:
        yield
    except OSError as error:
        raise os_error(error) from error
