"""How everything is doing, from what the store remembers."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from vindaris_sync.app import backups_of, nightly_of, open_store, store_path, teams_of
from vindaris_sync.cli import backups, contested, counting, courtesy, holding, muting
from vindaris_sync.cli.exits import DONE, UNUSABLE
from vindaris_sync.cli.output import emit, moment, say, table
from vindaris_sync.config.settings import Config
from vindaris_sync.domain.text import counted
from vindaris_sync.engine.goals import REFUSED
from vindaris_sync.engine.health import STATES, backup_state, credentials, of_tracker
from vindaris_sync.engine.pausing import MEANING
from vindaris_sync.store.figures import Tally
from vindaris_sync.store.goals import StoredGoal
from vindaris_sync.store.store import Store
from vindaris_sync.store.trackers import TrackerFacts

Document = dict[str, Any]

_SHOWN = 10


def gather(config: Config) -> Document:
    """Return how the configured trackers, the goals, and what waits or was set aside are doing."""
    with open_store(config) as store:
        known = store.trackers()
        tallies = store.tallies()
        work = _work(tallies)
        report = store.last_report()
        goals, total = store.goals(), sum(tally.count for tally in tallies if not tally.due)
        return {
            "daemon": daemon(config),
            "trackers": [of_tracker(store, known.get(name, TrackerFacts(name, settings.kind)), work, datetime.now(UTC))
                         for name, settings in config.trackers.items()],
            "credentials": credentials(store, config.trackers, datetime.now(UTC)),
            "page": config.page.public if config.page.enabled else None,
            "alerts_waiting": store.outbox_depth(),
            **muting.gather(config, store),
            "next_nightly": nightly_of(config).next(datetime.now(UTC), store.last_run("nightly")),
            "last_report": {"at": report.at, "path": report.path} if report else None,
            "backup": backup_state(store, backups_of(config), datetime.now(UTC)),
            "goals": _goals(store, goals)
            | {"catch_all": holding.catch_alls(config, goals, holding.open_work(store), total)},
            "over_budget": holding.over_budget(teams_of(config).among(store.called()), tallies),
            "rules": _rules(store),
            "aside": contested.asides(store, config),
            "refusals": [each for each in store.refusals() if each.tracker in config.trackers],
            "quarantine": [each for each in store.quarantine() if each.tracker in config.trackers],
            "restored": store.restored,
        }  # fmt: skip


def daemon(config: Config) -> Document:
    """Return whether a process is this store's daemon, and which; the claim itself is not tried, lest one is refused.

    The claim's file keeps the number of its last owner, which may be another program's by now.
    """
    path = store_path(config)
    try:
        process = int(path.with_name(f"{path.name}.lock").read_text("ascii")) if path else 0
        command = Path(f"/proc/{process}/cmdline").read_bytes() if process else b""
    except (OSError, ValueError):
        return {"running": False, "process": None}
    running = b"vindaris" in command and process != os.getpid()
    return {"running": running, "process": process if running else None}


def _work(tallies: Iterable[Tally]) -> dict[str, Counter[str]]:
    """Return, by tracker, how many open issues are in which link state."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for tally in tallies:
        found[tally.tracker][tally.state] += tally.count
    return found


def _goals(store: Store, goals: Sequence[StoredGoal]) -> Document:
    return {
        "count": len(goals),
        "missing": [each.goal.key for each in goals if each.missing_since is not None],
        "pending": [each.goal.key for each in goals if each.pending is not None],
        "problems": store.note(REFUSED) or [],
    }


def _rules(store: Store) -> Document:
    rules = [rule for rule in store.rule_book().rules if rule.active]
    return {
        "in_force": sum(rule.in_force for rule in rules),
        "resting": [{"rule": rule.name, "goal": rule.stated.goal} for rule in rules if not rule.in_force],
        "asked": [rule.name for rule in rules if any(cause.answer is None for cause in rule.causes)],
    }


def code(found: Document) -> int:
    """Return the exit code."""
    return UNUSABLE if any(tracker["stopped"] for tracker in found["trackers"]) else DONE


def tell(found: Document, *, as_json: bool) -> None:
    """Print it."""
    if as_json:
        emit(found)
        return
    owner = found["daemon"]["process"]
    say(f"daemon: running (process {owner})" if found["daemon"]["running"] else "daemon: not running", style="bold")
    if found["page"]:
        say(f"page: {found['page']}" + ("" if found["daemon"]["running"] else ", while the daemon runs"))
    columns = ("tracker", "kind", "state", "first full pull", "last answer", *STATES, "to decide", "held")
    table(columns, map(_row, found["trackers"]))
    courtesy.tell(found["trackers"], found["credentials"])
    counting.tell(found["trackers"])
    for tracker in found["trackers"]:
        _troubles(tracker)
    _rest(found)


