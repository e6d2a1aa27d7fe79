"""``link``: what issues serve, said by a person."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vindaris_sync.cli.options import AsJson, ConfigPath, Who, complete_goal, complete_tracker, examples

app = typer.Typer(
    help="Link issues to goals, one by one or from a spreadsheet.",
    no_args_is_help=True,
    epilog=examples(
        "vindaris-sync link set APP-12 GROW-1",
        "vindaris-sync link remove APP-12",
        "vindaris-sync link import mapping.csv --dry-run",
    ),
)

Ref = Annotated[str, typer.Argument(metavar="REF", help="The issue: its key, a former key, or TRACKER:ID.")]
Refs = Annotated[list[str], typer.Argument(metavar="REF…", help="Issues: keys, former keys, or TRACKER:ID.")]
Goals = Annotated[
    list[str], typer.Argument(metavar="GOAL…", autocompletion=complete_goal, help="Goal keys; the first is primary.")
]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="Why; kept in the history.")]


@app.command("set", epilog=examples("vindaris-sync link set APP-12 GROW-1", "vindaris-sync link set acme/web#7 GROW-1"))
def set_link(  # noqa: PLR0913 - one parameter for each option
    ref: Ref, goals: Goals, *, why: Why = "", who: Who = "", config: ConfigPath = None, as_json: AsJson = False
) -> None:
    """Link an issue to a goal, in place of what it is linked to.

    JSON: decided [{issue, key, before, after, answered, changed, open, answer}], next.
    """
    from vindaris_sync.cli import deciding
    from vindaris_sync.cli.opening import load_config
    from vindaris_sync.domain.sayings import LinkTo

    by = deciding.by(who, "command line", why)
    deciding.tell(deciding.decide(load_config(config), [ref], LinkTo(tuple(goals)), by), as_json=as_json)


@app.command(epilog=examples("vindaris-sync link remove APP-12", "vindaris-sync link remove APP-12 APP-13 --why done"))
def remove(refs: Refs, *, why: Why = "", who: Who = "", config: ConfigPath = None, as_json: AsJson = False) -> None:
    """Take an issue's own link or exemption off; what it inherits applies again.

    JSON: as for `link set`.
    """
    from vindaris_sync.cli import deciding
    from vindaris_sync.cli.opening import load_config
    from vindaris_sync.domain.sayings import Unlink

    by = deciding.by(who, "command line", why)
    deciding.tell(deciding.decide(load_config(config), refs, Unlink(), by), as_json=as_json)


@app.command(
    "import",
    epilog=examples(
        "vindaris-sync link import mapping.csv --dry-run",
        "vindaris-sync link import mapping.csv --tracker jira-main",
        "cat mapping.csv | vindaris-sync link import -",
    ),
)
def import_links(  # noqa: PLR0913 - one parameter for each option
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Columns issue,goal; - reads standard input.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every row; change nothing.")] = False,
    tracker: Annotated[
        str | None,
        typer.Option("--tracker", metavar="NAME", autocompletion=complete_tracker, help="Whose keys are meant."),
    ] = None,
    why: Why = "",
    who: Who = "",
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Link issues to goals from a CSV file with the columns issue and goal; a header is optional.

    Rows that cannot be taken are listed with line number and reason, and the exit code is 1; all others are kept in one
    transaction. An issue must have been pulled before. Comma, semicolon and tab are understood.

    JSON: rows, linked, unchanged, dry_run, refused [{line, issue, goal, reason}].
    """
    from vindaris_sync.cli import importing
    from vindaris_sync.cli.opening import known_tracker, load_config

    settings = load_config(config)
    if tracker is not None:
        known_tracker(settings, tracker)
    job = importing.Import(settings, tracker, importing.by_import(who, why), dry_run=dry_run)
    raise typer.Exit(importing.tell(job.carry_out(importing.read(file)), as_json=as_json))
