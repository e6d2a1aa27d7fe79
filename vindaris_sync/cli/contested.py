"""Issues that nothing is written to, since somebody keeps undoing it (fault 59): shown, and let go on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from vindaris_sync.app import open_store
from vindaris_sync.cli.output import emit, moment, note, say, table
from vindaris_sync.config.settings import Config
from vindaris_sync.domain.text import counted
from vindaris_sync.engine.naming import the_issue
from vindaris_sync.store.contests import Aside
from vindaris_sync.store.store import Store

_SHOWN = 10


def asides(store: Store, config: Config) -> list[Aside]:
    """Return the issues of the configured trackers that are set aside, the newest first."""
    return [one for one in store.asides() if one.tracker in config.trackers]


def tell(found: Sequence[Aside]) -> None:
    """Print them; nothing where there are none."""
    if not found:
        return
    say(f"left alone, since somebody keeps undoing what is written: {counted(len(found), 'issue')}", style="yellow")
    for line in lines(found[:_SHOWN]):
        say(f"  {line}")
    if len(found) > _SHOWN:
        say(f"  … and {len(found) - _SHOWN:,} more; --json shows all")


def lines(found: Sequence[Aside]) -> Iterator[str]:
    """Yield one line for each issue: what was fought for, and until when it is left alone."""
    for one in found:
        yield f"{one.tracker} {one.key}: {one.why}; until {moment(one.until)}"


def resume(config: Config, refs: Sequence[str], *, as_json: bool) -> None:
    """Let issues be written again; those that are not set aside stay as they are."""
    with open_store(config) as store:
        records = [the_issue(store, ref) for ref in refs]
        resumed = [record for record in records if record.id in store.aside(record.ref.tracker)]
        store.release_aside([record.id for record in resumed], datetime.now(UTC))
    document: dict[str, Any] = {"resumed": [{"issue": str(one.ref), "key": one.key} for one in resumed]}
    if as_json:
        emit(document)
        return
    table(("issue", "title"), ((one.key, one.title) for one in resumed))
    say(f"{counted(len(resumed), 'issue')} resumed of {len(records):,}")
    if resumed:
        note("written to again in the next pass")
