"""``db repair``: the file first, then what is in it, then what is left to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from vindaris_sync.app import backups_of, open_store, store_path
from vindaris_sync.cli.exits import DONE, DRIFT, Refusal
from vindaris_sync.cli.opening import busy
from vindaris_sync.cli.output import emit, say
from vindaris_sync.config.settings import Config
from vindaris_sync.store.backup import backups, new_beside, settle, sweep
from vindaris_sync.store.check import Breach
from vindaris_sync.store.errors import told_as_store_error
from vindaris_sync.store.repair import Repaired
from vindaris_sync.store.salvage import Salvaged, reindex, salvage, state_of


@dataclass(frozen=True, slots=True)
class Mended:
    """What a repair did or would do, and what it left."""

    dry_run: bool
    file: str
    """``sound``, ``indexes`` (made anew), or ``damaged`` (read as far as it could be)."""
    salvaged: Salvaged | None
    repaired: tuple[Repaired, ...]
    copy: Path | None
    """The database as it was before; None where nothing was mended."""
    remaining: tuple[Breach, ...]


def repair(config: Config, *, dry_run: bool, as_json: bool) -> int:
    """Repair, say what was done, and return the exit code."""
    path = store_path(config)
    if path is None or not path.exists():
        raise Refusal("there is no database to repair", advice="`vindaris-sync db migrate` makes one")
    with busy("repairing"):
        mended = _repair(config, path, dry_run=dry_run)
    if as_json:
        emit(mended)
    else:
        _tell(mended)
    return DRIFT if mended.remaining else DONE


def _repair(config: Config, path: Path, *, dry_run: bool) -> Mended:
    url, now = config.store.address, datetime.now(UTC)
    state, salvaged, copy = state_of(url), None, None
    if state == "damaged":
        salvaged = salvage(url, tuple(backups(backups_of(config).directory, path).values()), now, dry_run=dry_run)
        copy = salvaged.restored.replaced if salvaged.restored else None
        if dry_run:
            return Mended(dry_run, state, salvaged, (), None, ())
    with open_store(config) as store:
        if not dry_run:
            store.claim()
            if copy is None:
                mending = state == "indexes" or bool(store.repair(now, dry_run=True))
                copy = _keep(store.copy, path, now) if mending else None
        if state == "indexes" and not dry_run:
            reindex(url)
        repaired = store.repair(now, dry_run=dry_run)
        remaining = store.check()
    return Mended(dry_run, state, salvaged, repaired, copy, remaining)


def _keep(copying: Callable[[Path], object], path: Path, now: datetime) -> Path:
    """Copy the database beside itself; no repair takes another one's copy away."""
    target = path.with_name(f"{path.name}.before-repair-{now:%Y%m%dT%H%M%S.%fZ}")
    with told_as_store_error(), new_beside(target) as partial:
        sweep(path, now)
        copying(partial)
        settle(partial, target)
    return target


def _tell(mended: Mended) -> None:
    done = "would be" if mended.dry_run else "were"
    if mended.file == "indexes":
        say(f"indexes do not agree with their tables: they {done} made anew", style="yellow")
    if mended.salvaged is not None:
        _tell_salvaged(mended.salvaged, done)
    for each in mended.repaired:
        say(f"{each.count:,} {each.message}: {done} mended", style="yellow")
    if mended.file == "sound" and not mended.repaired:
        say("Nothing is to be repaired.")
    if mended.copy is not None:
        say(f"the database as it was lies in {mended.copy}")
    for breach in mended.remaining:
        examples = f": {', '.join(breach.examples)}" if breach.examples else ""
        say(f"{'' if mended.dry_run else 'still '}{breach.law}: {breach.message}{examples}", style="red")
        say(f"  {breach.fix}")
    if mended.salvaged is not None and not mended.dry_run:
        say("The next start reads every tracker whole and takes its word once. Look before: vindaris-sync plan")


def _tell_salvaged(salvaged: Salvaged, done: str) -> None:
    say(f"the file is damaged: all rows that can be read {done} put into a new one", style="yellow")
    for name, count in salvaged.unreadable.items():
        brought = salvaged.from_backup.get(name, 0)
        say(f"  {name}: up to {count:,} rows cannot be read; {brought:,} come from the backup")
    for name, count in salvaged.stubs.items():
        say(f"  {name}: of {count:,} rows only the identity is left, links and history stay on them")
    say(f"  filled up from {salvaged.backup}" if salvaged.backup else "  there is no sound backup to fill it up from")
