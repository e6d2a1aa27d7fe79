"""``webhook``: let trackers tell of changes themselves."""

from __future__ import annotations

from typing import Annotated

import typer

from vindaris_sync.cli.options import AsJson, ConfigPath, complete_tracker, examples

app = typer.Typer(
    help="Let trackers tell of changes themselves: seconds instead of minutes. Polling goes on all the same.",
    no_args_is_help=True,
    epilog=examples(
        "vindaris-sync webhook install github-acme --dry-run",
        "vindaris-sync webhook check",
        "vindaris-sync webhook remove github-acme",
    ),
)

Name = Annotated[
    str,
    typer.Argument(
        metavar="[TRACKER]",
        autocompletion=complete_tracker,
        help="The tracker, as the configuration has it; default: all that have a [trackers.NAME.webhook].",
        show_default=False,
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and change nothing.")]


@app.command(
    epilog=examples(
        "vindaris-sync webhook install",
        "vindaris-sync webhook install github-acme --dry-run",
    )
)
def install(tracker: Name = "", *, dry_run: DryRun = False, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """Register the webhooks, or make those right that lead to us: events, secret, content type. Twice is once.

    Where only an administrator can do it (Jira), what is to be entered is printed. Nobody else's webhook is touched.

    Exit code 1: something is left to do.

    JSON: trackers [{tracker, address, heard, hooks [{place, standing, what, advice, id}], manual}], dry_run.
    """
    from vindaris_sync.cli import hooking
    from vindaris_sync.cli.opening import load_config

    raise typer.Exit(hooking.run(load_config(config), tracker, hooking.Act.INSTALL, dry=dry_run, as_json=as_json))


@app.command(epilog=examples("vindaris-sync webhook check", "vindaris-sync webhook check github-acme --json"))
def check(tracker: Name = "", *, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """Look whether the webhooks are there and right, whether their deliveries arrive, and why not.

    Exit code 1: something is left to do.

    JSON: trackers [{tracker, address, heard, hooks [{place, standing, what, advice, id}], manual}]; standing is right,
    absent, wrong, failing or unknown.
    """
    from vindaris_sync.cli import hooking
    from vindaris_sync.cli.opening import load_config

    raise typer.Exit(hooking.run(load_config(config), tracker, hooking.Act.CHECK, as_json=as_json))


@app.command(epilog=examples("vindaris-sync webhook remove github-acme", "vindaris-sync webhook remove --dry-run"))
def remove(tracker: Name = "", *, dry_run: DryRun = False, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """Delete the webhooks that lead to us, and no others.

    JSON: trackers [{tracker, address, heard, hooks [{place, standing, what, advice, id}], manual}], dry_run.
    """
    from vindaris_sync.cli import hooking
    from vindaris_sync.cli.opening import load_config

    raise typer.Exit(hooking.run(load_config(config), tracker, hooking.Act.REMOVE, dry=dry_run, as_json=as_json))
