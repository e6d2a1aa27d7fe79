"""``export``: everything that is kept, for whoever wants to take it along."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from vindaris_sync.cli.options import ConfigPath, examples


def add(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(
        "export",
        epilog=examples(
            "vindaris-sync export everything.jsonl",
            "vindaris-sync export growth.jsonl --team Growth",
            "vindaris-sync export | jq 'select(.kind == \"link\")'",
        ),
    )(export)


def export(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Where it goes; - is standard output.", show_default=False)
    ] = Path("-"),
    *,
    format_: Annotated[
        Literal["jsonl"], typer.Option("--format", help="One JSON object on each line; docs/export.md has the fields.")
    ] = "jsonl",
    team: Annotated[
        str | None, typer.Option("--team", metavar="NAME", help="Only what one team owns; default: everything.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    config: ConfigPath = None,
) -> None:
    """Write issues, links, exemptions, reviews, goals with revisions, history and reports, an object on each line.

    One state of the database, while the daemon goes on. `db import` fills an empty database from it, with nothing
    lost. No secret is in it; titles are.
    """
    from vindaris_sync.cli import exporting
    from vindaris_sync.cli.opening import load_config

    del format_
    exporting.export(load_config(config), file, team, force=force)
