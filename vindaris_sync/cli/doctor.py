"""``doctor``: what is wrong with the surroundings, each with its fix."""

from __future__ import annotations

import typer

from vindaris_sync.cli.options import AsJson, ConfigPath, examples


def add(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("doctor", epilog=examples("vindaris-sync doctor", "vindaris-sync doctor --json"))(doctor)


def doctor(*, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """Check everything around, and tell the fix of what is wrong.

    Configuration, credentials, permissions, fields, labels, clocks, database and chat are looked at; nothing is
    changed.

    Exit code 0: nothing is wrong; 1: the database breaks a law; 2: configuration or goals; 3: a tracker or a chat.

    JSON: findings [{level (ok, warning, error), area, subject, message, fix}].
    """
    from vindaris_sync.cli import examining

    raise typer.Exit(examining.examine(config, as_json=as_json))
