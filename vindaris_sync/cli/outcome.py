"""``outcome``: what goals' outcomes were measured at."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vindaris_sync.cli.options import AsJson, ConfigPath, Who, complete_goal, examples

app = typer.Typer(
    help="Record what outcomes were measured at, and look at the series.",
    no_args_is_help=True,
    epilog=examples(
        "vindaris-sync outcome record NRR 103",
        "vindaris-sync outcome import readings.csv --dry-run",
        "vindaris-sync outcome list",
        "vindaris-sync outcome show NRR",
    ),
)

_Metric = Annotated[str, typer.Argument(metavar="METRIC", help="The outcome's metric, as its goals name it.")]
_Goal = Annotated[
    str | None,
    typer.Option(
        "--goal", metavar="GOAL", autocompletion=complete_goal, help="Only this goal's; default: all that state it."
    ),
]


@app.command(
    epilog=examples(
        "vindaris-sync outcome record NRR 103",
        "vindaris-sync outcome record 'Trials that convert' 11.2 --at 2026-11-01 --goal GROW",
    )
)
def record(  # noqa: PLR0913 - one parameter for each option
    metric: _Metric,
    value: Annotated[float, typer.Argument(metavar="VALUE", help="In the outcome's unit.")],
    *,
    at: Annotated[
        str | None, typer.Option("--at", metavar="DATE", help="When it was measured: 2026-11-01, or with a time.")
    ] = None,
    goal: _Goal = None,
    who: Who = "",
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Record what a metric was measured at. The newest reading is the outcome's current value.

    Readings are never changed: record another value of the same time to correct one. A metric that several goals state
    in the same unit is recorded for all of them. A negative value follows --, so that it is no option.

    JSON: recorded [{goal, metric, value, at, current, measured, how}].
    """
    from vindaris_sync.cli import measuring
    from vindaris_sync.cli.opening import load_config

    measuring.record(load_config(config), measuring.Row(metric, value, at, goal), who, as_json=as_json)


@app.command(
    "import",
    epilog=examples(
        "vindaris-sync outcome import readings.csv --dry-run", "cat readings.csv | vindaris-sync outcome import -"
    ),
)
def import_readings(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Columns metric,value,at,goal; - reads stdin.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every row; change nothing.")] = False,
    who: Who = "",
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Record readings from a CSV file whose header names the columns metric, value, at, and, optionally, goal.

    All rows are kept in one transaction, or none: what is wrong is listed with line numbers, and the exit code is 1.
    Rows that are recorded already are left out. Comma, semicolon and tab are understood.

    JSON: rows, recorded, known, dry_run, refused [{line, reason}].
    """
    from vindaris_sync.cli import measuring
    from vindaris_sync.cli.opening import load_config

    raise typer.Exit(measuring.import_file(load_config(config), file, who, dry_run=dry_run, as_json=as_json))


@app.command("list", epilog=examples("vindaris-sync outcome list", "vindaris-sync outcome list --json"))
def list_outcomes(*, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """List all outcomes with their latest readings.

    JSON: outcomes [{goal, metric, unit, baseline, target, current, progress, measured, how, trend}].
    """
    from vindaris_sync.cli import measuring
    from vindaris_sync.cli.opening import load_config

    measuring.listing(load_config(config), as_json=as_json)


@app.command(epilog=examples("vindaris-sync outcome show NRR", "vindaris-sync outcome show NRR --goal GROW --json"))
def show(metric: _Metric, *, goal: _Goal = None, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """Show an outcome's series, the newest reading first.

    JSON: outcomes [{goal, metric, …, readings [{at, value, how, who}, oldest first]}].
    """
    from vindaris_sync.cli import measuring
    from vindaris_sync.cli.opening import load_config

    measuring.show(load_config(config), metric, goal, as_json=as_json)
