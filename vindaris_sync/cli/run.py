"""``run``: the daemon, or one round."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

from vindaris_sync.cli.options import AsJson, ConfigPath, examples
from vindaris_sync.cli.plan import Everything, OnlyTracker, rehearse

if TYPE_CHECKING:
    from vindaris_sync.config.settings import Config


def add(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(
        "run",
        epilog=examples(
            "vindaris-sync run                                        the daemon; Ctrl-C or SIGTERM ends it",
            "vindaris-sync run --once",
            "vindaris-sync run --once --tracker github-acme --json",
            "vindaris-sync run --dry-run                              like plan, exit code 0",
        ),
    )(run)


def run(  # noqa: PLR0913 - one parameter for each option
    *,
    once: Annotated[bool, typer.Option("--once", help="One pass of each tracker, then end.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what one round would do; implies --once.")] = False,
    tracker: OnlyTracker = None,
    everything: Everything = False,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Keep trackers, links and reviews in step: as a daemon, or once.

    One process at a time works on a store; a second one is refused. SIGTERM and Ctrl-C end it at a safe point, and the
    next start goes on from there. Logs go to standard error.

    JSON (with --once): goals {problems, revised}, trackers [{tracker, kind, outcome, error, advice, counts}], alerts.
    """
    from vindaris_sync.cli.opening import load_config

    once = once or dry_run
    if not once and (tracker or as_json or everything):
        raise typer.BadParameter("--tracker, --all and --json need --once or --dry-run")
    if not once:
        raise typer.Exit(_daemon(config))
    settings = load_config(config, quiet=dry_run)
    if dry_run:
        code = rehearse(settings, tracker or (), everything=everything, as_json=as_json, drift=False)
    else:
        code = _once(settings, tracker or [], as_json=as_json)
    raise typer.Exit(code)


def _once(config: Config, trackers: list[str], *, as_json: bool) -> int:
    from vindaris_sync.app import open_app
    from vindaris_sync.cli import passes
    from vindaris_sync.cli.opening import known_tracker, shown_progress
    from vindaris_sync.cli.output import emit
    from vindaris_sync.engine.collector import spare_imports

    spare_imports()
    names = [known_tracker(config, name) for name in trackers]
    with shown_progress("running") as progress, open_app(config, progress=progress) as app:
        app.store.claim()
        went = passes.go_round(app, names)
    if as_json:
        emit(passes.run_document(went))
        passes.show_troubles(went)
    else:
        passes.show_run(went)
    return went.code(drift=False)


def _daemon(given: Path | None) -> int:
    from vindaris_sync.cli.opening import load_config, stopped_by_signals

    stop = Event()
    with stopped_by_signals(stop.set):  # a stop that comes while everything is being opened is no crash
        from vindaris_sync.app import open_app
        from vindaris_sync.engine.collector import spare_imports

        spare_imports()
        with open_app(load_config(given, quiet=False)) as app:
            whole = app.run(stop=stop)
    if not whole:  # a thread waits for an answer that may take minutes: nothing is lost by not waiting for it
        logging.shutdown()
        sys.stdout.flush()
        os._exit(0)
    return 0
