"""The generation, kept outside the database too."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from vindaris_sync.store.place import beside


class GenerationFile:
    """The generation kept outside the database, so that a database restored from a backup is noticed (fault 57)."""

    _WIDTH = 20

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def get(self) -> int:
        """Return what was put last; 0 where nothing readable was."""
        try:
            return _number(self._path.read_bytes())
        except OSError:
            return 0

    def put(self, generation: int) -> None:
        """Note a commit; never lowers the number, or commits to a restored database would hide that it is one.

        Of a fixed width, so that one short write replaces the number whole.
        """
        if self._handle is None:
            self._handle = beside(self._path.with_suffix(""), self._path.suffix)
        fcntl.flock(self._handle, fcntl.LOCK_EX)  # another program may note a later commit at this moment
        try:
            if generation > _number(os.pread(self._handle, self._WIDTH, 0)):
                os.pwrite(self._handle, f"{generation:0{self._WIDTH}}".encode(), 0)
        finally:
            fcntl.flock(self._handle, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the file; idempotent."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def _number(written: bytes) -> int:
    try:
        return int(written)
    except ValueError:
        return 0


def generation_file(path: Path) -> GenerationFile:
    """Return the file beside the database at ``path`` that keeps its generation."""
    return GenerationFile(path.with_name(path.name + ".generation"))
