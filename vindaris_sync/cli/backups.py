"""Backups made and put back by hand, and how the newest one is doing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from vindaris_sync.app import backups_of, open_store, store_path
from vindaris_sync.cli.exits import Refusal
from vindaris_sync.cli.opening import busy, shown_progress
from vindaris_sync.cli.output import emit, moment, say
from vindaris_sync.config.settings import Config
from vindaris_sync.store.restore import restore as put_back

_MIB = 1 << 20
_BESIDE = ("", "-wal", "-shm", "-journal", ".lock", ".generation")

NEXT = (
    "vindaris-sync db check        is it sound?",
    "vindaris-sync doctor          are trackers and chat reached?",
    "vindaris-sync plan            what would the next pass do?",
)


def backup(config: Config, file: Path | None, *, force: bool, as_json: bool) -> None:
    """Copy the database to ``file``; without one into the folder of backups, which is rotated."""
    place, now = backups_of(config), datetime.now(UTC)
    if file is not None:
        writable(config, file, force=force)
    with shown_progress("copying") as progress, open_store(config) as store:
        if file is not None:
            facts = store.backup(file, lambda: progress.beat("step"))
        else:
            facts = store.back_up_into(place.directory, now, lambda: progress.beat("step"))
            store.rotate(place.directory, place.keep, place.weeks, now)
    if as_json:
        emit(facts)
    else:
        say(f"{facts.path}: {facts.bytes / _MIB:.1f} MiB, verified; schema {facts.schema}, "
            f"generation {facts.generation:,}")  # fmt: skip


def writable(config: Config, file: Path, *, force: bool) -> None:
    """Refuse the database and what lies beside it, a file that is there unless ``force``, and a folder that is not."""
    database = store_path(config)
    if database is not None and any(_same(file, database.with_name(database.name + each)) for each in _BESIDE):
        raise Refusal(f"{file} is the database in use, or a part of it", advice="name another file")
    if file.exists() and not force:
        raise Refusal(f"{file} is there already", advice="name another file, or add --force")
    if not file.absolute().parent.is_dir():
        raise Refusal(f"the folder {file.absolute().parent} does not exist")


def _same(file: Path, other: Path) -> bool:
    return file.resolve() == other.resolve() or (file.exists() and other.exists() and file.samefile(other))


def restore(config: Config, file: Path, *, as_json: bool) -> None:
    """Put the backup ``file`` in the database's place and say what happens next."""
    with busy("verifying and putting in place"):
        facts = put_back(config.store.address, file, datetime.now(UTC))
    if as_json:
        emit(facts)
        return
    say(f"{facts.path} is the backup {file} now: schema {facts.schema}, generation {facts.generation:,}", style="bold")
    if facts.replaced is not None:
        say(f"what was there lies in {facts.replaced}; delete it once all is well")
    if facts.reached > facts.generation:
        say("The next start notices that the trackers may know more: until each was read once, its word is taken where "
            "the two differ, nothing that people set since is overwritten, and messages are looked for in the chat "
            "before they are sent.")  # fmt: skip
        say("What was decided here since the backup and had not reached a tracker is lost.")
    say("Look before you start the daemon again:")
    for line in NEXT:
        say(f"  {line}")


def tell(found: dict[str, Any]) -> None:
    """Print what ``state`` returned."""
    if found["at"] is None:
        say("backup: none yet", style="yellow" if found["overdue"] else "")
    else:
        age = timedelta(seconds=int(found["age"].total_seconds()))
        late = ", overdue" if found["overdue"] else ""
        say(f"backup: {moment(found['at'])}, {age} ago{late}, {found['path']}", style="yellow" if late else "")
    for problem in found["problems"]:
        say(f"  the last one failed: {problem}", style="red")
