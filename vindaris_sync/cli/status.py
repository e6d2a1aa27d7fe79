"""``status``: how everything is doing."""

from __future__ import annotations

import typer

from vindaris_sync.cli.options import AsJson, ConfigPath, examples


def add(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(
        "status",
        epilog=examples("vindaris-sync status", "vindaris-sync status --json | jq '.trackers[].stopped'"),
    )(status)


def status(*, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """Show how trackers, goals and alerts are doing.

    It asks nobody outside. Exit code 3: a tracker is stopped.

    JSON: daemon {running, process}, page (its address),
    trackers [{tracker, kind, loaded_at, last_ok_at, stopped {reason, advice, at},
    paused {who, since, until, why}, due,
    open {linked, inherited, exempt, unlinked}, held, clock_ahead_seconds, next_pull {at, why},
    breaker {phase, failures, until}, requests {since_start, last_pass},
    census {last {ended, found}, under_way {began, listed}, error}, missing {count, of, since},
    attention [{subject, message, fix, since}],
    last_pass {kind, started, ended, outcome, counts, error}}],
    credentials [{host, credential, trackers, quotas [{resource, limit, remaining, kept_free, reset}], waiting_until,
    why, requests}],
    alerts_waiting, muted [{about, until, who, why, at}], quiet [{team, until, why}] (who is told nothing now),
    next_nightly, last_report {at, path},
    backup {at, path, age, overdue, problems}, goals {count, missing, pending, problems, catch_all},
    over_budget [{team, open, exempt, share, budget}],
    rules {in_force, resting [{rule, goal}], asked},
    aside [{id, tracker, place, key, title, url, surface, wrote, found, flips, since, until}],
    refusals [{tracker, place, surface, reason, advice, at}],
    quarantine [{tracker, ext_id, key, reason, excerpt, first_at, last_at, tries}], restored.
    """
    from vindaris_sync.cli import health
    from vindaris_sync.cli.opening import load_config

    found = health.gather(load_config(config))
    health.tell(found, as_json=as_json)
    raise typer.Exit(health.code(found))
