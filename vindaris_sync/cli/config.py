"""``config``: the configuration as it is in force."""

from __future__ import annotations

import typer

from vindaris_sync.cli.options import AsJson, ConfigPath, examples

app = typer.Typer(
    help="Check the configuration, and show what is in force.",
    no_args_is_help=True,
    epilog=examples("vindaris-sync config check", "vindaris-sync config show"),
)


@app.command(epilog=examples("vindaris-sync config check", "vindaris-sync config check --config ./vindaris.toml"))
def check(*, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """Check configuration and goals file without asking anybody. Exit code 2: something must be corrected.

    JSON: path, valid, problems, trackers, teams, goals (how many).
    """
    from vindaris_sync.cli import configured

    raise typer.Exit(configured.check(config, as_json=as_json))


@app.command(epilog=examples("vindaris-sync config show", "vindaris-sync config show --json | jq .schedule"))
def show(*, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """Show every setting with its value in force, as TOML; secrets are ***.

    JSON: the same, in the file's shape.
    """
    from vindaris_sync.cli import configured

    configured.show(config, as_json=as_json)
