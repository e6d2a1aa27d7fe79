"""The preflight: every part is asked for itself, and one that fails hides no other's findings."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from vindaris_sync.app import (
    App,
    goals_of_trackers,
    open_app,
    open_store,
    outcome_sources,
    stated_goals,
    store_exists,
    store_path,
)
from vindaris_sync.cli import contested
from vindaris_sync.cli.exits import DRIFT, UNUSABLE, USAGE
from vindaris_sync.cli.opening import busy, load_config
from vindaris_sync.cli.options import config_path
from vindaris_sync.cli.output import emit, say, table
from vindaris_sync.config.permissions import loose
from vindaris_sync.config.settings import Config
from vindaris_sync.domain.goals import by_key, fold
from vindaris_sync.domain.models import Finding, Level
from vindaris_sync.domain.text import counted
from vindaris_sync.engine.courtesy import restore
from vindaris_sync.engine.goal_sources import JoinedGoals
from vindaris_sync.engine.pausing import MEANING, pauses
from vindaris_sync.engine.progress import Progress
from vindaris_sync.sdk.errors import ConfigError, VindarisError
from vindaris_sync.sources.outcomes import HttpOutcome
from vindaris_sync.store.errors import ADVICE, Trouble
from vindaris_sync.store.store import Store

_CODES = {
    "configuration": USAGE,
    "goals": USAGE,
    "outcomes": USAGE,
    "database": USAGE,
    "laws": DRIFT,
    "tracker": UNUSABLE,
    "chat": UNUSABLE,
}
_GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Found:
    """A finding and the area it belongs to, which decides the exit code."""

    level: str
    area: str
    subject: str
    message: str
    fix: str = ""


def examine(path: Path | None, *, as_json: bool) -> int:
    """Look at everything, print what was found, and return the exit code."""
    with busy("looking at trackers and chats"):
        found = list(_all(path))
    if as_json:
        emit({"findings": found})
    else:
        table(
            ("", "what", "found", "fix"),
            ((_MARKS[Level(one.level)], one.subject, one.message, one.fix) for one in found),
        )
        say(_summary(found), style="bold")
    return max((_CODES[one.area] for one in found if one.level == Level.ERROR), default=0)


_MARKS = {Level.OK: "✓", Level.WARNING: "!", Level.ERROR: "✗"}


def _summary(found: Sequence[Found]) -> str:
    errors, warnings = (sum(one.level == level for one in found) for level in (Level.ERROR, Level.WARNING))
    if not errors and not warnings:
        return "Nothing is wrong."
    return f"{counted(errors, 'error')}, {counted(warnings, 'warning')}"


def _all(path: Path | None) -> Iterator[Found]:
    try:
        config = load_config(path)
    except ConfigError as error:
        problems = getattr(error, "problems", None) or [str(error)]
        yield from (Found("error", "configuration", "configuration", problem, error.advice) for problem in problems)
        return
    parts = f"{counted(len(config.trackers), 'tracker')}, {counted(len(config.teams), 'team')}; every secret was read"
    yield Found("ok", "configuration", "configuration", parts)
    for finding in loose(config, config_path(path)):
        yield Found(str(finding.level), "configuration", finding.subject, finding.message, finding.fix)
    yield from _tried("goals", "goals", lambda: _goals(config))
    for source in outcome_sources(config):
        yield from _tried("outcomes", f"outcome source {source.name}", partial(_outcome, source))
    yield from _tried("database", "database", lambda: database(config))
    yield from _tried("tracker", "trackers", lambda: _outside(config))


def _tried(area: str, subject: str, look: Callable[[], Iterable[Found]]) -> list[Found]:
    """Return what ``look`` finds, or why it could not look."""
    try:
        return list(look())
    except ConfigError as error:
        problems = getattr(error, "problems", None) or [str(error)]
        return [Found("error", area, subject, problem, error.advice) for problem in problems]
    except VindarisError as error:
        return [Found("error", area, subject, str(error), error.advice)]


def _outcome(source: HttpOutcome) -> Iterator[Found]:
    yield Found("ok", "outcomes", f"outcome source {source.name}", f"{source.metric} is {source.read():g} now")


def _goals(config: Config) -> Iterator[Found]:
    read = stated_goals(config)
    if read.origin:
        yield Found("ok", "goals", "goals", f"{counted(len(read.goals), 'goal')} in {read.origin}")
    if goals_of_trackers(config):
        return  # a rule's goal may be among those
    known = by_key(read.goals)
    for number, rule in enumerate(config.rules, 1):
        if fold(rule.goal) not in known:
            yield Found("warning", "goals", f"[[rules]] #{number}", f"no goal has the key {rule.goal}: the rule rests",
                        "state the goal, or correct the key")  # fmt: skip


def database(config: Config) -> Iterator[Found]:
    """Yield what there is to say about the configured database, without a change to it."""
    if not store_exists(config):
        yield Found(
            "ok", "database", "database", f"there is none at {store_path(config)} yet; the first start makes it"
        )
        return
    with open_store(config) as store:
        facts = store.facts
        size = int(facts["bytes"]) / _GIB
        yield Found("ok", "database", "database", f"{facts['path']}, {size:.2f} GiB, SQLite {facts['sqlite']}")
        path = Path(facts["path"])
        for each in (path, path.parent):
            if not os.access(each, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
                yield Found("error", "database", "database", f"{each} cannot be written by this user",
                            ADVICE[Trouble.READ_ONLY])  # fmt: skip
        if store.restored:
            names = ", ".join(sorted(store.restored_trackers()))
            yield Found("warning", "database", "database",
                        f"it was restored from a backup; {names} will be read, and believed where the two differ",
                        "look at `vindaris-sync plan` before the daemon starts")  # fmt: skip
        for name, held in pauses(store, datetime.now(UTC)).items():
            yield Found("warning", "database", f"{name} pause", f"{held.told()}: {MEANING}",
                        f"`vindaris-sync tracker resume {name}` lets it go on")  # fmt: skip
        for line in contested.lines(contested.asides(store, config)):
            yield Found("warning", "database", "left alone", line,
                        "agree on who sets it, then `vindaris-sync review resume ISSUE`")  # fmt: skip
        yield from _waiting(config, store)
        yield from _laws(store)


def _waiting(config: Config, store: Store) -> Iterator[Found]:
    """Yield the trackers in which nothing is decided, and those whose census does not go on."""
    for name in config.trackers:
        facts = store.census(name)
        if facts.missing:
            gone = f"{facts.missing:,} of {facts.known:,} issues are missing since {facts.since:%Y-%m-%d %H:%M} UTC"
            fix = f"look whether the account may still see them; if they are gone: vindaris-sync review release {name}"
            yield Found("error", "tracker", name, f"{gone}: nothing is decided there", fix)
        if facts.error:
            yield Found("warning", "tracker", f"{name} census", facts.error, "it goes on by itself once that is right")


def _laws(store: Store) -> Iterator[Found]:
    breaches = store.check()
    for breach in breaches:
        examples = f": {', '.join(breach.examples)}" if breach.examples else ""
        yield Found("error", "laws", f"law {breach.law}", breach.message + examples,
                    "stop the daemon, keep a copy of the database, and report this")  # fmt: skip
    if not breaches:
        yield Found("ok", "laws", "laws", "every open issue has one link state, and every unlinked one its review")


def _outside(config: Config) -> Iterator[Found]:
    """Ask every tracker and every chat, on a store of our own: nothing of the real one is touched."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="vindaris-doctor-") as folder:
        store = Store.open(f"sqlite:///{Path(folder) / 'doctor.db'}")
        with open_app(config, store=store, writes=False, progress=Progress()) as app:
            _know_waits(config, app)
            yield from _trackers(app)
            for name in goals_of_trackers(config):
                yield from _tried("goals", f"goal_sources.{name}", partial(_stated, app, name))
            yield from _chats(app)


