"""``report``: the reconciliation report."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from vindaris_sync.cli.options import AsJson, ConfigPath, examples


def add(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(
        "report",
        epilog=examples(
            "vindaris-sync report",
            "vindaris-sync report --open",
            "vindaris-sync report --format html > report.html",
            "vindaris-sync report --now",
        ),
    )(report)


def report(
    *,
    now: Annotated[
        bool, typer.Option("--now", help="Compare and report now, instead of showing the last night's.")
    ] = False,
    open_it: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    form: Annotated[
        Literal["md", "json", "html"] | None, typer.Option("--format", help="Print the whole report in this format.")
    ] = None,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Show the last report in short, or whole with --format. Exit code 1: it tells of drift or conflicts.

    With --now all trackers are read again, drift is repaired, teams are told, and the report is written; while the
    daemon runs it is written from what the daemon knows, and says that nothing was compared.

    JSON: the whole report, as in latest.json of the report directory; `schema` counts its versions.
    """
    from vindaris_sync.cli import reporting
    from vindaris_sync.cli.opening import load_config

    settings = load_config(config)
    found = reporting.make(settings) if now else reporting.last(settings)
    reporting.tell(settings, found, "json" if as_json else form)
    if open_it:
        typer.launch(reporting.page(settings, found).as_uri())
    raise typer.Exit(reporting.code(found))
