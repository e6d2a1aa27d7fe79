"""``db``: care of the database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vindaris_sync.cli.options import AsJson, ConfigPath, examples

app = typer.Typer(
    help="Make, verify, repair, copy and fill the database.",
    no_args_is_help=True,
    epilog=examples("vindaris-sync db check", "vindaris-sync db backup"),
)


@app.command(epilog=examples("vindaris-sync db migrate"))
def migrate(*, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """Make the database, or bring its schema up to date after a backup beside it; the daemon's start does the same.

    JSON: path, bytes, sqlite, schema, created.
    """
    from vindaris_sync.cli import database
    from vindaris_sync.cli.opening import load_config

    database.migrate(load_config(config), as_json=as_json)


@app.command(epilog=examples("vindaris-sync db check", "vindaris-sync db check --json"))
def check(*, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """Verify the file, its references and the laws of linkage. Exit code 1: something is wrong.

    Each finding comes with its fix.

    JSON: sound, breaches [{law, message, count, examples, fix}].
    """
    from vindaris_sync.cli import database
    from vindaris_sync.cli.opening import load_config

    raise typer.Exit(database.check(load_config(config), as_json=as_json))


@app.command(epilog=examples("vindaris-sync db repair --dry-run", "vindaris-sync db repair"))
def repair(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Mend what `db check` names, where it can be computed or read again; refused while a daemon runs.

    The database as it was is kept beside it. Of a damaged file all that can be read is put into a new one; the rest
    comes from the newest backup, and from the trackers at the next start. No link, exemption, answer or history is ever
    deleted. Exit code 1: something is left for a person.

    JSON: dry_run, file, salvaged, repaired [{law, message, count}], copy,
    remaining [{law, message, count, examples, fix}].
    """
    from vindaris_sync.cli import repairing
    from vindaris_sync.cli.opening import load_config

    raise typer.Exit(repairing.repair(load_config(config), dry_run=dry_run, as_json=as_json))


@app.command(
    epilog=examples(
        "vindaris-sync db backup",
        "vindaris-sync db backup /var/backups/vindaris.db",
        "vindaris-sync db backup copy.db --force",
    )
)
def backup(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE", help="Where the copy goes; default: a new one in backup_dir.", show_default=False
        ),
    ] = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Copy the database as it is now, while the daemon goes on; the copy is verified and whole, or absent.

    Without FILE it goes where the daemon's own go, and the old ones there make room.

    JSON: path, bytes, schema, generation.
    """
    from vindaris_sync.cli import backups
    from vindaris_sync.cli.opening import load_config

    backups.backup(load_config(config), file, force=force, as_json=as_json)


@app.command(epilog=examples("vindaris-sync db restore /var/backups/vindaris.db"))
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup made by `db backup` or by the daemon.")],
    *,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Put a backup in the database's place, once it was verified; refused while a daemon runs.

    The replaced database is kept beside it. The next start notices that trackers may know more than the backup, and
    takes their word once.

    JSON: path, schema, generation, reached, replaced.
    """
    from vindaris_sync.cli import backups
    from vindaris_sync.cli.opening import load_config

    backups.restore(load_config(config), file, as_json=as_json)


@app.command(
    "import",
    epilog=examples("vindaris-sync db import everything.jsonl", "vindaris-sync db import growth.jsonl --json"),
)
def import_all(
    file: Annotated[Path, typer.Argument(metavar="FILE.jsonl", help="What `vindaris-sync export` has written.")],
    *,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Fill an empty database from an export; refused where there is anything in it, or while a daemon runs.

    All of the file is taken over, or nothing. For links from a spreadsheet there is `link import`.

    JSON: team, rows {kind: count}.
    """
    from vindaris_sync.cli import exporting
    from vindaris_sync.cli.opening import load_config

    exporting.fill(load_config(config), file, as_json=as_json)
