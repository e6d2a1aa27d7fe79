"""Backups on a schedule: made, verified, rotated, and told about where they fail."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from vindaris_sync.domain.actions import Announce
from vindaris_sync.domain.messages import Kind
from vindaris_sync.engine.context import Context
from vindaris_sync.store.errors import StoreError

FAILED = "backup failed"
"""The note that holds why the last scheduled backup could not be made; an empty list: it was made."""

log = structlog.get_logger("vindaris_sync.backup")


@dataclass(frozen=True, slots=True)
class BackupPlace:
    """Where backups go, how old the newest may become, and which stay: the newest, and one a week."""

    directory: Path
    every: timedelta = timedelta(hours=24)
    """Nothing: no backup is made by the daemon."""
    keep: int = 7
    weeks: int = 4

    def due(self, last: datetime | None, now: datetime) -> bool:
        """Return whether a backup is to be made, ``last`` being the newest."""
        return bool(self.every) and (last is None or now - last >= self.every)


def back_up(context: Context, place: BackupPlace) -> bool:
    """Make a backup where one is due, and rotate; False where it failed, which is announced and logged.

    A backup that could not be verified takes the place of none.
    """
    store, now = context.store, context.now()
    try:
        if not place.due(newest(store.backups(place.directory), now), now):
            return True
        facts = store.back_up_into(place.directory, now, lambda: context.progress.beat("backup"))
        dropped = store.rotate(place.directory, place.keep, place.weeks, now)
    except StoreError as error:
        log.warning("backup failed", error=str(error), advice=error.advice)
        _tell(context, [f"{error}; {error.advice}"])
        return False
    log.info("backup", path=str(facts.path), bytes=facts.bytes, generation=facts.generation, dropped=len(dropped))
    _tell(context, [])
    return True


def newest(made: Iterable[datetime], now: datetime) -> datetime | None:
    """Return when the newest backup was made; one from the future proves nothing and does not count."""
    return max((at for at in made if at <= now), default=None)


def _tell(context: Context, problems: list[str]) -> None:
    known = context.store.note(FAILED) or []
    if known != problems:
        context.store.put_note(FAILED, problems)
        context.store.announce(Announce("", "", Kind.BACKUP, "", context.now()), now=context.now())
