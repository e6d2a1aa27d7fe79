"""``db``: care of the database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vindaris_sync.cli.options import AsJson, ConfigPath, examples

app = typer.Typer(
    help="Make, verify and copy the database.",
    no_args_is_help=True,
    epilog=examples("vindaris-sync db check", "vindaris-sync db backup /var/backups/vindaris.db"),
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

    JSON: sound, breaches [{law, message, count, examples}].
    """
    from vindaris_sync.cli import database
    from vindaris_sync.cli.opening import load_config

    raise typer.Exit(database.check(load_config(config), as_json=as_json))


@app.command(
    epilog=examples("vindaris-sync db backup /var/backups/vindaris.db", "vindaris-sync db backup copy.db --force")
)
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the copy goes.")],
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Copy the database as it is now, while the daemon goes on; the copy is whole or absent.

    JSON: path, bytes.
    """
    from vindaris_sync.cli import database
    from vindaris_sync.cli.opening import load_config

    database.backup(load_config(config), file, force=force, as_json=as_json)