def _know_waits(config: Config, app: App) -> None:
    """Keep the waits that trackers have named to the daemon, and what their scopes are to it."""
    if store_exists(config):
        with open_store(config) as kept:
            for tracker in app.context.trackers.values():
                restore(kept, tracker, app.context.now())


def _trackers(app: App) -> Iterator[Found]:
    for name, tracker in app.context.trackers.items():
        yield from _tried("tracker", name, partial(_checked, "tracker", name, tracker.connector.check))


def _stated(app: App, name: str) -> Iterator[Found]:
    """Ask a tracker for the goals that it states, as if for the first time."""
    joined, subject = app.context.source, f"goal_sources.{name}"
    if isinstance(joined, JoinedGoals):
        read = joined.sources[name].read()
        yield Found("ok", "goals", subject, f"{counted(len(read.goals), 'goal')} in {read.origin}")
        for problem in read.problems:
            yield Found("warning", "goals", subject, problem, "correct it in the tracker")


def _chats(app: App) -> Iterator[Found]:
    for name, channel in app.channels.items():
        yield from _tried("chat", f"notify.{name}", partial(_checked, "chat", "", channel.check))


def _checked(area: str, name: str, check: Callable[[], Sequence[Finding]]) -> Iterator[Found]:
    for finding in check():
        subject = f"{name} {finding.subject}".strip()
        yield Found(str(finding.level), area, subject, finding.message, finding.fix)
