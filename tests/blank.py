"""An empty store for each test, as a copy of one: making the schema costs more than a hundred passes."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from vindaris_sync.store.store import Store


@cache
def blank() -> bytes:
    """Return an empty, migrated database."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "blank.db"
        Store.open(f"sqlite:///{path}").close()
        return path.read_bytes()


def blank_at(path: Path) -> str:
    """Put an empty store at ``path`` and return its address."""
    path.touch(mode=0o600)
    path.write_bytes(blank())
    return f"sqlite:///{path}"
