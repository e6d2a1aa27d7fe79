"""Who else may read or write our files: what other accounts of the machine could see, or make us do (L9)."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from vindaris_sync.config.exposed import OTHERS_READ, OTHERS_WRITE
from vindaris_sync.config.settings import Config
from vindaris_sync.domain.models import Finding, Level

_BESIDE = ("-wal", "-shm", ".generation", ".lock")


def loose(config: Config, path: Path) -> Iterator[Finding]:
    """Yield a warning for each of our files and folders that others may read or write and should not.

    Who writes the configuration decides where tokens are sent; who writes goals or reports decides what teams are asked
    and told; titles of issues and goals stand in the database, its copies and the reports.
    """
    for file in filter(Path.is_file, (path, *_goals(config))):
        yield from _writable(file)
    for folder in {path.absolute().parent, config.state_dir, config.report.directory, config.store.backup_dir}:
        if folder.is_dir():
            yield from _writable(folder)
    for file in _private(config):
        if file.exists() and file.stat().st_mode & (OTHERS_READ | OTHERS_WRITE):
            yield _warning(
                f"{file} can be read or written by others; titles of issues stand in it", f"chmod 600 {file}"
            )
    reports = config.report.directory
    if reports.is_dir() and reports.stat().st_mode & stat.S_IROTH:
        message = f"{reports} can be read by every account of this machine; titles stand in the reports"
        yield _warning(message, f"chmod o-rwx {reports}")


def _goals(config: Config) -> Iterator[Path]:
    if file := config.goals.file:
        yield from sorted(file.glob("*.toml")) if file.is_dir() else (file,)


def _private(config: Config) -> Iterator[Path]:
    scheme = "sqlite:///"
    if config.store.address.startswith(scheme):
        database = Path(config.store.address.removeprefix(scheme).partition("?")[0])
        yield from (database, *(database.with_name(database.name + ending) for ending in _BESIDE))
        yield from sorted(database.parent.glob(database.name + ".before-*"))
    yield from sorted(path for path in config.store.backup_dir.glob("*") if path.is_file())


def _writable(path: Path) -> Iterator[Finding]:
    mode = path.stat().st_mode
    sticky = path.is_dir() and mode & stat.S_ISVTX  # /tmp: others add files, and cannot replace ours
    if mode & OTHERS_WRITE and not sticky:
        yield _warning(f"{path} can be written by others than its owner", f"chmod go-w {path}")


def _warning(message: str, fix: str) -> Finding:
    return Finding(Level.WARNING, "permissions", message, fix)
