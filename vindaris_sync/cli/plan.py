"""``plan``: what ``run --once`` would do, and nothing of it done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from vindaris_sync.cli.options import AsJson, ConfigPath, complete_tracker, examples

if TYPE_CHECKING:
    from vindaris_sync.config.settings import Config

OnlyTracker = Annotated[
    list[str] | None,
    typer.Option(
        "--tracker", metavar="NAME", autocompletion=complete_tracker, help="Only this tracker; may be given again."
    ),
]
Everything = Annotated[bool, typer.Option("--all", help="Show every action, the daemon's own bookkeeping too.")]


def add(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(
        "plan",
        epilog=examples(
            "vindaris-sync plan",
            "vindaris-sync plan --tracker jira-main --all",
            "vindaris-sync plan --json | jq '.actions[] | select(.action == \"write_back\")'",
        ),
    )(plan)


def plan(
    *, tracker: OnlyTracker = None, everything: Everything = False, config: ConfigPath = None, as_json: AsJson = False
) -> None:
    """Print exactly what `run --once` would do now, without doing it.

    The trackers are read, a copy of the store is decided on, and no cursor moves. Exit code 0: in sync; 1: there is
    something to do; 3: a tracker could not be read.

    JSON: in_sync, goals {problems, revised}, trackers [{tracker, kind, outcome, error, advice, counts}],
    actions [{action, issue, key, text, details}].
    """
    from vindaris_sync.cli.opening import load_config

    raise typer.Exit(rehearse(load_config(config), tracker or (), everything=everything, as_json=as_json, drift=True))


def rehearse(config: Config, trackers: list[str] | tuple[()], *, everything: bool, as_json: bool, drift: bool) -> int:
    """Print the plan and return the exit code; ``drift``: 1 where there is something to do."""
    from vindaris_sync.app import rehearsal
    from vindaris_sync.cli import passes
    from vindaris_sync.cli.opening import known_tracker, shown_progress
    from vindaris_sync.cli.output import emit

    names = [known_tracker(config, name) for name in trackers]
    with shown_progress("planning") as progress, rehearsal(config, progress=progress) as app:
        went = passes.go_round(app, names)
        found = passes.lines_of(app, went)
    if as_json:
        emit(passes.plan_document(went, found))
        passes.show_troubles(went)
    else:
        passes.show_plan(went, found, everything=everything)
    return went.code(drift=drift)
