"""``tracker``: let a tracker be for a while, and let it go on."""

from __future__ import annotations

from typing import Annotated

import typer

from vindaris_sync.cli.options import AsJson, ConfigPath, Who, complete_tracker, examples

app = typer.Typer(
    help="Pause trackers: while one is migrated, or while nobody is to be disturbed there.",
    no_args_is_help=True,
    epilog=examples(
        "vindaris-sync tracker pause jira-main --for 2h --why 'moving to the cloud'",
        "vindaris-sync tracker resume jira-main",
    ),
)

Name = Annotated[
    str,
    typer.Argument(metavar="NAME", autocompletion=complete_tracker, help="The tracker, as the configuration has it."),
]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="Why; shown wherever the tracker is, and kept.")]


@app.command(
    epilog=examples(
        "vindaris-sync tracker pause jira-main",
        "vindaris-sync tracker pause jira-main --for 2h --why 'moving to the cloud'",
    )
)
def pause(  # noqa: PLR0913 - one parameter for each option
    name: Name,
    *,
    lasting: Annotated[
        str | None, typer.Option("--for", metavar="TIME", help="How long: 30m, 2h, 7d. Default: until it is resumed.")
    ] = None,
    why: Why = "",
    who: Who = "",
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Ask nothing of a tracker and write nothing to it, from the next request on; the daemon notices within a second.

    What is decided meanwhile is kept and written afterwards. A pause survives restarts.

    JSON: tracker, paused {who, since, until, why}.
    """
    from vindaris_sync.cli import held_trackers
    from vindaris_sync.cli.deciding import by
    from vindaris_sync.cli.opening import load_config

    held_trackers.pause_one(load_config(config), name, lasting, by(who, "command line", why), as_json=as_json)


@app.command(epilog=examples("vindaris-sync tracker resume jira-main"))
def resume(name: Name, *, why: Why = "", who: Who = "", config: ConfigPath = None, as_json: AsJson = False) -> None:
    """Let a paused tracker go on, at once.

    JSON: tracker, resumed {who, since, until, why} (the pause that ended; null where there was none).
    """
    from vindaris_sync.cli import held_trackers
    from vindaris_sync.cli.deciding import by
    from vindaris_sync.cli.opening import load_config

    held_trackers.resume_one(load_config(config), name, by(who, "command line", why), as_json=as_json)
