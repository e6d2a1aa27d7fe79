"""Exports of the database, and a database filled from one."""

from __future__ import annotations

import sys
from functools import lru_cache
from pathlib import Path

from vindaris_sync.app import open_store, teams_of
from vindaris_sync.cli.backups import writable
from vindaris_sync.cli.exits import Refusal
from vindaris_sync.cli.opening import shown_progress
from vindaris_sync.cli.output import emit, note, say
from vindaris_sync.config.settings import Config
from vindaris_sync.engine.progress import Progress
from vindaris_sync.store.backup import new_beside, settle
from vindaris_sync.store.errors import told_as_store_error
from vindaris_sync.store.export import Write
from vindaris_sync.store.store import Store

_BUFFER = 1 << 20


def export(config: Config, file: Path, team: str | None, *, force: bool) -> None:
    """Write everything, or what ``team`` owns, to ``file``: whole, or not at all."""
    if team is not None and team not in (names := [each.name for each in config.teams]):
        raise Refusal(f"there is no team {team!r}; there are {', '.join(names)}")
    if file == Path("-"):
        with shown_progress("writing") as progress, open_store(config) as store:
            _write(config, store, sys.stdout.buffer.write, team, progress)
            sys.stdout.buffer.flush()
        return
    writable(config, file, force=force)
    with (
        told_as_store_error(),
        shown_progress("writing") as progress,
        open_store(config) as store,
        new_beside(file) as partial,
    ):
        with partial.open("wb", _BUFFER) as lines:
            count = _write(config, store, lines.write, team, progress)
        settle(partial, file)
    note(f"{file}: {count:,} lines")


def _write(config: Config, store: Store, write: Write, team: str | None, progress: Progress) -> int:
    teams = teams_of(config).among(store.called())

    @lru_cache(10_000)
    def owns(tracker: str, place: str) -> bool:
        owner = teams.of_place(tracker, place)
        return owner is not None and owner.name == team

    return store.export(write, team=team, owns=owns, beat=lambda: progress.beat("batch"))


def fill(config: Config, file: Path, *, as_json: bool) -> None:
    """Fill the empty database from the export ``file``, and say what is in it now."""
    if not file.is_file():
        raise Refusal(f"{file} is no file", advice="name what `vindaris-sync export FILE` has written")
    with shown_progress("reading") as progress, open_store(config, create=True) as store:
        store.claim()
        facts = store.fill(file, lambda: progress.beat("batch"))
    if as_json:
        emit(facts)
        return
    whose = f"what team {facts.team} owns" if facts.team else "everything"
    say(f"{whose} was taken over: {', '.join(f'{count:,} {kind}' for kind, count in facts.rows.items())}")
    say("Until each tracker was read once, its word is taken where it and the database differ.")
    say("Look before you start the daemon: vindaris-sync db check, vindaris-sync plan")
