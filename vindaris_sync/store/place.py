"""Where the database lies, and which process may change what lies there."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from vindaris_sync.store.errors import StoreError, Trouble


def claim(path: Path) -> int:
    """Return a handle that makes this process the one that may change the database at ``path``, until it is closed.

    Raises:
        StoreError: another process has it.

    """
    handle = beside(path, ".lock")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        owner = os.pread(handle, 20, 0).decode("ascii", "replace").strip() or "unknown"
        os.close(handle)
        raise StoreError(f"another daemon (process {owner}) uses {path}", Trouble.CLAIMED) from None
    os.ftruncate(handle, 0)
    os.pwrite(handle, str(os.getpid()).encode(), 0)
    return handle


def beside(path: Path, suffix: str) -> int:
    """Return a handle on a file beside the database at ``path`` that belongs to whom the database belongs to.

    Root may act for the daemon's user, who must be able to open it afterwards.
    """
    handle = os.open(path.with_name(path.name + suffix), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    owner, own = (path if path.exists() else path.parent).stat(), os.fstat(handle)
    if os.geteuid() == 0 and (owner.st_uid, owner.st_gid) != (own.st_uid, own.st_gid):
        with suppress(OSError):  # a root that may not is refused where it matters
            os.fchown(handle, owner.st_uid, owner.st_gid)
    return handle


def place(url: str) -> Path:
    """Return the file that a database's URL names, in a folder that exists.

    Raises:
        StoreError: the URL names no file, or the folder does not exist.

    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError(f"[store] url cannot be read: {error}", Trouble.UNREACHABLE) from error
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        raise StoreError("[store] url must be sqlite:///PATH: a file", Trouble.UNREACHABLE)
    path = Path(parsed.database)
    if not path.parent.is_dir():
        raise StoreError(f"the folder {path.parent} does not exist", Trouble.UNREACHABLE)
    return path


def made(path: Path) -> Path:
    """Make an empty file at ``path`` for its owner alone, where there is none; return ``path``."""
    if not path.exists():
        with suppress(OSError):  # where it cannot be made, opening it tells why
            os.close(os.open(path, os.O_CREAT | os.O_CLOEXEC, 0o600))
    return path