def _row(tracker: Document) -> tuple[object, ...]:
    return (
        tracker["tracker"],
        tracker["kind"],
        _state(tracker),
        moment(tracker["loaded_at"]) if tracker["loaded_at"] else "not yet",
        moment(tracker["last_ok_at"]),
        *(f"{tracker['open'][name]:,}" for name in STATES),
        f"{tracker['due']:,}",
        f"{tracker['held']:,}",
    )


def _state(tracker: Document) -> str:
    if tracker["paused"]:
        return "paused"
    if tracker["stopped"]:
        return f"stopped: {tracker['stopped']['reason']}"
    newest = tracker["last_pass"]
    if newest is None:
        return "never asked"
    return "under way" if newest["ended"] is None else str(newest["outcome"])


def _troubles(tracker: Document) -> None:
    if paused := tracker["paused"]:
        on = "" if paused.until else f"; it goes on with `vindaris-sync tracker resume {tracker['tracker']}`"
        say(f"{tracker['tracker']} is {paused.told()}. Since {moment(paused.since)} {MEANING}{on}", style="yellow")
    if tracker["stopped"]:
        say(
            f"{tracker['tracker']} stopped {moment(tracker['stopped']['at'])}: {tracker['stopped']['advice']}",
            style="red",
        )
    elif tracker["last_pass"] and tracker["last_pass"]["error"]:
        say(f"{tracker['tracker']}: {tracker['last_pass']['error']}", style="yellow")
    if (ahead := tracker["clock_ahead_seconds"]) is not None:
        apart = f"{timedelta(seconds=abs(ahead))} {'ahead of' if ahead > 0 else 'behind'} its own"
        say(f"{tracker['tracker']}: our clock is {apart}; acts that depend on time pause until it is set", style="red")
    if tracker["held"]:
        release = f"`vindaris-sync review release {tracker['tracker']}` shows them"
        say(
            f"{tracker['tracker']}: {counted(tracker['held'], 'removal')} held for a person to look; {release}",
            style="yellow",
        )


def _rest(found: Document) -> None:
    goals = found["goals"]
    say(f"goals: {goals['count']:,} in force" + _some(goals["pending"], "with an edit that rests")
        + _some(goals["missing"], "missing from their source"))  # fmt: skip
    holding.tell(goals["catch_all"], found["over_budget"])
    for problem in goals["problems"]:
        say(f"  refused, the last good ones stay in force: {problem}", style="red")
    _tell_rules(found["rules"])
    say(f"alerts waiting: {found['alerts_waiting']:,}")
    muting.tell(found["muted"], found["quiet"])
    report = found["last_report"]
    say(f"report: {moment(report['at'])}, {report['path']}" if report else "report: none yet")
    backups.tell(found["backup"])
    nightly = found["next_nightly"].astimezone(UTC)
    say(f"next nightly run: {'as soon as the daemon runs' if nightly <= datetime.now(UTC) else moment(nightly)}")
    if found["restored"]:
        say("the database is older than what was committed here: it was restored from a backup. Until each tracker was "
            "read once, its word is taken where the two differ", style="yellow")  # fmt: skip
    contested.tell(found["aside"])
    _list("set aside, retried every night", [f"{each.tracker} {each.key or each.ext_id}: {each.reason}"
                                             for each in found["quarantine"]])  # fmt: skip


def _tell_rules(rules: Document) -> None:
    if rules["in_force"] or rules["resting"]:
        say(f"link rules: {rules['in_force']:,} in force" + _some(rules["asked"], "asked about"))
    for one in rules["resting"]:
        say(f"  {one['rule']} rests: no goal has the key {one['goal']}", style="yellow")


def _some(keys: list[str], what: str) -> str:
    return f"; {len(keys)} {what}: {', '.join(keys[:_SHOWN])}" if keys else ""


def _list(heading: str, lines: list[str]) -> None:
    if not lines:
        return
    say(f"{heading}: {len(lines):,}", style="yellow")
    for line in lines[:_SHOWN]:
        say(f"  {line}")
    if len(lines) > _SHOWN:
        say(f"  … and {len(lines) - _SHOWN:,} more; --json shows all")
